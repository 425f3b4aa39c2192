"""SQLite's write lock in another process's hands: who waits how long, and who does not wait."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError

from marstraining.core.config import Settings
from marstraining.core.database_url import SqliteFile
from marstraining.core.db import execute, execute_many, patience, rows, transaction
from tests.makers import make_venue

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

INSERT = "INSERT INTO people_attempt (kind, key, at) VALUES (?, ?, '2026-01-01 00:00:00+00:00')"


@pytest.fixture
def other(db: TortoiseContext, settings: Settings, dialect: str) -> Iterator[sqlite3.Connection]:
    """Another process's connection to the same file."""
    assert isinstance(settings.database, SqliteFile)
    with contextlib.closing(sqlite3.connect(Path(settings.database.path), isolation_level=None)) as connection:
        yield connection


async def write(key: str) -> None:
    async with transaction():
        await execute(INSERT, "x", key)


async def held() -> int:
    return int((await rows("SELECT count(*) AS n FROM people_attempt"))[0]["n"])


async def test_readers_do_not_wait_behind_a_writer_that_waits(other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(write("a"))
    for _ in range(20):
        await asyncio.wait_for(held(), 1)
        await asyncio.sleep(0.01)
    assert not waiting.done()
    other.execute("ROLLBACK")
    await asyncio.wait_for(waiting, 2)
    assert await held() == 1


async def test_every_way_of_writing_waits_for_its_turn(other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")
    tries = asyncio.gather(
        write("a"), execute(INSERT, "x", "b"), rows(f"{INSERT} RETURNING id", "x", "c"), execute_many(INSERT, [("x", "d")]), make_venue("e")
    )
    await asyncio.sleep(0.3)
    assert not tries.done()
    other.execute("ROLLBACK")
    await asyncio.wait_for(tries, 2)
    assert await held() == 4


@pytest.mark.whole
async def test_patience_is_over_for_all_at_once_and_begins_anew_when_the_lock_was_free(
    other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.3)
    loop = asyncio.get_running_loop()
    other.execute("BEGIN IMMEDIATE")
    began = loop.time()
    refused = await asyncio.gather(*(write(str(number)) for number in range(20)), return_exceptions=True)
    assert [type(error) for error in refused] == [OperationalError] * 20
    assert 0.3 <= loop.time() - began < 0.3 + 20 * 0.1
    other.execute("ROLLBACK")
    await write("a")
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(write("b"))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    other.execute("ROLLBACK")
    await asyncio.wait_for(waiting, 2)
    assert await held() == 2


async def test_a_long_queue_of_our_own_refuses_nobody(other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.0)
    await asyncio.gather(*(write(str(number)) for number in range(200)))
    assert await held() == 200


async def test_cancelled_while_it_waits_it_leaves_the_way_free(other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")
    for delay in (0, 0.001, 0.01, 0.03, 0.06):
        waiting = [asyncio.create_task(write("never")) for _ in range(3)]
        await asyncio.sleep(delay)
        for task in waiting:
            task.cancel()
        assert [type(error) for error in await asyncio.gather(*waiting, return_exceptions=True)] == [asyncio.CancelledError] * 3
    other.execute("ROLLBACK")
    async with asyncio.timeout(2):
        await write("a")
    assert await held() == 1
