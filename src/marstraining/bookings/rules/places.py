"""How many places there are, held and free: per session and per way of attending."""

from collections.abc import Mapping
from enum import StrEnum

from marstraining.bookings.rules.states import Mode
from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.programme.rules import Delivery


class Limit(StrEnum):
    """What can be full."""

    SESSION = "session"
    ROOM = "room"
    ONLINE = "online"


@frozen
class Capacity:
    """The numbers of a session; None is no limit."""

    session: int | None
    room: int | None = None
    online: int | None = None
    delivery: str = Delivery.IN_PERSON


@frozen
class Held:
    """Places held and people eligibly waiting, in all and by mode, as counted in one query."""

    held: int
    held_room: int = 0
    held_online: int = 0
    waiting: int = 0
    waiting_room: int = 0
    waiting_online: int = 0


def limits_of(capacity: Capacity) -> Mapping[Limit, int]:
    """The limits that apply to a session, with their capacities."""
    limits: dict[Limit, int] = {}
    if capacity.session is not None:
        limits[Limit.SESSION] = capacity.session
    if capacity.delivery == Delivery.HYBRID:
        if capacity.room is not None:
            limits[Limit.ROOM] = capacity.room
        if capacity.online is not None:
            limits[Limit.ONLINE] = capacity.online
    return limits


def free_places(capacity: Capacity, held: Held, mode: str, *, behind_the_list: bool) -> int | None:
    """Places free to one who attends by `mode`; None is no limit, and the answer is never negative.

    `behind_the_list` takes off those eligibly waiting, since a freed place belongs to the list first (booking.md, States).
    """
    figures = {Limit.SESSION: (held.held, in_line(capacity, held)), **_by_mode(held)}
    free: int | None = None
    for limit, number in limits_of(capacity).items():
        if limit not in (Limit.SESSION, mode):
            continue
        taken, waiting = figures[limit]
        here = max(0, number - taken - (waiting if behind_the_list else 0))
        free = here if free is None else min(free, here)
    return free


def in_line(capacity: Capacity, held: Held) -> int:
    """How many of those waiting a place of the session could go to: for each mode no more than it has room for.

    Whoever waits for a full room is passed over for what is free online, so they stand before nobody there (booking.md, Waiting list 6).
    """
    limits = limits_of(capacity)
    passed_over = sum(
        max(0, waiting - max(0, limits[limit] - taken)) for limit, (taken, waiting) in _by_mode(held).items() if limit in limits
    )
    return held.waiting - passed_over


def _by_mode(held: Held) -> Mapping[Limit, tuple[int, int]]:
    """Places held and people waiting by way of attending."""
    return {Limit.ROOM: (held.held_room, held.waiting_room), Limit.ONLINE: (held.held_online, held.waiting_online)}


def mode_after(before: str, after: str) -> str:
    """The mode of whoever had booked, once a session is run in another way: as it was for them where there is a choice from now on."""
    if after != Delivery.HYBRID:
        return Mode.EITHER
    return Mode.ONLINE if before == Delivery.ONLINE else Mode.ROOM


def mode_of(delivery: str, asked: str) -> str:
    """The mode a booking is stored with: the learner's choice for a hybrid session, nothing otherwise."""
    if delivery != Delivery.HYBRID:
        return Mode.EITHER
    if asked not in (Mode.ROOM, Mode.ONLINE):
        raise Refused("Choose whether you will attend in the room or online", code="mode", field="mode")
    return asked
