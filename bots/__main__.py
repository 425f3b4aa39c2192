"""`marstraining-bot`: by the webhook that the settings name, or with `--poll` by asking Telegram, for trying it out."""

import asyncio
import signal
from contextlib import AsyncExitStack

import click
import uvicorn
from telegram.error import InvalidToken, TelegramError

from bots.application import ALLOWED_UPDATES, AnyApplication, introduce, make_application
from bots.logs import quieten
from bots.webhook import GRACE_SECONDS, create_app, finish
from marstraining.commands.database import opened
from marstraining.commands.stopping import serve_until_told
from marstraining.conversation.actions import answer
from marstraining.core.config import ConfigError, Settings, load_settings
from marstraining.core.errors import Refused
from marstraining.core.logs import configure_logs


@click.command(context_settings={"show_default": True})
@click.option("--poll", is_flag=True, help="Ask Telegram for messages instead of being called; for trying it out.")
@click.option("--host", default="127.0.0.1", help="Address to listen on for Telegram's calls.")
@click.option("--port", type=click.IntRange(1, 65535), default=8001, help="Port to listen on.")
def app(*, poll: bool, host: str, port: int) -> None:
    """Answer people on Telegram."""
    try:
        settings = _settings(is_polling=poll)
        configure_logs(settings)
        quieten()
        if poll:
            asyncio.run(_poll(settings))
        else:
            _serve(settings, host=host, port=port)
    except (ConfigError, Refused) as refusal:
        raise _refused(str(refusal)) from None
    except InvalidToken:
        raise _refused("Telegram does not know the bot of MARS_TELEGRAM_TOKEN.") from None
    except TelegramError as error:
        raise _refused(f"Telegram could not be reached: {type(error).__name__}.") from None


def _refused(sentence: str) -> click.exceptions.Exit:
    click.echo(sentence, err=True)
    return click.exceptions.Exit(1)


def _settings(*, is_polling: bool) -> Settings:
    settings = load_settings()
    if not settings.telegram_token:
        raise ConfigError("MARS_TELEGRAM_TOKEN", "is not set: @BotFather gives a bot its token")
    if not is_polling and not settings.telegram_webhook_url:
        raise ConfigError("MARS_TELEGRAM_WEBHOOK_URL", "is not set: say where Telegram is to call, or use --poll to try it out")
    return settings


def _serve(settings: Settings, *, host: str, port: int) -> None:
    application = make_application(settings, answer)
    server = uvicorn.Config(
        create_app(settings, application, opened=lambda: opened(settings)),
        host=host,
        port=port,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    serve_until_told(server, told=lambda: None)


async def _poll(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    application = make_application(settings, answer, is_polling=True)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(opened(settings))
        await stack.enter_async_context(application)
        await application.start()
        stack.push_async_callback(finish, application)
        await introduce(application)
        await _begin_polling(application)
        stack.push_async_callback(_end_polling, application)
        click.echo(f"Talking as @{application.bot.username}. Ctrl-C ends it.", err=True)
        await stop.wait()


async def _begin_polling(application: AnyApplication) -> None:
    if application.updater is not None:
        await application.updater.start_polling(allowed_updates=list(ALLOWED_UPDATES))


async def _end_polling(application: AnyApplication) -> None:
    if application.updater is not None:
        await application.updater.stop()


def main() -> None:
    """The console script."""
    app(prog_name="marstraining-bot")


if __name__ == "__main__":
    main()
