"""Figures as they stand, and snapshots of how they stood."""

from marstraining.reports.queries.annual import annual_figures
from marstraining.reports.queries.snapshots import Frozen, ListedSnapshot, last_snapshot, may_read, snapshot_of, snapshots

__all__ = ["Frozen", "ListedSnapshot", "annual_figures", "last_snapshot", "may_read", "snapshot_of", "snapshots"]
