"""What a person was asked to train."""

from dataclasses import dataclass
from datetime import datetime

from marstraining.core.db import rows


@dataclass(frozen=True, slots=True)
class TaughtRow:
    """A session somebody trains, or was asked to; no names of learners."""

    session_id: int
    ref: str
    title: str
    state: str
    session_state: str
    is_contributor: bool
    starts_at: datetime
    ends_at: datetime
    venue: str
    delivery: str


async def taught_sessions(person_id: int, *, now: datetime) -> list[TaughtRow]:
    """The coming sessions a person trains or was asked to train, in one statement."""
    found = await rows(
        "SELECT s.id AS session_id, s.ref, CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title,"
        " t.state, s.state AS session_state,"
        " t.is_contributor, s.starts_at, s.ends_at, coalesce(v.name, '') AS venue, s.delivery"
        " FROM programme_trainer t JOIN programme_session s ON s.id = t.session_id JOIN programme_course c ON c.id = s.course_id"
        " LEFT JOIN programme_venue v ON v.id = s.venue_id"
        " WHERE t.person_id = ? AND t.state <> 'declined' AND s.ends_at > ? ORDER BY s.starts_at, s.id",
        person_id,
        now,
        instants=("starts_at", "ends_at"),
        flags=("is_contributor",),
    )
    return [TaughtRow(**row) for row in found]
