"""Backups with the files that people sent in: taken while both are in use, put back whole or not at all, old ones read too."""

import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from marstraining.commands.bundle import checked, is_bundle, pack, unpack
from marstraining.core import config
from marstraining.core.config import load_settings
from marstraining.core.database_url import PostgresServer, SqliteFile
from marstraining.core.db import connect, rows
from marstraining.core.errors import Refused
from marstraining.core.files import drop, hold_back, path_of, quarantined, write
from marstraining.coverage.actions import NewLearning, add_external
from marstraining.coverage.evidence import Evidence
from marstraining.record.models import ExternalLearning
from tests import makers
from tests.conftest import SECRET_KEY, run_apart
from tests.postgres import find_binaries
from tests.terminals import Terminal

pytestmark = pytest.mark.whole

NOW = datetime(2026, 3, 9, 10, tzinfo=UTC)
PDF = b"%PDF-1.7 evidence"


@pytest.fixture
def terminal(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("PATH", f"{find_binaries()}/bin{os.pathsep}{os.environ['PATH']}")
    return Terminal(
        {
            "MARS_DATA_DIR": str(tmp_path / "data"),
            "MARS_DATABASE_URL": database_url,
            "MARS_SECRET_KEY": SECRET_KEY,
            "MARS_BASE_URL": "http://127.0.0.1:8000",
        }
    )


def evidence_of(environment: dict[str, str], data: bytes = PDF) -> str:
    """Somebody adds learning elsewhere with evidence; the name under which it lies."""
    made: list[str] = []

    async def add() -> None:
        settings = load_settings(environment)
        config.use(settings)
        async with connect(settings):
            person = await makers.make_person(f"Asha {len(data)}")
            new = NewLearning("Neglect webinar", "NSPCC", date(2026, 1, 5), 90, is_participatory=True)
            await add_external(new, Evidence("a.pdf", "application/pdf", data), by=makers.as_learner(person), now=NOW)
            made.extend([row["stored_as"] for row in await ExternalLearning.all().order_by("id").values("stored_as")])
        config.use(None)

    run_apart(add)
    return made[-1]


def kept_rows(environment: dict[str, str]) -> list[str]:
    found: list[str] = []

    async def look() -> None:
        async with connect(load_settings(environment)):
            found.extend(row["stored_as"] for row in await rows("SELECT stored_as FROM record_external ORDER BY id"))

    run_apart(look)
    return found


def lying(data_dir: Path) -> dict[str, bytes]:
    root = data_dir / "files"
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def old_backup(environment: dict[str, str], path: Path) -> None:
    """A backup as versions before this one made it: the database's copy and nothing else."""
    database = load_settings(environment).database
    if isinstance(database, SqliteFile):
        with closing(sqlite3.connect(database.path)) as read, closing(sqlite3.connect(path)) as written:
            read.backup(written)
        return
    assert isinstance(database, PostgresServer)
    server = {"PGHOST": database.host, "PGPORT": str(database.port), "PGUSER": database.user, "PGPASSWORD": database.password}
    dump = [shutil.which("pg_dump") or "", f"--dbname={database.name}", "--format=custom", f"--file={path}"]
    subprocess.run(dump, env=os.environ | server, check=True)  # noqa: S603 - PostgreSQL's own program


# ---- there and back -------------------------------------------------------------------------------------------------------


def test_a_file_that_is_lost_comes_back_with_its_row(terminal: Terminal, tmp_path: Path) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "copy.backup"
    name = evidence_of(terminal.environment)
    said = terminal.done("backup", copy).splitlines()[-2]
    assert said.startswith(f"Backed up to {copy}: ")
    assert said.endswith("1 file, no fault found.")
    assert (copy.stat().st_mode & 0o777, sorted(path.name for path in tmp_path.glob("copy.*"))) == (0o600, ["copy.backup"])
    later = evidence_of(terminal.environment, PDF + b"later")
    path_of(data_dir, name).unlink()
    assert terminal.done("restore", copy).splitlines()[-2:] == [
        "1 file put back, 0 were there.",
        f"Restored from {copy}: 0 letters on hold, 0 sign-ins ended.",
    ]
    assert kept_rows(terminal.environment) == [name]
    assert lying(data_dir) == {name: PDF, later: PDF + b"later"}
    assert path_of(data_dir, name).stat().st_mode & 0o777 == 0o600


def test_a_backup_is_restored_into_an_empty_folder_of_data(terminal: Terminal, tmp_path: Path) -> None:
    copy, other = tmp_path / "copy.backup", tmp_path / "somewhere" / "else"
    name = evidence_of(terminal.environment)
    held = write(tmp_path / "data", io.BytesIO(b"not scanned"))
    hold_back(tmp_path / "data", held)
    terminal.done("backup", copy)
    environment = {**terminal.environment, "MARS_DATA_DIR": str(other)}
    if terminal.environment["MARS_DATABASE_URL"].startswith("sqlite"):
        environment["MARS_DATABASE_URL"] = f"sqlite://{other / 'marstraining.sqlite3'}"
    moved = Terminal(environment)
    assert "2 files put back, 0 were there." in moved.done("restore", copy)
    assert lying(other) == {name: PDF, f"quarantine/{held}": b"not scanned"}
    assert kept_rows(environment) == [name]
    assert [path.name for path in other.iterdir() if path.name.startswith(".")] == []


def test_a_file_that_is_in_its_place_or_in_quarantine_stays_as_it_is(terminal: Terminal, tmp_path: Path) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "copy.backup"
    name, other = evidence_of(terminal.environment), evidence_of(terminal.environment, PDF + b"2")
    terminal.done("backup", copy)
    hold_back(data_dir, other)
    assert "0 files put back, 2 were there." in terminal.done("restore", copy)
    assert lying(data_dir) == {name: PDF, f"quarantine/{other}": PDF + b"2"}


def test_backups_of_earlier_versions_are_read_and_files_stay_as_they_are(terminal: Terminal, tmp_path: Path) -> None:
    copy = tmp_path / "old.backup"
    name = evidence_of(terminal.environment)
    old_backup(terminal.environment, copy)
    later = evidence_of(terminal.environment, PDF + b"later")
    said = terminal.done("restore", copy)
    assert "This backup holds no files: it was made by an earlier version." in said
    assert kept_rows(terminal.environment) == [name]
    assert sorted(lying(tmp_path / "data")) == sorted([name, later])


def test_a_backup_can_be_made_without_files(terminal: Terminal, tmp_path: Path) -> None:
    copy = tmp_path / "small.backup"
    name = evidence_of(terminal.environment)
    assert terminal.done("backup", copy, "--without-files").splitlines()[-2].endswith("files left out, no fault found.")
    path_of(tmp_path / "data", name).unlink()
    assert "This backup was made without files: those that there are stay as they are." in terminal.done("restore", copy)
    assert lying(tmp_path / "data") == {}
    assert kept_rows(terminal.environment) == [name]


def test_a_backup_of_the_other_database_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    copy = tmp_path / "copy.backup"
    terminal.done("backup", copy)
    is_sqlite = terminal.environment["MARS_DATABASE_URL"].startswith("sqlite")
    url = "postgres://nobody@127.0.0.1:1/none" if is_sqlite else f"sqlite://{tmp_path / 'other.sqlite3'}"
    other = Terminal({**terminal.environment, "MARS_DATABASE_URL": url})
    of, names = ("SQLite", "PostgreSQL") if is_sqlite else ("PostgreSQL", "SQLite")
    assert other.refused("restore", copy)[-1] == f"{copy} is a backup of {of}, and MARS_DATABASE_URL names {names}."


# ---- damaged ---------------------------------------------------------------------------------------------------------------


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    place = data.index(PDF)
    data[place + 5] ^= 1
    path.write_bytes(bytes(data))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def with_a_stranger(path: Path) -> None:
    rebuilt(path, lambda members: [*members, ("files/../../escaped", b"x")])


def without_its_file(path: Path) -> None:
    rebuilt(path, lambda members: [(name, data) for name, data in members if not name.startswith("files/")])


def from_the_future(path: Path) -> None:
    rebuilt(
        path, lambda members: [(name, data.replace(b'"format": 1', b'"format": 2') if "backup" in name else data) for name, data in members]
    )


def rebuilt(path: Path, change: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]) -> None:
    with tarfile.open(path) as tar:
        members = []
        for member in tar:
            source = tar.extractfile(member)
            assert source
            members.append((member.name, source.read()))
    with tarfile.open(path, "w") as tar:
        for name, data in change(members):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


