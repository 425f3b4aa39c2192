"""A session as those see it who train or speak there, and how one stands to a session that one may book."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.portal.cards import Standing

_LIVE = "('requested', 'invited', 'confirmed', 'waiting', 'offered')"


@frozen
class TaughtSession:
    """A session that somebody trains, or speaks at as a contributor, with its numbers; the link is theirs as it is the learners'."""

    id: int
    ref: str
    title: str
    state: str
    delivery: str
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    joining_link: str
    joining_note: str
    venue: str
    address: str
    postcode: str
    is_contributor: bool
    booked: int
    waiting: int
    needs: int


async def taught_session(ref: str, person_id: int | None) -> TaughtSession:
    """The session if that person has accepted to train or speak there, in one statement; NotFound for any other, alike."""
    found = await rows(
        "SELECT s.id, s.ref, CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, s.state, s.delivery, s.starts_at, s.ends_at,"
        " s.capacity, s.joining_link, s.joining_note, coalesce(v.name, '') AS venue, coalesce(v.address, '') AS address,"
        " coalesce(v.postcode, '') AS postcode, t.is_contributor,"
        " (SELECT count(*) FROM bookings_booking b WHERE b.session_id = s.id AND b.state = 'confirmed') AS booked,"
        " (SELECT count(*) FROM bookings_booking b WHERE b.session_id = s.id AND b.state = 'waiting') AS waiting,"
        " (SELECT count(*) FROM bookings_needs n JOIN bookings_booking b ON b.id = n.booking_id"
        f" WHERE b.session_id = s.id AND b.state IN {_LIVE} AND (n.access <> '' OR n.dietary <> '')) AS needs"
        " FROM programme_trainer t JOIN programme_session s ON s.id = t.session_id JOIN programme_course c ON c.id = s.course_id"
        " LEFT JOIN programme_venue v ON v.id = s.venue_id"
        " WHERE s.ref = ? AND t.person_id = ? AND t.state = 'accepted' AND s.state <> 'draft'",
        ref,
        person_id,
        instants=("starts_at", "ends_at"),
        flags=("is_contributor",),
    )
    if not found:
        raise NotFound
    return TaughtSession(**found[0])


async def learners_of(session_id: int) -> list[dict[str, Any]]:
    """Who has a place, by name: what trainers may know of them, which is neither address nor needs."""
    return await rows(
        "SELECT p.name, b.job_role, b.mode, b.is_coming, coalesce(a.name, '') AS agency FROM bookings_booking b"
        " JOIN people_person p ON p.id = b.learner_id LEFT JOIN people_agency a ON a.id = b.agency_id"
        " WHERE b.session_id = ? AND b.state = 'confirmed' ORDER BY lower(p.name), b.id",
        session_id,
        flags=("is_coming",),
    )


async def standing_of(session_id: int, person_id: int | None) -> Standing:
    """One statement, for the page of a session that is shown to one person."""
    found = await rows(
        "SELECT coalesce(b.ref, '') AS booking_ref, coalesce(b.state, '') AS booking_state, coalesce(t.state, '') AS trainer_state"
        f" FROM programme_session s LEFT JOIN bookings_booking b ON b.session_id = s.id AND b.learner_id = ? AND b.state IN {_LIVE}"
        " LEFT JOIN programme_trainer t ON t.session_id = s.id AND t.person_id = ? AND t.state <> 'declined' WHERE s.id = ?",
        person_id,
        person_id,
        session_id,
    )
    return Standing(**found[0])


async def standings_of(session_ids: Sequence[int], person_id: int) -> dict[int, Standing]:
    """The same for the sessions of a list, by session and in one statement; those that one does not stand to are left out."""
    if not session_ids:
        return {}
    marks = ", ".join("?" * len(session_ids))
    found = await rows(
        "SELECT s.id, coalesce(b.ref, '') AS booking_ref, coalesce(b.state, '') AS booking_state, coalesce(t.state, '') AS trainer_state"
        f" FROM programme_session s LEFT JOIN bookings_booking b ON b.session_id = s.id AND b.learner_id = ? AND b.state IN {_LIVE}"
        " LEFT JOIN programme_trainer t ON t.session_id = s.id AND t.person_id = ? AND t.state <> 'declined'"
        f" WHERE s.id IN ({marks}) AND (b.id IS NOT NULL OR t.id IS NOT NULL)",
        person_id,
        person_id,
        *session_ids,
    )
    return {row.pop("id"): Standing(**row) for row in found}
