"""The board's calendar and reports that the demo shows: a past meeting with its signed paper, the next ones, the reference year's figures."""

from datetime import date, datetime, time, timedelta

from marstraining.core import config
from marstraining.core.clock import from_wall, today_of
from marstraining.core.viewer import SYSTEM
from marstraining.reports.actions import (
    add_meeting,
    name_action,
    sign_off,
    take_annual_snapshot,
    take_paper,
    take_quarterly_snapshot,
    write_wordings,
)
from marstraining.reports.rules import MeetingDraft, MonthlyRule, Period, meeting_days, proposed_meeting, with_place

_REFERENCE_YEAR = 2022
_PLACE = "Church Square House, Scunthorpe"
_NIGHT = timedelta(minutes=4)
# So far ahead is the cut-off of the next meeting's paper.
_CUT_OFF_AHEAD = timedelta(days=3)
_RISK = "Two of the six trainers for safeguarding and child protection leave the pool in spring."


async def take_reports(*, now: datetime) -> None:
    """The reference year's are signed off; the last quarter's is a draft, taken by hand to look ahead."""
    await take_annual_snapshot(Period(_REFERENCE_YEAR), by=SYSTEM, now=now)
    signed, _ = await take_quarterly_snapshot(Period(_REFERENCE_YEAR, 3), by=SYSTEM, now=now)
    await sign_off(signed.ref, by=SYSTEM, now=now)
    await keep_calendar(now=now)
    await take_quarterly_snapshot(Period.holding(today_of(now)).step(-1), by=SYSTEM, now=now)


async def keep_calendar(*, now: datetime) -> None:
    """Second Thursdays each quarter: the last one met, with a paper that was signed in time; the cut-off of the next is still ahead."""
    past, *coming = _meetings(today_of(now))
    # As it was done then: past days cannot be entered today.
    added = from_wall(past.cut_off_on - timedelta(days=14), time(10))
    ref = await add_meeting(past, by=SYSTEM, now=added)
    taken = from_wall(past.cut_off_on + timedelta(days=1), time()) + _NIGHT
    report = await take_paper(ref, by=SYSTEM, now=taken)
    worded = from_wall(past.paper_due_on - timedelta(days=1), time(15, 20))
    await write_wordings(report, {"risks": _RISK}, by=SYSTEM, now=worded)
    await name_action(report, "Train two more trainers", "Training coordinator", today_of(now) + timedelta(days=40), by=SYSTEM, now=worded)
    await sign_off(report, by=SYSTEM, now=worded + timedelta(minutes=25))
    for draft in coming:
        await add_meeting(draft, by=SYSTEM, now=now)


def _meetings(today: date) -> list[MeetingDraft]:
    calendar = config.current().partnership.working_calendar
    first = Period.holding(today).step(-1).first
    rule = MonthlyRule(2, 3, first.year, first.month, every=1, count=12)
    days = [one.day for one in meeting_days(rule, calendar, why_closed=lambda _day: "")]
    ahead = next(
        number for number, day in enumerate(days) if proposed_meeting(day, calendar, today=first).cut_off_on >= today + _CUT_OFF_AHEAD
    )
    # Three months lie between, so that each reports the quarter after the other's.
    known: list[MeetingDraft] = []
    for day in _quarterly(days, ahead):
        draft = proposed_meeting(day, calendar, today=first, reported=[one.period for one in known])
        known.append(with_place(draft, starts=time(14), place=_PLACE))
    return known


def _quarterly(days: list[date], ahead: int) -> list[date]:
    return [days[number] for number in (ahead - 3, ahead, ahead + 3) if 0 <= number < len(days)]
