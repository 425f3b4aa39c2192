"""The published dialogues, played on Telegram: the same stories, by a process that is another one at each step."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from tortoise.context import TortoiseContext

from marstraining.conversation.actions import answer
from marstraining.conversation.stories import Story
from marstraining.core.config import Settings
from marstraining.people.actions import link_telegram, make_telegram_token
from marstraining.people.models import Person
from marstraining.people.rules import TelegramWishes
from tests import makers
from tests.bots.fake_telegram import FakeTelegram, Sent
from tests.bots.talking import Phone, Service, running
from tests.conftest import Clock
from tests.conversation.playing import STORIES, Seen, play, set_stage

pytestmark = pytest.mark.whole

CHAT = 5_000_000_001
_VOICE = {"file_id": "f", "file_unique_id": "u", "duration": 3}


class Telegram:
    """A story's player with a phone; each step some seconds after the one before, and each update sent twice."""

    def __init__(self, phone: Phone, clock: Clock) -> None:
        self.phone, self.clock = phone, clock
        self.last: list[Sent] = []

    async def say(self, words: str) -> Seen:
        return await self._send(self.phone.message(words))

    async def press(self, data: str) -> Seen:
        holds = [sent for sent in self.last if any(button.get("callback_data") == data for row in sent.buttons for button in row)]
        return await self._send(self.phone.press(data, on=holds[-1] if holds else None))

    async def send_file(self) -> Seen:
        return await self._send(self.phone.message(voice=_VOICE))

    async def _send(self, update: dict[str, object]) -> Seen:
        self.clock.forward(minutes=0.1)
        fake, chat = self.phone.at.fake, self.phone.chat_id
        before = {sent.message_id: sent.edits for sent in fake.shown(chat)}
        for _ in range(2):
            assert (await self.phone.at.post(update)).status_code == 200
        self.last = [sent for sent in fake.shown(chat) if before.get(sent.message_id) != sent.edits]
        assert self.last, "there is always an answer"
        buttons = [button for sent in self.last for row in sent.buttons for button in row]
        # The numbers of entries stand before their buttons here; the stories name the buttons alone.
        labels = tuple(_unnumbered(button["text"]) for button in buttons)
        text = "\n".join(sent.text for sent in self.last)
        return Seen((), text, labels, tuple(button.get("callback_data", "") for button in buttons))


def _unnumbered(label: str) -> str:
    number, dot, rest = label.partition(". ")
    shown = rest if dot and number.isdecimal() else label
    # A chat has no sign-in of its own: there an account is connected.
    return "Sign in" if shown == "Connect my account" else shown


class Processes:
    """A process of the bot, another one each time that it is asked for: nothing of the one before is left."""

    def __init__(self, settings: Settings, fake: FakeTelegram) -> None:
        self._settings, self._fake = settings, fake
        self._stack = AsyncExitStack()

    async def next(self) -> Service:
        await self.end()
        self._stack = AsyncExitStack()
        return await self._stack.enter_async_context(running(self._settings, self._fake, answer=answer))

    async def end(self) -> None:
        await self._stack.aclose()


@pytest_asyncio.fixture
async def processes(db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram) -> AsyncIterator[Processes]:
    made = Processes(bot_settings, fake)
    yield made
    await made.end()


async def connected(asha: Person, clock: Clock) -> None:
    token = await make_telegram_token(TelegramWishes(), by=makers.as_learner(asha), now=clock.now)
    await link_telegram(token, chat_id=CHAT, now=clock.now)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_a_story_on_telegram(story: Story, processes: Processes, clock: Clock, asha: Person) -> None:
    await set_stage(story, persons={"asha": asha}, now=clock.now)
    if story.value("who") == "asha":
        await connected(asha, clock)
    phone = Phone(await processes.next(), CHAT)

    begun = []

    async def start_anew() -> None:
        phone.at = await processes.next()
        begun.append(phone.at)

    shown = await play(story, Telegram(phone, clock), between=start_anew)
    assert len(shown) == len(begun) == len(story.steps)
