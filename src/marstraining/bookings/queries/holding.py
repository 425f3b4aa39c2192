"""What holds a place, as a condition on a booking `b` of a session `s`, and the columns of counts as values."""

from collections.abc import Mapping

from marstraining.bookings.rules import Capacity, Held

# An offer holds its place until it lapses, even if the job that lapses it has not run (booking.md, Waiting list 3).
HOLDS = (
    "(b.state IN ('confirmed', 'invited') OR (b.state = 'offered' AND b.offer_expires_at >= ?)"
    " OR (b.state = 'requested' AND s.reserves_while_asked))"
)


def capacity_of(row: Mapping[str, object]) -> Capacity:
    """The capacity columns of a session's row as a value."""
    return Capacity(
        session=_number(row["capacity"]),
        room=_number(row["capacity_room"]),
        online=_number(row["capacity_online"]),
        delivery=str(row["delivery"]),
    )


def held_of(row: Mapping[str, object]) -> Held:
    """The counting columns of a row as a value; an empty session counts as nothing."""
    return Held(
        held=_number(row["held"]) or 0,
        held_room=_number(row["held_room"]) or 0,
        held_online=_number(row["held_online"]) or 0,
        waiting=_number(row["waiting"]) or 0,
        waiting_room=_number(row["waiting_room"]) or 0,
        waiting_online=_number(row["waiting_online"]) or 0,
    )


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))
