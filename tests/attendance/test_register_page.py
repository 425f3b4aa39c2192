"""The register: who sees it, what a button does without JavaScript, what a device sends, who may not any more."""

import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from tortoise.context import TortoiseContext

from marstraining.attendance.actions import lock_register, mark_register
from marstraining.attendance.models import Mark, Register
from marstraining.attendance.rules import Evidence, MarkWord, NewMark, minutes_present
from marstraining.bookings.actions import tell_needs
from marstraining.bookings.models import Booking
from marstraining.core.viewer import SYSTEM, Role
from marstraining.history.models import Entry
from marstraining.people.models import Person, RoleGrant
from marstraining.programme.models import Course, Session, SessionTrainer
from tests import makers
from tests.attendance.registers import Held, a_held_session
from tests.conftest import Clock, Visitor
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]
pytestmark = pytest.mark.usefixtures("db", "clock")


async def standing(session: Session) -> list[dict[str, Any]]:
    return (
        await Mark.filter(session_id=session.id, superseded_at__isnull=True).order_by("id").values("person_id", "mark", "reason", "minutes")
    )


async def send_taps(visitor: Visitor, held: Held, *taps: dict[str, Any], csrf: str | None = None, page: str = "") -> httpx2.Response:
    page = page or held.teaching
    if csrf is None:
        found = re.search(r'data-csrf="([^"]*)"', (await visitor.get(page)).text)
        csrf = found[1] if found else ""
    body = {"csrf": csrf, "taps": list(taps)}
    return await visitor.http.post(f"{page}/taps", json=body, headers={"Sec-Fetch-Site": "same-origin", "Accept": "application/json"})


def a_tap(held: Held, person: Person, mark: str = "attended", **more: Any) -> dict[str, Any]:
    return {"tap": str(uuid.uuid4()), "person": person.ref, "day": held.keys[0], "mark": mark, "reason": "", "ago": 0, **more}


async def test_its_trainers_see_names_with_organisation_and_role_and_no_address(sign_in_as: SignInAs, clock: Clock) -> None:
    held = await a_held_session(clock.now)
    shown = (await (await sign_in_as(held.trainer)).get(held.teaching)).text
    for words in ("Learner 0", "Isle School", "School or college staff", "Tess Trainer", "Trainers and helpers"):
        assert words in shown
    assert (str(held.learners[0].email) in shown, "0</span> of 1" in shown) == (False, True)


