"""What the programme lists, to whom, and how many statements that takes."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.clock import from_wall
from marstraining.core.errors import NotFound
from marstraining.core.viewer import ANYBODY, Role, Viewer
from marstraining.people.models import Person
from marstraining.programme.models import Course, CourseTopic, Invited, Session, SessionTrainer, Topic
from marstraining.programme.queries import coming_sessions, course_facts, feed_days, public_addresses, session_facts, visible_to
from marstraining.programme.rules import ProgrammeFilter
from tests import makers
from tests.conftest import Clock
from tests.statements import statements

EVERYTHING = ProgrammeFilter()


async def _titles(clock: Clock, wanted: ProgrammeFilter = EVERYTHING, viewer: Viewer = ANYBODY) -> list[str]:
    scope = await visible_to(viewer, now=clock.now)
    return [row.title for row in await coming_sessions(wanted, now=clock.now, scope=scope)]


async def _session(clock: Clock, title: str, day: date = date(2026, 6, 9), at: time = time(9, 30), **columns: Any) -> Session:
    course: Course = columns.pop("course", None) or await makers.make_course(title)
    return await makers.make_session(course=course, starts=from_wall(day, at), now=clock.now, **columns)


async def test_coming_sessions_are_in_order_and_the_past_is_left_out(db: TortoiseContext, clock: Clock) -> None:
    await _session(clock, "Later", date(2026, 6, 10))
    await _session(clock, "Sooner", date(2026, 6, 9))
    await _session(clock, "Past", date(2026, 3, 1))
    await _session(clock, "Draft", state="draft")
    await _session(clock, "Off", date(2026, 6, 11), state="called_off")
    await _session(clock, "Put off", date(2026, 6, 12), state="postponed")
    assert await _titles(clock) == ["Sooner", "Later", "Off", "Put off"]


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        (ProgrammeFilter(words="NEGLECT"), ["Neglect"]),
        (ProgrammeFilter(words="neglect tool"), []),
        (ProgrammeFilter(words="100%"), ["100% sure"]),
        (ProgrammeFilter(words="graded"), ["Neglect"]),
        (ProgrammeFilter(topic="gcp2"), ["Neglect"]),
        (ProgrammeFilter(audience="schools"), ["Neglect", "Evening", "Weekend", "100% sure"]),
        (ProgrammeFilter(audience="health"), ["Neglect", "Evening", "Weekend"]),
        (ProgrammeFilter(delivery="online"), ["Evening", "Weekend"]),
        (ProgrammeFilter(delivery="hybrid"), ["Weekend"]),
        (ProgrammeFilter(kind="forum"), ["100% sure"]),
        (ProgrammeFilter(when="evening"), ["Evening"]),
        (ProgrammeFilter(when="weekend"), ["Weekend"]),
        (ProgrammeFilter(when="half day"), ["Neglect", "Evening", "100% sure"]),
        (ProgrammeFilter(date_from=date(2026, 6, 10)), ["Evening", "Weekend", "100% sure"]),
        (ProgrammeFilter(date_to=date(2026, 6, 10)), ["Neglect", "Evening"]),
        (ProgrammeFilter(date_from=date(2026, 6, 14), date_to=date(2026, 6, 14)), ["Weekend"]),
    ],
)
async def test_each_filter_narrows(db: TortoiseContext, clock: Clock, wanted: ProgrammeFilter, titles: list[str]) -> None:
    neglect = await makers.make_course("Neglect")
    topic = await Topic.create(slug="gcp2", label="Graded Care Profile 2")
    await CourseTopic.create(course=neglect, topic=topic)
    await _session(clock, "", course=neglect)
    await _session(clock, "Evening", date(2026, 6, 10), time(18), delivery="online")
    await _session(clock, "Weekend", date(2026, 6, 13), hours=7, delivery="hybrid", days=2)
    await _session(clock, "", date(2026, 6, 16), course=await makers.make_course("100% sure", kind="forum", audience_codes=["schools"]))
    assert await _titles(clock, wanted) == titles


async def test_the_programme_takes_one_statement_whatever_its_length(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course()
    await CourseTopic.create(course=course, topic=await Topic.create(slug="neglect", label="Neglect"))
    for number in range(3):
        await _session(clock, "", date(2026, 6, 9) + timedelta(days=number), course=course, days=2)
        async with statements(db) as heard:
            found = await coming_sessions(EVERYTHING, now=clock.now)
        assert (len(heard), len(found), found[0].total) == (1, number + 1, number + 1)
        assert ([day.day for day in found[0].days], found[0].topics) == ([date(2026, 6, 9), date(2026, 6, 10)], (("neglect", "Neglect"),))


async def test_a_page_holds_fifty(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course()
    for number in range(51):
        await _session(clock, "", date(2026, 6, 1) + timedelta(days=number), course=course)
    first, second = [await coming_sessions(EVERYTHING, now=clock.now, page=page) for page in (1, 2)]
    assert (len(first), len(second), second[0].total) == (50, 1, 51)


async def test_ical_5_the_feed_has_the_days_of_exactly_the_sessions_listed(db: TortoiseContext, clock: Clock) -> None:
    await _session(clock, "Two days", days=2)
    await _session(clock, "Online", date(2026, 6, 20), delivery="online", joining_link="https://teams.example/secret")
    await _session(clock, "Draft", state="draft")
    await _session(clock, "Invited", access="invited")
    await _session(clock, "Off", date(2026, 6, 21), state="called_off")
    for wanted in (EVERYTHING, ProgrammeFilter(delivery="online"), ProgrammeFilter(words="two")):
        listed = [row.ref for row in await coming_sessions(wanted, now=clock.now)]
        assert list(dict.fromkeys(day.ref for day in await feed_days(wanted, now=clock.now))) == listed
    assert [(day.title, day.is_cancelled) for day in await feed_days(EVERYTHING, now=clock.now)] == [
        ("Two days", False),
        ("Two days", False),
        ("Online", False),
        ("Off", True),
    ]


async def test_restricted_and_invited_sessions_are_for_those_only(
    db: TortoiseContext, clock: Clock, asha: Person, ben: Person, dee: Person
) -> None:
    await _session(clock, "Open")
    await _session(clock, "Schools only", date(2026, 6, 10), access="restricted", audience_codes=["schools"])
    invited = await _session(clock, "Invited", date(2026, 6, 11), access="invited")
    await Invited.create(session=invited, person=ben)
    await _session(clock, "Draft", date(2026, 6, 12), state="draft")
    assert await _titles(clock) == ["Open"]
    assert await _titles(clock, viewer=makers.as_learner(asha)) == ["Open", "Schools only"]
    assert await _titles(clock, viewer=makers.as_learner(ben)) == ["Open", "Invited"]
    assert await _titles(clock, viewer=makers.as_desk(dee)) == ["Open", "Schools only", "Invited", "Draft"]
    with pytest.raises(NotFound):
        await session_facts(invited.ref, viewer=makers.as_learner(asha), now=clock.now)
    assert (await session_facts(invited.ref, viewer=makers.as_learner(ben), now=clock.now)).title == "Invited"


async def test_a_trainer_and_an_owning_partner_see_theirs(db: TortoiseContext, clock: Clock, ben: Person) -> None:
    agency = await makers.make_agency("Voluntary Action")
    theirs = await _session(clock, "Taught", access="invited")
    await SessionTrainer.create(session=theirs, person=ben, asked_at=clock.now)
    await _session(clock, "", date(2026, 6, 10), state="draft", course=await makers.make_course("Owned", owner_agency=agency))
    partner = Viewer(person_id=ben.id, roles=frozenset({Role.LEARNER, Role.PARTNER_ORGANISER}), organiser_agency_ids=frozenset({agency.id}))
    assert await _titles(clock, viewer=makers.as_learner(ben)) == ["Taught"]
    assert await _titles(clock, viewer=partner) == ["Taught", "Owned"]


async def test_a_draft_or_a_restricted_session_has_no_public_address(db: TortoiseContext, clock: Clock) -> None:
    shown = await _session(clock, "", course=await makers.make_course(code="CP"))
    secret = await makers.make_course(code="LOS", access="invited")
    await _session(clock, "", course=secret)
    await _session(clock, "", course=await makers.make_course(code="OLD", is_archived=True), state="draft")
    assert await public_addresses(now=clock.now) == ["/courses/CP", f"/sessions/{shown.ref}"]
    with pytest.raises(NotFound):
        await course_facts("LOS", now=clock.now)
