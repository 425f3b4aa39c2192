"""Days seen from today: "a week today", "next term", "on Friday", "Tuesday week"."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from marstraining.uk_dates.days import DAY, Span
from marstraining.uk_dates.reader import LEADING, MONTHS, NUMBERS, SEASONS, WEEKDAYS, Point
from marstraining.uk_dates.rules import Precision
from marstraining.uk_dates.written import Written


class Relative(Written):
    # today, a week today, a month tomorrow, three weeks on Monday

    def _distance(self, place: int) -> Point | None:
        simple = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
        if self.word(place) in simple:
            day = self.days.today + timedelta(days=simple[self.word(place)])
            if self.word(place + 1) == "week" and self.word(place) != "tonight":
                return Span.one(day + timedelta(weeks=1)), place + 2
            return Span.one(day), place + 1
        if self.words(place, 4) == ("the", "day", "after", "tomorrow"):
            return Span.one(self.days.today + 2 * DAY), place + 4
        length = self.length(place)
        if length is None:
            return None
        count, unit, after = length
        after = self.skip(after, "on", "from", "this", "coming")
        if self.word(after) in {"today", "tomorrow", "now"}:
            shift = int(self.word(after) == "tomorrow")
            return Span.one(self.ahead(count, unit) + shift * DAY), after + 1
        if self.word(after) in WEEKDAYS and unit in {"week", "fortnight"}:
            return Span.one(
                self.days.weekday(WEEKDAYS[self.word(after)]).start + timedelta(weeks=count * (2 if unit == "fortnight" else 1))
            ), after + 1
        return None

    def length(self, place: int) -> tuple[int, str, int] | None:
        """A number and a unit of time: "6 weeks", "a couple of months", "fortnight"."""
        word = self.word(place)
        count = int(word) if word.isdecimal() and len(word) <= 3 else NUMBERS.get(word)
        after = place + 1
        if word == "a" and self.word(after) in {"couple", "few"}:
            count, after = NUMBERS[self.word(after)], after + 1
        if count is None:
            count, after = 1, place
        after = self.skip(after, "of") if self.word(after) == "of" and after > place + 1 else after
        unit = self.word(after).rstrip("s") if self.word(after) != "s" else ""
        if unit.removesuffix("'") not in {"day", "week", "fortnight", "month", "year", "weekday"}:
            return None
        return count, unit.removesuffix("'"), after + 1

    def ahead(self, count: int, unit: str) -> date:
        """The day so far on from today."""
        if unit == "month":
            return self.days.add_months(count)
        if unit == "year":
            return self.days.add_months(12 * count)
        return self.days.today + timedelta(days=count * {"day": 1, "weekday": 1, "week": 7, "fortnight": 14}[unit])

    # this week, next month, the coming term, last year, the week after next

    def _qualified(self, place: int) -> Point | None:
        start = self.skip(place, "the")
        if self.words(start, 3) == ("week", "after", "next"):
            return self.days.week(2), start + 3
        if self.words(start, 3) == ("month", "after", "next"):
            return self.days.months_on(2), start + 3
        offset = {"this": 0, "current": 0, "present": 0, "next": 1, "coming": 1, "following": 1, "last": -1, "previous": -1}.get(
            self.word(start)
        )
        if offset is None:
            return None
        after = self.skip(start + 1, "coming") if offset == 0 else start + 1
        return self.unit(offset, after, is_coming=self.word(start) in {"coming", "following"})

    def unit(self, offset: int, place: int, *, is_coming: bool = False) -> Point | None:
        word, days = self.word(place), self.days
        units: dict[str, Callable[[int], Span]] = {
            "week": days.week,
            "weekend": days.weekend,
            "month": days.months_on,
            "quarter": days.quarter,
            "year": days.year,
            "financial_year": days.financial_year,
            "academic_year": days.academic_year,
        }
        if word in units and self.word(place + 1) not in {"long", "old", "olds"} and not self.word(place + 1).isdecimal():
            return units[word](offset), place + 1
        if word == "fortnight" and offset == 1:
            return Span(days.today, days.today + timedelta(days=14), Precision.RANGE), place + 1
        if word in {"term", "half_term"} and offset >= 0:
            return (days.term(offset) if word == "term" else days.half_term(is_next=offset == 1)), place + 1
        if word in SEASONS and self.word(place + 1) == "term" and offset >= 0:
            return days.term(name=word), place + 2
        if word in SEASONS and offset >= 0:
            return days.season(word), place + 1
        if word in WEEKDAYS:
            return self._qualified_weekday(offset, place, is_coming=is_coming)
        if word in MONTHS and not self._is_modal(place):
            return self._qualified_month(offset, MONTHS[word]), place + 1
        return None

    def _qualified_weekday(self, offset: int, place: int, *, is_coming: bool) -> Point:
        number = WEEKDAYS[self.word(place)]
        if offset == 0 and number == self.days.today.weekday():
            return Span.one(self.days.today), place + 1
        if offset == 1 and not is_coming:
            return self.days.next_weekday(number), place + 1
        return (self.days.weekday(number) if offset >= 0 else self.days.last_weekday(number)), place + 1

    def _qualified_month(self, offset: int, number: int) -> Span:
        coming = self.days.month(number)
        if offset == -1:
            year = self.days.today.year - (number >= self.days.today.month)
            return self.days.month(number, year)
        if offset == 1 and number == self.days.today.month:
            return self.days.month(number, coming.start.year + 1)
        if offset == 1 and coming.start.year == self.days.today.year:
            return replace(coming, others=(self.days.month(number, coming.start.year + 1),))
        return coming

    # on Friday, Friday 13 March, Friday the 13th, Tuesday week, Friday next week

    def _weekday(self, place: int) -> Point | None:
        number = WEEKDAYS.get(self.word(place))
        if number is None or self.word(place - 1) in {
            "a",
            "any",
            "each",
            "every",
            "an",
            "some",
            "first",
            "second",
            "third",
            "last",
            "most",
        }:
            return None
        after = self.skip(place + 1, "-")
        dated = self._day_and_month(self.skip(after, "the")) or self._numeric(after) or self._day_alone(after)
        if dated is not None:
            return dated
        if self.tokens[place].is_short and not self._is_led(place):
            return None
        if self.word(place + 1) == "week":
            return Span.one(self.days.weekday(number).start + timedelta(weeks=1)), place + 2
        if self.words(place + 1, 2) == ("next", "week") or self.words(place + 1, 3) == ("of", "next", "week"):
            after = place + (3 if self.word(place + 1) == "next" else 4)
            return Span.one(self.days.week(1).start + timedelta(days=number)), after
        if self.words(place + 1, 2) == ("this", "week"):
            return Span.one(self.days.week().start + timedelta(days=number)), place + 3
        if self.word(place - 1) == "this" and number == self.days.today.weekday():
            return Span.one(self.days.today), place + 1
        return self.days.weekday(number), place + 1

    def _is_led(self, place: int) -> bool:
        return self.word(place - 1) in LEADING
