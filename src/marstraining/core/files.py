"""Files that people send in: which kinds are taken, told by what they begin with, and where they lie.

Where a virus scanner is set, a file lies in quarantine until it is found clean: `path_of` then names a place where nothing is,
so that no page can serve it.
"""

import hashlib
import os
import re
import shutil
import unicodedata
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from marstraining.core import config
from marstraining.core.errors import Refused
from marstraining.core.tokens import new_token
from marstraining.core.values import frozen

LARGEST = 25 * 1024 * 1024
ACCEPTED = ".pdf,.docx,.pptx,.xlsx,.png,.jpg,.jpeg"
FOLDER = "files"
_QUARANTINE = "quarantine"
_OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
}
BEGINNINGS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}
_INSIDE = {"docx": "word/document.xml", "pptx": "ppt/presentation.xml", "xlsx": "xl/workbook.xml"}
_MOST_ENTRIES = 5000
_LONGEST_NAME = 120
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_REFUSED = "The selected file must be a PDF, a Word, PowerPoint or Excel file (docx, pptx, xlsx), a PNG or a JPG"


@frozen
class Stored:
    """A file that was taken: its random name in the folder, what it is, and its size in bytes."""

    stored_as: str
    content_type: str
    size: int
    sha256: str


def plain_name(typed: str) -> str:
    """The last part of a name as a browser sent it, without what a file system or a header could trip over."""
    name = unicodedata.normalize("NFC", typed.replace("\\", "/").rpartition("/")[2])
    name = " ".join(_NOT_IN_NAMES.sub(" ", name).split()).strip(". ")
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: _LONGEST_NAME - len(ending)]}{dot}{ending}" if dot else name[:_LONGEST_NAME]


def store(data_dir: Path, name: str, source: BinaryIO) -> Stored:
    """Keep a file outside the web root under a random name; blocks, so call it off the event loop.

    Refused where it is too large or empty, where its content is not what its name says, and where it holds macros; nothing of it is
    left then. The name of the stored file tells nothing, and its folder is nobody's to read but the service's.
    """
    stored_as = write(data_dir, source)
    path = lying_at(data_dir, stored_as)
    try:
        size = path.stat().st_size
        if not 0 < size <= LARGEST:
            raise Refused("The selected file must be smaller than 25MB and not empty", code="size", field="file")
        with path.open("rb") as kept:
            kind = _kind_of(name, kept)
            kept.seek(0)
            digest = hashlib.file_digest(kept, "sha256").hexdigest()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Stored(stored_as, TYPES[kind], size, digest)


def write(data_dir: Path, source: BinaryIO, *, is_clean: bool = False) -> str:
    """Write what was read and checked into the folder, whole or not at all; the random name that it has there. Blocks.

    It goes into quarantine where a scanner is set, unless it `is_clean`, having been scanned already.
    """
    settings = config.known()
    is_scanned = bool(settings and settings.scan_url) and not is_clean
    folder = data_dir / FOLDER / _QUARANTINE if is_scanned else data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / new_token()
    try:
        with path.open("xb") as kept:
            shutil.copyfileobj(source, kept)
        path.chmod(0o600)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path.name


def path_of(data_dir: Path, stored_as: str) -> Path:
    """Where a stored file lies that may be served; nothing is there while it is in quarantine."""
    return data_dir / FOLDER / stored_as


def quarantined(data_dir: Path, stored_as: str) -> Path:
    """Where a file lies that no scanner has found clean yet; for the scanner alone."""
    return data_dir / FOLDER / _QUARANTINE / stored_as


def lying_at(data_dir: Path, stored_as: str) -> Path:
    """Where a stored file is, be it in quarantine; for copying and taking away, never for serving."""
    held = quarantined(data_dir, stored_as)
    return held if held.exists() else path_of(data_dir, stored_as)


def release(data_dir: Path, stored_as: str) -> None:
    """Let a file out of quarantine, in one step; one that another has let out meanwhile stays as it is."""
    with suppress(FileNotFoundError):
        quarantined(data_dir, stored_as).rename(path_of(data_dir, stored_as))


def hold_back(data_dir: Path, stored_as: str) -> None:
    """Put a stored file into quarantine, in one step; one that is gone is gone."""
    (data_dir / FOLDER / _QUARANTINE).mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        path_of(data_dir, stored_as).rename(quarantined(data_dir, stored_as))


def drop(data_dir: Path, stored_as: str) -> None:
    """Take a file away that no row tells of, wherever it lies."""
    path_of(data_dir, stored_as).unlink(missing_ok=True)
    quarantined(data_dir, stored_as).unlink(missing_ok=True)


@frozen
class Lying:
    """A file as it lies in a folder; `since` is when it was written, in seconds since 1970."""

    stored_as: str
    size: int
    since: float


def all_stored(data_dir: Path, *, in_quarantine: bool) -> list[Lying]:
    """The files in quarantine, or those beside it, the oldest first. Blocks."""
    folder = data_dir / FOLDER / _QUARANTINE if in_quarantine else data_dir / FOLDER
    found = []
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            # One that is let out or taken away while we look is none of ours any more.
            with suppress(FileNotFoundError):
                if entry.is_file(follow_symlinks=False):
                    told = entry.stat(follow_symlinks=False)
                    found.append(Lying(entry.name, told.st_size, told.st_mtime))
    return sorted(found, key=lambda one: (one.since, one.stored_as))


def _kind_of(name: str, kept: BinaryIO) -> str:
    ending = name.rpartition(".")[2].lower().replace("jpeg", "jpg")
    if ending in BEGINNINGS and kept.read(8).startswith(BEGINNINGS[ending]):
        return ending
    if ending in _INSIDE and _is_office_file(_INSIDE[ending], kept):
        return ending
    raise Refused(_REFUSED, code="kind", field="file")


def _is_office_file(document: str, kept: BinaryIO) -> bool:
    """Whether it is a package of that kind without macros; only its table of contents is read, so that a bomb stays asleep."""
    try:
        with zipfile.ZipFile(kept) as package:
            names = {entry.filename for entry in package.infolist()[: _MOST_ENTRIES + 1]}
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
    has_macros = any(name.lower().endswith("vbaproject.bin") for name in names)
    return len(names) <= _MOST_ENTRIES and {"[Content_Types].xml", document} <= names and not has_macros
