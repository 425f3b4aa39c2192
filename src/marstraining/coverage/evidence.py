"""Evidence of learning elsewhere: a PDF or a picture, known by its first bytes, kept outside the web root under a random name."""

import asyncio
import io
from pathlib import Path

from marstraining.core import files
from marstraining.core.config import Settings
from marstraining.core.errors import Refused
from marstraining.core.values import frozen

MAX_BYTES = 5 * 1024 * 1024
_ENDINGS = {"pdf": (".pdf",), "png": (".png",), "jpg": (".jpg", ".jpeg")}


@frozen
class Evidence:
    """A file as it was sent, its kind found out. Refuses what is too large or none of the kinds."""

    name: str
    content_type: str
    data: bytes


def read_evidence(name: str, data: bytes) -> Evidence:
    """The evidence in a file; its name is only for showing, and gets the ending of what it is."""
    if len(data) > MAX_BYTES:
        raise Refused("The file must be smaller than 5 MB", code="size", field="file")
    kind = next((kind for kind, start in files.BEGINNINGS.items() if data.startswith(start)), None)
    if kind is None:
        raise Refused("The file must be a PDF, PNG or JPG", code="kind", field="file")
    stem = files.plain_name(name)
    ending = "" if stem.casefold().endswith(_ENDINGS[kind]) else _ENDINGS[kind][0]
    return Evidence((stem or "evidence") + ending, files.TYPES[kind], data)


async def keep_evidence(evidence: Evidence, settings: Settings) -> str:
    """Write the file; gives the random name under which it lies."""
    return await asyncio.to_thread(files.write, settings.data_dir, io.BytesIO(evidence.data))


async def drop_evidence(stored_as: str, settings: Settings) -> None:
    """Remove a file whose entry is gone or was never written."""
    if stored_as:
        await asyncio.to_thread(files.drop, settings.data_dir, stored_as)


def evidence_path(stored_as: str, settings: Settings) -> Path | None:
    """Where a kept file lies; None where there is none (any more)."""
    path = files.path_of(settings.data_dir, stored_as)
    return path if stored_as and path.is_file() else None
