"""Two hundred people talk at once: each call is acknowledged at once, and everybody is answered in the end (issue: under 50 ms median)."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
import pytest_asyncio
from tortoise.context import TortoiseContext

from marstraining.conversation.actions import answer
from marstraining.core.config import Settings
from tests.bots.fake_telegram import FakeTelegram
from tests.bots.talking import Phone, Service, running
from tests.conftest import Clock
from tests.conversation.world import make_world

pytestmark = pytest.mark.race

PEOPLE = 200
SAID = ("neglect training in March", "7 minute briefing on CSE", "what have I booked", "next DSL briefing", "help")
ROUNDS = 3
CONNECTIONS = 40
_MEDIAN_MS, _LONGEST_MS = 50, 5_000


@pytest_asyncio.fixture
async def service(db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram, clock: Clock) -> AsyncIterator[Service]:
    await make_world(now=clock.now)
    async with running(bot_settings, fake, answer=answer) as one:
        # The index is made before the bot listens.
        await one.post(Phone(one, 1).message("neglect"))
        yield one


async def test_each_call_is_acknowledged_at_once_while_two_hundred_people_talk(service: Service, fake: FakeTelegram) -> None:
    phones = [Phone(service, 10_000 + number) for number in range(PEOPLE)]
    bare = await _crowd(phones, lambda _phone, _said: service.http.get("/healthz"))
    took = await _crowd(phones, lambda phone, said: service.post(phone.message(said), settle=False))
    await service.settled()
    middle, late = statistics.median(took), sorted(took)[int(len(took) * 0.95)]
    print(f"acknowledged in {middle:.1f} ms (median), {late:.1f} (95 %), {max(took):.1f} (longest); bare {statistics.median(bare):.1f}")  # noqa: T201
    assert all(len(fake.shown(phone.chat_id)) >= ROUNDS for phone in phones)
    assert middle < _MEDIAN_MS
    assert max(took) < _LONGEST_MS


async def _crowd(phones: list[Phone], call: Callable[[Phone, str], Awaitable[httpx2.Response]]) -> list[float]:
    """How long each call took, in milliseconds. Telegram opens 40 connections at most, so no more calls stand at the door at once."""
    connections = asyncio.Semaphore(CONNECTIONS)
    took: list[float] = []

    async def talk(phone: Phone, number: int) -> None:
        # People begin when they like, and think before they write again.
        await asyncio.sleep(number / PEOPLE)
        for round_ in range(ROUNDS):
            async with connections:
                began = time.perf_counter()
                response = await call(phone, SAID[(number + round_) % len(SAID)])
                took.append((time.perf_counter() - began) * 1000)
            assert response.status_code == 200
            await asyncio.sleep(1)

    await asyncio.gather(*(talk(phone, number) for number, phone in enumerate(phones)))
    return took
