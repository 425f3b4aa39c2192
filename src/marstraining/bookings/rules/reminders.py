"""When a learner is reminded, and until when that is still of use (calendar_and_letters.md, Letters 5)."""

from datetime import datetime, time, timedelta

from marstraining.core.clock import from_wall, local
from marstraining.core.values import frozen
from marstraining.core.working_time import WorkingCalendar

JOINING_INSTRUCTIONS = "joining_instructions"
_TWO_WEEKS = timedelta(days=14)
_JOINING_WORKING_DAYS = 5
_DAY_BEFORE_AT = time(9)
_TWO_WEEKS_LATEST = timedelta(days=5)
TEMPLATES = ("reminder_two_weeks", "joining_instructions", "reminder_day_before")
LONGEST_BEFORE = timedelta(days=21)


@frozen
class Reminder:
    """One kind of reminder: the letter, when it is due and after when it would only confuse."""

    template: str
    due_at: datetime
    useful_until: datetime


def reminders_of(*, starts_at: datetime, calendar: WorkingCalendar) -> tuple[Reminder, ...]:
    """The reminders of a session: two weeks before, joining instructions, and the working day before at 09:00 wall clock."""
    joining_at = calendar.working_days_before(starts_at, _JOINING_WORKING_DAYS)
    day_before = from_wall(calendar.working_day_before(local(starts_at).date()), _DAY_BEFORE_AT)
    two_weeks = _same_wall_clock(starts_at, _TWO_WEEKS)
    return (
        Reminder("reminder_two_weeks", two_weeks, min(two_weeks + _TWO_WEEKS_LATEST, joining_at)),
        Reminder(JOINING_INSTRUCTIONS, joining_at, starts_at),
        Reminder("reminder_day_before", day_before, starts_at),
    )


def _same_wall_clock(instant: datetime, before: timedelta) -> datetime:
    wall = local(instant)
    return from_wall(wall.date() - before, wall.time())
