"""A database out of reach has one name, whatever keeps it there, and the web and the worker understand the same by it."""

from pathlib import Path

import asyncpg
import pytest
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

from marstraining.core.db import connect, is_unavailable
from marstraining.core.web.errors import is_database_away
from tests.conftest import make_settings
from tests.races.crowd import free_port


async def test_a_server_that_refuses_and_one_that_is_nowhere_have_one_name(tmp_path: Path) -> None:
    nowhere = tmp_path / "no such folder"
    for url in (f"postgres://postgres:secret@127.0.0.1:{free_port()}/x", f"postgres://postgres:secret@/x?host={nowhere}"):
        with pytest.raises(DBConnectionError, match=r"^the database server cannot be reached: ") as refused:
            async with connect(make_settings(tmp_path, url)):
                raise AssertionError("there is nothing to open")
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "error",
    [
        DBConnectionError("the database server cannot be reached"),
        OperationalError("database is locked"),
        OperationalError("database or disk is full"),
        OperationalError("disk I/O error"),
        OperationalError("attempt to write a readonly database"),
        OperationalError("unable to open database file"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.CrashShutdownError("terminating connection because of crash of another server process"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        asyncpg.DiskFullError("could not extend file"),
        asyncpg.ReadOnlySQLTransactionError("cannot execute UPDATE in a read-only transaction"),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=lambda error: f"{type(error).__name__} {error}",
)
def test_web_and_worker_both_wait_for_the_database(error: Exception) -> None:
    assert (is_unavailable(error), is_database_away(error)) == (True, True)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("no such column: place"),
        IntegrityError("UNIQUE constraint failed"),
        asyncpg.UndefinedTableError("no such"),
        KeyError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_mistake_of_ours_is_none_of_the_databases(error: Exception) -> None:
    assert (is_unavailable(error), is_database_away(error)) == (False, False)
