"""Everybody with a live booking of a session, as the verbs that concern a whole session need them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marstraining.core.db import rows


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One live booking."""

    id: int
    ref: str
    version: int
    nonce: str
    check_in_code: str
    learner_id: int
    learner_name: str
    state: str
    mode: str


async def live_bookings(session_id: int) -> list[RosterRow]:
    """The live bookings of a session by name."""
    found: list[dict[str, Any]] = await rows(
        "SELECT b.id, b.ref, b.version, b.nonce, b.check_in_code, b.learner_id, p.name AS learner_name, b.state,"
        " b.mode FROM bookings_booking b"
        " JOIN people_person p ON p.id = b.learner_id WHERE b.session_id = ?"
        " AND b.state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered') ORDER BY p.name, b.id",
        session_id,
    )
    return [RosterRow(**row) for row in found]


async def next_date(session_id: int, *, now: datetime) -> dict[str, Any] | None:
    """The next published date of the same course, for letters of a session that will not take place as planned."""
    found = await rows(
        "SELECT n.ref, n.starts_at FROM programme_session s JOIN programme_session n ON n.course_id = s.course_id AND n.id <> s.id"
        " JOIN programme_course c ON c.id = n.course_id"
        " WHERE s.id = ? AND n.state = 'published' AND n.starts_at > ?"
        " AND (CASE WHEN n.access = '' THEN c.access ELSE n.access END) = 'public' ORDER BY n.starts_at LIMIT 1",
        session_id,
        now,
        instants=("starts_at",),
    )
    return found[0] if found else None


async def trainer_names(session_id: int) -> list[str]:
    """Who trains a session, each with their agency: for those booked only, the public sees the agencies alone."""
    found = await rows(
        "SELECT p.name, coalesce(a.name, '') AS agency FROM programme_trainer r JOIN people_person p ON p.id = r.person_id"
        " LEFT JOIN people_agency a ON a.id = r.agency_id"
        " WHERE r.session_id = ? AND r.state = 'accepted' AND NOT r.is_contributor ORDER BY p.name",
        session_id,
    )
    return [f"{row['name']} ({row['agency']})" if row["agency"] else row["name"] for row in found]
