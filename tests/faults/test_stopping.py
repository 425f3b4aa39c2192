"""R4, stopping: what is in hand is finished, nobody new is let in, no process is left over, and the exit code is 0."""

import asyncio
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from marstraining.core import clock as house_clock
from marstraining.core.config import Settings
from marstraining.core.db import rows
from tests.faults.processes import Running, all_gone, children_of, serving, working
from tests.messages.letters import a_letter, queued, states
from tests.messages.smtp_server import mail_server

pytestmark = [
    pytest.mark.faults,
    pytest.mark.usefixtures("db"),
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes as Linux shows them"),
]

# Signals and processes are the same whatever the database, and starting some takes seconds.
ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
BODY = b"email=asha%40school.example"
HEAD = (
    b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nSec-Fetch-Site: same-origin\r\nExpect: 100-continue\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)


class SlowRequest:
    """A request whose form is still being sent: the process has it in hand, and it lasts until `finish`."""

    async def begin(self, web: Running) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", web.port)
        self._writer.write(HEAD)
        # Said when the page begins to read the form.
        assert await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 30) == b"HTTP/1.1 100 Continue\r\n\r\n"

    async def finish(self) -> bytes:
        """Send the rest; the first line of the answer, empty where there is none."""
        self._writer.write(BODY)
        answer = await asyncio.wait_for(self._reader.readline(), 30)
        self._writer.close()
        return answer.strip()


async def nobody_is_let_in(web: Running) -> None:
    """Wait until connecting is refused."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", web.port)
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("dialect", "options"),
    [pytest.param("sqlite", (), id="one process"), pytest.param("postgres", ("--workers", "2", "--with-worker"), id="two and a worker")],
    indirect=["dialect"],
)
async def test_r4_told_to_stop_it_answers_what_is_in_hand_lets_nobody_in_and_exits_0(
    settings: Settings, dialect: str, options: tuple[str, ...]
) -> None:
    async with serving(settings, *options) as web:
        slow = SlowRequest()
        await slow.begin(web)
        children = children_of(web.pid)
        web.tell()
        await nobody_is_let_in(web)
        # A second signal changes nothing.
        web.tell()
        assert await slow.finish() == b"HTTP/1.1 303 See Other"
        assert await web.ended() == 0
        await all_gone(children)
    assert await rows("SELECT count(*) AS n FROM people_attempt") != [{"n": 0}]


@ONE_DATABASE
async def test_r4_ctrl_c_ends_it_well_and_a_second_one_waits_for_nobody(settings: Settings, dialect: str) -> None:
    async with serving(settings, "--with-worker") as web:
        slow = SlowRequest()
        await slow.begin(web)
        children = children_of(web.pid)
        web.tell(signal.SIGINT)
        await nobody_is_let_in(web)
        web.tell(signal.SIGINT)
        assert await web.ended(seconds=10) == 0
        await all_gone(children)
        assert b" 303 " not in await slow.finish()
    assert await rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


@ONE_DATABASE
async def test_r4_killed_outright_it_leaves_no_process_behind(settings: Settings, dialect: str) -> None:
    async with serving(settings, "--workers", "2", "--with-worker") as web:
        children = children_of(web.pid)
        assert len(children) >= 3
        await web.kill()
        await all_gone(children)


async def test_r4_a_worker_told_to_stop_finishes_the_letter_in_hand_gives_back_the_rest_and_exits_0(settings: Settings) -> None:
    await queued(*(a_letter(f"l-{number}") for number in range(30)), now=house_clock.now())
    async with mail_server() as server:
        server.door.clear()
        async with working(replace(settings, smtp_url=server.url)) as worker:
            await asyncio.wait_for(server.waits.wait(), 30)
            worker.tell()
            worker.tell(signal.SIGINT)
            server.door.set()
            assert await worker.ended() == 0
    told = Counter((await states()).values())
    # Two lanes take letters of this kind, so one or two were in hand.
    assert told == {"sent": len(server.messages), "waiting": 30 - len(server.messages)}
    assert len(server.messages) in {1, 2}
    assert await rows("SELECT 1 FROM messages_letter WHERE lease_by IS NOT NULL") == []
