"""A register not taken is asked for: its trainers next morning, the desk on day 3; who was missed is written to once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from marstraining.attendance.actions import ask_for_registers, enter_walk_in, lock_register, mark_register, tell_missed
from marstraining.attendance.actions.walk_ins import WalkIn
from marstraining.attendance.models import Mark, Register
from marstraining.attendance.rules import ExcusedReason, MarkWord, NewMark
from marstraining.core import config
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.models import SessionTrainer
from marstraining.record.models import Completion
from tests import makers
from tests.attendance.registers import Held, a_held_session
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
pytestmark = pytest.mark.usefixtures("db", "clock")

# Tuesday 10 March 2026, half past nine to half past twelve.
STARTS = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


async def letters(template: str) -> list[str]:
    return [row["address"] for row in await Message.filter(template=template).order_by("id").values("address")]


async def mark_all(held: Held, *words: MarkWord, by: Person, now: datetime, reason: str = "") -> None:
    marks = [
        NewMark(learner.id, held.days[0], word, reason=reason if word != MarkWord.ATTENDED else "")
        for learner, word in zip(held.learners, words, strict=True)
    ]
    await mark_register(held.session.id, marks, by=makers.as_desk(by), now=now)


async def test_trainers_are_asked_at_nine_next_morning_once_and_contributors_never() -> None:
    held = await a_held_session(STARTS + timedelta(minutes=20), people=2)
    cora = await makers.make_person("Cora Speaks")
    await SessionTrainer.create(session=held.session, person=cora, state="accepted", is_contributor=True, asked_at=STARTS)
    morning = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
    asked = [await ask_for_registers(now=at) for at in (STARTS, morning - timedelta(seconds=1), morning, morning + timedelta(hours=1))]
    assert (asked, await letters("take_register")) == ([0, 0, 1, 0], [held.trainer.email])
    letter = await Message.get(template="take_register")
    assert (letter.context["unmarked"], letter.context["booked"]) == (2, 2)


async def test_the_desk_is_asked_on_the_third_day_and_after_a_stop_both_are_made_up_for() -> None:
    held = await a_held_session(STARTS + timedelta(minutes=20))
    third = datetime(2026, 3, 13, 9, 0, tzinfo=UTC)
    assert [await ask_for_registers(now=at) for at in (third - timedelta(minutes=1), third, third)] == [1, 1, 0]
    assert await letters("register_open") == [config.current().partnership.reply_to]
    other = await a_held_session(STARTS + timedelta(minutes=20))
    assert await ask_for_registers(now=third + timedelta(days=2)) == 2
    assert (await letters("take_register"))[-1] == other.trainer.email
    assert held.session.id != other.session.id


async def test_a_locked_register_one_nobody_is_booked_on_one_long_past_and_one_taken_elsewhere_are_not_asked_for(dee: Person) -> None:
    locked = await a_held_session(STARTS + timedelta(minutes=20))
    await mark_all(locked, MarkWord.ATTENDED, by=dee, now=STARTS + timedelta(hours=1))
    await lock_register(locked.session.id, by=makers.as_desk(dee), now=STARTS + timedelta(hours=4))
    await a_held_session(STARTS + timedelta(minutes=20), people=0)
    await a_held_session(STARTS - timedelta(days=60), starts=STARTS - timedelta(days=60))
    counted = await a_held_session(STARTS + timedelta(minutes=20))
    await counted.session.filter(id=counted.session.id).update(is_headcount_only=True)
    elsewhere = await a_held_session(STARTS + timedelta(minutes=20))
    await makers.make_mark(elsewhere.session, elsewhere.learners[0])
    await Mark.filter(session_id=elsewhere.session.id).update(evidence="imported")
    assert await ask_for_registers(now=STARTS + timedelta(days=5)) == 0


async def test_who_did_not_come_is_told_the_next_date_once_on_the_morning_after_the_lock(dee: Person) -> None:
    held = await a_held_session(STARTS + timedelta(minutes=20), people=3)
    following = await makers.make_session(course=await held.session.course, now=STARTS)
    await mark_all(held, MarkWord.ATTENDED, MarkWord.ABSENT, MarkWord.ABSENT, by=dee, now=STARTS + timedelta(hours=1))
    came_late = NewMark(held.learners[2].id, held.days[0], MarkWord.ABSENT, reason="not_admitted")
    await mark_register(held.session.id, [came_late], by=makers.as_desk(dee), now=STARTS + timedelta(hours=2))
    await lock_register(held.session.id, by=makers.as_desk(dee), now=STARTS + timedelta(hours=4))
    morning = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
    told = [await tell_missed(now=at) for at in (morning - timedelta(minutes=1), morning, morning + timedelta(days=1))]
    assert (told, await letters("missed_you")) == ([0, 1, 0], [held.learners[1].email])
    assert (await Message.get(template="missed_you")).context["next_ref"] == following.ref


async def test_apologies_and_half_a_course_get_no_such_letter_nor_what_was_corrected_meanwhile(dee: Person) -> None:
    held = await a_held_session(STARTS + timedelta(minutes=20), people=2, days=2)
    by, second = makers.as_desk(dee), STARTS + timedelta(days=1, hours=1)
    [one, two] = held.learners
    marks = [
        NewMark(one.id, held.days[0], MarkWord.ATTENDED), NewMark(one.id, held.days[1], MarkWord.ABSENT),
        NewMark(two.id, held.days[0], MarkWord.EXCUSED, reason=ExcusedReason.COURT), NewMark(two.id, held.days[1], MarkWord.ABSENT),
    ]  # fmt: skip
    await mark_register(held.session.id, marks, by=by, now=second)
    await lock_register(held.session.id, by=by, now=second + timedelta(hours=4))
    assert await tell_missed(now=second + timedelta(days=2)) == 0
    single = await a_held_session(STARTS + timedelta(minutes=20))
    await mark_all(single, MarkWord.ABSENT, by=dee, now=STARTS + timedelta(hours=1))
    await lock_register(single.session.id, by=by, now=STARTS + timedelta(hours=4))
    made_up = [NewMark(single.learners[0].id, single.days[0], MarkWord.ATTENDED)]
    await mark_register(single.session.id, made_up, why="mistake", by=by, now=STARTS + timedelta(hours=5))
    assert await tell_missed(now=STARTS + timedelta(days=2)) == 0
    assert await Register.filter(told_missed_at=None).count() == 0


async def test_a_walk_in_on_a_register_that_nobody_else_came_to_is_not_missed(asha: Person, dee: Person) -> None:
    held = await a_held_session(STARTS + timedelta(minutes=20))
    await mark_all(held, MarkWord.ABSENT, by=dee, now=STARTS + timedelta(hours=1))
    await enter_walk_in(held.session.id, WalkIn(asha.id, held.days[0]), by=makers.as_desk(dee), now=STARTS + timedelta(hours=1))
    await lock_register(held.session.id, by=makers.as_desk(dee), now=STARTS + timedelta(hours=4))
    assert await tell_missed(now=STARTS + timedelta(days=1)) == 1
    assert await letters("missed_you") == [held.learners[0].email]


async def test_from_day_three_today_lists_the_register_and_after_a_week_one_button_locks_what_is_certain(
    dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    held = await a_held_session(clock.now, people=2)
    await mark_register(
        held.session.id, [NewMark(held.learners[0].id, held.days[0], MarkWord.ATTENDED)], by=makers.as_desk(dee), now=clock.now
    )
    clock.travel_to(datetime(2026, 3, 11, 23, 0, tzinfo=UTC))
    assert "not locked" not in (await (await sign_in_as(dee)).get("/desk")).text
    clock.travel_to(datetime(2026, 3, 12, 8, 0, tzinfo=UTC))
    visitor = await sign_in_as(dee)
    assert "register not locked" in (await visitor.get("/desk")).text
    shown = (await visitor.get("/desk/today/registers")).text
    assert (f'href="{held.desk}"' in shown, "Lock what is certain" in shown) == (True, False)
    clock.travel_to(held.session.ends_at + timedelta(days=7, minutes=1))
    visitor = await sign_in_as(dee)
    path = f"{held.desk}/lock?from=today"
    assert f'href="{path}"' in (await visitor.get("/desk/today/registers")).text
    assert "1 person has no mark</strong>: it stays unknown whether they came" in (await visitor.get(path)).text
    answer = await visitor.post(path, {"leaves": "yes", "from": "today"})
    assert answer.headers["location"] == "/desk/today/registers?done=locked"
    assert "The register is locked." in (await visitor.get(answer.headers["location"])).text
    assert await Completion.all().count() == 1
    assert "register not locked" not in (await visitor.get("/desk")).text