# A bundle is checked the same whatever database is in it.
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (flipped, "is not as it was written."),
        (cut, "is damaged"),
        (with_a_stranger, "is damaged: files/../../escaped"),
        (without_its_file, "is damaged: files/"),
        (from_the_future, "was made by a newer version of this program: install that version first."),
    ],
)
def test_a_damaged_backup_is_refused_before_anything_is_touched(
    damage: Callable[[Path], None], sentence: str, terminal: Terminal, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.backup"
    name = evidence_of(terminal.environment)
    terminal.done("backup", copy)
    damage(copy)
    later = evidence_of(terminal.environment, PDF + b"later")
    path_of(tmp_path / "data", name).unlink()
    assert sentence in terminal.refused("restore", copy)[-1]
    assert kept_rows(terminal.environment) == [name, later]
    assert lying(tmp_path / "data") == {later: PDF + b"later"}
    assert not (tmp_path / "escaped").exists()


# ---- while both are in use ---------------------------------------------------------------------------------------------------


def test_whatever_a_row_of_the_copy_names_is_in_the_backup_though_files_come_move_and_go_meanwhile(tmp_path: Path) -> None:
    data_dir, copy = tmp_path / "data", tmp_path / "b.backup"
    stays, goes, is_scanned = (write(data_dir, io.BytesIO(data)) for data in (b"stays", b"goes", b"is scanned"))
    hold_back(data_dir, is_scanned)
    came: list[str] = []

    def copy_database(target: Path) -> None:
        came.append(write(data_dir, io.BytesIO(b"came")))
        drop(data_dir, goes)
        quarantined(data_dir, is_scanned).rename(path_of(data_dir, is_scanned))
        target.write_bytes(b"the database")

    made = pack(copy, "sqlite", copy_database, data_dir, now=NOW)
    assert (made, checked(copy)) == (made, made)
    (tmp_path / "out").mkdir()
    database, moves = unpack(copy, tmp_path / "out", tmp_path / "elsewhere")
    assert database.read_bytes() == b"the database"
    assert {place.name: taken.read_bytes() for taken, place in moves} == {
        stays: b"stays",
        goes: b"goes",
        is_scanned: b"is scanned",
        came[0]: b"came",
    }
    assert {place.name for _, place in moves if place.parent.name == "quarantine"} == {is_scanned}


def test_a_backup_that_fails_leaves_nothing_and_one_that_is_being_made_is_left_alone(tmp_path: Path) -> None:
    def fail(target: Path) -> None:
        target.write_bytes(b"half")
        raise Refused("There is no room.")

    copy = tmp_path / "b.backup"
    with pytest.raises(Refused, match="There is no room"):
        pack(copy, "sqlite", fail, None, now=NOW)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "b.backup.partial").touch()
    with pytest.raises(Refused, match="another backup is being made, or was stopped"):
        pack(copy, "sqlite", fail, None, now=NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["b.backup.partial"]


def test_what_is_no_bundle_is_told_apart(tmp_path: Path) -> None:
    other, text = tmp_path / "other.tar", tmp_path / "text"
    with tarfile.open(other, "w") as tar:
        tar.addfile(tarfile.TarInfo("a"))
    text.write_text(json.dumps({}))
    assert [is_bundle(path) for path in (other, text, tmp_path / "none")] == [False, False, False]
