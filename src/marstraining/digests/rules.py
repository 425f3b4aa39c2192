"""When a digest is due: on a working day's morning, in the daytime, once a day at most; some of it once a week."""

from datetime import date, datetime, timedelta

from marstraining.core.clock import local
from marstraining.core.working_time import WorkingCalendar
from marstraining.messages.rules import NOT_BEFORE
from marstraining.people.rules import DigestChoice

# How many lines of a kind a letter shows; the rest stands on the page that it leads to.
MOST_LINES = 40
DUE_WITHIN = timedelta(days=30)
# What is told ends this long ago: a booking made just now may not be there to be read yet, and would be told by nobody.
SETTLED_AFTER = timedelta(minutes=2)


def is_time_to_write(now: datetime, calendar: WorkingCalendar) -> bool:
    """Whether digests may be written now: on a working day, from 7:30am until its end, in London."""
    wall = local(now)
    return calendar.is_working_day(wall.date()) and NOT_BEFORE <= wall.time() < calendar.day_ends


def is_weekly(*, weekly_on: date, today: date) -> bool:
    """Whether what comes once a week is due: on Monday, or on the first day after it on which digests are written."""
    return weekly_on < _monday(today)


def is_due(choice: DigestChoice, *, looked_on: date | None, weekly_on: date, today: date) -> bool:
    """Whether a lead is to be looked at today; `looked_on` is the last day on which they were."""
    if choice == DigestChoice.NEVER or (looked_on is not None and looked_on >= today):
        return False
    return choice == DigestChoice.DAILY or is_weekly(weekly_on=weekly_on, today=today)


def begins_weekly_on(today: date, calendar: WorkingCalendar) -> date:
    """What stands for the last weekly day of a lead who is new today: this week's first working day is still theirs, later ones are not."""
    earlier = (_monday(today) + timedelta(days=number) for number in range(today.weekday()))
    return _monday(today) if any(calendar.is_working_day(day) for day in earlier) else _monday(today) - timedelta(days=1)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
