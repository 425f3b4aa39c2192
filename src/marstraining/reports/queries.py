"""Figures of a period as they stand, and snapshots of how they stood."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from marstraining.attendance.queries.figures import CourseFigures, attended_by_course
from marstraining.core.db import rows
from marstraining.core.viewer import Role, Viewer
from marstraining.reports.annual_figures import ANNUAL_FIGURES
from marstraining.reports.rules import AnnualFigure, Figure, Measure, Period, Standing, from_plain, printed

_NONE_HELD = CourseFigures(sessions=0, sessions_without_figure=0, attendances=0, people=0, organisations=0)
_COLUMNS = "ref, kind, year, quarter, scope, as_at, content, content_hash"


@dataclass(frozen=True, slots=True)
class Frozen:
    """A snapshot: which, of what, as at when, and all it says."""

    ref: str
    kind: str
    period: Period
    scope: str
    as_at: datetime
    content: Mapping[str, Any]
    content_hash: str

    @property
    def figures(self) -> tuple[Figure, ...]:
        return from_plain(self.content["figures"])


def may_read(viewer: Viewer) -> bool:
    """Reports are for the board and for the training team; deny by default."""
    return viewer.is_desk or viewer.has_any(Role.BOARD_READER, Role.ADMINISTRATOR)


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


async def last_snapshot(kind: str, period: Period, *, scope: str = "") -> Frozen | None:
    """The latest snapshot of a period, None where there is none."""
    where, values = ("quarter = ?", (period.quarter,)) if period.quarter else ("quarter IS NULL", ())
    found = await rows(
        f"SELECT {_COLUMNS} FROM reports_snapshot WHERE kind = ? AND year = ? AND scope = ? AND {where} ORDER BY id DESC LIMIT 1",
        kind, period.year, scope, *values, instants=("as_at",),
    )  # fmt: skip
    return _frozen(found[0]) if found else None


async def snapshot_of(ref: str, *, viewer: Viewer) -> Frozen | None:
    """The snapshot of that reference, None where there is none that the viewer may read."""
    if not may_read(viewer):
        return None
    found = await rows(f"SELECT {_COLUMNS} FROM reports_snapshot WHERE ref = ?", ref, instants=("as_at",))
    return _frozen(found[0]) if found else None


@dataclass(frozen=True, slots=True)
class ListedSnapshot:
    """A snapshot as a list shows it."""

    ref: str
    kind: str
    period: Period
    scope: str
    as_at: datetime


async def snapshots(*, viewer: Viewer, limit: int = 100) -> list[ListedSnapshot]:
    """The latest snapshots, newest first, without what they say."""
    if not may_read(viewer):
        return []
    found = await rows(
        "SELECT ref, kind, year, quarter, scope, as_at FROM reports_snapshot ORDER BY id DESC LIMIT ?", limit, instants=("as_at",)
    )
    return [ListedSnapshot(row["ref"], row["kind"], Period(row["year"], row["quarter"]), row["scope"], row["as_at"]) for row in found]


def _frozen(row: Mapping[str, Any]) -> Frozen:
    content = row["content"] if isinstance(row["content"], dict) else json.loads(row["content"])
    return Frozen(row["ref"], row["kind"], Period(row["year"], row["quarter"]), row["scope"], row["as_at"], content, row["content_hash"])


def year_of(day: date) -> Period:
    """The financial year in which a day falls."""
    return Period(Period.holding(day).year)
