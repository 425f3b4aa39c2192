"""Booking through the pages: what Asha sees, and what Ben must not."""

import re
from collections.abc import Awaitable, Callable

from marstraining.bookings.models import Booking
from marstraining.core import config
from marstraining.core.tokens import derive_token
from marstraining.messages.models import Message
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]


def heading(text: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)
    return found[1].strip() if found else ""


async def test_asha_books_sees_her_booking_and_cancels_it(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    visitor = await sign_in_as(asha)
    page = await visitor.get(f"/sessions/{session.ref}/book")
    assert (page.status_code, heading(page.text)) == (200, "Book a place")
    answer = await visitor.post(f"/sessions/{session.ref}/book", {"access": "A hearing loop"})
    booking = await Booking.get(learner_id=asha.id)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/bookings/{booking.ref}?done=booked")
    shown = await visitor.get(answer.headers["location"])
    assert "Your place is booked" in shown.text
    assert "A hearing loop" in shown.text
    answer = await visitor.post(f"/bookings/{booking.ref}/cancel")
    assert answer.headers["location"] == f"/bookings/{booking.ref}?done=cancelled"
    assert (await Booking.get(id=booking.id)).state == "cancelled"


async def test_ben_gets_404_for_ashas_booking_as_for_one_that_never_was(
    asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await (await sign_in_as(asha)).post(f"/sessions/{session.ref}/book")
    booking = await Booking.get(learner_id=asha.id)
    visitor = await sign_in_as(ben)
    theirs = await visitor.get(f"/bookings/{booking.ref}")
    none = await visitor.get("/bookings/0000000000")
    assert (theirs.status_code, none.status_code) == (404, 404)
    strip = re.compile(r"value=\"[^\"]*\"|/bookings/\w+")
    assert strip.sub("", theirs.text) == strip.sub("", none.text)
    refused = await visitor.http.post(f"/bookings/{booking.ref}/cancel", data={}, headers={"Sec-Fetch-Site": "same-origin"})
    assert (refused.status_code, (await Booking.get(id=booking.id)).state) == (404, "confirmed")


async def test_a_full_session_offers_the_list_and_keeps_what_was_typed(
    asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    ashas, bens = await sign_in_as(asha), await sign_in_as(ben)
    open_page = await bens.get(f"/sessions/{session.ref}/book")
    token = re.search(r'name="csrf_token" value="([^"]*)"', open_page.text)
    assert token
    await ashas.post(f"/sessions/{session.ref}/book")
    late = await bens.http.post(
        f"/sessions/{session.ref}/book", data={"csrf_token": token[1], "access": "Large print"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert (late.status_code, heading(late.text)) == (422, "Join the waiting list")
    assert "This session is full. You can join the waiting list." in late.text
    assert "Large print" in late.text
    joined = await bens.post(f"/sessions/{session.ref}/book", {"do": "join", "standby": "ask"})
    booking = await Booking.get(learner_id=ben.id)
    assert (joined.headers["location"], booking.state) == (f"/bookings/{booking.ref}?done=waiting", "waiting")


async def test_booking_5_a_shared_mailbox_is_refused_with_the_ways_out(client: Visitor, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    typed = {"name": "Nia Newcomer", "email": "office@school.example", "agency": "none", "job_role": "school_staff"}
    refused = await client.post(f"/sessions/{session.ref}/book", typed)
    assert refused.status_code == 422
    assert "This looks like a shared mailbox." in refused.text
    assert 'value="Nia Newcomer"' in refused.text
    assert await Message.all().count() == 0


async def test_the_links_of_letters_act_without_signing_in_and_a_wrong_token_is_404(
    asha: Person, sign_in_as: SignInAs, client: Visitor, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await (await sign_in_as(asha)).post(f"/sessions/{session.ref}/book", {"access": "A hearing loop"})
    booking = await Booking.get(learner_id=asha.id)
    token = derive_token(config.current().secret_key, "booking", booking.id, booking.nonce)
    page = await client.get(f"/b/{booking.ref}/{token}")
    assert (page.status_code, heading(page.text), "A hearing loop" in page.text) == (200, "Child Protection", False)
    assert (await client.get(f"/b/{booking.ref}/{'0' * 64}")).status_code == 404
    answer = await client.post(f"/b/{booking.ref}/{token}/cancel")
    assert (answer.headers["location"], (await Booking.get(id=booking.id)).state) == (
        f"/b/{booking.ref}/{token}?done=cancelled",
        "cancelled",
    )


async def test_the_personal_feed_shows_the_booking_and_stops_when_its_address_changes(
    asha: Person, sign_in_as: SignInAs, client: Visitor, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    visitor = await sign_in_as(asha)
    await visitor.post(f"/sessions/{session.ref}/book")
    made = await visitor.post("/me/calendar")
    found = re.search(r"<code>http://127.0.0.1:8000(/calendar/[^<]+\.ics)</code>", made.text)
    assert found
    feed = await client.get(found[1])
    assert (feed.status_code, feed.headers["content-type"], feed.text.count("BEGIN:VEVENT")) == (200, "text/calendar; charset=utf-8", 1)
    unchanged = await client.get(found[1], headers={"If-None-Match": feed.headers["etag"]})
    assert unchanged.status_code == 304
    await visitor.post("/me/calendar")
    assert (await client.get(found[1])).status_code == 404
