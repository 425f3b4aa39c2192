"""What pages say of the places left, and that the one button they show does what it says (booking.md, States and Booking 2)."""

import re
from collections.abc import Awaitable, Callable
from datetime import date, time

import pytest

from marstraining.bookings.actions import book_place, cancel_booking, join_list, settle_sessions
from marstraining.bookings.models import Allocation, Booking
from marstraining.bookings.queries import places
from marstraining.bookings.rules import BookPlace
from marstraining.core.clock import from_wall
from marstraining.people.models import Agency, Person
from marstraining.programme.models import Session
from tests import makers
from tests.bookings.test_newcomers import ask
from tests.bookings.test_pages import heading
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]

# Two days after the standing Monday: within the last two working days.
SOON = from_wall(date(2026, 3, 11), time(9))


async def book(session: Session, name: str, clock: Clock, *, agency: Agency | None = None, mode: str = "") -> Person:
    person = await makers.make_person(name, agency=agency)
    order = BookPlace(session_id=session.id, learner_id=person.id, mode=mode)
    await book_place(order, by=makers.as_learner(person), now=clock.now)
    return person


async def join(session: Session, person: Person, clock: Clock, *, mode: str = "", standby: str = "ask") -> None:
    order = BookPlace(session_id=session.id, learner_id=person.id, mode=mode, standby=standby)
    await join_list(order, by=makers.as_learner(person), now=clock.now)


async def freed_at_short_notice(clock: Clock, waiting: Person, *, standby: str, has_clash: bool = False) -> Session:
    """A session of one place two days on, whose place came free while somebody waits for it."""
    session = await makers.make_session(now=clock.now, starts=SOON, capacity=1)
    holder = await book(session, "Holder", clock)
    await join(session, waiting, clock, standby=standby)
    if has_clash:
        other = await makers.make_session(now=clock.now, starts=SOON)
        await book_place(BookPlace(session_id=other.id, learner_id=waiting.id), by=makers.as_learner(waiting), now=clock.now)
    booking = await Booking.get(learner_id=holder.id)
    await cancel_booking(booking.id, reason="cover", by=makers.as_learner(holder), now=clock.now)
    return session


def panel(text: str) -> str:
    found = re.search(r'mars-book__state">([^<]*)', text)
    return found[1] if found else ""


@pytest.mark.parametrize(("standby", "hours", "has_clash"), [("leave", 0, False), ("ask", 5, False), ("book", 0, True)])
async def test_waiting_list_4_a_place_that_nobody_of_the_list_takes_at_short_notice_is_shown_and_booked_by_anyone(
    standby: str,
    hours: int,
    has_clash: bool,  # noqa: FBT001 - a table of cases
    asha: Person,
    ben: Person,
    client: Visitor,
    sign_in_as: SignInAs,
    clock: Clock,
) -> None:
    session = await freed_at_short_notice(clock, asha, standby=standby, has_clash=has_clash)
    clock.forward(hours=hours)
    await settle_sessions(now=clock.now)
    left = (await places([session.id], now=clock.now))[session.id]
    assert (left.left, left.waiting) == (1, 1)
    assert panel((await client.get(f"/sessions/{session.ref}")).text) == "1 place left"
    bens = await sign_in_as(ben)
    assert heading((await bens.get(f"/sessions/{session.ref}/book")).text) == "Book a place"
    answer = await bens.post(f"/sessions/{session.ref}/book")
    booking = await Booking.get(learner_id=ben.id)
    assert (answer.headers["location"], booking.state) == (f"/bookings/{booking.ref}?done=booked", "confirmed")


async def test_waiting_list_4_who_was_asked_at_short_notice_stands_before_a_stranger_for_four_working_hours(
    asha: Person, ben: Person, client: Visitor, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await freed_at_short_notice(clock, asha, standby="ask")
    clock.forward(hours=3)
    assert panel((await client.get(f"/sessions/{session.ref}")).text) == "Full"
    bens = await sign_in_as(ben)
    assert heading((await bens.get(f"/sessions/{session.ref}/book")).text) == "Join the waiting list"
    assert (await bens.post(f"/sessions/{session.ref}/book", {"do": "join", "standby": "ask"})).status_code == 303


async def test_states_before_the_last_two_working_days_everybody_waiting_stands_before_a_stranger(asha: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=1, is_promotion_on=False)
    await book(session, "Holder", clock)
    await join(session, asha, clock, standby="leave")
    await Session.filter(id=session.id).update(capacity=2)
    assert (await places([session.id], now=clock.now))[session.id].left == 0


async def test_agencies_1_places_kept_for_an_agency_are_booked_by_its_people_on_the_page_that_says_full_to_others(
    asha: Person, ben: Person, client: Visitor, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    agency = await Agency.get(code="STLUKES")
    await Allocation.create(session=session, agency=agency, floor=1)
    assert panel((await client.get(f"/sessions/{session.ref}")).text) == "Full"
    ashas, bens = await sign_in_as(asha), await sign_in_as(ben)
    headings = [heading((await visitor.get(f"/sessions/{session.ref}/book")).text) for visitor in (ashas, bens)]
    assert headings == ["Book a place", "Join the waiting list"]
    assert (await ashas.post(f"/sessions/{session.ref}/book")).headers["location"].endswith("?done=booked")


async def test_booking_2_a_page_that_offered_the_list_offers_the_place_once_there_is_one(
    asha: Person, ben: Person, client: Visitor, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    holder = await book(session, "Holder", clock)
    link, _ = await ask(client, session)
    bens = await sign_in_as(ben)
    page = await bens.get(f"/sessions/{session.ref}/book")
    assert ("Join the waiting list and sign in" in (await client.get(link)).text, heading(page.text)) == (True, "Join the waiting list")
    token = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    assert token
    await cancel_booking((await Booking.get(learner_id=holder.id)).id, by=makers.as_learner(holder), now=clock.now)
    late = await bens.http.post(
        f"/sessions/{session.ref}/book",
        data={"csrf_token": token[1], "do": "join", "access": "Large print"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert (late.status_code, heading(late.text), "Large print" in late.text) == (422, "Book a place", True)
    assert "There are places left, so you can book one now." in late.text


async def test_agencies_1_a_newcomer_whose_agency_has_places_kept_is_led_from_the_list_to_the_place(
    asha: Person, client: Visitor, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    await Allocation.create(session=session, agency=await Agency.get(code="STLUKES"), floor=1)
    link, _ = await ask(client, session, str(asha.email))
    refused = await client.post(link, {"do": "join"})
    assert (refused.status_code, "Book my place" in refused.text, 'value="join"' in refused.text) == (422, True, False)
    assert (await client.post(link)).headers["location"].endswith("?done=booked")
