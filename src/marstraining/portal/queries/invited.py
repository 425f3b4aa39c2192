"""Who is invited to a session, and what became of it."""

from typing import Any

from marstraining.core.db import rows


async def invited_lines(session_id: int) -> list[dict[str, Any]]:
    """Everybody invited by name, with their live booking's state ("" for none), in one statement."""
    return await rows(
        "SELECT p.id, p.ref, p.name, coalesce(p.email, '') AS email, coalesce(b.state, '') AS state, coalesce(b.ref, '') AS booking_ref"
        " FROM programme_invited i JOIN people_person p ON p.id = i.person_id LEFT JOIN bookings_booking b ON b.session_id = i.session_id"
        " AND b.learner_id = p.id AND b.state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered')"
        " WHERE i.session_id = ? ORDER BY lower(p.name), p.id",
        session_id,
    )
