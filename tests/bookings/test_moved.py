"""What changed between the look and the booking: whoever books on the strength of a look is never the worse for it."""

import asyncio
from datetime import timedelta

import pytest

from marstraining.bookings.actions import book_place, cancel_booking, join_list
from marstraining.bookings.actions.walk_ins import confirm_walk_in
from marstraining.bookings.models import Booking
from marstraining.bookings.queries import Looked, look
from marstraining.bookings.rules import BookPlace
from marstraining.core.errors import Refused
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.actions import set_capacity
from marstraining.programme.models import Session, TrainingDay
from tests import makers
from tests.conftest import Clock


async def looked_at(session: Session, person: Person, clock: Clock) -> Looked:
    looked = await look(session.ref, person.id, to_book=True, now=clock.now)
    assert looked is not None
    return looked


async def book(session: Session, person: Person, clock: Clock, *, looked: Looked | None = None) -> str:
    """The state after asking for a place, or the code of the refusal."""
    order = BookPlace(session_id=session.id, learner_id=person.id)
    try:
        return (await book_place(order, looked=looked, by=makers.as_learner(person), now=clock.now)).state
    except Refused as refusal:
        return refusal.code


async def test_booking_1_where_nothing_changed_the_look_is_enough(asha: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=1, days=2)
    looked = await looked_at(session, asha, clock)
    assert [day.uid for day in looked.days] == [day.uid for day in await TrainingDay.filter(session_id=session.id).order_by("starts_at")]
    assert await book(session, asha, clock, looked=looked) == "confirmed"
    letter = await Message.get(template="confirmed")
    assert (len(letter.calendar), len(letter.context["days"])) == (2, 2)  # type: ignore[arg-type]  # lists, as they are read
    assert letter.key == f"confirmed-{(await Booking.get()).id}-1"


async def test_booking_1_the_last_place_that_went_since_the_look_is_not_sold_again(asha: Person, ben: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    looked = await looked_at(session, asha, clock)
    assert [await book(session, ben, clock), await book(session, asha, clock, looked=looked)] == ["confirmed", "full"]
    assert await Booking.all().count() == 1


async def test_booking_1_who_joined_the_list_since_the_look_comes_first(asha: Person, ben: Person, dee: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    looked = await looked_at(session, asha, clock)
    assert await book(session, dee, clock) == "confirmed"
    await join_list(BookPlace(session_id=session.id, learner_id=ben.id), by=makers.as_learner(ben), now=clock.now)
    held = await Booking.get(learner=dee)
    await cancel_booking(held.id, by=makers.as_learner(dee), now=clock.now)
    assert await book(session, asha, clock, looked=looked) == "full"
    assert (await Booking.get(learner=ben)).state == "offered"


async def test_booking_1_a_session_that_changed_since_the_look_is_to_be_looked_at_again(asha: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=5)
    looked = await looked_at(session, asha, clock)
    await set_capacity(session.id, 4, by=makers.as_desk(asha), now=clock.now)
    assert await book(session, asha, clock, looked=looked) == "changed"
    assert await book(session, asha, clock) == "confirmed"


async def test_booking_1_a_repeat_on_an_old_look_gives_the_same_booking_back(asha: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    looked = await looked_at(session, asha, clock)
    assert [await book(session, asha, clock, looked=looked) for _ in range(2)] == ["confirmed"] * 2
    assert (await Booking.all().count(), await Message.filter(template="confirmed").count()) == (1, 1)


async def test_booking_2_a_clash_that_was_booked_since_the_look_is_refused(asha: Person, clock: Clock) -> None:
    one, other = await makers.make_session(now=clock.now), await makers.make_session(now=clock.now)
    looked = await looked_at(one, asha, clock)
    assert [await book(other, asha, clock), await book(one, asha, clock, looked=looked)] == ["confirmed", "clash"]


async def test_booking_2_a_clash_that_they_walked_in_to_since_the_look_is_refused(asha: Person, dee: Person, clock: Clock) -> None:
    other = await makers.make_session(now=clock.now, starts=clock.now + timedelta(minutes=30))
    one = await makers.make_session(now=clock.now, starts=clock.now + timedelta(hours=1))
    looked = await looked_at(one, asha, clock)
    await confirm_walk_in(other.id, asha.id, by=makers.as_desk(dee), now=clock.now)
    assert await book(one, asha, clock, looked=looked) == "clash"


@pytest.mark.parametrize("times", range(3))
async def test_booking_2_of_two_clashing_sessions_booked_at_the_same_moment_one_is(asha: Person, clock: Clock, times: int) -> None:
    sessions = [await makers.make_session(now=clock.now, title=f"Session {n} of {times}") for n in range(4)]
    looks = [await looked_at(session, asha, clock) for session in sessions]
    told = await asyncio.gather(*(book(session, asha, clock, looked=looked) for session, looked in zip(sessions, looks, strict=True)))
    assert sorted(told) == ["clash"] * 3 + ["confirmed"]
    assert await Booking.filter(learner=asha).count() == 1
