"""Comparing what is held with what there is, behind the back of every rule that should make the answer certain."""

from datetime import datetime

import structlog

from marstraining.bookings.queries import oversold_sessions

_log = structlog.get_logger(__name__)


async def compare_places(*, now: datetime) -> int:
    """Say in the log which coming sessions hold more than they have places for, and how many there are; nothing is repaired.

    The desk sees them on Today, the collector of figures as `mars_oversold_sessions`. Somebody may have lowered the number of
    places below those held, which removes nobody; else something went wrong (security.md R1).
    """
    found = await oversold_sessions(now=now)
    if found:
        _log.error("more_held_than_places", sessions=found)
    return len(found)
