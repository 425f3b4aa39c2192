"""Which other date of a course somebody is sent to."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import book_place
from marstraining.bookings.queries import NextDate, next_date_of
from marstraining.bookings.rules import BookPlace
from marstraining.core.clock import from_wall
from marstraining.core.viewer import ANYBODY, SYSTEM, Viewer
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session
from tests import makers
from tests.bookings.letters import called_off, make_scene
from tests.conftest import Clock


async def _session(clock: Clock, course: Course, day: date, **columns: Any) -> Session:
    return await makers.make_session(course=course, starts=from_wall(day, time(9, 30)), now=clock.now, **columns)


async def _next(clock: Clock, session: Session, viewer: Viewer = ANYBODY) -> NextDate | None:
    return await next_date_of(session.course_id, session.id, viewer=viewer, now=clock.now)


async def test_the_next_date_is_the_earliest_with_places_though_it_is_before_the_one_that_is_off(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course()
    off = await _session(clock, course, date(2026, 6, 9), state="called_off")
    await _session(clock, course, date(2026, 5, 19), state="draft")
    await _session(clock, course, date(2026, 5, 20), capacity=0)
    await _session(clock, course, date(2026, 5, 21), closes_at=clock.now - timedelta(days=1))
    await _session(clock, course, date(2026, 5, 22), opens_at=clock.now + timedelta(days=1))
    await _session(clock, course, date(2026, 5, 26), access="invited")
    await _session(clock, course, date(2026, 6, 30))
    sooner = await _session(clock, course, date(2026, 6, 2))
    assert await _next(clock, off) == NextDate(sooner.ref, sooner.starts_at, is_list_open=True)


async def test_with_no_places_anywhere_it_is_what_opens_and_then_what_has_a_list(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course()
    off = await _session(clock, course, date(2026, 6, 9), state="called_off")
    assert await _next(clock, off) is None
    full = await _session(clock, course, date(2026, 6, 2), capacity=0)
    assert await _next(clock, off) == NextDate(full.ref, full.starts_at, is_full=True, is_list_open=True)
    opens_at = clock.now + timedelta(days=1)
    later = await _session(clock, course, date(2026, 6, 30), opens_at=opens_at)
    assert await _next(clock, off) == NextDate(later.ref, later.starts_at, opens_at=opens_at, is_list_open=True)


async def test_nobody_is_sent_to_a_date_that_they_have_booked(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    course = await makers.make_course()
    off = await _session(clock, course, date(2026, 6, 9), state="called_off")
    theirs = await _session(clock, course, date(2026, 6, 2))
    later = await _session(clock, course, date(2026, 6, 30))
    await book_place(BookPlace(session_id=theirs.id, learner_id=asha.id), by=SYSTEM, now=clock.now)
    found = await _next(clock, off, makers.as_learner(asha))
    assert found is not None
    assert found.ref == later.ref


async def test_nobody_knows_of_places_where_no_names_are_taken(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course()
    off = await _session(clock, course, date(2026, 6, 9), state="called_off")
    open_day = await _session(clock, course, date(2026, 6, 2), is_headcount_only=True)
    found = await _next(clock, off)
    assert found is not None
    assert (found.ref, found.has_places) == (open_day.ref, False)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"capacity": 0}, "{next}. It is full, and you can join its waiting list:"),
        ({"capacity": 0, "is_list_open": False}, "{next}. It is full:"),
        ({"opens_at": True}, "{next}. Booking opens at 10am on Tuesday 10 March 2026:"),
        ({"is_headcount_only": True}, "{next}:"),
    ],
)
async def test_the_letter_of_a_called_off_session_promises_no_places_that_nobody_knows_of(
    db: TortoiseContext, clock: Clock, columns: dict[str, Any], says: str
) -> None:
    scene = await make_scene(clock)
    if "opens_at" in columns:
        columns = {"opens_at": clock.now + timedelta(days=1)}
    other = await makers.make_session(course=scene.course, now=clock.now, starts=from_wall(date(2026, 6, 12), time(9, 30)), **columns)
    await called_off(scene)
    sentence = says.format(next="The next date of this course is Friday 12 June 2026, 9:30am")
    letter = await scene.read("called_off")
    assert f"{sentence}\nhttp://127.0.0.1:8000/sessions/{other.ref}" in letter.text
    assert ("Book a place there" in letter.html, "Join the waiting list" in letter.html) == (False, "waiting list" in says)
