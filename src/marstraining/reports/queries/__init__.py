"""Figures as they stand, snapshots of how they stood, and what people made of their sentences."""

from marstraining.reports.queries.annual import annual_figures
from marstraining.reports.queries.report import Report, report_of
from marstraining.reports.queries.snapshots import (
    Frozen,
    ListedSnapshot,
    last_snapshot,
    may_read,
    may_take,
    snapshot_before,
    snapshot_of,
    snapshots,
)
from marstraining.reports.queries.wordings import Drafted, Signature, Written, drafts_of, last_written, signature_of, wordings_of

__all__ = [
    "Drafted", "Frozen", "ListedSnapshot", "Report", "Signature", "Written", "annual_figures", "drafts_of", "last_snapshot",
    "last_written", "may_read", "may_take", "report_of", "signature_of", "snapshot_before", "snapshot_of", "snapshots", "wordings_of",
]  # fmt: skip
