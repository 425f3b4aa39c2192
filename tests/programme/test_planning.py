"""A series and a year in one go: first a dry run that writes nothing, then drafts of what nothing speaks against."""

from datetime import date, time, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.clock import from_wall
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM
from marstraining.programme import actions
from marstraining.programme.models import Session, SessionTrainer, TrainingDay
from marstraining.programme.rules import DayPlan, SessionDraft
from tests import makers
from tests.conftest import Clock

START, END = time(13, 30), time(15, 30)


def _plans(*days: date) -> list[DayPlan]:
    return [DayPlan(day, START, END) for day in days]


async def test_a_dry_run_names_every_reason_and_writes_nothing(db: TortoiseContext, clock: Clock) -> None:
    venue = await makers.make_venue("Hewson House")
    course = await makers.make_course("DSL briefing", audience_codes=["schools"])
    tom = await makers.make_person("Tom Reed")
    other = await makers.make_session(
        course=await makers.make_course("Neglect", audience_codes=["schools"]),
        starts=from_wall(date(2026, 6, 9), time(15)),
        venue=venue,
        now=clock.now,
    )
    await SessionTrainer.create(session=other, person=tom, asked_at=clock.now)
    planned = await actions.plan_series(
        course.id,
        SessionDraft("in person", venue_id=venue.id),
        _plans(date(2026, 5, 4), date(2026, 5, 26), date(2026, 6, 9), date(2026, 6, 16)),
        trainer_ids=frozenset({tom.id}),
        now=clock.now,
    )
    assert [one.reasons for one in planned] == [
        ("This date is a bank holiday or a day of closure",),
        ("This date is in half term",),
        ("The venue has “Neglect” at the same time", "A trainer has “Neglect” at the same time"),
        (),
    ]
    assert [one.shared for one in planned] == [(), (), ("“Neglect” is for the same audience at the same time",), ()]
    assert await Session.all().count() == 1


