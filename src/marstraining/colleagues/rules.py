"""What the ledger holds, and how many may be booked at once."""

from enum import StrEnum

from marstraining.core.values import frozen

# How many colleagues one may invite in one go: a screen of names that somebody still reads.
MOST_AT_ONCE = 60


def is_booked_at_once(email: str | None, person_id: int, *, lead_id: int | None) -> bool:
    """Whether a colleague is booked without being asked to confirm: who has no mailbox to be asked in, and the lead."""
    return not email or person_id == lead_id


class LedgerKind(StrEnum):
    LATE_CANCELLATION = "late_cancellation"
    ABSENCE = "absence"


LEDGER_WORDS = {LedgerKind.LATE_CANCELLATION: "Late cancellation", LedgerKind.ABSENCE: "Did not attend"}


@frozen
class Absence:
    """Somebody booked who did not come; excused with a reason of the register's fixed list, or not."""

    person_id: int
    reason: str
    is_excused: bool
