"""Answering an offer, answering a standby question, and what the desk may do with the list."""

from datetime import datetime

from marstraining.bookings import rules
from marstraining.bookings.actions import steps
from marstraining.bookings.actions.cancelling import give_up
from marstraining.bookings.actions.waiting import confirm_entry, offer, pass_on
from marstraining.bookings.letters import letter_about
from marstraining.bookings.queries import SessionRow, conflicts, learner_rows, session_row, trainer_state, waiting_list
from marstraining.bookings.queries.entries import day_entries
from marstraining.bookings.queries.own import OwnBooking, booking_by_id
from marstraining.bookings.rules import BookingState, Standby
from marstraining.core.clock import local
from marstraining.core.db import execute, hold, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.rules import Priority
from marstraining.people.models import Person
from marstraining.programme.models import Session
from marstraining.programme.rules import SessionState

_RAN_OUT = "This offer has run out and the place has gone to the next person. You can join the waiting list again."


async def accept_offer(booking_id: int, *, instead_of: int | None = None, by: Viewer, now: datetime) -> str:
    """Take an offered place; returns the state. At the deadline's second it still works, one second later it is refused.

    It is refused then even if the job that lapses offers has not run. Accepting twice is accepting once. A clash with
    another booking is refused as booking is, unless that one is given up in the same step (`instead_of`). Who trains the session
    by now, or is asked to, is refused too, and the offer stands until it runs out: they may say no to training, or turn it down.
    """
    async with transaction():
        booking = await held_booking(booking_id, and_of=instead_of)
        if booking.state == BookingState.CONFIRMED:
            return booking.state
        _check_offer_stands(booking, now=now)
        session = await session_row(booking.session_id)
        if session is None:
            raise NotFound
        if now >= session.starts_at:
            raise Refused("This session has already started, so the place can no longer be taken.", code="past")
        await check_learner_trains_not(booking, by=by)
        if instead_of is not None:
            await give_up(instead_of, booking.learner_id, by=by, now=now)
        await _check_conflicts(session, booking, now=now)
        await confirm_entry(session, booking.id, booking.learner_id, from_state=BookingState.OFFERED, by=by, now=now)
    return BookingState.CONFIRMED


async def turn_down_offer(booking_id: int, *, by: Viewer, now: datetime) -> str:
    """Turn an offered place down; it passes on in the same transaction. Whoever turns down is not offered again unless they rejoin."""
    async with transaction():
        booking = await held_booking(booking_id)
        if booking.state == BookingState.TURNED_DOWN:
            return booking.state
        _check_offer_stands(booking, now=now)
        session = await session_row(booking.session_id)
        subject = await steps.change_state(
            booking.id, from_state=BookingState.OFFERED, to_state=BookingState.TURNED_DOWN, by=by, now=now, reason="turned_down"
        )
        if session is None or subject is None:
            raise NotFound
        learner = (await learner_rows([booking.learner_id]))[booking.learner_id]
        days = (await day_entries(session.id, [learner.id]))[learner.id]
        letter = letter_about("turned_down", subject=subject, session=session, learner=learner, days=days, priority=Priority.CHANGE)
        await steps.send(letter, days={}, is_cancelled=False, now=now)
        await record("booking.turned_down", by=by, now=now, subject_kind="booking", subject_id=booking.id, detail={"session": session.id})
        await pass_on(session, frees=True, by=by, now=now)
    return BookingState.TURNED_DOWN


async def answer_standby(booking_id: int, *, by: Viewer, now: datetime) -> str:
    """Say "yes" to the standby question: after four working hours the highest on the list who answered gets the place.

    Refused as booking is where the learner is booked elsewhere at that time, or trains the session or is asked to.
    """
    async with transaction():
        booking = await held_booking(booking_id)
        if booking.state == BookingState.CONFIRMED:
            return booking.state
        if booking.state != BookingState.WAITING or booking.standby_asked_at is None:
            raise Refused("You are no longer on the waiting list of this session.", code="not_waiting")
        session = await session_row(booking.session_id)
        if session is None:
            raise NotFound
        await check_learner_trains_not(booking, by=by)
        await _check_conflicts(session, booking, now=now)
        if booking.standby_answered_at is None:
            await execute(
                "UPDATE bookings_booking SET standby_answered_at = ?, revision = revision + 1 WHERE id = ? AND state = 'waiting'",
                now,
                booking.id,
            )
        await pass_on(session, by=by, now=now)
        again = await booking_by_id(booking_id)
    return again.state if again else booking.state


