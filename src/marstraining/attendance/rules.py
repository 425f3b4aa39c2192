"""Words of a register: what a mark says, on what evidence it stands, and what a row of an attendance file must hold."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from marstraining.core.errors import Refused
from marstraining.core.values import frozen

_LONGEST_DAY = 24 * 60


class MarkWord(StrEnum):
    ATTENDED = "attended"
    PARTIAL = "partial"
    ABSENT = "absent"
    EXCUSED = "excused"


class Evidence(StrEnum):
    """What a mark stands on: somebody's tap on the register, a learner's own check-in, a report, a list, a sheet of paper."""

    MANUAL = "manual"
    QR = "qr"
    CODE = "code"
    TEAMS = "teams"
    ZOOM = "zoom"
    LIST = "list"
    PAPER = "paper"
    WORD = "word"
    IMPORTED = "imported"


EVIDENCE_WORDS = {
    Evidence.MANUAL: "Register",
    Evidence.QR: "Checked in by QR code",
    Evidence.CODE: "Checked in by code",
    Evidence.TEAMS: "Teams report",
    Evidence.ZOOM: "Zoom report",
    Evidence.LIST: "Attendance list",
    Evidence.PAPER: "Paper sheet",
    Evidence.WORD: "Trainer’s word",  # noqa: RUF001 - an apostrophe as printed
    Evidence.IMPORTED: "Imported",
}

MARK_WORDS = {
    MarkWord.ATTENDED: "Attended",
    MarkWord.PARTIAL: "Partial",
    MarkWord.ABSENT: "Did not attend",
    MarkWord.EXCUSED: "Apologies",
}


class ExcusedReason(StrEnum):
    """Why somebody sent apologies: a fixed list, since free text would hold what is nobody's business."""

    SICKNESS = "sickness"
    COVER = "cover"
    OPERATIONAL = "operational"
    COURT = "court"
    BEREAVEMENT = "bereavement"
    OTHER = "other"


REASON_WORDS = {
    ExcusedReason.SICKNESS: "Sickness",
    ExcusedReason.COVER: "No cover, or a colleague came instead",
    ExcusedReason.OPERATIONAL: "Operational emergency",
    ExcusedReason.COURT: "Court",
    ExcusedReason.BEREAVEMENT: "Bereavement",
    ExcusedReason.OTHER: "Another reason",
}

# Why a locked register is corrected: history keeps the word, never a person's text.
CORRECTIONS = {
    "mistake": "Marked by mistake",
    "report": "The meeting’s report or the signed sheet says otherwise",  # noqa: RUF001 - an apostrophe as printed
    "made_up": "Made up what was missed",
    "challenged": "The learner or their organisation showed that it was wrong",
    "other": "Another reason",
}

# Came after the course's last admission and was not let in: an absence with a cause, which the ledger does not count.
NOT_ADMITTED = "not_admitted"


class TakenAs(StrEnum):
    """In which capacity somebody was there. Only the first three are learners, whom figures count."""

    LEARNER = "learner"
    WALK_IN = "walk_in"
    SUBSTITUTE = "substitute"
    TRAINER = "trainer"
    ASSISTANT = "assistant"


LEARNERS = frozenset({TakenAs.LEARNER, TakenAs.WALK_IN, TakenAs.SUBSTITUTE})

# Trainers mark until then; later the register is the training team's (security.md 4), who may lock what is certain.
TRAINERS_MARK_FOR = timedelta(days=7)


def is_the_desks(*, ends_at: datetime, now: datetime) -> bool:
    """Whether a register is past its trainers' time: the desk alone marks, and may lock it with somebody left unmarked."""
    return now > ends_at + TRAINERS_MARK_FOR


def is_past_admission(*, starts_at: datetime, last_admission_minutes: int | None, now: datetime) -> bool:
    """Whether who comes now comes too late to be let in; a course without a last admission lets everybody in."""
    return last_admission_minutes is not None and now > starts_at + timedelta(minutes=last_admission_minutes)


def minutes_present(*, arrived: str, left: str, starts: time, ends: time, break_minutes: int) -> int:
    """Minutes of a training day somebody was there for, from wall times as "09:30"; "" is from its start, or to its end.

    Never more than the minutes taught: who missed a part may have missed the break too, and is not charged for it twice.
    """
    from_minute = max(_minute_of(time.fromisoformat(arrived)) if arrived else 0, _minute_of(starts))
    to_minute = min(_minute_of(time.fromisoformat(left)) if left else _LONGEST_DAY, _minute_of(ends))
    taught = _minute_of(ends) - _minute_of(starts) - break_minutes
    return max(0, min(to_minute - from_minute, taught))


def _minute_of(at: time) -> int:
    return at.hour * 60 + at.minute


class Became(StrEnum):
    """What became of an entry in a meeting's report."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    WALK_IN = "walk_in"
    OTHER_BOOKING = "booking"
    TRAINER = "trainer"
    ROOM = "room"
    IGNORED = "ignored"


class FileKind(StrEnum):
    """Whom a course's file is for: its trainers, those booked, those who attended."""

    SLIDES = "slides"
    RUNNING_ORDER = "running_order"
    PRE_READING = "pre_reading"
    HANDOUT = "handout"


FILE_KIND_WORDS = {
    FileKind.SLIDES: "Slides, for the trainers of the session",
    FileKind.RUNNING_ORDER: "Running order, for trainers and speakers",
    FileKind.PRE_READING: "Pre-reading, for everybody booked",
    FileKind.HANDOUT: "Handouts, for those who attended",
}


@frozen
class NewMark:
    """What a register is to say of one person on one training day.

    `day_id` is given also where the session has one day only. `minutes` None is not known, or follows from the times. `tap` is the
    number a device gave to the touch, and `touched_at` when that was, where it could not be sent at once. Refuses apologies without a
    reason, a reason without apologies, and times that are not in order.
    """

    person_id: int
    day_id: int
    word: MarkWord
    evidence: Evidence = Evidence.MANUAL
    minutes: int | None = None
    reason: str = ""
    arrived: str = ""
    left: str = ""
    taken_as: TakenAs = TakenAs.LEARNER
    tap: str | None = None
    touched_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.word == MarkWord.EXCUSED and self.reason not in tuple(ExcusedReason):
            raise Refused("Choose why they sent apologies.", code="reason", field="reason")
        allowed = {MarkWord.EXCUSED: tuple(ExcusedReason), MarkWord.ABSENT: (NOT_ADMITTED, "")}.get(self.word, ("",))
        if self.reason not in allowed:
            raise Refused("Only apologies have a reason.", code="reason", field="reason")
        if self.arrived and self.left and self.left <= self.arrived:
            raise Refused("The time of leaving must be after the time of arriving.", code="times", field="left")


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


@frozen
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


@frozen
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


@lru_cache(maxsize=4096)
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
