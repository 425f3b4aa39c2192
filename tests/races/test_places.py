"""Thirty places and two thousand people: nothing is sold twice, every answer given is kept, and the list comes before strangers."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from marstraining.bookings.actions import book_place, join_list
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.core.config import Settings
from marstraining.core.db import execute
from marstraining.core.viewer import Viewer
from marstraining.messages.models import Message
from tests import makers
from tests.messages.smtp_server import mail_server
from tests.races.crowd import Crowd, Web, Worker, people, with_webs

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("db")]

PLACES = 30
ATTEMPTS = 2000


async def test_2000_attempts_on_30_places_confirm_30_and_the_race_is_real(settings: Settings) -> None:
    now = datetime.now(UTC)
    learners = await people(ATTEMPTS, now=now)

    unlocked = await makers.make_session(now=now, capacity=PLACES)

    async def without_the_lock(webs: Sequence[Web]) -> None:
        await Crowd(webs).send([(person, f"/sessions/{unlocked.ref}/book", {}) for person in learners[:400]])

    await with_webs(settings, without_the_lock, lock_off=True)
    assert await Booking.filter(session_id=unlocked.id, state="confirmed").count() > PLACES
    await Booking.filter(session_id=unlocked.id).update(state="cancelled")

    session = await makers.make_session(now=now, capacity=PLACES)

    async def with_the_lock(webs: Sequence[Web]) -> None:
        crowd = Crowd(webs)
        await crowd.send([(person, f"/sessions/{session.ref}/book", {}) for person in learners])
        assert crowd.answers == Counter({"422": ATTEMPTS - PLACES, "303": PLACES})
        holders = {row["learner_id"] for row in await Booking.filter(session_id=session.id, state="confirmed").values("learner_id")}
        assert (len(holders), holders) == (PLACES, set(crowd.acknowledged))

    await with_webs(settings, with_the_lock)
    assert await Message.filter(session_id=session.id, template="confirmed").count() == PLACES


async def test_with_kill_9_of_web_and_worker_every_acknowledged_booking_is_there_and_its_letter_arrives(settings: Settings) -> None:
    now = datetime.now(UTC)
    learners = await people(600, now=now)
    session = await makers.make_session(now=now, capacity=200)
    chance = random.Random(7)

    async def work(webs: Sequence[Web]) -> None:
        crowd = Crowd(webs)
        async with mail_server() as mail:
            worker = Worker(settings, mail.url)
            await worker.start()
            sending = asyncio.create_task(crowd.send([(person, f"/sessions/{session.ref}/book", {}) for person in learners], tries=40))
            victims: list[Web | Worker] = [webs[0], webs[1], webs[0], worker, worker]
            for victim in chance.sample(victims, len(victims)):
                await asyncio.sleep(chance.uniform(0.1, 0.5))
                await victim.kill()
                await victim.start()
            await sending
            await _until_all_have_letters(worker, session_id=session.id)
        assert crowd.answers["unanswered"] == 0
        assert [status for status in crowd.answers if status.startswith("5")] == []
        found = [row["learner_id"] for row in await Booking.filter(session_id=session.id, state="confirmed").values("learner_id")]
        assert (len(found), len(set(found))) == (200, 200)
        assert set(crowd.acknowledged) <= set(found)
        # A worker killed between the server's answer and its note of it sends a copy, which carries the same number.
        letters = {(recipient, message["Message-ID"]) for message, [recipient] in zip(mail.messages, mail.recipients, strict=True)}
        assert (len(letters), len({recipient for recipient, _ in letters})) == (200, 200)

    await with_webs(settings, work)
    assert await Message.filter(session_id=session.id, template="confirmed").count() == 200


async def _until_all_have_letters(worker: Worker, *, session_id: int) -> None:
    """Wait for a letter to everyone booked; what killed workers left in hand is theirs for a minute, which is over at once here."""
    await worker.kill()
    await execute("UPDATE messages_letter SET lease_until = ? WHERE state = 'sending'", datetime.now(UTC) - timedelta(seconds=1))
    await worker.start()
    try:
        async with asyncio.timeout(90):
            while await Message.filter(session_id=session_id).exclude(state="sent").exists():  # noqa: ASYNC110 - rows of another process
                await asyncio.sleep(0.1)
    finally:
        await worker.kill()


async def test_20_cancellations_while_200_people_try_go_to_the_list_in_its_order(settings: Settings) -> None:
    now = datetime.now(UTC)
    everybody = await people(30 + 30 + 200, now=now)
    holders, waiting, strangers = everybody[:30], everybody[30:60], everybody[60:]
    session = await makers.make_session(now=now, capacity=30)
    for person in holders:
        await book_place(BookPlace(session_id=session.id, learner_id=person), by=Viewer(person_id=person), now=now)
    for seconds, person in enumerate(waiting):
        order = BookPlace(session_id=session.id, learner_id=person)
        await join_list(order, by=Viewer(person_id=person), now=now + timedelta(milliseconds=seconds))
    refs = {row["learner_id"]: row["ref"] for row in await Booking.filter(session_id=session.id).values("learner_id", "ref")}

    async def work(webs: Sequence[Web]) -> None:
        crowd = Crowd(webs)
        tries: list[tuple[int, str, dict[str, str]]] = [(person, f"/sessions/{session.ref}/book", {}) for person in strangers]
        cancels: list[tuple[int, str, dict[str, str]]] = [(person, f"/bookings/{refs[person]}/cancel", {}) for person in holders[:20]]
        mixed = [*tries, *cancels]
        random.Random(3).shuffle(mixed)
        await crowd.send(mixed)
        assert crowd.answers == Counter({"422": 200, "303": 20})

    await with_webs(settings, work)
    states = {
        row["learner_id"]: row["state"] for row in await Booking.filter(session_id=session.id).order_by("id").values("learner_id", "state")
    }
    assert [states.get(person) for person in strangers] == [None] * 200
    assert [states[person] for person in waiting] == ["offered"] * 20 + ["waiting"] * 10
