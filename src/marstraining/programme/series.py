"""Dates of a series and of a year rolled forward, and why one of them will not do; plain dates in, plain dates out."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal

from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.programme.rules import EVERYBODY, DayPlan

MOST_DATES = 60
_WEEK = timedelta(days=7)


@frozen
class SeriesRule:
    """Every so many weeks on the weekday of `first`, or every so many months on its ordinal weekday (second Tuesday)."""

    first: date
    starts: time
    ends: time
    every: int
    unit: Literal["weeks", "months"]
    count: int

    def plans(self) -> tuple[DayPlan, ...]:
        """The planned days. Refuses a step or a count that makes no series."""
        if not 1 <= self.every <= 12:
            raise Refused("Repeat every 1 to 12 weeks or months", code="every", field="every")
        if not 1 <= self.count <= MOST_DATES:
            raise Refused(f"A series has 1 to {MOST_DATES} dates", code="count", field="count")
        return tuple(DayPlan(day, self.starts, self.ends) for day in self._days())

    def _days(self) -> Iterator[date]:
        for step in range(self.count):
            if self.unit == "weeks":
                yield self.first + step * self.every * _WEEK
            else:
                yield _same_weekday(self.first, months=step * self.every)


def _same_weekday(first: date, *, months: int) -> date:
    """The day with the ordinal weekday of `first`, so many months later; a fifth becomes the last there is."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    start = date(year, month + 1, 1)
    ordinal = (first.day - 1) // 7
    day = start + timedelta(days=(first.weekday() - start.weekday()) % 7) + ordinal * _WEEK
    return day if day.month == start.month else day - _WEEK


@frozen
class Span:
    """A named stretch of days, both ends included: a term or a half-term holiday."""

    name: str
    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@frozen
class SchoolYear:
    """Terms and half-term holidays, and why nobody works on a day: the end of a sentence, or "" on an open day."""

    terms: Sequence[Span]
    half_terms: Sequence[Span]
    why_closed: Callable[[date], str]

    def holiday(self, day: date) -> str | None:
        """Why `day` is no day of term, as the end of a sentence; None on a day of term."""
        for half_term in self.half_terms:
            if day in half_term:
                return "in half term"
        return None if any(day in term for term in self.terms) else "outside term time"

    def weeks_of(self, term: Span) -> list[date]:
        """The Mondays of a term's weeks without those of half term."""
        monday = term.first - timedelta(days=term.first.weekday())
        weeks = []
        while monday <= term.last:
            if not any(monday in half_term or monday + timedelta(days=4) in half_term for half_term in self.half_terms):
                weeks.append(monday)
            monday += _WEEK
        return weeks

    def a_year_on(self, day: date) -> date:
        """The same weekday in the same week of the same term next year; outside terms 52 weeks later."""
        term = next((span for span in self.terms if day in span), None)
        later = next(
            (span for span in self.terms if term and span.name == term.name and 300 <= (span.first - term.first).days <= 430), None
        )
        if term is None or later is None:
            return day + 52 * _WEEK
        monday = day - timedelta(days=day.weekday())
        weeks, later_weeks = self.weeks_of(term), self.weeks_of(later)
        number = sum(week < monday for week in weeks)
        return later_weeks[min(number, len(later_weeks) - 1)] + timedelta(days=day.weekday())


@frozen
class Taken:
    """A stretch of time that another session takes: of which course, where, who trains, for whom."""

    title: str
    starts_at: datetime
    ends_at: datetime
    venue_id: int | None
    trainer_ids: frozenset[int]
    audiences: frozenset[str]
    course_id: int | None = None


@frozen
class Wish:
    """What a planned session needs: the place, the trainers, the audience, and whether it must be in term time.

    With `course_id` it will not do either where that course has a session at the same time already.
    """

    venue_id: int | None
    trainer_ids: frozenset[int]
    audiences: frozenset[str]
    is_in_terms: bool = True
    course_id: int | None = None


