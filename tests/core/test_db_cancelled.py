"""Tasks cancelled anywhere in a transaction, as a time limit or a closed browser does it, leave the database whole."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext
from tortoise.transactions import in_transaction

from marstraining.core.config import Settings
from marstraining.core.database_url import SqliteFile
from marstraining.core.db import IntegrityError, execute, rows, tortoise_config, transaction
from marstraining.core.db.uninterrupted import finish
from tests.conftest import SECRET_KEY

INSERT = "INSERT INTO people_attempt (kind, key, at) VALUES ('x', 'x', '2026-01-01 00:00:00+00:00')"
POINTS = 60
STEP_SECONDS = 0.00008


async def write_two() -> None:
    async with transaction():
        await execute(INSERT)
        await execute(INSERT)


async def cancel_at_many_points(work: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Begin the work many times, six at once, each cancelled a little later than the one before; how many were."""
    cancelled = 0

    async def one(number: int) -> None:
        nonlocal cancelled
        task = asyncio.create_task(work())
        for _ in range(number % 7):
            await asyncio.sleep(0)
        await asyncio.sleep(number * STEP_SECONDS)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        cancelled += task.cancelled()

    for start in range(0, POINTS, 6):
        await asyncio.gather(*(one(number) for number in range(start, start + 6)))
    return cancelled


async def test_cancelled_transactions_are_whole_or_absent_and_the_database_stays_usable(db: TortoiseContext) -> None:
    async with asyncio.timeout(60):
        assert await cancel_at_many_points(write_two) > 5
    async with asyncio.timeout(5):
        await asyncio.gather(*(write_two() for _ in range(20)))
        held = (await rows("SELECT count(*) AS held FROM people_attempt"))[0]["held"]
    assert (held % 2, held >= 40) == (0, True)


@pytest.mark.whole
@pytest.mark.parametrize("dialect", ["postgres"], indirect=True)
async def test_no_connection_is_missing_from_the_pool_afterwards(db: TortoiseContext, dialect: str) -> None:
    await cancel_at_many_points(write_two)
    pool = db.db("default")._pool  # noqa: SLF001 - the only place that knows
    assert pool.get_size() == pool.get_idle_size()


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_cancelled_while_it_waits_for_another_process_it_leaves_no_transaction_open(
    db: TortoiseContext, settings: Settings, dialect: str
) -> None:
    assert isinstance(settings.database, SqliteFile)
    with contextlib.closing(sqlite3.connect(settings.database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(write_two())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        other.execute("COMMIT")
        with pytest.raises(asyncio.CancelledError):
            await task
        await execute(INSERT)
        assert other.execute("SELECT count(*) FROM people_attempt").fetchall() == [(1,)]


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_commit_that_fails_leaves_no_transaction_open(db: TortoiseContext, settings: Settings, dialect: str) -> None:
    assert isinstance(settings.database, SqliteFile)
    with pytest.raises(IntegrityError):
        async with transaction():
            await execute("PRAGMA defer_foreign_keys = ON")
            await execute("INSERT INTO programme_course_topic (course_id, topic_id) VALUES (99, 99)")
    await execute(INSERT)
    with contextlib.closing(sqlite3.connect(settings.database.path)) as other:
        assert other.execute("SELECT count(*) FROM people_attempt").fetchall() == [(1,)]


@pytest.mark.race
async def test_the_stock_engines_do_not_survive_this(settings: Settings, dialect: str) -> None:
    stock = tortoise_config(settings)
    stock["connections"]["default"]["engine"] = f"tortoise.backends.{'sqlite' if dialect == 'sqlite' else 'asyncpg'}"
    EXECUTOR_CACHE.clear()
    context = TortoiseContext()
    context.__enter__()
    await context.init(config=stock)

    async def write() -> None:
        async with in_transaction("default") as client:
            await client.execute_query(INSERT)

    is_usable = True
    try:
        pool = None
        async with asyncio.timeout(20):
            # A busy machine may cancel beside the point, so it is tried until a connection is missing.
            for _ in range(10):
                await cancel_at_many_points(write)
                pool = getattr(context.db("default"), "_pool", None)
                if pool is not None and pool.get_size() != pool.get_idle_size():
                    break
        is_usable = pool is None or pool.get_size() == pool.get_idle_size()
        async with asyncio.timeout(1):
            await write()
    except TimeoutError:
        is_usable = False
    finally:
        client = context.db("default")
        if getattr(client, "_pool", None) is not None:
            client._pool.terminate()  # noqa: SLF001 - it would wait for the lost connections for ever
            client._pool = None  # noqa: SLF001
        await context.close_connections()
        context.__exit__(None, None, None)
        EXECUTOR_CACHE.clear()
    assert not is_usable


async def test_a_step_once_begun_is_finished_before_the_cancellation_goes_on() -> None:
    done: list[str] = []

    async def step() -> None:
        await asyncio.sleep(0.02)
        done.append("finished")

    task = asyncio.create_task(finish(step()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["finished"]


async def test_a_failing_step_raises_its_own_fault() -> None:
    async def step() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await finish(step())


def test_a_transaction_that_reads_first_fails_at_once_when_begun_the_usual_way(tmp_path: Path) -> None:
    first, second = (sqlite3.connect(tmp_path / "x.sqlite3", isolation_level=None, timeout=5) for _ in range(2))
    with contextlib.closing(first), contextlib.closing(second):
        first.execute("PRAGMA journal_mode=WAL")
        first.execute("CREATE TABLE t (n INT)")
        for each in (first, second):
            each.execute("BEGIN")
            each.execute("SELECT count(*) FROM t").fetchall()
        first.execute("INSERT INTO t VALUES (1)")
        first.execute("COMMIT")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            second.execute("INSERT INTO t VALUES (2)")
        second.execute("ROLLBACK")


COUNTING = """
import asyncio
from marstraining.core.config import load_settings
from marstraining.core.db import connect, execute, rows, transaction

async def main():
    async with connect(load_settings()):
        for _ in range(60):
            async with transaction():
                held = (await rows("SELECT count(*) AS held FROM people_attempt"))[0]["held"]
                await execute("INSERT INTO people_attempt (kind, key, at) VALUES ('n', ?, '2026-01-01 00:00:00+00:00')", str(held))

asyncio.run(main())
"""


@pytest.mark.race
def test_processes_that_read_before_they_write_take_turns_on_one_file(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "shared.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    environment = {**os.environ, "MARS_DATA_DIR": str(tmp_path), "MARS_DATABASE_URL": f"sqlite://{path}", "MARS_SECRET_KEY": SECRET_KEY,
                   "PYTHONPATH": os.pathsep.join(sys.path)}  # fmt: skip
    writers = [
        subprocess.Popen([sys.executable, "-c", COUNTING], env=environment, stderr=subprocess.PIPE)  # noqa: S603
        for _ in range(3)
    ]
    said = [writer.communicate(timeout=60)[1].decode() for writer in writers]
    assert [(writer.returncode, text) for writer, text in zip(writers, said, strict=True)] == [(0, "")] * 3
    with contextlib.closing(sqlite3.connect(path)) as raw:
        keys = sorted(int(key) for (key,) in raw.execute("SELECT key FROM people_attempt"))
    assert keys == list(range(180))
