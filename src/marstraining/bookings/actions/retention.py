"""Erasing what was asked for one session only, when it has served."""

from datetime import datetime, timedelta

from marstraining.core.db import execute, transaction

NEEDS_KEPT = timedelta(days=28)


async def erase_what_served(*, now: datetime) -> int:
    """Erase access and dietary needs 28 days after their session, and mobile numbers once it is over; returns how many rows.

    A postponed session keeps them: it is still to come. What a learner chose to keep for next time stands with the person,
    not here (booking.md, Booking 4 and 8).
    """
    async with transaction():
        needs = await execute(
            "DELETE FROM bookings_needs WHERE booking_id IN (SELECT b.id FROM bookings_booking b"
            " JOIN programme_session s ON s.id = b.session_id WHERE s.ends_at < ? AND s.state <> 'postponed')",
            now - NEEDS_KEPT,
        )
        mobiles = await execute(
            "UPDATE bookings_booking SET mobile = '' WHERE mobile <> ''"
            " AND session_id IN (SELECT id FROM programme_session WHERE ends_at < ? AND state <> 'postponed')",
            now,
        )
    return needs + mobiles
