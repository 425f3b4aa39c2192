"""The files as they are read, and a reading as plain values to compare."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.core.clock import LONDON, local
from marstraining.meeting_reports.model import Report, TaughtDay
from marstraining.meeting_reports.reading import read_report
from tests.meeting_reports.make_files import FILES

Person = tuple[str, str | None, float, str]


def session(day: str, starts: str = "09:30", ends: str = "12:30") -> TaughtDay:
    began, ended = (datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=LONDON) for time in (starts, ends))
    return TaughtDay(began, ended, 180.0)


DAY = session("2022-11-14")


def content(name: str) -> bytes:
    return (FILES / name).read_bytes()


def read(name: str, *days: TaughtDay) -> Report:
    return read_report(name, content(name), days)


def people_of(report: Report) -> tuple[Person, ...]:
    return tuple((person.name, person.email, person.minutes, _clock(person.spans)) for person in report.people)


def _clock(spans: Sequence[tuple[datetime, datetime]]) -> str:
    return " ".join(f"{local(start):%H:%M:%S}-{local(end):%H:%M:%S}" for start, end in spans)
