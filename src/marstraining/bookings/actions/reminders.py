"""Reminders: the worker asks which sessions' moments have come and who has not had the letter."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from marstraining.bookings.actions import steps
from marstraining.bookings.actions.keeping import joining_time
from marstraining.bookings.letters import joining_facts, letter_about, moment
from marstraining.bookings.queries import SessionRow, learner_rows, session_row
from marstraining.bookings.queries.entries import day_entries
from marstraining.bookings.queries.roster import trainer_names
from marstraining.bookings.rules.reminders import JOINING_INSTRUCTIONS, LONGEST_BEFORE, TEMPLATES, Reminder, reminders_of
from marstraining.core.db import hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letters, withdraw_letters
from marstraining.messages.rules import Letter, Priority
from marstraining.programme.models import Session
from marstraining.programme.rules import SessionState

_ASKED_ONCE_IN = timedelta(minutes=10)


async def send_reminders(*, now: datetime) -> int:
    """Queue the reminders that are due; returns how many. Run as often as you like: a learner gets each once for a booking.

    None go to who booked after the moment, to drafts, or to sessions that are postponed or called off. A moved session
    takes its reminders along, without sending again what was sent. After a downtime, a reminder past its use is written
    already past its end, so that the outbox shows it as missed instead of sending it.
    """
    sessions = await rows(
        "SELECT s.id, s.starts_at FROM programme_session s WHERE s.state = 'published' AND s.starts_at > ? AND s.starts_at < ?"
        " AND EXISTS (SELECT 1 FROM bookings_booking b WHERE b.session_id = s.id AND b.state = 'confirmed') ORDER BY s.starts_at, s.id",
        now,
        now + LONGEST_BEFORE,
        instants=("starts_at",),
    )
    calendar = steps.working_calendar()
    queued = 0
    for row in sessions:
        for reminder in reminders_of(starts_at=row["starts_at"], calendar=calendar):
            if reminder.due_at <= now:
                queued += await _remind(row["id"], reminder, now=now)
    return queued


async def _remind(session_id: int, reminder: Reminder, *, now: datetime) -> int:
    found = await rows(
        "SELECT b.id, b.ref, b.version, b.nonce, b.check_in_code, b.mode, b.learner_id"
        " FROM bookings_booking b WHERE b.session_id = ?"
        " AND b.state = 'confirmed' AND coalesce((SELECT max(t.at) FROM bookings_transition t"
        " WHERE t.booking_id = b.id AND t.to_state = 'confirmed'), b.created_at) < ? AND NOT EXISTS"
        " (SELECT 1 FROM messages_letter m WHERE m.key = ? || '-' || CAST(b.id AS varchar(20))) ORDER BY b.id",
        session_id,
        reminder.due_at,
        reminder.template,
    )
    session = await session_row(session_id) if found else None
    if session is None:
        return 0
    keys = {row["id"]: f"{reminder.template}-{row['id']}" for row in found}
    letters = await _letters(session, reminder, found, keys=keys, now=now)
    if not letters:
        return 0
    async with transaction():
        await queue_letters(letters, now=now)
    return len(letters)


async def _letters(
    session: SessionRow, reminder: Reminder, found: Sequence[Mapping[str, Any]], *, keys: Mapping[int, str], now: datetime
) -> list[Letter]:
    """The letter of that reminder to each of the bookings whose learner has an address, under its key."""
    learners = await learner_rows([row["learner_id"] for row in found])
    days = await day_entries(session.id, [row["learner_id"] for row in found])
    calendar = steps.working_calendar()
    trainers = await trainer_names(session.id) if reminder.template == JOINING_INSTRUCTIONS else []
    letters = []
    for row in found:
        subject = steps.subject_of(row)
        letter = letter_about(
            reminder.template,
            subject=subject,
            session=session,
            learner=learners[row["learner_id"]],
            days=days[row["learner_id"]],
            priority=Priority.REMINDER,
            extra={**joining_facts(session, subject, now=now, calendar=calendar), "trainers": trainers},
            expires_at=reminder.useful_until,
            is_ordered=False,
            key=keys[row["id"]],
        )
        if letter:
            letters.append(letter)
    return letters


async def send_joining_again(session_id: int, *, by: Viewer, now: datetime) -> int:
    """Send the joining instructions to everybody booked, whether or not they had them; returns how many letters that are.

    The desk asks for it; rescheduling sends nothing again by itself (calendar_and_letters.md, Letters 5). Asked for twice
    within ten minutes they are sent once. Refused for a session that has no date, is called off or over, and before its joining
    time: until then a letter holds no instructions, and the real ones are still to come.
    """
    async with transaction():
        if not await hold(Session, session_id):
            raise NotFound
        session = await session_row(session_id)
        if session is None or session.state != SessionState.PUBLISHED or now >= session.ends_at:
            raise Refused("This session is not coming up, so there is nothing to join.", code="not_coming")
        first = joining_time(session.starts_at)
        if now < first:
            raise Refused(f"The joining instructions go out by themselves from {moment(first)}. Nothing is sent before.", code="too_early")
        found = await rows(
            "SELECT id, ref, version, nonce, check_in_code, mode, learner_id FROM bookings_booking"
            " WHERE session_id = ? AND state = 'confirmed' ORDER BY id",
            session_id,
        )
        keys = {row["id"]: f"joining-asked-{row['id']}-{int(now.timestamp() // _ASKED_ONCE_IN.total_seconds())}" for row in found}
        letters = await _letters(session, Reminder(JOINING_INSTRUCTIONS, now, session.ends_at), found, keys=keys, now=now)
        if letters:
            await queue_letters(letters, now=now)
            detail = {"letters": len(letters)}
            await record("send_joining_again", by=by, now=now, subject_kind="session", subject_id=session_id, detail=detail)
    return len(letters)


async def withdraw_reminders(session_id: int) -> None:
    """Take back the reminders that have not left, when a session will not take place as they say.

    They come again at their moment before the date and place that hold then; those that were sent do not (Letters 5).
    """
    for template in TEMPLATES:
        await withdraw_letters(session_id=session_id, template=template, may_come_again=True)
