"""Words that name days by themselves, whatever is asked about them."""

from collections.abc import Callable
from datetime import date, timedelta

from marstraining.uk_dates.days import DAY, Days, Span
from marstraining.uk_dates.named import Named
from marstraining.uk_dates.reader import ORDINALS, WEEKDAYS, Point
from marstraining.uk_dates.relative import Relative
from marstraining.uk_dates.rules import Precision


class Points(Relative, Named):
    def point(self, place: int) -> Point | None:
        """What is named at a place, as far as it reaches."""
        if place not in self.seen:
            self.seen[place] = self._first_found(place)
        return self.seen[place]

    def _first_found(self, place: int) -> Point | None:
        for read in self._readers():
            found = read(place)
            if found is not None:
                return found
        return None

    def _readers(self) -> tuple[Callable[[int], Point | None], ...]:
        return (
            self._numeric,
            self._distance,
            self._beside,
            self._week_of,
            self._qualified,
            self._weekday,
            self._nth_weekday,
            self._day_and_month,
            self._school,
            self._named,
            self._month,
            self._day_alone,
            self._season,
            self._whole_year,
        )

    # the weekend after Easter, the Monday before half term, the week following 20 April

    def _beside(self, place: int) -> Point | None:
        start = self.skip(place, "the", "first", "very")
        word, is_before = self.word(start), self.word(start + 1) == "before"
        is_named = word in WEEKDAYS and not self.tokens[start].is_short
        if not (is_before or self.word(start + 1) in {"after", "following"}) or not (is_named or word in {"day", "week", "weekend"}):
            return None
        # "Any training day after Easter" is no one day.
        if self.word(start - 1) in {"second", "third", "fourth"} or (word == "day" and self.word(start - 1) != "the"):
            return None
        found = self.point(self.skip(start + 2, "the"))
        if found is None or found[0].is_unpublished:
            return found
        return before(word, found[0].start) if is_before else after(word, found[0].end), found[1]

    # w/c 15 June, weekend of 13 June

    def _week_of(self, place: int) -> Point | None:
        start = self.skip(place, "the")
        if self.word(start) == "w/c":
            reading = Days.week_of
        elif self.words(start, 2) == ("week", "of"):
            reading, start = Days.week_of, start + 1
        elif self.words(start, 2) == ("weekend", "of"):
            reading, start = Days.weekend_of, start + 1
        else:
            return None
        found = self.point(self.skip(start + 1, "on", "the", "monday"))
        if found is None or found[0].precision != Precision.DAY:
            return None
        return reading(found[0].start), found[1]

    # the first Monday in June, last Friday of April

    def _nth_weekday(self, place: int) -> Point | None:
        start = self.skip(place, "the")
        which, number = ORDINALS.get(self.word(start)), WEEKDAYS.get(self.word(start + 1))
        if which is None or number is None or self.word(start + 2) not in {"in", "of"}:
            return None
        found = self._month(self.skip(start + 2, "in", "of"))
        if found is None:
            return None
        month = found[0]
        fitting = [month.start + timedelta(days=step) for step in range((month.end - month.start).days + 1)]
        fitting = [day for day in fitting if day.weekday() == number]
        return Span.one(fitting[which - 1 if which > 0 else -1]), found[1]


def after(word: str, day: date) -> Span:
    """The day, week, weekend or weekday of that name that follows a day."""
    if word == "day":
        return Span.one(day + DAY)
    number = {"week": 0, "weekend": 5}.get(word, WEEKDAYS.get(word, 0))
    first = day + timedelta(days=(number - day.weekday() - 1) % 7 + 1)
    return Days.week_of(first) if word == "week" else Days.weekend_of(first) if word == "weekend" else Span.one(first)


def before(word: str, day: date) -> Span:
    """The day, week, weekend or weekday of that name that a day follows. Of a Monday or a Sunday it is the week that ends with it."""
    if word == "day":
        return Span.one(day - DAY)
    if word == "week":
        return Days.week_of(day - (DAY if day.weekday() in {0, 6} else 7 * DAY))
    last = day - timedelta(days=(day.weekday() - WEEKDAYS.get(word, 6) - 1) % 7 + 1)
    return Days.weekend_of(last) if word == "weekend" else Span.one(last)
