"""Answering a request for approval by the link of a letter: looking changes nothing, its buttons answer."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.actions import APPROVAL_TOKEN
from marstraining.bookings.queries.own import OwnBooking, booking_by_ref
from marstraining.bookings.rules import BookingState
from marstraining.colleagues.actions import approve_booking, decline_booking
from marstraining.core import clock, config
from marstraining.core.errors import NotFound, Refused, UnknownLink
from marstraining.core.tokens import derive_token, same
from marstraining.core.viewer import Viewer
from marstraining.core.web import ANYONE, NO_REFERRER, Form, page, read_form, render
from marstraining.programme.queries.facts import training_days

_SAID = {
    BookingState.CONFIRMED: ("Approved", "The place is booked, and your colleague has been told."),
    BookingState.WAITING: ("Approved", "The session is full by now, so your colleague is on the waiting list and has been told."),
    BookingState.DECLINED: ("Not approved", "Your colleague has been told."),
    BookingState.LAPSED: ("Too late", "The time to answer has passed. Your colleague can book again."),
}


async def approval(request: Request) -> Response:
    """The request, with a button for each answer; afterwards what the answer was, whoever gave it."""
    booking = await _asked(request)
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        verb = {"approve": approve_booking, "decline": decline_booking}.get(form.get("do"))
        if verb is None:
            raise NotFound
        try:
            await verb(booking.id, by=Viewer(person_id=None), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        booking = await _asked(request)
    nothing = None if booking.state == BookingState.REQUESTED else ("Taken back", "Nothing is left to answer.")
    return render(
        request,
        "colleagues/approval.html",
        headers=NO_REFERRER,
        booking=booking,
        days=[day for day in await training_days(booking.session_id) if not day.is_cancelled],
        said=_SAID.get(BookingState(booking.state), nothing),
        form=form,
    )


async def _asked(request: Request) -> OwnBooking:
    booking = await booking_by_ref(request.path_params["ref"])
    if booking is None or booking.answer_by is None:
        raise UnknownLink
    token = derive_token(config.current().secret_key, APPROVAL_TOKEN, booking.id, booking.nonce)
    if not same(token, request.path_params["token"]):
        raise UnknownLink
    return booking


routes = [page("/approvals/{ref}/{token}", approval, who=ANYONE, methods=("GET", "POST"))]
