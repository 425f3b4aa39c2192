"""A backup as one file: a tar of the database's copy and the files that people sent in, each with its digest."""

import hashlib
import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from marstraining import __version__
from marstraining.core.errors import Refused
from marstraining.core.files import all_stored, path_of, quarantined
from marstraining.core.values import frozen

FORMAT = 1
_ABOUT = "marstraining-backup.json"
_CONTENTS = "contents.json"
_DATABASE = "database"
# Names are random ones of our own; a name that is none could lead out of the folder.
_FILE = re.compile(r"files/(quarantine/)?([A-Za-z0-9_-]{8,64})")
_CHUNK = 1024 * 1024
_SMALL = 16 * 1024 * 1024


@frozen
class Packed:
    """What a bundle holds: which kind of database it is of, whether the files are in it, and how many."""

    kind: str
    has_files: bool
    files: int


@dataclass
class _Writer:
    """Adds members one by one and remembers what they were."""

    tar: tarfile.TarFile
    contents: dict[str, dict[str, object]] = field(default_factory=dict)

    def add(self, name: str, source: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        counted = _Counted(source)
        self.tar.addfile(member, counted)
        self.contents[name] = {"size": size, "sha256": counted.digest.hexdigest()}

    def add_text(self, name: str, said: object) -> None:
        data = json.dumps(said).encode()
        self.add(name, BytesIO(data), len(data))


class _Counted:
    """What is read of a file, with its digest."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


def pack(path: Path, kind: str, copy_database: Callable[[Path], None], data_dir: Path | None, *, now: datetime) -> Packed:
    """Write a bundle of a database and, with a folder of data, its files, while others use both; it is there whole or not at all.

    Files are copied before the database and what came meanwhile after it, so that whatever a row of the copy names is there: a file
    is written before its row, never changes, and goes after it. `copy_database` writes its copy to the path that it is given.
    """
    partial, database = path.with_name(f"{path.name}.partial"), path.with_name(f"{path.name}.database")
    try:
        file = _new(partial)
    except FileExistsError:
        raise Refused(f"{partial} is there already: another backup is being made, or was stopped. Delete it in that case.") from None
    try:
        with file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            writer = _Writer(tar)
            about = {"format": FORMAT, "program": __version__, "database": kind, "has_files": data_dir is not None, "at": now.isoformat()}
            writer.add_text(_ABOUT, about)
            added: set[str] = set()
            if data_dir:
                _add_files(writer, data_dir, added)
            copy_database(database)
            with database.open("rb") as source:
                writer.add(_DATABASE, source, os.fstat(source.fileno()).st_size)
            if data_dir:
                _add_files(writer, data_dir, added)
            writer.add_text(_CONTENTS, writer.contents)
        _sync(partial)
        partial.rename(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    finally:
        # SQLite leaves two files beside a copy that was looked at.
        for left in ("", "-wal", "-shm"):
            database.with_name(f"{database.name}{left}").unlink(missing_ok=True)
    return Packed(kind, data_dir is not None, len(added))


def _new(path: Path) -> IO[bytes]:
    """A new file that nobody else may read; FileExistsError where there is one."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _add_files(writer: _Writer, data_dir: Path, added: set[str]) -> None:
    """Add the files that are not in it yet. One that moves or goes while we look is found in its new place later, or is gone."""
    for in_quarantine, place in ((True, quarantined), (False, path_of)):
        for one in all_stored(data_dir, in_quarantine=in_quarantine):
            name = f"files/{'quarantine/' if in_quarantine else ''}{one.stored_as}"
            if one.stored_as in added or not _FILE.fullmatch(name):
                continue
            try:
                with place(data_dir, one.stored_as).open("rb") as source:
                    writer.add(name, source, os.fstat(source.fileno()).st_size)
            except FileNotFoundError:
                continue
            added.add(one.stored_as)


# ---- reading ------------------------------------------------------------------------------------------------------------


def is_bundle(path: Path) -> bool:
    """Whether a file is a bundle, be it a damaged one; a backup of an earlier version is the database's copy itself."""
    try:
        with tarfile.open(path, "r:") as tar:
            first = tar.next()
    except (tarfile.TarError, OSError):
        return False
    return first is not None and first.name == _ABOUT


def checked(path: Path) -> Packed:
    """What a bundle holds, every byte of it read and compared; Refused where something is missing or is not as it was written."""
    with _opened(path) as tar:
        about, contents = _about(path, tar), _compare(path, tar)
    return Packed(about["database"], bool(about["has_files"]), sum(_FILE.fullmatch(name) is not None for name in contents))


def unpack(path: Path, folder: Path, data_dir: Path) -> tuple[Path, list[tuple[Path, Path]]]:
    """Take a checked bundle apart in an empty folder beside the files: where the database's copy is, and what is to be moved where.

    A file that is in its place, or in quarantine, is left out: it never changes.
    """
    moves: list[tuple[Path, Path]] = []
    with _opened(path) as tar:
        for member in tar:
            found = _FILE.fullmatch(member.name)
            if member.name == _DATABASE:
                _extract(tar, member, folder / _DATABASE)
            elif found and not (path_of(data_dir, found[2]).exists() or quarantined(data_dir, found[2]).exists()):
                _extract(tar, member, folder / found[2])
                moves.append((folder / found[2], (quarantined if found[1] else path_of)(data_dir, found[2])))
    return folder / _DATABASE, moves


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = tar.extractfile(member)
    if source is None:
        raise Refused(f"{member.name} of the backup is no file.")
    with source, _new(target) as written:
        shutil.copyfileobj(source, written, _CHUNK)


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, "r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise Refused(f"{path} is damaged: {error}") from error


def _about(path: Path, tar: tarfile.TarFile) -> Mapping[str, Any]:
    member = tar.next()
    about = _said(tar, member) if member and member.name == _ABOUT else None
    if not isinstance(about, dict) or about.get("database") not in {"sqlite", "postgres"}:
        raise Refused(f"{path} is not a backup of this program.")
    if about.get("format") != FORMAT:
        raise Refused(f"{path} was made by a newer version of this program: install that version first.")
    return about


def _compare(path: Path, tar: tarfile.TarFile) -> Mapping[str, Mapping[str, object]]:
    """What the bundle's last member says of all others, once each was found to be so."""
    found: dict[str, dict[str, object]] = {}
    said: object = None
    for member in tar:
        if not member.isfile():
            raise Refused(f"{path} is damaged: {member.name} is no file.")
        if member.name == _CONTENTS:
            said = _said(tar, member)
            continue
        found[member.name] = {"size": member.size, "sha256": _digest(tar, member)}
    if not isinstance(said, dict):
        raise Refused(f"{path} is damaged: its end is missing.")
    wrong = sorted(name for name in {*found, *said} if found.get(name) != said.get(name))
    foreign = sorted(name for name in found if name not in {_ABOUT, _DATABASE} and not _FILE.fullmatch(name))
    if wrong or foreign or _DATABASE not in found:
        raise Refused(f"{path} is damaged: {', '.join([*wrong, *foreign][:3]) or 'the database'} is not as it was written.")
    return found


def _said(tar: tarfile.TarFile, member: tarfile.TarInfo) -> object:
    source = tar.extractfile(member) if member.isfile() and member.size <= _SMALL else None
    try:
        return json.loads(source.read()) if source else None
    except ValueError:
        return None


def _digest(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    source = tar.extractfile(member)
    digest = hashlib.sha256()
    while source and (chunk := source.read(_CHUNK)):
        digest.update(chunk)
    return digest.hexdigest()
