"""Places of many sessions at once, for lists: one statement whatever their number, and one more where a list stands by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from marstraining.bookings.queries.allocations import kept_places
from marstraining.bookings.queries.holding import HOLDS, capacity_of, held_of
from marstraining.bookings.queries.waiting import waiting_lists
from marstraining.bookings.rules import Held, Mode, Period, eligible_on_standby, free_places, in_line, period_of, with_waiting
from marstraining.core import config
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.programme.rules import Delivery

# More held than there are places, in the session or in one way of attending; for a session `s`, with the instant three times.
OVERSOLD = (
    "EXISTS (SELECT 1 FROM bookings_booking b WHERE b.session_id = s.id"
    f" GROUP BY b.session_id HAVING sum(CASE WHEN {HOLDS} THEN 1 ELSE 0 END) > s.capacity"
    f" OR s.delivery = 'hybrid' AND sum(CASE WHEN {HOLDS} AND b.mode = 'room' THEN 1 ELSE 0 END) > s.capacity_room"
    f" OR s.delivery = 'hybrid' AND sum(CASE WHEN {HOLDS} AND b.mode = 'online' THEN 1 ELSE 0 END) > s.capacity_online)"
)


@frozen
class Places:
    """`capacity` None is no limit, and so is `left` None; `left` is what a stranger could book now in one mode or the other."""

    capacity: int | None
    held: int
    waiting: int
    left: int | None
    left_room: int | None = None
    left_online: int | None = None

    @property
    def is_full(self) -> bool:
        return self.left == 0


async def places(session_ids: Iterable[int], *, now: datetime) -> Mapping[int, Places]:
    """Capacity, held, waiting and left for each of the sessions; a session unknown to the database is absent."""
    ids = list(session_ids)
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    found = await rows(
        "SELECT s.id, s.capacity, s.capacity_room, s.capacity_online, s.delivery, s.state, s.starts_at, s.closes_at, s.is_promotion_on,"
        " EXISTS (SELECT 1 FROM bookings_allocation l WHERE l.session_id = s.id) AS has_allocations,"
        f" sum(CASE WHEN {HOLDS} THEN 1 ELSE 0 END) AS held,"
        f" sum(CASE WHEN {HOLDS} AND b.mode = 'room' THEN 1 ELSE 0 END) AS held_room,"
        f" sum(CASE WHEN {HOLDS} AND b.mode = 'online' THEN 1 ELSE 0 END) AS held_online,"
        " sum(CASE WHEN b.state = 'waiting' THEN 1 ELSE 0 END) AS waiting,"
        " sum(CASE WHEN b.state = 'waiting' AND b.mode = 'room' THEN 1 ELSE 0 END) AS waiting_room,"
        " sum(CASE WHEN b.state = 'waiting' AND b.mode = 'online' THEN 1 ELSE 0 END) AS waiting_online"
        " FROM programme_session s LEFT JOIN bookings_booking b ON b.session_id = s.id"
        " AND b.state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered')"
        f" WHERE s.id IN ({marks}) GROUP BY s.id",
        now,
        now,
        now,
        *ids,
        instants=("starts_at", "closes_at"),
    )
    parted = [row["id"] for row in found if row["has_allocations"]]
    kept = await kept_places(parted, now=now) if parted else {}
    held = {row["id"]: held_of(row) for row in found}
    standing = held | await _on_standby([row for row in found if row["waiting"]], held, now=now)
    return {row["id"]: _places(row, standing[row["id"]], kept=kept.get(row["id"], 0)) for row in found}


async def _on_standby(sessions: Sequence[Mapping[str, Any]], held: Mapping[int, Held], *, now: datetime) -> dict[int, Held]:
    """The counts of those of the sessions that are in their last two working days, with only those waiting who stand before a stranger."""
    calendar = config.current().partnership.working_calendar
    ids = [
        row["id"]
        for row in sessions
        if period_of(
            state=row["state"],
            is_promotion_on=bool(row["is_promotion_on"]),
            starts_at=row["starts_at"],
            closes_at=row["closes_at"],
            now=now,
            calendar=calendar,
        )
        == Period.STANDBY
    ]
    queues = await waiting_lists(ids) if ids else {}
    return {
        session_id: with_waiting(held[session_id], eligible_on_standby([entry.candidate for entry in queue], calendar=calendar, now=now))
        for session_id, queue in queues.items()
    }


async def oversold_sessions(*, now: datetime) -> list[str]:
    """The references of coming sessions that hold more than they have places for."""
    found = await rows(
        f"SELECT s.ref FROM programme_session s WHERE s.state IN ('published', 'postponed') AND s.ends_at > ? AND {OVERSOLD} ORDER BY s.id",
        now,
        now,
        now,
        now,
    )
    return [row["ref"] for row in found]


def _places(row: Mapping[str, Any], standing: Held, *, kept: int) -> Places:
    """`standing` counts of those waiting only who stand before a stranger."""
    capacity, waiting = capacity_of(row), row["waiting"]
    # What floors keep is not free to the public, but nobody holds it yet.
    held = replace(standing, held=standing.held + kept)
    if capacity.delivery != Delivery.HYBRID:
        left = free_places(capacity, held, Mode.EITHER, behind_the_list=True)
        return Places(capacity=capacity.session, held=standing.held, waiting=waiting, left=left)
    room = free_places(capacity, held, Mode.ROOM, behind_the_list=True)
    online = free_places(capacity, held, Mode.ONLINE, behind_the_list=True)
    left = None if room is None or online is None else room + online
    if left is not None and capacity.session is not None:
        left = min(left, max(0, capacity.session - held.held - in_line(capacity, held)))
    return Places(capacity=capacity.session, held=standing.held, waiting=waiting, left=left, left_room=room, left_online=online)
