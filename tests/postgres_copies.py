"""Databases for tests on PostgreSQL: one copy of a migrated template, emptied after each test, and made anew where that is not enough."""

import asyncio
import threading
import uuid
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg

from tests.postgres import Server
from tests.postgres_pools import held_processes

# Deleted rows stay in the files until somebody cleans up, and each look for rows passes them.
_USES = 200

# A copy takes a tenth of a second, emptying one a tenth of that.
_EMPTY = """
DO $$
DECLARE
    one text;
    is_used boolean;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND pid <> ALL ('{spared}'::int[]);
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (string_to_array('{kept}', ',')) LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', one) INTO is_used;
        IF is_used THEN
            EXECUTE format('DELETE FROM public.%I', one);
        END IF;
    END LOOP;
    FOR one IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE public.%I RESTART', one);
    END LOOP;
END $$
"""
# Whatever a test may do to the schema changes one of these.
_SHAPE = """
SELECT (SELECT string_agg(oid || relname, ',' ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
    (SELECT count(*) FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped), (SELECT count(*) FROM pg_trigger),
    (SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_proc)
"""

_T = TypeVar("_T")


@dataclass(frozen=True)
class _Copy:
    """A database that tests take turns in: its own connection, how it looked when new, and how often it was used."""

    name: str
    connection: asyncpg.Connection
    looks: tuple[object, ...]
    uses: list[None] = field(default_factory=list)


class Copies:
    """Gives out one emptied database at a time; `close` ends its thread and connections."""

    def __init__(self, server: Server, template: str) -> None:
        self._server, self._template = server, template
        self._spare: _Copy | None = None
        self._kept: list[str] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._admin: asyncpg.Connection = self._do(asyncpg.connect(server.url("postgres")))

    def take(self) -> _Copy:
        """A database as migrated, with nothing in it."""
        copy, self._spare = self._spare, None
        return copy or self._do(self._made())

    def give_back(self, copy: _Copy) -> None:
        """Empty it for the next; one that does not look like new afterwards is dropped."""
        self._spare = self._do(self._emptied(copy))

    def close(self) -> None:
        if self._spare:
            self._do(self._dropped(self._spare))
        self._do(self._admin.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        future: Future[_T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(60)

    async def _made(self) -> _Copy:
        name = f"test_{uuid.uuid4().hex[:12]}"
        await self._admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}" STRATEGY FILE_COPY')
        connection = await asyncpg.connect(self._server.url(name))
        if self._kept is None:
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
            self._kept = [
                table["tablename"] for table in tables if await connection.fetchval(f'SELECT EXISTS (SELECT 1 FROM "{table["tablename"]}")')
            ]
        return _Copy(name, connection, await self._looks(connection))

    async def _emptied(self, copy: _Copy) -> _Copy | None:
        copy.uses.append(None)
        try:
            spared = ",".join(map(str, held_processes()))
            await copy.connection.execute(_EMPTY.format(kept=",".join(self._kept or ()), spared=f"{{{spared}}}"))
            is_as_new = len(copy.uses) < _USES and await self._looks(copy.connection) == copy.looks
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            is_as_new = False
        if is_as_new:
            return copy
        await self._dropped(copy)
        return None

    async def _dropped(self, copy: _Copy) -> None:
        copy.connection.terminate()
        if self._admin.is_closed():
            # A test may have stopped the server and started it again.
            self._admin = await asyncpg.connect(self._server.url("postgres"))
        await self._admin.execute(f'DROP DATABASE IF EXISTS "{copy.name}" WITH (FORCE)')

    async def _looks(self, connection: asyncpg.Connection) -> tuple[object, ...]:
        shape = tuple(await connection.fetchrow(_SHAPE))
        return *shape, *[await connection.fetch(f'SELECT * FROM "{table}" ORDER BY 1') for table in self._kept or ()]
