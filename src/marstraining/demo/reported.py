"""The board's calendar and reports that the demo shows: past meetings with their signed papers, the next ones, figures of a year."""

from datetime import date, datetime, time, timedelta

from marstraining.core import config
from marstraining.core.clock import from_wall, today_of
from marstraining.core.db import rows
from marstraining.core.viewer import SYSTEM, Role, Viewer
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
# The second Thursday at which the busiest quarter of the reference year could be reported.
_REFERENCE_MEETING = date(2023, 2, 9)
_PLACE = "Church Square House, Scunthorpe"
# So far ahead is the cut-off of the next meeting's paper.
_CUT_OFF_AHEAD = timedelta(days=3)
_LATER_RISKS = (
    "The largest training room is closed for repairs until the autumn.",
    "Early years settings find it hard to release staff on weekdays.",
)
_RISK = "Two of the six trainers of Child Protection leave the pool in spring."


async def take_reports(*, now: datetime) -> None:
    """Papers of the reference year and of the last two meetings were signed off; the last quarter's report is a draft to look ahead."""
    desk = await _desk()
    await take_annual_snapshot(Period(_REFERENCE_YEAR), by=SYSTEM, now=now)
    await _past_meeting(_REFERENCE_MEETING, risk=_RISK, by=desk)
    *past, following, last = _meetings_around(today_of(now))
    for day, risk in zip(past, _LATER_RISKS, strict=True):
        await _past_meeting(day, risk=risk, by=desk)
    for day in (following, last):
        await add_meeting(_placed(day, today=today_of(now) - timedelta(days=60)), by=desk, now=now)
    ahead, _ = await take_quarterly_snapshot(Period.holding(today_of(now)).step(-1), by=SYSTEM, now=now)
    await name_action(ahead.ref, "Train two more trainers", "Training coordinator", today_of(now) + timedelta(days=70), by=desk, now=now)


async def _past_meeting(day: date, *, risk: str, by: Viewer) -> None:
    """As it was done then, day by day: past days cannot be entered today."""
    past = _placed(day, today=day - timedelta(days=60))
    ref = await add_meeting(past, by=by, now=from_wall(past.cut_off_on - timedelta(days=14), time(10)))
    report = await take_paper(ref, again=True, by=SYSTEM, now=from_wall(past.cut_off_on + timedelta(days=1), time(0, 4)))
    worded = from_wall(past.paper_due_on - timedelta(days=1), time(15, 20))
    await write_wordings(report, {"risks": risk}, by=by, now=worded)
    await sign_off(report, by=by, now=worded + timedelta(minutes=25))


def _placed(day: date, *, today: date) -> MeetingDraft:
    return with_place(proposed_meeting(day, config.current().partnership.working_calendar, today=today), starts=time(14), place=_PLACE)


def _meetings_around(today: date) -> list[date]:
    """Second Thursdays, three months between: two that are over and two to come, the first of these with its data cut-off still ahead."""
    start = today - timedelta(days=10 * 30)
    calendar = config.current().partnership.working_calendar
    rule = MonthlyRule(2, 3, start.year, start.month, every=1, count=20)
    days = [one.day for one in meeting_days(rule, calendar, why_closed=lambda _day: "")]
    cut_offs = [_placed(day, today=today - timedelta(days=60)).cut_off_on for day in days]
    first = next(number for number, day in enumerate(cut_offs) if day >= today + _CUT_OFF_AHEAD)
    return [days[first + months] for months in (-6, -3, 0, 3)]


async def _desk() -> Viewer:
    found = await rows(
        "SELECT person_id FROM people_role_grant WHERE role = ? AND ended_at IS NULL ORDER BY person_id LIMIT 1", Role.DESK.value
    )
    return Viewer(person_id=found[0]["person_id"], roles=frozenset({Role.DESK})) if found else SYSTEM
