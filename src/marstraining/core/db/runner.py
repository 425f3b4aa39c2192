"""Moving a database forward: one transaction a migration, its applied row in it, and nothing lost on the way."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import State

from marstraining.core import clock
from marstraining.core.config import Settings
from marstraining.core.database_url import SqliteFile
from marstraining.core.db.editors import UnsafeMigrationError, editor_for
from marstraining.core.db.migrations import apply, load_migrations, migration_names, state_after
from marstraining.core.db.setup import APP, connect
from marstraining.core.db.sql import connection, dialect, execute, rows, transaction
from marstraining.core.paths import MIGRATIONS

TABLE = "tortoise_migrations"

# Any number will do, so long as no other program on the same database uses it.
_ADVISORY_LOCK = 7_261_954_030
_CREATE = {
    "sqlite": f'CREATE TABLE IF NOT EXISTS "{TABLE}" (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, app VARCHAR(255) NOT NULL,'
    " name VARCHAR(255) NOT NULL, applied_at TIMESTAMP NOT NULL, UNIQUE (app, name))",
    "postgres": f'CREATE TABLE IF NOT EXISTS "{TABLE}" (id SERIAL PRIMARY KEY, app VARCHAR(255) NOT NULL,'
    " name VARCHAR(255) NOT NULL, applied_at TIMESTAMPTZ NOT NULL, UNIQUE (app, name))",
}

Report = Callable[[str], object]


async def migrate(settings: Settings, report: Report | None = None, *, folder: Path = MIGRATIONS) -> list[str]:
    """Apply what is not applied yet, in order, and say which; each is kept whole or not at all.

    Several processes may call it at once: they take turns, and each migration runs once. A SQLite file that held migrations
    before is copied first, to `<file>.before-<migration>`. Refused with UnsafeMigrationError, and undone: a table whose
    number of rows changed although the migration does not name it in `changes_rows`, a reference to a row that is not
    there, a database that holds migrations unknown here. Killed at any point, it may simply be run again.
    """
    say = report or (lambda _line: None)
    async with connect(settings, migrating=True):
        await _make_table()
        applied = await _applied()
        migrations = load_migrations(folder)
        names = [migration.name for migration in migrations]
        unknown = [name for name in applied if name not in names]
        if unknown:
            raise UnsafeMigrationError(f"the database holds {unknown[0]}, which is newer than this program")
        pending = [migration for migration in migrations if migration.name not in applied]
        if pending and applied and isinstance(settings.database, SqliteFile):
            say(f"copied the database to {await _copy(settings.database.path, pending[0].name)}")
        if not pending:
            return []  # what they make of the models is not asked for: it takes longer than all else of a start
        state = await state_after([migration for migration in migrations if migration.name in applied])
        done = []
        for migration in pending:
            if await _apply(migration, state):
                say(f"applied {migration.name}")
                done.append(migration.name)
        return done


async def pending_migrations(folder: Path = MIGRATIONS) -> tuple[str, ...]:
    """Names on disk that the open database has not applied, in order; empty when it is up to date."""
    applied = await _applied()
    return tuple(name for name in migration_names(folder) if name not in applied)


async def unknown_migrations(folder: Path = MIGRATIONS) -> tuple[str, ...]:
    """Names that the open database has applied and this program does not have: an older program on a newer database."""
    names = migration_names(folder)
    return tuple(name for name in await _applied() if name not in names)


async def probe_write() -> None:
    """Write something and commit it, changing nothing; a full disk or a read-only database raises OperationalError."""
    await execute(f'UPDATE "{TABLE}" SET name = name WHERE app = ?', APP)


async def _apply(migration: Migration, state: State) -> bool:
    """Apply one migration to database and `state`; False where another process was first, which moves `state` alone."""
    async with transaction() as client:
        await _take_turn()
        if migration.name in await _applied():
            await apply(migration, state)
            return False
        before, dangling = await _row_counts(), await _dangling()
        await apply(migration, state, editor_for(client))
        await _check_rows(migration, before)
        if len(await _dangling()) > len(dangling):
            raise UnsafeMigrationError(f"{migration.name} leaves references to rows that are not there: {(await _dangling())[:3]}")
        await execute(f'INSERT INTO "{TABLE}" (app, name, applied_at) VALUES (?, ?, ?)', APP, migration.name, clock.now())
    return True


async def _take_turn() -> None:
    # On SQLite BEGIN IMMEDIATE is the turn.
    if dialect() == "postgres":
        await rows("SELECT pg_advisory_xact_lock(?)", _ADVISORY_LOCK)


async def _make_table() -> None:
    async with transaction():
        await _take_turn()
        await execute(_CREATE[dialect()])


async def _applied() -> list[str]:
    if TABLE not in await _tables(connection()):
        return []
    return [row["name"] for row in await rows(f'SELECT name FROM "{TABLE}" WHERE app = ? ORDER BY name', APP)]


async def _tables(client: BaseDBAsyncClient) -> list[str]:
    if client.capabilities.dialect == "sqlite":
        found = await rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE '%VIRTUAL%'")
    else:
        found = await rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()")
    return [row["name"] for row in found]


async def _row_counts() -> dict[str, int]:
    tables = [table for table in await _tables(connection()) if table != TABLE]
    if not tables:
        return {}
    sql = " UNION ALL ".join(f"SELECT '{table}' AS name, count(*) AS held FROM \"{table}\"" for table in tables)
    return {row["name"]: row["held"] for row in await rows(sql)}


async def _check_rows(migration: Migration, before: dict[str, int]) -> None:
    expected = getattr(migration, "changes_rows", ())
    after = await _row_counts()
    for table, held in before.items():
        if table in after and after[table] != held and table not in expected:
            raise UnsafeMigrationError(f"{migration.name} changed the rows of {table} from {held} to {after[table]}")


async def _dangling() -> list[dict[str, object]]:
    return await rows("PRAGMA foreign_key_check") if dialect() == "sqlite" else []


async def _copy(path: Path, name: str) -> Path:
    """A whole copy of the file beside it, made from a snapshot while others may write."""
    copy = path.with_name(f"{path.name}.before-{name}")
    unfinished = copy.with_name(f"{copy.name}.unfinished")
    with contextlib.suppress(FileNotFoundError):
        unfinished.unlink()
    await rows("VACUUM INTO ?", str(unfinished))
    unfinished.chmod(0o600)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    return unfinished.replace(copy)
