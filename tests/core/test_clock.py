"""London's wall clock and the one source of the present."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marstraining.core import clock, working_time


@pytest.fixture
def machine_time() -> Iterator[None]:
    yield
    clock.set_source(None)


@pytest.mark.parametrize(
    ("day", "at", "expected"),
    [
        (date(2026, 7, 1), time(9, 30), datetime(2026, 7, 1, 8, 30, tzinfo=UTC)),
        (date(2026, 12, 1), time(9, 30), datetime(2026, 12, 1, 9, 30, tzinfo=UTC)),
        (date(2027, 3, 28), time(0, 59), datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        (date(2027, 3, 28), time(2, 0), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        (date(2027, 3, 29), time(9, 30), datetime(2027, 3, 29, 8, 30, tzinfo=UTC)),
        (date(2027, 10, 31), time(0, 59), datetime(2027, 10, 30, 23, 59, tzinfo=UTC)),
        (date(2027, 10, 31), time(1, 30), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),  # the first of two
        (date(2027, 10, 31), time(2, 0), datetime(2027, 10, 31, 2, 0, tzinfo=UTC)),
        (date(2027, 11, 1), time(9, 30), datetime(2027, 11, 1, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_wall_time_is_one_instant(day: date, at: time, expected: datetime) -> None:
    assert clock.from_wall(day, at) == expected


@pytest.mark.parametrize("at", [time(1, 0), time(1, 30), time(1, 59, 59)])
def test_a_time_that_the_spring_change_skips_is_refused_in_words(at: time) -> None:
    with pytest.raises(ValueError, match=rf"^{at:%H:%M} on 28 March 2027 does not exist: the clocks go forward$"):
        clock.from_wall(date(2027, 3, 28), at)


def test_both_runs_of_the_repeated_hour_show_the_same_wall_time() -> None:
    first, second = datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert [f"{clock.local(each):%H:%M %Z}" for each in (first, second)] == ["01:30 BST", "01:30 GMT"]


def test_a_weekly_series_keeps_its_wall_time_over_a_change() -> None:
    weeks = [clock.from_wall(date(2027, 3, 24) + timedelta(weeks=n), time(9, 30)) for n in range(2)]
    assert weeks == [datetime(2027, 3, 24, 9, 30, tzinfo=UTC), datetime(2027, 3, 31, 8, 30, tzinfo=UTC)]


@given(instant=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2037, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - given a zone
def test_an_instant_survives_the_way_to_the_wall_and_back(instant: datetime) -> None:
    wall = clock.local(instant)
    repeated = timedelta(hours=1) if wall.fold else timedelta()
    assert clock.from_wall(wall.date(), wall.time().replace(fold=0)) == instant - repeated


def test_the_present_is_in_utc_and_the_machines() -> None:
    before = datetime.now(UTC)
    present = clock.now()
    assert present.utcoffset() == timedelta()
    assert before <= present <= datetime.now(UTC)


@pytest.mark.usefixtures("machine_time")
def test_another_source_of_time_can_be_set_and_taken_away() -> None:
    late = datetime(2027, 7, 1, 23, 30, tzinfo=UTC)
    clock.set_source(lambda: late)
    assert clock.now() == late
    clock.set_source(None)
    assert clock.now() != late


@pytest.mark.usefixtures("machine_time")
def test_today_is_the_date_in_london() -> None:
    clock.set_source(lambda: datetime(2027, 7, 1, 23, 30, tzinfo=UTC))
    assert clock.today() == date(2027, 7, 2)
    clock.set_source(lambda: datetime(2027, 12, 1, 23, 30, tzinfo=UTC))
    assert clock.today() == date(2027, 12, 1)


def test_times_of_day_are_said_as_people_say_them() -> None:
    said = {time(0): "midnight", time(0, 5): "12:05am", time(9, 30): "9:30am", time(12): "midday", time(12, 15): "12:15pm", time(14): "2pm"}
    assert {at: clock.time_words(at) for at in said} == said


def test_time_only_the_clock_knows_now() -> None:
    sources = Path(clock.__file__).parent.parent
    asking = re.compile(r"datetime\.(now|utcnow|today)\(|\bdate\.today\(|\btime\.time\(")
    found = [str(path.relative_to(sources)) for path in sorted(sources.rglob("*.py")) if asking.search(path.read_text(encoding="utf-8"))]
    assert found == ["core/clock.py"]


def test_time_working_time_is_pure() -> None:
    text = Path(working_time.__file__).read_text(encoding="utf-8")
    assert re.findall(r"async |await |now\(|core\.db", text) == []
