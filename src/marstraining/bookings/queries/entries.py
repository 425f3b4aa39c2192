"""The training days of a session as one person's calendar knows them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from marstraining.core.db import rows
from marstraining.core.values import frozen


@frozen
class DayEntry:
    """A training day with the sequence this person was last sent, None if never, and whether that entry stands in their calendar."""

    id: int
    uid: str
    starts_at: datetime
    ends_at: datetime
    sequence: int
    changed_at: datetime
    is_cancelled: bool
    last_sent: int | None
    sent_at: datetime | None = None
    has_entry: bool = False

    @property
    def is_behind(self) -> bool:
        """Whether this person has an older entry of the day, or none; after booking again theirs may have the higher sequence."""
        if self.last_sent is None:
            return not self.is_cancelled
        return self.last_sent < self.sequence or (self.sent_at is not None and self.sent_at < self.changed_at)

    @property
    def next_sequence(self) -> int:
        """The sequence of the next entry to send: above whatever this person has had."""
        return self.sequence if self.last_sent is None else max(self.sequence, self.last_sent + 1)


async def day_entries(session_id: int, person_ids: Sequence[int]) -> Mapping[int, list[DayEntry]]:
    """For each person the session's training days in order, in one statement whatever their number."""
    if not person_ids:
        return {}
    marks = ", ".join("?" * len(person_ids))
    found = await rows(
        "SELECT p.id AS person_id, d.id, d.uid, d.starts_at, d.ends_at, d.sequence, d.changed_at, d.is_cancelled, e.sequence AS last_sent,"
        " e.sent_at, CASE WHEN e.is_cancelled THEN 0 WHEN e.id IS NULL THEN 0 ELSE 1 END AS has_entry"
        " FROM programme_day d JOIN people_person p ON 1 = 1"
        " LEFT JOIN bookings_sent_entry e ON e.training_day_id = d.id AND e.person_id = p.id"
        f" WHERE d.session_id = ? AND p.id IN ({marks}) ORDER BY d.starts_at, d.id",
        session_id,
        *person_ids,
        instants=("starts_at", "ends_at", "changed_at", "sent_at"),
        flags=("is_cancelled", "has_entry"),
    )
    by_person: dict[int, list[DayEntry]] = {person_id: [] for person_id in person_ids}
    for row in found:
        person_id = row.pop("person_id")
        by_person[person_id].append(DayEntry(**row))
    return by_person
