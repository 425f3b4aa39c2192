"""The verbs of the register."""

from marstraining.attendance.actions.completing import settle_completions
from marstraining.attendance.actions.importing import COLUMNS, import_attendance
from marstraining.attendance.actions.locking import lock_register
from marstraining.attendance.actions.marking import Marked, mark_register, open_register

__all__ = [
    "COLUMNS",
    "Marked",
    "import_attendance",
    "lock_register",
    "mark_register",
    "open_register",
    "settle_completions",
]
