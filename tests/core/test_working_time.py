"""Working days and hours across weekends, bank holidays and both clock changes."""

from datetime import UTC, date, datetime, time, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marstraining.core.bank_holidays import bank_holidays, learn_bank_holidays, learnt
from marstraining.core.clock import from_wall, local
from marstraining.core.working_time import WorkingCalendar

ORDINARY = WorkingCalendar()
INSTANTS = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone
HOURS = st.integers(min_value=0, max_value=400 * 60).map(lambda minutes: minutes / 60)
MAY_HALF_TERM = ((date(2027, 5, 31), date(2027, 6, 4)),)


def at(text: str) -> datetime:
    wall = datetime.fromisoformat(text)
    return from_wall(wall.date(), wall.time())


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 6), True),
        (date(2026, 11, 7), False),
        (date(2026, 11, 8), False),
        (date(2026, 12, 25), False),
        (date(2026, 12, 28), False),  # Boxing Day falls on a Saturday
        (date(2027, 3, 26), False),  # Good Friday
        (date(2027, 3, 29), False),  # Easter Monday, not kept in Scotland
        (date(2027, 1, 4), True),  # kept in Scotland only
        (date(2027, 8, 30), False),
        (date(2026, 12, 24), True),
    ],
)
def test_time_working_days_are_weekdays_that_are_no_english_bank_holidays(day: date, expected: bool) -> None:  # noqa: FBT001 - a table of cases
    assert ORDINARY.is_working_day(day) is expected


def test_time_a_closed_day_is_no_working_day() -> None:
    calendar = WorkingCalendar(closed_days=frozenset({date(2026, 12, 24)}))
    assert (calendar.is_working_day(date(2026, 12, 24)), calendar.is_working_day(date(2026, 12, 23))) == (False, True)


async def test_bank_holidays_learnt_from_another_process_are_those_of_the_library() -> None:
    years = range(2031, 2035)
    await learn_bank_holidays(years)
    assert {year: learnt[year] for year in years} == {
        year: dict(holidays.country_holidays("GB", subdiv="ENG", years=year)) for year in years
    }


async def test_bank_holidays_that_could_not_be_learnt_are_reckoned_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    await learn_bank_holidays([2041])
    assert 2041 not in learnt
    assert bank_holidays(2041)[date(2041, 12, 25)] == "Christmas Day"


def test_the_working_day_before_skips_weekends_and_bank_holidays() -> None:
    assert ORDINARY.working_day_before(date(2027, 3, 30)) == date(2027, 3, 25)


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-11-06 17:00", 4, "2026-11-09 11:00"),
        ("2026-11-06 17:00", 1, "2026-11-06 18:00"),
        ("2026-11-06 18:00", 0.5, "2026-11-09 08:30"),
        ("2026-11-06 06:00", 2, "2026-11-06 10:00"),
        ("2026-11-07 12:00", 4, "2026-11-09 12:00"),
        ("2026-11-07 12:00", 0, "2026-11-07 12:00"),
        ("2026-12-24 17:00", 4, "2026-12-29 11:00"),
        ("2027-03-25 17:00", 4, "2027-03-30 11:00"),  # Easter and the spring clock change
        ("2027-10-29 17:00", 4, "2027-11-01 11:00"),  # the autumn clock change
        ("2026-11-09 08:00", 10, "2026-11-09 18:00"),
        ("2026-11-09 09:15", 0.25, "2026-11-09 09:30"),
    ],
)
def test_time_working_hours_run_only_while_the_office_is_open(start: str, hours: float, expected: str) -> None:
    assert ORDINARY.add_working_hours(at(start), hours) == at(expected)


