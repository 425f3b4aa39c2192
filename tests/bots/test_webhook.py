"""The door: the secret first, each update once, an answer at once (front_door.md 4, security.md 3)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from bots import store, webhook
from bots.application import ALLOWED_UPDATES
from marstraining.conversation.actions import answer
from marstraining.conversation.rules import Event, Reply, line
from marstraining.core.config import Settings
from marstraining.core.db import OperationalError, rows
from marstraining.messages.queries import channel_account
from tests.bots.fake_telegram import BOT_NAME, FakeTelegram
from tests.bots.talking import SECRET, Phone, Service, running


async def test_the_bot_says_what_it_is_and_where_to_call(service: Service, fake: FakeTelegram) -> None:
    assert fake.webhook["url"] == "https://training.example/telegram/webhook"
    assert fake.webhook["secret_token"] == SECRET
    assert sorted(fake.webhook["allowed_updates"]) == sorted(ALLOWED_UPDATES)
    assert [command["command"] for command in fake.commands] == ["find", "bookings", "news", "feedback", "person", "privacy", "help"]
    assert await channel_account("telegram") == BOT_NAME


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), "ü" * 20])
async def test_without_the_right_secret_nothing_happens(service: Service, phone: Phone, secret: str | None) -> None:
    headers: list[tuple[bytes, bytes]] = [] if secret is None else [(webhook.SECRET_HEADER.encode(), secret.encode())]
    answer = await service.http.post("/telegram/webhook", json=phone.message("hello"), headers=headers)
    await service.settled()
    assert answer.status_code == 401
    assert service.fake.count("sendMessage") == 0
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
    assert service.fake.count("sendMessage") == 0


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
    assert service.fake.messages == []


async def test_an_update_sent_twice_is_answered_once_also_by_another_process(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram
) -> None:
    async with running(bot_settings, fake, answer=answer) as one, running(bot_settings, fake, answer=answer) as other:
        phone = Phone(one, 51)
        update = phone.message("help")
        answers = [await one.post(update), await one.post(update), await other.post(update)]
        answers += await asyncio.gather(*(service.post(update) for service in (one, other, one)))
        assert [response.status_code for response in answers] == [200] * 6
        assert len(phone.texts()) == 1


async def test_numbers_are_remembered_here_and_not_for_ever(service: Service, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_REMEMBERED", 2)
    updates = [phone.message("hello") for _ in range(3)]
    for update in (*updates, updates[2], updates[0]):
        assert (await service.post(update)).status_code == 200
    # The first was forgotten here; the conversation, which this one is not, has it for a day.
    assert phone.texts() == ["Hello"] * 4


async def test_while_the_store_is_away_telegram_is_asked_to_call_again(
    service: Service, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = phone.message("hello")

    async def away(*_: object) -> list[object]:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(store, "rows", away)
        patched.setattr(store, "probe_write", away)
        for _ in range(2):
            await service.store.look()
        response = await service.post(update)
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        assert (await service.http.get("/readyz")).status_code == 503
    assert service.fake.shown(phone.chat_id) == []
    await service.store.look()
    assert (await service.http.get("/readyz")).status_code == 200
    assert (await service.post(update)).status_code == 200
    assert phone.texts() == ["Hello"]


async def test_what_fails_for_lack_of_the_store_is_told_and_the_next_is_not_acknowledged(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram
) -> None:
    async def away(event: Event, *, now: datetime) -> Sequence[Reply]:
        raise OperationalError("database is locked")

    async with running(bot_settings, fake, answer=away) as service:
        phone = Phone(service, 52)
        assert (await service.post(phone.message("hello"))).status_code == 200
        assert "ring 999" in phone.texts()[0]
        assert (await service.post(phone.message("hello"))).status_code == 503
        await service.store.look()
        assert not service.store.is_away


async def test_when_too_much_waits_telegram_keeps_the_rest(service: Service, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_MOST_WAITING", 0)
    assert (await service.post(phone.message("hello"))).status_code == 503
    assert service.fake.count("sendMessage") == 0


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
