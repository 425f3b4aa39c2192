"""A mail server that goes wrong in thirteen ways, one connection after another, and then works."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

# Faults after which the letter was surely not taken.
NOT_TAKEN = (
    "reset", "greeting 421", "greeting never", "sender 451", "recipient 450", "lost before data", "lost in data", "data 452",
)  # fmt: skip
# Faults that hide that the letter was taken.
REPLY_LOST = ("lost after data", "reply never")
# Answers that end a letter.
FOR_GOOD = ("recipient 550", "data 554")

_ANSWERS = {
    "MAIL sender 451": b"451 later please",
    "RCPT recipient 450": b"450 greylisted",
    "RCPT recipient 550": b"550 no such mailbox",
    "DATA data 452": b"452 mailbox full",
    "DATA data 554": b"554 not wanted",
}


@dataclass
class FaultyServer:
    """`taken` holds each message accepted; `port` is where to connect; faults meet the first connections in their order."""

    faults: list[str]
    port: int = 0
    connections: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = self.faults[self.connections] if self.connections < len(self.faults) else ""
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._speak(fault, reader, writer)
        if fault == "reset" or fault.startswith("lost"):
            writer.transport.abort()
        else:
            writer.close()

    async def _speak(self, fault: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if fault == "greeting never":
            await asyncio.sleep(3600)
        if fault == "reset":
            return
        writer.write(b"421 too busy\r\n" if fault == "greeting 421" else b"220 test server\r\n")
        to: list[str] = []
        is_open = fault != "greeting 421"
        while is_open and (line := (await reader.readline()).decode()):
            verb = line.split()[0].upper()
            if verb == "RCPT":
                to = [line.split("<")[1].split(">")[0]]
            if verb == "DATA":
                is_open = await self._take(fault, to, reader, writer)
            else:
                writer.write(_ANSWERS.get(f"{verb} {fault}", b"221 bye" if verb == "QUIT" else b"250 ok") + b"\r\n")
                is_open = verb != "QUIT"

    async def _take(self, fault: str, to: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if fault == "lost before data":
            return False
        writer.write(b"354 go on\r\n")
        if fault == "lost in data":
            await reader.readline()
            return False
        data = await reader.readuntil(b"\r\n.\r\n")
        refusal = _ANSWERS.get(f"DATA {fault}")
        if refusal is None:
            self.taken.append(message_from_bytes(data[:-3], policy=policy.default))
            self.recipients.append(to)
        if fault == "reply never":
            await asyncio.sleep(3600)
        if fault != "lost after data":
            writer.write((refusal or b"250 queued") + b"\r\n")
        return fault != "lost after data"


@asynccontextmanager
async def faulty_server(faults: Iterable[str] = ()) -> AsyncIterator[FaultyServer]:
    """A server in this loop, gone after the block with every conversation that hangs."""
    server = FaultyServer(list(faults))
    talks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.get_running_loop().create_task(server.converse(reader, writer)))

    listening = await asyncio.start_server(begin, "127.0.0.1", 0, limit=2**20)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
