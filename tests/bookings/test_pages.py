"""Booking through the pages: what Asha sees, and what Ben must not."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from marstraining.bookings.actions.desk import book_for
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.core import config
from marstraining.core.tokens import derive_token
from marstraining.core.viewer import Role
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.models import Prerequisite, SessionTrainer
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
    for wrong in (f"/b/{booking.ref}/{'0' * 64}", f"/b/{booking.ref}/cut", f"/b/0000000000/{token}"):
        lost = await client.get(wrong)
        assert (lost.status_code, "Check that you copied the whole link" in lost.text) == (404, True)
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


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"state": "called_off"}, "This session has been called off."),
        ({"state": "postponed"}, "It can be booked again when its new date is set."),
        ({"opens_at": timedelta(days=1)}, "Booking opens on Tuesday 10 March 2026."),
        ({"closes_at": timedelta(days=-1)}, "Booking closed on Sunday 8 March 2026."),
        ({"is_headcount_only": True}, "Places at this event are not booked by name."),
    ],
)
async def test_booking_2_what_nobody_can_book_has_no_form_to_fill_in_in_vain(
    columns: dict[str, Any], says: str, asha: Person, sign_in_as: SignInAs, client: Visitor, clock: Clock
) -> None:
    columns = {name: clock.now + value if isinstance(value, timedelta) else value for name, value in columns.items()}
    session = await makers.make_session(now=clock.now, **columns)
    for visitor in (client, await sign_in_as(asha)):
        page = await visitor.get(f"/sessions/{session.ref}/book")
        assert (page.status_code, says in page.text, "<form method" in page.text.split("<main")[1]) == (200, True, False)
        assert "Other dates of Child Protection" in page.text
        sent = await visitor.post(f"/sessions/{session.ref}/book", {"name": "Nia"}, seen="/sign-in" if visitor is client else "/me/account")
        assert (sent.status_code, says in sent.text) == (409, True)


async def test_booking_2_a_missing_prerequisite_leads_to_its_dates(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    first = await makers.make_course("Child Protection", code="CP")
    session = await makers.make_session(now=clock.now, course=await makers.make_course("Strategy Discussions"))
    await Prerequisite.create(course_id=session.course_id, needs=first)
    page = (await (await sign_in_as(asha)).get(f"/sessions/{session.ref}/book")).text
    assert (heading(page), 'href="/me/courses/CP"' in page) == ("Complete another course first", True)


@pytest.mark.parametrize(("state", "way"), [("accepted", "/teaching/{ref}"), ("asked", "/me")])
async def test_who_trains_a_session_is_led_to_it_as_its_trainer(
    state: str, way: str, asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await SessionTrainer.create(session=session, person=asha, state=state, asked_at=clock.now)
    page = (await (await sign_in_as(asha)).get(f"/sessions/{session.ref}/book")).text.split("<main")[1]
    assert ("<form" in page, f'href="{way.format(ref=session.ref)}"' in page) == (False, True)


async def test_booking_4_needs_kept_for_next_time_are_filled_in_and_forgotten_on_asking(
    asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    visitor = await sign_in_as(asha)
    first, second, third = [await makers.make_session(now=clock.now, starts=clock.now + timedelta(days=20 + n)) for n in range(3)]
    await visitor.post(f"/sessions/{first.ref}/book", {"access": "A hearing loop", "keep": "yes"})
    assert ">\nA hearing loop</textarea>" in (await visitor.get(f"/sessions/{second.ref}/book")).text
    await visitor.post(f"/sessions/{second.ref}/book", {"access": "A hearing loop", "kept": "yes"})
    assert "A hearing loop" not in (await visitor.get(f"/sessions/{third.ref}/book")).text
    booking = await Booking.get(session_id=first.id)
    await visitor.post(f"/bookings/{booking.ref}/needs", {"access": "Large print", "keep": "yes"})
    assert "Large print" in (await visitor.get(f"/sessions/{third.ref}/book")).text
    assert "Forget my needs" in (await visitor.get("/me/account")).text
    await visitor.post("/me/account/needs/forget", seen="/me/account")
    assert "Large print" not in (await visitor.get(f"/sessions/{third.ref}/book")).text
    assert "Forget my needs" not in (await visitor.get("/me/account")).text


async def test_booking_4_what_a_learner_needs_and_answered_is_shown_to_nobody_else_on_their_bookings_page(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    question = {"key": "role", "label": "What is your role?", "options": [], "required": False}
    session = await makers.make_session(now=clock.now, has_catering=True, course=await makers.make_course(questions=[question]))
    typed = {"access": "A hearing loop", "dietary": "No nuts", "q-role": "Safeguarding lead"}
    await (await sign_in_as(asha)).post(f"/sessions/{session.ref}/book", typed)
    booking = await Booking.get(learner_id=asha.id)
    shown = [(await (await sign_in_as(who)).get(f"/bookings/{booking.ref}")).text for who in (asha, dee)]
    assert [[words in page for words in (*typed.values(), f"/bookings/{booking.ref}/needs")] for page in shown] == [[True] * 4, [False] * 4]


async def test_booking_4_the_declaration_is_kept_with_the_version_of_its_terms_and_the_manager_if_named(
    asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(course=await makers.make_course(needs_manager_agreement=True), now=clock.now)
    visitor, path = await sign_in_as(asha), f"/sessions/{session.ref}/book"
    refused = await visitor.post(path, {"manager_name": "Moira Hale"})
    assert (refused.status_code, "Confirm that your manager agrees" in refused.text, 'value="Moira Hale"' in refused.text) == (
        422,
        True,
        True,
    )
    await visitor.post(path, {"manager_agrees": "yes", "manager_name": "Moira Hale", "manager_email": "moira@stlukes.example"})
    booking = await Booking.get()
    assert (booking.terms_version, booking.manager_name, booking.manager_email) == ("2026-11", "Moira Hale", "moira@stlukes.example")


async def test_booking_4_dietary_needs_are_asked_only_where_there_is_catering_and_interpreters_are_said_to_need_weeks(
    asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    visitor = await sign_in_as(asha)
    pages = []
    for has_catering in (False, True):
        session = await makers.make_session(now=clock.now, has_catering=has_catering)
        pages.append((await visitor.get(f"/sessions/{session.ref}/book")).text)
    assert ["Dietary needs (optional)" in page for page in pages] == [False, True]
    assert ["unless you keep it for next time" in page for page in pages] == [True, True]
    assert ["a BSL interpreter. An interpreter takes some weeks to arrange." in page for page in pages] == [True, True]


async def test_trainers_are_named_to_those_booked_and_not_to_those_waiting(
    asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    tess = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))
    await SessionTrainer.create(session=session, person=tess, state="accepted", asked_at=clock.now)
    ashas, bens = await sign_in_as(asha), await sign_in_as(ben)
    await ashas.post(f"/sessions/{session.ref}/book")
    await bens.post(f"/sessions/{session.ref}/book", {"do": "join", "standby": "ask"})
    named = [
        "Tess Trainer" in (await visitor.get(f"/bookings/{(await Booking.get(learner_id=who.id)).ref}")).text
        for visitor, who in ((ashas, asha), (bens, ben))
    ]
    assert named == [True, False]


async def test_booking_9_lost_joining_instructions_go_to_who_booked_and_the_answer_tells_nothing(
    asha: Person, ben: Person, sign_in_as: SignInAs, client: Visitor, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await (await sign_in_as(asha)).post(f"/sessions/{session.ref}/book")
    said = set()
    for address in (str(asha.email).upper(), ben.email, "nobody@x.example"):
        answer = await client.post(f"/sessions/{session.ref}/lost-link", {"email": address})
        said.add((answer.status_code, answer.headers["location"], (await client.get(answer.headers["location"])).text))
    assert len(said) == 1
    assert [letter.address for letter in await Message.filter(template="joining_instructions")] == [asha.email]


@pytest.mark.parametrize("access", ["public", "restricted", "invited"])
async def test_ones_own_booking_leads_to_its_session_whoever_it_is_for(
    access: str, asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    course = await makers.make_course("Strategy Discussions", code="SD", access=access, audience_codes=["police"])
    session = await makers.make_session(now=clock.now, course=course)
    booked = await book_for(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_desk(dee), now=clock.now)
    visitor = await sign_in_as(asha)
    page = (await visitor.get(f"/bookings/{booked.ref}")).text
    assert f'href="/me/sessions/{session.ref}"' in page
    shown = await visitor.get(f"/me/sessions/{session.ref}")
    assert (shown.status_code, "You have a place" in shown.text) == (200, True)
    assert (await visitor.get("/me/courses/SD")).status_code == 200


async def test_booking_again_what_one_has_leads_to_the_booking_and_says_so(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    visitor = await sign_in_as(asha)
    await visitor.post(f"/sessions/{session.ref}/book")
    again = await visitor.get(f"/sessions/{session.ref}/book")
    assert "You have a booking already" in (await visitor.get(again.headers["location"])).text


async def test_booking_4_a_booking_without_catering_asks_no_diet_and_forgets_none_that_is_kept(
    asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    await Person.filter(id=asha.id).update(kept_dietary_needs="Halal")
    session = await makers.make_session(now=clock.now, delivery="online")
    visitor = await sign_in_as(asha)
    await visitor.post(f"/sessions/{session.ref}/book")
    here = f"/bookings/{(await Booking.get()).ref}"
    pages = [(await visitor.get(path)).text for path in (here, f"{here}/needs")]
    assert [("Access needs" in page, "ietary" in page.split("<main")[1]) for page in pages] == [(True, False), (True, False)]
    await visitor.post(f"{here}/needs", {"access": "A hearing loop", "keep": "yes"})
    kept = await Person.get(id=asha.id)
    assert (kept.kept_access_needs, kept.kept_dietary_needs) == ("A hearing loop", "Halal")


async def test_a_booking_says_where_one_goes_with_the_address(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    venue = await makers.make_venue("Baysgarth House", address="Caistor Road, Barton", postcode="DN18 6AH")
    session = await makers.make_session(now=clock.now, venue=venue)
    visitor = await sign_in_as(asha)
    await visitor.post(f"/sessions/{session.ref}/book")
    page = (await visitor.get(f"/bookings/{(await Booking.get()).ref}")).text
    assert [words in page for words in ("Baysgarth House", "Caistor Road, Barton", "DN18 6AH")] == [True, True, True]


async def test_leaving_a_list_says_what_is_lost(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=0)
    visitor = await sign_in_as(asha)
    await visitor.post(f"/sessions/{session.ref}/book", {"do": "join", "standby": "ask"})
    page = (await visitor.get(f"/bookings/{(await Booking.get()).ref}/cancel")).text
    assert "You are number 1 in line. If you join again, you start at the end of the list." in page
