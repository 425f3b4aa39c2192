"""Exports as they are read: who may take what away, how many rows that is, and the rows lot by lot."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from marstraining.attendance.queries.export_kinds import BY_NUMBER, DATES, FIGURES, FLAGS, INSTANTS, KINDS, REGISTER, Kind, quarter_words
from marstraining.core.clock import today_of
from marstraining.core.db import rows
from marstraining.core.errors import Refused
from marstraining.core.viewer import Role, Viewer
from marstraining.people.queries import Scope, agency_choices, visible_people

# Lots are of so many sessions or people at most, and of about so many rows; one session is never split.
_LOT = 50
_ROWS_AT_ONCE = 1000
_COUNTED = (FIGURES, BY_NUMBER)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which rows: by reference of a session, codes of course and organisation, first and last day, each "" or None for all."""

    session: str = ""
    course: str = ""
    agency: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """An export that was counted: its headings, how many rows it has, and the lots in which they are read."""

    kind: Kind
    columns: tuple[str, ...]
    total: int
    where: str
    params: tuple[object, ...]
    lots: tuple[tuple[int, ...], ...]

    async def batches(self) -> AsyncIterator[Sequence[dict[str, Any]]]:
        """The rows, a lot at a time, so that no more than one is ever held."""
        if self.kind is FIGURES:
            yield await self._figures()
            return
        listed = ", ".join(f"{self.kind.columns[name]} AS {_quoted(name)}" for name in self.columns)
        marks = ", ".join("?" * _LOT)
        source = f"{self.kind.source} WHERE {self.kind.condition} AND {self.where} AND {self.kind.lot} IN ({marks})"
        statement = f"SELECT {listed} FROM {source} ORDER BY {_order(self.kind)}"
        for lot in self.lots:
            # Filled up with numbers that nothing has, so that every lot is the same statement.
            yield await self._read(statement, *lot, *[0] * (_LOT - len(lot)))

    async def _figures(self) -> list[dict[str, Any]]:
        found = []
        for kind in _COUNTED:
            listed = ", ".join(f"{kind.columns[name]} AS {_quoted(name)}" for name in self.columns)
            cells = f"c.id, c.code, c.title, a.id, a.code, a.name, a.sector, {kind.columns['quarter']}"
            found += await self._read(f"SELECT {listed} FROM {kind.source} WHERE {kind.condition} AND {self.where} GROUP BY {cells}")
        found.sort(key=lambda row: (row["course"], row["quarter"], row["agency"] or "", row["counted"]))
        return [row | {"quarter": quarter_words(row["quarter"])} for row in found]

    async def _read(self, statement: str, *params: object) -> list[dict[str, Any]]:
        named = set(self.columns)
        return await rows(statement, *self.params, *params, instants=INSTANTS & named, dates=DATES & named, flags=FLAGS & named)


async def export_of(name: str, filters: Filters, *, viewer: Viewer, now: datetime) -> Export:
    """An export for whoever asks, scoped by `visible_to` and counted. Refused for a kind there is not."""
    kind = KINDS.get(name)
    if kind is None:
        raise Refused(f"“{name}” cannot be exported: use {', '.join(KINDS)}", code="kind", field="kind")
    scope = visible_to(kind, viewer, on=today_of(now))
    conditions = [f"({scope.sql})"]
    params: list[object] = list(scope.values)
    for expression, value in (
        ("s.ref = ?", filters.session),
        ("c.code = ?", filters.course),
        ("a.code = ?", filters.agency),
        (f"{kind.day} >= ?", filters.first),
        (f"{kind.day} <= ?", filters.last),
    ):
        if value:
            conditions.append(expression)
            params.append(value)
    where = " AND ".join(conditions)
    total, lots = await _counted(kind, where, params)
    runs = viewer.is_desk or (bool(viewer.organiser_agency_ids) and not viewer.has_any(Role.TRAINER))
    hidden = frozenset() if runs else kind.hidden_from_trainers
    return Export(kind, tuple(one for one in kind.columns if one not in hidden), total, where, tuple(params), lots)


