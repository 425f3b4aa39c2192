"""States of a booking on real rows (booking.md, States and Booking 1): what holds a place, and every change as a row of its own."""

from collections.abc import Awaitable, Callable
from datetime import date, time, timedelta
from typing import Any

import pytest

from marstraining.bookings.actions import (
    NewLearner,
    accept_offer,
    book_newcomer,
    book_place,
    cancel_booking,
    join_list,
    move_session,
    offer_now,
    postpone_session,
    settle_sessions,
)
from marstraining.bookings.models import Booking, Transition
from marstraining.bookings.queries import places
from marstraining.bookings.queries.own import was_postponed
from marstraining.bookings.rules import BookPlace
from marstraining.core.errors import Refused
from marstraining.core.tokens import new_nonce, new_ref
from marstraining.core.viewer import SYSTEM
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.models import Session, SessionTrainer
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.bookings.letters import body_of, make_scene
from tests.bookings.test_newcomers import ask
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
pytestmark = pytest.mark.usefixtures("db")


async def booking_in(session: Session, state: str, clock: Clock, **columns: Any) -> None:
    await Booking.create(
        ref=new_ref(), session=session, learner=await makers.make_person("Somebody"), state=state, nonce=new_nonce(),
        check_in_code="123456", joined_at=clock.now, created_at=clock.now, changed_at=clock.now, **columns,
    )  # fmt: skip


@pytest.mark.parametrize(("reserves", "held"), [(False, 3), (True, 4)])
async def test_states_a_place_is_held_by_confirmed_invited_offers_that_stand_and_requests_where_the_course_reserves(
    clock: Clock,
    reserves: bool,  # noqa: FBT001 - a table of cases
    held: int,
) -> None:
    session = await makers.make_session(now=clock.now, reserves_while_asked=reserves)
    for state in ("confirmed", "invited", "requested", "declined", "lapsed", "turned_down", "withdrawn", "cancelled", "called_off"):
        await booking_in(session, state, clock)
    await booking_in(session, "offered", clock, offer_expires_at=clock.now)
    await booking_in(session, "offered", clock, offer_expires_at=clock.now - timedelta(seconds=1))
    found = (await places([session.id], now=clock.now))[session.id]
    assert (found.held, found.left) == (held, 20 - held)


