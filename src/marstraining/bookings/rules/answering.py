"""Until when an invitation to confirm, or a request for approval, can be answered."""

from datetime import datetime

from marstraining.core.working_time import WorkingCalendar

# booking.md, Agencies 2: five working days, or ten before the session if that is sooner, but never less than four working hours.
_LASTS_DAYS = 5
_ENDS_BEFORE_DAYS = 10
_LEAST_HOURS = 4


def answer_by(*, now: datetime, starts_at: datetime, calendar: WorkingCalendar) -> datetime:
    """Until when an invitation, or a request for approval, can be answered; never later than the session's start."""
    lasts = min(calendar.add_working_days(now, _LASTS_DAYS), calendar.working_days_before(starts_at, _ENDS_BEFORE_DAYS))
    return min(max(lasts, calendar.add_working_hours(now, _LEAST_HOURS)), starts_at)


def remind_at(*, asked_at: datetime, answer_by: datetime, calendar: WorkingCalendar) -> datetime:
    """Halfway in working time between the asking and the deadline."""
    return calendar.add_working_hours(asked_at, calendar.working_hours_between(asked_at, answer_by) / 2)
