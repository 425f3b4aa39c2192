"""Everybody with a live booking of a session, as the verbs that concern a whole session need them."""

from datetime import datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen


@frozen
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
    offer_expires_at: datetime | None


async def live_bookings(session_id: int) -> list[RosterRow]:
    """The live bookings of a session by name."""
    found: list[dict[str, Any]] = await rows(
        "SELECT b.id, b.ref, b.version, b.nonce, b.check_in_code, b.learner_id, p.name AS learner_name, b.state,"
        " b.mode, b.offer_expires_at FROM bookings_booking b"
        " JOIN people_person p ON p.id = b.learner_id WHERE b.session_id = ?"
        " AND b.state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered') ORDER BY p.name, b.id",
        session_id,
        instants=("offer_expires_at",),
    )
    return [RosterRow(**row) for row in found]


@frozen
class Coming:
    """One live booking of a session that has not begun, or has no date."""

    id: int
    ref: str
    state: str
    session_id: int
    session_ref: str
    title: str
    starts_at: datetime


async def coming_bookings(learner_id: int, *, now: datetime) -> list[Coming]:
    """What a learner holds or waits for in sessions to come, the next first."""
    found = await rows(
        "SELECT b.id, b.ref, b.state, s.id AS session_id, s.ref AS session_ref, s.starts_at,"
        " CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title FROM bookings_booking b"
        " JOIN programme_session s ON s.id = b.session_id JOIN programme_course c ON c.id = s.course_id"
        " WHERE b.learner_id = ? AND (s.starts_at > ? OR s.state = 'postponed')"
        " AND b.state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered')"
        " ORDER BY s.starts_at, b.id",
        learner_id,
        now,
        instants=("starts_at",),
    )
    return [Coming(**row) for row in found]


async def trainer_names(session_id: int) -> list[str]:
    """Who trains a session, each with their agency: for those booked only, the public sees the agencies alone."""
    found = await rows(
        "SELECT p.name, coalesce(a.name, '') AS agency FROM programme_trainer r JOIN people_person p ON p.id = r.person_id"
        " LEFT JOIN people_agency a ON a.id = r.agency_id"
        " WHERE r.session_id = ? AND r.state = 'accepted' AND NOT r.is_contributor ORDER BY p.name",
        session_id,
    )
    return [f"{row['name']} ({row['agency']})" if row["agency"] else row["name"] for row in found]
