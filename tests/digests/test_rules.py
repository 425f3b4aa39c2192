from datetime import date, datetime, time

import pytest

from marstraining.core.clock import from_wall
from marstraining.core.working_time import WorkingCalendar
from marstraining.digests.rules import begins_weekly_on, is_due, is_time_to_write, is_weekly
from marstraining.people.rules import DigestChoice

CALENDAR = WorkingCalendar(closed_days=frozenset({date(2026, 12, 29)}))
MONDAY, TUESDAY = date(2026, 3, 9), date(2026, 3, 10)
EASTER_MONDAY = date(2026, 4, 6)


@pytest.mark.parametrize(
    ("day", "at", "is_time"),
    [
        (MONDAY, time(7, 29), False),
        (MONDAY, time(7, 30), True),
        (MONDAY, time(17, 59), True),
        (MONDAY, time(18), False),
        (date(2026, 3, 14), time(9), False),
        (EASTER_MONDAY, time(9), False),
        (date(2026, 12, 29), time(9), False),
        # On either side of both changes of the clocks, and in summer.
        (date(2026, 3, 27), time(7, 30), True),
        (date(2026, 3, 30), time(7, 29), False),
        (date(2026, 3, 30), time(7, 30), True),
        (date(2026, 7, 1), time(7, 30), True),
        (date(2026, 10, 26), time(7, 30), True),
    ],
)
def test_digests_are_written_in_the_daytime_of_working_days_in_london(day: date, at: time, is_time: bool) -> None:  # noqa: FBT001
    assert is_time_to_write(from_wall(day, at), CALENDAR) == is_time


def test_half_past_seven_is_londons() -> None:
    assert not is_time_to_write(datetime.fromisoformat("2026-07-01T06:29:00+00:00"), CALENDAR)
    assert is_time_to_write(datetime.fromisoformat("2026-07-01T06:30:00+00:00"), CALENDAR)


@pytest.mark.parametrize(
    ("choice", "looked_on", "weekly_on", "today", "due"),
    [
        (DigestChoice.DAILY, None, MONDAY, TUESDAY, True),
        (DigestChoice.DAILY, MONDAY, MONDAY, TUESDAY, True),
        (DigestChoice.DAILY, TUESDAY, MONDAY, TUESDAY, False),
        # A clock that was put back tells nothing twice.
        (DigestChoice.DAILY, TUESDAY, MONDAY, MONDAY, False),
        (DigestChoice.WEEKLY, MONDAY, MONDAY, TUESDAY, False),
        (DigestChoice.WEEKLY, MONDAY, MONDAY, date(2026, 3, 16), True),
        (DigestChoice.NEVER, None, date(2026, 1, 5), TUESDAY, False),
    ],
)
def test_a_lead_is_looked_at_once_a_day_or_week_or_never(
    choice: DigestChoice,
    looked_on: date | None,
    weekly_on: date,
    today: date,
    due: bool,  # noqa: FBT001
) -> None:
    assert is_due(choice, looked_on=looked_on, weekly_on=weekly_on, today=today) == due


def test_what_comes_on_monday_comes_on_tuesday_after_a_bank_holiday() -> None:
    assert not is_weekly(weekly_on=date(2026, 3, 30), today=date(2026, 4, 2))
    assert is_weekly(weekly_on=date(2026, 3, 30), today=date(2026, 4, 7))
    assert not is_weekly(weekly_on=date(2026, 4, 7), today=date(2026, 4, 8))


@pytest.mark.parametrize(
    ("today", "is_theirs"),
    [(MONDAY, True), (TUESDAY, False), (date(2026, 4, 7), True), (date(2026, 4, 8), False), (date(2026, 3, 15), False)],
)
def test_a_lead_who_is_new_on_the_first_working_day_of_a_week_has_what_comes_weekly_on_it(today: date, is_theirs: bool) -> None:  # noqa: FBT001
    assert is_weekly(weekly_on=begins_weekly_on(today, CALENDAR), today=today) == is_theirs
