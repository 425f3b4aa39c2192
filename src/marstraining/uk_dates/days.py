"""What named days are, seen from one day: terms, half-terms, holidays, Easter, bank holidays, years of three kinds."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from marstraining.core.bank_holidays import bank_holidays
from marstraining.core.partnership import SchoolCalendar, Term
from marstraining.core.values import frozen
from marstraining.uk_dates.rules import Precision

DAY = timedelta(days=1)
_FAR = date(9999, 12, 31)


@frozen
class Span:
    """Days that some words mean, both included, before it is known what is asked about them ("before", "after").

    `others` are the other readings. `is_unpublished` where it leans on a school year whose dates are not known.
    """

    start: date
    end: date
    precision: Precision
    others: tuple["Span", ...] = ()
    is_unpublished: bool = False

    @classmethod
    def one(cls, day: date) -> "Span":
        return cls(day, day, Precision.DAY)


@frozen
class Days:
    """The calendar as it looks on `today`."""

    today: date
    calendar: SchoolCalendar

    # Weeks run from Monday to Sunday.

    def weekday(self, number: int) -> Span:
        """The coming one of that name; today's own name means in a week."""
        return Span.one(self.today + timedelta(days=(number - self.today.weekday() - 1) % 7 + 1))

    def next_weekday(self, number: int) -> Span:
        """Next week's; the other reading is the coming one, where that is another day (ask which)."""
        monday = self.today - timedelta(days=self.today.weekday())
        next_weeks = Span.one(monday + timedelta(days=7 + number))
        coming = self.weekday(number)
        return next_weeks if coming == next_weeks else replace(next_weeks, others=(coming,))

    def last_weekday(self, number: int) -> Span:
        return Span.one(self.today - timedelta(days=(self.today.weekday() - number - 1) % 7 + 1))

    def week(self, offset: int = 0) -> Span:
        return self.week_of(self.today + timedelta(weeks=offset))

    @staticmethod
    def week_of(day: date) -> Span:
        monday = day - timedelta(days=day.weekday())
        return Span(monday, monday + timedelta(days=6), Precision.WEEK)

    def weekend(self, offset: int = 0) -> Span:
        """This week's weekend, or one so many weeks on; "next weekend" has two readings before Saturday."""
        saturday = self.today - timedelta(days=self.today.weekday()) + timedelta(days=5 + 7 * offset)
        found = Span(saturday, saturday + DAY, Precision.WEEKEND)
        if offset == 1 and self.today.weekday() < 5:
            return replace(found, others=(self.weekend(),))
        return found

    @staticmethod
    def weekend_of(day: date) -> Span:
        saturday = day - timedelta(days=day.weekday()) + timedelta(days=5)
        return Span(saturday, saturday + DAY, Precision.WEEKEND)

    # Months and years.

    def month(self, number: int, year: int | None = None) -> Span:
        """That month of that year, or else the coming or present one."""
        if year is None:
            year = self.today.year + (number < self.today.month)
        return Span(date(year, number, 1), _month_end(year, number), Precision.MONTH)

    def months_on(self, offset: int) -> Span:
        year, month = divmod(self.today.year * 12 + self.today.month - 1 + offset, 12)
        return self.month(month + 1, year)

    def add_months(self, count: int) -> date:
        year, month = divmod(self.today.year * 12 + self.today.month - 1 + count, 12)
        return date(year, month + 1, min(self.today.day, monthrange(year, month + 1)[1]))

    def quarter(self, offset: int = 0) -> Span:
        first = self.months_on(3 * offset - (self.today.month - 1) % 3).start
        last_year, last_month = divmod(first.year * 12 + first.month + 1, 12)
        return Span(first, _month_end(last_year, last_month + 1), Precision.RANGE)

    def year(self, offset: int = 0) -> Span:
        return self.whole_year(self.today.year + offset)

    @staticmethod
    def whole_year(year: int) -> Span:
        return Span(date(year, 1, 1), date(year, 12, 31), Precision.YEAR)

    def financial_year(self, offset: int = 0, *, starting: int | None = None) -> Span:
        """From 1 April to 31 March."""
        year = self.today.year - (self.today.month < 4) + offset if starting is None else starting
        return Span(date(year, 4, 1), date(year + 1, 3, 31), Precision.YEAR)

    def academic_year(self, offset: int = 0, *, starting: int | None = None) -> Span:
        """From 1 September to 31 August."""
        year = self.today.year - (self.today.month < 9) + offset if starting is None else starting
        return Span(date(year, 9, 1), date(year + 1, 8, 31), Precision.YEAR)

    def season(self, name: str) -> Span:
        first = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}[name]
        for year in (self.today.year - 1, self.today.year, self.today.year + 1):
            last_year, last = (year + 1, 2) if first == 12 else (year, first + 2)
            end = _month_end(last_year, last)
            if end >= self.today:
                return Span(date(year, first, 1), end, Precision.RANGE)
        raise AssertionError  # pragma: no cover - a season of next year has not ended

    # A day by its number.

    def day_of_month(self, number: int) -> Span | None:
        """The coming one of that number, today too; a month without it is passed over."""
        for offset in range(3):
            first = self.months_on(offset).start
            if number <= monthrange(first.year, first.month)[1] and first.replace(day=number) >= self.today:
                return Span.one(first.replace(day=number))
        return None

    def day(self, number: int, month: int, year: int | None = None) -> Span | None:
        """A date; without its year the coming one, today too (29 February may be years away)."""
        for tried in (year,) if year is not None else range(self.today.year, self.today.year + 9):
            if not 1900 <= tried <= 2200 or number > monthrange(tried, month)[1]:
                continue
            found = date(tried, month, number)
            if year is not None or found >= self.today:
                return Span.one(found)
        return None

    # School.

    def term(self, offset: int = 0, *, name: str = "") -> Span:
        """This term (in holidays the coming one), one later, or the coming one of that name."""
        if name:
            found = next((term for term in self.calendar.terms if term.name == name and term.ends >= self.today), None)
        else:
            left = [term for term in self.calendar.terms if term.ends >= self.today]
            if offset and left and left[0].starts > self.today:
                offset -= 1
            found = left[offset] if 0 <= offset < len(left) else None
        return self._published(found)

    def half_term(self, *, name: str = "", is_next: bool = False) -> Span:
        """The half-term holiday that is or comes next; a past one of that name is next year's."""
        found = next(
            (
                half
                for half in self.calendar.half_terms
                if (half.starts > self.today if is_next else half.ends >= self.today) and (not name or half.name == name)
            ),
            None,
        )
        return self._published(found)

    def half_of_term(self, term: Span, which: int) -> Span:
        """The first or second half of a term, without the half-term holiday between them."""
        half = next((half for half in self.calendar.half_terms if term.start <= half.starts <= term.end), None)
        if half is None:
            return term
        return replace(term, end=half.starts - DAY) if which == 1 else replace(term, start=half.ends + DAY)

    def holidays_after(self, term_name: str) -> Span:
        """The school holidays that follow a term: spring's are Easter's, summer's the summer's, autumn's Christmas's."""
        for before, after in pairwise(self.calendar.terms):
            if before.name == term_name and after.starts > self.today:
                return Span(before.ends + DAY, after.starts - DAY, Precision.RANGE)
        return self._published(None)

    def _published(self, found: Term | None) -> Span:
        if found is None:
            # Nothing is known after that day, and nothing is assumed: all that can be said is that it is later.
            return Span(self.calendar.published_until + DAY, _FAR, Precision.RANGE, is_unpublished=True)
        return Span(found.starts, found.ends, Precision.TERM)

    # Holidays of the church and the banks.

    def easter(self) -> Span:
        """The coming Easter Sunday, today too."""
        this_year = easter_sunday(self.today.year)
        return Span.one(this_year if this_year >= self.today else easter_sunday(self.today.year + 1))

    def fixed(self, day: int, month: int) -> Span:
        found = self.day(day, month)
        if found is None:
            raise ValueError((day, month))
        return found

    def bank_holiday(self, *, words: Sequence[str] = (), month: int | None = None, weekday: int | None = None) -> Span | None:
        """The coming bank holiday of England whose name holds these words, of that month, on that weekday; others are other readings."""
        found = [
            day
            for year in (self.today.year, self.today.year + 1)
            for day, name in sorted(bank_holidays(year).items())
            if day >= self.today
            and all(word in name.casefold() for word in words)
            and (month is None or day.month == month)
            and (weekday is None or day.weekday() == weekday)
        ]
        if not found:
            return None
        others = tuple(Span.one(day) for day in found if month is not None and day != found[0] and day.year == found[0].year)
        return replace(Span.one(found[0]), others=others)


def easter_sunday(year: int) -> date:
    """Of the Gregorian calendar, by the anonymous algorithm of 1876."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    leap, rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap - correction + 15) % 30
    sunday = (32 + 2 * rest + 2 * (of_century // 4) - epact - of_century % 4) % 7
    shift = (golden + 11 * epact + 22 * sunday) // 451
    month, day = divmod(epact + sunday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
