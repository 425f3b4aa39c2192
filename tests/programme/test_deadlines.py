"""What moves along when a session moves: each deadline stays as many working days before the start."""

import json
from dataclasses import replace
from datetime import date, datetime, time

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.clock import from_wall
from marstraining.core.db import rows
from marstraining.core.viewer import SYSTEM
from marstraining.core.working_time import WorkingCalendar
from marstraining.programme import actions
from marstraining.programme.deadlines import Deadlines, moved_with
from marstraining.programme.models import Session, TrainingDay
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.conftest import Clock

CALENDAR = WorkingCalendar()
# Friday 8 May 2026; Monday 4 May and Monday 25 May are bank holidays.
START = from_wall(date(2026, 5, 8), time(9, 30))
SET = Deadlines(
    opens_at=from_wall(date(2026, 4, 1), time(9)),
    closes_at=from_wall(date(2026, 5, 6), time(17)),
    decide_by=date(2026, 4, 30),
    final_numbers_by=date(2026, 5, 1),
)


def moved(new_start: datetime, was: Deadlines = SET) -> Deadlines:
    return moved_with(was, old_start=START, new_start=new_start, calendar=CALENDAR)


def test_deadlines_keep_their_working_days_before_the_start_over_weekends_and_bank_holidays() -> None:
    # Two, five and four working days before; on Wednesday 27 May that is counted past the bank holiday of the 25th.
    assert moved(from_wall(date(2026, 5, 27), time(13))) == Deadlines(
        opens_at=SET.opens_at,
        closes_at=from_wall(date(2026, 5, 22), time(17)),
        decide_by=date(2026, 5, 19),
        final_numbers_by=date(2026, 5, 20),
    )


def test_a_session_that_stays_keeps_its_deadlines_and_what_is_not_set_stays_so() -> None:
    assert moved(START) is SET
    assert moved(from_wall(date(2026, 6, 1), time(9)), Deadlines()) == Deadlines()


def test_another_hour_of_the_same_day_moves_no_deadline_and_nothing_closes_after_the_start() -> None:
    assert moved(from_wall(date(2026, 5, 8), time(14))) == SET
    on_the_day = replace(SET, closes_at=from_wall(date(2026, 5, 8), time(8)), decide_by=date(2026, 5, 8))
    assert moved(from_wall(date(2026, 6, 1), time(14)), on_the_day).closes_at == from_wall(date(2026, 6, 1), time(8))
    assert moved(from_wall(date(2026, 6, 1), time(7)), on_the_day).closes_at == from_wall(date(2026, 6, 1), time(7))
    assert moved(from_wall(date(2026, 6, 1), time(7)), on_the_day).decide_by == date(2026, 6, 1)


def test_what_lay_after_the_start_keeps_its_distance() -> None:
    late = Deadlines(closes_at=from_wall(date(2026, 5, 9), time(12)), final_numbers_by=date(2026, 5, 10))
    assert moved(from_wall(date(2026, 6, 1), time(9)), late) == Deadlines(
        closes_at=from_wall(date(2026, 6, 2), time(12)), final_numbers_by=date(2026, 6, 3)
    )


@pytest.mark.parametrize(
    ("day", "becomes"),
    [
        (date(2026, 5, 3), date(2026, 5, 28)),  # a Sunday before the bank holiday: three working days lie between
        (date(2026, 5, 4), date(2026, 5, 28)),
        (date(2026, 5, 7), date(2026, 6, 1)),
    ],
)
def test_a_deadline_on_a_day_off_counts_the_working_days_that_lie_between(day: date, becomes: date) -> None:
    assert moved(from_wall(date(2026, 6, 2), time(9)), Deadlines(decide_by=day)).decide_by == becomes


def test_to_a_saturday_days_count_from_the_working_day_before() -> None:
    saturday = from_wall(date(2026, 6, 6), time(10))
    assert moved(saturday).closes_at == from_wall(date(2026, 6, 3), time(17))


