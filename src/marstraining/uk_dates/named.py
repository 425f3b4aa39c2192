"""Days that have names: terms, half-terms, school and bank holidays, Easter, Christmas, seasons, years."""

import re
from datetime import timedelta

from marstraining.uk_dates.days import DAY, Days, Span
from marstraining.uk_dates.reader import LEADING, MONTHS, SEASONS, WEEKDAYS, Point, Reader
from marstraining.uk_dates.rules import Precision


class Named(Reader):
    # the summer term, Easter holidays, October half term, the spring bank holiday week

    def _school(self, place: int) -> Point | None:
        start = self.skip(place, "the")
        word, following = self.word(start), self.word(start + 1)
        if word in SEASONS and following == "term":
            return self.days.term(name=word), start + 2
        if word in {"easter", "summer", "christmas"} and following in {"holidays", "break"}:
            return self.days.holidays_after({"easter": "spring", "summer": "summer", "christmas": "autumn"}[word]), start + 2
        if word in MONTHS and following == "half_term" and word in {"october", "february", "may"}:
            return self.days.half_term(name=word), start + 2
        if word in {"spring", "summer", "autumn"} and following == "half_term":
            return self.days.half_term(name={"spring": "february", "summer": "may", "autumn": "october"}[word]), start + 2
        if word == "half_term":
            return self.days.half_term(), start + 1
        return self._bank_holiday(start)

    def _bank_holiday(self, start: int) -> Point | None:
        place, words, month = start, [], None
        while self.word(place) in {"spring", "early", "late", "summer", "easter", "may", "august"}:
            if self.word(place) in MONTHS:
                month = MONTHS[self.word(place)]
            elif self.word(place) in {"spring", "summer"} and month is None:
                words.append(self.word(place))
            place += 1
        is_named = self.word(place) == "may_day"
        if not is_named and self.word(place) != "bank_holiday":
            return None
        after = place + 1
        if is_named:
            words, after = ["may day"], self.skip(after, "bank_holiday")
        elif month is None and self.word(after) in {"in", "of"} and self.word(after + 1) in MONTHS:
            month, after = MONTHS[self.word(after + 1)], after + 2
        weekday = WEEKDAYS.get(self.word(after))
        span = self.days.bank_holiday(words=words, month=month, weekday=weekday)
        if span is None:
            return None
        after += weekday is not None
        if self.word(after) == "week":
            return Days.week_of(span.start), after + 1
        if self.word(after) == "weekend":
            monday = span.start + timedelta(days=-span.start.weekday() % 7)
            first = span.start if span.start.weekday() == WEEKDAYS["friday"] else monday - 2 * DAY
            return Span(first, monday, Precision.WEEKEND), after + 1
        return span, after

    # Easter, Christmas, the new year

    def _named(self, place: int) -> Point | None:
        start = self.skip(place, "the")
        word, days = self.word(start), self.days
        if word == "new_year" and self.word(start + 1) == "day":
            return days.fixed(1, 1), start + 2
        if word == "new_year" and not self.word(start + 1).isdecimal() and self.word(start + 1) not in {"eve", "group"}:
            return days.month(1, days.today.year + 1), start + 1
        if word == "easter":
            return days.easter(), start + 1
        if word in {"good_friday", "easter_monday"}:
            shift = 1 if word == "easter_monday" else -2
            this_year = days.easter().start + timedelta(days=shift)
            return Span.one(this_year), start + 1
        if word == "easter_weekend":
            sunday = days.easter().start
            return Span(sunday - 2 * DAY, sunday + DAY, Precision.WEEKEND), start + 1
        fixed = {"christmas": (25, 12), "christmas_eve": (24, 12), "boxing_day": (26, 12)}
        if word in fixed:
            return days.fixed(*fixed[word]), start + 1
        return None

    def _season(self, place: int) -> Point | None:
        start = self.skip(place, "the")
        if self.word(start) in SEASONS and (self.word(place - 1) in LEADING | {"over"} or self.word(start - 1) in {"this", "next"}):
            return self.days.season(self.word(start)), start + 1
        if self.word(start) == "weekend" and (start > place or self.word(place - 1) in {"at", "on", "over"}):
            return self.days.weekend(), start + 1
        return None

    # in 2027, financial year 2026/27

    def _whole_year(self, place: int) -> Point | None:
        start = self.skip(place, "the")
        kinds = {"financial_year": self.days.financial_year, "academic_year": self.days.academic_year}
        pair = re.fullmatch(r"((?:19|20|21)\d\d)\s?/\s?\d{2,4}", self.word(start))
        if pair and self.word(start + 1) in kinds:
            return kinds[self.word(start + 1)](starting=int(pair[1])), start + 2
        if self.word(start) in kinds:
            written = re.fullmatch(r"((?:19|20|21)\d\d)\s?/\s?\d{2,4}", self.word(start + 1))
            if written:
                return kinds[self.word(start)](starting=int(written[1])), start + 2
            return kinds[self.word(start)](), start + 1
        if self.word(place - 1) in {"in", "during", "throughout"}:
            if pair:
                return self.days.financial_year(starting=int(pair[1])), start + 1
            year, after = self.year_at(start)
            if year is not None:
                return self.days.whole_year(year), after
        return None
