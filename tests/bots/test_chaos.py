"""Whatever comes, in any order, twice, of anybody's buttons: one answer, no fault, nothing booked twice (front_door.md 5.4)."""

import io
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise.context import TortoiseContext

from marstraining.conversation.actions import answer
from marstraining.conversation.rules.pressing import Verb
from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.core.logs import configure_logs
from marstraining.people.actions import link_telegram, make_telegram_token
from marstraining.people.models import Person
from marstraining.people.rules import TelegramWishes
from tests import makers
from tests.bots.fake_telegram import FakeTelegram
from tests.bots.talking import Phone, Service, running
from tests.conftest import Clock
from tests.conversation.world import make_world

pytestmark = pytest.mark.whole

SAID = (
    "neglect training in March", "book it", "yes", "no", "1", "3", "0", "help", "stop", "start again", "my bookings", "cancel",
    "next DSL briefing", "don't book", "7 minute briefing on CSE", "what is GCP2", "back", "more", "tell me about new neglect training",
    "stop all", "half \ud83d", "/start", "/start xyz", "/bookings", "/unknown", "", " ", "<b>x</b> & 'y'", "\U0001f600" * 300,
    "\ud83d\ude00", "ж" * 5000,
    "'; DROP TABLE people_person; --", "she told me her dad hits her", "next friday", "online", "{{ 7*7 }}", "\x00\x01", "\u202eevil",
    "https://evil.example",
)  # fmt: skip
_STEPS = 60


@pytest.fixture
def logged(bot_settings: Settings) -> Iterator[io.StringIO]:
    kept = logging.getLogger().handlers[:], logging.getLogger().level
    stream = io.StringIO()
    configure_logs(bot_settings, stream)
    yield stream
    logging.getLogger().handlers[:], level = kept
    logging.getLogger().setLevel(level)


@pytest_asyncio.fixture
async def services(db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram, logged: io.StringIO) -> AsyncIterator[list[Service]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(running(bot_settings, fake, answer=answer)) for _ in range(2)]


def shown(fake: FakeTelegram) -> Counter[str]:
    return Counter(name for name, _ in fake.calls)


def answers(fake: FakeTelegram) -> int:
    """How often something was shown: sent, or put in place of a message."""
    counted = shown(fake)
    return counted["sendMessage"] + counted["editMessageText"]


def an_update(chance: random.Random, phone: Phone, all_data: list[str]) -> dict[str, Any]:
    kind = chance.choice(["text", "text", "text", "press", "press", "press", "edited", "voice", "fuzz"])
    if kind == "text":
        return phone.message(chance.choice(SAID) or "hello")
    if kind == "edited":
        return phone.edited(chance.choice(SAID) or "hello", chance.randrange(1, 2000))
    if kind == "voice":
        return phone.message(voice={"file_id": "f", "file_unique_id": "u", "duration": 1}, caption=chance.choice(SAID))
    if kind == "press" and all_data:
        on = chance.choice(phone.at.fake.shown(phone.chat_id) or [None])
        return phone.press(chance.choice(all_data), on=on)
    word = chance.choice([verb.value for verb in Verb] + ["", "zz", "ok"])
    rest = chance.choice(["", ":", ":0123456789", ":book:0123456789:1", ":" + "x" * 60, ":ключ", ":999999999"])
    return phone.press((word + rest)[:64] or "x")


@pytest.mark.parametrize("seed", range(4))
async def test_anything_in_any_order_twice_by_two_processes(
    seed: int, services: list[Service], fake: FakeTelegram, asha: Person, ben: Person, clock: Clock, logged: io.StringIO
) -> None:
    await make_world(now=clock.now)
    chance = random.Random(seed)
    people = [Phone(services[0], 51), Phone(services[0], 52), Phone(services[0], 53)]
    for person, phone in zip((asha, ben), people, strict=False):
        token = await make_telegram_token(TelegramWishes(), by=makers.as_learner(person), now=clock.now)
        await link_telegram(token, chat_id=phone.chat_id, now=clock.now)
    for step in range(_STEPS):
        clock.forward(minutes=chance.random())
        phone = chance.choice(people)
        phone.at = chance.choice(services)
        # Of anybody's chat, old ones too: what belongs to somebody else must do nothing.
        all_data = [
            button["callback_data"] for sent in fake.messages for row in sent.buttons for button in row if "callback_data" in button
        ]
        update = an_update(chance, phone, all_data)
        before = answers(fake)
        for _ in range(2):
            service = chance.choice(services)
            assert (await service.post(update)).status_code == 200
            if _ == 0:
                assert answers(fake) > before, f"step {step} was not answered: {update}"
                before = answers(fake)
        assert answers(fake) == before, f"step {step} was answered twice: {update}"
    live = await rows(
        "SELECT session_id, learner_id, count(*) AS number FROM bookings_booking"
        " WHERE state IN ('confirmed', 'waiting', 'offered') GROUP BY session_id, learner_id HAVING count(*) > 1"
    )
    assert live == []
    for fault in ("conversation_failed", "update_failed", "message refused", "Traceback"):
        assert fault not in logged.getvalue()


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(min_size=1, max_size=200),
    data=st.text(min_size=1, max_size=64).filter(lambda one: len(one.encode(errors="replace")) <= 64),
)
async def test_any_text_and_any_data_are_answered(text: str, data: str, services: list[Service], fake: FakeTelegram, clock: Clock) -> None:
    clock.forward(minutes=2)
    phone = Phone(services[0], 61)
    for update in (phone.message(text), phone.press(data)):
        before = answers(fake)
        assert (await services[0].post(update)).status_code == 200
        assert answers(fake) > before