def test_the_clock_changes_leave_the_wall_time_and_move_the_instant() -> None:
    assert ORDINARY.add_working_hours(datetime(2027, 3, 25, 17, tzinfo=UTC), 4) == datetime(2027, 3, 30, 10, tzinfo=UTC)
    assert ORDINARY.add_working_hours(datetime(2027, 10, 29, 16, tzinfo=UTC), 4) == datetime(2027, 11, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-11-05 15:20", 3, "2026-11-10 15:20"),
        ("2026-11-07 15:20", 1, "2026-11-09 18:00"),
        ("2027-03-25 09:30", 1, "2027-03-30 09:30"),
        ("2027-10-29 09:30", 3, "2027-11-03 09:30"),
    ],
)
def test_time_a_period_of_working_days_is_ten_working_hours_each(start: str, days: int, expected: str) -> None:
    assert ORDINARY.add_working_days(at(start), days) == at(expected)
    assert ORDINARY.add_working_hours(at(start), days * 10) == at(expected)


@pytest.mark.parametrize(
    ("instant", "days", "expected"),
    [
        ("2026-11-12 09:30", 2, "2026-11-10 09:30"),
        ("2026-11-09 09:30", 2, "2026-11-05 09:30"),
        ("2026-11-14 10:00", 2, "2026-11-11 18:00"),  # a Saturday counts from Friday 18:00
        ("2026-11-14 10:00", 0, "2026-11-13 18:00"),
        ("2026-11-12 09:30", 0, "2026-11-12 09:30"),
        ("2026-11-12 19:00", 1, "2026-11-11 19:00"),
        ("2027-03-30 09:30", 2, "2027-03-24 09:30"),  # 08:30Z back to 09:30Z
        ("2027-11-01 09:30", 1, "2027-10-29 09:30"),
        ("2027-10-31 01:30", 1, "2027-10-28 18:00"),
    ],
)
def test_time_so_many_working_days_before_keeps_the_wall_clock(instant: str, days: int, expected: str) -> None:
    assert ORDINARY.working_days_before(at(instant), days) == at(expected)


def test_a_pause_stops_the_clock_and_ends() -> None:
    friday = at("2027-05-28 17:00")
    assert ORDINARY.add_working_hours(friday, 4, paused=MAY_HALF_TERM) == at("2027-06-07 11:00")
    assert ORDINARY.add_working_hours(friday, 4) == at("2027-06-01 11:00")
    assert ORDINARY.working_hours_between(friday, at("2027-06-07 11:00"), paused=MAY_HALF_TERM) == 4.0


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-06 17:00", "2026-11-09 11:00", 4.0),
        ("2026-11-06 17:00", "2026-11-06 17:45", 0.75),
        ("2026-11-06 17:00", "2026-11-06 16:00", 0.0),
        ("2026-11-07 09:00", "2026-11-08 17:00", 0.0),
        ("2027-03-25 08:00", "2027-03-30 18:00", 20.0),
        ("2027-10-29 08:00", "2027-11-01 18:00", 20.0),
    ],
)
def test_notice_is_counted_in_working_hours(start: str, end: str, hours: float) -> None:
    assert ORDINARY.working_hours_between(at(start), at(end)) == hours


@pytest.mark.parametrize(
    ("start", "days"),
    [
        ("2026-11-10 09:30", 2),
        ("2026-11-10 09:31", 1),
        ("2026-11-08 12:00", 3),
        ("2026-11-12 09:30", 0),
        ("2026-11-12 12:00", 0),
        ("2026-11-20 12:00", 0),
    ],
)
def test_days_left_agree_with_the_cut_off_to_the_minute(start: str, days: int) -> None:
    assert ORDINARY.working_days_until(at(start), at("2026-11-12 09:30")) == days


def test_other_working_hours_make_another_working_day() -> None:
    calendar = WorkingCalendar(day_starts=time(9), day_ends=time(17))
    assert calendar.add_working_days(at("2026-11-06 16:00"), 1) == at("2026-11-09 16:00")
    assert calendar.working_days_before(at("2026-11-14 10:00"), 1) == at("2026-11-12 17:00")


@pytest.mark.parametrize("hours", [-1, -0.5])
def test_negative_hours_are_refused(hours: float) -> None:
    with pytest.raises(ValueError, match="added, not taken away"):
        ORDINARY.add_working_hours(at("2026-11-06 17:00"), hours)


