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
from marstraining.people.models import Agency, Person, Position
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


@pytest.mark.parametrize("capacity", [None, 6])
async def test_booking_2_where_one_way_of_attending_is_full_the_page_offers_its_list_and_the_other_way(
    capacity: int | None, asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, delivery="hybrid", capacity=capacity, capacity_room=1, capacity_online=5)
    await book(session, "In the room", clock, mode="room")
    bens, path = await sign_in_as(ben), f"/sessions/{session.ref}/book"
    assert heading((await bens.get(path)).text) == "Book a place"
    refused = await bens.post(path, {"mode": "room", "access": "Large print"})
    assert (refused.status_code, heading(refused.text), "Large print" in refused.text) == (422, "Join the waiting list", True)
    assert "No place in the room is left. You can attend online or join the waiting list." in refused.text
    assert ('name="do" value="join"' in refused.text, "Book a place instead" in refused.text) == (True, True)
    assert (await bens.post(path, {"mode": "room", "do": "join", "standby": "ask"})).headers["location"].endswith("?done=waiting")
    ashas = await sign_in_as(asha)
    sent = await ashas.post(path, {"mode": "online", "do": "join", "standby": "ask"})
    assert (sent.status_code, heading(sent.text), "Book a place instead" in sent.text) == (422, "Book a place", False)
    assert (await ashas.post(path, {"mode": "online"})).headers["location"].endswith("?done=booked")


async def test_agencies_1_who_books_for_an_organisation_at_its_cap_is_offered_the_list(
    asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=10)
    agency = await Agency.get(code="STLUKES")
    await Allocation.create(session=session, agency=agency, cap=1)
    await book(session, "Colleague", clock, agency=agency)
    ashas, path = await sign_in_as(asha), f"/sessions/{session.ref}/book"
    page = (await ashas.get(path)).text
    assert (heading(page), "Your organisation holds all the places it may have on this session." in page) == ("Join the waiting list", True)
    refused = await ashas.post(path)
    assert (refused.status_code, heading(refused.text), 'value="join"' in refused.text) == (422, "Join the waiting list", True)
    assert (await ashas.post(path, {"do": "join", "standby": "ask"})).headers["location"].endswith("?done=waiting")


async def test_agencies_1_who_has_another_post_may_book_on_behalf_of_that(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=10)
    agency, other = await Agency.get(code="STLUKES"), await makers.make_agency("Brook School")
    await Position.create(person=asha, agency=other, job_role="dsl", starts_on=date(2025, 1, 6))
    await Allocation.create(session=session, agency=agency, cap=0)
    ashas, path = await sign_in_as(asha), f"/sessions/{session.ref}/book"
    assert heading((await ashas.get(path)).text) == "Book a place"
    refused = await ashas.post(path, {"agency": str(agency.id)})
    assert (heading(refused.text), "Book a place instead" in refused.text) == ("Join the waiting list", True)
    assert (await ashas.post(path, {"agency": str(other.id)})).headers["location"].endswith("?done=booked")


async def test_booking_2_a_newcomer_for_an_organisation_at_its_cap_is_offered_the_list(asha: Person, client: Visitor, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=10)
    await Allocation.create(session=session, agency=await Agency.get(code="STLUKES"), cap=0)
    link, _ = await ask(client, session, str(asha.email))
    refused = await client.post(link)
    assert (refused.status_code, 'value="join"' in refused.text, "filled up" in refused.text) == (422, True, False)
    assert (await client.post(link, {"do": "join"})).headers["location"].endswith("?done=waiting")


async def test_booking_2_a_full_session_whose_list_is_closed_has_no_form_to_fill_in_in_vain(
    asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=0, is_list_open=False)
    page = (await (await sign_in_as(asha)).get(f"/sessions/{session.ref}/book")).text.split("<main")[1]
    assert ("This session is full. Choose another date of the same course." in page, "<form method" in page) == (
        True,
        False,
    )


async def test_booking_2_the_desk_adds_to_the_list_of_the_way_of_attending_that_is_full(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, delivery="hybrid", capacity=6, capacity_room=1, capacity_online=5)
    await book(session, "In the room", clock, mode="room")
    dees, path = await sign_in_as(dee), f"/desk/sessions/{session.ref}/book/{asha.ref}"
    refused = await dees.post(path, {"mode": "room", "what": "place"})
    assert (refused.status_code, "Add to the waiting list" in refused.text) == (422, True)
    assert (await dees.post(path, {"mode": "room", "what": "list"})).headers["location"].endswith("?done=waiting")


async def test_waiting_list_6_who_waits_for_the_full_room_keeps_nobody_from_the_places_online(
    ben: Person, client: Visitor, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, delivery="hybrid", capacity=7, capacity_room=2, capacity_online=5)
    for number, mode in enumerate(("room", "room", "online", "online")):
        await book(session, f"Holder {number}", clock, mode=mode)
    for number in range(3):
        await join(session, await makers.make_person(f"Waiting {number}"), clock, mode="room")
    left = (await places([session.id], now=clock.now))[session.id]
    assert (left.left, left.left_room, left.left_online, left.waiting) == (3, 0, 3, 3)
    assert panel((await client.get(f"/sessions/{session.ref}")).text) == "3 places left"
    answer = await (await sign_in_as(ben)).post(f"/sessions/{session.ref}/book", {"mode": "online"})
    assert answer.headers["location"].endswith("?done=booked")
