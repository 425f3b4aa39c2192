"""What is kept of a session, and for whom, as the desk sees it."""

from datetime import datetime
from typing import Any

from marstraining.bookings.queries.allocations import COVERED, USED
from marstraining.core.db import rows
from marstraining.core.viewer import Viewer


async def allocations_of(session_id: int, *, now: datetime) -> list[dict[str, Any]]:
    """Every allocation of a session with how many places its people hold, in one statement."""
    return await rows(
        f"{COVERED.format(sessions='?')} SELECT l.id, coalesce(a.name, l.sector) AS whose, l.sector, l.floor, l.cap, l.release_at,"
        f" l.released_at, {USED} AS used FROM bookings_allocation l LEFT JOIN people_agency a ON a.id = l.agency_id"
        " WHERE l.session_id = ? ORDER BY l.id",
        session_id,
        now,
        session_id,
        instants=("release_at", "released_at"),
    )


async def kept_for(session_id: int, *, viewer: Viewer, now: datetime) -> int:
    """How many places of a session are kept for agencies that the viewer leads, or for their sectors, and not used yet."""
    if not viewer.agency_ids:
        return 0
    marks = ", ".join("?" * len(viewer.agency_ids))
    ours = sorted(viewer.agency_ids)
    found = await rows(
        f"{COVERED.format(sessions='?')} SELECT l.floor, {USED} AS used FROM bookings_allocation l WHERE l.session_id = ? AND l.floor > 0"
        " AND (l.release_at IS NULL OR l.release_at > ?)"
        f" AND (EXISTS (SELECT 1 FROM covered c WHERE c.allocation_id = l.id AND c.agency_id IN ({marks}))"
        f" OR (l.sector <> '' AND EXISTS (SELECT 1 FROM people_agency g WHERE g.id IN ({marks}) AND g.sector = l.sector)))",
        session_id,
        now,
        session_id,
        now,
        *ours,
        *ours,
    )
    return sum(max(0, row["floor"] - row["used"]) for row in found)