def test_negative_days_are_refused() -> None:
    with pytest.raises(ValueError, match="working_days_before"):
        ORDINARY.add_working_days(at("2026-11-06 17:00"), -1)
    with pytest.raises(ValueError, match="add_working_days"):
        ORDINARY.working_days_before(at("2026-11-06 17:00"), -1)


def test_a_naive_instant_is_refused() -> None:
    naive = datetime(2026, 11, 6, 17)  # noqa: DTZ001 - the fault under test
    with pytest.raises(ValueError, match="time zone"):
        ORDINARY.add_working_hours(naive, 1)
    with pytest.raises(ValueError, match="time zone"):
        ORDINARY.working_hours_between(naive, naive)


def test_a_day_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="end after it starts"):
        WorkingCalendar(day_starts=time(18), day_ends=time(8))


def test_a_pause_without_end_is_refused_and_not_walked_through() -> None:
    with pytest.raises(ValueError, match="no working day"):
        ORDINARY.add_working_hours(at("2026-11-06 17:00"), 4, paused=((date(2026, 11, 7), date(2090, 1, 1)),))


@given(start=INSTANTS, hours=HOURS)
def test_the_hours_added_are_the_hours_between(start: datetime, hours: float) -> None:
    end = ORDINARY.add_working_hours(start, hours)
    assert ORDINARY.working_hours_between(start, end) == pytest.approx(hours, abs=1e-6)
    assert end >= start


@given(start=INSTANTS, later=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30)), hours=HOURS)
def test_who_starts_later_never_ends_earlier(start: datetime, later: timedelta, hours: float) -> None:
    assert ORDINARY.add_working_hours(start, hours) <= ORDINARY.add_working_hours(start + later, hours)


@given(start=INSTANTS, first=HOURS, second=HOURS)
def test_hours_added_in_two_steps_are_hours_added_at_once(start: datetime, first: float, second: float) -> None:
    stepwise = ORDINARY.add_working_hours(ORDINARY.add_working_hours(start, first), second)
    at_once = ORDINARY.add_working_hours(start, first + second)
    assert ORDINARY.working_hours_between(min(stepwise, at_once), max(stepwise, at_once)) == pytest.approx(0, abs=1e-6)


@given(first=INSTANTS, second=INSTANTS, third=INSTANTS)
def test_hours_between_add_up(first: datetime, second: datetime, third: datetime) -> None:
    a, b, c = sorted((first, second, third))
    whole = ORDINARY.working_hours_between(a, c)
    assert ORDINARY.working_hours_between(a, b) + ORDINARY.working_hours_between(b, c) == pytest.approx(whole, abs=1e-6)


@given(start=INSTANTS, instant=INSTANTS)
def test_days_left_are_the_most_that_still_keep_the_cut_off(start: datetime, instant: datetime) -> None:
    days = ORDINARY.working_days_until(start, instant)
    if days:
        assert start <= ORDINARY.working_days_before(instant, days)
    assert start > ORDINARY.working_days_before(instant, days + 1)


@given(instant=INSTANTS, days=st.integers(min_value=0, max_value=60))
def test_the_days_before_end_on_a_working_day_at_the_same_wall_clock(instant: datetime, days: int) -> None:
    earlier = local(ORDINARY.working_days_before(instant, days))
    wall = local(instant)
    assert ORDINARY.is_working_day(earlier.date())
    assert earlier.time() == (wall.time() if ORDINARY.is_working_day(wall.date()) else time(18))


def test_bank_holidays_are_those_the_library_gives_when_asked_by_name() -> None:
    for year in range(2018, 2035):
        days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
        closed = {day for day in days if day.weekday() <= 4 and not WorkingCalendar().is_working_day(day)}
        assert closed == {day for day in holidays.country_holidays("GB", subdiv="ENG", years=year) if day.weekday() <= 4}
