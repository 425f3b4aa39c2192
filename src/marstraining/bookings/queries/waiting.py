"""The waiting list of one session, and what is held there, as the verbs count them under the lock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marstraining.bookings.queries.holding import HOLDS, held_of
from marstraining.bookings.rules import Candidate, Held
from marstraining.core.db import rows
from marstraining.core.values import frozen

# Whoever trains the session, or is asked to, can as little take a place on it as who is booked elsewhere at that time.
_CLASHES = (
    "(SELECT count(*) FROM programme_trainer r WHERE r.session_id = b.session_id AND r.person_id = b.learner_id AND r.state <> 'declined')"
    " + (SELECT count(*) FROM bookings_booking x JOIN programme_session t ON t.id = x.session_id AND t.state = 'published'"
    " JOIN programme_course u ON u.id = t.course_id JOIN programme_session w ON w.id = b.session_id"
    " JOIN programme_course v ON v.id = w.course_id JOIN programme_day d ON d.session_id = t.id AND NOT d.is_cancelled"
    " JOIN programme_day e ON e.session_id = b.session_id AND NOT e.is_cancelled"
    " WHERE x.learner_id = b.learner_id AND x.session_id <> b.session_id AND x.state = 'confirmed'"
    " AND NOT (u.kind = 'webinar' AND t.delivery = 'online') AND NOT (v.kind = 'webinar' AND w.delivery = 'online')"
    " AND d.starts_at < e.ends_at AND e.starts_at < d.ends_at)"
)


@frozen
class Counted:
    """The places of a session as they are now, and how many offers have run out without the job having noticed."""

    held: Held
    run_out: int


def counts_of(which: str) -> str:
    """The one row of figures of the session that is `which` (a condition on `s`), with four placeholders for now before its own."""
    return (
        f"SELECT count(CASE WHEN {HOLDS} THEN 1 END) AS held,"
        f" count(CASE WHEN {HOLDS} AND b.mode = 'room' THEN 1 END) AS held_room,"
        f" count(CASE WHEN {HOLDS} AND b.mode = 'online' THEN 1 END) AS held_online,"
        " count(CASE WHEN b.state = 'waiting' THEN 1 END) AS waiting,"
        " count(CASE WHEN b.state = 'waiting' AND b.mode = 'room' THEN 1 END) AS waiting_room,"
        " count(CASE WHEN b.state = 'waiting' AND b.mode = 'online' THEN 1 END) AS waiting_online,"
        " count(CASE WHEN b.state = 'offered' AND b.offer_expires_at < ? THEN 1 END) AS run_out"
        " FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id"
        f" WHERE {which} AND b.state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered')"
    )


def counted_of(row: Mapping[str, Any]) -> Counted:
    """Those columns of a row as a value."""
    return Counted(held=held_of(row), run_out=row["run_out"])


async def counted(session_id: int, *, now: datetime) -> Counted:
    """Held and waiting of one session, to be asked after taking hold of its row, in a statement of its own.

    Lock and count are separate statements: in one, the count reads a snapshot from before the wait and oversells.
    """
    return counted_of((await rows(counts_of("s.id = ?"), now, now, now, now, session_id))[0])


@frozen
class Entry:
    """One on the waiting list with what their letter needs."""

    candidate: Candidate
    ref: str
    learner_id: int
    sector: str
    agency_id: int | None


async def waiting_list(session_id: int) -> list[Entry]:
    """Those waiting, next in line first: by the desk's priority, then time of joining, then the order in which rows were made."""
    return (await waiting_lists([session_id]))[session_id]


async def waiting_lists(session_ids: Sequence[int]) -> dict[int, list[Entry]]:
    """The same of each of the sessions, in one statement."""
    marks = ", ".join("?" * len(session_ids))
    found: Sequence[dict[str, Any]] = await rows(
        "SELECT b.session_id, b.id, b.ref, b.learner_id, b.agency_id, b.mode, b.standby, b.standby_asked_at, b.standby_answered_at,"
        " coalesce(a.sector, '') AS sector,"
        f" {_CLASHES} AS clashes FROM bookings_booking b LEFT JOIN people_agency a ON a.id = b.agency_id"
        f" WHERE b.session_id IN ({marks}) AND b.state = 'waiting' ORDER BY b.priority DESC, b.joined_at, b.id",
        *session_ids,
        instants=("standby_asked_at", "standby_answered_at"),
    )
    queues: dict[int, list[Entry]] = {session_id: [] for session_id in session_ids}
    for row in found:
        queues[row["session_id"]].append(_entry(row))
    return queues


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        candidate=Candidate(
            booking_id=row["id"],
            mode=row["mode"],
            standby=row["standby"],
            standby_asked_at=row["standby_asked_at"],
            standby_answered_at=row["standby_answered_at"],
            has_clash=bool(row["clashes"]),
        ),
        ref=row["ref"],
        learner_id=row["learner_id"],
        sector=row["sector"],
        agency_id=row["agency_id"],
    )


async def position_in_line(booking_id: int) -> int:
    """The place in line of a waiting booking: 1 is next."""
    found = await rows(
        "SELECT count(*) AS ahead FROM bookings_booking b JOIN bookings_booking me ON me.id = ? AND me.session_id = b.session_id"
        " WHERE b.state = 'waiting' AND (b.priority > me.priority OR (b.priority = me.priority AND (b.joined_at < me.joined_at"
        " OR (b.joined_at = me.joined_at AND b.id <= me.id))))",
        booking_id,
    )
    return int(found[0]["ahead"])
