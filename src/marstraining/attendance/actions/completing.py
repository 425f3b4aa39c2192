"""Completions of a session as its marks say: written when its register is locked, and again whenever that is corrected."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.attendance import queries
from marstraining.core.db import execute, execute_many

SOURCE = "attendance"


async def settle_completions(session_id: int, person_ids: Sequence[int] | None = None, *, now: datetime) -> None:
    """Let the record say who completed the session's course: whoever attended the whole of every training day that was held.

    A make-up day counts: a day missed here and attended in another session of the same course is given by the desk as a mark on
    the evidence of the trainer's word. Call it inside the transaction that marked or locked; `person_ids` None is everyone marked.
    """
    session = await queries.completed_session(session_id)
    days = await queries.taught_days(session_id)
    standing = await queries.standing_marks(session_id)
    people = {person for person, _ in standing} if person_ids is None else set(person_ids)
    values = []
    for person_id, marks in queries.who_completed(standing, days).items():
        if person_id in people:
            minutes = [mark.minutes for mark in marks if mark.minutes is not None]
            total = sum(minutes) if len(minutes) == len(marks) else session.taught_minutes
            values.append((person_id, session.course_id, session_id, session.last_day, total, SOURCE, now))
    gone = sorted(people - {value[0] for value in values})
    if gone:
        marks_of = ", ".join("?" * len(gone))
        await execute(f"DELETE FROM record_completion WHERE session_id = ? AND person_id IN ({marks_of})", session_id, *gone)
    if values:
        await execute_many(
            "INSERT INTO record_completion (person_id, course_id, session_id, completed_on, minutes, source, recorded_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person_id, course_id, completed_on) DO UPDATE SET minutes = excluded.minutes,"
            " session_id = excluded.session_id",
            values,
        )
