"""Answering an agency lead's invitation to confirm: the place it holds becomes the learner's own, or passes on."""

from datetime import datetime

from marstraining.bookings import rules
from marstraining.bookings.actions import steps
from marstraining.bookings.actions.offers import check_learner_trains_not, held_booking
from marstraining.bookings.actions.waiting import confirm_entry, pass_on
from marstraining.bookings.queries import conflicts, session_row
from marstraining.bookings.rules import BookingState
from marstraining.core.clock import local
from marstraining.core.db import rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.history.actions import record
from marstraining.programme.rules import SessionState


async def confirm_invitation(booking_id: int, *, by: Viewer, now: datetime) -> str:
    """Take the place an invitation holds; returns the state. Confirming twice is confirming once.

    Refused after the invitation's deadline, even if the job that ends it has not run, and where a training day clashes with another
    booking of the learner (booking.md, Agencies 2), or they train the session or are asked to: then the invitation stands on.
    """
    async with transaction():
        booking = await held_booking(booking_id)
        if booking.state == BookingState.CONFIRMED:
            return booking.state
        answer_by = await _answer_by(booking_id)
        if booking.state != BookingState.INVITED or answer_by is None:
            raise Refused("There is no invitation to answer any more.", code="no_invitation")
        if now > answer_by:
            at = local(answer_by)
            raise Refused(
                f"This invitation stood until {at:%H:%M} on {at:%A} {at.day} {at:%B}, and the place has been passed on. You can still"
                " book a place yourself if one is free.",
                code="ran_out",
            )
        session = await session_row(booking.session_id)
        if session is None:
            raise NotFound
        if now >= session.starts_at and session.state != SessionState.POSTPONED:
            raise Refused("This session has begun, so the place can no longer be confirmed.", code="started")
        await check_learner_trains_not(booking, by=by)
        found = await conflicts(session.id, booking.learner_id, course_id=session.course_id, kind=session.kind, now=now)
        rules.check_conflicts(found, instead_of=None)
        await confirm_entry(session, booking.id, booking.learner_id, from_state=BookingState.INVITED, by=by, now=now)
    return BookingState.CONFIRMED


async def decline_invitation(booking_id: int, *, by: Viewer, now: datetime) -> str:
    """Say no to an invitation; its place passes on in the same transaction. Saying no twice is saying no once."""
    async with transaction():
        booking = await held_booking(booking_id)
        if booking.state == BookingState.TURNED_DOWN:
            return booking.state
        if booking.state != BookingState.INVITED:
            raise Refused("There is no invitation to answer any more.", code="no_invitation")
        await end_invitation(booking_id, to_state=BookingState.TURNED_DOWN, by=by, now=now)
        session = await session_row(booking.session_id)
        if session:
            await pass_on(session, by=by, now=now)
    return BookingState.TURNED_DOWN


async def end_invitation(booking_id: int, *, to_state: BookingState, by: Viewer = SYSTEM, now: datetime) -> bool:
    """End an invitation inside the caller's transaction, whose session is held; False where it was answered meanwhile."""
    subject = await steps.change_state(booking_id, from_state=BookingState.INVITED, to_state=to_state, by=by, now=now)
    if subject is None:
        return False
    await record(f"booking.{to_state}", by=by, now=now, subject_kind="booking", subject_id=booking_id)
    return True


async def _answer_by(booking_id: int) -> datetime | None:
    found = await rows("SELECT answer_by FROM bookings_booking WHERE id = ?", booking_id, instants=("answer_by",))
    answer_by: datetime | None = found[0]["answer_by"]
    return answer_by