async def test_nobody_else_finds_a_register_nor_a_contributor_nor_who_has_not_accepted(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    held = await a_held_session(clock.now)
    cora, tom = [await makers.make_person(name, roles=(Role.TRAINER, Role.CONTRIBUTOR)) for name in ("Cora", "Tom")]
    await SessionTrainer.create(session=held.session, person=cora, state="accepted", is_contributor=True, asked_at=clock.now)
    await SessionTrainer.create(session=held.session, person=tom, state="asked", asked_at=clock.now)
    organiser = await makers.make_person("Olga")
    await RoleGrant.create(person=organiser, role=Role.PARTNER_ORGANISER, agency=await makers.make_agency("Other"), granted_at=clock.now)
    person = f"/people/{held.learners[0].ref}"
    for somebody in (asha, cora, tom, organiser):
        visitor = await sign_in_as(somebody)
        for path in (held.teaching, held.desk):
            for address in (path, f"{path}{person}"):
                assert (await visitor.get(address)).status_code == 404
                assert (await visitor.post(address, {"mark": "x"}, seen="/me/calendar")).status_code == 404
            assert (await send_taps(visitor, held, a_tap(held, asha), csrf="x", page=path)).status_code == 404
    assert (await (await sign_in_as(dee)).get(held.teaching)).status_code == 404
    assert (await (await sign_in_as(dee)).get(held.desk)).status_code == 200
    assert (await (await sign_in_as(held.trainer)).get(held.desk)).status_code == 404


async def test_a_partner_organiser_takes_the_registers_of_their_agencys_courses(sign_in_as: SignInAs, clock: Clock) -> None:
    owner = await makers.make_agency("Owner")
    held = await a_held_session(clock.now, course=await makers.make_course(owner_agency=owner))
    organiser = await makers.make_person("Olga")
    await RoleGrant.create(person=organiser, role=Role.PARTNER_ORGANISER, agency=owner, granted_at=clock.now)
    answer = await (await sign_in_as(organiser)).post(held.desk, {"mark": f"{held.learners[0].ref}.attended"})
    assert (answer.status_code, [row["mark"] for row in await standing(held.session)]) == (303, ["attended"])


async def test_a_button_marks_without_javascript_and_one_marks_everybody_else(sign_in_as: SignInAs, clock: Clock) -> None:
    held = await a_held_session(clock.now, people=3)
    first, *others = held.learners
    visitor = await sign_in_as(held.trainer)
    answer = await visitor.post(held.teaching, {"mark": f"{first.ref}.partial"})
    assert answer.headers["location"] == f"{held.teaching}?done=marked#p-{first.ref}"
    assert (await visitor.post(held.teaching, {"mark": "rest.attended"})).status_code == 303
    assert {row["person_id"]: row["mark"] for row in await standing(held.session)} == {
        first.id: "partial", **dict.fromkeys([one.id for one in others], "attended"),
    }  # fmt: skip
    shown = (await visitor.get(f"{held.teaching}?done=rest")).text
    assert ("Everybody without a mark is marked as attended" in shown, "3</span> of 3" in shown) == (True, True)


async def test_apologies_ask_for_their_reason_on_the_persons_page(sign_in_as: SignInAs, clock: Clock) -> None:
    held = await a_held_session(clock.now)
    [learner] = held.learners
    visitor = await sign_in_as(held.trainer)
    answer = await visitor.post(held.teaching, {"mark": f"{learner.ref}.excused"})
    path = answer.headers["location"]
    fields = {"mark": "excused", "taken_as": "learner", "source": "manual"}
    refused = await visitor.post(path, fields)
    assert (refused.status_code, "Select why they sent apologies" in refused.text, await standing(held.session)) == (422, True, [])
    assert (await visitor.post(path, {**fields, "reason": "court"})).status_code == 303
    assert [(row["mark"], row["reason"]) for row in await standing(held.session)] == [("excused", "court")]
    assert "Apologies, court" in (await visitor.get(held.teaching)).text


async def test_to_correct_a_time_of_somebody_who_checked_in_themselves_is_not_to_have_seen_them(sign_in_as: SignInAs, clock: Clock) -> None:
    held = await a_held_session(clock.now)
    mark = NewMark(held.learners[0].id, held.days[0], MarkWord.ATTENDED, evidence=Evidence.QR)
    await mark_register(held.session.id, [mark], by=SYSTEM, now=clock.now)
    visitor = await sign_in_as(held.trainer)
    path = f"{held.teaching}/people/{held.learners[0].ref}"
    shown = (await visitor.get(path)).text
    assert '<option value="qr" selected>As it was: Checked in by QR code</option>' in shown
    fields = {"mark": "attended", "left": "11:45", "taken_as": "learner", "source": "qr"}
    assert (await visitor.post(path, fields)).status_code == 303
    standing_now = Mark.filter(superseded_at__isnull=True).values("mark", "left", "evidence")
    assert await standing_now == [{"mark": "attended", "left": "11:45", "evidence": "qr"}]
    # Another mark is not what the check-in said: nothing is chosen for whoever makes it.
    assert '<option value="">Choose how you know</option>' in (await visitor.get(f"{path}?mark=absent")).text
    refused = await visitor.post(path, {**fields, "mark": "absent"})
    assert (refused.status_code, "“Checked in by QR code” says otherwise: select how you know" in refused.text) == (422, True)


async def test_times_of_coming_and_leaving_give_minutes_that_never_pass_what_was_taught(sign_in_as: SignInAs, clock: Clock) -> None:
    starts = clock.now - timedelta(minutes=30)  # 9:30am, three hours
    held = await a_held_session(clock.now, starts=starts, course=await makers.make_course(break_minutes=15))
    visitor = await sign_in_as(held.trainer)
    path = f"{held.teaching}/people/{held.learners[0].ref}"
    fields = {"mark": "partial", "arrived": "10:15", "left": "11:45", "taken_as": "learner", "source": "word"}
    assert (await visitor.post(path, fields)).status_code == 303
    assert [row["minutes"] for row in await standing(held.session)] == [90]
    assert "Partial, 10:15am to 11:45am, 90 minutes. Trainer" in (await visitor.get(held.teaching)).text
    backwards = await visitor.post(path, {**fields, "left": "10am"})
    assert (backwards.status_code, "must be after the time of arriving" in backwards.text) == (422, True)
    made = (await visitor.get(path)).text
    assert ("came at 10:15" in made, "Tess Trainer" in made) == (True, True)


def test_minutes_are_clipped_to_the_day_and_the_break_is_not_taught(clock: Clock) -> None:
    starts, ends = (clock.now - timedelta(minutes=30)).time(), (clock.now + timedelta(hours=2)).time()
    times = (("", ""), ("09:00", "14:00"), ("10:00", ""), ("", "10:15"), ("13:00", ""))
    assert [minutes_present(arrived=came, left=left, starts=starts, ends=ends, break_minutes=15) for came, left in times] == [
        135,
        135,
        120,
        45,
        0,
    ]


async def test_past_the_last_admission_one_tap_says_late_and_not_admitted(sign_in_as: SignInAs, clock: Clock) -> None:
    held = await a_held_session(clock.now, course=await makers.make_course(last_admission_minutes=15))
    visitor = await sign_in_as(held.trainer)
    assert "Arrived late, not admitted" in (await visitor.get(held.teaching)).text
    answer = await send_taps(visitor, held, a_tap(held, held.learners[0], "late"))
    assert (answer.json()["taps"][0]["said"], answer.json()["taps"][0]["mark"]) == ("Arrived late, not admitted", "late")
    assert [(row["mark"], row["reason"]) for row in await standing(held.session)] == [("absent", "not_admitted")]
    await Course.all().update(last_admission_minutes=30)
    other = await a_held_session(clock.now, course=await makers.make_course(last_admission_minutes=30))
    assert "not admitted" not in (await (await sign_in_as(other.trainer)).get(other.teaching)).text


async def test_taps_are_taken_once_however_often_they_are_sent(sign_in_as: SignInAs, clock: Clock) -> None:
    held = await a_held_session(clock.now, people=2)
    visitor = await sign_in_as(held.trainer)
    sent = [a_tap(held, held.learners[0]), a_tap(held, held.learners[1], "excused", reason="sickness")]
    results = [[tap["result"] for tap in (await send_taps(visitor, held, *sent)).json()["taps"]] for _ in range(3)]
    assert results == [["written", "written"], ["unchanged", "unchanged"], ["unchanged", "unchanged"]]
    assert await Mark.all().count() == 2


async def test_a_tap_that_is_refused_holds_up_no_other(sign_in_as: SignInAs, clock: Clock, asha: Person) -> None:
    held = await a_held_session(clock.now)
    visitor, [learner] = await sign_in_as(held.trainer), held.learners
    faults = [
        a_tap(held, asha), a_tap(held, learner, "dancing"), a_tap(held, learner, "excused"), a_tap(held, learner, day="202001010900"),
        a_tap(held, learner, tap="1"), a_tap(held, learner, ago=-5), a_tap(held, learner, ago="x"), a_tap(held, learner, reason="court"),
    ]  # fmt: skip
    answer = await send_taps(visitor, held, *faults, a_tap(held, learner))
    assert [tap["result"] for tap in answer.json()["taps"]] == ["refused"] * 8 + ["written"]
    assert "Learner" not in answer.text
    assert all(tap["message"] for tap in answer.json()["taps"][:8])


async def test_taps_demand_json_and_the_token_of_the_sign_in(sign_in_as: SignInAs, clock: Clock, client: Visitor) -> None:
    held = await a_held_session(clock.now)
    visitor, tap = await sign_in_as(held.trainer), a_tap(held, held.learners[0])
    assert (await send_taps(visitor, held, tap, csrf="wrong")).status_code == 409
    assert (await send_taps(visitor, held, tap, csrf="")).status_code == 409
    assert (await send_taps(client, held, tap, csrf="x")).status_code == 403
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    for body in ("[]", '"x"', "null", '{"csrf": 1, "taps": {}}'):
        answer = await visitor.http.post(f"{held.teaching}/taps", content=body, headers={**headers, "Content-Type": "application/json"})
        assert answer.status_code == 409
    plain = await visitor.http.post(f"{held.teaching}/taps", content="{}", headers={**headers, "Content-Type": "text/plain"})
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"}
    crossed = await visitor.http.post(f"{held.teaching}/taps", content="{}", headers=elsewhere)
    assert (plain.status_code, crossed.status_code) == (415, 403)
    assert await Mark.all().count() == 0


async def test_a_tap_sent_late_does_not_undo_what_somebody_marked_meanwhile(sign_in_as: SignInAs, clock: Clock, dee: Person) -> None:
    held = await a_held_session(clock.now)
    [learner] = held.learners
    await mark_register(held.session.id, [NewMark(learner.id, held.days[0], MarkWord.PARTIAL)], by=makers.as_desk(dee), now=clock.now)
    clock.forward(minutes=30)
    visitor = await sign_in_as(held.trainer)
    late = await send_taps(visitor, held, a_tap(held, learner, "absent", ago=40 * 60_000))
    assert [(tap["result"], tap["mark"]) for tap in late.json()["taps"]] == [("overtaken", "partial")]
    later = await send_taps(visitor, held, a_tap(held, learner, "absent", ago=10 * 60_000))
    assert [(tap["result"], tap["mark"]) for tap in later.json()["taps"]] == [("written", "absent")]
    # One's own second thought counts, even where the first tap took longer on its way.
    own = await send_taps(visitor, held, a_tap(held, learner, "attended", ago=60_000))
    assert [tap["result"] for tap in own.json()["taps"]] == ["written"]
    assert await Entry.filter(action="mark_register").count() == 4


async def test_trainers_mark_for_a_week_and_then_the_desk_does(sign_in_as: SignInAs, clock: Clock, dee: Person) -> None:
    held = await a_held_session(clock.now)
    clock.travel_to(held.session.ends_at + timedelta(days=7))
    assert (await (await sign_in_as(held.trainer)).post(held.teaching, {"mark": f"{held.learners[0].ref}.absent"})).status_code == 303
    clock.forward(seconds=1)
    visitor = await sign_in_as(held.trainer)
    assert "with the training team now" in (await visitor.get(held.teaching)).text
    assert (await visitor.post(held.teaching, {"mark": f"{held.learners[0].ref}.attended"})).status_code == 422
    assert (await (await sign_in_as(dee)).post(held.desk, {"mark": f"{held.learners[0].ref}.attended"})).status_code == 303


async def test_before_it_begins_a_register_is_read_and_opens_no_row(sign_in_as: SignInAs, clock: Clock) -> None:
    held = await a_held_session(clock.now, starts=clock.now + timedelta(hours=2))
    visitor = await sign_in_as(held.trainer)
    shown = (await visitor.get(held.teaching)).text
    assert ("You can mark who is there from 11:15am" in shown, "data-tap=" in shown) == (True, False)
    assert ("data-count=" in shown, "/register/lock" in shown) == (False, False)
    assert await Register.all().count() == 0
    assert (await visitor.post(held.teaching, {"mark": f"{held.learners[0].ref}.attended"})).status_code == 422


async def test_each_training_day_has_its_marks(sign_in_as: SignInAs, clock: Clock) -> None:
    held = await a_held_session(clock.now, days=2)
    clock.forward(days=1)
    visitor = await sign_in_as(held.trainer)
    for key, word in zip(held.keys, ("attended", "absent"), strict=True):
        path = f"{held.teaching}?day={key}"
        assert (await visitor.post(path, {"mark": f"{held.learners[0].ref}.{word}"})).headers["location"].startswith(path)
    assert [row["mark"] for row in await standing(held.session)] == ["attended", "absent"]
    assert (await visitor.get(f"{held.teaching}?day=200001010900")).status_code == 404
    assert f"day={held.keys[0]}" in (await visitor.get(held.teaching)).text


async def test_after_the_lock_the_desk_corrects_with_a_reason_of_the_list_and_trainers_do_not(
    sign_in_as: SignInAs, clock: Clock, dee: Person
) -> None:
    held = await a_held_session(clock.now)
    [learner] = held.learners
    await mark_register(held.session.id, [NewMark(learner.id, held.days[0], MarkWord.ABSENT)], by=makers.as_desk(dee), now=clock.now)
    clock.travel_to(held.session.ends_at + timedelta(hours=1))
    await lock_register(held.session.id, by=makers.as_desk(dee), now=clock.now)
    fields = {"mark": "attended", "taken_as": "learner", "source": "paper"}
    trainer, desk = await sign_in_as(held.trainer), await sign_in_as(dee)
    assert "Ask the training team to correct it" in (await trainer.get(held.teaching)).text
    seen = f"{held.teaching}/people/{learner.ref}"
    assert (await trainer.post(seen, {**fields, "why": "mistake"}, seen="/me/calendar")).status_code == 422
    path = f"{held.desk}/people/{learner.ref}"
    assert "Select why the mark is corrected" in (await desk.post(path, fields)).text
    assert (await desk.post(path, {**fields, "why": "report"})).status_code == 303
    assert [row["mark"] for row in await standing(held.session)] == ["attended"]
    assert (await Entry.filter(action="mark_register").order_by("-id").first().values("detail"))["detail"]["corrected"] == "report"


async def test_booking_4_needs_stand_beside_names_when_a_trainer_asks_and_each_reading_is_kept(sign_in_as: SignInAs, clock: Clock) -> None:
    held = await a_held_session(clock.now)
    [learner] = held.learners
    booking = await Booking.get(learner_id=learner.id)
    await tell_needs(booking.id, access="A hearing loop", dietary="", by=makers.as_learner(learner), now=clock.now - timedelta(days=2))
    visitor = await sign_in_as(held.trainer)
    assert ("A hearing loop" in (await visitor.get(held.teaching)).text, await Entry.filter(action="booking.needs_read").count()) == (
        False,
        0,
    )
    assert "A hearing loop" in (await visitor.post(f"{held.teaching}/needs", seen=held.teaching)).text
    assert await Entry.filter(action="booking.needs_read").count() == 1
    clock.travel_to(held.session.ends_at + timedelta(days=1, minutes=1))
    visitor = await sign_in_as(held.trainer)
    assert "Show what they need" not in (await visitor.get(held.teaching)).text
    assert (await visitor.post(f"{held.teaching}/needs", seen=held.teaching)).status_code == 409


async def test_the_register_asks_as_many_statements_for_one_learner_as_for_three(
    db: TortoiseContext, sign_in_as: SignInAs, clock: Clock
) -> None:
    counts = []
    for people in (1, 3):
        held = await a_held_session(clock.now, people=people)
        visitor = await sign_in_as(held.trainer)
        async with statements(db) as heard:
            assert (await visitor.get(held.teaching)).status_code == 200
        counts.append(len(heard))
    assert counts == [6, 6]
