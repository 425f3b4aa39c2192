"""The worker's lane for chats: there where a bot is set up, and mail in its place where none is."""

import asyncio
from dataclasses import replace

import pytest
import uvicorn
from tortoise.context import TortoiseContext

from marstraining import worker
from marstraining.core import clock as house_clock
from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.messages.rules import Channel, Recipient
from tests.bots.fake_telegram import TOKEN, FakeTelegram
from tests.messages.letters import a_letter, queued

pytestmark = pytest.mark.whole

CHAT = 5_000_000_001


async def worked(settings: Settings, *, until_state: str) -> dict[str, object]:
    """What became of a letter to a chat, with mail to fall back on, in a worker that ran until it was so far."""
    to = Recipient(str(CHAT), "Asha", channel=Channel.TELEGRAM, fallback="asha@school.example")
    await queued(a_letter("news", to=to), now=house_clock.now())
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(settings, stop))
    row: dict[str, object] = {}
    for _ in range(300):
        await asyncio.sleep(0.1)
        row = (await rows("SELECT state, channel, address FROM messages_letter WHERE key = 'news'"))[0]
        if row["state"] == until_state:
            break
    stop.set()
    await working
    return row


@pytest.mark.faults
async def test_the_worker_sends_to_chats_by_a_lane_of_its_own(db: TortoiseContext, settings: Settings) -> None:
    fake = FakeTelegram()
    server = uvicorn.Server(uvicorn.Config(fake.app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn sets a flag, no event
        await asyncio.sleep(0.02)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    row = await worked(replace(settings, telegram_token=TOKEN, telegram_api_url=address), until_state="sent")
    server.should_exit = True
    await serving
    assert (row["state"], row["channel"]) == ("sent", "telegram")
    assert [sent.text.splitlines()[0] for sent in fake.shown(CHAT)] == ["The training team has written to you about Neglect"]


@pytest.mark.faults
async def test_where_no_bot_is_set_up_the_letter_goes_by_mail(db: TortoiseContext, settings: Settings) -> None:
    row = await worked(settings, until_state="sent")
    assert (row["state"], row["channel"], row["address"]) == ("sent", "email", "asha@school.example")
