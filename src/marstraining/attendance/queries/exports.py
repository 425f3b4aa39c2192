"""Exports as they are read: who may take what away, how many rows that is, and the rows lot by lot."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Any

from marstraining.attendance.queries.export_kinds import BY_NUMBER, DATES, FIGURES, FLAGS, INSTANTS, KINDS, REGISTER, Kind, quarter_words
from marstraining.core.clock import today_of
from marstraining.core.db import rows
from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.people.queries import Scope, agency_choices, visible_people

# Lots are of so many sessions or people at most, and of about so many rows; one session is never split.
_LOT = 50
_ROWS_AT_ONCE = 1000


@frozen
class Filters:
    """Which rows: by reference of a session, codes of course and organisation, first and last day, each "" or None for all."""

    session: str = ""
    course: str = ""
    agency: str = ""
    first: date | None = None
    last: date | None = None


@frozen
class Export:
    """An export that was counted: its headings, how many rows it has, and the lots in which they are read.

    `figures` are the rows themselves of a kind that is counted out of others, which are few.
    """

    kind: Kind
    columns: tuple[str, ...]
    total: int
    where: str
    params: tuple[object, ...]
    lots: tuple[tuple[int, ...], ...] = ()
    figures: tuple[dict[str, Any], ...] = ()

    async def batches(self) -> AsyncIterator[Sequence[dict[str, Any]]]:
        """The rows, a lot at a time, so that no more than one is ever held."""
        if self.figures:
            yield self.figures
        listed = ", ".join(f"{self.kind.columns[name]} AS {_quoted(name)}" for name in self.columns)
        named = set(self.columns)
        for lot in self.lots:
            source, params = _of_lot(self.kind, self.where, self.params, lot)
            yield await rows(
                f"SELECT {listed} FROM {source} ORDER BY {_order(self.kind)}",
                *params,
                instants=INSTANTS & named,
                dates=DATES & named,
                flags=FLAGS & named,
            )


async def export_of(name: str, filters: Filters, *, viewer: Viewer, now: datetime) -> Export:
    """An export for whoever asks, scoped by `visible_to` and counted. Refused for a kind there is not."""
    kind = KINDS.get(name)
    if kind is None:
        raise Refused(f"“{name}” cannot be exported: use {', '.join(KINDS)}", code="kind", field="kind")
    scope = visible_to(kind, viewer, on=today_of(now))
    where, params = _all_of(
        (f"({scope.sql})", scope.values),
        ("s.ref = ?", filters.session),
        ("c.code = ?", filters.course),
        ("a.code = ?", filters.agency),
        (f"{kind.day} >= ?", filters.first),
        (f"{kind.day} <= ?", filters.last),
    )
    runs = viewer.is_desk or (bool(viewer.organiser_agency_ids) and not viewer.has_any(Role.TRAINER))
    hidden = frozenset() if runs else kind.hidden_from_trainers
    columns = tuple(one for one in kind.columns if one not in hidden)
    if kind is FIGURES:
        figures = await _figures(columns, where, params)
        return Export(kind, columns, len(figures), where, params, figures=tuple(figures))
    counts = await (_by_session(kind, filters, where, params, viewer) if kind.lot == "s.id" else _by_person(kind, where, params))
    return Export(kind, columns, sum(number for _, number in counts), where, params, _packed(counts))


def _all_of(*conditions: tuple[str, object]) -> tuple[str, tuple[object, ...]]:
    """Conditions joined, those left out that have no value; a value may be several."""
    found = [(sql, value if isinstance(value, tuple) else (value,)) for sql, value in conditions if value or isinstance(value, tuple)]
    return " AND ".join(sql for sql, _ in found), tuple(value for _, values in found for value in values)


def _of_lot(kind: Kind, where: str, params: tuple[object, ...], lot: Sequence[int]) -> tuple[str, tuple[object, ...]]:
    """What stands behind FROM for one lot, and its values; filled up with nought, so that every lot is the same statement."""
    numbers = (*lot, *[0] * (_LOT - len(lot)))
    marks = ", ".join("?" * _LOT)
    source = kind.source.replace("{lot}", marks)
    inside = numbers * kind.source.count("{lot}")
    return f"{source} WHERE {kind.condition} AND {where} AND {kind.lot} IN ({marks})", (*inside, *params, *numbers)


async def _figures(columns: Sequence[str], where: str, params: Sequence[object]) -> list[dict[str, Any]]:
    found = []
    for kind in (FIGURES, BY_NUMBER):
        listed = ", ".join(f"{kind.columns[name]} AS {_quoted(name)}" for name in columns)
        cells = f"c.id, c.code, c.title, a.id, a.code, a.name, a.sector, {kind.columns['quarter']}"
        found += await rows(f"SELECT {listed} FROM {kind.source} WHERE {kind.condition} AND {where} GROUP BY {cells}", *params)
    found.sort(key=lambda row: (row["course"], row["quarter"], row["agency"] or "", row["counted"]))
    return [row | {"quarter": quarter_words(row["quarter"])} for row in found]


def visible_to(kind: Kind, viewer: Viewer, *, on: date) -> Scope:
    """What of a kind somebody may take away (security.md 4).

    The training team everything. A partner organiser what is of the courses that the agency of that role owns. A lead what is of
    their agencies, and of people who work there now. A trainer the registers of sessions that they accepted to train.
    """
    parts = _sessions_of(kind, viewer)
    if not viewer.is_desk and viewer.agency_ids and viewer.has_any(Role.AGENCY_LEAD):
        own = tuple(sorted(viewer.agency_ids))
        people = visible_people(viewer, on=on, alias="p") if kind.is_of_people else Scope("1 = 1")
        parts.append(Scope(f"a.id IN ({', '.join('?' * len(own))}) AND ({people.sql})", (*own, *people.values)))
    return _any_of(parts)


def _sessions_of(kind: Kind, viewer: Viewer) -> list[Scope]:
    """The sessions of which somebody may take away everybody's rows."""
    if viewer.is_desk:
        return [Scope("1 = 1")]
    parts: list[Scope] = []
    if viewer.organiser_agency_ids:
        owners = tuple(sorted(viewer.organiser_agency_ids))
        parts.append(Scope(f"c.owner_agency_id IN ({', '.join('?' * len(owners))})", owners))
    if kind is REGISTER and viewer.has_any(Role.TRAINER) and viewer.person_id is not None:
        trains = (
            "EXISTS (SELECT 1 FROM programme_trainer r WHERE r.session_id = s.id AND r.person_id = ? AND r.state = 'accepted'"
            " AND NOT r.is_contributor)"
        )
        parts.append(Scope(trains, (viewer.person_id,)))
    return parts


