"""What is kept of a session, and for whom, as the desk sees it."""

from datetime import datetime
from typing import Any

from marstraining.bookings.queries.allocations import COVERED, USED
from marstraining.core.db import rows


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
