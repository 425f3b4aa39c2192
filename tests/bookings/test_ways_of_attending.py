"""How those who booked attend follows the way in which their session is run, when that changes (booking.md, States)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from marstraining.bookings.actions import book_place, edit_session, import_sessions, join_list
from marstraining.bookings.models import Booking
from marstraining.bookings.queries import places
from marstraining.bookings.rules import BookPlace
from marstraining.core.errors import NotFound
from marstraining.core.imports import Row
from marstraining.core.viewer import SYSTEM
from marstraining.people.models import Person
from marstraining.programme.actions import draft_of
from marstraining.programme.models import Session
from tests import makers
from tests.bookings.test_newcomers import ask
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
pytestmark = pytest.mark.usefixtures("db")


async def book(session: Session, person: Person, clock: Clock, *, mode: str = "") -> None:
    await book_place(BookPlace(session_id=session.id, learner_id=person.id, mode=mode), by=makers.as_learner(person), now=clock.now)


async def edit(session: Session, clock: Clock, **changes: object) -> bool:
    draft = draft_of(await Session.get(id=session.id))
    return await edit_session(session.id, replace(draft, **changes), by=SYSTEM, now=clock.now)  # type: ignore[arg-type]  # fields of a draft


async def test_who_booked_online_attends_in_person_once_there_is_no_other_way(
    asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    venue = await makers.make_venue("Civic Centre")
    session = await makers.make_session(now=clock.now, venue=venue, delivery="hybrid", capacity=6, capacity_room=0, capacity_online=3)
    await book(session, asha, clock, mode="online")
    order = BookPlace(session_id=session.id, learner_id=ben.id, mode="room")
    await join_list(order, by=makers.as_learner(ben), now=clock.now)
    assert await edit(session, clock, delivery="in person", capacity_room=None, capacity_online=None) is True
    assert await Booking.all().order_by("id").values_list("mode", "state") == [("", "confirmed"), ("", "waiting")]
    page = (await (await sign_in_as(asha)).get(f"/bookings/{(await Booking.get(learner_id=asha.id)).ref}")).text
    assert ("Civic Centre" in page, ">Online" in page) == (True, False)


@pytest.mark.parametrize(("delivery", "left"), [("in person", (0, 4)), ("online", (1, 3))])
async def test_states_who_booked_before_there_was_a_choice_counts_in_the_limit_of_their_way(
    delivery: str, left: tuple[int, int], asha: Person, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, delivery=delivery, capacity=5)
    await book(session, asha, clock)
    await edit(session, clock, delivery="hybrid", capacity_room=1, capacity_online=4)
    found = (await places([session.id], now=clock.now))[session.id]
    assert (found.left_room, found.left_online) == left


async def test_what_is_edited_otherwise_and_what_has_ended_keeps_its_mode(asha: Person, ben: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, delivery="hybrid")
    await book(session, asha, clock, mode="online")
    await book(session, ben, clock, mode="room")
    await Booking.filter(learner_id=ben.id).update(state="cancelled")
    assert await edit(session, clock, notes="Bring a pen.") is False
    await edit(session, clock, delivery="online")
    assert await Booking.all().order_by("id").values("mode") == [{"mode": ""}, {"mode": "room"}]
    with pytest.raises(NotFound):
        await edit_session(0, draft_of(session), by=SYSTEM, now=clock.now)


async def test_a_newcomers_wish_follows_too(client: Visitor, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    link, _ = await ask(client, session)
    await edit(session, clock, delivery="hybrid")
    assert (await client.post(link)).headers["location"].endswith("?done=booked")
    assert (await Booking.get()).mode == "room"


async def test_a_session_imported_again_in_another_way_takes_its_bookings_along(asha: Person, clock: Clock) -> None:
    course = await makers.make_course(code="CP")
    session = await makers.make_session(now=clock.now, course=course, code="CP-1", delivery="hybrid")
    await book(session, asha, clock, mode="online")
    cells = {"code": "CP-1", "course": "CP", "date": "2026-05-08", "starts": "09:30", "ends": "12:30", "venue": "Civic Centre"}
    outcome = await import_sessions([Row(2, {**cells, "delivery": "in person"})], by=SYSTEM, now=clock.now)
    assert (outcome.faults, outcome.changed, (await Booking.get()).mode) == ((), 1, "")


async def test_the_desks_page_takes_bookings_along(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, delivery="hybrid", starts=clock.now + timedelta(days=60))
    await book(session, asha, clock, mode="online")
    path = f"/desk/sessions/{session.ref}/edit"
    answer = await (await sign_in_as(dee)).post(path, {"delivery": "in person", "capacity": "20", "day1": str(date(2026, 5, 8))})
    assert (answer.headers["location"], (await Booking.get()).mode) == (f"{path}?done=told", "")
