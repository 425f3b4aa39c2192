"""PostgreSQL for Tortoise: no connection is lost from the pool when a task is cancelled at BEGIN or COMMIT.

The executor of migrations (Tortoise 1.1.9) picks its editor by the word "asyncpg" in this module's path.
"""

from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections

from marstraining.core.db.uninterrupted import finish


class ReturningContext(TransactionContextPooled):
    """Takes a connection from the pool and gives it back in every case; the pool resets it, which rolls back."""

    client: TransactionWrapper

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        pool: Any = self.client._parent._pool  # noqa: SLF001
        raw = await pool.acquire()
        self.client._connection = raw  # noqa: SLF001
        try:
            await finish(self.client.begin())
        except BaseException:
            await finish(pool.release(raw))
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        pool = self.client._parent._pool  # noqa: SLF001
        try:
            if not self.client._finalized:  # noqa: SLF001
                await finish(self.client.rollback() if kind else self.client.commit())
        finally:
            get_connections().reset(self.token)
            if pool:
                await finish(pool.release(self.client._connection))  # noqa: SLF001


class ReturningClient(AsyncpgDBClient):
    def _in_transaction(self) -> TransactionContext:
        return ReturningContext(TransactionWrapper(self), self._pool_init_lock)


client_class = ReturningClient
