"""What a file was sent in for, and what is known of it."""

from datetime import datetime, timedelta
from enum import StrEnum

from marstraining.core.errors import Refused


class Purpose(StrEnum):
    EVIDENCE = "evidence"
    PACK = "pack"
    REPORT = "report"
    LIST = "list"
    UNKNOWN = ""


PURPOSE_WORDS = {
    Purpose.EVIDENCE: "Evidence of learning elsewhere",
    Purpose.PACK: "File of a session",
    Purpose.REPORT: "Attendance report",
    Purpose.LIST: "List of people",
    Purpose.UNKNOWN: "File that belongs to nothing",
}


class FileState(StrEnum):
    """What is known of a file. It is served while it is clean, or unscanned because no scanner was set when it came."""

    UNSCANNED = "unscanned"
    WAITING = "waiting"
    CLEAN = "clean"
    INFECTED = "infected"
    GONE = "gone"


STATE_WORDS = {
    FileState.UNSCANNED: ("Not checked", "grey"),
    FileState.WAITING: ("Being checked", "yellow"),
    FileState.CLEAN: ("Clean", "green"),
    FileState.INFECTED: ("Virus found, removed", "red"),
    FileState.GONE: ("Gone", "grey"),
}
# A file that waits longer says that the scanner is away, or will not have it.
WAITS_AT_MOST = timedelta(minutes=15)
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)


def check_served(state: FileState | None) -> None:
    """Refuse a file that is not there to be had, with why; the state of one that was never noted is None."""
    if state == FileState.WAITING:
        raise Refused("This file is still being checked for viruses. Try again in a few minutes.", code="waiting")
    if state == FileState.INFECTED:
        raise Refused("A virus was found in this file, so it was removed. Whoever sent it has been told.", code="infected")


def next_try(tries: int, *, now: datetime) -> datetime:
    """When a file is shown to the scanner again that would not look at it so many times: a minute later, then twice as long."""
    doubled: int = 2 ** min(tries - 1, 10)
    return now + min(_FIRST_WAIT * doubled, _LONGEST_WAIT)
