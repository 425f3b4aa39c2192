"""One polite look at a web address, which never reaches into a private network (security.md 5, "Links fetched by the server").

Each request names its host once to a name server, and goes to the address that was answered and judged: no second question, which might
be answered otherwise, and no proxy. Nothing here is configurable but by its caller's `Network`, so that no setting can open a way in.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import cache, partial

import h11

from marstraining.core import clock
from marstraining.core.values import frozen
from marstraining.resources.addresses import Address, BadAddressError, is_public, read_address
from marstraining.resources.rules import Look, Outcome, outcome_of

AT_ONCE = 32
MAX_REDIRECTS = 3
SECONDS = 5.0
MAX_BYTES = 256 * 1024
# A name may have an answer that leads nowhere from here (IPv6 without a line); no more than these are tried.
_MAX_ANSWERS = 3
_CHUNK = 16 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LASTING = frozenset({301, 308})
_SECONDS_TEXT = re.compile(r"\d{1,7}")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@frozen
class Network:
    """How names are resolved and connections made: `resolve(host, port)` gives addresses, `connect(address, port, name)` streams.

    `name` is the host whose certificate must be shown, None for a connection without encryption.
    """

    resolve: Callable[[str, int], Awaitable[Sequence[str]]]
    connect: Callable[[str, int, str | None], Awaitable[Streams]]


# Opened for every request with the name of its host; it waits until that host may be asked again.
Turns = Callable[[str], AbstractAsyncContextManager[None]]


class _Failed(Exception):  # noqa: N818 - carries an outcome out of a request
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome


@frozen
class _Answer:
    status: int
    location: str
    retry_after: str


async def look_at(url: str, *, network: Network, turn: Turns, agent: str) -> Look:
    """Look at an address and at no more than three redirects from it, each judged anew. What goes wrong is an outcome, never raised.

    Waiting for a turn takes as long as it takes; each request takes 5 seconds at most and reads no more than 256 KB.
    """
    status: int | None = None
    is_lasting, moves = True, 0
    try:
        address = read_address(url)
        while True:
            async with turn(address.host):
                answer = await _ask(address, network, agent)
            status = answer.status
            if answer.status not in _REDIRECTS or not answer.location:
                break
            moves += 1
            if moves > MAX_REDIRECTS:
                raise _Failed(Outcome.REDIRECTS)
            is_lasting &= answer.status in _LASTING
            address = address.joined(answer.location)
    except BadAddressError:
        return Look(Outcome.UNFIT, status)
    except _Failed as failed:
        return Look(failed.outcome, status)
    outcome = outcome_of(answer.status)
    if outcome == Outcome.WORKS and moves and is_lasting:
        return Look(Outcome.MOVED, answer.status, leads_to=str(address))
    return Look(outcome, answer.status, retry_after=_wait(answer.retry_after))


async def _ask(address: Address, network: Network, agent: str) -> _Answer:
    try:
        async with asyncio.timeout(SECONDS), _connected(address, network) as (reader, writer):
            return await _exchange(address, reader, writer, agent)
    except TimeoutError as error:
        raise _Failed(Outcome.TIMEOUT) from error
    except ssl.SSLError as error:
        raise _Failed(Outcome.CERTIFICATE) from error
    except (OSError, h11.RemoteProtocolError, EOFError) as error:
        raise _Failed(Outcome.NO_ANSWER) from error
    except (ValueError, h11.LocalProtocolError) as error:
        # What one library takes for an address another may not; such a link must not keep others from being looked at.
        raise _Failed(Outcome.UNFIT) from error


@asynccontextmanager
async def _connected(address: Address, network: Network) -> AsyncIterator[Streams]:
    try:
        answers = await network.resolve(address.host, address.port)
    except (OSError, UnicodeError) as error:
        raise _Failed(Outcome.NO_NAME) from error
    if not answers:
        raise _Failed(Outcome.NO_NAME)
    # One answer that leads inside is enough: which of them would be taken is not for the name's owner to play with.
    if not all(is_public(answer) for answer in answers):
        raise _Failed(Outcome.INSIDE)
    name = address.host if address.is_secure else None
    reader, writer = await _first(answers[:_MAX_ANSWERS], address.port, name, network)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _first(answers: Sequence[str], port: int, name: str | None, network: Network) -> Streams:
    *others, last = answers
    for answer in others:
        try:
            return await network.connect(answer, port, name)
        except ssl.SSLError:
            raise
        except OSError:
            continue
    return await network.connect(last, port, name)


async def _exchange(address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, agent: str) -> _Answer:
    """Send the request and read until the head of the answer is there; what follows it is left unread."""
    wire = h11.Connection(our_role=h11.CLIENT, max_incomplete_event_size=_CHUNK * 4)
    headers = [
        ("Host", address.host_header), ("User-Agent", agent), ("Accept", "text/html, application/pdf;q=0.9, */*;q=0.8"),
        ("Accept-Encoding", "identity"), ("Connection", "close"),
    ]  # fmt: skip
    request = wire.send(h11.Request(method="GET", target=address.target, headers=headers)) or b""
    writer.write(request + (wire.send(h11.EndOfMessage()) or b""))
    await writer.drain()
    taken = 0
    while True:
        event = wire.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(_CHUNK)
            taken += len(data)
            if taken > MAX_BYTES:
                raise _Failed(Outcome.NO_ANSWER)
            wire.receive_data(data)
        elif isinstance(event, h11.Response):
            told = {name: value.decode("latin-1") for name, value in event.headers}
            return _Answer(event.status_code, told.get(b"location", ""), told.get(b"retry-after", ""))
        elif not isinstance(event, h11.InformationalResponse):
            raise EOFError


def _wait(said: str) -> timedelta | None:
    """How long a website asks us to wait, in seconds or until a date; None where it does not."""
    if _SECONDS_TEXT.fullmatch(said):
        return timedelta(seconds=int(said))
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(until - clock.now(), timedelta()) if until.tzinfo else None


async def resolve_name(host: str, port: int) -> list[str]:
    """Every address that the machine's name servers answer, in the order to be tried."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    found = await asyncio.get_running_loop().run_in_executor(_askers(), ask)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


@cache
def _askers() -> ThreadPoolExecutor:
    """Threads that wait for name servers; the process's own are few, and a name without an answer would keep files waiting."""
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="names")


async def connect_to(address: str, port: int, name: str | None) -> Streams:
    """A connection to an address by number, with the certificate of `name` where it is not None."""
    return await asyncio.open_connection(address, port, ssl=_trust() if name else None, server_hostname=name)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


INTERNET = Network(resolve_name, connect_to)
