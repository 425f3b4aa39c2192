"""The figures of a quarter by key and measure, so that two snapshots can be held against each other."""

from collections.abc import Iterator
from dataclasses import replace

from marstraining.evaluation.rules.wording import signed
from marstraining.reports.quarterly.facts import Quarter, Sums
from marstraining.reports.quarterly.words import counted, percent
from marstraining.reports.queries.delivery import CourseDelivery
from marstraining.reports.rules import NOT_COLLECTED, Figure, Measure, Standing

_Whose = tuple[str, str, str]
"""A figure's key, label and course."""

_ALL: _Whose = ("all", "All courses", "")


def figures_of(quarter: Quarter, *, as_at: str) -> tuple[Figure, ...]:
    """Every figure of delivery and confidence, of all courses and of each; people and attendances apart.

    Who waits is left out: that list moves on by itself, and is no correction. Of some organisations there is no confidence.
    """
    found = list(_of_all(quarter.sums))
    for one in quarter.courses:
        found += _of_delivery((one.code, one.title, one.code), one)
    found += [_confidence((one.code, one.title, one.code), one.change, Standing.NOT_PUBLISHED) for one in quarter.confidence.courses]
    return tuple(replace(one, as_at=as_at) for one in found if not quarter.is_part or one.measure != Measure.CONFIDENCE)


def whole_figures(sums: Sums, *, as_at: str) -> tuple[Figure, ...]:
    """A period's figures over all courses."""
    return tuple(replace(one, as_at=as_at) for one in _of_all(sums))


def _of_all(sums: Sums) -> Iterator[Figure]:
    yield from _of_delivery(_ALL, replace(sums.whole, attended=sums.attendances, people=sums.people))
    rates = ((Measure.FILL, sums.fill), (Measure.NO_SHOWS, sums.no_shows), (Measure.ATTENDANCE_RATE, sums.whole.attendance_rate))
    for measure, share in rates:
        # Finer than it is printed, so that a small correction shows.
        value = None if share is None else round(share * 100, 1)
        yield _figure(_ALL, measure, value, percent(share), Standing.NOTHING_HELD)
    change = sums.confidence.change
    yield _confidence(_ALL, change, Standing.NOT_COLLECTED if sums.confidence.change_words == NOT_COLLECTED else Standing.NOT_PUBLISHED)


def _of_delivery(whose: _Whose, one: CourseDelivery) -> Iterator[Figure]:
    for measure, value in (
        (Measure.SESSIONS, one.run), (Measure.ATTENDANCES, one.attended), (Measure.PEOPLE, one.people), (Measure.PLANNED, one.planned),
        (Measure.CALLED_OFF, one.called_off), (Measure.PLACES, one.capacity), (Measure.BOOKED, one.booked), (Measure.PARTIAL, one.partial),
        (Measure.ABSENT, one.absent), (Measure.EXCUSED, one.excused), (Measure.CANCELLED_LATE, one.late_cancelled),
        (Measure.WALKED_IN, one.walked_in),
    ):  # fmt: skip
        unnamed = Standing.NOT_HELD if measure is Measure.PEOPLE else Standing.NOTHING_HELD
        yield _figure(whose, measure, value, counted(value), unnamed)


def _confidence(whose: _Whose, change: float | None, unsaid: Standing) -> Figure:
    return _figure(
        whose, Measure.CONFIDENCE, None if change is None else round(change, 2), unsaid if change is None else signed(change), unsaid
    )


def _figure(whose: _Whose, measure: Measure, value: float | None, words: str, unheld: Standing) -> Figure:
    key, label, course = whose
    return Figure(key, label, measure, value, words, Standing.COMPUTED if value is not None else unheld, "", course)
