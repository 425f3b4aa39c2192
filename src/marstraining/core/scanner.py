"""A virus scanner that speaks clamd's protocol: the bytes of a file are sent to it, and it says whether it knows them."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

SCAN_SECONDS = 60.0
# A scanner that is there says so at once.
PING_SECONDS = 5.0
_PORT = 3310
_CHUNK = 256 * 1024
_LONGEST_ANSWER = 4096
_ANSWER = re.compile(r"stream: (?:(?P<clean>OK)|(?P<threat>.+) FOUND)|(?:stream: )?(?P<fault>.+?)\.? ERROR")
_LONGEST_THREAT = 100


class ScannerAway(Exception):  # noqa: N818 - the scanner's state, not a fault of ours
    """Nothing is known of a file: the scanner cannot be reached, is not done in time, or answers what no scanner does."""


class CannotScan(Exception):  # noqa: N818
    """The scanner is there and will not look at this file, for one because it is larger than it takes; its own words say why."""


async def scan(url: str, source: BinaryIO, *, deadline: float = SCAN_SECONDS) -> str:
    """The name of the threat that a scanner finds in a file, "" where it finds none.

    `url` is as MARS_SCAN_URL says, `deadline` in seconds for the whole. Raises ScannerAway and CannotScan. Anything but a
    plain word that the file is clean counts as not known.
    """
    try:
        async with asyncio.timeout(deadline):
            answer = await _sent(url, source)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ScannerAway(str(error) or type(error).__name__) from error
    understood = _ANSWER.fullmatch(answer)
    if understood is None:
        raise ScannerAway("the answer is not understood")
    if understood["fault"]:
        raise CannotScan(_shown(understood["fault"]))
    return "" if understood["clean"] else _shown(understood["threat"]) or "unnamed"


async def ping(url: str, *, deadline: float = PING_SECONDS) -> None:
    """Ask whether a scanner is there; ScannerAway where it is not."""
    try:
        async with asyncio.timeout(deadline), _conversation(url) as (reader, writer):
            writer.write(b"zPING\0")
            await writer.drain()
            answer = await _answer(reader)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ScannerAway(str(error) or type(error).__name__) from error
    if answer != "PONG":
        raise ScannerAway("the answer is not understood")


async def _sent(url: str, source: BinaryIO) -> str:
    """The answer to a file. It is waited for from the first byte on: a scanner that will not have a file says so and hangs up."""
    async with _conversation(url) as (reader, writer):
        answer = asyncio.create_task(_answer(reader))
        try:
            with suppress(ConnectionError):
                writer.write(b"zINSTREAM\0")
                while not answer.done() and (chunk := await asyncio.to_thread(source.read, _CHUNK)):
                    writer.write(len(chunk).to_bytes(4, "big") + chunk)
                    await writer.drain()
                writer.write(bytes(4))
                await writer.drain()
            return await answer
        finally:
            answer.cancel()


async def _answer(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\0"))[:-1].decode("utf-8", "replace").strip()


@asynccontextmanager
async def _conversation(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    address = urlsplit(url)
    if address.hostname:
        reader, writer = await asyncio.open_connection(address.hostname, address.port or _PORT, limit=_LONGEST_ANSWER)
    else:
        reader, writer = await asyncio.open_unix_connection(unquote(address.path), limit=_LONGEST_ANSWER)
    try:
        yield reader, writer
    finally:
        # What was not sent is not waited for.
        writer.transport.abort()


def _shown(said: str) -> str:
    return "".join(letter for letter in said if letter.isprintable()).strip()[:_LONGEST_THREAT]
