"""Statements of our own: written once with `?`, run by the driver on the current transaction or connection."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Literal, TypeVar

import asyncpg
from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext
from tortoise.context import require_context
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError
from tortoise.models import Model

from marstraining.core.db.sqlite_engine import ImmediateClient, ImmediateTransaction, Write

T = TypeVar("T")
Row = dict[str, Any]

# A row by its table and number; and one as it was read, with the revision it had then.
RowOf = tuple[type[Model], int]
SeenRow = tuple[type[Model], int, int]

_waiting: ContextVar[list[Write] | None] = ContextVar("writes that leave together", default=None)


def connection() -> BaseDBAsyncClient:
    """The connection of the current transaction, or else that of the process."""
    return require_context().connections.get("default")


def dialect() -> Literal["sqlite", "postgres"]:
    return "sqlite" if connection().capabilities.dialect == "sqlite" else "postgres"


def like_pattern(typed: str) -> str:
    r"""What `lower(column) LIKE ? ESCAPE '\'` takes to find what was typed, anywhere and in any case; % and _ stand for themselves."""
    escaped = typed.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def transaction() -> TransactionContext:
    """All or nothing: what `async with` holds is kept if the block ends, undone if it raises or is cancelled.

    Inside another transaction it is a savepoint. Never start a task in it (the task would inherit the connection), and
    never await the network: on SQLite everybody else waits.
    """
    return connection()._in_transaction()  # noqa: SLF001 - what tortoise.transactions.in_transaction returns


def in_transaction() -> bool:
    """Whether what runs now belongs to a transaction."""
    return isinstance(connection(), ImmediateTransaction | TransactionWrapper)


async def rows(
    sql: str, *params: object, instants: Collection[str] = (), dates: Collection[str] = (), flags: Collection[str] = ()
) -> list[Row]:
    """The rows of one statement, `?` standing for each parameter; also INSERT or UPDATE with RETURNING.

    PostgreSQL gives typed values. SQLite has no dates or truth values, so columns named in `instants` come back as aware
    UTC datetimes, in `dates` as dates, in `flags` as bools, on both alike. A naive datetime as a parameter is refused with
    ValueError. A broken constraint raises IntegrityError, other faults of the database OperationalError.
    """
    if _waiting.get() is not None:
        raise RuntimeError("inside together() nothing is read, since what it writes is not there yet")
    client = connection()
    if isinstance(client, ImmediateClient | ImmediateTransaction):
        found = await _on_sqlite(client, lambda raw: _fetch(raw, sql, params))
        for column, convert in _conversions(instants, dates, flags):
            for row in found:
                if row[column] is not None:
                    row[column] = convert(row[column])
        return found
    _check_instants(params)
    return [dict(record) for record in await _on_postgres(client, "fetch", _numbered(sql), *params)]


async def execute(sql: str, *params: object) -> int:
    """Run one statement and say how many rows it touched; otherwise as `rows`. Within `together` it waits, and answers 0."""
    waiting = _waiting.get()
    if waiting is not None:
        waiting.append((sql, params))
        return 0
    client = connection()
    if isinstance(client, ImmediateClient | ImmediateTransaction):
        return await _on_sqlite(client, lambda raw: max(raw.execute(sql, params).rowcount, 0))
    _check_instants(params)
    status: str = await _on_postgres(client, "execute", _numbered(sql), *params)
    count = status.rpartition(" ")[2]
    return int(count) if count.isdigit() else 0


class Moved(Exception):  # noqa: N818 - no fault: somebody else was first
    """A row that was to be as it was read has changed since, so nothing was written."""


@asynccontextmanager
async def together(*, unmoved: Sequence[SeenRow] = ()) -> AsyncIterator[None]:
    """Let the writes that the block asks for by `execute` leave together when it ends; an error in the block drops them all.

    For use inside a transaction, where each statement would be a journey of its own: on PostgreSQL they are one statement of
    many parts, of which none sees another's rows (foreign keys are looked at after all of them); on SQLite they travel with
    what comes next, be it COMMIT, and a broken constraint is raised there. So they may not build on each other or on counts of
    rows, and a `rows` inside the block is a fault.

    With rows that must be `unmoved` it is a transaction of its own, for use outside any other: it takes hold of them in that order,
    and where one has not the revision it was read with any more, raises Moved with nothing written. Whatever was read with them, and
    is only changed by who holds one of them, then stands as it was read. None of the writes may change one of these rows: on
    PostgreSQL a statement changes a row once.
    """
    waiting: list[Write] = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    if not waiting:
        return
    client = connection()
    if unmoved:
        await _together_unmoved(client, waiting, unmoved)
        return
    if isinstance(client, ImmediateTransaction):
        client.put_off(waiting)
        return
    if isinstance(client, ImmediateClient):
        await _on_sqlite(client, lambda raw: _run_all(raw, waiting))
        return
    params = [value for _, values in waiting for value in values]
    _check_instants(params)
    *first, last = [sql for sql, _ in waiting]
    parts = ", ".join(f"part_{number} AS ({sql})" for number, sql in enumerate(first, start=1))
    await _on_postgres(client, "execute", _numbered(f"WITH {parts} {last}" if first else last), *params)


async def _together_unmoved(client: BaseDBAsyncClient, waiting: Sequence[Write], unmoved: Sequence[SeenRow]) -> None:
    if in_transaction():
        raise RuntimeError("rows are found unmoved outside a transaction, since on PostgreSQL finding them moved would end it")
    guards = [(f"{_raised(model)} AND revision = ?", (pk, revision)) for model, pk, revision in unmoved]
    if isinstance(client, ImmediateClient):
        async with transaction():
            for sql, seen in guards:
                if await execute(sql, *seen) != 1:
                    raise Moved
            for sql, values in waiting:
                await execute(sql, *values)
        return
    params = [value for _, values in (*guards, *waiting) for value in values]
    _check_instants(params)
    last = len(guards)
    # Each looks for the one before it, and the answer for the last, which is asked for first: nothing is written before all are held.
    held = [
        f"held_{n} AS ({sql}{f' AND EXISTS (SELECT 1 FROM held_{n - 1})' if n > 1 else ''} RETURNING 1)"
        for n, (sql, _) in enumerate(guards, start=1)
    ]
    parts = [f"part_{number} AS ({sql})" for number, (sql, _) in enumerate(waiting, start=1)]
    try:
        await _on_postgres(client, "execute", _numbered(f"WITH {', '.join((*held, *parts))} SELECT 1 / count(*) FROM held_{last}"), *params)
    except OperationalError as error:
        # A statement of many parts is undone as a whole by an error alone, and dividing by none of them is one.
        if isinstance(error.__cause__, asyncpg.DivisionByZeroError):
            raise Moved from error
        raise


def _run_all(raw: sqlite3.Connection, statements: Sequence[Write]) -> None:
    for sql, params in statements:
        raw.execute(sql, params)


async def execute_many(sql: str, many: Iterable[Sequence[object]]) -> None:
    """Run one statement for each row of parameters: all in the current transaction, or in one of its own."""
    values = [tuple(params) for params in many]
    client = connection()
    if isinstance(client, ImmediateTransaction):
        await _on_sqlite(client, lambda raw: raw.executemany(sql, values).rowcount)
        return
    if isinstance(client, ImmediateClient):
        await client.execute_many(sql, values)
        return
    for params in values:
        _check_instants(params)
    await _on_postgres(client, "executemany", _numbered(sql), values)


async def hold(model: type[Model], pk: int, *, and_then: RowOf | None = None) -> bool:
    """Take hold of a row until the transaction ends: `revision` rises by one. False when there is no such row.

    It must be the transaction's first statement. On PostgreSQL others who take hold wait here; what is read after it is
    read as it stands then. Stating it as a read (SELECT … FOR UPDATE) does nothing on SQLite. `and_then` is another row to be held
    after it, in the same statement; False too where that is not there.
    """
    if and_then is None:
        return await execute(_raised(model), pk) == 1
    if dialect() == "sqlite":
        return await execute(_raised(model), pk) == 1 and await execute(_raised(and_then[0]), and_then[1]) == 1
    return await execute(_held_in_turn(model, and_then[0]), pk, and_then[1]) == 1


async def hold_unseen(model: type[Model], pk: int, *, and_then: RowOf) -> None:
    """As `hold`, for a caller whose next statement finds out by itself whether there is such a row: the two travel together.

    On PostgreSQL they stay two statements, since one that waits reads a snapshot from before its wait.
    """
    client = connection()
    if isinstance(client, ImmediateTransaction):
        client.put_off([(_raised(model), (pk,)), (_raised(and_then[0]), (and_then[1],))])
    else:
        await execute(_held_in_turn(model, and_then[0]), pk, and_then[1])


@lru_cache(maxsize=64)
def _raised(model: type[Model]) -> str:
    meta = model._meta  # noqa: SLF001 - Tortoise's own name for what every model publishes
    return f'UPDATE "{meta.db_table}" SET revision = revision + 1 WHERE "{meta.db_pk_column}" = ?'


@lru_cache(maxsize=64)
def _held_in_turn(model: type[Model], then: type[Model]) -> str:
    return f"WITH first AS ({_raised(model)} RETURNING 1) {_raised(then)} AND EXISTS (SELECT 1 FROM first)"


def next_key(model: type[Model]) -> str:
    """An expression that gives the number of the table's next row, for an INSERT in `together` that others refer to.

    Use it after taking hold, in the same transaction. On PostgreSQL the number is taken for good; on SQLite it is the next as
    long as this transaction is the writer.
    """
    meta = model._meta  # noqa: SLF001 - as above
    if dialect() == "sqlite":
        return f"(SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = '{meta.db_table}')"
    return f"(SELECT nextval('{meta.db_table}_{meta.db_pk_column}_seq'))"


def key_ahead(model: type[Model]) -> str:
    """As `next_key`, for a look before anything is held: NULL on SQLite, which gives numbers to the writer alone."""
    return "NULL" if dialect() == "sqlite" else next_key(model)


def is_unavailable(error: BaseException) -> bool:
    """Whether an error means that the database is away, locked or full, rather than that a statement is wrong."""
    if isinstance(error, OSError | DBConnectionError | asyncpg.PostgresConnectionError | asyncpg.InterfaceError | TimeoutError):
        return True
    if isinstance(error, asyncpg.InsufficientResourcesError | asyncpg.OperatorInterventionError | asyncpg.ReadOnlySQLTransactionError):
        return True
    said = str(error)
    return isinstance(error, OperationalError) and any(
        sign in said for sign in ("database is locked", "disk is full", "disk I/O error", "unable to open database", "readonly database")
    )


async def _on_sqlite(client: ImmediateClient | ImmediateTransaction, work: Callable[[sqlite3.Connection], T]) -> T:
    try:
        return await client.in_thread(work)
    except sqlite3.IntegrityError as error:
        raise IntegrityError(error) from error
    except sqlite3.OperationalError as error:
        raise OperationalError(error) from error


async def _on_postgres(client: BaseDBAsyncClient, verb: str, *args: object) -> Any:  # noqa: ANN401 - as the driver's verb answers
    try:
        if isinstance(client, TransactionWrapper):
            return await getattr(client._connection, verb)(*args)  # noqa: SLF001 - past the wrapper's lock and log
        async with client.acquire_connection() as raw:
            return await getattr(raw, verb)(*args)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(error) from error
    except (asyncpg.SyntaxOrAccessError, asyncpg.DataError, asyncpg.TransactionRollbackError) as error:
        raise OperationalError(error) from error


def _fetch(raw: sqlite3.Connection, sql: str, params: Sequence[object]) -> list[Row]:
    cursor = raw.execute(sql, params)
    if cursor.description is None:
        return []
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _conversions(
    instants: Collection[str], dates: Collection[str], flags: Collection[str]
) -> Iterable[tuple[str, Callable[[Any], object]]]:
    yield from ((column, _instant) for column in instants)
    yield from ((column, date.fromisoformat) for column in dates)
    yield from ((column, bool) for column in flags)


def _instant(stored: str) -> datetime:
    instant = datetime.fromisoformat(stored)
    # SQLite's own functions give times in UTC without saying so.
    return instant if instant.tzinfo is UTC else instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _check_instants(params: Iterable[object]) -> None:
    for value in params:
        # asyncpg would take a naive time for one in the machine's own zone.
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"a time needs its zone, and {value!r} has none")


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> str:
    first, *rest = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))
