"""My training: coming, waiting with position, offered, past; the same number of statements whatever is booked."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from marstraining.attendance.actions import lock_register, mark_register
from marstraining.attendance.rules import MarkWord, NewMark
from marstraining.bookings.actions import book_place, join_list, postpone_session
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import LIVE_STATES, BookingState, BookPlace
from marstraining.core import config
from marstraining.core.tokens import derive_token
from marstraining.core.viewer import SYSTEM, Role
from marstraining.people.models import Person
from marstraining.programme.models import SessionTrainer, TrainingDay
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def test_an_empty_page_says_what_to_do_next(asha: Person, sign_in_as: SignInAs) -> None:
    page = await (await sign_in_as(asha)).get("/me")
    assert "Nothing booked yet" in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_bookings_stand_under_coming_waiting_and_past(asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    coming = await makers.make_session(course=await makers.make_course("Early Help"), now=clock.now)
    full = await makers.make_session(course=await makers.make_course("Neglect"), now=clock.now, capacity=0)
    by = makers.as_learner(asha)
    await book_place(BookPlace(session_id=coming.id, learner_id=asha.id), by=by, now=clock.now)
    await join_list(BookPlace(session_id=full.id, learner_id=ben.id), by=makers.as_learner(ben), now=clock.now)
    other = await sign_in_as(ben)
    assert "Number 1 in line" in (await other.get("/me")).text
    assert "Early Help" not in (await other.get("/me")).text
    text = (await (await sign_in_as(asha)).get("/me")).text
    assert ("Early Help" in text, "Neglect" in text, ">Booked<" in text) == (True, False, True)
    await Booking.filter(learner_id=asha.id).update(state="cancelled")
    text = (await (await sign_in_as(asha)).get("/me")).text
    assert ("Past and cancelled" in text, "Nothing coming up" in text, "Nothing booked yet" in text) == (True, True, False)


@pytest.mark.parametrize("state", sorted(LIVE_STATES))
async def test_states_my_training_shows_a_booking_in_every_live_state(
    state: BookingState, asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    await Booking.all().update(state=state, answer_by=clock.now, offer_expires_at=clock.now)
    page = await (await sign_in_as(asha)).get("/me")
    assert (page.status_code, "Child Protection" in page.text) == (200, True)


async def test_states_a_postponed_session_stays_under_coming_after_its_old_date_with_a_way_to_cancel(
    asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    booked = await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    await postpone_session(session.id, reason="", by=SYSTEM, now=clock.now)
    clock.travel_to(session.ends_at + timedelta(days=3))
    visitor = await sign_in_as(asha)
    listed, shown = (await visitor.get("/me")).text, (await visitor.get(f"/bookings/{booked.ref}")).text
    cancel = f'href="/bookings/{booked.ref}/cancel"'
    assert ("Postponed: new date to follow" in listed, "Past and cancelled" in listed, cancel in listed) == (True, False, True)
    assert ("Postponed: new date to follow" in shown, cancel in shown, "Check-in code" in shown) == (True, True, False)


async def test_a_trainer_says_yes_to_a_session_they_were_asked_to_train(sign_in_as: SignInAs, clock: Clock) -> None:
    tess = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))
    session = await makers.make_session(now=clock.now)
    await SessionTrainer.create(session=session, person=tess, asked_at=clock.now)
    visitor = await sign_in_as(tess)
    answer = await visitor.post(f"/me/teaching/{session.ref}", {"answer": "yes"}, seen="/me")
    assert (answer.headers["location"], (await SessionTrainer.get()).state) == ("/me?done=accepted", "accepted")


async def test_what_waits_for_a_trainers_answer_stands_first_and_what_is_off_has_its_date_struck_out(
    sign_in_as: SignInAs, clock: Clock
) -> None:
    tess = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))
    for number, (title, state, answer) in enumerate(
        [("Neglect", "published", "accepted"), ("Early Help", "postponed", "accepted"), ("Prevent", "draft", "accepted"),
         ("Strategy", "published", "asked")]
    ):  # fmt: skip
        course, starts = await makers.make_course(title), clock.now + timedelta(days=20 + number)
        session = await makers.make_session(course=course, now=clock.now, starts=starts, state=state)
        await SessionTrainer.create(session=session, person=tess, state=answer, asked_at=clock.now)
    text = (await (await sign_in_as(tess)).get("/me")).text.split("<main")[1]
    words = ["You are asked to train", "Strategy", "Yes, I can train it", "Sessions you train", "Neglect", "Early Help", "Prevent"]
    assert [word for _, word in sorted((text.index(word), word) for word in words)] == words
    assert (text.count("<s>"), "Postponed: new date to follow" in text, "Not published yet" in text) == (1, True, True)


async def test_a_learner_cannot_answer_for_a_trainer(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    visitor = await sign_in_as(asha)
    answer = await visitor.post(f"/me/teaching/{session.ref}", {"answer": "yes"}, seen="/me/calendar")
    assert answer.status_code == 404


async def test_a_past_booking_says_whether_one_came_once_its_register_is_locked(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, starts=clock.now + timedelta(days=3))
    await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    clock.travel_to(session.ends_at + timedelta(minutes=5))
    await mark_register(session.id, [NewMark(asha.id, (await TrainingDay.get()).id, MarkWord.ATTENDED)], by=SYSTEM, now=clock.now)
    visitor = await sign_in_as(asha)
    booking = await Booking.get()
    token = derive_token(config.current().secret_key, "booking", booking.id, booking.nonce)
    here = ("/me", f"/bookings/{booking.ref}", f"/b/{booking.ref}/{token}")

    async def said() -> list[list[str]]:
        texts = [(await visitor.get(page)).text.split("<main")[1] for page in here]
        return [[word for word in ("Attended", "Took place", "Booked") if re.search(f">{word}</", text)] for text in texts]

    assert await said() == [["Took place"], ["Took place"], ["Took place"]]
    await lock_register(session.id, by=SYSTEM, now=clock.now)
    # A letter may have been passed on, so its link does not tell.
    assert await said() == [["Attended"], ["Attended"], ["Took place"]]
    mine = (await visitor.get(here[1])).text
    assert [href in mine for href in ('href="/me/record"', 'href="/me/files"')] == [True, True]


async def test_a_past_booking_without_a_place_says_neither_booked_nor_waiting(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=0)
    booked = await join_list(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    clock.travel_to(session.ends_at + timedelta(minutes=5))
    visitor = await sign_in_as(asha)
    for page in ("/me", f"/bookings/{booked.ref}"):
        text = (await visitor.get(page)).text.split("<main")[1]
        assert ("Without a place" in text, "On the waiting list" in text, "short notice" in text) == (
            True, False, False,
        )  # fmt: skip


async def test_a_trainer_finds_the_register_from_shortly_before_until_it_is_locked(sign_in_as: SignInAs, clock: Clock) -> None:
    tess, learner = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,)), await makers.make_person("Lena Learner")
    session = await makers.make_session(now=clock.now, starts=clock.now + timedelta(hours=3))
    await SessionTrainer.create(session=session, person=tess, state="accepted", asked_at=clock.now)
    visitor = await sign_in_as(tess)
    here, link = f"/teaching/{session.ref}", f'href="/teaching/{session.ref}/register"'

    async def stands() -> tuple[bool, bool, list[str]]:
        mine = (await visitor.get("/me")).text
        tags = [word for word in ("Training", "Today", "Register to take", "Register locked") if f">{word}</strong>" in mine]
        return link in mine, "Take the register" in (await visitor.get(here)).text, tags

    assert await stands() == (False, False, ["Training"])
    clock.forward(hours=2, minutes=20)
    assert await stands() == (True, True, ["Today"])
    clock.travel_to(session.ends_at + timedelta(minutes=1))
    assert await stands() == (True, True, ["Register to take"])
    await makers.make_mark(session, learner)
    await lock_register(session.id, by=SYSTEM, now=clock.now)
    assert await stands() == (True, False, ["Register locked"])
