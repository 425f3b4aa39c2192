"""Why somebody at the desk may read what a learner needs: reads of health details have a reason (security.md 4)."""

from enum import StrEnum

from marstraining.core.errors import Refused


class NeedsReason(StrEnum):
    ARRANGE = "arrange"
    VENUE = "venue"
    LEARNER_ASKED = "learner_asked"


NEEDS_REASONS = {
    NeedsReason.ARRANGE: "To arrange support for this session",
    NeedsReason.VENUE: "To tell the venue, the caterer or the trainers what they need to know",
    NeedsReason.LEARNER_ASKED: "The learner asked about it",
}


def check_needs_reason(reason: str) -> None:
    """Refuse to show needs without a reason of the list."""
    if reason not in NEEDS_REASONS:
        raise Refused("Select why you need to see this", code="reason", field="reason")
