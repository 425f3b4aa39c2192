"""The board's calendar and reports that the demo shows: a past meeting with its signed paper, the next ones, figures of a year."""

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
_RISK = "Two of the six trainers of Child Protection leave the pool in spring."


async def take_reports(*, now: datetime) -> None:
    """A paper of the reference year was signed off; the last quarter's report is a draft, taken by hand to look ahead."""
    desk = await _desk()
    await take_annual_snapshot(Period(_REFERENCE_YEAR), by=SYSTEM, now=now)
    await _past_meeting(by=desk)
    for draft in _coming_meetings(today_of(now)):
        await add_meeting(draft, by=desk, now=now)
    ahead, _ = await take_quarterly_snapshot(Period.holding(today_of(now)).step(-1), by=SYSTEM, now=now)
    await name_action(ahead.ref, "Train two more trainers", "Training coordinator", today_of(now) + timedelta(days=70), by=desk, now=now)


async def _past_meeting(*, by: Viewer) -> None:
    """As it was done then, day by day: past days cannot be entered today."""
    calendar = config.current().partnership.working_calendar
    past = with_place(
        proposed_meeting(_REFERENCE_MEETING, calendar, today=_REFERENCE_MEETING - timedelta(days=60)), starts=time(14), place=_PLACE
    )
    ref = await add_meeting(past, by=by, now=from_wall(past.cut_off_on - timedelta(days=14), time(10)))
    report = await take_paper(ref, again=True, by=SYSTEM, now=from_wall(past.cut_off_on + timedelta(days=1), time(0, 4)))
    worded = from_wall(past.paper_due_on - timedelta(days=1), time(15, 20))
    await write_wordings(report, {"risks": _RISK}, by=by, now=worded)
    await sign_off(report, by=by, now=worded + timedelta(minutes=25))


def _coming_meetings(today: date) -> list[MeetingDraft]:
    """Second Thursdays, three months between: of the first the data cut-off is still some days ahead."""
    calendar = config.current().partnership.working_calendar
    days = meeting_days(MonthlyRule(2, 3, today.year, today.month, every=1, count=10), calendar, why_closed=lambda _day: "")
    drafts = [proposed_meeting(one.day, calendar, today=today - timedelta(days=60)) for one in days]
    first = next(number for number, draft in enumerate(drafts) if draft.cut_off_on >= today + _CUT_OFF_AHEAD)
    return [with_place(drafts[number], starts=time(14), place=_PLACE) for number in (first, first + 3)]


async def _desk() -> Viewer:
    found = await rows(
        "SELECT person_id FROM people_role_grant WHERE role = ? AND ended_at IS NULL ORDER BY person_id LIMIT 1", Role.DESK.value
    )
    return Viewer(person_id=found[0]["person_id"], roles=frozenset({Role.DESK})) if found else SYSTEM
