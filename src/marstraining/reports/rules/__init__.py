"""What reports decide: periods and figures, the board's calendar."""

from marstraining.reports.rules.figures import (
    LONGEST_WORDING,
    NOT_COLLECTED,
    AnnualFigure,
    Change,
    Figure,
    Measure,
    Period,
    Standing,
    as_plain,
    changes,
    check_begun,
    check_wording,
    content_hash,
    from_plain,
    printed,
    read_quarter,
    read_year,
)
from marstraining.reports.rules.meetings import (
    LONGEST_NOTE,
    LONGEST_PLACE,
    REMINDED_BEFORE,
    SHOWN_WITHIN,
    MeetingDraft,
    MonthlyRule,
    PaperState,
    PlannedDay,
    days_ahead,
    is_late,
    meeting_days,
    meeting_faults,
    paper_state,
    proposed_meeting,
    with_place,
    working_days_until,
)

__all__ = [
    "LONGEST_NOTE", "LONGEST_PLACE", "LONGEST_WORDING", "NOT_COLLECTED", "REMINDED_BEFORE", "SHOWN_WITHIN", "AnnualFigure", "Change",
    "Figure", "Measure", "MeetingDraft", "MonthlyRule", "PaperState", "Period", "PlannedDay", "Standing", "as_plain", "changes",
    "check_begun", "check_wording", "content_hash", "days_ahead", "from_plain", "is_late", "meeting_days", "meeting_faults",
    "paper_state", "printed", "proposed_meeting", "read_quarter", "read_year", "with_place", "working_days_until",
]  # fmt: skip
