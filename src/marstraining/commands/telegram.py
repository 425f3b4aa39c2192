"""What `check` says of Telegram: whether it knows the bot, and whether its calls arrive."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from marstraining.commands.terminal import say
from marstraining.core import clock
from marstraining.core.config import Settings

_SECONDS = 10
_RECENT = timedelta(hours=1)
_MANY = 100


def telegram_faults(settings: Settings) -> Iterator[str]:
    """What is wrong, in sentences; what is right or worth knowing is said. Nothing where no bot is set up."""
    if not settings.telegram_token:
        return
    host = urlsplit(settings.telegram_api_url).hostname
    try:
        bot, calls = _asked(settings, "getMe"), _asked(settings, "getWebhookInfo")
    except HTTPError as error:
        known = error.code not in {401, 404}
        yield f"Telegram answered {error.code}." if known else "Telegram does not know the bot of MARS_TELEGRAM_TOKEN."
        return
    except (URLError, OSError, ValueError) as error:
        # Not its words, which may hold the address and so the token.
        yield f"Telegram cannot be reached at {host}: {type(error).__name__}."
        return
    say(f"ok     Telegram knows the bot @{bot.get('username', '')}.")
    yield from _calls(settings, calls)
    if bot.get("can_join_groups"):
        say("note   The bot can be added to groups, which it leaves at once: @BotFather, /setjoingroups, Disable.")
    if not bot.get("supports_inline_queries"):
        say("note   Finding training from other chats is off: @BotFather, /setinline.")


def _calls(settings: Settings, info: dict[str, Any]) -> Iterator[str]:
    if not settings.telegram_webhook_url:
        say("note   MARS_TELEGRAM_WEBHOOK_URL is not set: the bot answers only while `marstraining-bot --poll` runs.")
        return
    if info.get("url") != settings.telegram_webhook_url:
        yield "Telegram does not call MARS_TELEGRAM_WEBHOOK_URL yet: start marstraining-bot, which tells it to."
        return
    failed_at = datetime.fromtimestamp(info.get("last_error_date") or 0, tz=UTC)
    if clock.now() - failed_at < _RECENT:
        yield f"Telegram's calls fail: {info.get('last_error_message', '')}"
    elif (waiting := info.get("pending_update_count", 0)) > _MANY:
        yield f"{waiting} messages wait at Telegram: is marstraining-bot running?"
    else:
        say("ok     Telegram's calls arrive.")


def _asked(settings: Settings, method: str) -> dict[str, Any]:
    request = Request(f"{settings.telegram_api_url}/bot{settings.telegram_token}/{method}")  # noqa: S310 - https, or this machine: the settings see to it
    with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
        told = json.load(answer)
    result = told.get("result") if isinstance(told, dict) else None
    if not isinstance(result, dict):
        raise ValueError("no answer of the Bot API's")  # noqa: TRY004 - as json's own fault
    return result
