"""The annual report's figures as they stand."""

from collections.abc import Mapping
from datetime import datetime

from marstraining.attendance.queries.figures import CourseFigures, attended_by_course
from marstraining.reports.annual_figures import ANNUAL_FIGURES
from marstraining.reports.rules import AnnualFigure, Figure, Measure, Period, Standing, printed

_NONE_HELD = CourseFigures(sessions=0, sessions_without_figure=0, attendances=0, people=0, organisations=0)


async def annual_figures(period: Period, *, now: datetime) -> tuple[Figure, ...]:
    """Every figure of the annual report's training section, as it stands now.

    Where names are held a count of attendances is followed by the people it is of, a second figure of the same key.
    """
    by_course = await attended_by_course(period.first, period.last)
    found: list[Figure] = []
    for one in ANNUAL_FIGURES:
        figure = _figure(one, by_course, period, now)
        if figure is None:
            continue
        found.append(figure)
        if one.measure == Measure.ATTENDANCES:
            found.append(_people_beside(one, by_course.get(one.course, _NONE_HELD), now))
    return tuple(found)


def _figure(one: AnnualFigure, by_course: Mapping[str, CourseFigures], period: Period, now: datetime) -> Figure | None:
    is_said = one.year in {None, period.year}
    if one.published is not None:
        return _made(one, one.published, now, words=one.printed, standing=Standing.AS_PUBLISHED) if is_said else None
    if one.measure in {Measure.WORKBOOKS, Measure.ACCREDITED}:
        return _made(one, None, now, standing=Standing.NOT_COLLECTED)
    held = by_course.get(one.course, _NONE_HELD)
    if one.measure == Measure.PEOPLE:
        # At one session a person attends once, so its attendances are people even where no names are held.
        value = held.people or (held.attendances if held.sessions == 1 else None)
        standing = Standing.COMPUTED if value is not None or not held.sessions else Standing.NOT_HELD
        return _made(one, value if held.sessions else 0, now, words=one.printed if is_said else "", standing=standing)
    value = {
        Measure.ATTENDANCES: held.attendances, Measure.GROUP_PLACES: held.attendances, Measure.SESSIONS: held.sessions,
        Measure.ORGANISATIONS: held.organisations,
    }[one.measure]  # fmt: skip
    return _made(one, value, now, words=one.printed if is_said else "")


def _people_beside(one: AnnualFigure, held: CourseFigures, now: datetime) -> Figure:
    named = AnnualFigure(one.key, one.label, Measure.PEOPLE, one.course)
    if held.people or not held.attendances:
        return _made(named, held.people, now)
    return _made(named, None, now, standing=Standing.NOT_HELD)


def _made(one: AnnualFigure, value: int | None, now: datetime, *, words: str = "", standing: Standing = Standing.COMPUTED) -> Figure:
    return Figure(
        key=one.key,
        label=one.label,
        measure=one.measure.value,
        value=value,
        print=printed(value, words=words, standing=standing),
        standing=standing.value,
        as_at=now.isoformat(timespec="seconds"),
        course=one.course,
    )
