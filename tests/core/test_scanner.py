"""Talking to a virus scanner: what is clean, what is not, and everything else that it may say or not say."""

import asyncio
import io
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from marstraining.core.scanner import CannotScan, ScannerAway, ping, scan
from tests.scanners import EICAR, Scanner, a_scanner


@pytest_asyncio.fixture
async def scanner() -> AsyncIterator[Scanner]:
    async with a_scanner() as listening:
        yield listening


async def test_what_is_clean_is_said_to_be_and_what_is_not_is_named(scanner: Scanner) -> None:
    large = b"%PDF-" + bytes(3_000_000)
    assert [await scan(scanner.url, io.BytesIO(data)) for data in (large, b"x" + EICAR, b"")] == ["", "Eicar-Test-Signature", ""]
    assert scanner.scanned == [large, b"x" + EICAR, b""]
    await ping(scanner.url)


async def test_a_scanner_can_listen_at_a_socket(tmp_path: Path) -> None:
    async with a_scanner(tmp_path / "clamd.sock") as listening:
        assert await scan(listening.url, io.BytesIO(EICAR)) == "Eicar-Test-Signature"
        await ping(listening.url)


@pytest.mark.parametrize(
    "answer",
    [b"", b"OK", b"stream: OK\n", b"stream: FOUND\0", b"\0", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"stream: OKAY\0", b"x" * 9000 + b"\0",
     b"stream: NOT OK\0", b"\xff\xfe\0"],
)  # fmt: skip
async def test_an_answer_that_no_scanner_gives_leaves_a_file_unknown(scanner: Scanner, answer: bytes) -> None:
    scanner.answers = lambda _: answer
    with pytest.raises(ScannerAway):
        await scan(scanner.url, io.BytesIO(b"x"), deadline=5)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", "Win.Test.EICAR_HDB-1"),
        (b"stream: A\x1bB\x07 of two words FOUND\0", "AB of two words"),
        (b"stream: " + b"y" * 300 + b" FOUND\0", "y" * 100),
    ],
)
async def test_a_threats_name_is_fit_to_be_shown(scanner: Scanner, answer: bytes, said: str) -> None:
    scanner.answers = lambda _: answer
    assert await scan(scanner.url, io.BytesIO(b"x")) == said


async def test_a_file_that_the_scanner_will_not_have_is_told_from_a_scanner_that_is_away(scanner: Scanner) -> None:
    scanner.most = 500_000
    with pytest.raises(CannotScan, match="INSTREAM size limit exceeded"):
        await scan(scanner.url, io.BytesIO(bytes(2_000_000)))
    scanner.answers = lambda _: b"stream: Can't allocate memory ERROR\0"
    with pytest.raises(CannotScan, match="Can't allocate memory"):
        await scan(scanner.url, io.BytesIO(b"x"))


async def test_a_scanner_that_does_not_answer_in_time_is_away(scanner: Scanner) -> None:
    scanner.answers = lambda _: None
    began = time.monotonic()
    with pytest.raises(ScannerAway):
        await scan(scanner.url, io.BytesIO(b"x"), deadline=0.2)
    assert time.monotonic() - began < 5


async def test_where_nobody_listens_the_scanner_is_away(tmp_path: Path) -> None:
    async with a_scanner() as gone:
        pass
    for url in (gone.url, f"clamd://{tmp_path / 'none.sock'}", "clamd://no-such-host.invalid:3310"):
        with pytest.raises(ScannerAway):
            await scan(url, io.BytesIO(b"x"))
        with pytest.raises(ScannerAway):
            await ping(url)


async def test_another_program_at_its_port_is_no_scanner() -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n\0")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(rude, "127.0.0.1", 0)
    url = f"clamd://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for work in (ping(url), scan(url, io.BytesIO(b"x"))):
        with pytest.raises(ScannerAway):
            await work
    server.close()
