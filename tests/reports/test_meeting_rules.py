"""The board's calendar as plain values: what is proposed, what is refused, a year by a rule."""

from datetime import date, datetime

import pytest

from marstraining.core.bank_holidays import bank_holidays
from marstraining.core.working_time import WorkingCalendar
from marstraining.reports.rules import (
    MonthlyRule,
    PaperState,
    Period,
    days_ahead,
    is_late,
    meeting_days,
    meeting_faults,
    paper_state,
    proposed_meeting,
    working_days_until,
)
from tests.reports.quarters import QUARTER, a_meeting

CALENDAR = WorkingCalendar()
TODAY = date(2026, 3, 9)


def why_closed(day: date) -> str:
    return bank_holidays(day.year).get(day, "closed")


def test_the_usual_dates_are_counted_in_working_days_over_christmas() -> None:
    draft = proposed_meeting(date(2027, 1, 12), CALENDAR, today=TODAY)
    # Five working days before the 12th, and ten before that: Christmas Day, Boxing Day's substitute and New Year's Day are none.
    assert (draft.paper_due_on, draft.cut_off_on, draft.period) == (date(2027, 1, 5), date(2026, 12, 17), Period(2026, 2))


@pytest.mark.parametrize(
    ("meets_on", "period"),
    [
        # Its cut-off is the last day of the quarter, which is then over at the end of it.
        (date(2026, 7, 21), Period(2026, 1)),
        (date(2026, 7, 20), Period(2025, 4)),
    ],
)
def test_the_period_is_the_last_quarter_that_is_over_at_the_cut_off(meets_on: date, period: Period) -> None:
    assert proposed_meeting(meets_on, CALENDAR, today=TODAY).period == period


def test_for_a_meeting_soon_the_cut_off_is_today_and_the_paper_is_due_tomorrow() -> None:
    draft = proposed_meeting(date(2026, 3, 12), CALENDAR, today=TODAY)
    assert (draft.cut_off_on, draft.paper_due_on) == (TODAY, date(2026, 3, 10))


