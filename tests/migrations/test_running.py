"""Migrating as it happens: several processes at once, killed in the middle, from a wheel, onto an older or newer database."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.config import Settings
from marstraining.core.db import (
    OperationalError,
    connect,
    execute,
    migrate,
    pending_migrations,
    probe_write,
    rows,
    runner,
    unknown_migrations,
)
from marstraining.core.db.draft_migration import draft, model_operations
from marstraining.core.db.editors import UnsafeMigrationError
from marstraining.core.db.migrations import load_migrations, migration_names
from tests.conftest import SECRET_KEY, make_settings
from tests.migrations.line import PARENTS_AND_CHILDREN, write_migration

pytestmark = pytest.mark.whole

SLOW = """
import asyncio
from pathlib import Path


async def wait(apps, editor):
    (Path(__file__).parent / "begun").touch()
    await asyncio.sleep({seconds})
"""
MIGRATE = """
import asyncio, sys
from pathlib import Path
from marstraining.core.config import load_settings
from marstraining.core.db import migrate
print(*asyncio.run(migrate(load_settings(), folder=Path(sys.argv[1]))), flush=True)
"""


@pytest.fixture
def empty(empty_database_url: str, tmp_path: Path) -> Settings:
    return make_settings(tmp_path, empty_database_url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_migration(tmp_path / "line", "0001_initial", PARENTS_AND_CHILDREN)
    return tmp_path / "line"


def start(settings: Settings, folder: Path) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "MARS_DATA_DIR": str(settings.data_dir),
        "MARS_DATABASE_URL": settings.database_url,
        "MARS_SECRET_KEY": SECRET_KEY,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-c", MIGRATE, str(folder)]
    return subprocess.Popen(command, env=environment, cwd="/", text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603


def copies(folder: Path) -> list[Path]:
    return list(folder.glob("*.before-*"))


async def test_each_migration_is_applied_once_and_told(empty: Settings, folder: Path) -> None:
    told: list[str] = []
    write_migration(folder, "0002_next", "ops.RunSQL(\"INSERT INTO line_parent (name, town, state) VALUES ('a', 'b', 'on')\"),",
                    extra="    changes_rows = ('line_parent',)\n")  # fmt: skip
    assert await migrate(empty, told.append, folder=folder) == ["0001_initial", "0002_next"]
    assert told == ["applied 0001_initial", "applied 0002_next"]
    assert await migrate(empty, told.append, folder=folder) == []
    assert len(told) == 2


async def test_where_none_is_pending_no_models_are_made(empty: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await migrate(empty, folder=folder)

    async def made_in_vain(_migrations: object) -> None:
        pytest.fail("a start with nothing to migrate made the models of all migrations, which takes seconds")

    monkeypatch.setattr(runner, "state_after", made_in_vain)
    assert await migrate(empty, folder=folder) == []


async def test_what_is_pending_and_what_is_unknown_can_be_asked(empty: Settings, folder: Path, tmp_path: Path) -> None:
    async with connect(empty):
        assert await pending_migrations(folder) == ("0001_initial",)
        with pytest.raises(OperationalError):
            await probe_write()
    await migrate(empty, folder=folder)
    write_migration(folder, "0002_next", "")
    (tmp_path / "older").mkdir()
    async with connect(empty):
        assert await pending_migrations(folder) == ("0002_next",)
        assert await unknown_migrations(folder) == ()
        assert await unknown_migrations(tmp_path / "older") == ("0001_initial",)
        await probe_write()


async def test_a_database_newer_than_the_program_is_refused(empty: Settings, folder: Path) -> None:
    newer = write_migration(folder, "0002_next", "")
    await migrate(empty, folder=folder)
    newer.unlink()
    with pytest.raises(UnsafeMigrationError, match=r"^the database holds 0002_next, which is newer than this program$"):
        await migrate(empty, folder=folder)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a_sqlite_file_is_copied_before_it_is_changed(empty: Settings, folder: Path, dialect: str, tmp_path: Path) -> None:
    await migrate(empty, folder=folder)
    assert copies(tmp_path) == []
    async with connect(empty):
        await execute("INSERT INTO line_parent (name, town, state) VALUES ('a', 'b', 'on')")
    write_migration(folder, "0002_next", "ops.RunSQL(\"UPDATE line_parent SET name = 'changed'\"),")
    told: list[str] = []
    await migrate(empty, told.append, folder=folder)
    copy = tmp_path / "empty.sqlite3.before-0002_next"
    assert told == [f"copied the database to {copy}", "applied 0002_next"]
    assert copy.stat().st_mode & 0o777 == 0o600
    with contextlib.closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT name FROM line_parent").fetchall() == [("a",)]
    assert copies(tmp_path) == [copy]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["0002_second"], "0002_second is number 1"),
        (["0001_a", "0003_c"], "0003_c is number 2"),
        (["0001_a", "0001_b"], "0001_b is number 2"),
        (["first"], "first is number 1"),
    ],
)
def test_a_gap_or_a_fork_is_refused(names: list[str], sentence: str, tmp_path: Path) -> None:
    for name in names:
        write_migration(tmp_path, name, "")
    with pytest.raises(UnsafeMigrationError, match=sentence):
        migration_names(tmp_path)


def test_a_migration_must_follow_the_one_before_it(folder: Path) -> None:
    path = write_migration(folder, "0002_next", "")
    path.write_text(path.read_text().replace("[('models', '0001_initial')]", "[]"))
    with pytest.raises(UnsafeMigrationError, match="0002_next must depend on the migration before it"):
        load_migrations(folder)


async def test_a_task_that_migrates_inside_an_open_database_leaves_it_open(db: TortoiseContext, settings: Settings) -> None:
    assert await migrate(settings) == []
    assert await pending_migrations() == ()


async def test_nothing_is_drafted_before_a_release_but_the_first_and_after_it_only_the_next(tmp_path: Path) -> None:
    modules = ("marstraining.history.models",)
    folder = tmp_path / "drafts"
    folder.mkdir()
    first = await draft(folder, modules)
    assert first == folder / "0001_initial.py"
    assert await draft(folder, modules) is None
    both = (*modules, "marstraining.messages.models")
    assert await draft(folder, both) == first
    assert await model_operations(folder, both) == []
    (folder / "RELEASED").write_text("0001_initial\n")
    assert await draft(folder, both, name="nothing new") is None
    await draft_only(folder, modules, first)
    assert await draft(folder, both, name="Letters at last") == folder / "0002_letters_at_last.py"
    assert await model_operations(folder, both) == []
    assert await draft(folder, both) is None


async def draft_only(folder: Path, modules: tuple[str, ...], first: Path) -> None:
    """Go back to a first migration of fewer modules."""
    released = folder / "RELEASED"
    released.rename(folder / "kept")
    assert await draft(folder, modules) == first
    (folder / "kept").rename(released)


@pytest.mark.faults
def test_killed_in_the_middle_it_may_be_run_again(empty: Settings, folder: Path, dialect: str) -> None:
    asyncio.run(migrate(empty, folder=folder))
    change = "ops.AddField(model_name='Parent', name='note', field=fields.CharField(max_length=9, default='x')),\nops.RunPython(wait),"
    slow = write_migration(folder, "0002_slow", change, head=SLOW.format(seconds=60))
    writer = start(empty, folder)
    until = time.monotonic() + 30
    while not (folder / "begun").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert (folder / "begun").exists()
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=10)
    slow.write_text(slow.read_text().replace("sleep(60)", "sleep(0)"))

    async def columns() -> tuple[tuple[str, ...], list[str]]:
        async with connect(empty):
            pending = await pending_migrations(folder)
        applied = await migrate(empty, folder=folder)
        async with connect(empty):
            await rows("SELECT note FROM line_parent")
        return pending, applied

    assert asyncio.run(columns()) == (("0002_slow",), ["0002_slow"])


@pytest.mark.race
def test_processes_that_migrate_at_once_take_turns(empty: Settings, folder: Path) -> None:
    once = "ops.RunSQL(\"INSERT INTO line_parent (name, town, state) VALUES ('once', 'b', 'on')\"),\nops.RunPython(wait),"
    write_migration(folder, "0002_once", once, head=SLOW.format(seconds=0.5), extra="    changes_rows = ('line_parent',)\n")
    runs = [start(empty, folder) for _ in range(3)]
    ended = [(*run.communicate(timeout=60), run.returncode) for run in runs]
    assert [(errors, code) for _, errors, code in ended] == [("", 0)] * 3
    assert sorted(word for said, _, _ in ended for word in said.split()) == ["0001_initial", "0002_once"]


@pytest.mark.faults
def test_a_wheel_finds_its_migrations_wherever_it_is_run(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)  # noqa: S603
    wheel = next(tmp_path.glob("*.whl"))
    script = "import sys; from marstraining.core.db.migrations import migration_names; from marstraining.core.paths import MIGRATIONS\n"
    script += "print(MIGRATIONS, *migration_names())"
    unpacked = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(unpacked)], check=True)  # noqa: S603
    packages = [path for path in sys.path if path.endswith("site-packages")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(unpacked), *packages])}
    said = subprocess.run([sys.executable, "-c", script], cwd="/", env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    assert said.stdout.split() == [str(unpacked / "marstraining/_shipped/migrations"), *migration_names()]
