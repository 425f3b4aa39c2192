"""The training team's day and the workspace of a session: what Dee does, what Asha must not see."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from marstraining.bookings.actions import book_place, join_list, postpone_session
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.models import Session, SessionTrainer
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def fields_of(visitor: Visitor, path: str) -> dict[str, str]:
    """The hidden fields of a page's form, without the token that `post` adds."""
    page = await visitor.get(path)
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: value for name, value in found if name != "csrf_token"}


async def booked_session(asha: Person, ben: Person, clock: Clock) -> Session:
    session = await makers.make_session(now=clock.now, capacity=1)
    await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    await join_list(BookPlace(session_id=session.id, learner_id=ben.id), by=makers.as_learner(ben), now=clock.now)
    return session


@pytest.mark.parametrize(
    "path", ["/desk", "/desk/sessions", "/desk/sessions/{ref}", "/desk/sessions/{ref}/call-off", "/desk/people", "/desk/agencies"]
)
async def test_the_desk_sees_its_pages_and_a_learner_gets_404(
    path: str, asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await booked_session(asha, ben, clock)
    address = path.format(ref=session.ref)
    assert (await (await sign_in_as(dee)).get(address)).status_code == 200
    assert (await (await sign_in_as(asha)).get(address)).status_code == 404


async def test_cancelling_at_the_desk_offers_the_place_to_the_next(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await booked_session(asha, ben, clock)
    booking = await Booking.get(learner_id=asha.id)
    root = f"/desk/sessions/{session.ref}"
    answer = await (await sign_in_as(dee)).post(f"{root}/bookings/{booking.ref}/cancel", {})
    assert answer.headers["location"] == f"{root}?done=cancelled"
    assert [row["state"] for row in await Booking.all().order_by("id").values("state")] == ["cancelled", "offered"]


async def test_offering_when_nothing_is_free_is_refused_in_plain_words(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await booked_session(asha, ben, clock)
    booking = await Booking.get(learner_id=ben.id)
    root = f"/desk/sessions/{session.ref}"
    answer = await (await sign_in_as(dee)).post(f"{root}/bookings/{booking.ref}/offer", {}, seen=root)
    assert answer.status_code == 422
    assert "No place is free. Raise the number of places first, or cancel a booking." in answer.text


async def test_raising_the_places_offers_one(asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await booked_session(asha, ben, clock)
    root = f"/desk/sessions/{session.ref}"
    visitor = await sign_in_as(dee)
    seen = await fields_of(visitor, f"{root}/places")
    answer = await visitor.post(f"{root}/places", {**seen, "capacity": "2"})
    assert answer.headers["location"] == f"{root}?done=places"
    assert (await Booking.get(learner_id=ben.id)).state == "offered"


@pytest.mark.parametrize(
    ("change", "fields", "template"),
    [
        ("call-off", {"reason": "The trainer is unwell."}, "called_off"),
        ("postpone", {"reason": ""}, "postponed"),
        ("online", {"joining_link": "https://meet.example/1"}, "online_instead"),
        ("move", {"day1": "2026-06-01", "starts1": "9.30am", "ends1": "12:30"}, "moved"),
    ],
)
async def test_each_change_shows_who_will_be_told_and_tells_them_once(
    change: str, fields: dict[str, str], template: str, asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await booked_session(asha, ben, clock)
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/{change}"
    dry = await visitor.get(path)
    assert "2 people get an email: 1 booked, 1 waiting." in dry.text
    assert await Message.filter(template=template).count() == 0
    seen = await fields_of(visitor, path)
    answer = await visitor.post(path, {**seen, **fields})
    again = await visitor.post(path, {**seen, **fields})
    assert (answer.status_code, again.status_code) == (303, 422 if change == "move" else 303)
    assert await Message.filter(template=template).count() == 2


async def test_the_page_before_a_change_counts_the_trainers_too(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await booked_session(asha, ben, clock)
    tess = await makers.make_person("Tess Reed")
    await SessionTrainer.create(session_id=session.id, person_id=tess.id, asked_at=clock.now, state="accepted")
    page = (await (await sign_in_as(dee)).get(f"/desk/sessions/{session.ref}/call-off")).text
    assert "3 people get an email: 1 booked, 1 waiting, 1 trainer." in page
    assert "Call off and tell 3 people" in page
    assert 'Tess Reed <span class="mars-muted">(trainer)</span>' in page


async def test_who_has_no_address_is_named_and_counted_among_no_emails(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=5)
    mel = await makers.make_person("Mel Gray", email=None)
    visitor, path = await sign_in_as(dee), f"/desk/sessions/{session.ref}/call-off"
    await book_place(BookPlace(session_id=session.id, learner_id=mel.id, by_desk=True), by=makers.as_learner(dee), now=clock.now)
    page = (await visitor.get(path)).text
    assert ("no email address here:</strong> Mel Gray." in page, "get an email" in page, ">Call off</button>" in page) == (
        True,
        False,
        True,
    )
    asha = await makers.make_person("Asha Khan", email="asha.khan@example.org")
    await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    page = (await visitor.get(path)).text
    assert ("1 person gets an email: 1 booked." in page, "Call off and tell 1 person" in page) == (True, True)


async def test_a_move_without_a_date_keeps_what_was_typed(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await booked_session(asha, ben, clock)
    answer = await (await sign_in_as(dee)).post(f"/desk/sessions/{session.ref}/move", {"starts1": "9.30am"})
    assert answer.status_code == 422
    assert 'value="9.30am"' in answer.text


async def test_letters_5_joining_instructions_are_sent_again_from_the_sessions_page(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await booked_session(asha, ben, clock)
    visitor, root = await sign_in_as(dee), f"/desk/sessions/{session.ref}"
    early = (await visitor.get(root)).text
    assert (f'href="{root}/joining"' in early, "Joining instructions go out on " in early) == (False, True)
    early = (await visitor.get(f"{root}/joining")).text
    assert ("They have not gone out yet." in early, "<button" in early.partition("<main")[2].partition("</main")[0]) == (True, False)
    clock.travel_to(session.starts_at - timedelta(days=1))
    visitor = await sign_in_as(dee)
    assert f'href="{root}/joining"' in (await visitor.get(root)).text
    assert "Send them again to 1 person" in (await visitor.get(f"{root}/joining")).text
    answer = await visitor.post(f"{root}/joining", await fields_of(visitor, f"{root}/joining"))
    assert answer.headers["location"] == f"{root}?done=joining"
    assert [letter["address"] for letter in await Message.filter(template="joining_instructions").values("address")] == [asha.email]


async def test_states_a_postponed_session_is_still_to_come_and_gets_its_new_date_after_the_old_one(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await booked_session(asha, ben, clock)
    await postpone_session(session.id, reason="", by=makers.as_desk(dee), now=clock.now)
    clock.travel_to(session.ends_at + timedelta(days=3))
    visitor, root = await sign_in_as(dee), f"/desk/sessions/{session.ref}"
    page = (await visitor.get(root)).text
    assert (f'href="{root}/move"' in page, f'href="{root}/book"' in page) == (True, False)
    assert [root in (await visitor.get(f"/desk/sessions{query}")).text for query in ("", "?when=past")] == [True, False]
    seen = await fields_of(visitor, f"{root}/move")
    answer = await visitor.post(f"{root}/move", {**seen, "day1": "2026-06-15", "starts1": "9.30am", "ends1": "12:30"})
    assert (answer.headers["location"], (await Session.get()).state) == (f"{root}?done=moved", "published")


async def test_the_bar_marks_the_present_page_and_says_it_where_a_phone_shows_the_bar_closed(dee: Person, sign_in_as: SignInAs) -> None:
    desk = await sign_in_as(dee)
    for path, place in (("/desk", "Today"), ("/desk/history", "History"), ("/desk/letters/bounced", "Letters"), ("/board", "Reports")):
        bar = re.search(r'<nav class="mars-desk-bar".*?</nav>', (await desk.get(path)).text, re.DOTALL)
        assert bar is not None
        assert re.findall(r'aria-current="(?:page|true)">([^<]*)<', bar[0]) == [place]
        assert f"<summary>Training team: <strong>{place}</strong></summary>" in bar[0]
        assert bar[0].count("<a ") == 15


async def test_a_page_that_is_not_there_leads_the_desk_to_its_own_pages_and_a_learner_to_theirs(
    asha: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    desk = (await (await sign_in_as(dee)).get("/desk/sessions/0000000000")).text
    assert "mars-desk-bar" in desk
    assert ("mars-wide" in desk, 'href="/desk">Today</a> or choose' in desk, "write to the training team" in desk) == (True, True, False)
    learner = (await (await sign_in_as(asha)).get("/desk/nowhere")).text
    assert ("mars-wide" in learner, "mars-desk-bar" in learner, "write to the training team" in learner) == (False, False, True)
    assert 'or go to <a class="govuk-link" href="/me">my training</a>' in learner
