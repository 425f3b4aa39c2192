"""Somebody who came without a place: found without learning more than name and organisation, entered once, marked at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from marstraining.attendance.actions import NewHere, WalkIn, enter_walk_in, lock_register
from marstraining.attendance.models import Mark
from marstraining.attendance.queries import attended_by_session, found_here, known_person
from marstraining.attendance.rules import TakenAs
from marstraining.bookings.actions import confirm_walk_in, join_list
from marstraining.bookings.models import Booking, Transition
from marstraining.bookings.rules import BookPlace
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role, Viewer
from marstraining.messages.models import Message
from marstraining.people.models import Person, Position
from marstraining.record.models import Completion
from tests import makers
from tests.attendance.registers import Held, a_held_session
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
pytestmark = pytest.mark.usefixtures("db", "clock")


def trains(held: Held) -> Viewer:
    return Viewer(person_id=held.trainer.id, roles=frozenset({Role.LEARNER, Role.TRAINER}))


async def test_a_walk_in_is_confirmed_and_marked_at_once_whatever_the_numbers_say_and_gets_no_letter(clock: Clock, asha: Person) -> None:
    held = await a_held_session(clock.now, people=1, capacity=1)
    letters = await Message.all().count()
    await enter_walk_in(held.session.id, WalkIn(asha.id, held.days[0]), by=trains(held), now=clock.now)
    booking = await Booking.get(learner_id=asha.id)
    assert (booking.state, booking.job_role, booking.agency_id is not None) == ("confirmed", "dsl", True)
    assert await Mark.all().values("person_id", "mark", "taken_as", "agency_id") == [
        {"person_id": asha.id, "mark": "attended", "taken_as": "walk_in", "agency_id": booking.agency_id}
    ]
    assert await attended_by_session([held.session.id]) == {held.session.id: 1}
    assert await Message.all().count() == letters


async def test_one_who_waited_is_confirmed_and_one_who_was_booked_stays_a_learner(clock: Clock, asha: Person) -> None:
    held = await a_held_session(clock.now, people=1, capacity=1)
    order = BookPlace(session_id=held.session.id, learner_id=asha.id)
    await join_list(order, by=makers.as_learner(asha), now=clock.now - timedelta(days=9))
    for person in (asha, held.learners[0]):
        await enter_walk_in(held.session.id, WalkIn(person.id, held.days[0]), by=trains(held), now=clock.now)
    assert await Booking.all().count() == 2
    assert {row["taken_as"] for row in await Mark.filter(person_id=held.learners[0].id).values("taken_as")} == {"learner"}
    last = await Transition.filter(booking__learner_id=asha.id).order_by("-id").first()
    assert last is not None
    assert (last.from_state, last.to_state, last.reason) == ("waiting", "confirmed", "walk_in")


async def test_two_who_enter_the_same_person_at_once_make_one_booking_and_one_mark(clock: Clock, asha: Person) -> None:
    held = await a_held_session(clock.now)
    came = WalkIn(asha.id, held.days[0])
    await asyncio.gather(*(enter_walk_in(held.session.id, came, by=trains(held), now=clock.now) for _ in range(2)))
    assert (await Booking.filter(learner_id=asha.id).count(), await Mark.filter(person_id=asha.id, superseded_at=None).count()) == (1, 1)


async def test_somebody_new_is_entered_with_address_or_at_an_organisation_and_never_twice(clock: Clock) -> None:
    held = await a_held_session(clock.now)
    agency = await makers.make_agency("Little Acorns")
    new = NewHere("Nia Newcomer", "nia@acorns.example", agency.id, "early_years")
    without = NewHere("Mo Managed", "", agency.id, "early_years")
    for who in (new, new, without, without):
        await enter_walk_in(held.session.id, WalkIn(who, held.days[0]), by=trains(held), now=clock.now)
    found = await Person.filter(name__in=["Nia Newcomer", "Mo Managed"]).order_by("name").values("email", "managed_by_id")
    assert found == [{"email": None, "managed_by_id": agency.id}, {"email": "nia@acorns.example", "managed_by_id": None}]
    assert await Mark.filter(taken_as="walk_in").count() == 2
    with pytest.raises(Refused, match="choose their organisation"):
        await enter_walk_in(held.session.id, WalkIn(NewHere("Nobody"), held.days[0]), by=trains(held), now=clock.now)


async def test_somebody_who_helps_takes_no_place_and_counts_as_no_learner(clock: Clock, asha: Person) -> None:
    held = await a_held_session(clock.now)
    came = WalkIn(asha.id, held.days[0], TakenAs.ASSISTANT)
    await enter_walk_in(held.session.id, came, by=trains(held), now=clock.now)
    assert (await Booking.filter(learner_id=asha.id).count(), await attended_by_session([held.session.id])) == (0, {held.session.id: 0})
    clock.travel_to(held.session.ends_at)
    await lock_register(held.session.id, leaves_unmarked=True, by=makers.as_desk(asha), now=clock.now)
    assert await Completion.all().count() == 0


async def test_whoever_a_substitute_came_for_has_apologies_for_want_of_cover(clock: Clock, asha: Person) -> None:
    held = await a_held_session(clock.now)
    came = WalkIn(asha.id, held.days[0], instead_of=held.learners[0].id)
    await enter_walk_in(held.session.id, came, by=trains(held), now=clock.now)
    assert await Mark.all().order_by("id").values_list("person_id", "mark", "reason", "taken_as") == [
        (held.learners[0].id, "excused", "cover", "learner"),
        (asha.id, "attended", "", "substitute"),
    ]


async def test_nobody_is_entered_where_nobody_may_be_marked(clock: Clock, asha: Person, dee: Person) -> None:
    held = await a_held_session(clock.now)
    new = WalkIn(NewHere("Nia Newcomer", "nia@acorns.example"), held.days[0])
    await enter_walk_in(held.session.id, WalkIn(asha.id, held.days[0]), by=trains(held), now=clock.now)
    clock.travel_to(held.session.ends_at)
    await lock_register(held.session.id, leaves_unmarked=True, by=makers.as_desk(dee), now=clock.now)
    with pytest.raises(Refused, match="locked"):
        await enter_walk_in(held.session.id, new, by=trains(held), now=clock.now)
    assert await Person.filter(email="nia@acorns.example").count() == 0
    await enter_walk_in(held.session.id, new, why="report", by=makers.as_desk(dee), now=clock.now)
    assert await Completion.all().count() == 2


async def test_nobody_walks_in_before_the_day_nor_into_what_does_not_take_place(clock: Clock, asha: Person) -> None:
    coming = await a_held_session(clock.now, starts=clock.now + timedelta(days=1))
    off = await a_held_session(clock.now)
    await off.session.filter(id=off.session.id).update(state="called_off")
    with pytest.raises(Refused, match="still to come"):
        await confirm_walk_in(coming.session.id, asha.id, by=trains(coming), now=clock.now)
    for session_id in (off.session.id, 999):
        with pytest.raises(NotFound):
            await confirm_walk_in(session_id, asha.id, by=trains(off), now=clock.now)


async def test_people_are_found_by_name_or_whole_address_and_nothing_more_is_told(clock: Clock, asha: Person, ben: Person) -> None:
    await makers.make_person("Lea 100% Left", state="left")
    on = clock.now.date()
    found = {
        words: [one.name for one in await found_here(words, on=on)]
        for words in ("pat ash", "asha@stlukes.example", "asha@", "pa", "%%%", "")
    }
    assert found == {"pat ash": ["Asha Patel"], "asha@stlukes.example": ["Asha Patel"], "asha@": [], "pa": [], "%%%": [], "": []}
    assert [one.agency for one in await found_here("Ben Cole", on=on)] == ["Humberside Police"]
    other = await makers.make_agency("Alternative provision")
    await Position.create(person=asha, agency=other, job_role="dsl", starts_on=date(2025, 1, 6))
    [found_twice] = await found_here("pat ash", on=on)
    assert found_twice == await known_person(asha.ref, on=on)
    assert found_twice.agency == "Alternative provision · St Luke's School"


async def test_a_trainer_finds_and_enters_somebody_and_sees_no_address(clock: Clock, asha: Person, sign_in_as: SignInAs) -> None:
    held = await a_held_session(clock.now)
    visitor = await sign_in_as(held.trainer)
    found = await visitor.get(f"{held.teaching}/walk-in?q=patel")
    assert ("Asha Patel" in found.text, "St Luke&#39;s School" in found.text, str(asha.email) in found.text) == (True, True, False)
    path = f"{held.teaching}/walk-in/add?day={held.keys[0]}&person={asha.ref}"
    answer = await visitor.post(path, {"taken_as": "walk_in", "instead_of": held.learners[0].ref})
    assert answer.headers["location"] == f"{held.teaching}?done=walk-in"
    shown = (await visitor.get(held.teaching)).text
    assert ("Asha Patel" in shown, "Came in somebody" in shown, "2</span> of 2" in shown) == (True, True, True)
    new = await visitor.post(f"{held.teaching}/walk-in/add", {"name": "", "email": "x", "taken_as": "walk_in"})
    assert (new.status_code, "Enter their full name" in new.text) == (422, True)
    outsider = await sign_in_as(asha)
    for address in (path, f"{held.teaching}/walk-in?q=cole", f"{held.desk}/walk-in?q=cole"):
        assert (await outsider.get(address)).status_code == 404


async def test_before_the_register_opens_there_is_no_form_to_fill_in_in_vain(clock: Clock, asha: Person, sign_in_as: SignInAs) -> None:
    held = await a_held_session(clock.now, starts=clock.now + timedelta(hours=3))
    visitor = await sign_in_as(held.trainer)
    shown = (await visitor.get(f"{held.teaching}/walk-in/add?person={asha.ref}")).text
    assert ("You can mark who is there from" in shown, "Put them on the register" in shown) == (True, False)
    clock.travel_to(held.session.starts_at)
    assert "Put them on the register" in (await visitor.get(f"{held.teaching}/walk-in/add?person={asha.ref}")).text


async def test_the_lock_page_says_what_will_be_written_and_locks_once_everybody_is_marked(
    clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    held = await a_held_session(clock.now, people=2)
    visitor = await sign_in_as(held.trainer)
    page = f"{held.teaching}/lock"
    await visitor.post(held.teaching, {"mark": f"{held.learners[0].ref}.attended"})
    assert "once the session has ended" in (await visitor.get(page)).text
    assert (await visitor.post(page, seen=held.teaching)).status_code == 422
    clock.travel_to(held.session.ends_at)
    shown = (await visitor.get(page)).text
    said = ("You cannot lock it yet", "1 person has no mark", "Mark everybody first", "When you lock it")
    assert [words in shown for words in said] == [True, True, True, False]
    assert "From Mon" in (await (await sign_in_as(dee)).get(f"{held.desk}/lock")).text
    visitor = await sign_in_as(held.trainer)
    assert (await visitor.post(page, {"leaves": "yes"}, seen=held.teaching)).status_code == 422
    clock.forward(hours=1)
    await visitor.post(held.teaching, {"mark": f"{held.learners[1].ref}.absent"})
    shown = (await visitor.get(page)).text
    assert ("1 person has completed the course" in shown, "1 did not attend" in shown, "sent apologies" in shown) == (True, True, False)
    assert (await visitor.post(page)).headers["location"] == f"{held.teaching}?done=locked"
    assert await Completion.all().values("person_id") == [{"person_id": held.learners[0].id}]
    assert "Correct" in (await (await sign_in_as(dee)).get(held.desk)).text


async def test_after_a_week_the_desk_locks_what_is_certain(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    held = await a_held_session(clock.now, people=2)
    await (await sign_in_as(held.trainer)).post(held.teaching, {"mark": f"{held.learners[0].ref}.attended"})
    clock.travel_to(held.session.ends_at + timedelta(days=7))
    visitor = await sign_in_as(dee)
    assert (await visitor.post(f"{held.desk}/lock", {"leaves": "yes"})).status_code == 422
    clock.forward(minutes=1)
    shown = (await visitor.get(f"{held.desk}/lock")).text
    assert ("Lock what is certain" in shown, "it stays unknown whether they came" in shown) == (True, True)
    assert (await visitor.post(f"{held.desk}/lock", {"leaves": "yes"})).status_code == 303
    assert (await Completion.all().count(), await Mark.all().count()) == (1, 1)
    trainer = await sign_in_as(held.trainer)
    assert "The register was locked" in (await trainer.get(f"{held.teaching}/lock")).text
