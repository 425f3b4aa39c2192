"""The workspace of a session: its facts and places, who is booked, who waits, and everything that can be done about it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance.queries import register_of
from marstraining.bookings.actions import joining_time
from marstraining.bookings.rules import STATE_WORDS, Arranging, BookingState, Mode
from marstraining.core import clock, config
from marstraining.core.viewer import Role
from marstraining.core.web import Column, Files, Form, TableView, export_response, nearest_page, page, render, roles, viewer_of
from marstraining.history.actions import record_export
from marstraining.people.rules import JOB_ROLES
from marstraining.portal.queries.workspace import (
    ORDERS,
    DeskSession,
    TrainerLine,
    booking_lines,
    days_of,
    run_session,
    trainers_of,
    waiting_lines,
)
from marstraining.programme.queries.desk import questions_asked
from marstraining.programme.questions import Question
from marstraining.programme.rules import DELIVERY_LABELS, Arrangement, Delivery, SessionState, Stage, TrainerState, teaching_warnings

WHO_RUNS_SESSIONS = roles(Role.DESK, Role.PARTNER_ORGANISER)
STATE_COLOURS = {
    BookingState.CONFIRMED: "green",
    BookingState.OFFERED: "orange",
    BookingState.WAITING: "yellow",
    BookingState.REQUESTED: "blue",
    BookingState.INVITED: "blue",
}
ARRANGING_WORDS = {
    Arranging.TO_ARRANGE: ("To arrange", "red"),
    Arranging.ARRANGED: ("Arranged", "green"),
    Arranging.ALTERNATIVE: ("Alternative agreed", "blue"),
}
MODE_WORDS = {Mode.ROOM: "In the room", Mode.ONLINE: "Online", Mode.EITHER: ""}
STANDBY_WORDS = {"book": "Book straight away", "ask": "Ask first", "leave": "Do not offer"}
PRIORITY_WORDS = {0: "Ordinary", 5: "High", 9: "First in line"}
SHOWN = {"": "Current", "ended": "Ended", "all": "All"}
STAGE_TAGS: Mapping[Stage | None, tuple[str, str]] = {
    None: ("Draft", "grey"),
    Stage.OPEN: ("Open for booking", "green"),
    Stage.NOT_OPEN_YET: ("Not open yet", "blue"),
    Stage.CLOSED: ("Booking closed", "grey"),
    Stage.UNDER_WAY: ("Under way", "purple"),
    Stage.PAST: ("Finished", "grey"),
    Stage.POSTPONED: ("Postponed", "orange"),
    Stage.CALLED_OFF: ("Called off", "red"),
    Stage.ELSEWHERE: ("Booked elsewhere", "blue"),
    Stage.NO_BOOKING: ("No booking by name", "grey"),
}
DONE: Mapping[str, str | tuple[str, str]] = {
    "booked": "The place is booked. The learner gets an email with a calendar entry.",
    "waiting": "They are on the waiting list. They get an email that says so.",
    "already": ("Already booked", "This person had a booking of this session already, so nothing was changed."),
    "moved-booking": "The booking is moved. The learner gets an email that takes back the old date and one for the new date.",
    "cancelled": "The booking is cancelled and the place passed on. The learner gets an email.",
    "withdrawn": "They are off the waiting list. They get an email.",
    "offered": "The place is offered. They get an email with the time until which it stands.",
    "priority": "The order of the waiting list is changed.",
    "places": "The number of places is changed. Free places have been offered to the waiting list.",
    "runs": "Noted: this session runs.",
    "numbers": "Noted: the venue has the final numbers.",
    "called-off": "The session is called off. Everybody with a booking gets an email.",
    "postponed": "The session is postponed. Everybody with a booking gets an email and keeps their place.",
    "moved": "The session is moved. Everybody with a booking gets an email with the new dates.",
    "online": "The session runs online. Everybody with a booking gets an email.",
    "joining": "The joining instructions are on their way to everybody who is booked.",
    "counted": "The number of people is saved.",
    "sent": "Your email is on its way.",
    "arranged": "What you noted about access needs is saved.",
}
_COLUMNS = (
    Column("name", "Name", sort=True),
    Column("email", "Email", export_only=True),
    Column("agency", "Organisation", sort=True),
    Column("role", "Role", sort=True),
    Column("mode", "Attending", sort=True),
    Column("state", "Booking", sort=True),
    Column("since", "Since", sort=True),
    Column("coming", "Coming?"),
    Column("needs", "Access"),
)
_EXPORT_COLUMNS = (
    *_COLUMNS[:-1],
    Column("position", "Place in line", numeric=True),
    Column("priority", "Priority"),
    Column("ref", "Booking reference"),
)
_MOST_EXPORTED = 5000


async def load(request: Request) -> DeskSession:
    """The session of the address, if whoever looks runs it."""
    return await run_session(request.path_params["ref"], viewer=viewer_of(request), now=clock.now())


async def workspace(request: Request) -> Response:
    """The page, or its bookings as a file."""
    session = await load(request)
    view = _view(request, session)
    if view.export:
        return await _exported(request, session, view)
    return await workspace_page(request, session)


def _view(request: Request, session: DeskSession) -> TableView:
    path = f"/desk/sessions/{session.ref}"
    return TableView.read(request.query_params, path=path, columns=_columns(session), default="name", filters=("q", "show"))


def _order(view: TableView) -> str:
    return view.order_by(ORDERS, tie="lower(p.name), b.id")


async def workspace_page(request: Request, session: DeskSession, *, form: Form | None = None) -> Response:
    """The workspace; `form` brings the refusal of a button on it."""
    now = clock.now()
    # A refusal is a page whatever its address asks for.
    view = replace(_view(request, session), export="")
    show = view.filters["show"] if view.filters["show"] in SHOWN else ""
    words = view.filters["q"]
    view, (lines, _) = await nearest_page(view, partial(booking_lines, session.id, show=show, words=words, order=_order(view)))
    stage = session.stage(now)
    trainers = await trainers_of(session.id)
    can_change = session.state == SessionState.POSTPONED or (session.state == SessionState.PUBLISHED and now < session.ends_at)
    register = await register_of(session.id) if session.ends_at <= now else None
    is_locked = register is not None and register.is_locked
    is_taught = session.state == SessionState.PUBLISHED and not session.is_headcount_only and not _is_elsewhere(stage)
    return render(
        request,
        "portal_desk/workspace.html",
        session=session,
        days=await days_of(session.id),
        trainers=trainers,
        warnings=_warnings(session, trainers, now=now),
        tag=_tag(session, stage),
        stage=stage,
        can_change=can_change,
        is_locked=is_locked,
        is_to_decide=can_change and session.decide_by is not None and session.decided_at is None,
        is_numbers_due=can_change and session.final_numbers_by is not None and session.arrangement != Arrangement.CONFIRMED,
        is_register_due=is_taught and session.confirmed > 0 and session.ends_at <= now and not is_locked,
        can_book=session.state in {SessionState.DRAFT, SessionState.PUBLISHED} and now < session.ends_at and not _is_elsewhere(stage),
        delivery=DELIVERY_LABELS[Delivery(session.delivery)],
        view=view,
        show=show,
        shown=SHOWN,
        lines=lines,
        waiting=await waiting_lines(session.id),
        can_offer=session.limits[0].free != 0 and session.state == SessionState.PUBLISHED and now < session.starts_at,
        joining_at=joining_time(session.starts_at),
        words=WORDS,
        now=now,
        form=form,
        done=DONE,
    )


WORDS: Mapping[str, Mapping[Any, Any]] = {
    "state": STATE_WORDS,
    "colour": STATE_COLOURS,
    "arranging": ARRANGING_WORDS,
    "mode": MODE_WORDS,
    "role": JOB_ROLES,
    "standby": STANDBY_WORDS,
    "priority": PRIORITY_WORDS,
}


def _warnings(session: DeskSession, trainers: Sequence[TrainerLine], *, now: datetime) -> Mapping[str, str]:
    """What speaks against how a coming course is run, by what it is about: its "trainers", its "places"."""
    if session.state == SessionState.CALLED_OFF or now >= session.ends_at:
        return {"trainers": "", "places": ""}
    rules = config.current().partnership.programme
    return teaching_warnings(
        kind=session.kind,
        trainers=sum(1 for one in trainers if one.state == TrainerState.ACCEPTED and not one.is_contributor),
        capacity=session.capacity.session,
        trainers_each=rules.trainers_each,
        largest_group=rules.largest_group,
    )


def _tag(session: DeskSession, stage: Stage | None) -> tuple[str, str]:
    is_full = stage == Stage.OPEN and session.limits[0].free == 0
    return ("Full", "yellow") if is_full else STAGE_TAGS[stage]


def _is_elsewhere(stage: Stage | None) -> bool:
    return stage in {Stage.ELSEWHERE, Stage.NO_BOOKING}


def _columns(session: DeskSession) -> tuple[Column, ...]:
    """The columns of the table: how somebody attends is a question in hybrid sessions only."""
    return tuple(column for column in _COLUMNS if column.key != "mode" or session.delivery == Delivery.HYBRID)


async def _exported(request: Request, session: DeskSession, view: TableView) -> Response:
    """Everybody booked, then everybody waiting in order; what they need is never taken away in a file."""
    viewer, now = viewer_of(request), clock.now()
    lines, _ = await booking_lines(session.id, show="", words="", order=_order(view), limit=_MOST_EXPORTED, offset=0)
    waiting = await waiting_lines(session.id, limit=_MOST_EXPORTED)
    await record_export("bookings", by=viewer, now=now, subject_kind="session", subject_id=session.id, lines=len(lines) + len(waiting))
    name = f"bookings-{session.course_code.lower()}-{clock.local(session.starts_at):%Y-%m-%d}"
    questions = await questions_asked(session.course_id)
    columns = (*_EXPORT_COLUMNS, *(Column(f"q-{one.key}", one.label) for one in questions))
    return export_response(request, view.export, name, columns, [_export_row(line, questions) for line in [*lines, *waiting]])


def _export_row(line: Mapping[str, Any], questions: Sequence[Question]) -> dict[str, object]:
    is_waiting = line["state"] == BookingState.WAITING
    answers = json.loads(line["answers"])
    return {
        **{f"q-{one.key}": answers.get(one.key, "") for one in questions},
        "name": line["name"],
        "email": line["email"],
        "agency": line["agency"],
        "role": JOB_ROLES.get(line["job_role"], ""),
        "mode": MODE_WORDS[Mode(line["mode"])],
        "state": STATE_WORDS[BookingState(line["state"])],
        "since": line["joined_at"] if is_waiting else line["since_at"],
        "coming": "Yes" if line["is_coming"] else "",
        "position": line.get("position"),
        "priority": PRIORITY_WORDS.get(line["priority"], line["priority"]) if is_waiting else "",
        "ref": line["ref"],
    }


routes = [page("/desk/sessions/{ref}", workspace, who=WHO_RUNS_SESSIONS, files=Files.PEOPLE)]
