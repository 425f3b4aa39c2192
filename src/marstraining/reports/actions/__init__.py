"""The verbs of reports: freezing figures, wording and signing off, keeping the board's calendar, what falls due."""

from marstraining.reports.actions.meetings import add_meeting, add_meetings, change_meeting, remove_meeting
from marstraining.reports.actions.papers import remind_of_papers, take_due_papers, take_paper
from marstraining.reports.actions.taking import take_annual_snapshot, take_quarterly_snapshot
from marstraining.reports.actions.wording import (
    drop_action,
    finish_action,
    name_action,
    sign_off,
    take_signature_back,
    write_wordings,
)

__all__ = [
    "add_meeting", "add_meetings", "change_meeting", "drop_action", "finish_action", "name_action", "remind_of_papers", "remove_meeting",
    "sign_off", "take_annual_snapshot", "take_due_papers", "take_paper", "take_quarterly_snapshot", "take_signature_back",
    "write_wordings",
]  # fmt: skip
