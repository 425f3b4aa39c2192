"""Snapshots: figures of a period as they stood."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.reports.rules import Figure, Period, from_plain

_COLUMNS = "ref, kind, year, quarter, scope, as_at, content, content_hash"


@frozen
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


def may_take(viewer: Viewer) -> bool:
    """Taking a report is the training team's; the board reads."""
    return viewer.is_desk or viewer.is_administrator


async def last_snapshot(kind: str, period: Period, *, scope: str = "", is_paper_first: bool = False) -> Frozen | None:
    """The latest snapshot of a period, None where there is none; with `is_paper_first` that which a meeting had, if one did."""
    first = "CASE WHEN EXISTS (SELECT 1 FROM reports_meeting m WHERE m.snapshot_id = s.id) THEN 0 ELSE 1 END, " if is_paper_first else ""
    where, values = ("quarter = ?", (period.quarter,)) if period.quarter else ("quarter IS NULL", ())
    found = await rows(
        f"SELECT {_COLUMNS} FROM reports_snapshot s WHERE kind = ? AND year = ? AND scope = ? AND {where} ORDER BY {first}id DESC LIMIT 1",
        kind, period.year, scope, *values, instants=("as_at",),
    )  # fmt: skip
    return _frozen(found[0]) if found else None


async def snapshot_of(ref: str, *, viewer: Viewer) -> Frozen | None:
    """The snapshot of that reference, None where there is none that the viewer may read."""
    if not may_read(viewer):
        return None
    found = await rows(f"SELECT {_COLUMNS} FROM reports_snapshot WHERE ref = ?", ref, instants=("as_at",))
    return _frozen(found[0]) if found else None


async def snapshot_before(frozen: Frozen, *, is_signed: bool = False) -> Frozen | None:
    """The snapshot of the same period and scope that was taken before this one; with `is_signed` the last that somebody signed off."""
    signed = " AND EXISTS (SELECT 1 FROM reports_wording w WHERE w.snapshot_id = s.id AND w.signed_at IS NOT NULL)" if is_signed else ""
    where, values = ("quarter = ?", (frozen.period.quarter,)) if frozen.period.quarter else ("quarter IS NULL", ())
    found = await rows(
        f"SELECT {_COLUMNS} FROM reports_snapshot s WHERE kind = ? AND year = ? AND scope = ? AND {where}"
        f" AND id < (SELECT id FROM reports_snapshot WHERE ref = ?){signed} ORDER BY id DESC LIMIT 1",
        frozen.kind, frozen.period.year, frozen.scope, *values, frozen.ref, instants=("as_at",),
    )  # fmt: skip
    return _frozen(found[0]) if found else None


@frozen
class ListedSnapshot:
    """A snapshot as a list shows it; `is_paper` where it is the paper of a meeting on the calendar."""

    ref: str
    kind: str
    period: Period
    of: str
    as_at: datetime
    is_signed: bool
    is_paper: bool

    @property
    def words(self) -> str:
        return f"{'Quarterly report' if self.kind == 'quarterly' else 'Annual figures'}, {self.period.words}"


# Signed is what nobody reworded after its last signature.
_SIGNED = "(SELECT w.signed_at FROM reports_wording w WHERE w.snapshot_id = s.id ORDER BY w.id DESC LIMIT 1) IS NOT NULL"


async def snapshots(*, viewer: Viewer, limit: int = 100) -> list[ListedSnapshot]:
    """The latest snapshots, newest first, without what they say; of those of a period and scope only the last."""
    if not may_read(viewer):
        return []
    found = await rows(
        f"SELECT s.ref, s.kind, s.year, s.quarter, s.scope, s.as_at, c.title AS course, a.name AS agency, {_SIGNED} AS is_signed,"
        " EXISTS (SELECT 1 FROM reports_meeting m WHERE m.snapshot_id = s.id AND m.removed_at IS NULL) AS is_paper"
        " FROM reports_snapshot s LEFT JOIN programme_course c ON s.scope = 'course:' || c.code"
        " LEFT JOIN people_agency a ON s.scope = 'agency:' || a.code WHERE NOT EXISTS (SELECT 1 FROM reports_snapshot l"
        " WHERE l.kind = s.kind AND l.year = s.year AND coalesce(l.quarter, 0) = coalesce(s.quarter, 0) AND l.scope = s.scope"
        " AND l.id > s.id) ORDER BY s.id DESC LIMIT ?",
        limit, instants=("as_at",), flags=("is_signed", "is_paper"),
    )  # fmt: skip
    return [_listed(row) for row in found]


def _listed(row: Mapping[str, Any]) -> ListedSnapshot:
    of = row["course"] or row["agency"] or row["scope"].partition(":")[2]
    period = Period(row["year"], row["quarter"])
    return ListedSnapshot(row["ref"], row["kind"], period, of, row["as_at"], row["is_signed"], row["is_paper"])


def _frozen(row: Mapping[str, Any]) -> Frozen:
    content = row["content"] if isinstance(row["content"], dict) else json.loads(row["content"])
    return Frozen(row["ref"], row["kind"], Period(row["year"], row["quarter"]), row["scope"], row["as_at"], content, row["content_hash"])
