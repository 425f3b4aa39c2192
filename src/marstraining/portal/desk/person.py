"""The bookings of one person, with what they have completed: for the training team when somebody rings."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.rules import STATE_WORDS, BookingState
from marstraining.core import clock
from marstraining.core.viewer import Role
from marstraining.core.web import Column, Files, Link, TableView, Tag, export_response, nearest_page, page, render, roles, viewer_of
from marstraining.core.web.dates import clock_time, day_short
from marstraining.history.actions import record_export
from marstraining.portal.desk.workspace import STATE_COLOURS
from marstraining.portal.queries.came import came
from marstraining.portal.queries.person import ORDERS, bookings_of, completed_by, person_named
from marstraining.programme.rules import SessionState

COLUMNS = (
    Column("starts", "Session starts", sort=True),
    Column("title", "Session", sort=True),
    Column("code", "Course", export_only=True),
    Column("state", "Booking", sort=True),
    Column("agency", "On behalf of", sort=True),
    Column("made", "Made on", sort=True),
    Column("ref", "Booking reference", export_only=True),
)


async def bookings(request: Request) -> Response:
    """The list, or the list as a file; taking it away stands in the person's history."""
    person = await person_named(request.path_params["ref"])
    path = f"/desk/people/{person.ref}/bookings"
    view = TableView.read(request.query_params, path=path, columns=COLUMNS, default="-starts")
    view, (found, total) = await nearest_page(
        view, partial(bookings_of, person.id, now=clock.now(), order=view.order_by(ORDERS, tie="b.id"))
    )
    if view.export:
        viewer = viewer_of(request)
        await record_export("bookings", by=viewer, now=clock.now(), subject_kind="person", subject_id=person.id, lines=total)
        rows = _rows(found, came=await _came(person.id, found))
        lines = [{**row, "starts": line["starts_at"], "made": line["created_at"]} for row, line in zip(rows, found, strict=True)]
        return export_response(request, view.export, "bookings", COLUMNS, lines)
    return render(
        request,
        "portal_desk/person_bookings.html",
        person=person,
        view=view,
        rows=list(_rows(found, came=await _came(person.id, found))),
        completed=await completed_by(person.id),
    )


async def _came(person_id: int, found: Iterable[Mapping[str, Any]]) -> Mapping[str, tuple[str, str]]:
    return await came(person_id) if any(line["is_over"] for line in found) else {}


def _state(line: Mapping[str, Any], came: Mapping[str, tuple[str, str]]) -> Tag:
    """What a booking is, or once its session is over what became of it."""
    state = BookingState(line["state"])
    if state != BookingState.CONFIRMED:
        return Tag(STATE_WORDS[state], STATE_COLOURS.get(state, "grey"))
    if line["session_state"] == SessionState.POSTPONED:
        return Tag("Booked, postponed", "orange")
    if line["is_over"]:
        unsaid = ("No mark", "grey") if line["is_locked"] else ("Register open", "orange")
        return Tag(*came.get(line["ref"], unsaid))
    return Tag(STATE_WORDS[state], STATE_COLOURS[state])


def _rows(found: Iterable[Mapping[str, Any]], *, came: Mapping[str, tuple[str, str]]) -> Iterable[dict[str, object]]:
    for line in found:
        starts_at = line["starts_at"]
        yield {
            "starts": f"{day_short(starts_at)} {clock.local(starts_at):%Y}, {clock_time(starts_at)}",
            "title": Link(line["title"], f"/desk/sessions/{line['session_ref']}/bookings/{line['ref']}"),
            "code": line["code"],
            "state": _state(line, came),
            "agency": line["agency"],
            "made": clock.local(line["created_at"]).date(),
            "ref": line["ref"],
        }


routes = [page("/desk/people/{ref}/bookings", bookings, who=roles(Role.DESK), files=Files.PEOPLE)]
