"""Reminders: the worker asks which sessions' moments have come and who has not had the letter."""

from datetime import datetime

from marstraining.bookings.actions import steps
from marstraining.bookings.letters import joining_facts, letter_about
from marstraining.bookings.queries import learner_rows, session_row
from marstraining.bookings.queries.entries import day_entries
from marstraining.bookings.queries.roster import trainer_names
from marstraining.bookings.rules.reminders import JOINING_INSTRUCTIONS, LONGEST_BEFORE, TEMPLATES, Reminder, reminders_of
from marstraining.core.db import rows, transaction
from marstraining.messages.actions import queue_letters, withdraw_letters
from marstraining.messages.rules import Priority


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
    learners = await learner_rows([row["learner_id"] for row in found])
    days = await day_entries(session_id, [row["learner_id"] for row in found])
    calendar = steps.working_calendar()
    trainers = await trainer_names(session_id) if reminder.template == JOINING_INSTRUCTIONS else []
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
            key=f"{reminder.template}-{row['id']}",
        )
        if letter:
            letters.append(letter)
    if not letters:
        return 0
    async with transaction():
        await queue_letters(letters, now=now)
    return len(letters)


async def withdraw_reminders(session_id: int) -> None:
    """Take back the reminders that have not left, when a session will not take place as planned."""
    for template in TEMPLATES:
        await withdraw_letters(session_id=session_id, template=template)
