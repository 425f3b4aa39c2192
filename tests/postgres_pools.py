"""Connections to PostgreSQL that outlive a test: a new one knows no table and no statement yet, and would learn both anew in each test."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from marstraining.core.db.asyncpg_engine import ReturningClient

_held: dict[str, asyncpg.Pool] = {}
_client: Any = ReturningClient


@contextmanager
def held_pools() -> Iterator[None]:
    """Where a database of tests is closed inside, in this loop, its pool stays open, and whoever opens it again gets that pool."""
    loop = asyncio.get_running_loop()
    create, close = _client.create_pool, _client._close  # noqa: SLF001 - Tortoise's own name for it

    async def create_or_take(self: Any, **named: Any) -> asyncpg.Pool:
        pool = _held.pop(named["database"], None) if asyncio.get_running_loop() is loop else None
        is_good = pool is not None and pool.get_size() > 0 and pool.get_max_size() == named["max_size"]
        return pool if is_good else await create(self, **named)

    async def close_or_hold(self: Any) -> None:
        name, pool = self.database, self._pool
        is_quiet = pool is not None and 0 < pool.get_size() == pool.get_idle_size()
        if asyncio.get_running_loop() is loop and is_quiet and name.startswith("test_") and name not in _held:
            _held[name], self._pool = pool, None
        else:
            await close(self)

    _client.create_pool, _client._close = create_or_take, close_or_hold  # noqa: SLF001 - as above
    try:
        yield
    finally:
        _client.create_pool, _client._close = create, close  # noqa: SLF001 - as above


def held_processes() -> list[int]:
    """The server's processes behind the pools that are held."""
    held = [holder._con for pool in _held.values() for holder in pool._holders]  # noqa: SLF001 - asyncpg tells it in no other way
    return [one.get_server_pid() for one in held if one is not None and not one.is_closed()]
