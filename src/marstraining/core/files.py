"""Files that people send in: which kinds are taken, told by what they begin with, and where they lie."""

import hashlib
import re
import shutil
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from marstraining.core.errors import Refused
from marstraining.core.tokens import new_token

LARGEST = 25 * 1024 * 1024
ACCEPTED = ".pdf,.docx,.pptx,.xlsx,.png,.jpg,.jpeg"
FOLDER = "files"
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


@dataclass(frozen=True, slots=True)
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
    path = path_of(data_dir, stored_as)
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


def write(data_dir: Path, source: BinaryIO) -> str:
    """Write what was read and checked into the folder, whole or not at all; the random name that it has there. Blocks."""
    folder = data_dir / FOLDER
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
    """Where a stored file lies."""
    return data_dir / FOLDER / stored_as


def drop(data_dir: Path, stored_as: str) -> None:
    """Take a file away that no row tells of."""
    path_of(data_dir, stored_as).unlink(missing_ok=True)


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
