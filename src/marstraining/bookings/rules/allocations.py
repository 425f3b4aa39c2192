"""Places kept for an agency or a sector: what they leave to others, and how many one may have."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from marstraining.bookings.rules.places import Held
from marstraining.core.values import frozen


@frozen
class Share:
    """An allocation with how many places its agency (with branches) or sector holds; `is_ours` where the asking learner is of it."""

    floor: int | None
    cap: int | None
    release_at: datetime | None
    used: int
    is_ours: bool


def held_for(held: Held, shares: Sequence[Share], *, wanted: int = 1, now: datetime) -> Held | None:
    """The counts as they stand for a learner: with the places kept for others added; None where their own cap has no room for `wanted`.

    A floor keeps what is unused of it until its release; one that is used beyond keeps nothing, never less (booking.md, States and
    Agencies 1). What is kept counts against the session as a whole, not against a way of attending.
    """
    if any(share.is_ours and share.cap is not None and share.used + wanted > share.cap for share in shares):
        return None
    kept = sum(
        max(0, (share.floor or 0) - share.used)
        for share in shares
        if not share.is_ours and (share.release_at is None or now < share.release_at)
    )
    return replace(held, held=held.held + kept)
