"""Figures for the collector: nowhere without the token, counts without names with it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from marstraining.bookings.actions import compare_places
from marstraining.core import config
from marstraining.core.config import Settings
from marstraining.core.viewer import SYSTEM
from marstraining.history.actions import note_job_ended, note_job_failed, record
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.models import Session
from marstraining.uploads.models import UploadedFile
from tests import makers
from tests.conftest import Clock, Visitor
from tests.messages.letters import a_letter, queued

TOKEN = "a-token-of-the-collector"
SignInAs = Callable[[Person], Awaitable[Visitor]]
Figures = Callable[[], Awaitable[dict[str, float]]]


@pytest.fixture
def figures(client: Visitor, settings: Settings) -> Figures:
    """Every figure by its name and labels."""
    config.use(replace(settings, metrics_token=TOKEN))

    async def read() -> dict[str, float]:
        told = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert told.status_code == 200
        lines = [line.rpartition(" ") for line in told.text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    return read


async def test_without_a_token_there_is_no_such_page(client: Visitor) -> None:
    assert (await client.get("/metrics")).status_code == 404


async def test_with_the_token_it_counts_and_names_nobody(client: Visitor, settings: Settings) -> None:
    config.use(replace(settings, metrics_token=TOKEN))
    await client.get("/programme")
    wrong = await client.get("/metrics", headers={"Authorization": "Bearer something-else"})
    right = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (wrong.status_code, right.status_code) == (404, 200)
    assert "mars_oversold_sessions 0.0" in right.text


async def test_r7_answers_are_counted_by_route_method_and_status(asha: Person, sign_in_as: SignInAs, figures: Figures) -> None:
    visitor = await sign_in_as(asha)
    before = await figures()
    await visitor.get("/me")
    after = await figures()
    name = 'mars_http_requests_total{method="GET",route="/me",status="200"}'
    assert after[name] - before.get(name, 0) == 1
    assert after["mars_database_up"] == 1


async def test_r7_letters_by_class_and_state_and_the_oldest_is_as_old_as_it_is(clock: Clock, figures: Figures) -> None:
    await queued(a_letter("l-1"), a_letter("l-2"), a_letter("l-3", not_before=clock.now + timedelta(days=1)), now=clock.now)
    await Message.filter(key="l-2").update(state="failed")
    began = clock.now
    clock.forward(minutes=20)
    # Tried in vain just now, and to be tried again in ten minutes.
    await Message.filter(key="l-1").update(tries=5, first_try_at=began, next_try_at=clock.now + timedelta(minutes=10))
    told = await figures()
    assert {name: value for name, value in told.items() if name.startswith("mars_letters")} == {
        'mars_letters{class="confirmation",state="waiting"}': 2,
        'mars_letters{class="confirmation",state="failed"}': 1,
    }
    assert {name: value for name, value in told.items() if name.startswith("mars_oldest_waiting_letter")} == {
        'mars_oldest_waiting_letter_seconds{class="confirmation"}': 20 * 60
    }


async def test_files_that_wait_for_the_virus_scanner_and_since_when(clock: Clock, figures: Figures) -> None:
    for number, (state, minutes) in enumerate((("waiting", 20), ("waiting", 5), ("clean", 90), ("infected", 90))):
        since = clock.now - timedelta(minutes=minutes)
        await UploadedFile.create(ref=f"{number:010}", file_name="a.pdf", size=1, state=state, at=since, waiting_since=since)
    told = await figures()
    assert (told["mars_files_waiting"], told["mars_oldest_waiting_file_seconds"]) == (2, 20 * 60)
    await UploadedFile.all().update(state="clean")
    told = await figures()
    assert (told["mars_files_waiting"], told["mars_oldest_waiting_file_seconds"]) == (0, 0)


async def test_r7_what_came_of_asking_for_a_place_is_counted(
    asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock, figures: Figures
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    path = f"/sessions/{session.ref}/book"
    before = await figures()
    await (await sign_in_as(asha)).post(path)
    await (await sign_in_as(ben)).post(path)
    await (await sign_in_as(ben)).post(path, {"do": "join"})
    after = await figures()
    outcomes = {name: after[name] - before.get(name, 0) for name in after if name.startswith("mars_booking_outcomes_total")}
    assert {name: number for name, number in outcomes.items() if number} == {
        'mars_booking_outcomes_total{outcome="booked"}': 1,
        'mars_booking_outcomes_total{outcome="full"}': 1,
        'mars_booking_outcomes_total{outcome="waiting"}': 1,
    }


async def test_r7_signing_in_is_counted_as_ok_failed_or_limited(asha: Person, visitors: Callable[[], Visitor], figures: Figures) -> None:
    visitor = visitors()
    before = await figures()
    asked = [await visitor.post("/sign-in", {"email": str(asha.email)}) for _ in range(4)]
    assert [answer.status_code for answer in asked] == [303, 303, 303, 429]
    await visitor.post("/sign-in/sent", {"code": "00000000"})
    after = await figures()
    outcomes = {name: after[name] - before.get(name, 0) for name in after if name.startswith("mars_sign_ins_total")}
    assert {name: number for name, number in outcomes.items() if number} == {
        'mars_sign_ins_total{outcome="failed"}': 1,
        'mars_sign_ins_total{outcome="limited"}': 1,
    }


async def test_r7_jobs_say_how_late_they_are_and_whether_they_fail(clock: Clock, figures: Figures) -> None:
    await note_job_ended("send_reminders", due_at=clock.now + timedelta(minutes=2), now=clock.now)
    await note_job_ended("settle_sessions", due_at=clock.now + timedelta(minutes=1), now=clock.now)
    clock.forward(minutes=2)
    await note_job_failed("settle_sessions", now=clock.now)
    told = await figures()
    assert {name: value for name, value in told.items() if name.startswith("mars_job")} == {
        'mars_job_late_seconds{job="send_reminders"}': 0,
        'mars_job_late_seconds{job="settle_sessions"}': 60,
        'mars_job_failing{job="send_reminders"}': 0,
        'mars_job_failing{job="settle_sessions"}': 1,
    }
    await note_job_ended("settle_sessions", due_at=clock.now + timedelta(minutes=1), now=clock.now)
    assert (await figures())['mars_job_failing{job="settle_sessions"}'] == 0


async def test_r7_the_age_of_the_last_backup_and_how_full_the_disk_is(clock: Clock, figures: Figures) -> None:
    assert "mars_backup_age_seconds" not in await figures()
    await record("backup", by=SYSTEM, now=clock.now, subject_kind="database", subject_id=None)
    clock.forward(hours=27)
    told = await figures()
    assert told["mars_backup_age_seconds"] == 27 * 3600
    assert 0 <= told["mars_disk_used_ratio"] < 1


async def test_r1_more_held_than_places_is_said_and_never_repaired(
    asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock, figures: Figures
) -> None:
    plain = await makers.make_session(now=clock.now, capacity=2)
    later = clock.now + timedelta(days=70)
    hybrid = await makers.make_session(now=clock.now, starts=later, delivery="hybrid", capacity=20, capacity_room=1, capacity_online=10)
    for person in (asha, ben):
        visitor = await sign_in_as(person)
        assert (await visitor.post(f"/sessions/{plain.ref}/book")).status_code == 303
    assert (await visitor.post(f"/sessions/{hybrid.ref}/book", {"mode": "room"})).status_code == 303
    assert (await compare_places(now=clock.now), (await figures())["mars_oversold_sessions"]) == (0, 0)
    await Session.filter(id=plain.id).update(capacity=1)
    assert (await compare_places(now=clock.now), (await figures())["mars_oversold_sessions"]) == (1, 1)
    await Session.filter(id=hybrid.id).update(capacity_room=0)
    assert (await compare_places(now=clock.now), (await figures())["mars_oversold_sessions"]) == (2, 2)
    assert (await Session.get(id=plain.id)).capacity == 1
    # What is over concerns nobody any more.
    clock.travel_to(plain.ends_at + timedelta(minutes=1))
    assert await compare_places(now=clock.now) == 1
