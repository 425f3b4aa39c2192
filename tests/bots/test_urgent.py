"""What is urgent on Telegram: behind nobody, whatever Telegram answers, and never in silence (front_door.md 7.2 and 7.11)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

import pytest
import pytest_asyncio
from tortoise.context import TortoiseContext

from bots import courier
from bots.pace import Pace
from bots.webhook import finish
from marstraining.conversation.actions import forget_old_conversations
from marstraining.conversation.rules import Event, Reply
from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.messages.bot_api import ChatPost
from marstraining.messages.delivery.chat import ChatRoom, send_due_notes
from marstraining.messages.rules import is_quiet
from marstraining.safety.gate import gate
from marstraining.safety.rules import Level
from tests.bots.fake_telegram import FakeTelegram, FakeTransport
from tests.bots.talking import Phone, Script, Service, a_reply, running
from tests.conftest import Clock

WORRY = "a child told me her dad hits her"
URGENT = a_reply("Ring 999", is_urgent=True)


@pytest_asyncio.fixture
async def service(db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram, script: Script) -> AsyncIterator[Service]:
    script.replies = [URGENT]
    async with running(bot_settings, fake, answer=script) as one:
        yield one


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes of trying pass in moments."""
    monkeypatch.setattr(courier, "_AGAIN_AFTER", 0.001)
    monkeypatch.setattr(courier, "_URGENT_FOR", 1.0)


def a_room(settings: Settings, fake: FakeTelegram) -> ChatRoom:
    """The worker's lane for chats."""
    return ChatRoom(settings, name="worker", make_post=lambda made: ChatPost(made, transport=FakeTransport(fake)))


# ---- behind nobody --------------------------------------------------------------------------------------------------


