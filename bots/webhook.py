"""The web application that Telegram calls: the secret is looked at first, each update is taken in once, and the answer is given at once."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from telegram import Update

from bots.application import ALLOWED_UPDATES, AnyApplication, introduce
from bots.intake import Intake
from marstraining.core import clock
from marstraining.core.config import Settings
from marstraining.core.db import is_unavailable, rows
from marstraining.messages.actions.incoming import take_in
from marstraining.messages.rules import Channel

# What Telegram keeps its secret in.
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
_LARGEST_UPDATE = 256 * 1024
# So many updates may wait; Telegram keeps what is refused beyond that and sends it again.
_MOST_WAITING = 2000
_HIGHEST_NUMBER = 2**62
# What was acknowledged may take so long to be answered after the signal to stop.
GRACE_SECONDS = 20

_log = structlog.get_logger(__name__)

Opened = Callable[[], AbstractAsyncContextManager[object]]


def webhook_path(settings: Settings) -> str:
    """Where Telegram calls, as MARS_TELEGRAM_WEBHOOK_URL says."""
    return urlsplit(settings.telegram_webhook_url).path or "/"


def create_app(settings: Settings, application: AnyApplication, *, opened: Opened | None = None) -> Starlette:
    """The web application around the bot; `opened` opens the database for as long as it runs, for callers that do not hold it open."""
    door = _Door(settings, application)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if opened is not None:
                await stack.enter_async_context(opened())
            # post_init is called by run_webhook alone, which is not used here (python-telegram-bot 22.8).
            await stack.enter_async_context(application)
            await application.start()
            stack.push_async_callback(finish, application)
            await introduce(application)
            await _ask_for_calls(settings, application)
            yield

    return Starlette(
        routes=[Route(webhook_path(settings), door.take, methods=["POST"]), Route("/healthz", _healthz), Route("/readyz", _readyz)],
        lifespan=lifespan,
    )


async def finish(application: AnyApplication) -> None:
    """Answer what was acknowledged, for 20 seconds at most, and end; nobody new comes in any more."""
    with suppress(TimeoutError):
        await asyncio.wait_for(application.update_queue.join(), timeout=GRACE_SECONDS)
    await application.stop()


async def _ask_for_calls(settings: Settings, application: AnyApplication) -> None:
    await application.bot.set_webhook(
        settings.telegram_webhook_url,
        secret_token=settings.telegram_webhook_secret,
        allowed_updates=list(ALLOWED_UPDATES),
        drop_pending_updates=False,
    )


class _Door:
    """Lets Telegram in, and nobody else."""

    def __init__(self, settings: Settings, application: AnyApplication) -> None:
        self._secret = settings.telegram_webhook_secret.encode()
        self._application = application
        self._intake = Intake(_take_in)

    async def take(self, request: Request) -> Response:
        """200 for what was taken in now or before, 401 without the right secret, 400 for what is no update, 503 to be called again.

        Nothing is read or written before the secret is right.
        """
        told = request.headers.get(SECRET_HEADER, "")
        if not self._secret or not hmac.compare_digest(told.encode(), self._secret):
            return Response(status_code=401)
        body = await _body(request)
        number, sent = _update(body)
        if number is None:
            return Response(status_code=413 if body is None else 400)
        if self._application.update_queue.qsize() >= _MOST_WAITING:
            return Response(status_code=503, headers={"Retry-After": "5"})
        try:
            is_new = await self._intake.is_new(number)
        except Exception as error:
            if not is_unavailable(error):
                raise
            return Response(status_code=503, headers={"Retry-After": "5"})
        if is_new:
            await self._hand_over(sent)
        return Response(status_code=200)

    async def _hand_over(self, sent: dict[str, Any]) -> None:
        try:
            update = Update.de_json(sent, self._application.bot)
        except Exception as error:  # noqa: BLE001 - what Telegram may send next year, or nonsense, must not be sent again for a day
            _log.warning("update not understood", error=type(error).__name__)
            return
        await self._application.update_queue.put(update)


async def _take_in(numbers: Sequence[int]) -> frozenset[int]:
    return await take_in(numbers, channel=Channel.TELEGRAM, now=clock.now())


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


async def _readyz(_request: Request) -> Response:
    try:
        await rows("SELECT 1")
    except Exception as error:
        if not is_unavailable(error):
            raise
        return PlainTextResponse("the database is away\n", status_code=503)
    return PlainTextResponse("ok\n")
