"""Bookings on behalf of an agency: the list, and one booking with what its lead may do."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.actions import cancel_booking
from marstraining.bookings.rules import LIVE_STATES, BookingState
from marstraining.colleagues.actions import approve_booking, decline_booking, substitute
from marstraining.colleagues.queries import BOOKING_ORDER, bookings_for, colleagues_by_ref, led_booking, staff
from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import (
    Column,
    Files,
    Form,
    Link,
    TableView,
    Tag,
    export_response,
    nearest_page,
    page,
    read_form,
    render,
    see_other,
    viewer_of,
)
from marstraining.core.web.dates import clock_time, day_plain
from marstraining.history.actions import record_export
from marstraining.leads.desk.home import NEW_DATE, WHO_LEADS, narrowed, state_tag
from marstraining.programme.place import place_of
from marstraining.programme.queries.facts import training_days
from marstraining.programme.rules import SessionState

COLUMNS = (
    Column("name", "Name", sort=True),
    Column("session", "Session", sort=True),
    Column("when", "Date", sort=True),
    Column("agency", "Organisation", sort=True),
    Column("state", "Booking", sort=True),
    Column("answer_by", "To be answered by"),
)
SHOWN = {"": "To come", "asked": "To approve", "invited": "To be confirmed", "past": "Past", "all": "All"}
DONE: Mapping[str, str | tuple[str, str]] = {
    "invited": (
        "The places are held",
        "Each of those to be confirmed gets an email. You are told if somebody says no or does not answer in time.",
    ),
    "booked": ("The places are booked", "Nobody needs to confirm."),
    "answered": "Your answer is kept, and your colleague has been told.",
    "cancelled": "The booking is cancelled. Your colleague gets an email.",
    "substituted": "Your colleague has taken over the place. Both get an email.",
}
_UNANSWERED = (BookingState.INVITED, BookingState.REQUESTED, BookingState.OFFERED)
_STAFF_SHOWN = 200


async def bookings(request: Request) -> Response:
    """What is booked for the lead's staff."""
    viewer, now, today = viewer_of(request), clock.now(), clock.today()
    view = TableView.read(request.query_params, path="/agency/bookings", columns=COLUMNS, default="when", filters=("show",))
    shown, order = view.filters["show"] if view.filters["show"] in SHOWN else "", view.order_by(BOOKING_ORDER)
    if view.export:
        found, total = await bookings_for(viewer, shown=shown or "coming", on=today, now=now, order=order)
        await record_export("agency_bookings", by=viewer, now=now, subject_kind="agency", subject_id=None, lines=total)
        return export_response(request, view.export, "bookings", COLUMNS, _rows(found, now=now, at=clock.local))
    view, (found, _) = await nearest_page(view, partial(bookings_for, viewer, shown=shown or "coming", on=today, now=now, order=order))
    return render(request, "leads/bookings.html", view=narrowed(view, viewer), rows=list(_rows(found, now=now)), shown=SHOWN, done=DONE)


def _day_and_time(at: datetime) -> str:
    return f"{day_plain(at)}, {clock_time(at)}"


def _rows(
    found: Iterable[Mapping[str, Any]], *, now: datetime, at: Callable[[datetime], object] = _day_and_time
) -> Iterable[dict[str, object]]:
    for row in found:
        state = BookingState(row["state"])
        yield {
            "name": Link(row["name"], f"/agency/bookings/{row['ref']}"),
            "session": row["title"],
            "when": NEW_DATE if row["session_state"] == SessionState.POSTPONED else clock.local(row["starts_at"]).date(),
            "agency": row["agency"],
            "state": Tag(*state_tag(row, now=now)),
            "answer_by": at(row["answer_by"]) if row["answer_by"] and state in _UNANSWERED else "",
        }


async def booking(request: Request) -> Response:
    """One booking: cancel it, or give the place to a colleague."""
    viewer, now, today = viewer_of(request), clock.now(), clock.today()
    row = await led_booking(request.path_params["ref"], viewer=viewer, on=today)
    if row is None:
        raise NotFound
    here, form = f"/agency/bookings/{row['ref']}", Form()
    if request.method == "POST":
        form = await read_form(request)
        try:
            done = await _act(row, form, request)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            if done:
                return see_other(f"{here}?done={done}")
    found, _ = await staff(viewer, on=today, now=now, limit=_STAFF_SHOWN)
    is_open = row["state"] in LIVE_STATES and now < row["starts_at"]
    return render(
        request,
        "leads/booking.html",
        booking=row,
        is_open=is_open,
        can_substitute=is_open and row["state"] in (BookingState.CONFIRMED, BookingState.INVITED),
        others={
            one.ref: f"{one.name}, {one.agency}"
            for one in found
            if one.person_id != row["learner_id"] and one.agency_id == row["agency_id"]
        },
        days=[day for day in await training_days(row["session_id"]) if not day.is_cancelled],
        is_unanswered=row["state"] in _UNANSWERED,
        place=place_of(row["delivery"], row["venue"]),
        new_date=NEW_DATE,
        tag=state_tag(row, now=now),
        form=form,
        done=DONE,
    )


async def _act(row: Mapping[str, Any], form: Form, request: Request) -> str:
    viewer, now = viewer_of(request), clock.now()
    verb = {"approve": approve_booking, "decline": decline_booking}.get(form.get("do"))
    if verb is not None:
        await verb(row["id"], by=viewer, now=now)
        return "answered"
    wanted = form.get("person")
    chosen = await colleagues_by_ref(viewer, [wanted], on=clock.today()) if wanted else []
    if not chosen:
        form.fail("person", "Choose the colleague who takes over the place")
        return ""
    await substitute(row["id"], learner_id=chosen[0].person_id, by=viewer, now=now)
    return "substituted"


async def cancel(request: Request) -> Response:
    """Ask before a colleague's place is given up, or their entry in the waiting list ends."""
    viewer, now = viewer_of(request), clock.now()
    row = await led_booking(request.path_params["ref"], viewer=viewer, on=clock.today())
    if row is None:
        raise NotFound
    form, here = Form(), f"/agency/bookings/{row['ref']}"
    if request.method == "POST":
        form = await read_form(request)
        try:
            await cancel_booking(row["id"], by_desk=True, by=viewer, now=now)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other(f"{here}?done=cancelled")
    return render(
        request,
        "leads/cancel.html",
        booking=row,
        days=[day for day in await training_days(row["session_id"]) if not day.is_cancelled],
        place=place_of(row["delivery"], row["venue"]),
        here=here,
        form=form,
    )


routes = [
    page("/agency/bookings", bookings, who=WHO_LEADS, files=Files.PEOPLE),
    page("/agency/bookings/{ref}", booking, who=WHO_LEADS, methods=("GET", "POST")),
    page("/agency/bookings/{ref}/cancel", cancel, who=WHO_LEADS, methods=("GET", "POST")),
]
