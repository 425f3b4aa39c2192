"""Evidence of learning elsewhere: a PDF or a picture, known by its first bytes, kept outside the web root under a random name."""

import asyncio
import secrets
from dataclasses import dataclass
from pathlib import Path

from marstraining.core.config import Settings
from marstraining.core.errors import Refused

MAX_BYTES = 5 * 1024 * 1024
_KINDS = (
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)),
    (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file as it was sent, its kind found out. Refuses what is too large or none of the kinds."""

    name: str
    content_type: str
    data: bytes


def read_evidence(name: str, data: bytes) -> Evidence:
    """The evidence in a file; its name is only for showing, and gets the ending of what it is."""
    if len(data) > MAX_BYTES:
        raise Refused("The file must be smaller than 5 MB", code="size", field="file")
    for start, content_type, endings in _KINDS:
        if data.startswith(start):
            stem = "".join(character for character in Path(name.replace("\\", "/")).name if character.isprintable())[:150].strip()
            ending = "" if stem.casefold().endswith(endings) else endings[0]
            return Evidence((stem or "evidence") + ending, content_type, data)
    raise Refused("The file must be a PDF, PNG or JPG", code="kind", field="file")


async def keep_evidence(evidence: Evidence, settings: Settings) -> str:
    """Write the file; gives the random name under which it lies."""
    stored_as = secrets.token_hex(24)

    def write() -> None:
        folder = _folder(settings)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / stored_as).open("xb") as target:
            target.write(evidence.data)

    await asyncio.to_thread(write)
    return stored_as


async def drop_evidence(stored_as: str, settings: Settings) -> None:
    """Remove a file whose entry is gone or was never written."""
    if stored_as:
        await asyncio.to_thread((_folder(settings) / stored_as).unlink, missing_ok=True)


def evidence_path(stored_as: str, settings: Settings) -> Path | None:
    """Where a kept file lies; None where there is none (any more)."""
    path = _folder(settings) / stored_as
    return path if stored_as and path.is_file() else None


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "files"