async def test_a_series_becomes_drafts_of_the_dates_that_will_do(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course("DSL briefing")
    draft = SessionDraft("online", capacity=120)
    planned = await actions.plan_series(course.id, draft, _plans(date(2026, 5, 4), date(2026, 6, 16), date(2026, 6, 23)), now=clock.now)
    series, made = await actions.create_series(course.id, draft, planned, by=SYSTEM, now=clock.now)
    stored = await Session.filter(series=series).order_by("starts_at")
    assert [session.id for session in stored] == [session.id for session in made]
    assert [(session.state, session.starts_at, session.capacity) for session in stored] == [
        ("draft", from_wall(date(2026, 6, 16), START), 120),
        ("draft", from_wall(date(2026, 6, 23), START), 120),
    ]


async def test_dates_of_a_series_that_overlap_each_other_are_skipped_but_the_first_and_touching_ends_are_not(
    db: TortoiseContext, clock: Clock
) -> None:
    course = await makers.make_course("DSL briefing", audience_codes=[])
    june_16 = date(2026, 6, 16)
    plans = [
        *_plans(june_16, june_16), DayPlan(june_16, time(14), time(16)), DayPlan(june_16, time(15, 30), time(17)),
        *_plans(date(2026, 5, 4), date(2026, 5, 4)),
    ]  # fmt: skip
    planned = await actions.plan_series(course.id, SessionDraft("online"), plans, now=clock.now)
    closed = ("This date is a bank holiday or a day of closure",)
    twice = ("Another date of this series is at the same time",)
    assert [one.reasons for one in planned] == [closed, closed, (), twice, twice, ()]


async def test_a_date_for_the_same_audience_is_skipped_unless_it_is_chosen(db: TortoiseContext, clock: Clock) -> None:
    for title, day in (("Neglect", 9), ("Early Help", 16)):
        course = await makers.make_course(title, audience_codes=["schools" if day == 9 else "all"])
        await makers.make_session(course=course, starts=from_wall(date(2026, 6, day), time(13)), now=clock.now)
    course, draft = await makers.make_course("DSL briefing", audience_codes=["schools"]), SessionDraft("online")
    planned = await actions.plan_series(course.id, draft, _plans(*(date(2026, 6, day) for day in (9, 16, 23))), now=clock.now)
    assert [(one.will_do, one.besides) for one in planned] == [(False, ()), (True, ("“Early Help” is at the same time",)), (True, ())]
    _, made = await actions.create_series(course.id, draft, planned, by=SYSTEM, now=clock.now)
    assert [session.starts_at.day for session in made] == [16, 23]
    _, made = await actions.create_series(course.id, draft, planned, chosen={"2026-06-09"}, by=SYSTEM, now=clock.now)
    assert [session.starts_at.day for session in made] == [9]


async def test_a_date_of_another_session_of_the_course_cannot_be_chosen(db: TortoiseContext, clock: Clock) -> None:
    course, draft = await makers.make_course("DSL briefing", audience_codes=["all"]), SessionDraft("online")
    await makers.make_session(course=course, starts=from_wall(date(2026, 6, 9), START), now=clock.now)
    planned = await actions.plan_series(course.id, draft, _plans(date(2026, 6, 9)), now=clock.now)
    assert (planned[0].reasons, planned[0].besides) == (("This course has “DSL briefing” at the same time",), ())
    with pytest.raises(Refused, match="Tuesday 9 June 2026 can no longer be used: This course has") as refused:
        await actions.create_series(course.id, draft, planned, chosen={"2026-06-09"}, by=SYSTEM, now=clock.now)
    assert refused.value.field == "take"


async def test_a_series_of_skipped_dates_only_is_refused(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course()
    draft = SessionDraft("online")
    planned = await actions.plan_series(course.id, draft, _plans(date(2026, 5, 4)), now=clock.now)
    with pytest.raises(Refused, match="nothing to create"):
        await actions.create_series(course.id, draft, planned, by=SYSTEM, now=clock.now)


async def test_an_online_venue_is_no_clash(db: TortoiseContext, clock: Clock) -> None:
    teams = await makers.make_venue("Microsoft Teams", is_online=True)
    await makers.make_session(
        course=await makers.make_course(audience_codes=["health"]),
        starts=from_wall(date(2026, 6, 9), START),
        venue=teams,
        delivery="online",
        now=clock.now,
    )
    course = await makers.make_course(audience_codes=["schools"])
    planned = await actions.plan_series(course.id, SessionDraft("online", venue_id=teams.id), _plans(date(2026, 6, 9)), now=clock.now)
    assert [one.reasons for one in planned] == [()]


async def test_a_year_is_rolled_forward_by_weekday_and_week_of_term(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course("DSL briefing")
    autumn = from_wall(date(2026, 9, 15), START)
    source = await makers.make_session(
        course=course, starts=autumn, hours=2, days=2, capacity=120, joining_link="https://teams.example/x", now=clock.now
    )
    await makers.make_session(course=course, starts=autumn + timedelta(days=7), state="called_off", now=clock.now)
    rolled = await actions.plan_year(date(2026, 9, 1), date(2027, 7, 31), now=clock.now)
    assert [one.ref for one in rolled] == [source.ref]
    days = [plan.day for plan in rolled[0].planned.days]
    assert (days[0].weekday(), days[1] - days[0], rolled[0].planned.reasons) == (1, timedelta(days=1), ())
    assert await Session.all().count() == 2
    made = await actions.create_year(rolled, by=SYSTEM, now=clock.now)
    twin = await Session.get(id=made[0].id)
    assert (twin.state, twin.capacity, twin.joining_link) == ("draft", 120, "")
    assert [day.day for day in await TrainingDay.filter(session_id=twin.id).order_by("starts_at")] == days


async def test_a_year_is_at_most_four_hundred_days(db: TortoiseContext, clock: Clock) -> None:
    with pytest.raises(Refused, match="at most 400 days"):
        await actions.plan_year(date(2026, 9, 1), date(2027, 10, 31), now=clock.now)


async def test_two_dates_that_fall_on_one_day_of_the_next_year_clash_and_the_later_is_skipped(db: TortoiseContext, clock: Clock) -> None:
    course, venue = await makers.make_course("DSL briefing", audience_codes=[]), await makers.make_venue("Hewson House")
    # Half term and the week after it: no week of term answers to the first, so both become 24 May 2027.
    for day in (date(2026, 5, 25), date(2026, 6, 1)):
        await makers.make_session(course=course, venue=venue, starts=from_wall(day, START), now=clock.now)
    rolled = await actions.plan_year(date(2026, 4, 1), date(2027, 3, 31), is_in_terms=False, now=clock.now)
    assert [one.planned.days[0].day for one in rolled] == [date(2027, 5, 24)] * 2
    assert [len(one.planned.reasons) for one in rolled] == [0, 2]
    assert rolled[1].planned.reasons[1] == "The venue has “DSL briefing” at the same time"


async def test_sessions_that_ran_side_by_side_are_rolled_side_by_side(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course("DSL briefing", audience_codes=["schools"])
    for place in ("Hewson House", "Civic Centre"):
        venue = await makers.make_venue(place)
        await makers.make_session(course=course, venue=venue, starts=from_wall(date(2026, 9, 15), START), now=clock.now)
    rolled = await actions.plan_year(date(2026, 9, 1), date(2027, 7, 31), now=clock.now)
    assert [one.planned.reasons for one in rolled] == [(), ()]


async def test_a_year_that_is_rolled_again_finds_its_twins_and_creates_nothing_twice(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course("DSL briefing", audience_codes=[])
    await makers.make_session(course=course, starts=from_wall(date(2026, 9, 15), START), delivery="online", now=clock.now)
    year = (date(2026, 9, 1), date(2027, 7, 31))
    await actions.create_year(await actions.plan_year(*year, now=clock.now), by=SYSTEM, now=clock.now)
    again = await actions.plan_year(*year, now=clock.now)
    assert [one.planned.reasons for one in again] == [("This course has “DSL briefing” at the same time",)]
    with pytest.raises(Refused, match="nothing to create"):
        await actions.create_year(again, by=SYSTEM, now=clock.now)


async def test_of_two_that_meet_each_other_only_one_can_be_chosen(db: TortoiseContext, clock: Clock) -> None:
    course, venue = await makers.make_course("DSL briefing", audience_codes=["schools"]), await makers.make_venue("Hewson House")
    for day in (date(2026, 5, 25), date(2026, 6, 1)):
        await makers.make_session(course=course, venue=venue, starts=from_wall(day, START), now=clock.now)
    other = await makers.make_course("Neglect", audience_codes=["schools"])
    await makers.make_session(course=other, starts=from_wall(date(2027, 5, 24), START), now=clock.now)
    rolled = await actions.plan_year(date(2026, 4, 1), date(2027, 3, 31), is_in_terms=False, now=clock.now)
    assert [(one.planned.reasons, len(one.planned.shared)) for one in rolled] == [((), 1), ((), 1)]
    assert [one.rivals for one in rolled] == [frozenset(), {rolled[0].ref}]
    with pytest.raises(Refused, match="Choose one of them"):
        await actions.create_year(rolled, chosen=[one.ref for one in rolled], by=SYSTEM, now=clock.now)
    assert len(await actions.create_year(rolled, chosen=[rolled[1].ref], by=SYSTEM, now=clock.now)) == 1
