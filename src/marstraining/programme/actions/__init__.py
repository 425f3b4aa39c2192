"""The verbs of the programme: courses, venues, sessions, training days, trainers, series, imports."""

from marstraining.programme.actions.changes import cancel_session, make_online, move_session_dates, postpone_session_dates
from marstraining.programme.actions.courses import draft_of_course, save_course, save_venue
from marstraining.programme.actions.days import add_day, cancel_day, move_day
from marstraining.programme.actions.deciding import confirm_numbers, count_heads, decide_to_run
from marstraining.programme.actions.imports import import_courses, import_sessions
from marstraining.programme.actions.inviting import invite_people, uninvite
from marstraining.programme.actions.planning import Rolled, create_series, create_year, plan_series, plan_year
from marstraining.programme.actions.sessions import (
    copy_session,
    create_session,
    delete_draft,
    draft_of,
    edit_session,
    publish_due_sessions,
    publish_series,
    publish_session,
    set_capacity,
)
from marstraining.programme.actions.topics import put_topic
from marstraining.programme.actions.trainers import answer_as_trainer, ask_trainer, remove_trainer, told_when_taken_off

__all__ = [
    "Rolled",
    "add_day",
    "answer_as_trainer",
    "ask_trainer",
    "cancel_day",
    "cancel_session",
    "confirm_numbers",
    "copy_session",
    "count_heads",
    "create_series",
    "create_session",
    "create_year",
    "decide_to_run",
    "delete_draft",
    "draft_of",
    "draft_of_course",
    "edit_session",
    "import_courses",
    "import_sessions",
    "invite_people",
    "make_online",
    "move_day",
    "move_session_dates",
    "plan_series",
    "plan_year",
    "postpone_session_dates",
    "publish_due_sessions",
    "publish_series",
    "publish_session",
    "put_topic",
    "remove_trainer",
    "save_course",
    "save_venue",
    "set_capacity",
    "told_when_taken_off",
    "uninvite",
]
