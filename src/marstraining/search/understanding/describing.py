"""The filters in force in words for people, each of which can be taken away."""

from collections.abc import Mapping
from datetime import date, time

from marstraining.core.clock import time_words
from marstraining.programme.rules import FINDABLE_AUDIENCES
from marstraining.search import vocabulary
from marstraining.search.rules import Chosen, Slots
from marstraining.uk_dates.rules import DateRange


def filters_of(slots: Slots, topics: Mapping[str, str]) -> tuple[Chosen, ...]:
    """What narrows, in words. The order is that of reading: what, which kind, for whom, when, how, where."""
    named = (
        ("topic", ", ".join(topics.get(slug, slug) for slug in slots.topics)),
        ("type", " or ".join(vocabulary.TYPE_LABELS.get(kind, kind) for kind in slots.types)),
        ("audience", f"for {FINDABLE_AUDIENCES[slots.audience]}" if slots.audience in FINDABLE_AUDIENCES else ""),
        ("dates", date_words(slots.dates) if slots.dates else ""),
        ("weekday", ", ".join(vocabulary.WEEKDAY_LABELS[code] for code in slots.weekdays)),
        ("time", _time_words(slots)),
        ("mode", vocabulary.MODE_LABELS.get(slots.mode, "")),
        ("venue", f"in {slots.venue}" if slots.venue else ""),
        ("has_places", "with places left" if slots.has_places else ""),
    )
    return tuple(Chosen(name, label) for name, label in named if label)


def date_words(dates: DateRange) -> str:
    """A range as it is read: "Friday 13 March 2026", "9 to 31 March 2026", "from 21 April 2026"."""
    if dates.is_unpublished:
        return f"{dates.words} (dates not published yet)"
    if dates.end is None:
        return f"from {_day(dates.start)}"
    if dates.start == dates.end:
        return f"{dates.start:%A} {_day(dates.start)}"
    if dates.start.year != dates.end.year:
        return f"{_day(dates.start)} to {_day(dates.end)}"
    if dates.start.month != dates.end.month:
        return f"{dates.start.day} {dates.start:%B} to {_day(dates.end)}"
    return f"{dates.start.day} to {_day(dates.end)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _time_words(slots: Slots) -> str:
    if slots.time_from and slots.time_to:
        return f"{_clock(slots.time_from)} to {_clock(slots.time_to)}"
    if slots.time_from:
        return f"from {_clock(slots.time_from)}"
    return f"before {_clock(slots.time_to)}" if slots.time_to else ""


def _clock(at: str) -> str:
    return time_words(time.fromisoformat(at))
