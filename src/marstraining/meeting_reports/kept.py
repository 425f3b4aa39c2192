"""What is kept of the people of reports between two requests: times within the training days, joined over all files of a session."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from marstraining.meeting_reports.model import Attendee, Span, TaughtDay
from marstraining.meeting_reports.names import name_key
from marstraining.meeting_reports.people import fitting
from marstraining.meeting_reports.spans import clipped, seconds_of, union

# [from, until] in ISO form, or [from, until, seconds] where so much of that time was stated without saying when.
Times = list[list[Any]]
_LONGEST_KEY = 300


def times_of(person: Attendee, days: Sequence[TaughtDay]) -> Times:
    """The presence of somebody within the training days of a report, at least one."""
    windows = [day.span for day in days]
    spans = [span for span in clipped(person.spans, windows) if span.seconds > 0]
    kept: Times = [_text(span) for span in spans]
    extra = person.seconds - seconds_of(spans)
    if person.is_stated and extra > 0:
        bounds = (clipped([person.hull], windows) if person.hull else ()) or union(windows)
        kept.append([*_text(Span(bounds[0].start, bounds[-1].end)), round(extra, 1)])
    return kept


def joined(one: Times, other: Times) -> Times:
    """Times of two files as one person's; what both say is there once."""
    stated = [time for time in one if len(time) > 2]
    stated += [time for time in other if len(time) > 2 and time not in stated]
    return [*(_text(span) for span in union([*_spans(one), *_spans(other)])), *stated]


def seconds_on(day: TaughtDay, several: Iterable[Times]) -> float:
    """The seconds that somebody was there on a training day, by all that is kept of them together; no moment counts twice."""
    times = [time for own in several for time in own]
    present = clipped(_spans(times), [day.span])
    stated = [(Span(_instant(time[0]), _instant(time[1])), float(time[2])) for time in times if len(time) > 2]
    here = [(span, seconds) for span, seconds in stated if span.start < day.ends_at and day.starts_at < span.end]
    return seconds_of(present) + fitting(sum(seconds for _, seconds in here), [span for span, _ in here], present, [day.span])


def key_of(person: Attendee, file_hash: str) -> str:
    """What tells somebody apart from others of the session's reports, in this file and the next.

    Telephones and people whose name another had at the same time are of their own file alone.
    """
    if person.email:
        return person.email[:_LONGEST_KEY]
    if person.is_telephone or person.is_name_shared:
        return f"{file_hash[:16]}:{person.rows[0][1]}"
    return f"{name_key(person.name)}|{person.company.casefold()}"[:_LONGEST_KEY]


def as_attendee(name: str, email: str, *, is_matchable: bool = True) -> Attendee:
    """Somebody who was kept, for comparing with those booked."""
    key = name_key(name) if is_matchable else ""
    return Attendee(name, "", email or None, (key,) if key else (), (), (), None, 0.0)


def _spans(times: Times) -> list[Span]:
    return [Span(_instant(time[0]), _instant(time[1])) for time in times if len(time) == 2]


def _text(span: Span) -> list[Any]:
    return [span.start.isoformat(), span.end.isoformat()]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
