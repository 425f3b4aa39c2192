"""People who come without a place: entered whatever the session's window and numbers say, once, with no letter."""

import asyncio

import pytest

from marstraining.bookings.actions import book_place, join_list
from marstraining.bookings.actions.walk_ins import confirm_walk_in
from marstraining.bookings.models import Booking, Transition
from marstraining.bookings.rules import BookPlace
from marstraining.core.errors import Refused
from marstraining.messages.models import Message
from marstraining.people.models import Person, Position
from marstraining.programme.models import SessionTrainer
from tests import makers
from tests.conftest import Clock


async def test_a_walk_in_gets_a_place_of_a_full_session_that_is_over_and_no_letter(
    asha: Person, ben: Person, dee: Person, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    await book_place(BookPlace(session_id=session.id, learner_id=ben.id), by=makers.as_learner(ben), now=clock.now)
    letters = await Message.all().count()
    clock.travel_to(session.ends_at)
    clock.forward(days=1)
    booked = await confirm_walk_in(session.id, asha.id, by=makers.as_desk(dee), now=clock.now)
    again = await confirm_walk_in(session.id, asha.id, by=makers.as_desk(dee), now=clock.now)
    post = await Position.get(person=asha)
    row = await Booking.get(id=booked.id)
    assert (row.state, row.agency_id, row.job_role, row.made_by_id) == ("confirmed", post.agency_id, "dsl", dee.id)
    assert (again.id, again.was_there) == (booked.id, True)
    assert await Message.all().count() == letters


async def test_who_waits_is_confirmed_in_the_booking_they_have(asha: Person, ben: Person, dee: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    await book_place(BookPlace(session_id=session.id, learner_id=ben.id), by=makers.as_learner(ben), now=clock.now)
    waiting = await join_list(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    clock.travel_to(session.starts_at)
    booked = await confirm_walk_in(session.id, asha.id, by=makers.as_desk(dee), now=clock.now)
    assert (booked.id, (await Booking.get(id=waiting.id)).state) == (waiting.id, "confirmed")
    told = await Transition.filter(booking_id=waiting.id).order_by("id").values("from_state", "to_state")
    assert [(row["from_state"], row["to_state"]) for row in told] == [("", "waiting"), ("waiting", "confirmed")]


async def test_two_who_enter_the_same_walk_in_at_once_make_one_booking(asha: Person, dee: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    clock.travel_to(session.starts_at)
    both = await asyncio.gather(*(confirm_walk_in(session.id, asha.id, by=makers.as_desk(dee), now=clock.now) for _ in range(2)))
    assert sorted(one.was_there for one in both) == [False, True]
    assert await Booking.filter(learner_id=asha.id).count() == 1


async def test_who_trains_the_session_is_no_walk_in(asha: Person, dee: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    await SessionTrainer.create(session=session, person=asha, state="accepted", asked_at=clock.now)
    clock.travel_to(session.starts_at)
    with pytest.raises(Refused, match="do not stand on its register"):
        await confirm_walk_in(session.id, asha.id, by=makers.as_desk(dee), now=clock.now)


async def test_who_had_a_place_before_they_were_asked_to_train_is_found_in_it(asha: Person, dee: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    booked = await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    await SessionTrainer.create(session=session, person=asha, state="accepted", asked_at=clock.now)
    clock.travel_to(session.starts_at)
    found = await confirm_walk_in(session.id, asha.id, by=makers.as_desk(dee), now=clock.now)
    assert (found.id, found.was_there) == (booked.id, True)
