"""Logs: one JSON object on a line of stderr, without addresses, tokens, query strings or bodies."""

import hashlib
import hmac
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from marstraining.core.config import Settings

_ADDRESS = re.compile(r"[^\s@<>,;:\"'()\[\]{}=/?&]+@[^\s@<>,;:\"'()\[\]{}=/?&]+\.[^\s@<>,;:\"'()\[\]{}=/?&]+")
# Derived tokens are 64 hex digits, random ones 43 characters; nothing that we log on purpose is that long a word.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,}")
# A bot's token, also within an address: its part after the colon is shorter than that.
_BOT_TOKEN = re.compile(r"(?<!\d)\d{3,}:[A-Za-z0-9_-]{8,}")
_QUERY = re.compile(r"(?<=[\w/])\?[\w.~%+-]+=\S*")
_NEVER = frozenset({"body", "query", "query_string", "headers", "cookie", "cookies", "password", "text", "form"})
# Libraries that tell of every statement or connection, or whose lines hold what we keep out.
# httpx writes whole addresses, and those of Telegram's Bot API hold the token; telegram.ext writes what people write.
_QUIET = ("aiosqlite", "asyncio", "asyncpg", "tortoise", "uvicorn.access", "aiosmtplib", "httpx", "httpcore", "telegram")


def configure_logs(settings: Settings, stream: TextIO | None = None) -> None:
    """Send the logs of this process, ours and those of libraries, to `stream` (stderr) from MARS_LOG_LEVEL up."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*first, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*first, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _cleaner(settings.secret_key),
                structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def address_mark(address: str, key: str) -> str:
    """What stands in a log for an address: the same mark for the same address, of no use to who lacks the key."""
    return "address:" + hmac.new(key.encode(), address.strip().lower().encode(), hashlib.sha256).hexdigest()[:12]


def _cleaner(key: str) -> Processor:
    def clean(value: object) -> object:
        if isinstance(value, str):
            marked = _ADDRESS.sub(lambda found: address_mark(found[0], key), _QUERY.sub("?…", value))
            return _TOKEN.sub("[token]", _BOT_TOKEN.sub("[token]", marked))
        if isinstance(value, Mapping):
            return {name: clean(item) for name, item in value.items() if name not in _NEVER}
        if isinstance(value, list | tuple):
            return [clean(item) for item in value]
        return value

    def process(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {name: clean(value) for name, value in event.items() if name not in _NEVER}

    return process
