"""What reports say will be done: of one report, and everything that is still open."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.reports.queries.snapshots import may_read
from marstraining.reports.rules import Period


@frozen
class ListedAction:
    """An action with the report that names it."""

    ref: str
    what: str
    owner: str
    due_on: date
    done_on: date | None
    report: str
    period: Period


_SELECT = (
    "SELECT a.ref, a.what, a.owner, a.due_on, a.done_on, s.ref AS report, s.year, s.quarter FROM reports_action a"
    " JOIN reports_snapshot s ON s.id = a.snapshot_id WHERE a.removed_at IS NULL"
)


async def actions_of(ref: str) -> list[ListedAction]:
    """The actions that a report names, by when they are due."""
    return [_action(row) for row in await rows(f"{_SELECT} AND s.ref = ? ORDER BY a.due_on, a.id", ref, dates=("due_on", "done_on"))]


async def open_actions(*, viewer: Viewer, limit: int = 100) -> list[ListedAction]:
    """What is not done yet, whatever report names it, the first due first."""
    if not may_read(viewer):
        return []
    found = await rows(f"{_SELECT} AND a.done_on IS NULL ORDER BY a.due_on, a.id LIMIT ?", limit, dates=("due_on", "done_on"))
    return [_action(row) for row in found]


def _action(row: Mapping[str, Any]) -> ListedAction:
    values = {name: row[name] for name in ("ref", "what", "owner", "due_on", "done_on", "report")}
    return ListedAction(**values, period=Period(row["year"], row["quarter"]))
