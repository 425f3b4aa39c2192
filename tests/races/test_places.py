"""Thirty places and two thousand people: nothing is sold twice, every answer given is kept, and the list comes before strangers."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from marstraining.bookings.actions import book_place, join_list
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.core.config import Settings
from marstraining.core.viewer import Viewer
from marstraining.messages.models import Message
from tests import makers
from tests.faults.processes import until, working
from tests.messages.smtp_server import mail_server
from tests.races.crowd import Crowd, Web, people, with_webs

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("db")]

PLACES = 30
ATTEMPTS = 2000
KILLS = 3


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


async def test_with_kill_9_of_web_and_worker_every_acknowledged_booking_is_there_none_is_sold_twice_and_each_letter_arrives(
    settings: Settings,
) -> None:
    now = datetime.now(UTC)
    learners = await people(ATTEMPTS, now=now)
    # Ten sessions of 30 places, so that places are sold from the beginning of the storm to its end.
    sessions = [await makers.make_session(now=now, capacity=PLACES) for _ in range(10)]
    wishes = [(person, sessions[number % len(sessions)]) for number, person in enumerate(learners)]
    chance = random.Random(7)
    chance.shuffle(wishes)

    async def work(webs: Sequence[Web]) -> None:
        crowd = Crowd(webs)
        sending = asyncio.create_task(crowd.send([(person, f"/sessions/{session.ref}/book", {}) for person, session in wishes], tries=200))
        dying = asyncio.create_task(_workers_that_die(mailed, chance))
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            web = chance.choice(webs)
            await web.kill()
            await web.start()
        await asyncio.gather(sending, dying)
        assert crowd.answers == Counter({"303": len(crowd.acknowledged), "422": ATTEMPTS - len(crowd.acknowledged)})
        for session in sessions:
            found = [row["learner_id"] for row in await Booking.filter(session_id=session.id, state="confirmed").values("learner_id")]
            assert (len(found), len(set(found))) == (PLACES, PLACES)
            assert {person for person, wished in wishes if wished.id == session.id and person in crowd.told} <= set(found)

    async with mail_server() as mail:
        mailed = replace(settings, smtp_url=mail.url)
        await with_webs(mailed, work)
        async with working(mailed, module="tests.faults.hurried") as worker:
            await until(_all_letters_sent, seconds=60)
            worker.tell()
            assert await worker.ended() == 0
    holders = [row["learner__email"] for row in await Booking.filter(state="confirmed").values("learner__email")]
    copies: dict[str, set[str]] = {}
    for message, [address] in zip(mail.messages, mail.recipients, strict=True):
        # A fifth of all sessions also ask beforehand where people stand, which is another letter.
        if not message["Subject"].startswith("Three questions before"):
            copies.setdefault(address, set()).add(message["Message-ID"])
    # A copy more than one is possible where a worker was killed between the server's answer and its own note; never a second letter.
    assert {address: len(ids) for address, ids in copies.items()} == dict.fromkeys(holders, 1)


async def _workers_that_die(settings: Settings, chance: random.Random) -> None:
    """Run one worker after the other, each killed a little after it has begun to send."""
    for _ in range(KILLS):
        async with working(settings, module="tests.faults.hurried") as worker:
            await asyncio.sleep(chance.uniform(0.1, 1.0))
            await worker.kill()


async def _all_letters_sent() -> bool:
    return not await Message.exclude(state="sent").exists()


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
