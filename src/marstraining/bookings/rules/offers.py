"""To whom a freed place goes next, for how long it is offered, and what changes in the last two working days."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from marstraining.bookings.rules.places import Capacity, Held, free_places
from marstraining.bookings.rules.states import Mode, Standby
from marstraining.core.values import frozen
from marstraining.core.working_time import WorkingCalendar
from marstraining.programme.rules import SessionState

STANDBY_WORKING_DAYS = 2
STANDBY_ANSWER_HOURS = 4
_FAR_OFF_WORKING_DAYS = 15
_NEAR_WORKING_DAYS = 5


class Period(StrEnum):
    """What may happen to a freed place now."""

    TIMED_OFFERS = "timed offers"
    STANDBY = "standby"
    NONE = "none"


@frozen
class OfferHours:
    """Working hours that an offer lasts: 15 working days before the session or more, 5 to 14, and less."""

    far_off: float = 30.0
    middle: float = 10.0
    near: float = 4.0


@frozen
class Candidate:
    """An entry of the waiting list, as far as choosing needs it."""

    booking_id: int
    mode: str
    standby: str
    standby_asked_at: datetime | None
    standby_answered_at: datetime | None
    has_clash: bool = False


def period_of(
    *, state: str, is_promotion_on: bool, starts_at: datetime, closes_at: datetime | None, now: datetime, calendar: WorkingCalendar
) -> Period:
    """Which rule a freed place follows: none once closed, called off or past, or with promotion off (Waiting list 4, 5)."""
    if state != SessionState.PUBLISHED or not is_promotion_on or now >= starts_at:
        return Period.NONE
    if closes_at is not None and now >= closes_at:
        return Period.NONE
    if now >= calendar.working_days_before(starts_at, STANDBY_WORKING_DAYS):
        return Period.STANDBY
    return Period.TIMED_OFFERS


def offer_expires_at(
    *,
    now: datetime,
    starts_at: datetime,
    calendar: WorkingCalendar,
    hours: OfferHours,
    hours_by_desk: int | None = None,
    school_holidays: Sequence[tuple[date, date]] = (),
) -> datetime:
    """When an offer made now runs out (booking.md, Waiting list 3).

    `school_holidays` are given for education learners only; they stop the clock unless the session is within 15 working
    days. An offer never outlasts the session's start.
    """
    is_far_off = now <= calendar.working_days_before(starts_at, _FAR_OFF_WORKING_DAYS)
    if hours_by_desk is not None:
        lasts = float(hours_by_desk)
    elif is_far_off:
        lasts = hours.far_off
    elif now <= calendar.working_days_before(starts_at, _NEAR_WORKING_DAYS):
        lasts = hours.middle
    else:
        lasts = hours.near
    paused = tuple(school_holidays) if is_far_off else ()
    return min(calendar.add_working_hours(now, lasts, paused=paused), starts_at)


def is_eligible_waiting(candidate: Candidate, *, period: Period, answer_by: datetime | None, now: datetime) -> bool:
    """Whether an entry still stands before a stranger.

    In the standby period "leave me" does not, nor who is booked elsewhere at that time, and "ask me" stops doing so when
    `answer_by` has passed without an answer.
    """
    if period != Period.STANDBY:
        return True
    if candidate.standby == Standby.BOOK_ME_IN:
        return not candidate.has_clash
    if candidate.standby == Standby.LEAVE_ME:
        return False
    has_said_yes = candidate.standby_answered_at is not None and not candidate.has_clash
    return has_said_yes or answer_by is None or now < answer_by


def standby_answer_by(candidates: Iterable[Candidate], *, calendar: WorkingCalendar) -> datetime | None:
    """When those who said "ask me" must have answered: four working hours after the first of them was asked; None if nobody was."""
    asked = [candidate.standby_asked_at for candidate in candidates if candidate.standby_asked_at]
    return calendar.add_working_hours(min(asked), STANDBY_ANSWER_HOURS) if asked else None


def eligible_on_standby(candidates: Iterable[Candidate], *, calendar: WorkingCalendar, now: datetime) -> list[Candidate]:
    """Those of the list who still stand before a stranger in the last two working days: each has four working hours of their own."""
    return [
        candidate
        for candidate in candidates
        if is_eligible_waiting(candidate, period=Period.STANDBY, answer_by=standby_answer_by([candidate], calendar=calendar), now=now)
    ]


def with_waiting(held: Held, candidates: Sequence[Candidate]) -> Held:
    """The counts with these alone waiting."""
    modes = [candidate.mode for candidate in candidates]
    return replace(held, waiting=len(modes), waiting_room=modes.count(Mode.ROOM), waiting_online=modes.count(Mode.ONLINE))


def choose_next(queue: Iterable[Candidate], *, capacity: Capacity, held: Held) -> Candidate | None:
    """The first in line that fits what is free: whoever does not fit is skipped and keeps their place (Waiting list 6)."""
    for candidate in queue:
        free = free_places(capacity, held, candidate.mode, behind_the_list=False)
        if free is None or free > 0:
            return candidate
    return None


def rejoin_time(last: datetime | None, now: datetime) -> datetime:
    """A joining time at the tail: never before the last one there, whatever the machines' clocks say."""
    return now if last is None or last < now else last + timedelta(microseconds=1)
