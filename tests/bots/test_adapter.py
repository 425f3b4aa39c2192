"""Updates become events, replies become messages: what the adapter does by itself, with a conversation of the test's."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio
from tortoise.context import TortoiseContext

from bots import courier
from bots.order import InOrder
from marstraining.conversation.rules import Button, Event, EventKind, Reply
from marstraining.core.config import Settings
from marstraining.people.actions import link_telegram, make_telegram_token
from marstraining.people.models import Person
from marstraining.people.queries import telegram_chat_of
from marstraining.people.rules import TelegramWishes
from tests import makers
from tests.bots.fake_telegram import FakeTelegram
from tests.bots.talking import Phone, Script, Service, a_reply, running
from tests.conftest import Clock
from tests.conversation.world import make_world

CHAT = 5_000_000_001


@pytest_asyncio.fixture
async def service(db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram, script: Script) -> AsyncIterator[Service]:
    async with running(bot_settings, fake, answer=script) as one:
        yield one


# ---- what becomes of updates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "said", "data"),
    [
        ("neglect in March", EventKind.TEXT, "neglect in March", ""),
        ("/start", EventKind.START, "", ""),
        ("/start abc_DEF-123", EventKind.START, "", "abc_DEF-123"),
        ("/START@MarsTrainingBot abc", EventKind.START, "", "abc"),
        ("/help", EventKind.TEXT, "help", ""),
        ("/help@MarsTrainingBot", EventKind.TEXT, "help", ""),
        ("/bookings", EventKind.TEXT, "my bookings", ""),
        ("/find neglect", EventKind.TEXT, "find training neglect", ""),
        ("/nonsense <b>x</b>", EventKind.TEXT, "nonsense <b>x</b>", ""),
        ("/", EventKind.TEXT, "", ""),
    ],
)
async def test_what_is_written_is_an_event(
    service: Service, phone: Phone, script: Script, text: str, kind: EventKind, said: str, data: str
) -> None:
    await phone.says(text)
    [event] = script.events
    assert (event.kind, event.text, event.data, event.key) == (kind, said, data, str(CHAT))
    assert (event.is_edited, event.message_id.isdecimal(), event.event_id.isdecimal()) == (False, True, True)


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"voice": {"file_id": "f", "file_unique_id": "u", "duration": 3}}, EventKind.VOICE),
        ({"audio": {"file_id": "f", "file_unique_id": "u", "duration": 3}}, EventKind.VOICE),
        ({"video_note": {"file_id": "f", "file_unique_id": "u", "duration": 3, "length": 9}}, EventKind.VOICE),
        ({"photo": [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]}, EventKind.FILE),
        ({"document": {"file_id": "f", "file_unique_id": "u"}}, EventKind.FILE),
        ({"location": {"latitude": 53.5, "longitude": -0.6}}, EventKind.FILE),
        ({"contact": {"phone_number": "1", "first_name": "Ben"}}, EventKind.FILE),
    ],
)
async def test_files_are_never_opened_and_their_captions_are_read(
    service: Service, phone: Phone, script: Script, fake: FakeTelegram, more: dict[str, Any], kind: EventKind
) -> None:
    await phone.says("", caption="look at this", **more)
    [event] = script.events
    assert (event.kind, event.text) == (kind, "look at this")
    assert fake.count("getFile") == 0


async def test_an_edited_message_says_that_it_is_one(service: Service, phone: Phone, script: Script) -> None:
    await service.post(phone.edited("/start now in other words", 77))
    [event] = script.events
    assert (event.kind, event.text, event.is_edited, event.message_id) == (EventKind.TEXT, "/start now in other words", True, "77")


async def test_what_nobody_wrote_is_no_event(service: Service, phone: Phone, script: Script) -> None:
    await phone.says("", message_auto_delete_timer_changed={"message_auto_delete_time": 86400})
    update = phone.message("hello")
    update["message"]["from"]["is_bot"] = True
    await service.post(update)
    assert script.events == []


async def test_groups_are_left_and_never_answered(service: Service, phone: Phone, script: Script, fake: FakeTelegram) -> None:
    update = phone.message("hello all")
    update["message"]["chat"] = {"id": -100123, "type": "supergroup", "title": "Team"}
    await service.post(update)
    member = {"user": {"id": 123456, "first_name": "Bot", "is_bot": True}, "status": "member"}
    joined = {
        "chat": {"id": -100124, "type": "group", "title": "T"}, "from": {"id": 9, "first_name": "x", "is_bot": False}, "date": 1,
        "old_chat_member": {**member, "status": "left"}, "new_chat_member": member,
    }  # fmt: skip
    await service.post({"update_id": 1, "my_chat_member": joined})
    assert (fake.left, script.events, fake.count("sendMessage")) == ([-100123, -100124], [], 0)


async def test_who_blocks_the_bot_is_parted_at_once(service: Service, asha: Person, clock: Clock) -> None:
    token = await make_telegram_token(TelegramWishes(), by=makers.as_learner(asha), now=clock.now)
    await link_telegram(token, chat_id=CHAT, now=clock.now)
    user = {"user": {"id": 123456, "first_name": "Bot", "is_bot": True}}
    changed = {
        "chat": {"id": CHAT, "type": "private", "first_name": "A"}, "from": {"id": CHAT, "first_name": "A", "is_bot": False}, "date": 1,
        "old_chat_member": {**user, "status": "member"}, "new_chat_member": {**user, "status": "kicked", "until_date": 0},
    }  # fmt: skip
    await service.post({"update_id": 2, "my_chat_member": changed})
    assert await telegram_chat_of(asha.id) is None


# ---- presses --------------------------------------------------------------------------------------------------------


async def test_a_press_is_answered_first_and_then_worked_on(service: Service, phone: Phone, script: Script, fake: FakeTelegram) -> None:
    script.replies = [a_reply("One", buttons=((Button("Go", "mb"),),))]
    await phone.says("hello")
    await phone.taps("Go")
    assert [name for name, _ in fake.calls if name in {"answerCallbackQuery", "sendMessage"}][-2:] == ["answerCallbackQuery", "sendMessage"]
    assert (script.events[-1].kind, script.events[-1].data) == (EventKind.BUTTON, "mb")


async def test_a_press_that_telegram_has_forgotten_is_worked_on_all_the_same(service: Service, phone: Phone, fake: FakeTelegram) -> None:
    update = phone.press("h")
    fake.callbacks.clear()
    await service.post(update)
    assert phone.texts() == ["Hello"]


async def test_a_reply_takes_the_place_of_the_message_whose_button_was_pressed(
    service: Service, phone: Phone, script: Script, fake: FakeTelegram
) -> None:
    script.replies = [a_reply("One", buttons=((Button("Go", "mb"),),))]
    [first] = await phone.says("hello")
    script.replies = [a_reply("Two", edits_previous=True, buttons=((Button("Go", "mb"),),)), a_reply("Three", edits_previous=True)]
    await phone.taps("Go")
    assert (phone.texts(), first.edits) == (["Two", "Three"], 1)
    script.replies = [script.replies[0]]
    await phone.taps("Go")
    assert (phone.texts(), first.edits) == (["Two", "Three"], 1)
    assert fake.count("editMessageText") == 2


async def test_where_there_is_nothing_to_edit_a_new_message_is_sent(service: Service, phone: Phone, script: Script) -> None:
    script.replies = [a_reply("Two", edits_previous=True)]
    await service.post(phone.press("mb"))
    await phone.says("no press")
    assert phone.texts() == ["Two", "Two"]


async def test_a_press_below_a_message_of_inline_mode_is_only_quietened(service: Service, phone: Phone, script: Script) -> None:
    update = phone.press("h")
    del update["callback_query"]["message"]
    update["callback_query"]["inline_message_id"] = "x"
    await service.post(update)
    assert (script.events, phone.texts()) == ([], [])


async def test_a_message_is_taken_out_of_the_chat_for_two_days(
    service: Service, phone: Phone, script: Script, fake: FakeTelegram, clock: Clock
) -> None:
    await phone.says("something about a child")
    written = next(sent for sent in fake.messages if not sent.by_bot)
    script.replies = [a_reply("Done.", removes_message=str(written.message_id))]
    await service.post(phone.press(f"rm:{written.message_id}"))
    assert (written.is_deleted, phone.texts()[-1]) == (True, "Done.")
    late = fake.written(CHAT, text="older")
    clock.forward(hours=48, seconds=1)
    for number in (str(late.message_id), "not-a-number"):
        script.replies = [a_reply("Done.", removes_message=number)]
        before = len(phone.texts())
        await service.post(phone.press("rm:1"))
        [text] = phone.texts()[before:]
        assert text.startswith("Telegram does not let me remove it any more. You can delete it yourself")
    assert not late.is_deleted
    # Pressed twice: what is gone already is gone.
    script.replies = [a_reply("Done.", removes_message=str(written.message_id))]
    await service.post(phone.press("rm:1"))
    assert phone.texts()[-1] == "Done."


@pytest.mark.parametrize("status", [502, 429])
async def test_a_message_that_telegram_does_not_take_out_is_tried_no_longer_than_an_answer(
    service: Service, phone: Phone, script: Script, fake: FakeTelegram, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(courier, "_AGAIN_AFTER", 0.001)
    written = fake.written(CHAT, text="something about a child")
    script.replies = [a_reply("Done.", removes_message=str(written.message_id))]
    fake.fail("deleteMessage", status, retry_after=0 if status == 429 else None, times=100)
    await service.post(phone.press("rm:1"))
    assert fake.count("deleteMessage") == 3
    assert phone.texts()[-1].startswith("Telegram did not tell me that it is removed. If it is still there, you can delete it yourself")


# ---- faults ---------------------------------------------------------------------------------------------------------


async def test_where_the_conversation_fails_the_signpost_is_shown(service: Service, phone: Phone, script: Script) -> None:
    script.fault = RuntimeError("a bug that quotes: my secret words")
    await phone.says("my secret words")
    [text] = phone.texts()
    assert "If a child is in danger now, ring 999." in text
    assert "01724 296500" in text
    await service.post(phone.edited("my secret words", 5))
    assert len(phone.texts()) == 1


async def test_a_reply_that_telegram_refuses_is_sent_as_plain_words(service: Service, phone: Phone, fake: FakeTelegram) -> None:
    fake.fail("sendMessage", 400, "Bad Request: can't parse entities")
    await phone.says("hello")
    assert phone.texts() == ["Hello"]


@pytest.mark.whole
async def test_what_may_have_arrived_is_not_sent_again_and_what_did_not_is(service: Service, phone: Phone, fake: FakeTelegram) -> None:
    service.way.lost = 1
    await service.post(phone.message("hello"))
    assert phone.texts() == ["Hello"]
    fake.fail("sendMessage", 502, "Bad Gateway")
    await service.post(phone.message("hello"))
    assert phone.texts() == ["Hello", "Hello"]


async def test_a_chat_that_refuses_us_is_parted(service: Service, phone: Phone, fake: FakeTelegram, asha: Person, clock: Clock) -> None:
    token = await make_telegram_token(TelegramWishes(), by=makers.as_learner(asha), now=clock.now)
    await link_telegram(token, chat_id=CHAT, now=clock.now)
    fake.blocked.add(CHAT)
    assert (await service.post(phone.message("hello"))).status_code == 200
    assert await telegram_chat_of(asha.id) is None
    assert fake.count("sendMessage") == 1


# ---- order ----------------------------------------------------------------------------------------------------------


@pytest.mark.whole
async def test_two_hundred_updates_of_fifty_people_keep_each_persons_order(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram
) -> None:
    async def echo(event: Event, *, now: datetime) -> Sequence[Reply]:
        await asyncio.sleep(0.001 * (int(event.text) % 3))
        return (a_reply(event.text),)

    async with running(bot_settings, fake, answer=echo) as service:
        phones = [Phone(service, 1000 + number) for number in range(50)]
        for round_ in range(4):
            await asyncio.gather(*(service.post(phone.message(str(round_)), settle=False) for phone in phones))
        await service.settled()
        assert [phone.texts() for phone in phones] == [["0", "1", "2", "3"]] * 50


async def test_who_sends_many_at_once_keeps_nobody_else_waiting(db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram) -> None:
    gate, heard = asyncio.Event(), asyncio.Event()

    async def slow(event: Event, *, now: datetime) -> Sequence[Reply]:
        if event.key == "71":
            await gate.wait()
        else:
            heard.set()
        return (a_reply(event.text),)

    async with running(bot_settings, fake, answer=slow) as service:
        busy, other = Phone(service, 71), Phone(service, 72)
        for number in range(30):
            await service.post(busy.message(str(number)), settle=False)
        await service.post(other.message("hello"), settle=False)
        await asyncio.wait_for(heard.wait(), timeout=10)
        assert busy.texts() == []
        gate.set()
        await service.settled()
        assert (busy.texts(), other.texts()) == ([str(number) for number in range(30)], ["hello"])


async def test_nothing_is_left_of_a_turn_that_is_over() -> None:
    order = InOrder()
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    await asyncio.gather(*(order.process_update(object(), work()) for _ in range(5)))
    assert (len(done), order._turns, order._waiting) == (5, {}, {})  # noqa: SLF001 - it must not grow for ever


# ---- inline ---------------------------------------------------------------------------------------------------------


async def test_inline_mode_finds_the_public_programme_and_nothing_of_anybodys_own(
    service: Service, phone: Phone, fake: FakeTelegram, script: Script, clock: Clock
) -> None:
    await makers.make_session(course=await makers.make_course("Neglect <&> care"), now=clock.now)
    await makers.make_session(course=await makers.make_course("Neglect for some", access="invited"), now=clock.now)
    update = phone.inline("neglect")
    await service.post(update)
    [results] = fake.inline.values()
    assert [result["title"] for result in results] == ["Neglect <&> care"]
    assert results[0]["description"].startswith("Friday 8 May 2026, 9:30am. ")
    assert results[0]["reply_markup"]["inline_keyboard"][0][0]["url"].startswith("https://")
    [answered] = [fields for name, fields in fake.calls if name == "answerInlineQuery"]
    assert (answered["is_personal"], answered["cache_time"]) == ("false", "60")
    assert script.events == []


async def test_inline_mode_mends_what_is_misspelt_and_finds_resources_and_what_comes_next(
    service: Service, phone: Phone, fake: FakeTelegram, clock: Clock
) -> None:
    await make_world(now=clock.now)
    for words in ("7 minute breifing on CSE", ""):
        await service.post(phone.inline(words))
    found, coming = fake.inline.values()
    assert found[0]["title"] == "Child sexual exploitation: learning from the Line of Sight event"
    assert (len(coming), coming[0]["description"].partition(",")[0]) == (10, "Tuesday 10 March 2026")


async def test_a_worry_typed_into_inline_mode_finds_the_number_to_ring(service: Service, phone: Phone, fake: FakeTelegram) -> None:
    await service.post(phone.inline("my stepdad hits me every night"))
    [results] = fake.inline.values()
    assert [result["title"] for result in results] == ["If a child is in danger now, ring 999."]


async def test_an_inline_query_that_telegram_has_forgotten_ends_quietly(service: Service, phone: Phone, fake: FakeTelegram) -> None:
    fake.fail("answerInlineQuery", 400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    assert (await service.post(phone.inline("x" * 256))).status_code == 200
