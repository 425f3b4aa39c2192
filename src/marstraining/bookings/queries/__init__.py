"""Reads of bookings: places, one learner's situation, the waiting list, a learner's own bookings."""

from marstraining.bookings.queries.allocations import shares_of
from marstraining.bookings.queries.holding import capacity_of, held_of
from marstraining.bookings.queries.looking import Existing, Looked, Relooked, look, look_again
from marstraining.bookings.queries.next_dates import NextDate, OfferedDate, next_date_of, offered_dates
from marstraining.bookings.queries.places import OVERSOLD, Places, oversold_sessions, places
from marstraining.bookings.queries.situations import (
    LearnerRow,
    Post,
    SessionRow,
    conflicts,
    learner_rows,
    posts_of,
    session_row,
    trainer_state,
)
from marstraining.bookings.queries.waiting import Counted, Entry, counted, position_in_line, waiting_list

__all__ = [
    "OVERSOLD",
    "Counted",
    "Entry",
    "Existing",
    "LearnerRow",
    "Looked",
    "NextDate",
    "OfferedDate",
    "Places",
    "Post",
    "Relooked",
    "SessionRow",
    "capacity_of",
    "conflicts",
    "counted",
    "held_of",
    "learner_rows",
    "look",
    "look_again",
    "next_date_of",
    "offered_dates",
    "oversold_sessions",
    "places",
    "position_in_line",
    "posts_of",
    "session_row",
    "shares_of",
    "trainer_state",
    "waiting_list",
]
