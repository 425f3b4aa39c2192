"""Reads of attendance: figures, registers, what files and reports are read against."""

from marstraining.attendance.queries.figures import (
    CourseFigures,
    attended_by_course,
    attended_by_session,
    organisations_represented,
)
from marstraining.attendance.queries.lookups import (
    HeldDay,
    KnownMark,
    agency_ids,
    completions,
    course_ids,
    current_marks,
    held_days,
    managed_learner_ids,
    person_ids,
)
from marstraining.attendance.queries.registers import (
    CompletedSession,
    RegisterDay,
    RegisterState,
    StandingMark,
    completed_session,
    markable,
    register_of,
    standing_marks,
    taught_days,
    unmarked,
)
from marstraining.attendance.queries.reported import ReportedSession, reported_session

__all__ = [
    "CompletedSession",
    "CourseFigures",
    "HeldDay",
    "KnownMark",
    "RegisterDay",
    "RegisterState",
    "ReportedSession",
    "StandingMark",
    "agency_ids",
    "attended_by_course",
    "attended_by_session",
    "completed_session",
    "completions",
    "course_ids",
    "current_marks",
    "held_days",
    "managed_learner_ids",
    "markable",
    "organisations_represented",
    "person_ids",
    "register_of",
    "reported_session",
    "standing_marks",
    "taught_days",
    "unmarked",
]
