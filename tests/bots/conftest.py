"""A bot that runs on the test's database, with Telegram's place taken by the fake."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from tortoise.context import TortoiseContext

from marstraining.core import config
from marstraining.core.config import Settings
from tests.bots.fake_telegram import FakeTelegram
from tests.bots.talking import HELLO, Phone, Script, Service, now_of_clock, running, with_bot
from tests.conftest import Clock


@pytest.fixture
def fake(clock: Clock) -> FakeTelegram:
    return FakeTelegram(now=now_of_clock)


@pytest.fixture
def bot_settings(settings: Settings) -> Iterator[Settings]:
    made = with_bot(settings)
    config.use(made)
    yield made
    config.use(settings)


@pytest_asyncio.fixture
async def service(db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram) -> AsyncIterator[Service]:
    async with running(bot_settings, fake, answer=HELLO) as one:
        yield one


@pytest.fixture
def phone(service: Service) -> Phone:
    return Phone(service, 5_000_000_001)


@pytest.fixture
def script() -> Script:
    return Script()
