"""Opening the database: which modules hold tables, how each engine is set, and the one way in."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext, set_global_context
from tortoise.exceptions import ConfigurationError, DBConnectionError

from marstraining.core.config import Settings
from marstraining.core.database_url import SqliteFile

APP = "models"

MODEL_MODULES: tuple[str, ...] = (
    "marstraining.history.models",
    "marstraining.messages.models",
    "marstraining.people.models",
    "marstraining.uploads.models",
    "marstraining.programme.models",
    "marstraining.record.models",
    "marstraining.bookings.models",
    "marstraining.bulletins.models",
    "marstraining.attendance.models",
    "marstraining.certificates.models",
    "marstraining.coverage.models",
)

_BUSY_MILLISECONDS = 5000
# A web process answers most requests without a connection, and PostgreSQL allows 100 in all by default.
_POOL_MOST = 8
_CONNECT_SECONDS = 4
_COMMAND_SECONDS = 60


async def _reset_if_needed(raw: asyncpg.Connection) -> None:
    """Roll a connection back only where it was given back inside a transaction.

    asyncpg asks the server to forget session settings, cursors and locks at every release, a round trip for each read. We set
    none: advisory locks here belong to transactions.
    """
    if raw.is_in_transaction():
        await raw.reset()


async def _connect(*args: Any, **named: Any) -> asyncpg.Connection:  # noqa: ANN401 - as asyncpg.connect takes them
    """A connection; whatever keeps the server out of reach (refused, no route, no such name, no answer) has one name."""
    try:
        return await asyncpg.connect(*args, **named)
    except OSError as error:
        raise DBConnectionError(f"the database server cannot be reached: {error or type(error).__name__}") from error


def tortoise_config(settings: Settings, *, migrating: bool = False, modules: Sequence[str] | None = None) -> dict[str, Any]:
    """What Tortoise is opened with. For migrating, foreign keys are off on SQLite and PostgreSQL gets one connection.

    SQLite is durable through a power cut (synchronous FULL); `journal_size_limit` gives disk back after a long import.
    """
    database = settings.database
    named = MODEL_MODULES if modules is None else modules
    if isinstance(database, SqliteFile):
        connection: dict[str, Any] = {
            "engine": "marstraining.core.db.sqlite_engine",
            "credentials": {
                "file_path": str(database.path),
                "busy_timeout": _BUSY_MILLISECONDS,
                "journal_mode": "WAL",
                "synchronous": "FULL",
                "journal_size_limit": 16 * 1024 * 1024,
                "foreign_keys": "OFF" if migrating else "ON",
            },
        }
    else:
        connection = {
            "engine": "marstraining.core.db.asyncpg_engine",
            "credentials": {
                "host": database.host,
                "port": database.port,
                "user": database.user,
                "password": database.password or None,
                "database": database.name,
                "minsize": 1,
                "maxsize": 1 if migrating else _POOL_MOST,
                "timeout": _CONNECT_SECONDS,
                "command_timeout": None if migrating else _COMMAND_SECONDS,
                "application_name": "marstraining",
                "reset": _reset_if_needed,
                "connect": _connect,
            }
            | ({"ssl": database.sslmode} if database.sslmode else {}),
        }
    return {
        "connections": {"default": connection},
        "apps": {APP: {"models": list(named), "default_connection": "default"}},
        "use_tz": True,
        "timezone": "UTC",
    }


# For which kind of database, and from which modules, Tortoise last set up the models of this process.
_set_up: tuple[type, tuple[str, ...]] | None = None


async def _begin(context: TortoiseContext, settings: Settings, *, migrating: bool, modules: tuple[str, ...]) -> None:
    """As `TortoiseContext.init`, but models that are set up for this kind of database stay so.

    Tortoise 1.1.9 sets all of them up again at each opening, 50 ms; what it makes is written to the classes and names no connection.
    """
    global _set_up  # noqa: PLW0603 - it tells what is written to the classes, which are the process's own
    wanted = (type(settings.database), modules)
    is_there, _set_up = _set_up == wanted, None
    # Without "connections" it leaves the models as they are; a connection is made when it is first asked for either way.
    await context.init(config=tortoise_config(settings, migrating=migrating, modules=modules), init_connections=not is_there)
    _set_up = wanted


@asynccontextmanager
async def connect(settings: Settings, *, migrating: bool = False, modules: Sequence[str] | None = None) -> AsyncIterator[TortoiseContext]:
    """Open the database for this process and close it after; it must have been migrated, which nothing here checks.

    A database that cannot be reached fails here. Within another `connect` to the same kind of database it opens a second
    connection for the tasks begun inside; two kinds at once are not possible, since Tortoise caches statements for all.
    """
    if isinstance(settings.database, SqliteFile):
        settings.database.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    EXECUTOR_CACHE.clear()
    async with TortoiseContext() as context:
        await _begin(context, settings, migrating=migrating, modules=tuple(MODEL_MODULES if modules is None else modules))
        # Requests run in tasks of the server's that never saw this context. Where an outer `connect` is open its tasks
        # keep it, and ours find this one first.
        with suppress(ConfigurationError):
            set_global_context(context)
        client = context.db("default")
        await client.create_connection(with_db=True)
        yield context
    EXECUTOR_CACHE.clear()