def test_a_good_meeting_has_no_fault() -> None:
    assert meeting_faults(a_meeting(), today=TODAY) == {}


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"meets_on": date(2026, 3, 6), "paper_due_on": date(2026, 3, 5), "cut_off_on": date(2026, 3, 4)}, "meets_on", "today or later"),
        ({"paper_due_on": date(2026, 3, 27)}, "paper_due_on", "before the meeting on 27 March 2026"),
        ({"paper_due_on": date(2026, 3, 6), "cut_off_on": date(2026, 3, 5)}, "paper_due_on", "must be today or later"),
        ({"cut_off_on": date(2026, 3, 18)}, "cut_off_on", "before the paper is due on 18 March 2026"),
        ({"cut_off_on": date(2026, 3, 8)}, "cut_off_on", "cannot be taken any more"),
        ({"period": Period(2026, 1)}, "period", "Quarter 1 of 2026/27 begins on 1 April 2026, after the data cut-off"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(changes: dict[str, object], field: str, said: str) -> None:
    assert said in meeting_faults(a_meeting(**changes), today=TODAY)[field]


def test_two_meetings_share_neither_a_day_nor_a_period() -> None:
    other = a_meeting(place="Elsewhere")
    faults = meeting_faults(a_meeting(), others=[other], today=TODAY)
    assert sorted(faults) == ["meets_on", "period"]
    assert faults["period"].startswith("The meeting of 27 March 2026 reports quarter 3 of 2025/26 already")


def test_dates_that_stay_may_be_past_and_what_a_signed_paper_was_made_of_stays() -> None:
    later = date(2026, 3, 25)
    before = a_meeting()
    assert meeting_faults(a_meeting(place="Moved"), before=before, is_signed=True, today=later) == {}
    changed = a_meeting(cut_off_on=date(2026, 3, 12), period=QUARTER.step(-1))
    assert {name: "signed off" in said for name, said in meeting_faults(changed, before=before, is_signed=True, today=TODAY).items()} == {
        "cut_off_on": True, "period": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("has_report", "is_signed", "today", "state"),
    [
        (False, False, date(2026, 3, 11), PaperState.NOT_TAKEN),
        (False, False, date(2026, 3, 12), PaperState.LATE),
        (False, False, date(2026, 3, 28), PaperState.NONE),
        (True, False, date(2026, 3, 12), PaperState.DRAFTED),
        (True, True, date(2026, 4, 1), PaperState.SIGNED),
    ],
)
def test_a_paper_says_how_far_it_is(*, has_report: bool, is_signed: bool, today: date, state: PaperState) -> None:
    draft = a_meeting()
    assert paper_state(
        has_report=has_report, is_signed=is_signed, cut_off_on=draft.cut_off_on, meets_on=draft.meets_on, today=today
    ) == state  # fmt: skip


@pytest.mark.parametrize(
    ("taken_at", "late"),
    [
        ("2026-03-12T00:01:00+00:00", False),
        ("2026-03-12T05:59:00+00:00", False),
        ("2026-03-12T06:00:00+00:00", True),
        ("2026-03-14T00:01:00+00:00", True),
    ],
)
def test_figures_are_late_once_somebody_may_have_worked_on_registers_again(taken_at: str, *, late: bool) -> None:
    assert is_late(date(2026, 3, 11), datetime.fromisoformat(taken_at)) is late


def test_a_year_by_a_rule_skips_bank_holidays_by_a_week_and_says_so() -> None:
    # The first Mondays of January, April, July and October 2027, and of May, which is a bank holiday.
    quarterly = meeting_days(MonthlyRule(1, 0, 2027, 1), CALENDAR, why_closed=why_closed)
    assert [one.day for one in quarterly] == [date(2027, 1, 4), date(2027, 4, 5), date(2027, 7, 5), date(2027, 10, 4)]
    [may] = meeting_days(MonthlyRule(1, 0, 2027, 5, count=1), CALENDAR, why_closed=why_closed)
    assert (may.day, may.instead_of, may.why) == (date(2027, 5, 10), date(2027, 5, 3), "May Day")
    [last] = meeting_days(MonthlyRule(0, 0, 2027, 8, count=1), CALENDAR, why_closed=why_closed)
    assert (last.day, last.instead_of) == (date(2027, 8, 23), date(2027, 8, 30))
    [second] = meeting_days(MonthlyRule(2, 3, 2027, 1, count=1), CALENDAR, why_closed=why_closed)
    assert second.day == date(2027, 1, 14)
    closed = WorkingCalendar(closed_days=frozenset({date(2027, 1, 14)}))
    [moved] = meeting_days(MonthlyRule(2, 3, 2027, 1, count=1), closed, why_closed=why_closed)
    assert (moved.day, moved.why) == (date(2027, 1, 21), "closed")


def test_a_year_of_quarterly_meetings_reports_each_quarter_once() -> None:
    days = meeting_days(MonthlyRule(2, 3, 2026, 4), CALENDAR, why_closed=why_closed)
    drafts = [proposed_meeting(one.day, CALENDAR, today=TODAY) for one in days]
    assert [one.period for one in drafts] == [Period(2025, 3), Period(2025, 4), Period(2026, 1), Period(2026, 2)]
    assert [dict(meeting_faults(one, others=[two for two in drafts if two is not one], today=TODAY)) for one in drafts] == [{}] * 4


def test_working_days_ahead_and_until_agree() -> None:
    friday = date(2026, 4, 2)
    # Good Friday and Easter Monday lie between.
    assert (working_days_until(CALENDAR, friday, date(2026, 4, 7)), days_ahead(CALENDAR, friday, 1)) == (1, date(2026, 4, 7))
    for number in range(12):
        last = days_ahead(CALENDAR, TODAY, number)
        assert (
            working_days_until(CALENDAR, TODAY, last)
            == number
            < working_days_until(CALENDAR, TODAY, date.fromordinal(last.toordinal() + 1))
        )
    assert (working_days_until(CALENDAR, TODAY, TODAY), working_days_until(CALENDAR, date(2026, 3, 19), date(2026, 3, 18))) == (0, -1)
