"""A small client: a few kept connections, one request at a time on each, everything counted."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle

from tests.races.crowd import SALT, _mac

CONNECTIONS = 8
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def get(path: str, **headers: str) -> bytes:
    """The bytes of a GET; a header's name is written with underscores."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def booking(ref: str, person: int) -> bytes:
    """The bytes of a signed-in person's booking, as the page's form sends it."""
    body = f"csrf_token={SALT}{_mac(f'csrf-{person}', SALT)}".encode()
    head = (
        f"POST /sessions/{ref}/book HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie(person)}\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def cookie(person: int) -> str:
    """The cookie of somebody whom `tests.races.crowd.people` signed in."""
    return f"sid=token-{person}"


class _Talk(asyncio.Protocol):
    """One connection: asks, reads one answer, asks again, until the requests or the time are used up."""

    def __init__(self, requests: Iterator[bytes], until: float, answers: Counter[bytes]) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests, self._until, self._answers = requests, until, answers
        self._transport: asyncio.Transport | None = None
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_connection gives
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._held += data
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._held, 0, end + 2)
        if len(self._held) < end + 4 + (int(length[1]) if length else 0):
            return
        self._answers[self._held[9:12]] += 1
        self._held = b""
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_exception(exc or ConnectionError("the server closed the connection"))

    def _ask(self) -> None:
        request = next(self._requests, None) if time.perf_counter() < self._until else None
        assert self._transport is not None  # noqa: S101 - set when the connection was made
        if request is None:
            if not self.over.done():
                self.over.set_result(None)
            self._transport.close()
        else:
            self._transport.write(request)


async def answers_to(
    port: int, requests: Sequence[bytes], *, connections: int = CONNECTIONS, seconds: float | None = None
) -> tuple[Counter[bytes], float]:
    """The statuses of all answers, and the seconds they took together; with `seconds` the requests go round until then."""
    loop = asyncio.get_running_loop()
    answers: Counter[bytes] = Counter()
    began = time.perf_counter()
    queue = iter(requests) if seconds is None else cycle(requests)
    until = began + (60 if seconds is None else seconds)
    talks = await asyncio.gather(
        *(loop.create_connection(lambda: _Talk(queue, until, answers), "127.0.0.1", port) for _ in range(connections))
    )
    await asyncio.gather(*(talk.over for _, talk in talks))
    return answers, time.perf_counter() - began


async def latencies(port: int, requests: Sequence[bytes], *, every: float, seconds: float) -> list[float]:
    """The seconds that each answer took, one request `every` so many seconds in turn, on one connection; RuntimeError where one fails."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = []
    began = time.perf_counter()
    for number, request in enumerate(cycle(requests)):
        due = began + number * every
        if due - began >= seconds:
            break
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asked = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        await reader.readexactly(int(length[1]) if length else 0)
        found.append(time.perf_counter() - asked)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"not only 200: {head[:20]!r}")
    writer.close()
    await writer.wait_closed()
    return found


async def rate(port: int, requests: Sequence[bytes], *, wanted: bytes, seconds: float | None = None) -> float:
    """Answers a second; RuntimeError where one has another status than the wanted one."""
    answers, took = await answers_to(port, requests, seconds=seconds)
    if set(answers) != {wanted}:
        raise RuntimeError(f"not only {wanted.decode()}: {dict(answers)}")
    return answers[wanted] / took


async def fetched(port: int, path: str, **headers: str) -> tuple[dict[str, str], bytes]:
    """Headers, with names in lower case, and body of one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get(path, **headers))
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    found = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])}
    body = await reader.readexactly(int(found.get("content-length", "0")))
    writer.close()
    return found, body
