"""People with Telegram in their hands: what they write reaches the webhook as Telegram would send it, and they see their chat."""

import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import httpx2
from starlette.applications import Starlette
from telegram.request import HTTPXRequest

from bots.application import Answer, AnyApplication, introduce, make_application
from bots.pace import Pace
from bots.store import Store
from bots.webhook import SECRET_HEADER, ask_for_calls, create_app, finish
from marstraining.conversation.rules import Event, Reply, line
from marstraining.core import clock
from marstraining.core.config import Settings
from tests.bots.fake_telegram import TOKEN, FakeTelegram, FakeTransport, Sent

SECRET = "a-secret-that-telegram-sends-along"
PATH = "/telegram/webhook"
_numbers = itertools.count(700_000_000)


def with_bot(settings: Settings) -> Settings:
    """The settings of a service with a bot, at an address that Telegram takes buttons to."""
    return replace(
        settings,
        base_url="https://training.example",
        telegram_token=TOKEN,
        telegram_api_url="http://tg.test",
        telegram_webhook_url=f"https://training.example{PATH}",
        telegram_webhook_secret=SECRET,
    )


class Service:
    """One process of the bot, and the way to its door."""

    def __init__(self, application: AnyApplication, http: httpx2.AsyncClient, fake: FakeTelegram, way: FakeTransport, store: Store) -> None:
        self.application, self.http, self.fake, self.way, self.store = application, http, fake, way, store

    async def post(self, update: Any, *, secret: str | None = SECRET, settle: bool = True) -> httpx2.Response:
        """Call the webhook as Telegram does; `settle` waits until what was taken in is answered."""
        headers = {} if secret is None else {SECRET_HEADER: secret}
        # Escaped as Telegram does it, so that half a character can come too.
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        answer = await self.http.post(PATH, headers=headers, content=body)
        if settle:
            await self.settled()
        return answer

    async def settled(self) -> None:
        await self.application.update_queue.join()


@asynccontextmanager
async def running(settings: Settings, fake: FakeTelegram, *, answer: Answer, pace: Pace | None = None) -> AsyncIterator[Service]:
    """A process of the bot on an open database, with Telegram's place taken by the fake."""
    way = FakeTransport(fake)
    request = HTTPXRequest(connection_pool_size=32, httpx_kwargs={"transport": way})
    store = Store()
    application = make_application(settings, answer, store, request=request, pace=pace or Pace(100_000))

    @asynccontextmanager
    async def begun() -> AsyncIterator[None]:
        async with application:
            await application.start()
            await introduce(application)
            await ask_for_calls(settings, application)
            yield
            await finish(application)

    app: Starlette = create_app(settings, application, store, running=begun)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://training.example") as http:
            yield Service(application, http, fake, way, store)


class Phone:
    """Somebody's phone. `at` is the process that Telegram's calls reach, which may change between any two."""

    def __init__(self, service: Service, chat_id: int, *, name: str = "Asha") -> None:
        self.at, self.chat_id, self.name = service, chat_id, name

    @property
    def _fake(self) -> FakeTelegram:
        return self.at.fake

    def _who(self) -> dict[str, Any]:
        return {"id": self.chat_id, "first_name": self.name, "is_bot": False, "language_code": "en"}

    def _chat(self) -> dict[str, Any]:
        return {"id": self.chat_id, "type": "private", "first_name": self.name}

    def message(self, text: str = "", **more: Any) -> dict[str, Any]:
        """The update of a message that stands in the chat from now on."""
        written = self._fake.written(self.chat_id, text=text)
        message: dict[str, Any] = {
            "message_id": written.message_id, "date": written.date, "chat": self._chat(), "from": self._who(), **more,
        }  # fmt: skip
        if text:
            message["text"] = text
            if text.startswith("/"):
                message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        return {"update_id": next(_numbers), "message": message}

    def edited(self, text: str, message_id: int) -> dict[str, Any]:
        date = int(self._fake.now())
        message = {
            "message_id": message_id, "date": date, "edit_date": date, "chat": self._chat(), "from": self._who(), "text": text,
        }  # fmt: skip
        return {"update_id": next(_numbers), "edited_message": message}

    def press(self, data: str, *, on: Sent | None = None) -> dict[str, Any]:
        """The update of a press on a button with this data, of a message or of one long gone."""
        query = str(next(_numbers))
        self._fake.callbacks[query] = True
        message = on.api() if on else {"message_id": 1, "date": 0, "chat": self._chat()}
        pressed = {"id": query, "from": self._who(), "chat_instance": "1", "message": message, "data": data}
        return {"update_id": next(_numbers), "callback_query": pressed}

    def inline(self, words: str) -> dict[str, Any]:
        return {"update_id": next(_numbers), "inline_query": {"id": str(next(_numbers)), "from": self._who(), "query": words, "offset": ""}}

    async def says(self, text: str, **more: Any) -> list[Sent]:
        """Write a message; what the bot has shown since."""
        return await self._see(self.message(text, **more))

    async def taps(self, label: str) -> list[Sent]:
        """Press the button of a label that stands in the chat, the newest first; what the bot has shown or changed since."""
        for sent in reversed(self._fake.shown(self.chat_id)):
            for button in (one for row in sent.buttons for one in row):
                if button["text"] == label:
                    return await self._see(self.press(button["callback_data"], on=sent))
        raise LookupError(f"no button {label!r} among {self.labels()}")

    async def _see(self, update: dict[str, Any]) -> list[Sent]:
        before = {sent.message_id: sent.edits for sent in self._fake.shown(self.chat_id)}
        response = await self.at.post(update)
        assert response.status_code == 200
        return [sent for sent in self._fake.shown(self.chat_id) if before.get(sent.message_id) != sent.edits]

    def texts(self) -> list[str]:
        return [sent.text for sent in self._fake.shown(self.chat_id)]

    def labels(self) -> list[str]:
        return [button["text"] for sent in self._fake.shown(self.chat_id) for row in sent.buttons for button in row]


@dataclass
class Script:
    """A conversation that notes what it is told and says what it is told to say."""

    replies: list[Reply] = field(default_factory=lambda: [a_reply("Hello")])
    events: list[Event] = field(default_factory=list)
    fault: Exception | None = None

    async def __call__(self, event: Event, *, now: datetime) -> Sequence[Reply]:  # noqa: ARG002 - as the conversation takes it
        self.events.append(event)
        if self.fault is not None:
            raise self.fault
        return self.replies


def a_reply(text: str, **more: Any) -> Reply:
    return Reply((line(text),), answer_type="acknowledge", **more)


def scripted(*replies: Reply) -> Answer:
    """A conversation that says the same to everything."""

    async def answer(event: Event, *, now: datetime) -> Sequence[Reply]:
        return replies

    return answer


def now_of_clock() -> float:
    """The moment of the house's clock, for the fake."""
    return clock.now().timestamp()


HELLO = scripted(Reply((line("Hello"),), answer_type="acknowledge"))