@pytest.mark.whole
async def test_while_telegram_asks_for_a_pause_what_is_urgent_is_tried_and_the_rest_waits(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram, script: Script
) -> None:
    pace = Pace(1000)
    async with running(bot_settings, fake, answer=script, pace=pace) as service:
        ordinary, urgent = Phone(service, 61), Phone(service, 62)
        fake.fail("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1)
        began = asyncio.get_running_loop().time()
        await service.post(ordinary.message("hello"), settle=False)
        await _until(lambda: fake.count("sendMessage") == 1)
        script.replies = [URGENT]
        await service.post(urgent.message(WORRY), settle=False)
        await _until(lambda: urgent.texts() == ["Ring 999"])
        assert ordinary.texts() == []
        await service.settled()
        assert ordinary.texts() == ["Hello"]
        assert asyncio.get_running_loop().time() - began >= 1


@pytest.mark.parametrize("way", ["message", "caption", "edited", "start", "inline"])
async def test_who_writes_of_a_worry_waits_behind_nobody_not_even_their_own_earlier_words(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram, way: str
) -> None:
    held, heard = asyncio.Event(), asyncio.Event()

    async def slow(event: Event, *, now: datetime) -> Sequence[Reply]:
        if WORRY not in event.text + event.data:
            await held.wait()
            return (a_reply("Hello"),)
        heard.set()
        return (URGENT,)

    async with running(bot_settings, fake, answer=slow) as service:
        phones = [Phone(service, 80 + number) for number in range(6)]
        worried = phones[-1]
        for phone in phones:
            await service.post(phone.message("hello"), settle=False)
        update = {
            "message": lambda: worried.message(WORRY),
            "caption": lambda: worried.message(caption=WORRY, photo=[{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]),
            "edited": lambda: worried.edited(WORRY, 5),
            "start": lambda: worried.message(f"/start {WORRY}"),
            "inline": lambda: worried.inline(WORRY),
        }[way]()
        await service.post(update, settle=False)
        if way == "inline":
            await _until(lambda: bool(fake.inline))
        else:
            await asyncio.wait_for(heard.wait(), timeout=5)
            await _until(lambda: worried.texts() == ["Ring 999"])
        held.set()
        await service.settled()
        assert [len(phone.texts()) for phone in phones] == [1] * 5 + [1 if way == "inline" else 2]


async def test_what_may_be_a_worry_waits_for_nobody_else_and_in_its_own_order(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram
) -> None:
    held, maybe = asyncio.Event(), "is this neglect"
    assert gate(maybe).level is Level.MAYBE

    async def slow(event: Event, *, now: datetime) -> Sequence[Reply]:
        if event.text == "hello":
            await held.wait()
        return (a_reply(event.text),)

    async with running(bot_settings, fake, answer=slow) as service:
        busy, worried = [Phone(service, 80 + number) for number in range(5)], Phone(service, 90)
        for phone in busy:
            await service.post(phone.message("hello"), settle=False)
        for phone in (worried, busy[0]):
            await service.post(phone.message(maybe), settle=False)
        await _until(lambda: worried.texts() == [maybe])
        assert busy[0].texts() == []
        held.set()
        await service.settled()
        assert busy[0].texts() == ["hello", maybe]


async def _until(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def test_a_button_below_a_signpost_waits_its_turn_as_any_other(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram
) -> None:
    """What stands in the message above it is our own text, in which a child may well be in danger."""
    order: list[str] = []

    async def echo(event: Event, *, now: datetime) -> Sequence[Reply]:
        await asyncio.sleep(0.05 if event.text else 0)
        order.append(event.text or event.data)
        return (a_reply("Hello"),)

    async with running(bot_settings, fake, answer=echo) as service:
        phone = Phone(service, 91)
        on = fake.written(91, text=WORRY)
        await service.post(phone.message("hello"), settle=False)
        await service.post(phone.press("h", on=on), settle=False)
        await service.settled()
        assert order == ["hello", "h"]


async def test_what_is_urgent_and_not_taken_holds_nobody_up_though_it_answers_plain_words(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as that something went wrong, and whom to ring."""
    monkeypatch.setattr(courier, "_AGAIN_AFTER", 60)
    monkeypatch.setattr(courier, "_URGENT_FOR", 600)

    async def answer(event: Event, *, now: datetime) -> Sequence[Reply]:
        return (a_reply("Hello"),) if event.key == "99" else (URGENT,)

    async with running(bot_settings, fake, answer=answer) as service:
        fake.fail("sendMessage", 502, times=4)
        for number in range(4):
            await service.post(Phone(service, 80 + number).message("hello"), settle=False)
        await _until(lambda: fake.count("sendMessage") == 4)
        other = Phone(service, 99)
        await service.post(other.message("hello"), settle=False)
        await _until(lambda: bool(other.texts()))
        assert (other.texts(), fake.count("sendMessage")) == (["Hello"], 5)


# ---- never in silence -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "wait", "times"), [(502, None, 5), (500, None, 5), (429, 0, 5)], ids=["bad gateway", "fault", "too many requests"]
)
async def test_an_urgent_answer_is_tried_for_as_long_as_telegram_takes_none(
    service: Service, phone: Phone, fake: FakeTelegram, status: int, wait: int | None, times: int
) -> None:
    fake.fail("sendMessage", status, retry_after=wait, times=times)
    await phone.says(WORRY)
    assert (phone.texts(), fake.count("sendMessage")) == (["Ring 999"], times + 1)
    assert await rows("SELECT id FROM messages_letter") == []


async def test_an_urgent_answer_that_may_not_have_arrived_is_sent_again_and_no_other_is(
    service: Service, phone: Phone, script: Script
) -> None:
    """A second copy does no harm; python-telegram-bot tells by the same error that no connection was had at all."""
    service.way.lost = 2
    await phone.says(WORRY)
    assert phone.texts() == ["Ring 999"] * 3
    script.replies = [a_reply("Hello")]
    service.way.lost = 2
    await phone.says("hello")
    assert phone.texts() == ["Ring 999"] * 3 + ["Hello"]


@pytest.mark.whole
async def test_an_answer_that_telegram_never_took_is_handed_to_the_outbox_without_a_word_of_what_was_asked(
    service: Service, phone: Phone, fake: FakeTelegram, script: Script, bot_settings: Settings, clock: Clock
) -> None:
    """The same letter for whatever could not be answered: that somebody was worried is to be read from no row."""
    clock.forward(hours=12)
    assert is_quiet(clock.now)
    for text, reply in ((WORRY, URGENT), ("neglect in March", a_reply("Hello"))):
        script.replies = [reply]
        service.way.refused = 100_000
        await phone.says(text)
        assert phone.texts() == []
        service.way.refused = 0
    [first, second] = await rows("SELECT * FROM messages_letter ORDER BY id")
    told = ("template", "channel", "address", "name", "person_id", "context", "priority")
    assert {column: first[column] for column in told} == {column: second[column] for column in told}
    assert (first["template"], first["address"], first["person_id"], first["context"]) == ("unanswered", str(phone.chat_id), None, "{}")
    # One note is enough, however much was asked in vain.
    assert (first["state"], second["state"]) == ("withdrawn", "waiting")
    assert await send_due_notes(a_room(bot_settings, fake)) == 1
    [note] = phone.texts()
    assert not fake.shown(phone.chat_id)[0].is_silent
    assert note.splitlines()[0] == "If a child is in danger now, ring 999."
    assert all(number in note for number in ("01724 296500", "08081 689667", "01724 296555", "0800 1111", "116 123", "ask again"))
    clock.forward(days=1, seconds=1)
    await forget_old_conversations(now=clock.now)
    assert await rows("SELECT id FROM messages_letter") == []


async def test_what_waits_long_at_telegrams_word_is_handed_over_at_once(service: Service, phone: Phone, fake: FakeTelegram) -> None:
    fake.fail("sendMessage", 429, "Too Many Requests: retry after 3600", retry_after=3600)
    await phone.says(WORRY)
    assert [row["state"] for row in await rows("SELECT state FROM messages_letter")] == ["waiting"]


async def test_a_bot_that_is_told_to_stop_hands_over_what_it_was_still_trying(
    service: Service, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "_URGENT_FOR", 600)
    monkeypatch.setattr(courier, "_AGAIN_AFTER", 60)
    service.way.refused = 100_000
    await service.post(phone.message(WORRY), settle=False)
    await _until(lambda: service.way.refused < 100_000)
    async with asyncio.timeout(10):
        await finish(service.application)
    assert [row["template"] for row in await rows("SELECT template FROM messages_letter")] == ["unanswered"]
    await service.application.start()


async def test_a_bot_that_is_told_to_stop_waits_for_no_pause_of_telegrams(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram, script: Script
) -> None:
    """Who was answered before the pause ended is told by the outbox, and so is who waited for it."""
    async with running(bot_settings, fake, answer=script, pace=Pace(1000)) as service:
        fake.fail("sendMessage", 429, "Too Many Requests: retry after 60", retry_after=60, times=4)
        for number in (61, 62, 63):
            await service.post(Phone(service, number).message("hello"), settle=False)
            await _until(lambda: fake.count("sendMessage") == 1)
        async with asyncio.timeout(10):
            await finish(service.application)
        assert fake.count("sendMessage") == 4
        letters = await rows("SELECT template, address FROM messages_letter ORDER BY address")
        assert [(row["template"], row["address"]) for row in letters] == [("unanswered", number) for number in ("61", "62", "63")]
        await service.application.start()


async def test_a_chat_that_has_blocked_us_is_not_tried_again(service: Service, phone: Phone, fake: FakeTelegram) -> None:
    fake.blocked.add(phone.chat_id)
    await phone.says(WORRY)
    assert (fake.count("sendMessage"), await rows("SELECT id FROM messages_letter")) == (1, [])
