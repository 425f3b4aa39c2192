"""How many statements the busiest ways take: each is a journey to the database, on SQLite while everybody else waits."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import book_place, cancel_booking, join_list
from marstraining.bookings.rules import BookPlace
from marstraining.people.models import Person
from marstraining.programme.models import Session
from tests import makers
from tests.conftest import Clock, Visitor
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]

# Writes that leave together are several statements to SQLite in one hand-over, and one to PostgreSQL.
# SQLite holds two rows by two statements and looks again; PostgreSQL, which gives the number ahead, holds and writes in one.
BOOKING = {"sqlite": 1 + 2 + 1 + 5, "postgres": 1 + 1}
BOOKING_WITH_OTHERS = {"sqlite": 1 + 1 + 2 + 1 + 1 + 5 + 1, "postgres": 1 + 1 + 1 + 1 + 1 + 1 + 1}


async def book(person: Person, session: Session, clock: Clock) -> int:
    order = BookPlace(session_id=session.id, learner_id=person.id)
    return (await book_place(order, by=makers.as_learner(person), now=clock.now)).id


async def test_booking_a_place_looks_holds_and_writes(db: TortoiseContext, dialect: str, clock: Clock, asha: Person) -> None:
    session = await makers.make_session(now=clock.now)
    async with statements(db) as heard:
        await book(asha, session, clock)
    assert len(heard) == BOOKING[dialect]


@pytest.mark.parametrize("others", [1, 3])
async def test_who_has_other_bookings_takes_a_look_at_clashes_twice_and_at_their_waiting_lists_once(
    db: TortoiseContext, dialect: str, clock: Clock, asha: Person, others: int
) -> None:
    course = await makers.make_course()
    sessions = [
        await makers.make_session(course=course, now=clock.now, starts=clock.now + timedelta(days=20 + n)) for n in range(others + 1)
    ]
    for session in sessions[:-1]:
        await book(asha, session, clock)
    async with statements(db) as heard:
        await book(asha, sessions[-1], clock)
    assert len(heard) == BOOKING_WITH_OTHERS[dialect]


@pytest.mark.parametrize("held", [1, 3])
async def test_a_full_session_is_refused_by_one_statement_that_takes_no_hold(
    db: TortoiseContext, clock: Clock, asha: Person, held: int
) -> None:
    session = await makers.make_session(now=clock.now, capacity=held)
    for number in range(held):
        await book(await makers.make_person(f"Holder {number}"), session, clock)
    async with statements(db) as heard:
        with pytest.raises(Exception, match="full"):
            await book(asha, session, clock)
    assert len(heard) == 1


@pytest.mark.parametrize("waiting", [1, 3])
async def test_joining_the_list_takes_as_many_behind_one_as_behind_three(
    db: TortoiseContext, dialect: str, clock: Clock, asha: Person, waiting: int
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    await book(await makers.make_person("Holder"), session, clock)
    for number in range(waiting):
        person = await makers.make_person(f"Waiting {number}")
        await join_list(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=clock.now)
    async with statements(db) as heard:
        await join_list(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    assert len(heard) == {"sqlite": 1 + 2 + 1 + 1 + 4, "postgres": 1 + 1 + 1 + 1 + 1}[dialect]


@pytest.mark.parametrize("waiting", [0, 1, 3])
async def test_cancelling_offers_to_one_whoever_waits(db: TortoiseContext, dialect: str, clock: Clock, asha: Person, waiting: int) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    booking = await book(asha, session, clock)
    for number in range(waiting):
        person = await makers.make_person(f"Waiting {number}")
        await join_list(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=clock.now)
    async with statements(db) as heard:
        await cancel_booking(booking, by=makers.as_learner(asha), now=clock.now)
    # With nobody waiting, and with one offer more, whether one waits or three.
    assert len(heard) == {"sqlite": 14, "postgres": 12}[dialect] + (7 if waiting else 0)


@pytest.mark.parametrize("number", [1, 3])
async def test_my_training_takes_as_many_statements_for_one_booking_as_for_three(
    db: TortoiseContext, clock: Clock, asha: Person, sign_in_as: SignInAs, number: int
) -> None:
    for n in range(number):
        await book(asha, await makers.make_session(now=clock.now, starts=clock.now + timedelta(days=20 + n)), clock)
    visitor = await sign_in_as(asha)
    async with statements(db) as heard:
        assert (await visitor.get("/me")).status_code == 200
    assert len(heard) == 2


async def test_booking_through_the_page_adds_only_the_sign_in(
    db: TortoiseContext, dialect: str, clock: Clock, asha: Person, sign_in_as: SignInAs
) -> None:
    session = await makers.make_session(now=clock.now)
    visitor = await sign_in_as(asha)
    path = f"/sessions/{session.ref}/book"
    found = re.search(r'name="csrf_token" value="([^"]*)"', (await visitor.get(path)).text)
    assert found
    async with statements(db) as heard:
        answer = await visitor.http.post(path, data={"csrf_token": found[1]}, headers={"Sec-Fetch-Site": "same-origin"})
    assert (answer.status_code, len(heard)) == (303, 1 + BOOKING[dialect])
