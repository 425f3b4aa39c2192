"""What was reported of a session, and what its marks would be."""

from marstraining.reported_marks.queries.meeting_reports import (
    known_hashes,
    on_session,
    preview,
    report_entries,
    report_files,
    report_session,
)
from marstraining.reported_marks.queries.proposals import (
    OnSession,
    Preview,
    ProposedMark,
    ReportDay,
    ReportEntry,
    ReportFile,
    ReportSession,
)
from marstraining.reported_marks.queries.reported import ReportedSession, reported_session

__all__ = [
    "OnSession",
    "Preview",
    "ProposedMark",
    "ReportDay",
    "ReportEntry",
    "ReportFile",
    "ReportSession",
    "ReportedSession",
    "known_hashes",
    "on_session",
    "preview",
    "report_entries",
    "report_files",
    "report_session",
    "reported_session",
]
