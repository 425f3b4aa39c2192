"""`migrate`, `backup` and `restore`."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from marstraining.commands.bundle import checked, is_bundle, pack, unpack
from marstraining.commands.database import opened
from marstraining.commands.terminal import complain, reporting, say
from marstraining.core import clock, config
from marstraining.core.config import Settings, load_settings
from marstraining.core.database_url import PostgresServer, SqliteFile
from marstraining.core.db import connect, execute, is_unavailable, migrate, transaction
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM
from marstraining.coverage.actions import seed_rules
from marstraining.history.actions import record
from marstraining.messages.actions import hold_letters
from marstraining.search.actions import seed_lexicon

_HELD = "On hold since a backup was restored"
# How the copies begin that earlier versions made, without the files.
_BEGINNINGS = {b"SQLite format 3\0": "sqlite", b"PGDMP": "postgres"}
_CALLED = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
# One table that every database of this program has and others hardly will.
_OURS = "people_sign_in"


def run_migrations() -> None:
    settings = load_settings(need_secret=False)
    config.use(settings)
    with reporting() as report:
        applied = asyncio.run(migrate(settings, report))
        asyncio.run(_seed(settings))
    say(f"{len(applied)} migration{'s' if len(applied) != 1 else ''} applied." if applied else "The database is up to date.")


async def _seed(settings: Settings) -> None:
    """Write the refresher rules and the lexicon that a database begins with, where it does not know them yet."""
    async with connect(settings):
        await seed_rules(now=clock.now())
        await seed_lexicon(now=clock.now())


def back_up(path: Path, with_files: bool) -> None:  # noqa: FBT001 - the command's flag
    """Copy the database, and the files that people sent in, while others use both; then prove that the copy is whole.

    Refuses to write over a file.
    """
    settings = load_settings(need_secret=False)
    if path.exists():
        raise Refused(f"{path} is there already: choose another name.")
    database = settings.database
    rows: list[int] = []

    def copy(target: Path) -> None:
        report("Copying the database")
        if isinstance(database, SqliteFile):
            _copy_sqlite(database.path, target)
            report("Checking the database's copy")
            rows.append(_checked(target))
        else:
            target.touch(mode=0o600)
            _postgres(database, "pg_dump", "--format=custom", f"--file={target}")

    with reporting() as report:
        report("Copying files" if with_files else "Leaving files out")
        kind = "sqlite" if isinstance(database, SqliteFile) else "postgres"
        pack(path, kind, copy, settings.data_dir if with_files else None, now=clock.now())
        report("Checking the backup")
        made = checked(path)
    asyncio.run(_note_backup(settings))
    files = f"{made.files:,} file{'s' if made.files != 1 else ''}" if with_files else "files left out"
    say(f"Backed up to {path}: {f'{rows[0]:,} rows, ' if rows else ''}{files}, no fault found.")
    say("It holds personal data: encrypt it and keep it on another machine.")


async def _note_backup(settings: Settings) -> None:
    """Write down that a backup was made, for the figure of its age. The backup is good even where that cannot be written."""
    config.use(settings)
    try:
        async with connect(settings), transaction():
            await record("backup", by=SYSTEM, now=clock.now(), subject_kind="database", subject_id=None)
    except Exception as error:
        if not is_unavailable(error):
            raise
        complain(f"That the backup was made could not be written down: {error}")


def restore(path: Path) -> None:
    """Put the backup in the place of the database and of missing files, then migrate it, hold its letters back and end every sign-in.

    On SQLite those who have the database open see the restored one from then on. Files that came after the backup are left as they
    are. Refuses a file that is no backup of this program, before anything is touched. Backups of earlier versions hold no files.
    """
    settings = load_settings(need_secret=False)
    config.use(settings)
    if not path.is_file():
        raise Refused(f"There is no file {path}.")
    with reporting() as report:
        report("Checking the backup")
        if is_bundle(path):
            _restore_bundle(settings, path, report)
        else:
            _check_kind(settings, _kind_of_copy(path), path)
            _put_database(settings, path, report)
            say("This backup holds no files: it was made by an earlier version. Put the folder of files back from its own copy.")
        asyncio.run(migrate(settings, report))
        held, ended = asyncio.run(_make_safe(settings))
    say(f"Restored from {path}: {held} letter{'s' if held != 1 else ''} on hold, {ended} sign-in{'s' if ended != 1 else ''} ended.")
    if held:
        say("Look through them at /desk/letters?state=held, and release each or set it aside. New letters leave as usual.")


def _restore_bundle(settings: Settings, path: Path, report: Callable[[str], None]) -> None:
    """Files first: where there is no room for them, the database has not been touched."""
    packed = checked(path)
    _check_kind(settings, packed.kind, path)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".restoring-", dir=settings.data_dir) as folder:
        report("Taking the backup apart")
        database, moves = unpack(path, Path(folder), settings.data_dir)
        if isinstance(settings.database, SqliteFile):
            _checked(database)
        for taken, place in moves:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            taken.rename(place)
        _put_database(settings, database, report)
    if packed.has_files:
        number = len(moves)
        say(f"{number:,} file{'s' if number != 1 else ''} put back, {packed.files - number:,} were there.")
    else:
        say("This backup was made without files: those that there are stay as they are.")


def _put_database(settings: Settings, copy: Path, report: Callable[[str], None]) -> None:
    database = settings.database
    report("Putting it in the database's place")
    if isinstance(database, SqliteFile):
        _checked(copy)
        database.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy_sqlite(copy, database.path)
    else:
        _postgres(database, "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error", str(copy))


def _kind_of_copy(path: Path) -> str:
    """Which kind of database a backup of an earlier version is the copy of. Refused where it is none."""
    with path.open("rb") as file:
        start = file.read(16)
    kind = next((kind for beginning, kind in _BEGINNINGS.items() if start.startswith(beginning)), None)
    if kind is None:
        raise Refused(f"{path} is not a backup of this program.")
    return kind


def _check_kind(settings: Settings, kind: str, path: Path) -> None:
    own = "sqlite" if isinstance(settings.database, SqliteFile) else "postgres"
    if kind != own:
        raise Refused(f"{path} is a backup of {_CALLED[kind]}, and MARS_DATABASE_URL names {_CALLED[own]}.")


async def _make_safe(settings: Settings) -> tuple[int, int]:
    """Letters that were waiting may have been sent since the backup; whoever was signed in then may have signed out since."""
    now = clock.now()
    async with opened(settings):
        # A backup from before there were rules, or a lexicon, would else have none.
        await seed_rules(now=now)
        await seed_lexicon(now=now)
        return await _make_letters_and_sign_ins_safe(now=now)


async def _make_letters_and_sign_ins_safe(*, now: datetime) -> tuple[int, int]:
    async with transaction():
        held = await hold_letters(reason=_HELD)
        ended = await execute("UPDATE people_sign_in SET ended_at = ? WHERE ended_at IS NULL", now)
        await execute("UPDATE people_challenge SET used_at = ? WHERE used_at IS NULL", now)
        detail = {"letters_held": held, "sign_ins_ended": ended}
        await record("restore", by=SYSTEM, now=now, subject_kind="database", subject_id=None, detail=detail)
    return held, ended


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy page by page through SQLite, which waits for writers and includes what is still in the write-ahead log."""
    if not source.is_file():
        raise Refused(f"There is no database at {source}.")
    if not target.exists():
        target.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as read,
            closing(sqlite3.connect(target, timeout=30)) as written,
        ):
            read.backup(written)
    except sqlite3.Error as error:
        raise Refused(f"{source} cannot be copied to {target}: {error}") from error


def _checked(path: Path) -> int:
    """The number of rows of a SQLite backup; Refused when it is damaged or not one of ours."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
            tables = [row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
            if _OURS not in tables:
                raise Refused(f"{path} is not a backup of this program.")
            whole = copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            if not whole or copy.execute("PRAGMA foreign_key_check").fetchall():
                raise Refused(f"{path} is damaged.")
            return sum(copy.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0] for table in tables)
    except sqlite3.Error as error:
        raise Refused(f"{path} is not a backup of this program, or it is damaged: {error}") from error


def _postgres(server: PostgresServer, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs; the password goes by the environment, where a process list does not show it."""
    found = shutil.which(program)
    if found is None:
        raise Refused(f"{program} is not installed: install PostgreSQL's client programs of the server's version.")
    environment = os.environ | {
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGUSER": server.user,
        "PGPASSWORD": server.password,
        **({"PGSSLMODE": server.sslmode} if server.sslmode else {}),
    }
    done = subprocess.run(  # noqa: S603 - a program found on the path, arguments of our own
        [found, f"--dbname={server.name}", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refused(f"{program} failed: {done.stderr.strip()}")
