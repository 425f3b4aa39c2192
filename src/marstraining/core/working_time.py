"""Working days and hours as booking rules count them: England's bank holidays, London's wall clock, no knowledge of now."""

from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from marstraining.core.bank_holidays import bank_holidays
from marstraining.core.clock import from_wall, local
from marstraining.core.values import frozen

_DAY = timedelta(days=1)
_NONE = timedelta()
_FRIDAY = 4
# A calendar that is shut for longer than this is a mistake in the settings; saying so beats walking to the year 9999.
_LONGEST_CLOSURE = 400

Pauses = Sequence[tuple[date, date]]


@frozen
class WorkingCalendar:
    """Monday to Friday without England's bank holidays and without `closed_days`, from `day_starts` to `day_ends` in London.

    Instants go in and come out as aware UTC datetimes; a naive one is refused with ValueError. `paused` day ranges, both
    ends included, stop the clock for one reckoning (school holidays for education learners) and make no day a holiday for
    anybody else. Source: the partnership's booking rules, "Time".
    """

    closed_days: frozenset[date] = field(default_factory=frozenset)
    day_starts: time = time(8)
    day_ends: time = time(18)

    def __post_init__(self) -> None:
        if self.day_starts >= self.day_ends:
            message = "The working day must end after it starts."
            raise ValueError(message)

    @property
    def day_length(self) -> timedelta:
        """The working hours of one working day: ten, unless the settings say otherwise."""
        return datetime.combine(date.min, self.day_ends) - datetime.combine(date.min, self.day_starts)

    def is_working_day(self, day: date) -> bool:
        """Whether `day` is Monday to Friday, no English bank holiday and not closed."""
        return day.weekday() <= _FRIDAY and day not in self.closed_days and day not in bank_holidays(day.year)

    def working_day_before(self, day: date) -> date:
        """The last working day earlier than `day`."""
        return next(self._working_days(day - _DAY, -_DAY, ()))

    def add_working_hours(self, start: datetime, hours: float, *, paused: Pauses = ()) -> datetime:
        """The first instant by which `hours` working hours have passed since `start`.

        Friday 17:00 and 4 hours is Monday 11:00; Friday 17:00 and 1 hour is Friday 18:00; no hours is `start` itself.
        Negative hours are refused with ValueError.
        """
        _check_aware(start)
        if hours < 0:
            message = "Working hours are added, not taken away."
            raise ValueError(message)
        return self._add(start, timedelta(hours=hours), paused)

    def add_working_days(self, start: datetime, days: int, *, paused: Pauses = ()) -> datetime:
        """The end of a period of `days` working days from `start`: as many times the hours of a working day.

        Within working hours that is the same wall clock so many working days on.
        """
        _check_aware(start)
        if days < 0:
            message = "Working days are added here; take them away with working_days_before."
            raise ValueError(message)
        return self._add(start, days * self.day_length, paused)

    def working_days_before(self, instant: datetime, days: int) -> datetime:
        """The wall clock of `instant`, `days` working days earlier; on a day off it counts from 18:00 of the working day before.

        The wall clock is kept even outside working hours: an evening session's cut-off falls in the evening.
        """
        _check_aware(instant)
        if days < 0:
            message = "Working days are taken away here; add them with add_working_days."
            raise ValueError(message)
        return _days_before(self, instant, days)

    def working_days_until(self, start: datetime, instant: datetime) -> int:
        """The most working days `n` for which `start` is not after "`n` working days before `instant`"; 0 when there are none.

        Counted from the same anchor as working_days_before, so that a cut-off and the days left never disagree.
        """
        _check_aware(start)
        day, at = self._anchor(instant)
        wall = local(start)
        # On its own day, or over the repeated hour of a clock change, instants decide, not wall times.
        first = wall.date()
        if self.is_working_day(first) and start > from_wall(first, at):
            first += _DAY
        return self._count(first, day, ())

    def working_hours_between(self, start: datetime, end: datetime, *, paused: Pauses = ()) -> float:
        """The working hours that pass from `start` to `end`; 0.0 when `end` is not later."""
        _check_aware(start)
        _check_aware(end)
        if end <= start:
            return 0.0
        first, last = local(start).date(), local(end).date()
        passed = self._open_within(first, start, end, paused)
        if last > first:
            passed += self._count(first + _DAY, last, paused) * self.day_length + self._open_within(last, start, end, paused)
        return passed / timedelta(hours=1)

    def _before(self, instant: datetime, days: int) -> datetime:
        day, at = self._anchor(instant)
        back = self._working_days(day, -_DAY, ())
        for _ in range(days + 1):
            day = next(back)
        return from_wall(day, at)

    def _add(self, start: datetime, left: timedelta, paused: Pauses) -> datetime:
        if not left:
            return start
        for day in self._working_days(local(start).date(), _DAY, paused):
            opens = max(from_wall(day, self.day_starts), start)
            open_for = from_wall(day, self.day_ends) - opens
            if left <= open_for:
                return opens + left
            left -= max(open_for, _NONE)
        raise AssertionError  # pragma: no cover - the days never run out; they end in ValueError

    def _anchor(self, instant: datetime) -> tuple[date, time]:
        _check_aware(instant)
        wall = local(instant)
        if self.is_working_day(wall.date()):
            return wall.date(), wall.time()
        return self.working_day_before(wall.date()), self.day_ends

    def _open_within(self, day: date, start: datetime, end: datetime, paused: Pauses) -> timedelta:
        if not self._counts(day, paused):
            return _NONE
        opens, shuts = from_wall(day, self.day_starts), from_wall(day, self.day_ends)
        return max(min(shuts, end) - max(opens, start), _NONE)

    def _counts(self, day: date, paused: Pauses) -> bool:
        return self.is_working_day(day) and not any(first <= day <= last for first, last in paused)

    def _count(self, first: date, until: date, paused: Pauses) -> int:
        return sum(self._counts(first + timedelta(days=n), paused) for n in range((until - first).days))

    def _working_days(self, day: date, step: timedelta, paused: Pauses) -> Iterator[date]:
        shut_for = 0
        while shut_for < _LONGEST_CLOSURE:
            if self._counts(day, paused):
                shut_for = 0
                yield day
            else:
                shut_for += 1
            day += step
        message = f"There is no working day in the {_LONGEST_CLOSURE} days up to {day.isoformat()}."
        raise ValueError(message)


@lru_cache(maxsize=4096)
def _days_before(calendar: WorkingCalendar, instant: datetime, days: int) -> datetime:
    # Asked for each booking on a session, and of each session on a page, about few instants.
    return calendar._before(instant, days)  # noqa: SLF001 - kept here since a method's own cache would keep nothing else apart


def _check_aware(instant: datetime) -> None:
    if instant.tzinfo is None:
        message = "An instant needs its time zone."
        raise ValueError(message)
