"""SQLite for Tortoise with BEGIN IMMEDIATE, and unharmed by tasks that are cancelled at BEGIN or COMMIT.

The executor of migrations (Tortoise 1.1.9) picks its editor by the word "sqlite" in this module's path.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from aiosqlite import Connection
from tortoise.backends.base.client import ConnectionWrapper, NestedTransactionContext, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper, translate_exceptions
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError

from marstraining.core.db.patience import BUSY_MILLISECONDS, Patience
from marstraining.core.db.uninterrupted import finish

T = TypeVar("T")


def _adapt_instant(value: datetime) -> str:
    """An instant as SQLite keeps it; fractions sort after whole seconds since "+" sorts before "."."""
    if value.tzinfo is None:
        raise ValueError(f"a time needs its zone, and {value!r} has none")
    return value.astimezone(UTC).isoformat(" ")


# Tortoise registers an adapter that keeps whatever zone the value has; filters by a London time then find nothing.
sqlite3.register_adapter(datetime, _adapt_instant)


class ImmediateTransaction(SqliteTransactionWrapper):
    """A transaction that holds the write lock from its first statement, with which it begins in one hand-over."""

    _parent: "ImmediateClient"

    def __init__(self, connection: SqliteClient) -> None:
        super().__init__(connection)
        self._is_begun = False

    async def begin(self) -> None:
        """Nothing yet: a hand-over costs more than most statements, so the first of them brings BEGIN IMMEDIATE along."""

    async def commit(self) -> None:
        # A full disk is found here, not where the rows were written.
        try:
            await super().commit()
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        except sqlite3.IntegrityError as error:
            raise IntegrityError(error) from error

    async def in_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on the connection in its thread: one hand-over, whatever the number of its statements."""

        def begun(raw: sqlite3.Connection) -> T:
            # Asked in the thread, which does one thing after the other, so that it is asked of what is.
            if not self._is_begun:
                _begin(raw)
                self._is_begun = True
            return work(raw)

        if self._is_begun:
            return await _hand_over(self._connection, work)
        parent = self._parent
        # Only BEGIN can be told that the file is locked. Cancelled meanwhile: the rollback comes after it in the same thread.
        return await parent.patience.wait(lambda: _hand_over(self._connection, begun), lets_go=parent._lock)  # noqa: SLF001 - its own client's

    async def ensure_begun(self) -> None:
        """Begin now, for statements that Tortoise runs by itself."""
        if not self._is_begun:
            try:
                await self.in_thread(lambda _raw: None)
            except sqlite3.OperationalError as error:
                raise OperationalError(error) from error

    def acquire_connection(self) -> ConnectionWrapper[Connection]:
        return _Beginning(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return _Savepoint(self)


class _Beginning(ConnectionWrapper[Connection]):
    """The connection for a statement of Tortoise's, in a transaction that has begun."""

    client: ImmediateTransaction

    async def __aenter__(self) -> Connection:
        await self.client.ensure_begun()
        return await super().__aenter__()


class _Savepoint(NestedTransactionContext):
    """A transaction within a transaction; a savepoint before BEGIN would open a transaction without the write lock."""

    def __init__(self, outer: ImmediateTransaction) -> None:
        super().__init__(SqliteTransactionWrapper(outer))
        self._outer = outer

    async def __aenter__(self) -> TransactionalDBClient:
        await self._outer.ensure_begun()
        return await super().__aenter__()


async def _hand_over(connection: Any, work: Callable[[sqlite3.Connection], T]) -> T:  # noqa: ANN401 - aiosqlite's, untyped here
    result: T = await connection._execute(work, connection._conn)  # noqa: SLF001 - its own calls are one statement each
    return result


def _begin(raw: sqlite3.Connection) -> None:
    if raw.in_transaction:
        raw.rollback()
    raw.execute("BEGIN IMMEDIATE")


class ImmediateContext(SqliteTransactionContext):
    """Waits for its turn among writers, takes the connection's lock, begins, and always gives both back with nothing left open."""

    connection: ImmediateTransaction

    async def __aenter__(self) -> TransactionalDBClient:
        turn = self.connection._parent.patience.turn  # noqa: SLF001 - the client that this transaction belongs to
        await turn.acquire()
        try:
            await self._begin()
        except BaseException:
            turn.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return self.connection

    async def _begin(self) -> None:
        await self._trxlock.acquire()
        try:
            await finish(self.ensure_connection())
            await self.connection.begin()
        except BaseException:
            try:
                await self._leave_nothing_open()
            finally:
                self._trxlock.release()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if not self.connection._finalized:  # noqa: SLF001
                await finish(self.connection.rollback() if kind else self.connection.commit())
        finally:
            try:
                await self._leave_nothing_open()
            finally:
                get_connections().reset(self.token)
                self._trxlock.release()
                self.connection._parent.patience.turn.release()  # noqa: SLF001 - as above

    async def _leave_nothing_open(self) -> None:
        # Cancelled just after BEGIN, or COMMIT failed: later statements must not join this transaction.
        raw = self.connection._connection  # noqa: SLF001
        if raw is not None and raw._connection is not None and raw.in_transaction:  # noqa: SLF001
            await finish(raw.rollback())


class ImmediateClient(SqliteClient):
    """One connection; `in_thread` runs several statements in one hand-over, outside any transaction."""

    def __init__(self, file_path: str, **kwargs: Any) -> None:  # noqa: ANN401 - pragmas, as Tortoise hands them over
        super().__init__(file_path, **kwargs)
        self.patience = Patience()

    async def create_connection(self, with_db: bool) -> None:  # noqa: FBT001 - as Tortoise calls it
        """Open the file. The pragmas wait as long as the settings say; from then on waiting is `patience`'s."""
        await super().create_connection(with_db)
        if self._connection is not None:
            cursor = await self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            await cursor.close()

    def _in_transaction(self) -> TransactionContext:
        return ImmediateContext(ImmediateTransaction(self), self._lock)

    async def in_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        async def once() -> T:
            async with self.acquire_connection() as connection:
                return await _hand_over(connection, work)

        return await self.patience.wait(once)

    # What Tortoise runs by itself, outside any transaction.

    async def execute_insert(self, query: str, values: list[Any]) -> int:
        return await self.patience.wait(lambda: super(ImmediateClient, self).execute_insert(query, values))

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[dict[Any, Any]]]:
        return await self.patience.wait(lambda: super(ImmediateClient, self).execute_query(query, values))

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[Any, Any]]:
        return await self.patience.wait(lambda: super(ImmediateClient, self).execute_query_dict(query, values))

    @translate_exceptions
    async def execute_many(self, query: str, values: Sequence[Sequence[Any]]) -> None:
        # The stock one awaits between BEGIN and COMMIT, and a task cancelled there leaves its transaction open.
        def work(raw: sqlite3.Connection) -> None:
            raw.execute("BEGIN IMMEDIATE")
            try:
                raw.executemany(query, values)
                raw.commit()
            except BaseException:
                raw.rollback()
                raise

        await self.in_thread(work)


client_class = ImmediateClient
