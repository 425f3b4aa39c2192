"""What a phrase of dates means, as plain values."""

from datetime import date
from enum import StrEnum

from marstraining.core.values import frozen


class Precision(StrEnum):
    """How exactly a date was said: what to write back, and whether a miss by a day matters."""

    DAY = "day"
    WEEKEND = "weekend"
    WEEK = "week"
    MONTH = "month"
    TERM = "term"
    YEAR = "year"
    RANGE = "range"


@frozen
class DateRange:
    """Days in London, both included; `end` None is open. `words` are those it was read from, as they were typed.

    `alternatives` are the other readings of the same words ("next Friday"): where there are any, ask. `is_unpublished` where it
    leans on a school year whose dates are not published.
    """

    start: date
    end: date | None
    precision: Precision
    words: str
    alternatives: tuple["DateRange", ...] = ()
    is_unpublished: bool = False
