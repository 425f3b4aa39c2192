"""The verbs of the register."""

from marstraining.attendance.actions.checking_in import CheckedIn, check_in, close_check_in, open_check_in
from marstraining.attendance.actions.completing import settle_completions
from marstraining.attendance.actions.handing import NewFile, NewReport, hand_out, take_back, write_session_report
from marstraining.attendance.actions.importing import COLUMNS, import_attendance
from marstraining.attendance.actions.locking import lock_register
from marstraining.attendance.actions.marking import Marked, mark_register, open_register
from marstraining.attendance.actions.nagging import ask_for_registers, tell_missed
from marstraining.attendance.actions.walk_ins import NewHere, WalkIn, enter_walk_in

__all__ = [
    "COLUMNS",
    "CheckedIn",
    "Marked",
    "NewFile",
    "NewHere",
    "NewReport",
    "WalkIn",
    "ask_for_registers",
    "check_in",
    "close_check_in",
    "enter_walk_in",
    "hand_out",
    "import_attendance",
    "lock_register",
    "mark_register",
    "open_check_in",
    "open_register",
    "settle_completions",
    "take_back",
    "tell_missed",
    "write_session_report",
]