@frozen
class Planned:
    """A planned session: its days and, as sentences, what speaks against them.

    With `reasons` it cannot be created. `shared` are clashes of the same particular audience: it is skipped unless the training team
    takes it all the same. `besides` are sessions at the same time where either is for all practitioners: worth knowing, no more.
    """

    days: tuple[DayPlan, ...]
    reasons: tuple[str, ...]
    shared: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()

    @property
    def will_do(self) -> bool:
        """Whether it is created where nobody chooses otherwise."""
        return not self.reasons and not self.shared

    @property
    def key(self) -> str:
        """The first date, by which one of a series is chosen on a form."""
        return self.days[0].day.isoformat()


def judged(days: Sequence[DayPlan], wish: Wish, *, taken: Sequence[Taken], year: SchoolYear, now: datetime) -> Planned:
    """Planned days with everything that speaks against them; of more days than one each sentence names its day."""
    reasons: list[str] = []
    shared: list[str] = []
    besides: list[str] = []
    for plan in days:
        it, at = (
            ("This date", "at the same time") if len(days) == 1 else (named_day(plan.day), f"at the same time on {named_day(plan.day)}")
        )
        try:
            starts_at, ends_at = plan.instants()
        except Refused as fault:
            reasons.append(fault.message)
            continue
        faults = (
            "in the past" if starts_at <= now else "",
            year.why_closed(plan.day),
            year.holiday(plan.day) if wish.is_in_terms else "",
        )
        reasons.extend(f"{it} is {fault}" for fault in faults if fault)
        others = [other for other in taken if other.starts_at < ends_at and other.ends_at > starts_at]
        reasons.extend(sentence for other in others for sentence in _clashes(wish, other, at=at))
        apart = [other for other in others if not _is_same_course(wish, other)]
        besides.extend(f"“{other.title}” is {at}" for other in apart if EVERYBODY in wish.audiences | other.audiences)
        alike = [other for other in apart if wish.audiences & other.audiences and EVERYBODY not in wish.audiences | other.audiences]
        shared.extend(f"“{other.title}” is for the same audience {at}" for other in alike)
    return Planned(tuple(days), *(tuple(dict.fromkeys(sentences)) for sentences in (reasons, shared, besides)))


def judged_series(plans: Sequence[DayPlan], wish: Wish, *, taken: Sequence[Taken], year: SchoolYear, now: datetime) -> list[Planned]:
    """The dates of a series in order, each with what speaks against it; one that overlaps an earlier date that can be is no choice."""
    found: list[Planned] = []
    spans: list[tuple[datetime, datetime]] = []
    for plan in sorted(plans, key=lambda plan: (plan.day, plan.starts)):
        one = judged([plan], wish, taken=taken, year=year, now=now)
        if not one.reasons:
            starts_at, ends_at = plan.instants()
            if any(other_start < ends_at and other_end > starts_at for other_start, other_end in spans):
                one = Planned(one.days, ("Another date of this series is at the same time",))
            else:
                spans.append((starts_at, ends_at))
        found.append(one)
    return found


def stands_against(days: Sequence[DayPlan], wish: Wish, other: Taken) -> bool:
    """Whether another session is at the time of one of these days, and of the same course, in the same room or with the same trainer."""
    spans = [plan.instants() for plan in days]
    is_at_once = any(other.starts_at < ends_at and other.ends_at > starts_at for starts_at, ends_at in spans)
    return is_at_once and next(_clashes(wish, other, at=""), None) is not None


def _clashes(wish: Wish, other: Taken, *, at: str) -> Iterator[str]:
    if _is_same_course(wish, other):
        yield f"This course has “{other.title}” {at}"
    if wish.venue_id is not None and wish.venue_id == other.venue_id:
        yield f"The venue has “{other.title}” {at}"
    if wish.trainer_ids & other.trainer_ids:
        yield f"A trainer has “{other.title}” {at}"


def _is_same_course(wish: Wish, other: Taken) -> bool:
    return wish.course_id is not None and wish.course_id == other.course_id


def named_day(day: date) -> str:
    """A date in the words of a sentence: Tuesday 12 January 2027."""
    return f"{day:%A} {day.day} {day:%B %Y}"
