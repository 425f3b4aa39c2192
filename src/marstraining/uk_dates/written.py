"""Dates as they are written: "12/06", "12 June 2026", "the 14th", "in March", "the May one"."""

import re

from marstraining.uk_dates.reader import AFTER_MODAL, DATED_NOUNS, LEADING, MONTHS, ORDINAL_NOUNS, WEEKDAYS, Point, Reader


class Written(Reader):
    # 2026-06-12, 12/06, 12/06/2026, 12.6.26

    def _numeric(self, place: int) -> Point | None:
        found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", self.word(place))
        if found:
            year, month, day = (int(part) for part in found.groups())
        else:
            found = re.fullmatch(r"(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{2,4}))?", self.word(place))
            if not found or not self._is_numeric_date(found, place):
                return None
            day, month = int(found[1]), int(found[2])
            year = 0 if found[3] is None else int(found[3]) + (2000 if len(found[3]) == 2 else 0)
        if not 1 <= month <= 12 or day < 1:
            return None
        span = self.days.day(day, month, year or None)
        return (span, place + 1) if span else None

    def _is_numeric_date(self, found: re.Match[str], place: int) -> bool:
        if found[3] is not None:
            return True
        if "/" not in found[0] or found[0] == "24/7":
            return False
        # "8/10" is a score and "1/2 day" a half, unless something says that a date comes.
        looks_like_share = int(found[2]) == 10 and int(found[1]) <= 10
        is_half = self.word(place + 1) in {"day", "days", "hour", "term", "time"} or found[0] == "1/2"
        return self.word(place - 1) in LEADING | {"the"} or not (looks_like_share or is_half)

    # 12 June, 12th of June 2026, June 12th

    def _day_and_month(self, place: int) -> Point | None:
        start = self.skip(place, "the")
        number = self._day_number(start)
        if number is not None:
            at = self.skip(start + 1, "of")
            month = MONTHS.get(self.word(at))
            after = at + 1
        else:
            month, number = MONTHS.get(self.word(place)), self._day_number(self.skip(place + 1, "the"))
            after = self.skip(place + 1, "the") + 1
        if month is None or number is None:
            return None
        year, after = self.year_at(after)
        span = self.days.day(number, month, year)
        return (span, after) if span else None

    def _day_number(self, place: int) -> int | None:
        found = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", self.word(place))
        return int(found[1]) if found and 1 <= int(found[1]) <= 31 else None

    # in March, March 2027, the May one

    def _month(self, place: int) -> Point | None:
        number = MONTHS.get(self.word(place))
        if number is None or self._day_number(place - 1) or (self.word(place - 1) == "of" and self._day_number(place - 2)):
            return None
        year, after = self.year_at(place + 1)
        if year is None and self.words(place + 1, 2) in {("this", "year"), ("next", "year"), ("last", "year")}:
            year = self.days.today.year + {"this": 0, "next": 1, "last": -1}[self.word(place + 1)]
            after = place + 3
        if year is None and not self._is_month(place):
            return None
        return self.days.month(number, year), after

    def _is_month(self, place: int) -> bool:
        """Whether a bare name means the month: "may", "march" and short forms need something beside them, names of people too."""
        token = self.tokens[place]
        alone = len(self.tokens) == 1
        before, after = self.word(place - 1), self.word(place + 1)
        if token.word in {"may", "march"} or token.is_short:
            if alone:
                return True
            if before in {"and", "or", "to", "-", "&", "/"}:
                return self.word(place - 2) in MONTHS and self.word(place - 2) != token.word
            if after in {"or", "and", "to", "-", "&", "/"} and self.word(place + 2) in MONTHS:
                return not (token.word == "may" and before in {"i", "we", "you", "it"})
            if before in LEADING and not self._is_modal(place):
                return True
            return before == "the" and after in DATED_NOUNS
        # "April Jones" and "June from the council" are people.
        following = self.tokens[place + 1] if place + 1 < len(self.tokens) else None
        is_name = token.is_capital and following is not None and following.typed.istitle() and following.word not in MONTHS | WEEKDAYS
        is_adjective = token.word == "august" and before in {"our", "an", "your", "such"}
        is_somebody = (
            token.word in {"april", "june"}
            and after in {"from", "told", "said", "says", "asked", "is", "has", "and"}
            and ((before not in LEADING and after != "and") or before in {"does", "can", "is", "has", "did", "will"})
        )
        return not (is_name or is_adjective or is_somebody) or before in {"in", "on", "by", "until", "during", "since", "of"}

    def _is_modal(self, place: int) -> bool:
        """Whether "may" is the verb: "this may be", "it may help"."""
        if self.word(place) != "may":
            return False
        return self.word(place - 1) in {"this", "that", "next", "last"} and self.word(place + 1) in AFTER_MODAL

    # the 14th, on the 26th, 14th

    def _day_alone(self, place: int) -> Point | None:
        start = self.skip(place, "the")
        found = re.fullmatch(r"(\d{1,2})(st|nd|rd|th)", self.word(start))
        if not found or not (
            start > place or self.word(place - 1) in LEADING | {"the"} or self.word(place - 1) in WEEKDAYS or len(self.tokens) == 1
        ):
            return None
        number, after = int(found[1]), self.word(start + 1)
        if not 1 <= number <= 31 or after in MONTHS or (after == "of" and self.word(start + 2) in MONTHS):
            return None
        if after in ORDINAL_NOUNS and (number <= 10 or after not in DATED_NOUNS):
            return None
        span = self.days.day_of_month(number)
        return (span, start + 1) if span else None
