"""The web application that Telegram calls: the secret is looked at first, and what was sent is acknowledged at once.

That an update sent twice is answered once is the conversation's to hold, by a row of its own that is written together with the answer
and kept for a day. Here nothing is written: a commit for each call would wait for those of the answers.
"""

import asyncio
import hmac
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from telegram import Update

from bots.application import ALLOWED_UPDATES, COURIER, AnyApplication
from bots.order import InOrder
from bots.store import Store
from marstraining.core.config import Settings

# What Telegram keeps its secret in.
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
_LARGEST_UPDATE = 256 * 1024
# So many updates may wait; Telegram keeps what is refused beyond that and sends it again.
_MOST_WAITING = 2000
_HIGHEST_NUMBER = 2**62
# Numbers remembered here, so that what is sent again at once is not looked at again.
_REMEMBERED = 10_000
# What was acknowledged may take so long to be answered after the signal to stop.
GRACE_SECONDS = 20

_log = structlog.get_logger(__name__)

Running = Callable[[], AbstractAsyncContextManager[object]]


def webhook_path(settings: Settings) -> str:
    """Where Telegram calls, as MARS_TELEGRAM_WEBHOOK_URL says."""
    return urlsplit(settings.telegram_webhook_url).path or "/"


def create_app(settings: Settings, application: AnyApplication, store: Store, *, running: Running) -> Starlette:
    """The web application around a bot that runs for as long as `running` is open."""
    door = _Door(settings, application, store)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with running():
            yield

    return Starlette(
        routes=[Route(webhook_path(settings), door.take, methods=["POST"]), Route("/healthz", _healthz), Route("/readyz", door.ready)],
        lifespan=lifespan,
    )


async def finish(application: AnyApplication) -> None:
    """Answer what was acknowledged, for 20 seconds at most, and end; nobody new comes in any more.

    What Telegram takes none of meanwhile is left to the outbox.
    """
    application.bot_data[COURIER].close()
    with suppress(TimeoutError):
        await asyncio.wait_for(application.update_queue.join(), timeout=GRACE_SECONDS)
    await application.stop()


async def ask_for_calls(settings: Settings, application: AnyApplication) -> None:
    """Tell Telegram where to call, with which secret and of what."""
    await application.bot.set_webhook(
        settings.telegram_webhook_url,
        secret_token=settings.telegram_webhook_secret,
        allowed_updates=list(ALLOWED_UPDATES),
        drop_pending_updates=False,
    )


class _Door:
    """Lets Telegram in, and nobody else."""

    def __init__(self, settings: Settings, application: AnyApplication, store: Store) -> None:
        self._secret = settings.telegram_webhook_secret.encode()
        self._application = application
        self._order = application.update_processor
        self._store = store
        self._seen: OrderedDict[int, None] = OrderedDict()

    async def take(self, request: Request) -> Response:
        """What `_taken` answers; meanwhile no answer to anybody else is begun."""
        if not isinstance(self._order, InOrder):
            return await self._taken(request)
        with self._order.at_the_door():
            return await self._taken(request)

    async def _taken(self, request: Request) -> Response:
        """200 for what was taken in now or before, 401 without the right secret, 400 for what is no update, 503 to be called again.

        Nothing is read before the secret is right.
        """
        told = request.headers.get(SECRET_HEADER, "")
        if not self._secret or not hmac.compare_digest(told.encode(), self._secret):
            return Response(status_code=401)
        body = await _body(request)
        number, sent = _update(body)
        if number is None:
            return Response(status_code=413 if body is None else 400)
        if self._store.is_away or self._application.update_queue.qsize() >= _MOST_WAITING:
            return Response(status_code=503, headers={"Retry-After": "5"})
        if self._is_new(number):
            await self._hand_over(sent)
        return Response(status_code=200)

    async def ready(self, _request: Request) -> Response:
        """Whether calls are taken in."""
        return PlainTextResponse(
            "the database is away\n" if self._store.is_away else "ok\n", status_code=503 if self._store.is_away else 200
        )

    def _is_new(self, number: int) -> bool:
        if number in self._seen:
            return False
        self._seen[number] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return True

    async def _hand_over(self, sent: dict[str, Any]) -> None:
        try:
            update = Update.de_json(sent, self._application.bot)
        except Exception as error:  # noqa: BLE001 - what Telegram may send next year, or nonsense, must not be sent again for a day
            _log.warning("update not understood", error=type(error).__name__)
            return
        await self._application.update_queue.put(update)


async def _body(request: Request) -> bytes | None:
    """The body of a call, None where it is larger than any update."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > _LARGEST_UPDATE:
                return None
            parts.append(part)
    except ClientDisconnect:
        return b""
    return b"".join(parts)


def _update(body: bytes | None) -> tuple[int | None, dict[str, Any]]:
    """The number and the rest of an update, (None, {}) for what is none."""
    try:
        sent = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None, {}
    number = sent.get("update_id") if isinstance(sent, dict) else None
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < _HIGHEST_NUMBER:
        return None, {}
    return number, sent


async def _healthz(_request: Request) -> Response:
    return PlainTextResponse("ok\n")
