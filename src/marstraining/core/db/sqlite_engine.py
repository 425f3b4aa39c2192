"""SQLite for Tortoise with BEGIN IMMEDIATE, and unharmed by tasks that are cancelled at BEGIN or COMMIT.

The executor of migrations (Tortoise 1.1.9) picks its editor by the word "sqlite" in this module's path.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
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
Write = tuple[str, tuple[object, ...]]


def _adapt_instant(value: datetime) -> str:
    """An instant as SQLite keeps it; fractions sort after whole seconds since "+" sorts before "."."""
    if value.tzinfo is None:
        raise ValueError(f"a time needs its zone, and {value!r} has none")
    return value.astimezone(UTC).isoformat(" ")


# Tortoise registers an adapter that keeps whatever zone the value has; filters by a London time then find nothing.
sqlite3.register_adapter(datetime, _adapt_instant)


def _lower(value: object) -> str | None:
    return None if value is None else str(value).lower()


class ImmediateTransaction(SqliteTransactionWrapper):
    """A transaction that holds the write lock from its first statement, and hands over to the connection's thread seldom.

    A hand-over costs more than most statements. So BEGIN IMMEDIATE travels with the first of them, and writes whose result
    nobody waits for (`put_off`) travel with the next statement or with COMMIT.
    """

    _parent: "ImmediateClient"

    def __init__(self, connection: SqliteClient) -> None:
        super().__init__(connection)
        self._is_begun = False
        self._put_off: list[Write] = []

    async def begin(self) -> None:
        """Nothing yet."""

    async def commit(self) -> None:
        if self._is_begun or self._put_off:
            # A full disk is found here, not where the rows were written.
            try:
                await self.in_thread(sqlite3.Connection.commit)
            except sqlite3.OperationalError as error:
                raise OperationalError(error) from error
            except sqlite3.IntegrityError as error:
                raise IntegrityError(error) from error
        self._finalized = True

    def put_off(self, writes: Iterable[Write]) -> None:
        """Have these done before whatever comes next in this transaction, where their faults are raised."""
        self._put_off += writes

    def drop_put_off(self) -> None:
        """Forget what was put off."""
        self._put_off = []

    async def in_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on the connection in its thread: one hand-over, whatever the number of its statements."""
        if self._is_begun and not self._put_off:
            return await _hand_over(self._connection, work)

        def begun(raw: sqlite3.Connection) -> T:
            # Asked in the thread, which does one thing after the other, so that it is asked of what is.
            if not self._is_begun:
                _begin(raw)
                self._is_begun = True
            writes, self._put_off = self._put_off, []
            for sql, params in writes:
                raw.execute(sql, params)
            return work(raw)

        parent = self._parent
        # Only BEGIN can be told that the file is locked. Cancelled meanwhile: the rollback comes after it in the same thread.
        return await parent.patience.wait(lambda: _hand_over(self._connection, begun), lets_go=parent._lock)  # noqa: SLF001 - its own client's

    async def catch_up(self) -> None:
        """Begin, and do what was put off, now: for statements that Tortoise runs by itself."""
        if not self._is_begun or self._put_off:
            try:
                await self.in_thread(lambda _raw: None)
            except sqlite3.OperationalError as error:
                raise OperationalError(error) from error
            except sqlite3.IntegrityError as error:
                raise IntegrityError(error) from error

    def acquire_connection(self) -> ConnectionWrapper[Connection]:
        return _CaughtUp(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return _Savepoint(self)


class _CaughtUp(ConnectionWrapper[Connection]):
    """The connection for a statement of Tortoise's, in a transaction that has begun."""

    client: ImmediateTransaction

    async def __aenter__(self) -> Connection:
        await self.client.catch_up()
        return await super().__aenter__()


class _Savepoint(NestedTransactionContext):
    """A transaction within a transaction; a savepoint before BEGIN would open a transaction without the write lock."""

    def __init__(self, outer: ImmediateTransaction) -> None:
        super().__init__(SqliteTransactionWrapper(outer))
        self._outer = outer

    async def __aenter__(self) -> TransactionalDBClient:
        await self._outer.catch_up()
        return await super().__aenter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            try:
                await self._outer.catch_up()
            except BaseException as fault:
                await super().__aexit__(type(fault), fault, None)
                raise
        else:
            # They belong to what is undone.
            self._outer.drop_put_off()
        await super().__aexit__(kind, error, trace)


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
            if kind is None and not self.connection._finalized:  # noqa: SLF001
                await self.connection.commit()
        except BaseException:
            # Cancelled in the middle, or refused: in the same thread this comes after whatever was on its way.
            await self._leave_nothing_open()
            raise
        finally:
            try:
                if kind is not None:
                    await self._leave_nothing_open()
            finally:
                get_connections().reset(self.token)
                self._trxlock.release()
                self.connection._parent.patience.turn.release()  # noqa: SLF001 - as above

    async def _leave_nothing_open(self) -> None:
        # Later statements must not join this transaction.
        raw = self.connection._connection  # noqa: SLF001
        if raw is not None and raw._connection is not None:  # noqa: SLF001
            await finish(raw.rollback())


class ImmediateClient(SqliteClient):
    """One connection; `in_thread` runs several statements in one hand-over, outside any transaction."""

    def __init__(self, file_path: str, **kwargs: Any) -> None:  # noqa: ANN401 - pragmas, as Tortoise hands them over
        super().__init__(file_path, **kwargs)
        self.patience = Patience()

    async def create_connection(self, with_db: bool) -> None:  # noqa: FBT001 - as Tortoise calls it
        """Open the file. The pragmas wait as long as the settings say; from then on waiting is `patience`'s.

        SQLite's own lower() knows A to Z alone, so neither "Łukasz" nor "École" would be found. No index may be made on lower(...):
        backups are read without ours.
        """
        await super().create_connection(with_db)
        if self._connection is not None:
            await self._connection.create_function("lower", 1, _lower, deterministic=True)
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
