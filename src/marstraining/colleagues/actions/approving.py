"""Answering a request for approval: straight to a place or to the waiting list, or no."""

from datetime import datetime

from marstraining.bookings import rules as booking_rules
from marstraining.bookings.actions import looking, steps
from marstraining.bookings.actions.offers import held_booking
from marstraining.bookings.actions.waiting import confirm_entry, pass_on
from marstraining.bookings.letters import letter_about
from marstraining.bookings.queries import SessionRow, learner_rows, session_row, trainer_state
from marstraining.bookings.queries.own import OwnBooking
from marstraining.bookings.rules import BookingState
from marstraining.core.db import hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import withdraw_letters
from marstraining.messages.rules import Priority
from marstraining.programme.models import Session

_ANSWERED = (BookingState.CONFIRMED, BookingState.WAITING, BookingState.DECLINED)


async def approve_booking(booking_id: int, *, by: Viewer, now: datetime) -> str:
    """Approve: the learner has the place if one is free, else stands on the list; returns the state.

    Of two who answer at once the first counts, and the second is told what it was: one outcome, one letter. Refused once the
    request has run out, and where the learner trains the session by now or is asked to: the request then waits on for its answer.
    """
    async with transaction():
        booking, session = await _requested(booking_id, now=now)
        if session is None:
            return booking.state
        booking_rules.check_trains_not(await trainer_state(session.id, booking.learner_id), of=booking.learner_name)
        counted = await steps.counted_held(session.id, now=now)
        held = await looking.before_strangers(session, counted, agency_id=booking.agency_id, now=now)
        free = 0 if held is None else booking_rules.free_places(session.capacity, held, booking.mode, behind_the_list=True)
        # A request that reserves is among those held.
        if session.reserves_while_asked or free != 0:
            await confirm_entry(session, booking.id, booking.learner_id, from_state=BookingState.REQUESTED, by=by, now=now)
            outcome = BookingState.CONFIRMED
        else:
            await _end(booking, session, to_state=BookingState.WAITING, template="joined_list", by=by, now=now)
            outcome = BookingState.WAITING
        await withdraw_letters(key_prefix=f"approval_asked-{booking.id}-")
    return outcome


async def decline_booking(booking_id: int, *, by: Viewer, now: datetime) -> str:
    """Say no; returns the state. As in approving, the first answer counts."""
    async with transaction():
        booking, session = await _requested(booking_id, now=now)
        if session is None:
            return booking.state
        await _end(booking, session, to_state=BookingState.DECLINED, template="declined", by=by, now=now)
        await withdraw_letters(key_prefix=f"approval_asked-{booking.id}-")
        if session.reserves_while_asked:
            await pass_on(session, by=by, now=now)
    return BookingState.DECLINED


async def settle_requests(*, now: datetime) -> int:
    """The job: end what nobody answered in time, with a letter to the learner. Returns how many ended."""
    found = await rows(
        "SELECT id, session_id FROM bookings_booking WHERE state = 'requested' AND answer_by < ? ORDER BY session_id, id", now
    )
    for row in found:
        async with transaction():
            await hold(Session, row["session_id"])
            booking, session = await held_booking(row["id"]), await session_row(row["session_id"])
            if session is None or booking.state != BookingState.REQUESTED:
                continue
            await _end(booking, session, to_state=BookingState.LAPSED, template="declined", by=SYSTEM, now=now)
            await pass_on(session, by=SYSTEM, now=now)
    return len(found)


async def _requested(booking_id: int, *, now: datetime) -> tuple[OwnBooking, SessionRow | None]:
    """The booking, its session held; without the session where it has been answered already."""
    booking = await held_booking(booking_id)
    if booking.state in _ANSWERED:
        return booking, None
    if booking.state != BookingState.REQUESTED:
        raise Refused("This request has been taken back, so there is nothing to answer.", code="taken_back")
    if booking.answer_by is not None and now > booking.answer_by:
        raise Refused("The time to answer this request has passed. The learner can book again.", code="ran_out")
    session = await session_row(booking.session_id)
    if session is None:
        raise NotFound
    return booking, session


async def _end(booking: OwnBooking, session: SessionRow, *, to_state: BookingState, template: str, by: Viewer, now: datetime) -> None:
    subject = await steps.change_state(booking.id, from_state=BookingState.REQUESTED, to_state=to_state, by=by, now=now)
    if subject is None:
        raise Refused("This request changed a moment ago. Look at it again.", code="changed")
    learner = (await learner_rows([booking.learner_id]))[booking.learner_id]
    days = await steps.days_of(session.id, learner.id)
    extra = {"ran_out": to_state == BookingState.LAPSED} if template == "declined" else {}
    letter = letter_about(template, subject=subject, session=session, learner=learner, days=days, priority=Priority.CHANGE, extra=extra)
    await steps.send(letter, days={}, is_cancelled=False, now=now)
    await record(f"booking.{to_state}", by=by, now=now, subject_kind="booking", subject_id=booking.id, detail={"session": session.id})
