"""What learners were last told of a session, as the letters to them say it, and which sessions may be otherwise by now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.messages.queries import unpacked

_LIVE = "('requested', 'invited', 'confirmed', 'waiting', 'offered')"
_THREAD = "booking:"
# These carry the joining link and stand in no thread.
_INSTRUCTIONS = "joining_instructions-"


@frozen
class Told:
    """What somebody was told: the training days and the place in words, and the joining link, "" where none was given yet."""

    days: tuple[str, ...]
    where: str
    link: str


def thread_of(booking_id: int) -> str:
    """The thread of letters about one booking."""
    return f"{_THREAD}{booking_id}"


async def last_told(booking_ids: Sequence[int]) -> dict[int, Told]:
    """What the letters about these bookings said last; whoever was never written to, or so long ago that it is erased, is left out."""
    marks = ", ".join("?" * len(booking_ids))
    found = await rows(
        f"SELECT thread, key, context FROM messages_letter WHERE (thread IN ({marks}) OR key IN ({marks}))"
        " AND state NOT IN ('withdrawn', 'missed') AND erased_at IS NULL ORDER BY id",
        *(thread_of(booking_id) for booking_id in booking_ids),
        *(f"{_INSTRUCTIONS}{booking_id}" for booking_id in booking_ids),
    )
    told: dict[int, Told] = {}
    for row in found:
        booking_id = int((row["thread"] or row["key"]).removeprefix(_THREAD).removeprefix(_INSTRUCTIONS))
        told[booking_id] = _told(unpacked(row["context"]), before=told.get(booking_id))
    return told


def _told(context: Mapping[str, Any], *, before: Told | None) -> Told:
    # A letter far from the session names no link; whoever was given one before has it still.
    link = context.get("joining_link") or (before.link if before else "")
    return Told(days=tuple(context.get("days", ())), where=str(context.get("where", "")), link=link)


async def changed_sessions(*, since: datetime, now: datetime) -> list[int]:
    """The sessions to come of which somebody with a live booking may not know how they are now.

    That is where a training day changed after they were last written to, or holds an older entry of it, or where one changed
    after `since`: an edit takes its time before it waits for the session, so somebody may have been written to in between.
    """
    found = await rows(
        "SELECT DISTINCT b.session_id FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id"
        " JOIN people_person p ON p.id = b.learner_id JOIN programme_day d ON d.session_id = b.session_id"
        " LEFT JOIN bookings_sent_entry e ON e.training_day_id = d.id AND e.person_id = b.learner_id AND NOT e.is_cancelled"
        f" WHERE b.state IN {_LIVE} AND s.state = 'published' AND s.ends_at > ? AND (d.changed_at >= b.changed_at OR d.changed_at > ?"
        " OR (b.state = 'confirmed' AND p.email IS NOT NULL AND p.state <> 'left'"
        " AND e.sequence < d.sequence)) ORDER BY b.session_id",
        now,
        since,
    )
    return [row["session_id"] for row in found]


async def written_to_before(session_id: int) -> frozenset[int]:
    """The live bookings of a session whose learners were written to for the last time before its days last changed, or then."""
    found = await rows(
        f"SELECT b.id FROM bookings_booking b WHERE b.session_id = ? AND b.state IN {_LIVE}"
        " AND b.changed_at <= (SELECT max(d.changed_at) FROM programme_day d WHERE d.session_id = b.session_id)",
        session_id,
    )
    return frozenset(row["id"] for row in found)


async def with_an_old_link(session_id: int) -> frozenset[int]:
    """The live bookings of a session whose learners were written to for the last time before its joining link was last edited."""
    found = await rows(
        f"SELECT b.id FROM bookings_booking b WHERE b.session_id = ? AND b.state IN {_LIVE} AND b.changed_at <= (SELECT max(h.at)"
        " FROM history_entry h WHERE h.subject_kind = 'session' AND h.subject_id = b.session_id AND h.action = 'edit_session'"
        """ AND CAST(h.detail AS TEXT) LIKE '%"joining_link"%')""",
        session_id,
    )
    return frozenset(row["id"] for row in found)
