"""Dates and times of a report: read as written, the order of day and month decided for the whole file, then made instants."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from marstraining.core.clock import LONDON
from marstraining.meeting_reports.model import Fault, Span, TaughtDay, refused


class Order(StrEnum):
    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


BOTH = frozenset(Order)
_DAY_FIRST = frozenset({Order.DAY_FIRST})
_MONTH_FIRST = frozenset({Order.MONTH_FIRST})
_MONTHS = dict(zip(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), range(1, 13), strict=True))
_MONTH = "|".join(_MONTHS)

_TIME = (
    r"(\d{1,2})[:.]([0-5]\d)(?:[:.]([0-5]\d)(?:[.,](\d{1,9}))?)?"  # hour, minute, second, fraction
    r"(?:\s?(am|pm|a\.m\.|p\.m\.))?(?:\s?(z|utc|gmt|[+-]\d{2}:?\d{2}))?"
)
_AT = re.compile(_TIME, re.ASCII)
# Each with the order of its parts; a cell is matched thousands of times, so that groups have no names.
_DATES = tuple(
    (re.compile(rf"{form}(?:(?:\s*,\s*|\s+|t){_TIME})?", re.ASCII), parts)
    for form, parts in (
        (r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})", ("first", "mark", "second", "year")),
        (r"(\d{4})([-/.])\s?(\d{1,2})\2\s?(\d{1,2})\.?", ("year", "mark", "second", "first")),
        (rf"({_MONTH})[a-z]*\.? (\d{{1,2}}),? (\d{{4}})", ("word", "first", "year")),
        (rf"(\d{{1,2}}) ({_MONTH})[a-z]*\.?,? (\d{{4}})", ("first", "word", "year")),
    )
)
_TIME_PARTS = 6


class Moment(NamedTuple):
    """A date and time as written. `day` and `month` are as if the day came first; `orders` says which orders are possible.

    `decides` is a number above 12 that shows the order of this cell and so of the file's others. `year` 0 is a time without
    a date. `zone` is None where none is written, as in every file of Teams and Zoom but JSON.
    """

    at: time
    year: int = 0
    day: int = 0
    month: int = 0
    orders: frozenset[Order] = BOTH
    decides: bool = False
    zone: tzinfo | None = None

    @property
    def has_date(self) -> bool:
        return self.year > 0

    @property
    def is_open(self) -> bool:
        """Whether day first and month first give two different dates."""
        return self.has_date and self.orders == BOTH and self.day != self.month

    def on(self, order: Order) -> date | None:
        """The date in that order, None where the calendar has no such day."""
        read_as = order if self.orders == BOTH else next(iter(self.orders))
        month, day = (self.month, self.day) if read_as == Order.DAY_FIRST else (self.day, self.month)
        try:
            return date(self.year, month, day)
        except ValueError:
            return None


@lru_cache(maxsize=32768)
def read_moment(text: str) -> Moment | None:
    """A cell's date with its time, or its time alone, or None. The text is trimmed and its spaces are plain ones.

    Dates: `14/11/22`, `9/22/26`, `22.09.2026` (with dots the day comes first everywhere), `2026-04-05`, `Mar 22, 2025`. A year of two
    digits is of this century. A date without a time is not a moment.
    """
    typed = text.casefold()
    for form, parts in _DATES:
        found = form.fullmatch(typed)
        if found:
            groups = found.groups()
            said = dict(zip(parts, groups[:-_TIME_PARTS], strict=True))
            return _dated(said, groups[-_TIME_PARTS:], is_year_first=parts[0] == "year") if groups[-_TIME_PARTS] else None
    alone = _AT.fullmatch(typed)
    at = _time(alone.groups()) if alone else None
    return Moment(at, zone=_zone(alone[_TIME_PARTS])) if alone and at else None


def is_bare_date(text: str) -> bool:
    """Whether a cell holds a date without its time, as when a comma between them became a border of cells."""
    found = next((found for form, _ in _DATES if (found := form.fullmatch(text.casefold()))), None)
    return found is not None and found.groups()[-_TIME_PARTS] is None


def is_bare_time(text: str) -> bool:
    return _AT.fullmatch(text.casefold()) is not None


def _dated(said: Mapping[str, str], clock: Sequence[str | None], *, is_year_first: bool) -> Moment | None:
    """The moment, None where no calendar has such a date in either order."""
    at = _time(clock)
    word = said.get("word")
    year = int(said["year"]) + (2000 if len(said["year"]) == 2 else 0)
    first, second = int(said["first"]), _MONTHS[word] if word else int(said["second"])
    if at is None or not 2000 <= year < 2100 or min(first, second) < 1 or max(first, second) > 31 or min(first, second) > 12:
        return None
    zone = _zone(clock[-1])
    # With dots, a month in words or the year in front, one cell is clear by itself but says nothing of how others are written.
    if word or is_year_first or said["mark"] == ".":
        return Moment(at, year, first, second, _DAY_FIRST, zone=zone) if second <= 12 else None
    orders = _DAY_FIRST if first > 12 else _MONTH_FIRST if second > 12 else BOTH
    return Moment(at, year, first, second, orders, decides=orders != BOTH, zone=zone)


def _time(clock: Sequence[str | None]) -> time | None:
    """The time of day; None for hours that no clock shows, such as 14:30 PM."""
    typed_hour, minute, second, typed_fraction, half, _ = clock
    hour = int(typed_hour or 0)
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    fraction = int(typed_fraction.ljust(6, "0")[:6]) if typed_fraction else 0
    return time(hour, int(minute or 0), int(second or 0), fraction) if hour < 24 else None


def _zone(typed: str | None) -> tzinfo | None:
    if typed is None:
        return None
    if typed[0] not in "+-":
        return UTC
    digits = typed[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset >= timedelta(days=1):
        return UTC
    return timezone(-offset if typed[0] == "-" else offset)


# ---- the order of day and month -------------------------------------------------------------------------------------


def decide_order(
    moments: Iterable[Moment], starts: Sequence[Moment], days: Sequence[TaughtDay], *, zone: tzinfo, said: Order | None = None
) -> Order:
    """The one order of day and month in which a file's dates make sense; it is never guessed.

    Any number above 12 decides. Failing that, the reading in which the meeting (the earliest of `starts`) began on the date
    of a training day; failing that, what somebody `said`. Refuses with AMBIGUOUS_DATE where both readings stay open (`field` is
    then "order", since saying it helps), or where rows contradict each other, and with SESSION_DATE_MISMATCH where neither
    reading is the date of a training day.
    """
    dated = [moment for moment in moments if moment.has_date]
    possible = BOTH.intersection(*(moment.orders for moment in dated if moment.decides))
    if not possible:
        raise refused(
            Fault.AMBIGUOUS_DATE,
            "Some dates of this report have the day first and others the month, so none can be relied on. Opening a report in Excel can"
            " do that: download it again and send it as it is.",
        )
    if len(possible) == 1 or not any(moment.is_open for moment in dated):
        return Order.DAY_FIRST if Order.DAY_FIRST in possible else Order.MONTH_FIRST
    readings = {order: start for order in Order if (start := _first_date(starts or dated, order, zone))}
    matching = [order for order, start in readings.items() if start in {day_of(day) for day in days}]
    if len(matching) == 1:
        return matching[0]
    words = " or ".join(_said(start) for start in readings.values())
    if days and not matching:
        raise mismatch(words, days)
    if said is not None:
        return said
    raise refused(
        Fault.AMBIGUOUS_DATE,
        f"The dates of this report can be read as {words}. Choose the session that it belongs to; if you have, this report does not"
        " fit its date: check that it is the right file.",
        field="order",
    )


def _first_date(moments: Iterable[Moment], order: Order, zone: tzinfo) -> date | None:
    """The date in London of the earliest of some moments, read in one order."""
    found = [instant for moment in moments for instant in instants(moment, order, zone)]
    return min(found).astimezone(LONDON).date() if found else None


def mismatch(words: str, days: Sequence[TaughtDay], times: str = "") -> Exception:
    """The refusal of a report that is of another date, or another time of day, than the session's."""
    held = " and ".join(dict.fromkeys(_said(day_of(day)) for day in days))
    return refused(
        Fault.SESSION_DATE_MISMATCH,
        f"This report is of a meeting on {words}, and the session is on {held}{f' from {times}' if times else ''}."
        " Check that it is the right file and the right session.",
    )


