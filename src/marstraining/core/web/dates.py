"""Dates, times and counts as people read them: Europe/London, GOV.UK style."""

from datetime import date, datetime, time
from functools import lru_cache

from marstraining.core import clock

# Lists say the same days and times to everyone, and writing one takes longer than finding it again.
_kept = lru_cache(maxsize=4096)


def _local_date(value: date | datetime) -> date:
    return clock.local(value).date() if isinstance(value, datetime) else value


@_kept
def day(value: date | datetime) -> str:
    """As in "Tuesday 3 March 2026"; an instant is taken in London."""
    at = _local_date(value)
    return f"{at:%A} {at.day} {at:%B %Y}"


@_kept
def day_short(value: date | datetime) -> str:
    """As in "Tue 3 Mar": for lists, where the year is clear from its surroundings."""
    at = _local_date(value)
    return f"{at:%a} {at.day} {at:%b}"


def day_plain(value: date | datetime) -> str:
    """As in "3 March 2026"."""
    at = _local_date(value)
    return f"{at.day} {at:%B %Y}"


def month(value: date | datetime) -> str:
    """As in "March 2026"."""
    return f"{_local_date(value):%B %Y}"


@_kept
def clock_time(value: time | datetime) -> str:
    """As in "9:30am", "2pm", "midday", "midnight"."""
    at = clock.local(value).time() if isinstance(value, datetime) else value
    return clock.time_words(at)


@_kept
def span(start: time | datetime, end: time | datetime) -> str:
    """As in "9:30am to 12:30pm"; where the end is on another day, that day is named."""
    text = f"{clock_time(start)} to {clock_time(end)}"
    if isinstance(start, datetime) and isinstance(end, datetime) and _local_date(start) != _local_date(end):
        text += f" on {day_short(end)}"
    return text


def when(value: datetime) -> str:
    """As in "Tuesday 3 March 2026, 9:30am"."""
    return f"{day(value)}, {clock_time(value)}"


def iso(value: date | datetime) -> str:
    """The value for a `datetime` attribute: a date, or an instant with its London offset."""
    return clock.local(value).isoformat() if isinstance(value, datetime) else value.isoformat()


def plural(number: int, one: str, many: str | None = None) -> str:
    """As in "1 place", "3 places"; `many` is needed where an s does not do."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
