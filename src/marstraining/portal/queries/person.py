"""What one person has booked and completed, as the training team reads it when somebody rings."""

from datetime import date, datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen

ORDERS = {
    "starts": "s.starts_at",
    "title": "lower(CASE WHEN s.title = '' THEN c.title ELSE s.title END)",
    "state": "b.state",
    "agency": "lower(coalesce(a.name, ''))",
    "made": "b.created_at",
}


@frozen
class NamedPerson:
    id: int
    ref: str
    name: str


async def person_named(ref: str) -> NamedPerson:
    """The person of a reference, whatever their state; NotFound where there is none."""
    found = await rows("SELECT id, ref, name FROM people_person WHERE ref = ?", ref)
    if not found:
        raise NotFound
    return NamedPerson(**found[0])


async def bookings_of(
    person_id: int, *, order: str, now: datetime, limit: int = 100_000, offset: int = 0
) -> tuple[list[dict[str, Any]], int]:
    """A page of somebody's bookings, ended ones too, and how many there are in all.

    Each with whether its session `is_over` by now and its register `is_locked`.
    """
    found = await rows(
        "SELECT b.ref, b.state, b.created_at, b.offer_expires_at, s.ref AS session_ref, s.state AS session_state, s.starts_at, s.ends_at,"
        " CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, c.code, coalesce(a.name, '') AS agency,"
        " s.ends_at <= ? AS is_over, EXISTS (SELECT 1 FROM attendance_register g WHERE g.session_id = s.id AND g.locked_at IS NOT NULL)"
        " AS is_locked, count(*) OVER () AS total FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id"
        " JOIN programme_course c ON c.id = s.course_id LEFT JOIN people_agency a ON a.id = b.agency_id"
        f" WHERE b.learner_id = ? ORDER BY {order} LIMIT ? OFFSET ?",
        now,
        person_id,
        limit,
        offset,
        instants=("created_at", "offer_expires_at", "starts_at", "ends_at"),
    )
    return found, int(found[0]["total"]) if found else 0


async def completed_by(person_id: int) -> list[tuple[str, str, date]]:
    """Courses that somebody has completed, as code, title and day, the latest first."""
    found = await rows(
        "SELECT c.code, c.title, r.completed_on FROM record_completion r JOIN programme_course c ON c.id = r.course_id"
        " WHERE r.person_id = ? ORDER BY r.completed_on DESC, c.title LIMIT 200",
        person_id,
        dates=("completed_on",),
    )
    return [(row["code"], row["title"], row["completed_on"]) for row in found]