def day_of(day: TaughtDay) -> date:
    """The date of a training day in London."""
    return day.starts_at.astimezone(LONDON).date()


def said_date(instant: datetime) -> str:
    """An instant's date in London as it is said: 5 June 2026."""
    return _said(instant.astimezone(LONDON).date())


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


# ---- from walls to instants -----------------------------------------------------------------------------------------


def instants(moment: Moment, order: Order, zone: tzinfo, on: date | None = None) -> tuple[datetime, ...]:
    """The UTC instants that a moment can be: two within the hour that the autumn clock change repeats, none without a date.

    `on` is the date of a time that has none. A moment with a zone of its own keeps it.
    """
    day = moment.on(order) if moment.year else on
    if day is None:
        return ()
    in_zone = moment.zone or zone
    offset = _offset_all_day(day, in_zone)
    if offset is not None:
        return (datetime.combine(day, moment.at, UTC) - offset,)
    wall = datetime.combine(day, moment.at, tzinfo=in_zone)
    first, second = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    # The hour that the spring change skips has two readings as well, the later one first; its clock was not London's.
    return (first, second) if first < second else (first,)


@lru_cache(maxsize=64)
def _offset_all_day(day: date, zone: tzinfo) -> timedelta | None:
    """How far a zone is ahead of UTC on a day, None on the two days of the year on which that changes."""
    offsets = {datetime.combine(day, at, zone).utcoffset() for at in (time.min, time.max)}
    return offsets.pop() if len(offsets) == 1 else None


def span_between(joined: Sequence[datetime], left: Sequence[datetime], stated: float | None) -> Span | None:
    """The stay between two moments that can each be two instants: the one that agrees best with the stated seconds.

    Without them the first that is not backwards; None where all are, or a moment is missing.
    """
    if len(joined) == len(left) == 1:
        return Span(joined[0], left[0]) if joined[0] <= left[0] else None
    found = [Span(start, end) for start in joined for end in left if start <= end]
    if stated is None or len(found) < 2:
        return found[0] if found else None
    return min(found, key=lambda span: abs(span.seconds - stated))
