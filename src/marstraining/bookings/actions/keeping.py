"""Smaller things a learner says of a booking: I'm coming, I keep my place, what I need, I've lost my link."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from marstraining.bookings.actions import steps
from marstraining.bookings.letters import JOINING_WORKING_DAYS, joining_facts, letter_about
from marstraining.bookings.queries import learner_rows, session_row
from marstraining.bookings.queries.entries import day_entries
from marstraining.bookings.queries.roster import trainer_names
from marstraining.bookings.rules import BookingState
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Priority
from marstraining.people.actions import limits
from marstraining.people.rules import normal_address
from marstraining.programme.rules import SessionState

_RESENT_AT_MOST_EVERY = timedelta(minutes=10)


def joining_time(starts_at: datetime) -> datetime:
    """From when a learner sees the joining link: five working days before the start."""
    return steps.working_calendar().working_days_before(starts_at, JOINING_WORKING_DAYS)


async def say_coming(booking_id: int, *, by: Viewer, now: datetime) -> None:
    """Note that a learner is coming; saying so twice is saying so once."""
    await _note(booking_id, "is_coming = ?", "booking.coming", by=by, now=now)


async def keep_place(booking_id: int, *, by: Viewer, now: datetime) -> None:
    """Keep a place after the session was postponed and given a new date."""
    await _note(booking_id, "kept_after_postponing = ?", "booking.kept", by=by, now=now)


async def _note(booking_id: int, column: str, action: str, *, by: Viewer, now: datetime) -> None:
    async with transaction():
        changed = await execute(
            f"UPDATE bookings_booking SET {column}, revision = revision + 1 WHERE id = ? AND state = 'confirmed'", True, booking_id
        )
        if not changed:
            raise Refused("This booking is not confirmed any more.", code="not_confirmed")
        await record(action, by=by, now=now, subject_kind="booking", subject_id=booking_id)


async def tell_needs(booking_id: int, *, access: str, dietary: str | None, keeps: bool | None = None, by: Viewer, now: datetime) -> None:
    """Keep what a learner needs; a changed access need becomes a task for the desk again. `keeps` as in `BookPlace`, for `by`.

    `dietary` None was not asked: what is kept of it for next time stays as it is.
    """
    async with transaction():
        await steps.save_needs(booking_id, access=access, dietary=dietary or "", now=now)
        if keeps is not None and by.person_id is not None:
            await steps.keep_needs(by.person_id, keeps, access=access, dietary=dietary)
        await record("booking.needs", by=by, now=now, subject_kind="booking", subject_id=booking_id)


async def answer_questions(booking_id: int, answers: Sequence[tuple[str, str]], *, by: Viewer, now: datetime) -> None:
    """Keep a learner's answers to the course's questions, in place of those there were."""
    async with transaction():
        changed = await execute(
            "UPDATE bookings_booking SET answers = ?, revision = revision + 1 WHERE id = ?", json.dumps(dict(answers)), booking_id
        )
        if changed:
            await record("booking.answers", by=by, now=now, subject_kind="booking", subject_id=booking_id)


async def resend_joining(session_id: int, address: str, *, network: str, now: datetime) -> None:
    """Send the joining instructions again to the address that booked, if it did; nothing tells whether it did (Booking 9).

    There are none of a session that is postponed, called off or over: then the letters that told of it say what holds.
    Refused for what cannot be an address; TooFast over the limits of signing in. The same booking gets them at most once in
    ten minutes.
    """
    address = normal_address(address)
    await limits.check_limits(address, network, now=now)
    found = await rows(
        "SELECT b.id, b.ref, b.version, b.nonce, b.check_in_code, b.mode, b.learner_id FROM bookings_booking b"
        " JOIN people_person p ON p.id = b.learner_id"
        " WHERE b.session_id = ? AND b.state = ? AND (p.email = ? OR p.second_email = ?)",
        session_id,
        BookingState.CONFIRMED,
        address,
        address,
    )
    session = await session_row(session_id)
    async with transaction():
        await limits.hold_address(address)
        await limits.count_asking(address, network, is_known=bool(found), now=now)
        if not found or session is None or session.state != SessionState.PUBLISHED or now >= session.ends_at:
            return
        row = found[0]
        subject = steps.subject_of(row)
        learner = (await learner_rows([row["learner_id"]]))[row["learner_id"]]
        days = (await day_entries(session_id, [learner.id]))[learner.id]
        slot = int(now.timestamp() // _RESENT_AT_MOST_EVERY.total_seconds())
        letter = letter_about(
            "joining_instructions",
            subject=subject,
            session=session,
            learner=learner,
            days=days,
            priority=Priority.CONFIRMATION,
            extra={
                **joining_facts(session, subject, now=now, calendar=steps.working_calendar()),
                "trainers": await trainer_names(session_id),
            },
            expires_at=session.ends_at,
            is_ordered=False,
            key=f"joining-again-{row['id']}-{slot}",
        )
        if letter:
            await queue_letter(letter, now=now)