async def test_states_trainers_take_no_learners_place(clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    tess = await makers.make_person("Tess Trainer")
    await SessionTrainer.create(session=session, person=tess, state="accepted", asked_at=clock.now)
    assert (await places([session.id], now=clock.now))[session.id].left == 1


async def test_states_every_change_is_a_row_with_who_when_why_and_working_hours_of_notice(asha: Person, dee: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=0)
    own, desk = makers.as_learner(asha), makers.as_desk(dee)
    joined = await join_list(BookPlace(session_id=session.id, learner_id=asha.id), by=own, now=clock.now)
    await Session.filter(id=session.id).update(capacity=1)
    await offer_now(joined.id, by=desk, now=(offered_at := clock.forward(minutes=1)))
    await accept_offer(joined.id, by=own, now=(accepted_at := clock.forward(minutes=1)))
    late = clock.travel_to(session.starts_at - timedelta(hours=1))
    await cancel_booking(joined.id, reason="court", by=own, now=late)
    found = await Transition.filter(booking_id=joined.id).order_by("id").values_list(
        "from_state", "to_state", "by_id", "by_role", "at", "reason", "notice_hours"
    )  # fmt: skip
    began = offered_at - timedelta(minutes=1)
    assert found == [
        ("", "waiting", asha.id, "learner", began, "", None),
        ("waiting", "offered", dee.id, "desk", offered_at, "", None),
        ("offered", "confirmed", asha.id, "learner", accepted_at, "", None),
        ("confirmed", "cancelled", asha.id, "learner", late, "court", 1.0),
    ]


async def test_waiting_list_1_the_learner_sees_their_position_and_the_rule_and_a_letter_says_how_to_leave(
    ben: Person, client: Visitor, sign_in_as: SignInAs, clock: Clock
) -> None:
    scene = await make_scene(clock)
    await scene.fill()
    await scene.join(ben)
    waiting = await Booking.get(id=await scene.join(scene.asha))
    page = (await (await sign_in_as(scene.asha)).get(f"/bookings/{waiting.ref}")).text
    assert "<strong>2</strong> on the waiting list" in page
    assert "The training team’s priority comes first, then the time of joining." in page  # noqa: RUF001 - as printed
    letter = body_of(await scene.read("joined_list"))
    assert letter[-2:] == [
        f"See your position, change your choice or leave the list:\n{await scene.page()}",
        "You can leave the list at any time until the session starts.",
    ]
    path = (await scene.page()).removeprefix("http://127.0.0.1:8000")
    assert (await client.post(f"{path}/cancel")).headers["location"] == f"{path}?done=withdrawn"


async def test_waiting_list_3_nobody_takes_an_offered_place_once_the_session_has_started(asha: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=0)
    joined = await join_list(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    await Session.filter(id=session.id).update(capacity=1)
    await settle_sessions(now=clock.now)
    await Session.filter(id=session.id).update(starts_at=clock.now)
    with pytest.raises(Refused) as refusal:
        await accept_offer(joined.id, by=makers.as_learner(asha), now=clock.now)
    assert refusal.value.code == "past"


async def test_waiting_list_3_leaving_while_a_place_is_offered_passes_it_on_at_once(asha: Person, ben: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=0)
    for person in (asha, ben):
        await join_list(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=clock.now)
    await Session.filter(id=session.id).update(capacity=1)
    await settle_sessions(now=clock.now)
    first = await Booking.get(learner_id=asha.id)
    assert first.state == "offered"
    await cancel_booking(first.id, by=makers.as_learner(asha), now=clock.now)
    assert [row["state"] for row in await Booking.all().order_by("id").values("state")] == ["cancelled", "offered"]


async def test_waiting_list_5_promotion_switched_off_does_not_stop_joining(asha: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=0, is_promotion_on=False)
    joined = await join_list(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    await Session.filter(id=session.id).update(capacity=1)
    assert (joined.state, await settle_sessions(now=clock.now), (await Booking.get()).state) == ("waiting", 0, "waiting")


async def test_booking_1_one_live_booking_whatever_the_channel_the_tab_or_the_letter_case_of_the_address(
    asha: Person, client: Visitor, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    first = await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    link, _ = await ask(client, session, "Asha@StLukes.example")
    by_letter = await client.post(link)
    by_page = await (await sign_in_as(asha)).get(f"/sessions/{session.ref}/book")
    assert [answer.headers["location"].partition("?")[0] for answer in (by_letter, by_page)] == [f"/bookings/{first.ref}"] * 2
    new = NewLearner("A. Patel", "ASHA@stlukes.example", None, "")
    by_desk = await book_newcomer(new, BookPlace(session_id=session.id, learner_id=0), by=SYSTEM, now=clock.now)
    assert (by_desk.ref, by_desk.was_there, await Booking.all().count()) == (first.ref, True, 1)
    assert await Message.filter(template="confirmed").count() == 1


async def test_booking_9_a_lost_link_is_sent_again_and_the_answer_is_the_same_whether_or_not_it_was(
    asha: Person, client: Visitor, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    path, pages = f"/sessions/{session.ref}/lost-link", []
    for email in ("Asha@StLukes.example", "nobody@stlukes.example"):
        answer = await client.post(path, {"email": email})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done=sent")
        pages.append((await client.get(answer.headers["location"])).text)
    assert pages[0] == pages[1]
    sent = await Message.filter(template="joining_instructions").values("address")
    assert sent == [{"address": "asha@stlukes.example"}]


@pytest.mark.parametrize("state", ["postponed", "past"])
async def test_booking_9_a_session_without_a_date_to_come_sends_no_joining_instructions_and_the_answer_is_the_same(
    asha: Person, client: Visitor, clock: Clock, state: str
) -> None:
    session = await makers.make_session(now=clock.now)
    await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    if state == "postponed":
        await postpone_session(session.id, reason="", by=SYSTEM, now=clock.now)
    else:
        clock.travel_to(session.ends_at)
    path = f"/sessions/{session.ref}/lost-link"
    answer = await client.post(path, {"email": "Asha@StLukes.example"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done=sent")
    assert await Message.filter(template="joining_instructions").count() == 0


async def test_states_only_who_was_booked_before_the_postponement_is_asked_to_keep_the_place_on_the_new_date(
    asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=2)
    people = [asha, await makers.make_person("Holder"), await makers.make_person("Wim"), await makers.make_person("New")]
    orders = [BookPlace(session_id=session.id, learner_id=person.id) for person in people]
    for person, order, verb in zip(people, orders, (book_place, book_place, join_list), strict=False):
        await verb(order, by=makers.as_learner(person), now=clock.now)
    await postpone_session(session.id, reason="", by=SYSTEM, now=clock.now)
    new_date = DayPlan(date(2026, 6, 16), time(9, 30), time(12, 30))
    await move_session(session.id, [new_date], by=SYSTEM, now=clock.forward(days=1))
    held, waited = [await Booking.get(learner_id=person.id) for person in people[1:3]]
    await cancel_booking(held.id, by=makers.as_learner(people[1]), now=clock.forward(hours=1))
    await accept_offer(waited.id, by=makers.as_learner(people[2]), now=clock.forward(hours=1))
    await Session.filter(id=session.id).update(capacity=3)
    await book_place(orders[3], by=makers.as_learner(people[3]), now=clock.forward(hours=1))
    asked = []
    for person in (asha, *people[2:]):
        booking = await Booking.get(learner_id=person.id)
        page = await (await sign_in_as(person)).get(f"/bookings/{booking.ref}")
        asked.append((booking.state, "There is a new date" in page.text))
    assert asked == [("confirmed", True), ("confirmed", False), ("confirmed", False)]


async def test_states_who_was_confirmed_while_there_was_no_date_is_asked_to_keep_the_place_too(asha: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=2)
    booked = await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    await postpone_session(session.id, reason="", by=SYSTEM, now=clock.forward(hours=1))
    await Transition.filter(booking_id=booked.id).update(at=clock.forward(hours=1))
    assert await was_postponed(booked.id) is False
    await move_session(session.id, [DayPlan(date(2026, 6, 16), time(9, 30), time(12, 30))], by=SYSTEM, now=clock.forward(hours=1))
    assert await was_postponed(booked.id) is True


async def test_people_a_managed_learners_letters_go_to_the_settings_contact_without_calendar_entries(clock: Clock) -> None:
    nursery = await makers.make_agency("Brook Nursery", contact_email="office@brook.example")
    mel = await makers.make_person("Mel", email=None, managed_by=nursery)
    session = await makers.make_session(now=clock.now)
    booked = await book_place(BookPlace(session_id=session.id, learner_id=mel.id, by_desk=True), by=SYSTEM, now=clock.now)
    letter = await Message.get()
    assert (letter.template, letter.address, letter.name, letter.calendar) == ("confirmed", "office@brook.example", "Mel", [])
    booking = await Booking.get(id=booked.id)
    assert (booking.agency_id, booking.check_in_code.isdigit()) == (nursery.id, True)
