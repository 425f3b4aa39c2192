"""The bot's process: settings, database, Telegram, and how it begins and ends."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TypeVar

import structlog
import uvicorn
from telegram.error import InvalidToken, TelegramError

from bots.application import ALLOWED_UPDATES, AnyApplication, introduce, make_application
from bots.logs import quieten
from bots.store import Store
from bots.webhook import GRACE_SECONDS, ask_for_calls, create_app, finish
from marstraining.commands.database import opened
from marstraining.commands.stopping import serve_until_told
from marstraining.conversation.actions import answer
from marstraining.core.config import ConfigError, Settings, load_settings
from marstraining.core.errors import Refused
from marstraining.core.logs import configure_logs
from marstraining.search.queries import current_lexicon, watch_index

T = TypeVar("T")

_log = structlog.get_logger(__name__)


def serve(host: str, port: int) -> None:
    """Answer Telegram's calls until told to stop."""
    settings = _settings(is_polling=False)
    store = Store()
    application = make_application(settings, answer, store)

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with _begun(settings, application, store):
            await _reached(ask_for_calls(settings, application))
            _log.info("bot started", path=settings.telegram_webhook_url)
            yield

    server = uvicorn.Config(
        create_app(settings, application, store, running=running),
        host=host,
        port=port,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    asyncio.run(_check(settings, application))
    serve_until_told(server, told=_nothing)


def poll() -> None:
    """Ask Telegram for messages until told to stop."""
    settings = _settings(is_polling=True)
    asyncio.run(_poll(settings))


async def _poll(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    store = Store()
    application = make_application(settings, answer, store, is_polling=True)
    async with _begun(settings, application, store):
        updater = application.updater
        if updater is None:
            raise RuntimeError("an application made for polling has an updater")
        await _reached(updater.start_polling(allowed_updates=list(ALLOWED_UPDATES)))
        _log.info("bot started", name=application.bot.username)
        try:
            await stop.wait()
        finally:
            await updater.stop()


def _settings(*, is_polling: bool) -> Settings:
    settings = load_settings()
    if not settings.telegram_token:
        raise ConfigError("MARS_TELEGRAM_TOKEN", "is not set: @BotFather gives a bot its token")
    if not is_polling and not settings.telegram_webhook_url:
        raise ConfigError("MARS_TELEGRAM_WEBHOOK_URL", "is not set: say where Telegram is to call, or use --poll to try it out")
    configure_logs(settings)
    quieten()
    return settings


@asynccontextmanager
async def _begun(settings: Settings, application: AnyApplication, store: Store) -> AsyncIterator[None]:
    """The database open, it and the index watched, Telegram told what the bot is; in the end what was acknowledged is answered."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(opened(settings))
        # The first who asks should not wait for the index to be made.
        await current_lexicon()
        for watch in (watch_index(), store.watch()):
            stack.push_async_callback(_ended, asyncio.create_task(watch))
        # post_init is called by run_webhook and run_polling alone, which are not used here (python-telegram-bot 22.8).
        await _reached(application.initialize())
        stack.push_async_callback(application.shutdown)
        await application.start()
        stack.push_async_callback(finish, application)
        await _reached(introduce(application))
        yield


async def _check(settings: Settings, application: AnyApplication) -> None:
    """Refused with a sentence, before anything listens, where the database or Telegram would not have us."""
    async with opened(settings):
        await _reached(application.bot.initialize())
        await application.bot.shutdown()


async def _reached(call: Awaitable[T]) -> T:
    """A call to Telegram while the process begins; Refused with a sentence where it is not taken."""
    try:
        return await call
    except InvalidToken:
        raise Refused("Telegram does not know the bot of MARS_TELEGRAM_TOKEN.") from None
    except TelegramError as error:
        raise Refused(f"Telegram could not be reached, or refused the bot: {type(error).__name__}: {error.message[:200]}") from None


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _nothing() -> None:
    """What is told when the signal to stop comes: the server ends by itself."""
