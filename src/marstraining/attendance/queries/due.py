"""Registers that somebody should be asked about."""

from datetime import datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen

# A published session, over, with people booked by name, whose register nobody has locked. Where marks were imported, the register was
# taken elsewhere and its record is written. Joins: programme_session s.
NOT_TAKEN = (
    "s.state = 'published' AND NOT s.is_headcount_only AND s.ends_at < ?"
    " AND EXISTS (SELECT 1 FROM bookings_booking k WHERE k.session_id = s.id AND k.state = 'confirmed')"
    " AND NOT EXISTS (SELECT 1 FROM attendance_register g WHERE g.session_id = s.id AND g.locked_at IS NOT NULL)"
    " AND NOT EXISTS (SELECT 1 FROM attendance_mark i WHERE i.session_id = s.id AND i.evidence = 'imported')"
)


@frozen
class OpenRegister:
    """A session that is over and whose register is not locked; `unmarked` are those with a place and without any mark."""

    session_id: int
    ref: str
    title: str
    starts_at: datetime
    ends_at: datetime
    booked: int
    unmarked: int


async def open_registers(told: str, *, after: datetime, before: datetime) -> list[OpenRegister]:
    """Sessions that ended between two instants, whose register is not locked and about which nobody was `told` yet.

    `told` is the column that says so: told_trainers_at or told_desk_at.
    """
    found = await rows(
        "SELECT s.id AS session_id, s.ref, CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, s.starts_at, s.ends_at,"
        " (SELECT count(*) FROM bookings_booking b WHERE b.session_id = s.id AND b.state = 'confirmed') AS booked,"
        " (SELECT count(*) FROM bookings_booking b WHERE b.session_id = s.id AND b.state = 'confirmed' AND NOT EXISTS"
        " (SELECT 1 FROM attendance_mark m WHERE m.session_id = s.id AND m.person_id = b.learner_id AND m.superseded_at IS NULL))"
        " AS unmarked FROM programme_session s JOIN programme_course c ON c.id = s.course_id"
        f" LEFT JOIN attendance_register r ON r.session_id = s.id WHERE {NOT_TAKEN} AND s.ends_at > ? AND r.{told} IS NULL"
        " ORDER BY s.ends_at, s.id",
        before,
        after,
        instants=("starts_at", "ends_at"),
    )
    return [OpenRegister(**row) for row in found]


async def trainers_to_ask(session_id: int) -> list[dict[str, Any]]:
    """Who trains a session and can be written to."""
    return await rows(
        "SELECT p.id, p.name, p.email FROM programme_trainer t JOIN people_person p ON p.id = t.person_id"
        " WHERE t.session_id = ? AND t.state = 'accepted' AND NOT t.is_contributor AND p.state = 'active' AND p.email IS NOT NULL"
        " ORDER BY p.id",
        session_id,
    )


async def locked_registers(*, after: datetime, before: datetime) -> list[dict[str, Any]]:
    """Registers locked between two instants whose absent learners were not written to yet."""
    return await rows(
        "SELECT id, session_id FROM attendance_register WHERE told_missed_at IS NULL AND locked_at > ? AND locked_at < ? ORDER BY id",
        after,
        before,
    )


async def missed(session_id: int) -> list[int]:
    """Learners who did not come on any training day: absent, not turned away at the door, and never there."""
    found = await rows(
        "SELECT person_id FROM attendance_mark WHERE session_id = ? AND superseded_at IS NULL"
        " AND taken_as IN ('learner', 'walk_in', 'substitute') GROUP BY person_id"
        " HAVING sum(CASE WHEN mark = 'absent' AND reason = '' THEN 1 ELSE 0 END) = count(*) ORDER BY person_id",
        session_id,
    )
    return [row["person_id"] for row in found]
