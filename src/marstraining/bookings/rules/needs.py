"""Who may read what a learner needs, when and why: reads of health details have a reason (security.md 4; booking.md, Booking 4)."""

from datetime import datetime, timedelta
from enum import StrEnum

from marstraining.core.errors import Refused

TRAINERS_READ_BEFORE = timedelta(days=14)
TRAINERS_READ_AFTER = timedelta(days=1)


class NeedsReason(StrEnum):
    ARRANGE = "arrange"
    VENUE = "venue"
    LEARNER_ASKED = "learner_asked"
    TRAINS = "trains"


# What the desk chooses from; a trainer has one reason only.
NEEDS_REASONS = {
    NeedsReason.ARRANGE: "To arrange support for this session",
    NeedsReason.VENUE: "To tell the venue, the caterer or the trainers what they need to know",
    NeedsReason.LEARNER_ASKED: "The learner asked about it",
}


def check_needs_reason(reason: str) -> None:
    """Refuse to show needs without a reason of the list."""
    if reason not in NEEDS_REASONS:
        raise Refused("Select why you need to see this", code="reason", field="reason")


def may_trainer_read(*, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether a session's trainers may read needs now: from 14 days before it starts to one day after it ends."""
    return starts_at - TRAINERS_READ_BEFORE <= now <= ends_at + TRAINERS_READ_AFTER