def visible_to(kind: Kind, viewer: Viewer, *, on: date) -> Scope:
    """What of a kind somebody may take away (security.md 4).

    The training team everything. A partner organiser what is of the courses that the agency of that role owns. A lead what is of
    their agencies, and of people who work there now. A trainer the registers of sessions that they accepted to train.
    """
    if viewer.is_desk:
        return Scope("1 = 1")
    parts: list[Scope] = []
    if viewer.organiser_agency_ids:
        owners = tuple(sorted(viewer.organiser_agency_ids))
        parts.append(Scope(f"c.owner_agency_id IN ({', '.join('?' * len(owners))})", owners))
    if viewer.agency_ids and viewer.has_any(Role.AGENCY_LEAD):
        own = tuple(sorted(viewer.agency_ids))
        people = visible_people(viewer, on=on, alias="p") if kind.is_of_people else Scope("1 = 1")
        parts.append(Scope(f"a.id IN ({', '.join('?' * len(own))}) AND ({people.sql})", (*own, *people.values)))
    if kind is REGISTER and viewer.has_any(Role.TRAINER) and viewer.person_id is not None:
        trains = (
            "EXISTS (SELECT 1 FROM programme_trainer r WHERE r.session_id = s.id AND r.person_id = ? AND r.state = 'accepted'"
            " AND NOT r.is_contributor)"
        )
        parts.append(Scope(trains, (viewer.person_id,)))
    if not parts:
        return Scope("1 = 0")
    return Scope(" OR ".join(f"({part.sql})" for part in parts), tuple(value for part in parts for value in part.values))


async def _counted(kind: Kind, where: str, params: Sequence[object]) -> tuple[int, tuple[tuple[int, ...], ...]]:
    """How many rows, and the lots to read them in: as many sessions or people as come to about a thousand rows."""
    if kind is FIGURES:
        total = 0
        for one in _COUNTED:
            cells = f"SELECT 1 FROM {one.source} WHERE {one.condition} AND {where} GROUP BY c.id, a.id, {one.columns['quarter']}"
            total += (await rows(f"SELECT COUNT(*) AS n FROM ({cells}) cells", *params))[0]["n"]
        return total, ()
    found = await rows(
        f"SELECT {kind.lot} AS lot, COUNT(*) AS n FROM {kind.source} WHERE {kind.condition} AND {where} GROUP BY {kind.lot}"
        f" ORDER BY MIN({kind.first}), 1",
        *params,
    )
    lots: list[tuple[int, ...]] = []
    lot: list[int] = []
    filled = 0
    for row in found:
        if lot and (filled + row["n"] > _ROWS_AT_ONCE or len(lot) == _LOT):
            lots.append(tuple(lot))
            lot, filled = [], 0
        lot.append(row["lot"])
        filled += row["n"]
    if lot:
        lots.append(tuple(lot))
    return sum(row["n"] for row in found), tuple(lots)


def _order(kind: Kind) -> str:
    return kind.order if kind.lot != "s.id" else f"s.starts_at, s.id, {kind.order}"


def _quoted(name: str) -> str:
    return f'"{name}"'


async def export_choices(viewer: Viewer) -> tuple[dict[str, str], dict[str, str]]:
    """Courses and organisations to choose from, by code: courses that `viewer` runs, and every organisation that is listed."""
    owners = sorted(viewer.organiser_agency_ids)
    condition = "1 = 1" if viewer.is_desk else f"c.owner_agency_id IN ({', '.join('?' * len(owners))})" if owners else "1 = 0"
    values = () if viewer.is_desk else owners
    courses = await rows(f"SELECT c.code, c.title FROM programme_course c WHERE {condition} ORDER BY lower(c.title), c.code", *values)
    return {row["code"]: f"{row['title']} ({row['code']})" for row in courses}, {one.code: one.name for one in await agency_choices()}


async def scheduled_exports() -> list[dict[str, Any]]:
    """Exports that come round and were not stopped, the next first."""
    return await rows(
        "SELECT ref, kind, filters, role, every, next_at FROM attendance_scheduled_export WHERE ended_at IS NULL ORDER BY next_at, id",
        instants=("next_at",),
    )
