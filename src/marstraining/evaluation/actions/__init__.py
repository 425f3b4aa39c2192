"""Verbs of evaluation."""

from marstraining.evaluation.actions.answering import (
    Sent,
    answer_by_buttons,
    answer_by_link,
    answer_in_the_room,
    enter_from_paper,
    enter_the_room,
    worries_in,
)
from marstraining.evaluation.actions.asking import (
    ask_after_sessions,
    ask_partners,
    give_on_paper,
    open_survey,
    partners_reached,
    remind_of_surveys,
)
from marstraining.evaluation.actions.closing import close_surveys, erase_old_answers
from marstraining.evaluation.actions.instruments import (
    assign_instrument,
    end_area,
    make_instrument,
    put_ready_surveys,
    save_version,
    set_area,
)
from marstraining.evaluation.actions.moderating import moderate_comment
from marstraining.evaluation.actions.waves import ask_beforehand, ask_follow_ups, ask_managers, switch_managers

__all__ = [
    "Sent",
    "answer_by_buttons",
    "answer_by_link",
    "answer_in_the_room",
    "ask_after_sessions",
    "ask_beforehand",
    "ask_follow_ups",
    "ask_managers",
    "ask_partners",
    "assign_instrument",
    "close_surveys",
    "end_area",
    "enter_from_paper",
    "enter_the_room",
    "erase_old_answers",
    "give_on_paper",
    "make_instrument",
    "moderate_comment",
    "open_survey",
    "partners_reached",
    "put_ready_surveys",
    "remind_of_surveys",
    "save_version",
    "set_area",
    "switch_managers",
    "worries_in",
]
