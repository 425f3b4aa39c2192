"""What a report says, as plain values: who was there from when to when, and what could not be read."""

import dataclasses
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from marstraining.core.errors import Refused
from marstraining.core.values import frozen

# Raised when the same file could give another answer, so that a stored figure says by which reading it came about.
PARSER_VERSION = 2
# Teams and Zoom end a meeting after 30 hours: what is longer was not read as it was meant.
LONGEST_SECONDS = 30 * 3600.0


class Fault(StrEnum):
    """Why a file is turned down: the `code` of the `Refused`."""

    AMBIGUOUS_DATE = "AMBIGUOUS_DATE"
    SESSION_DATE_MISMATCH = "SESSION_DATE_MISMATCH"
    UNCLOSED_QUOTE = "UNCLOSED_QUOTE"
    NO_PARTICIPANTS = "NO_PARTICIPANTS"
    NOT_A_REPORT = "NOT_A_REPORT"
    TOO_LARGE = "TOO_LARGE"
    WRONG_COLUMNS = "WRONG_COLUMNS"


class Variant(StrEnum):
    """The kinds of report (attendance_reports.md 3.2 and 3.3), and a list of which a person said what its columns are."""

    TEAMS_EVENTS = "T0"
    TEAMS_JOINS = "T1"
    TEAMS = "T2"
    TEAMS_ENGAGEMENT = "T2e"
    TEAMS_LOCALISED = "T3"
    TEAMS_LIVE_EVENT = "T4"
    TEAMS_WEBINAR = "T5"
    TEAMS_GRAPH = "T6"
    ZOOM_JOINS = "Z1"
    ZOOM_JOINS_NEW = "Z1n"
    ZOOM_USERS = "Z2"
    ZOOM_WITH_MEETING = "Z3"
    ZOOM_COMBINED = "Z3o"
    ZOOM_WEBINAR = "Z5"
    OWN = "own"

    @property
    def is_zoom(self) -> bool:
        return self.value.startswith("Z")


def refused(fault: Fault, message: str, *, field: str | None = None) -> Refused:
    """A file turned down for a named fault, with the sentence that says how to mend it; `field` where something said is at fault."""
    return Refused(message, code=fault.value, field=field)


class Note(NamedTuple):
    """Something in a file that whoever takes the register should know.

    `row` is numbered as Excel numbers it (the first line is 1; of a JSON file, the record), 0 for the whole file. The text
    holds nothing that was in the file but numbers and times, so that notes can be kept and logged.
    """

    row: int
    text: str


class Span(NamedTuple):
    """From an instant to one that is not before it, both UTC."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@frozen
class TaughtDay:
    """One training day that a report can be of; `taught_minutes` are those between start and end without the breaks."""

    starts_at: datetime
    ends_at: datetime
    taught_minutes: float

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.ends_at)


@frozen
class NamedFile:
    """A file as it was sent; the name serves the sentence that turns it down and nothing else."""

    name: str
    data: bytes


@frozen
class FileRead:
    """What is known of one file besides its people.

    `starts_at` and `ends_at` are the meeting's, None where the file has no times. `records` counts what the file lists, which
    are not people. `stated_people` and `stated_average_minutes` are the file's own figures and are kept as stated.
    `is_repeat` is a file given twice: it adds nothing.
    """

    sha256: str
    variant: Variant
    records: int
    notes: tuple[Note, ...]
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    stated_people: int | None = None
    stated_average_minutes: float | None = None
    is_repeat: bool = False


class Attendee(NamedTuple):
    """One person of a report, or a telephone, or a room with several people.

    `keys` are the forms of the name that are compared. `rows` are (file, row) pairs, files counted from 0. `spans` are the
    times of presence as reported, without overlaps; `seconds` are what counts: clipped to the training day where one was
    given, and of stated durations where the file has no times (`is_stated`). `hull` is from the first to the last moment of
    presence, None where no times are known. `share` is of the minutes taught, at most 1.
    `is_end_assumed`: a leaving time was missing. `is_name_shared`: without an address, another of the same name was there at
    the same time, so that the name does not say who it is.
    """

    name: str
    company: str
    email: str | None
    keys: tuple[str, ...]
    rows: tuple[tuple[int, int], ...]
    spans: tuple[Span, ...]
    hull: Span | None
    seconds: float
    share: float | None = None
    is_stated: bool = False
    is_end_assumed: bool = False
    is_name_shared: bool = False
    is_telephone: bool = False

    @property
    def minutes(self) -> float:
        """Minutes to one decimal place, for people to read; decisions are taken on `share`."""
        return round(self.seconds / 60, 1)


@frozen
class Booked:
    """Somebody with a confirmed booking of the session: addresses that are theirs, and others known to be."""

    id: int
    name: str
    emails: tuple[str, ...] = ()
    alias_emails: tuple[str, ...] = ()


@frozen
class Report:
    """What one or more files say of one meeting; `days` are the training days that they were found to be of."""

    files: tuple[FileRead, ...]
    # Python 3.11 writes out what the task of an `asyncio.run` returned: of twenty thousand people it takes a second.
    people: tuple[Attendee, ...] = dataclasses.field(repr=False)
    days: tuple[TaughtDay, ...] = ()
