"""Snapshots: figures of a period as they stood."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.viewer import Role, Viewer
from marstraining.reports.rules import Figure, Period, from_plain

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
