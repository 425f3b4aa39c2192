"""Words of a register: what a mark says, on what evidence it stands, and what a row of an attendance file must hold."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from marstraining.core.errors import Refused


class MarkWord(StrEnum):
    ATTENDED = "attended"
    PARTIAL = "partial"
    ABSENT = "absent"
    EXCUSED = "excused"


class Evidence(StrEnum):
    """What a mark stands on; the strongest that there is wins at the desk."""

    REGISTER = "register"
    REPORT = "report"
    CHECK_IN = "check_in"
    IMPORTED = "imported"


# Words that agencies' own spreadsheets use; the page's words stand beside ours.
_SAID_AS = {
    "attended": MarkWord.ATTENDED,
    "present": MarkWord.ATTENDED,
    "yes": MarkWord.ATTENDED,
    "partial": MarkWord.PARTIAL,
    "part": MarkWord.PARTIAL,
    "absent": MarkWord.ABSENT,
    "did not attend": MarkWord.ABSENT,
    "dna": MarkWord.ABSENT,
    "no": MarkWord.ABSENT,
    "excused": MarkWord.EXCUSED,
    "apologies": MarkWord.EXCUSED,
}


class Proposal(StrEnum):
    """What a share of the taught minutes speaks for; a person marks."""

    ATTENDED = "attended"
    PARTIAL = "partial"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which share of the minutes taught a course counts somebody as having attended, or in part.

    The defaults are ours (attendance_reports.md 3.4): no published standard was found. Refuses shares out of order.
    """

    attended: float = 0.85
    partial: float = 0.50

    def __post_init__(self) -> None:
        if not 0 < self.partial <= self.attended <= 1:
            raise Refused(
                "The share for partial must be above 0 and not above that for attended, which is at most 100 %.", code="thresholds"
            )


# A licensed tool may be used only after the whole of its training (rules.md, GCP2-P).
ALL_OF_IT = Thresholds(attended=1.0)

_DATE_FORMS = ("%Y-%m-%d", "%d/%m/%Y")
_LONGEST_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class AttendedRow:
    """One row of an attendance file, its words understood. `address` None is a learner without e-mail."""

    row: int
    address: str | None
    name: str
    agency: str
    course: str
    day: date
    mark: MarkWord
    minutes: int | None
    provenance: str


def propose_mark(share: float, thresholds: Thresholds) -> Proposal:
    """What somebody's share of the minutes taught, from 0 to 1, speaks for."""
    if share >= thresholds.attended:
        return Proposal.ATTENDED
    return Proposal.PARTIAL if share >= thresholds.partial else Proposal.INSUFFICIENT


def read_mark(typed: str) -> MarkWord:
    """The mark that a word in a file stands for; an unknown word is refused with those that are known."""
    word = _SAID_AS.get(" ".join(typed.casefold().split()))
    if word is None:
        message = f"“{typed}” is not a mark: use attended, partial, absent or excused"
        raise Refused(message, code="mark", field="mark")
    return word


def read_day(typed: str) -> date:
    """A date as 2026-11-24 or 24/11/2026, day first."""
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(typed, form).date()  # noqa: DTZ007 - a calendar date has no zone
        except ValueError:
            continue
    message = f"“{typed}” is not a date: write it like 2026-11-24 or 24/11/2026" if typed else "The date is missing"
    raise Refused(message, code="date", field="date")


def read_minutes(typed: str) -> int | None:
    """Whole minutes from 0 to a day; empty is not known, which is not nought."""
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit()) or len(typed) > 4 or int(typed) > _LONGEST_DAY:
        message = f"“{typed}” is not a number of minutes: write a whole number from 0 to {_LONGEST_DAY}"
        raise Refused(message, code="minutes", field="minutes")
    return int(typed)
