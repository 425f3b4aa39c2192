"""Cancelling a booking, leaving the list, and the half of a swap that lets go; the place passes on in the same transaction."""

from datetime import datetime

from marstraining.bookings import rules
from marstraining.bookings.actions import steps
from marstraining.bookings.actions.waiting import pass_on
from marstraining.bookings.letters import letter_about
from marstraining.bookings.queries import SessionRow, learner_rows, session_row
from marstraining.bookings.queries.entries import day_entries
from marstraining.bookings.queries.own import OwnBooking, booking_by_id
from marstraining.bookings.rules import BookingState
from marstraining.core import config
from marstraining.core.db import execute, hold, together, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.rules import Priority
from marstraining.programme.models import Session

_SWAPPED = "swapped"


async def cancel_booking(booking_id: int, *, reason: str = "", by_desk: bool = False, by: Viewer, now: datetime) -> str:
    """Cancel a booking or leave the waiting list, and pass the place on; returns the state the booking is in.

    A postponed session has no date, so letting go of it is neither late nor too late.
    After the cut-off a confirmed place needs a reason from the fixed list and goes into the ledger; the desk, and whoever
    acts for it (`by_desk`), needs none.
    Refused once the session has started. Cancelling twice is one cancellation (booking.md, Booking 7). Who may cancel is
    for the caller to know.
    """
    booking = await booking_by_id(booking_id)
    if booking is None:
        raise NotFound
    if booking.state in (BookingState.CANCELLED, BookingState.WITHDRAWN):
        return booking.state
    late = is_late_now(booking, now=now) and not (by.is_desk or by_desk)
    rules.check_can_cancel(state=booking.state, begins_at=booking.begins_at, is_late_now=late, reason=reason, now=now)
    async with transaction():
        await hold(Session, booking.session_id)
        fresh = await booking_by_id(booking_id)
        session = await session_row(booking.session_id)
        if fresh is None or session is None or fresh.state not in rules.LIVE_STATES:
            return fresh.state if fresh else booking.state
        notice = _notice_hours(fresh, now=now)
        if fresh.state == BookingState.CONFIRMED and late:
            await _write_ledger(fresh, reason=reason, notice_hours=notice, by=by, now=now)
        to_state = await _end(fresh, session, reason=reason, notice_hours=notice, by=by, now=now)
        if fresh.state != BookingState.WAITING:
            await pass_on(session, frees=True, by=by, now=now)
    return to_state


def is_late_now(booking: OwnBooking, *, now: datetime) -> bool:
    """Whether cancelling this booking now would be a late cancellation."""
    if booking.begins_at is None:
        return False
    cut_off = config.current().partnership.booking.cut_off_working_days
    return rules.is_late(starts_at=booking.begins_at, now=now, calendar=steps.working_calendar(), cut_off_working_days=cut_off)


def _notice_hours(booking: OwnBooking, *, now: datetime) -> float | None:
    """Working hours from now to the session; None while it has no date."""
    return None if booking.begins_at is None else steps.working_calendar().working_hours_between(now, booking.begins_at)


async def give_up(booking_id: int, learner_id: int, *, by_desk: bool = False, by: Viewer, now: datetime) -> None:
    """The letting-go half of a swap: the learner's own booking ends in the caller's transaction, whose session is held.

    What the desk moves is no late cancellation.
    """
    booking = await booking_by_id(booking_id)
    if booking is None or booking.learner_id != learner_id:
        raise NotFound
    session = await session_row(booking.session_id)
    if session is None or booking.state not in rules.LIVE_STATES:
        raise Refused("The other booking has changed meanwhile. Look at your bookings again.", code="changed")
    if booking.begins_at is not None and now >= booking.begins_at:
        raise Refused("The other session has already started, so it can no longer be given up.", code="past")
    notice = _notice_hours(booking, now=now)
    if booking.state == BookingState.CONFIRMED and is_late_now(booking, now=now) and not by_desk:
        await _write_ledger(booking, reason=_SWAPPED, notice_hours=notice, by=by, now=now)
    await _end(booking, session, reason=_SWAPPED, notice_hours=notice, by=by, now=now)
    await pass_on(session, frees=booking.state != BookingState.WAITING, by=by, now=now)


async def _end(booking: OwnBooking, session: SessionRow, *, reason: str, notice_hours: float | None, by: Viewer, now: datetime) -> str:
    """Change the state, write the letter (with CANCEL where an invitation had been sent) and the history row."""
    was_waiting = booking.state == BookingState.WAITING
    to_state = BookingState.WITHDRAWN if was_waiting else BookingState.CANCELLED
    subject = await steps.change_state(
        booking.id, from_state=booking.state, to_state=to_state, by=by, now=now, reason=reason, notice_hours=notice_hours
    )
    if subject is None:
        raise Refused("This booking changed a moment ago. Look at it again.", code="changed")
    learner = (await learner_rows([booking.learner_id]))[booking.learner_id]
    days = (await day_entries(session.id, [learner.id]))[learner.id]
    letter = letter_about(
        "left_list" if was_waiting else "cancelled",
        subject=subject,
        session=session,
        learner=learner,
        days=days,
        priority=Priority.CHANGE,
        method="CANCEL" if booking.state == BookingState.CONFIRMED else None,
        extra={"by_desk": by.is_desk and by.person_id != learner.id, "other_date": False},
    )
    async with together():
        await steps.send(letter, days={learner.id: days}, is_cancelled=True, now=now)
        await record(f"booking.{to_state}", by=by, now=now, subject_kind="booking", subject_id=booking.id, detail={"session": session.id})
    return to_state


async def _write_ledger(booking: OwnBooking, *, reason: str, notice_hours: float | None, by: Viewer, now: datetime) -> None:
    await execute(
        "INSERT INTO bookings_ledger (booking_id, session_id, agency_id, kind, reason, notice_hours, is_excused, by_id, at, waived_reason)"
        " VALUES (?, ?, ?, 'late_cancellation', ?, ?, ?, ?, ?, '')",
        booking.id, booking.session_id, booking.agency_id, reason, notice_hours, False, by.person_id, now,
    )  # fmt: skip