@pytest.mark.parametrize(
    ("new_start", "opens"),
    [
        (date(2026, 9, 1), date(2026, 4, 1)),
        (date(2026, 4, 20), date(2026, 4, 1)),
        (date(2026, 4, 2), date(2026, 2, 27)),  # booking would close on 31 March
        (date(2026, 3, 20), date(2026, 2, 16)),
    ],
)
def test_booking_opens_when_it_did_unless_that_is_after_the_new_start_or_closing(new_start: date, opens: date) -> None:
    after = moved(from_wall(new_start, time(9, 30)))
    assert after.opens_at == from_wall(opens, time(9))
    assert after.closes_at
    assert after.opens_at < after.closes_at


def test_an_hour_that_the_clocks_skip_becomes_the_next_one() -> None:
    night = Deadlines(closes_at=from_wall(date(2026, 5, 9), time(1, 30)))
    after = moved(from_wall(date(2027, 3, 27), time(9)), night)
    assert after.closes_at == from_wall(date(2027, 3, 28), time(2, 30))


# ---- in the database ------------------------------------------------------------------------------------------------


async def session_with_deadlines(clock: Clock, **columns: object) -> Session:
    values = {
        "opens_at": SET.opens_at,
        "closes_at": SET.closes_at,
        "decide_by": SET.decide_by,
        "final_numbers_by": SET.final_numbers_by,
        **columns,
    }
    session = await makers.make_session(now=clock.now, starts=START)
    await Session.filter(id=session.id).update(**values)
    return session


async def deadlines(session: Session) -> Deadlines:
    found = await Session.get(id=session.id)
    return Deadlines(found.opens_at, found.closes_at, found.decide_by, found.final_numbers_by)


MAY_27 = DayPlan(date(2026, 5, 27), time(13), time(16))


async def history_says() -> list[object]:
    return [json.loads(row["detail"]) for row in await rows("SELECT detail FROM history_entry WHERE action = 'move_session'")]


async def test_moving_a_session_moves_its_deadlines_and_history_names_them(db: TortoiseContext, clock: Clock) -> None:
    session = await session_with_deadlines(clock)
    await actions.move_session_dates(session.id, [MAY_27], by=SYSTEM, now=clock.now)
    assert await deadlines(session) == moved(MAY_27.instants()[0])
    assert await history_says() == [{"days": 1, "fields": ["closes_at", "decide_by", "final_numbers_by"]}]


async def test_a_postponed_session_gets_its_deadlines_with_its_new_date(db: TortoiseContext, clock: Clock) -> None:
    session = await session_with_deadlines(clock)
    await actions.postpone_session_dates(session.id, by=SYSTEM, now=clock.now)
    assert await deadlines(session) == SET
    await actions.move_session_dates(session.id, [MAY_27], by=SYSTEM, now=clock.now)
    assert await deadlines(session) == moved(MAY_27.instants()[0])


async def test_only_what_moves_the_start_moves_deadlines(db: TortoiseContext, clock: Clock) -> None:
    session = await session_with_deadlines(clock)
    await actions.add_day(session.id, MAY_27, by=SYSTEM, now=clock.now)
    assert await deadlines(session) == SET
    first = await TrainingDay.filter(session_id=session.id).order_by("starts_at").first()
    assert first
    await actions.cancel_day(first.id, by=SYSTEM, now=clock.now)
    assert await deadlines(session) == moved(MAY_27.instants()[0])


async def test_the_dates_of_a_draft_are_what_its_form_says(db: TortoiseContext, clock: Clock) -> None:
    session = await session_with_deadlines(clock, state="draft")
    draft = actions.draft_of(await Session.get(id=session.id))
    await actions.edit_session(session.id, draft, days=[MAY_27], by=SYSTEM, now=clock.now)
    assert await deadlines(session) == SET
