"""What is asked about named days: before, after, between, by the end of, in the next so many weeks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from marstraining.core.values import frozen
from marstraining.uk_dates.days import DAY, Days, Span
from marstraining.uk_dates.points import Points
from marstraining.uk_dates.reader import WEEKDAYS, Point
from marstraining.uk_dates.rules import Precision


@frozen
class Reading:
    """A range from `start` to `end`, None for an open one; `others` are the other readings of the same words."""

    start: date
    end: date | None
    precision: Precision
    is_unpublished: bool = False
    others: tuple["Reading", ...] = ()


Read = tuple[Reading, int]
Limits = Callable[[Span], tuple[date, date | None]]

_AFTER = {("after",), ("following",), ("past",), ("beyond",), ("later", "than"), ("once",)}
_FROM = {
    ("not", "before"),
    ("no", "earlier", "than"),
    ("starting", "from"),
    ("starting",),
    ("beginning",),
    ("from",),
    ("since",),
    ("any", "time", "from"),
}
_BEFORE = {("before",), ("ahead", "of"), ("prior", "to"), ("earlier", "than"), ("in", "time", "for")}
_UNTIL = {("by",), ("until",), ("up", "to"), ("up", "until"), ("no", "later", "than"), ("not", "after"), ("not", "later", "than")}
_ONWARDS = {("onwards",), ("onward",), ("on",), ("and", "after"), ("or", "after"), ("or", "later"), ("and", "beyond"), ("forward",)}
_PARTS = {
    "end": "end", "close": "end", "late": "end", "later": "end", "back": "end", "latter": "end",
    "start": "start", "beginning": "start", "early": "start",
    "mid": "middle", "middle": "middle",
}  # fmt: skip


_LIMITING = frozenset(words[0] for phrases in (_AFTER, _FROM, _BEFORE, _UNTIL) for words in phrases)
_GOING_ON = frozenset(words[0] for words in _ONWARDS)


class Phrases(Points):
    def phrase(self, place: int) -> Read | None:
        """What is asked at a place, the longest way of reading it."""
        for read in (self._limited, self._between, self._in_the_next, self._in_so_long, self._through, self._plain):
            found = read(place)
            if found is not None:
                return found
        return None

    # before, after, from … onwards, by

    def _limited(self, place: int) -> Read | None:
        if self.word(place) not in _LIMITING:
            return None
        today = self.days.today
        readers: tuple[tuple[set[tuple[str, ...]], Limits], ...] = (
            (_FROM, _from),
            (_AFTER, lambda span: (span.end + DAY if span.end.year < 9999 else span.start, None)),
            (_BEFORE, lambda span: (today, span.start - DAY)),
            (_UNTIL, lambda span: (today, span.end)),
        )
        for words, limits in readers:
            after = self._starting(words, place)
            if after is None:
                continue
            whole = self._whole_end(after) if words is not _FROM else None
            found = whole or self.named(self.skip(after, "the", "about", "around"))
            if found is None:
                return None
            span, at = found
            if words is _FROM:
                up_to = self._up_to(span, at)
                if up_to is not None:
                    return up_to_reading(span, up_to[0]), up_to[1]
                return limited(span, limits), self._onwards(at) or at
            if whole and words is _BEFORE:
                return Reading(today, span.end, Precision.RANGE, span.is_unpublished), at
            return limited(span, limits), at
        return None

    def _starting(self, phrases: set[tuple[str, ...]], place: int) -> int | None:
        found = [len(words) for words in phrases if self.words(place, len(words)) == words]
        return place + max(found) if found else None

    def _whole_end(self, place: int) -> Point | None:
        """The whole of what "the end of" it names: nobody means its last third by "before the end of the month"."""
        start = self.skip(place, "the", "very")
        if self.words(start, 2) == ("end", "of"):
            return self.whole(self.skip(start + 2, "the"))
        return None

    def _up_to(self, first: Span, place: int) -> Point | None:
        if self.word(place) in {"to", "until", "through", "-", "up"}:
            start = self.skip(place, "to", "until", "through", "-", "up", "the", "and", "including")
            return self._whole_end(start) or self._last_of_pair(first, start)
        return None

    def _last_of_pair(self, first: Span, place: int) -> Point | None:
        """What is named second; of a mere weekday the one that comes after the first: "Monday to Wednesday" is three days."""
        found = self.named(place)
        if found is None or found[1] != place + 1 or self.word(place) not in WEEKDAYS or found[0].end >= first.start:
            return found
        return Span.one(first.start + timedelta(days=(found[0].start - first.start).days % 7)), found[1]

    def _onwards(self, place: int) -> int | None:
        return self._starting(_ONWARDS, place) if self.word(place) in _GOING_ON else None

    # between 1 and 15 May, from April to June, Monday to Wednesday

    def _between(self, place: int) -> Read | None:
        if self.word(place) not in {"between", "from"}:
            return None
        first = self._first_of_pair(place + 1)
        if first is None:
            return None
        span, at = first
        if self.word(at) not in {"and", "&", "to", "-", "until"}:
            return None
        last = self._last_of_pair(span, self.skip(at + 1, "the"))
        return (up_to_reading(span, last[0]), last[1]) if last else None

    def _first_of_pair(self, place: int) -> Point | None:
        """What is named, or a bare number that takes its month from the second of the pair."""
        start = self.skip(place, "the")
        number = self._day_number(start)
        if number is not None and self.word(start + 1) in {"and", "&", "to", "-", "until", "or"}:
            last = self._day_and_month(self.skip(start + 2, "the"))
            if last is not None:
                span = self.days.day(number, last[0].start.month, last[0].start.year)
                return (span, start + 1) if span else None
        return self.named(start)

    def _through(self, place: int) -> Read | None:
        """Two that stand together: "April to June", "1-15 May", "April or May"."""
        first = self._first_of_pair(place)
        if first is None or self.word(first[1]) not in {"to", "-", "until", "through", "or", "and", "&", "/"}:
            return None
        start, is_either = self.skip(first[1] + 1, "the", "on", "in"), self.word(first[1]) in {"or", "and", "&", "/"}
        last = self.named(start) if is_either else self._last_of_pair(first[0], start)
        if last is None or first[0].precision != last[0].precision:
            return None
        if is_either and not _are_near(first[0], last[0]):
            return None
        if is_either and last[0].end < first[0].start:
            return up_to_reading(last[0], first[0]), last[1]
        return up_to_reading(first[0], last[0]), last[1]

    # in the next 3 months, within a fortnight; in ten days

    def _in_the_next(self, place: int) -> Read | None:
        start = self.skip(place, "in", "within", "over", "during", "for", "the", "about")
        if self.word(start) in {"next", "coming", "following"}:
            length = self.length(start + 1)
            if length is None or not (length[2] - start > 2 or length[1] == "fortnight" or self._is_plural(length[2] - 1)):
                return self._next_single(place, start + 1)
        elif self.word(place) == "within":
            length = self.length(start)
        else:
            return None
        if length is None:
            return None
        count, unit, after = length
        # "The next weeks" are some, three at least.
        return self._from_today(3 if self._is_plural(after - 1) and count == 1 else count, unit), after

    def _next_single(self, place: int, start: int) -> Read | None:
        """Within, over or in the next month is a month from today; "next month" without "the" is the coming one."""
        led_by, unit = self.word(place), self.word(start)
        is_from_today = led_by in {"within", "over"} or self.words(place, 2) == ("in", "the")
        if unit not in {"week", "month", "year"} or not is_from_today:
            return None
        return self._from_today(1, unit), start + 1

    def _from_today(self, count: int, unit: str) -> Reading:
        today, end = self.days.today, self.ahead(count, unit)
        return Reading(today, end, Precision.RANGE)

    def _is_plural(self, place: int) -> bool:
        return self.word(place).rstrip("'").endswith("s")

    def _in_so_long(self, place: int) -> Read | None:
        if self.word(place) != "in":
            return None
        start = self.skip(place + 1, "about", "around", "roughly")
        length = self.length(start)
        if length is None or length[2] - start < 2:
            return None
        day = self.ahead(length[0], length[1])
        after = self.skip(length[2], "time", "from", "now")
        return Reading(day, day, Precision.DAY), after

    # a name by itself, or a part of it

    def _plain(self, place: int) -> Read | None:
        found = self.named(place)
        if found is None:
            return None
        span, after = found
        onwards = self._onwards(after)
        if onwards is not None and not (self.word(after) == "on" and self.point(after + 1)):
            return limited(span, _from), onwards
        return reading_of(span, self.days.today), after

    def named(self, place: int) -> Point | None:
        """A part of something named ("end of March", "first week of May"), or the thing itself."""
        return self._part(place) or self._half(place) or self._week_in(place) or self.point(place)

    def whole(self, place: int) -> Point | None:
        """What a part is of: something named, or "the month" for the present one."""
        return self.point(place) or self.unit(0, self.skip(place, "the"))

    def _part(self, place: int) -> Point | None:
        start = self.skip(place, "the", "very")
        part = _PARTS.get(self.word(start))
        if part is None:
            return None
        after = self.skip(start + 1, "end", "part", "of", "in", "-", "the", "on")
        whole = self.whole(after)
        if whole is None or whole[0].precision in {Precision.DAY, Precision.WEEKEND}:
            return None
        if self.word(start) == "later":
            return replace(whole[0], start=max(whole[0].start, self.days.today)), whole[1]
        return part_of(whole[0], part), whole[1]

    def _half(self, place: int) -> Point | None:
        start = self.skip(place, "the")
        which = {"first": 1, "second": 2, "latter": 2}.get(self.word(start))
        if which is None or self.words(start + 1, 2) != ("half", "of"):
            return None
        whole = self.whole(self.skip(start + 3, "the"))
        if whole is None or whole[0].precision == Precision.DAY:
            return None
        span = whole[0]
        if span.precision == Precision.TERM:
            return self.days.half_of_term(span, which), whole[1]
        middle = span.start + timedelta(days=14 if span.precision == Precision.MONTH else (span.end - span.start).days // 2)
        return (replace(span, end=middle) if which == 1 else replace(span, start=middle + DAY)), whole[1]

    def _week_in(self, place: int) -> Point | None:
        start = self.skip(place, "the")
        which = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "last": -1, "final": -1}.get(self.word(start))
        if which is None or self.word(start + 1) != "week" or self.word(start + 2) not in {"of", "in", "before"}:
            return None
        whole = self.whole(self.skip(start + 3, "the"))
        if whole is None or whole[0].precision in {Precision.DAY, Precision.WEEK, Precision.WEEKEND}:
            return None
        span = whole[0]
        if which == -1:
            return Span(span.end - timedelta(days=6), span.end, Precision.WEEK), whole[1]
        first = span.start + timedelta(days=7 * which)
        return Span(first, first + timedelta(days=6), Precision.WEEK), whole[1]


def part_of(span: Span, part: str) -> Span:
    """The start, middle or end of a month, week, term or year.

    Of a month they are ten days each, of a year its first and last month, of a term its first and last week.
    """
    if span.precision == Precision.MONTH:
        first, last = {"start": (1, 10), "middle": (11, 20), "end": (21, span.end.day)}[part]
        return Span(span.start.replace(day=first), span.start.replace(day=last), Precision.RANGE)
    length = (span.end - span.start).days + 1
    edge = {Precision.WEEK: 3, Precision.TERM: 7, Precision.YEAR: 31}.get(span.precision, max(length // 3, 1))
    if part == "start":
        return replace(span, end=span.start + timedelta(days=edge - 1), precision=Precision.RANGE)
    if part == "end":
        return replace(span, start=span.end - timedelta(days=edge - 1), precision=Precision.RANGE)
    third = length // 3
    return Span(span.start + timedelta(days=third), span.end - timedelta(days=third), Precision.RANGE)


def limited(span: Span, limits: Limits) -> Reading:
    """The range that something named limits, with those that its other readings do."""
    others = tuple(Reading(*limits(other), Precision.RANGE) for other in span.others)
    return Reading(*limits(span), Precision.RANGE, span.is_unpublished, others)


def _from(span: Span) -> tuple[date, date | None]:
    return span.start, None


def reading_of(span: Span, today: date) -> Reading:
    """The days of something named from today on, where it is not over; an early part of it that is over is next year's."""
    others = tuple(reading_of(other, today) for other in span.others)
    if span.is_unpublished:
        return Reading(span.start, None, span.precision, is_unpublished=True, others=others)
    if span.end < today and span.precision == Precision.RANGE and (today - span.end).days < 31:
        later = Days.whole_year(span.start.year + 1).start
        span = replace(span, start=span.start.replace(year=later.year), end=span.end.replace(year=later.year))
    start = max(span.start, today) if span.end >= today else span.start
    return Reading(start, span.end, span.precision, others=others)


def up_to_reading(first: Span, last: Span) -> Reading:
    """From the first day of one to the last day of the other; over New Year where the second would come first."""
    end = last.end
    if end < first.start:
        end = _year_later(end)
    return Reading(first.start, end, Precision.RANGE)


def _year_later(day: date) -> date:
    return day.replace(year=day.year + 1) if (day.month, day.day) != (2, 29) else date(day.year + 1, 3, 1)


def _are_near(first: Span, last: Span) -> bool:
    """Whether two things joined by "or" are one range to look in."""
    if first.precision == Precision.MONTH:
        return True
    return abs((last.start - first.start).days) <= 31
