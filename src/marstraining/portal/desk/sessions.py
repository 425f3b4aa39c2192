"""The list of sessions: sorted, filtered, paged, taken away as a file."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.viewer import Role
from marstraining.core.web import Column, Files, Link, TableView, Tag, export_response, nearest_page, page, render, roles, viewer_of
from marstraining.core.web.dates import clock_time, day_short
from marstraining.history.actions import record_export
from marstraining.portal.queries.sessions import FILTERS, ORDERS, desk_sessions
from marstraining.programme.forms import read_date
from marstraining.programme.rules import DELIVERY_LABELS, CourseKind, Delivery, SessionState, Stage, stage_of

COLUMNS = (
    Column("starts", "Starts", sort=True),
    Column("title", "Session", sort=True),
    Column("code", "Course", export_only=True),
    Column("state", "State", sort=True),
    Column("delivery", "How"),
    Column("venue", "Venue", sort=True),
    Column("held", "Booked", sort=True, numeric=True),
    Column("places", "Places", sort=True, numeric=True),
    Column("waiting", "Waiting", sort=True, numeric=True),
    Column("trainers", "Trainers", numeric=True),
    Column("came", "Came, by number", export_only=True, numeric=True),
)
STATES = {
    SessionState.DRAFT.value: "Draft",
    SessionState.PUBLISHED.value: "Published",
    SessionState.POSTPONED.value: "Postponed",
    SessionState.CALLED_OFF.value: "Called off",
}
WHENS = {"": "Coming", "past": "Past", "all": "All"}
DONE: dict[str, str | tuple[str, str]] = {
    "deleted": "The draft is deleted.",
    "series": "The series is made. These are its drafts: check them, then publish them.",
    "rolled": "The new year is made. These are its drafts: check them, then publish them.",
    "all-published": "All drafts of the series are published.",
    "none-published": ("Nothing to publish", "There was no draft left in this series that could be published."),
}
_TAGS = {
    Stage.OPEN: ("Open", "green"),
    Stage.NOT_OPEN_YET: ("Not open yet", "blue"),
    Stage.CLOSED: ("Closed", "grey"),
    Stage.UNDER_WAY: ("Under way", "purple"),
    Stage.PAST: ("Finished", "grey"),
    Stage.POSTPONED: ("Postponed", "orange"),
    Stage.CALLED_OFF: ("Called off", "red"),
    Stage.ELSEWHERE: ("Elsewhere", "blue"),
    Stage.NO_BOOKING: ("No names", "grey"),
}


async def sessions(request: Request) -> Response:
    """Sessions that the viewer runs: coming ones, or a series when one was just made. A date that is none does not narrow."""
    viewer, now = viewer_of(request), clock.now()
    view = TableView.read(request.query_params, path="/desk/sessions", columns=COLUMNS, default="starts", filters=FILTERS)
    between = (read_date(view.filters["from"]), read_date(view.filters["to"]))
    read = partial(desk_sessions, view.filters, between=between, by=viewer, order=view.order_by(ORDERS), now=now)
    view, found = await nearest_page(view, read)
    if view.export:
        await record_export("sessions", by=viewer, now=now, subject_kind="programme", subject_id=None, lines=found.total)
        return export_response(request, view.export, "sessions", COLUMNS, [_row(line) | _exported(line) for line in found.rows])
    return render(
        request,
        "portal_desk/sessions.html",
        view=view,
        rows=[_row(line) for line in found.rows],
        states=STATES,
        deliveries=DELIVERY_LABELS,
        whens=WHENS,
        drafts=sum(line["state"] == SessionState.DRAFT for line in found.rows) if view.filters["series"] else 0,
        may_roll=viewer.is_desk,
        done=DONE,
    )


def _row(line: Mapping[str, Any]) -> dict[str, object]:
    is_uncounted = _is_uncounted(line)
    return {
        "starts": f"{day_short(line['starts_at'])} {clock.local(line['starts_at']):%Y}, {clock_time(line['starts_at'])}"
        + _more(line["days"]),
        "title": Link(line["title"], f"/desk/sessions/{line['ref']}"),
        "code": line["code"],
        "state": Tag(*_state(line)),
        "delivery": DELIVERY_LABELS[Delivery(line["delivery"])],
        "venue": line["venue"],
        "held": _held(line),
        "places": "" if is_uncounted else line["capacity"] if line["capacity"] is not None else "No limit",
        "waiting": line["waiting"] or "",
        "trainers": line["trainers"] or "",
    }


def _exported(line: Mapping[str, Any]) -> dict[str, object]:
    """What a file says otherwise than the page: the instant, and numbers alone, bookings apart from who came."""
    came = line["imported_headcount"]
    return {"starts": line["starts_at"], "held": "" if _is_uncounted(line) else line["held"], "came": "" if came is None else came}


def _is_uncounted(line: Mapping[str, Any]) -> bool:
    """Whether people book elsewhere, or without names: what is not counted here is not nought."""
    return bool(line["external_url"]) or line["kind"] == CourseKind.EXTERNAL or bool(line["is_headcount_only"])


def _held(line: Mapping[str, Any]) -> object:
    """How many are booked; where nobody was by name, how many came by the number that was entered or imported."""
    if line["imported_headcount"] is not None and not line["held"]:
        return f"{line['imported_headcount']} came"
    return "" if _is_uncounted(line) else line["held"]


def _more(days: int) -> str:
    return f" ({days} days)" if days > 1 else ""


def _state(line: Mapping[str, Any]) -> tuple[str, str]:
    if line["state"] == SessionState.DRAFT:
        return ("Draft, to publish", "blue") if line["publish_at"] else ("Draft", "grey")
    stage = stage_of(
        state=line["state"],
        starts_at=line["starts_at"],
        ends_at=line["ends_at"],
        opens_at=line["opens_at"],
        closes_at=line["closes_at"],
        is_elsewhere=bool(line["external_url"]) or line["kind"] == CourseKind.EXTERNAL,
        is_headcount_only=line["is_headcount_only"],
        now=clock.now(),
    )
    if stage == Stage.OPEN and line["capacity"] is not None and line["held"] >= line["capacity"]:
        return "Full", "yellow"
    if stage == Stage.OPEN and line["access"] == "invited":
        return "By invitation", "purple"
    return _TAGS[stage]


routes = [page("/desk/sessions", sessions, who=roles(Role.DESK, Role.PARTNER_ORGANISER), files=Files.NOBODY)]