def _any_of(parts: Sequence[Scope]) -> Scope:
    if not parts:
        return Scope("1 = 0")
    return Scope(" OR ".join(f"({part.sql})" for part in parts), tuple(value for part in parts for value in part.values))


async def _by_session(kind: Kind, filters: Filters, where: str, params: tuple[object, ...], viewer: Viewer) -> list[tuple[int, int]]:
    """How many rows each session has, the first session first: counted lot by lot among those that can have any."""
    scope = Scope("1 = 1") if viewer.agency_ids else _any_of(_sessions_of(kind, viewer))
    condition, values = _all_of(
        (f"({scope.sql})", scope.values),
        ("s.ref = ?", filters.session),
        ("c.code = ?", filters.course),
        ("EXISTS (SELECT 1 FROM programme_day d WHERE d.session_id = s.id AND d.day >= ?)", filters.first),
        ("EXISTS (SELECT 1 FROM programme_day d WHERE d.session_id = s.id AND d.day <= ?)", filters.last),
    )
    found = await rows(
        f"SELECT s.id FROM programme_session s JOIN programme_course c ON c.id = s.course_id WHERE {condition} ORDER BY s.starts_at, s.id",
        *values,
    )
    sessions = [row["id"] for row in found]
    counts: list[tuple[int, int]] = []
    for start in range(0, len(sessions), _LOT):
        lot = sessions[start : start + _LOT]
        source, given = _of_lot(kind, where, params, lot)
        by_id = {row["lot"]: row["n"] for row in await rows(f"SELECT s.id AS lot, COUNT(*) AS n FROM {source} GROUP BY s.id", *given)}
        counts += [(one, by_id[one]) for one in lot if one in by_id]
    return counts


async def _by_person(kind: Kind, where: str, params: tuple[object, ...]) -> list[tuple[int, int]]:
    found = await rows(
        f"SELECT {kind.lot} AS lot, COUNT(*) AS n FROM {kind.source} WHERE {kind.condition} AND {where} GROUP BY {kind.lot}"
        f" ORDER BY MIN({kind.first}), 1",
        *params,
    )
    return [(row["lot"], row["n"]) for row in found]


def _packed(counts: Sequence[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
    """Lots of as many sessions or people as come to about a thousand rows."""
    lots: list[tuple[int, ...]] = []
    lot: list[int] = []
    filled = 0
    for number, many in counts:
        if lot and (filled + many > _ROWS_AT_ONCE or len(lot) == _LOT):
            lots.append(tuple(lot))
            lot, filled = [], 0
        lot.append(number)
        filled += many
    return (*lots, tuple(lot)) if lot else tuple(lots)


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
