"""The door: the secret first, each update once, an answer at once (front_door.md 4, security.md 3)."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from bots import webhook
from bots.application import ALLOWED_UPDATES
from bots.intake import Intake
from marstraining.conversation.rules import Event, Reply, line
from marstraining.core.config import Settings
from marstraining.core.db import OperationalError, rows
from marstraining.messages.actions.incoming import forget_received, take_in
from marstraining.messages.queries import channel_account
from marstraining.messages.rules import Channel
from tests.bots.fake_telegram import BOT_NAME, FakeTelegram
from tests.bots.talking import HELLO, SECRET, Phone, Service, running
from tests.conftest import Clock


async def taken() -> int:
    return int((await rows("SELECT count(*) AS number FROM messages_received"))[0]["number"])


async def test_the_bot_says_what_it_is_and_where_to_call(service: Service, fake: FakeTelegram) -> None:
    assert fake.webhook["url"] == "https://training.example/telegram/webhook"
    assert fake.webhook["secret_token"] == SECRET
    assert sorted(fake.webhook["allowed_updates"]) == sorted(ALLOWED_UPDATES)
    assert [command["command"] for command in fake.commands] == ["find", "bookings", "news", "person", "privacy", "help"]
    assert await channel_account("telegram") == BOT_NAME


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), "ü" * 20])
async def test_without_the_right_secret_nothing_happens(service: Service, phone: Phone, secret: str | None) -> None:
    headers: list[tuple[bytes, bytes]] = [] if secret is None else [(webhook.SECRET_HEADER.encode(), secret.encode())]
    answer = await service.http.post("/telegram/webhook", json=phone.message("hello"), headers=headers)
    await service.settled()
    assert answer.status_code == 401
    assert await taken() == 0
    assert service.fake.shown(phone.chat_id) == []
    assert await rows("SELECT id FROM conversation_dialogue") == []


async def test_another_path_or_method_leads_nowhere(service: Service) -> None:
    assert (await service.http.get("/telegram/webhook")).status_code == 405
    assert (await service.http.post("/telegram/other", headers={webhook.SECRET_HEADER: SECRET})).status_code == 404
    assert (await service.http.get("/healthz")).text == "ok\n"
    assert (await service.http.get("/readyz")).text == "ok\n"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'"text"', b"null", b"{}", b'{"update_id": "7"}', b'{"update_id": true}', b'{"update_id": -1}',
        b'{"update_id": 1.5}', b'{"update_id": 99999999999999999999999}', b"\xff\xfe", b"[" * 100_000, b'{"update_id": NaN}',
    ],
)  # fmt: skip
async def test_what_is_no_update_is_turned_away(service: Service, body: bytes) -> None:
    assert (await service.post(body)).status_code == 400
    assert await taken() == 0


async def test_a_body_larger_than_any_update_is_not_read_to_its_end(service: Service) -> None:
    assert (await service.post(b'{"update_id": 1, "x": "' + b"a" * 300_000 + b'"}')).status_code == 413


@pytest.mark.parametrize(
    "more",
    [
        {}, {"message": None}, {"message": 7}, {"message": {}}, {"message": {"message_id": 1}}, {"poll": {"id": 1}},
        {"message": {"message_id": 1, "date": "x", "chat": {}}}, {"callback_query": {"id": "1"}}, {"something_new": {"a": 1}},
    ],
)  # fmt: skip
async def test_an_update_of_a_kind_that_nobody_knows_is_taken_in_and_left_alone(service: Service, more: dict[str, Any]) -> None:
    update = {"update_id": 42, **more}
    assert (await service.post(update)).status_code == 200
    assert (await service.post(update)).status_code == 200
    assert await taken() == 1
    assert service.fake.messages == []


async def test_an_update_sent_twice_is_answered_once_also_by_another_process(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram, clock: Clock
) -> None:
    async with running(bot_settings, fake, answer=HELLO) as one, running(bot_settings, fake, answer=HELLO) as other:
        phone = Phone(one, 51)
        update = phone.message("hello")
        answers = [await one.post(update), await one.post(update), await other.post(update)]
        answers += await asyncio.gather(*(service.post(update) for service in (one, other, one)))
        assert [answer.status_code for answer in answers] == [200] * 6
        assert phone.texts() == ["Hello"]
    clock.forward(hours=24)
    assert await forget_received(now=clock.now) == 0
    clock.forward(seconds=1)
    assert await forget_received(now=clock.now) == 1


async def test_while_the_store_is_away_telegram_is_asked_to_call_again(
    service: Service, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = phone.message("hello")

    async def away(*_: object, **__: object) -> frozenset[int]:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(webhook, "take_in", away)
        answer = await service.post(update)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert service.fake.shown(phone.chat_id) == []
    assert (await service.post(update)).status_code == 200
    assert len(service.fake.shown(phone.chat_id)) == 1


async def test_when_too_much_waits_telegram_keeps_the_rest(service: Service, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_MOST_WAITING", 0)
    assert (await service.post(phone.message("hello"))).status_code == 503
    assert await taken() == 0


async def test_what_was_acknowledged_is_answered_before_the_process_ends(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram
) -> None:
    async def slow(event: Event, *, now: datetime) -> Sequence[Reply]:
        await asyncio.sleep(0.05)
        return (Reply((line(event.text),), answer_type="acknowledge"),)

    async with running(bot_settings, fake, answer=slow) as one:
        for number in range(10):
            assert (await one.post(Phone(one, 60 + number).message(f"hello {number}"), settle=False)).status_code == 200
    assert sorted(sent.text for sent in fake.messages if sent.by_bot) == [f"hello {number}" for number in range(10)]


async def test_numbers_of_one_moment_are_written_down_together_and_each_is_new_once() -> None:
    statements: list[list[int]] = []

    async def take(numbers: Sequence[int]) -> frozenset[int]:
        statements.append(list(numbers))
        await asyncio.sleep(0)
        return frozenset(numbers)

    intake = Intake(take)
    told = await asyncio.gather(*(intake.is_new(number % 100) for number in range(200)))
    assert sum(told) == 100
    assert len(statements) <= 2


async def test_a_number_is_new_once_for_all_and_kept_for_a_day(db: TortoiseContext, clock: Clock) -> None:
    assert await take_in([1, 2, 2], channel=Channel.TELEGRAM, now=clock.now) == {1, 2}
    assert await take_in([2, 3], channel=Channel.TELEGRAM, now=clock.now) == {3}
    assert await take_in([], channel=Channel.TELEGRAM, now=clock.now) == frozenset()
    assert await forget_received(now=clock.now + timedelta(hours=25)) == 3


async def test_updates_are_kept_without_a_word_of_them(service: Service, phone: Phone) -> None:
    await phone.says("neglect training in March")
    [row] = await rows("SELECT * FROM messages_received")
    assert sorted(row) == ["channel", "id", "number", "received_at"]
    assert "neglect" not in json.dumps(row, default=str)
