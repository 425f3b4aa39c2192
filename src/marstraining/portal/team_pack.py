"""The pack for a team meeting as a ZIP that is made while it is sent: a page of contents and the files of a topic."""

import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from marstraining.core.clock import local
from marstraining.core.values import frozen

_CHUNK = 256 * 1024
_READABLE = 0o644 << 16


@frozen
class Part:
    """One file of the pack: what it is called, its bytes or where they lie, and of when it is."""

    name: str
    content: bytes | Path
    at: datetime


class _Sink:
    """What `zipfile` writes into: it can only be written to, so sizes follow each part, and nothing is ever whole in memory."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._written = bytes(self._written), bytearray()
        return taken


def pack_chunks(parts: Sequence[Part]) -> Iterator[bytes]:
    """The pack, piece by piece; reads files, so iterate it off the event loop. One that is gone by now is left out."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]  # it asks for no more than write and flush
        for part in parts:
            wall = local(part.at)
            entry = zipfile.ZipInfo(part.name, date_time=(max(wall.year, 1980), wall.month, wall.day, wall.hour, wall.minute, wall.second))
            entry.external_attr = _READABLE
            # PDF and Office files are compressed in themselves.
            entry.compress_type = zipfile.ZIP_DEFLATED if isinstance(part.content, bytes) else zipfile.ZIP_STORED
            if isinstance(part.content, bytes):
                archive.writestr(entry, part.content)
            elif part.content.is_file():
                with archive.open(entry, "w") as out, part.content.open("rb") as kept:
                    while chunk := kept.read(_CHUNK):
                        out.write(chunk)
                        yield sink.take()
            yield sink.take()
    yield sink.take()
