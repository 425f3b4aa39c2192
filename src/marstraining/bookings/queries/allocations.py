"""Allocations of sessions with what is used of them, branches counted with their agency."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.bookings.queries.holding import HOLDS
from marstraining.bookings.rules import Share
from marstraining.core.db import rows

# Each allocation with every agency it covers: its own and all below it, or those of its sector.
COVERED = (
    "WITH RECURSIVE covered(allocation_id, agency_id) AS (SELECT l.id, l.agency_id FROM bookings_allocation l WHERE l.agency_id IS NOT NULL"
    " AND l.session_id IN ({sessions}) UNION SELECT c.allocation_id, a.id FROM people_agency a JOIN covered c ON a.parent_id = c.agency_id)"
)
_IS_OF = (
    "({agency} IN (SELECT c.agency_id FROM covered c WHERE c.allocation_id = l.id)"
    " OR (l.sector <> '' AND EXISTS (SELECT 1 FROM people_agency g WHERE g.id = {agency} AND g.sector = l.sector)))"
)
USED = (
    "(SELECT count(*) FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id"
    f" WHERE b.session_id = l.session_id AND {HOLDS} AND {_IS_OF.format(agency='b.agency_id')})"
)


async def shares_of(session_id: int, *, agency_id: int | None, now: datetime) -> list[Share]:
    """The allocations of a session as they bear on somebody of that agency, in one statement."""
    found = await rows(
        f"{COVERED.format(sessions='?')} SELECT l.floor, l.cap, l.release_at, {USED} AS used,"
        f" CASE WHEN {_IS_OF.format(agency='CAST(? AS INTEGER)')} THEN 1 ELSE 0 END AS is_ours"
        " FROM bookings_allocation l WHERE l.session_id = ? ORDER BY l.id",
        session_id,
        now,
        agency_id,
        agency_id,
        session_id,
        instants=("release_at",),
        flags=("is_ours",),
    )
    return [Share(**row) for row in found]


async def kept_places(session_ids: Sequence[int], *, now: datetime) -> dict[int, int]:
    """How many places of each session are kept by floors not yet released: nobody of the public can book those."""
    marks = ", ".join("?" * len(session_ids))
    found = await rows(
        f"{COVERED.format(sessions=marks)} SELECT l.session_id, l.floor, {USED} AS used FROM bookings_allocation l"
        f" WHERE l.session_id IN ({marks}) AND l.floor > 0 AND (l.release_at IS NULL OR l.release_at > ?)",
        *session_ids,
        now,
        *session_ids,
        now,
    )
    kept: dict[int, int] = {}
    for row in found:
        kept[row["session_id"]] = kept.get(row["session_id"], 0) + max(0, row["floor"] - row["used"])
    return kept
