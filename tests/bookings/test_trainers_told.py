"""Trainers are told what became of a session: whoever accepted, or is still to answer, gets one letter for each change."""

from collections.abc import Awaitable, Callable
from datetime import date, time

import pytest

from marstraining.bookings.actions import call_off_session, move_session, postpone_session, run_online, who_will_be_told
from marstraining.core import config
from marstraining.core.viewer import SYSTEM, Role
from marstraining.messages.envelope import rendered
from marstraining.messages.models import Message
from marstraining.messages.queries import letter_of
from marstraining.people.models import Person
from marstraining.programme.actions import remove_trainer
from marstraining.programme.models import Session, SessionTrainer
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("db")

JUNE_1 = DayPlan(date(2026, 6, 1), time(9, 30), time(12, 30))
LINK = "https://meet.example/j/1"


async def call_off(session: Session, clock: Clock) -> None:
    await call_off_session(session.id, reason="The venue is flooded", by=SYSTEM, now=clock.now)


async def postpone(session: Session, clock: Clock) -> None:
    await postpone_session(session.id, reason="The venue is flooded", by=SYSTEM, now=clock.now)


async def move(session: Session, clock: Clock) -> None:
    await move_session(session.id, [JUNE_1], by=SYSTEM, now=clock.now)


async def set_new_date(session: Session, clock: Clock) -> None:
    await postpone(session, clock)
    await move(session, clock)


async def put_online(session: Session, clock: Clock) -> None:
    await run_online(session.id, joining_link=LINK, by=SYSTEM, now=clock.now)


async def trained_session(clock: Clock) -> tuple[Session, Person]:
    """8 May 2026: Tess trains it, Tim was asked, Dora declined, Mel has no address, Vic has left, and nobody is booked."""
    session = await makers.make_session(now=clock.now, title="Child Protection")
    people = {}
    for name, state, columns in (
        ("Tess", "accepted", {}), ("Tim", "asked", {}), ("Dora", "declined", {}), ("Mel", "accepted", {"email": None}),
        ("Vic", "accepted", {"state": "left"}),
    ):  # fmt: skip
        person = people[name] = await makers.make_person(name, roles=(Role.TRAINER,), **columns)
        await SessionTrainer.create(session_id=session.id, person_id=person.id, asked_at=clock.now, state=state)
    return session, people["Tess"]


@pytest.mark.parametrize(
    ("change", "subject", "said", "not_said"),
    [
        (call_off, "Called off: Child Protection", "please do not come. We are sorry.", "/me"),
        (postpone, "Postponed: Child Protection", "The reason: The venue is flooded", "/me"),
        (move, "New date or time: Child Protection", "planned for Friday 8 May 2026, 9:30am to 12:30pm", "new date."),
        (set_new_date, "New date or time: Child Protection", "It was postponed, and now has a new date.", "planned for"),
        (put_online, "Now online: Child Protection", "If not, please reply to this email", "The reason"),
    ],
)  # fmt: skip
async def test_a_trainer_is_told_once_what_became_of_the_session(
    change: Callable[[Session, Clock], Awaitable[None]], subject: str, said: str, not_said: str, clock: Clock
) -> None:
    session, tess = await trained_session(clock)
    await change(session, clock)
    letters = await Message.filter(template="trainer_told").order_by("-id").values("name", "ref")
    last = letters[:2]
    assert sorted(letter["name"] for letter in last) == ["Tess", "Tim"]
    found = await letter_of(next(letter["ref"] for letter in last if letter["name"] == tess.name))
    assert found is not None
    read = rendered(found, config.current())
    assert (read.subject, said in read.text, not_said in read.text) == (subject, True, False)
    assert said in read.html


async def test_who_has_not_answered_is_asked_for_the_answer_again(clock: Clock) -> None:
    session, _ = await trained_session(clock)
    await move(session, clock)
    row = await Message.filter(template="trainer_told", name="Tim").get().values("ref")
    found = await letter_of(row["ref"])
    assert found is not None
    assert "Please sign in and say yes or no." in rendered(found, config.current()).text


async def test_who_is_taken_off_is_told_and_nobody_else(clock: Clock) -> None:
    session, tess = await trained_session(clock)
    assert await remove_trainer(session.id, tess.id, is_told=True, reason="A colleague trains", by=SYSTEM, now=clock.now)
    letters = await Message.filter(template="trainer_told").values("name", "ref")
    found = await letter_of(letters[0]["ref"])
    assert found is not None
    read = rendered(found, config.current())
    assert ([letter["name"] for letter in letters], read.subject) == (["Tess"], "You are not needed: Child Protection")
    for text in (read.text, read.html):
        assert ("not needed for it any more" in text, "The reason: A colleague trains" in text, "/me" in text) == (True, True, False)


async def test_a_move_that_changes_nothing_tells_nobody(clock: Clock) -> None:
    session, _ = await trained_session(clock)
    await move_session(session.id, [DayPlan(date(2026, 5, 8), time(9, 30), time(12, 30))], by=SYSTEM, now=clock.now)
    assert await Message.filter(template="trainer_told").count() == 0


async def test_the_dry_run_counts_the_trainers_and_names_those_who_cannot_be_reached(clock: Clock) -> None:
    session, _ = await trained_session(clock)
    told = await who_will_be_told(session.id)
    assert (told.trainers, told.without_address) == (("Tess", "Tim"), ("Mel", "Vic"))
