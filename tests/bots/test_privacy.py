"""Nothing that anybody writes is kept, and the token is nowhere: a marker is sent through every path, and everything is searched for it."""

import io
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import pytest
import pytest_asyncio
import structlog
from telegram.error import NetworkError
from tortoise import Tortoise
from tortoise.context import TortoiseContext

from bots.logs import WithoutWords, quieten
from marstraining.conversation.actions import answer
from marstraining.conversation.rules import Event, Reply
from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.core.logs import configure_logs
from marstraining.core.metrics import show
from marstraining.messages.bot_api import ChatPost
from marstraining.messages.delivery.chat import ChatRoom, send_due_notes
from marstraining.messages.rules import Channel, Recipient
from tests.bots.fake_telegram import TOKEN, FakeTelegram, FakeTransport
from tests.bots.talking import Phone, Service, running
from tests.conftest import Clock
from tests.messages.letters import a_letter, queued

MARKER = "Xylophonmarker"
SECRET_PART = TOKEN.partition(":")[2]


@pytest.fixture
def logged(bot_settings: Settings) -> Iterator[io.StringIO]:
    """All that is logged while a test runs, at DEBUG."""
    kept = logging.getLogger().handlers[:], logging.getLogger().level
    stream = io.StringIO()
    configure_logs(replace(bot_settings, log_level="DEBUG"), stream)
    quieten()
    yield stream
    logging.getLogger().handlers[:], level = kept
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()


@pytest_asyncio.fixture
async def service(db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram, logged: io.StringIO) -> AsyncIterator[Service]:
    async with running(bot_settings, fake, answer=_answer_or_fail) as one:
        yield one


async def _answer_or_fail(event: Event, *, now: datetime) -> Sequence[Reply]:
    if "break" in event.text:
        raise RuntimeError(f"a bug that quotes {event.text}")
    return await answer(event, now=now)


async def dump() -> str:
    """Every row of every table."""
    tables = sorted({model._meta.db_table for model in (Tortoise.apps or {})["models"].values()})  # noqa: SLF001 - no public way
    return "\n".join([f"{table}: {row}" for table in tables for row in await rows(f'SELECT * FROM "{table}"')])


@pytest.mark.whole
async def test_a_marker_sent_through_every_path_is_found_nowhere(
    service: Service, phone: Phone, fake: FakeTelegram, logged: io.StringIO, clock: Clock
) -> None:
    updates = [
        phone.message(f"neglect training {MARKER}"),
        phone.message(f"I am worried about {MARKER}, her dad hits her"),
        phone.message(f"break {MARKER}"),
        phone.message(f"/start {MARKER}"),
        phone.message(f"/{MARKER}"),
        phone.message(caption=f"look at {MARKER}", photo=[{"file_id": MARKER, "file_unique_id": "u", "width": 9, "height": 9}]),
        phone.message(caption=MARKER, document={"file_id": "f", "file_unique_id": "u", "file_name": f"{MARKER}.docx"}),
        phone.message(contact={"phone_number": "1", "first_name": MARKER}),
        phone.edited(f"he hit {MARKER} again", 7),
        phone.edited(f"break {MARKER}", 7),
        phone.press(f"s:{MARKER}"),
        phone.press(MARKER),
        phone.inline(f"{MARKER} is hurt"),
        {"update_id": 5, "message": {"text": MARKER}},
        {"update_id": 6, "something_new": {"text": MARKER}},
    ]
    for update in updates:
        for name in ("message", "edited_message"):
            if name in update and "from" in update[name]:
                update[name]["from"]["first_name"] = MARKER
        clock.forward(minutes=2)
        assert (await service.post(update)).status_code == 200
    fake.fail("sendMessage", 400, f"Bad Request: can't parse {MARKER}")
    fake.fail("sendMessage", 502, f"Bad Gateway {MARKER}", times=3)
    await service.post(phone.message(f"hello {MARKER}"))
    await service.post(phone.message(f"hello {MARKER}"))
    assert (await service.post(b'{"update_id": "' + MARKER.encode())).status_code == 400
    found = {
        "database": await dump(),
        "logs": logged.getvalue(),
        "figures": show(None).decode(),
    }
    assert [place for place, text in found.items() if MARKER in text] == []
    assert [place for place, text in found.items() if SECRET_PART in text] == []
    assert len(logged.getvalue()) > 500


async def test_logs_hold_no_token_and_no_words_whatever_goes_wrong_with_letters(
    db: TortoiseContext, bot_settings: Settings, fake: FakeTelegram, logged: io.StringIO, clock: Clock
) -> None:
    way = FakeTransport(fake)
    room = ChatRoom(bot_settings, name="tester", make_post=lambda made_for: ChatPost(made_for, transport=way))
    letter = a_letter("n-1", to=Recipient("51", MARKER, channel=Channel.TELEGRAM, fallback="a@b.example"))
    await queued(letter, now=clock.now)
    fake.fail("sendMessage", 500, f"Internal {MARKER}")
    assert await send_due_notes(room) == 0
    assert SECRET_PART not in logged.getvalue() + await dump()
    assert MARKER not in logged.getvalue()


@pytest.mark.parametrize("name", ["telegram.ext.Application", "telegram.ext.ExtBot", "telegram.request", "httpx", "httpcore.http11"])
def test_lines_of_those_libraries_lose_their_words(logged: io.StringIO, name: str) -> None:
    log = logging.getLogger(name)
    log.setLevel(logging.DEBUG)
    log.debug("Processing update %s", MARKER)
    log.info("HTTP Request: POST https://api.telegram.org/bot%s/sendMessage", TOKEN)
    try:
        raise NetworkError(f"said {MARKER}")
    except NetworkError:
        log.exception('Can not load invalid JSON data: "%s"', MARKER)
    log.setLevel(logging.WARNING)
    text = logged.getvalue()
    assert MARKER not in text
    assert SECRET_PART not in text
    assert text.count("NetworkError") == 1


def test_our_own_lines_keep_their_words(logged: io.StringIO) -> None:
    structlog.get_logger("bots.webhook").warning("update not understood", error="KeyError")
    assert "update not understood" in logged.getvalue()
    record = logging.LogRecord("marstraining.worker", logging.INFO, "", 1, "as %s", ("it was",), None)
    assert WithoutWords().filter(record)
    assert record.getMessage() == "as it was"


@pytest.mark.parametrize("text", [TOKEN, f"https://api.telegram.org/bot{TOKEN}/getMe", f"Client error for url 'http://tg/bot{TOKEN}/x'"])
def test_a_token_in_a_line_of_ours_is_struck_out(logged: io.StringIO, text: str) -> None:
    structlog.get_logger("bots").warning("something", detail=text)
    logging.getLogger("other").error("failed: %s", text)
    assert SECRET_PART not in logged.getvalue()
