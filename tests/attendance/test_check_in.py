"""Learners check themselves in: the code on the screen for half a minute, their own code, and the same answer whatever is wrong."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from marstraining.attendance.actions import check_in, close_check_in, lock_register, mark_register, open_check_in
from marstraining.attendance.actions.checking_in import NO_MATCH
from marstraining.attendance.check_in_codes import Presented, is_screen_code, make_pass, read_pass, screen_code
from marstraining.attendance.models import Mark, Register
from marstraining.attendance.rules import Evidence, MarkWord, NewMark
from marstraining.bookings.actions import cancel_booking
from marstraining.bookings.models import Booking
from marstraining.core import config
from marstraining.core.errors import Refused, TooFast
from marstraining.core.qr import qr_svg
from marstraining.core.viewer import SYSTEM
from marstraining.people.models import Person
from tests import makers
from tests.attendance.registers import Held, a_held_session
from tests.conftest import SECRET_KEY, Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
pytestmark = pytest.mark.usefixtures("db", "clock")
NETWORK = "192.0.2.7"


async def an_open_one(clock: Clock, *, people: int = 1) -> Held:
    held = await a_held_session(clock.now, people=people)
    await open_check_in(held.session.id, last_admission_minutes=None, by=SYSTEM, now=clock.now)
    return held


async def on_screen(held: Held, clock: Clock, evidence: Evidence = Evidence.CODE) -> Presented:
    register = await Register.get(session_id=held.session.id)
    return Presented(screen_code(config.current().secret_key, register.check_in_nonce, clock.now), evidence, clock.now)


async def own_code(held: Held, number: int = 0) -> str:
    return (await Booking.get(session_id=held.session.id, learner_id=held.learners[number].id)).check_in_code


def test_a_code_is_on_the_screen_for_its_half_minute_and_taken_for_one_more(clock: Clock) -> None:
    at = clock.now
    code = screen_code(SECRET_KEY, "nonce", at)
    assert len(code) == 6
    moments = (
        timedelta(0),
        timedelta(seconds=29),
        timedelta(seconds=30),
        timedelta(seconds=59),
        timedelta(seconds=60),
        -timedelta(seconds=1),
    )
    assert [is_screen_code(SECRET_KEY, "nonce", code, at + moment) for moment in moments] == [True, True, True, True, False, False]
    assert not is_screen_code(SECRET_KEY, "other", code, at)


def test_a_pass_lasts_ten_minutes_and_cannot_be_made_up(clock: Clock) -> None:
    presented = Presented("123456", Evidence.QR, clock.now)
    made = make_pass(SECRET_KEY, presented)
    moments = (timedelta(0), timedelta(minutes=10), timedelta(minutes=10, seconds=1), -timedelta(seconds=1))
    assert [read_pass(SECRET_KEY, made, now=clock.now + moment) for moment in moments] == [presented, presented, None, None]
    at, _, mac = made.split(".")
    for wrong in ("", "x", "..", f"{at}.654321.{mac}", f"{int(at) + 60}.123456.{mac}", "٣.1.2", "9" * 40 + ".1.2"):
        assert read_pass(SECRET_KEY, wrong, now=clock.now) is None


async def test_both_codes_mark_the_learner_as_attended_once_with_what_it_stands_on(clock: Clock) -> None:
    held = await an_open_one(clock, people=2)
    for number, evidence in enumerate((Evidence.QR, Evidence.CODE)):
        for _ in range(2):
            code = await own_code(held, number)
            found = await check_in(await on_screen(held, clock, evidence), code, network=NETWORK, now=clock.now)
            assert (found.first_name, found.is_marked_otherwise) == ("Learner", False)
    assert await Mark.all().order_by("id").values_list("person_id", "mark", "evidence", "by_id") == [
        (held.learners[0].id, "attended", "qr", held.learners[0].id),
        (held.learners[1].id, "attended", "code", held.learners[1].id),
    ]


async def test_whatever_is_wrong_the_answer_is_the_same(clock: Clock) -> None:
    held, other = await an_open_one(clock), await an_open_one(clock)
    right, code = await on_screen(held, clock), await own_code(held)
    await Booking.filter(learner_id=other.learners[0].id).update(check_in_code="000000" if code != "000000" else "111111")
    tries = [
        (None, code), (Presented("000000", Evidence.CODE, clock.now), code), (right, ""), (right, f"{code}0"),
        (right, await own_code(other)), (Presented(right.code, Evidence.CODE, clock.now - timedelta(hours=1)), code),
    ]  # fmt: skip
    for presented, typed in tries:
        with pytest.raises(Refused) as refused:
            await check_in(presented, typed, network=NETWORK, now=clock.now)
        assert refused.value.message == NO_MATCH
    await cancel_booking_of(held)
    with pytest.raises(Refused, match=re.escape(NO_MATCH)):
        await check_in(right, code, network=NETWORK, now=clock.now)
    assert await Mark.all().count() == 0


async def cancel_booking_of(held: Held) -> None:
    booking = await Booking.get(session_id=held.session.id)
    before = held.session.starts_at - timedelta(days=9)
    await cancel_booking(booking.id, by=makers.as_learner(held.learners[0]), now=before)


async def test_outside_the_window_and_after_the_lock_nobody_checks_in(clock: Clock, dee: Person) -> None:
    held = await an_open_one(clock, people=2)
    code, scanned = await own_code(held), await on_screen(held, clock)
    await close_check_in(held.session.id, by=SYSTEM, now=clock.now + timedelta(seconds=5))
    with pytest.raises(Refused, match=re.escape(NO_MATCH)):
        await check_in(scanned, code, network=NETWORK, now=clock.now + timedelta(seconds=5))
    nonce = (await Register.get(session_id=held.session.id)).check_in_nonce
    clock.forward(minutes=1)
    await open_check_in(held.session.id, last_admission_minutes=None, by=SYSTEM, now=clock.now)
    assert (await Register.get(session_id=held.session.id)).check_in_nonce != nonce
    clock.forward(minutes=61)
    with pytest.raises(Refused, match=re.escape(NO_MATCH)):
        await check_in(await on_screen(held, clock), code, network=NETWORK, now=clock.now)
    await mark_register(
        held.session.id, [NewMark(held.learners[1].id, held.days[0], MarkWord.ABSENT)], by=makers.as_desk(dee), now=clock.now
    )
    clock.travel_to(held.session.ends_at)
    await lock_register(held.session.id, leaves_unmarked=True, by=makers.as_desk(dee), now=clock.now)
    with pytest.raises(Refused, match="from 45 minutes before"):
        await open_check_in(held.session.id, last_admission_minutes=None, by=SYSTEM, now=clock.now)


async def test_it_opens_on_a_training_day_and_ends_with_the_last_admission(clock: Clock) -> None:
    held = await a_held_session(clock.now, days=2)
    await open_check_in(held.session.id, last_admission_minutes=30, by=SYSTEM, now=clock.now)
    assert (await Register.get(session_id=held.session.id)).check_in_until == held.session.starts_at + timedelta(minutes=30)
    with pytest.raises(Refused, match="Nobody is let in any more"):
        await open_check_in(held.session.id, last_admission_minutes=15, by=SYSTEM, now=clock.now)
    with pytest.raises(Refused, match="from 45 minutes before"):
        await open_check_in(held.session.id, last_admission_minutes=None, by=SYSTEM, now=clock.now + timedelta(hours=9))
    tomorrow = clock.now + timedelta(days=1)
    await open_check_in(held.session.id, last_admission_minutes=None, by=SYSTEM, now=tomorrow)
    clock.travel_to(tomorrow)
    await check_in(await on_screen(held, clock), await own_code(held), network=NETWORK, now=clock.now)
    assert await Mark.all().values("training_day_id") == [{"training_day_id": held.days[1]}]


async def test_what_the_trainer_marked_is_left_as_it_is(clock: Clock, dee: Person) -> None:
    held = await an_open_one(clock)
    await mark_register(
        held.session.id, [NewMark(held.learners[0].id, held.days[0], MarkWord.ABSENT)], by=makers.as_desk(dee), now=clock.now
    )
    found = await check_in(await on_screen(held, clock), await own_code(held), network=NETWORK, now=clock.now)
    assert (found.is_marked_otherwise, await Mark.all().values("mark")) == (True, [{"mark": "absent"}])


async def test_wrong_codes_are_limited_by_network_and_by_session_and_right_ones_are_not(clock: Clock) -> None:
    held = await an_open_one(clock, people=2)
    wrong, right = "999999x", await own_code(held)
    for number in range(200):
        with pytest.raises(Refused):
            await check_in(await on_screen(held, clock), wrong, network=f"192.0.2.{number % 50}", now=clock.now)
    with pytest.raises(TooFast):
        await check_in(await on_screen(held, clock), right, network="198.51.100.1", now=clock.now)
    clock.forward(minutes=40)
    for _ in range(60):
        with pytest.raises(Refused):
            await check_in(None, right, network=NETWORK, now=clock.now)
    with pytest.raises(TooFast):
        await check_in(None, right, network=NETWORK, now=clock.now)


async def test_the_screen_shows_a_code_and_a_picture_and_a_phone_without_sign_in_checks_in(
    clock: Clock, sign_in_as: SignInAs, client: Visitor
) -> None:
    held = await a_held_session(clock.now)
    trainer, path = await sign_in_as(held.trainer), f"/teaching/{held.session.ref}/check-in"
    for late in (".svg", ".json"):
        assert (await trainer.get(path + late)).status_code == 404
    assert (await trainer.post(path, {"what": "open"})).status_code == 303
    shown = (await trainer.get(path)).text
    code = (await trainer.get(f"{path}.json")).json()["code"]
    picture = await trainer.get(f"{path}.svg")
    assert (f"{code[:3]} {code[3:]}" in shown, '127.0.0.1:8000<span class="mars-nowrap">/check-in' in shown) == (True, True)
    drawn = qr_svg(f"http://127.0.0.1:8000/check-in?q={code}")
    assert (picture.headers["content-type"], picture.content) == ("image/svg+xml", drawn)
    scanned = await client.get(f"/check-in?q={code}")
    found = re.search(r'name="pass" value="([^"]+)"', scanned.text)
    assert found is not None
    assert 'name="screen"' not in scanned.text
    clock.forward(minutes=5)
    own = await own_code(held)
    done = await client.post("/check-in", {"pass": found[1], "code": f"{own[:3]} {own[3:]}"})
    assert (done.status_code, "Learner, you are checked in" in done.text) == (200, True)
    assert await Mark.all().values("evidence") == [{"evidence": "qr"}]


async def test_a_wrong_code_asks_for_both_again_and_tells_nothing_of_anybody(clock: Clock, client: Visitor) -> None:
    held = await an_open_one(clock)
    answers = []
    for screen in ((await on_screen(held, clock)).code, "000000"):
        answer = await client.post("/check-in", {"screen": screen, "code": "nothing"})
        answers.append((answer.status_code, answer.text.replace(screen, "")))
    assert answers[0] == answers[1]
    assert (answers[0][0], NO_MATCH in answers[0][1], "Learner" in answers[0][1]) == (422, True, False)


async def test_each_code_that_is_left_out_is_asked_for(clock: Clock, client: Visitor) -> None:
    await an_open_one(clock)
    text = (await client.post("/check-in", {"screen": "", "code": ""})).text
    assert ("Enter your check-in code" in text, "Enter the code on the screen" in text, NO_MATCH in text) == (True, True, False)


async def test_the_screen_is_for_the_sessions_trainers_and_the_desk_alone(
    clock: Clock, sign_in_as: SignInAs, asha: Person, dee: Person, client: Visitor
) -> None:
    held = await an_open_one(clock)
    paths = [f"{prefix}/{held.session.ref}/check-in" for prefix in ("/teaching", "/desk/sessions")]
    for person in (asha, await makers.make_person("Una Untold")):
        visitor = await sign_in_as(person)
        for path in paths:
            assert [(await visitor.get(path + more)).status_code for more in ("", ".svg", ".json")] == [404, 404, 404]
            assert (await visitor.post(path, {"what": "close"}, seen="/me/calendar")).status_code == 404
    assert (await client.get(paths[0])).status_code == 303
    assert (await (await sign_in_as(dee)).get(paths[1])).status_code == 200


async def test_a_check_in_that_cannot_be_opened_has_no_button_and_says_when(clock: Clock, sign_in_as: SignInAs) -> None:
    held = await a_held_session(clock.now, starts=clock.now + timedelta(hours=3))
    visitor, path = await sign_in_as(held.trainer), f"/teaching/{held.session.ref}/check-in"

    async def shown() -> list[bool]:
        text = (await visitor.get(path)).text
        return [said in text for said in ("Open the check-in<", "You can open it from ", "Checking in is over")]

    early = await shown()
    clock.travel_to(held.session.starts_at - timedelta(minutes=45))
    in_time = await shown()
    clock.travel_to(held.session.ends_at)
    assert (early, in_time, await shown()) == ([False, True, False], [True, False, False], [False, False, True])