async def choose_standby(booking_id: int, *, standby: Standby, by: Viewer, now: datetime) -> None:
    """Change what happens in the last two working days: be booked in, be asked, or be left alone."""
    async with transaction():
        booking = await held_booking(booking_id)
        if booking.state != BookingState.WAITING:
            raise Refused("You are no longer on the waiting list of this session.", code="not_waiting")
        await execute("UPDATE bookings_booking SET standby = ?, revision = revision + 1 WHERE id = ?", standby, booking.id)
        await record("booking.standby", by=by, now=now, subject_kind="booking", subject_id=booking.id, detail={"standby": str(standby)})
        session = await session_row(booking.session_id)
        if session:
            await pass_on(session, by=by, now=now)


async def offer_now(booking_id: int, *, by: Viewer, now: datetime) -> None:
    """The desk offers a place to somebody on the list out of turn.

    Refused where nothing is free, they are waiting no longer, or they train the session or are asked to.
    """
    async with transaction():
        booking = await held_booking(booking_id)
        session = await session_row(booking.session_id)
        entry = next((entry for entry in await waiting_list(booking.session_id) if entry.candidate.booking_id == booking_id), None)
        if session is None or entry is None:
            raise Refused(f"{booking.learner_name} is no longer on the waiting list.", code="not_waiting")
        if session.state == SessionState.POSTPONED:
            raise Refused("This session has no date yet. Set the new date first.", code="postponed")
        if now >= session.starts_at:
            raise Refused("This session has already started.", code="past")
        await check_learner_trains_not(booking, by=by)
        held = await steps.counted_held(session.id, now=now)
        if rules.free_places(session.capacity, held, booking.mode, behind_the_list=False) == 0:
            raise Refused("No place is free. Raise the number of places first, or cancel a booking.", code="full")
        await offer(session, entry, by=by, now=now)


async def set_priority(booking_id: int, *, priority: int, by: Viewer, now: datetime) -> None:
    """The desk puts somebody further up the list: a higher number comes first, 0 is the ordinary place by time of joining."""
    async with transaction():
        booking = await held_booking(booking_id)
        if booking.state != BookingState.WAITING:
            raise Refused(f"{booking.learner_name} is no longer on the waiting list.", code="not_waiting")
        await execute("UPDATE bookings_booking SET priority = ?, revision = revision + 1 WHERE id = ?", priority, booking.id)
        await record("booking.priority", by=by, now=now, subject_kind="booking", subject_id=booking.id, detail={"priority": priority})


async def _check_conflicts(session: SessionRow, booking: OwnBooking, *, now: datetime) -> None:
    found = await conflicts(session.id, booking.learner_id, course_id=session.course_id, kind=session.kind, now=now)
    rules.check_conflicts(found, instead_of=None)


async def check_learner_trains_not(booking: OwnBooking, *, by: Viewer) -> None:
    """Refuse who trains the booking's session by now, or is asked to, in words for who acts: the learner, or somebody for them."""
    named = "" if by.person_id == booking.learner_id else booking.learner_name
    rules.check_trains_not(await trainer_state(booking.session_id, booking.learner_id), of=named)


async def held_booking(booking_id: int, *, and_of: int | None = None) -> OwnBooking:
    """Take hold of the booking's session, then read the booking as it is now.

    With another booking whose session is to be held too, sessions are held in the order of their numbers and the learner
    after the last, as booking does, so that two swaps cannot deadlock.
    """
    booking = await booking_by_id(booking_id)
    if booking is None:
        raise NotFound
    other = await booking_by_id(and_of) if and_of is not None else None
    *first, last = sorted({booking.session_id} | ({other.session_id} if other else set()))
    for session_id in first:
        await hold(Session, session_id)
    await hold(Session, last, and_then=(Person, booking.learner_id))
    fresh = await booking_by_id(booking_id)
    if fresh is None:
        raise NotFound
    return fresh


def _check_offer_stands(booking: OwnBooking, *, now: datetime) -> None:
    if booking.state == BookingState.LAPSED:
        raise Refused(_RAN_OUT, code="ran_out")
    if booking.state != BookingState.OFFERED or booking.offer_expires_at is None:
        raise Refused("There is no offer to answer any more.", code="no_offer")
    if now > booking.offer_expires_at:
        at = local(booking.offer_expires_at)
        raise Refused(f"{_RAN_OUT} It stood until {at:%H:%M} on {at:%A} {at.day} {at:%B}.", code="ran_out")
