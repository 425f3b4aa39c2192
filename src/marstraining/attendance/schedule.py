"""When exports come round: mornings of Mondays, of first days of months and of quarters, each over the time that just ended."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from marstraining.core.clock import from_wall, local

_SENT_AT = time(8, 0)


class Every(StrEnum):
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


EVERY_WORDS = {Every.WEEK: "weekly", Every.MONTH: "monthly", Every.QUARTER: "quarterly"}


def next_time(every: Every, *, after: datetime) -> datetime:
    """The first morning, 08:00 in London, after an instant."""
    start = begun(every, local(after).date())
    if from_wall(start, _SENT_AT) > after:
        return from_wall(start, _SENT_AT)
    return from_wall(_following(every, start), _SENT_AT)


def span_before(every: Every, at: datetime) -> tuple[date, date]:
    """First and last day of the week, month or quarter that ended before the one in which an instant lies."""
    last = begun(every, local(at).date()) - timedelta(days=1)
    return begun(every, last), last


def begun(every: Every, day: date) -> date:
    """The first day of the week, month or quarter in which a day lies."""
    if every == Every.WEEK:
        return day - timedelta(days=day.weekday())
    month = day.month if every == Every.MONTH else (day.month - 1) // 3 * 3 + 1
    return date(day.year, month, 1)


def _following(every: Every, start: date) -> date:
    # The longest of each ends within so many days, and the next is not over by then.
    return begun(every, start + timedelta(days={Every.WEEK: 7, Every.MONTH: 32, Every.QUARTER: 93}[every]))
