"""Listening to what is asked of the database, on both kinds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tortoise.context import TortoiseContext


@asynccontextmanager
async def statements(db: TortoiseContext) -> AsyncIterator[list[str]]:
    """The statements that run inside the block, in order, begin and commit left out.

    SQLite tells them with their values filled in, PostgreSQL with placeholders; there only what the first connection of the
    pool does is heard, which is all where one thing runs at a time.
    """
    heard: list[str] = []
    client: Any = db.db("default")

    def note(statement: str) -> None:
        is_frame = statement.split(maxsplit=1)[0].rstrip(";").upper() in {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}
        # asyncpg resets a connection by this statement when the pool takes it back.
        if not is_frame and not statement.startswith("SELECT pg_advisory_unlock_all()"):
            heard.append(statement)

    if client.capabilities.dialect == "sqlite":
        await client.in_thread(lambda raw: raw.set_trace_callback(note))
        yield heard
        await client.in_thread(lambda raw: raw.set_trace_callback(None))
        return

    def note_record(record: Any) -> None:
        note(record.query)

    async with client.acquire_connection() as connection:
        connection.add_query_logger(note_record)
    yield heard
    async with client.acquire_connection() as connection:
        connection.remove_query_logger(note_record)
