"""A small virus scanner that speaks clamd's protocol for real: it knows EICAR, and can be told to misbehave."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

# In two parts, so that a scanner on the machine of whoever reads this has nothing to find.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass
class Scanner:
    """`url` is where it listens. `answers` takes the place of what it would say of a file; None says nothing, for ever."""

    url: str = ""
    scanned: list[bytes] = field(default_factory=list)
    answers: Callable[[bytes], bytes | None] | None = None
    most: int = 30_000_000

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = await reader.readuntil(b"\0")
        if command == b"zPING\0":
            writer.write(b"PONG\0")
            await writer.drain()
            return
        assert command == b"zINSTREAM\0"
        data = b""
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            data += await reader.readexactly(size)
            if len(data) > self.most:
                writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                await writer.drain()
                return
        self.scanned.append(data)
        known = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in data else b"stream: OK\0"
        said = self.answers(data) if self.answers else known
        if said is None:
            await asyncio.sleep(3600)
        writer.write(said or b"")
        await writer.drain()


@asynccontextmanager
async def a_scanner(socket: Path | None = None) -> AsyncIterator[Scanner]:
    """A scanner on a free port of this machine, or at a socket."""
    scanner = Scanner()
    if socket:
        server = await asyncio.start_unix_server(scanner.talk, path=socket)
        scanner.url = f"clamd://{socket}"
    else:
        server = await asyncio.start_server(scanner.talk, "127.0.0.1", 0)
        scanner.url = f"clamd://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield scanner
    finally:
        server.close()
