"""Websites for tests: one real server on loopback that plays every public site, and a canary that nobody may reach.

The checker is given a `Network` of ours: names are answered from a table, public addresses lead to the server, and every other address
is really connected to, on the canary's port. So whatever would leak in production reaches the canary here.
"""

import asyncio
import socket
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from marstraining.resources.checker import Network, Streams

PEM = Path(__file__).parent / "invented_site.pem"
PUBLIC = "93.184.216."
Reply = bytes | Callable[[], bytes]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def moved(location: str, status: int = 301) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def status(number: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {number} So", *headers, "Content-Length: 0", "", ""]).encode()


@dataclass
class Sites:
    """`pages` are what hosts answer, by host or by host and path; `names` what names resolve to, each time the next list in line."""

    pages: dict[str, Reply] = field(default_factory=dict)
    names: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    resolved: Counter[str] = field(default_factory=Counter)
    connected: list[tuple[str, int, str | None]] = field(default_factory=list)
    asked: list[tuple[str, str, float]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    canary: int = 0
    shown_names: list[str] = field(default_factory=list)
    port: int = 0
    secure_port: int = 0
    canary_port: int = 0
    delay: float = 0.0

    @property
    def network(self) -> Network:
        return Network(self.resolve, self.connect)

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """What the table says; a name it does not know is at a public address; numbers are as the machine itself reads them."""
        number = self.resolved[host]
        self.resolved[host] += 1
        if host in self.names:
            lists = self.names[host]
            answers = lists[min(number, len(lists) - 1)]
            if not answers:
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
            return answers
        if ":" in host or (host.replace(".", "").replace("x", "").isalnum() and not host[-1].isalpha()):
            return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        return [f"{PUBLIC}{len(self.resolved) % 250 + 1}"]

    async def connect(self, address: str, port: int, name: str | None) -> Streams:
        """To the server for public addresses; for every other one really there, on the canary's port."""
        self.connected.append((address, port, name))
        if not address.startswith(PUBLIC):
            return await asyncio.open_connection(address, self.canary_port)
        if name is None:
            return await asyncio.open_connection("127.0.0.1", self.port)
        trust = ssl.create_default_context(cafile=PEM)
        return await asyncio.open_connection("127.0.0.1", self.secure_port, ssl=trust, server_hostname=name)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1]
            host = next(line[6:] for line in head.split("\r\n") if line.startswith("Host: "))
            self.heads.append(head)
            self.asked.append((host, path, time.monotonic()))
            if self.delay:
                await asyncio.sleep(self.delay)
            reply = self.pages.get(f"{host}{path}", self.pages.get(host, OK))
            writer.write(reply() if callable(reply) else reply)
            await writer.drain()
        writer.close()

    async def sing(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The canary: whoever connects was where nobody may be."""
        self.canary += 1
        with suppress(ConnectionError):
            writer.write(OK)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def open_sites() -> AsyncIterator[Sites]:
    """The servers, for one test."""
    sites = Sites()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    context.sni_callback = lambda _socket, name, _context: sites.shown_names.append(name)
    async with AsyncExitStack() as stack:

        async def start(handler: object, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
            server = await asyncio.start_server(handler, host, port, ssl=tls)  # type: ignore[arg-type]  # either of the two above
            await stack.enter_async_context(server)
            found: int = server.sockets[0].getsockname()[1]
            return found

        sites.port = await start(sites.serve, "127.0.0.1", 0)
        sites.secure_port = await start(sites.serve, "127.0.0.1", 0, context)
        sites.canary_port = await start(sites.sing, "127.0.0.1", 0)
        if socket.has_ipv6:
            with suppress(OSError):
                await start(sites.sing, "::1", sites.canary_port)
        yield sites


@asynccontextmanager
async def at_once(_host: str) -> AsyncIterator[None]:
    """Turns for tests that are not about pace."""
    yield
