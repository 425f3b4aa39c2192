import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from marstraining import worker
from marstraining.commands import supervising
from marstraining.core import clock as house_clock
from marstraining.core.config import Settings
from marstraining.core.db import rows
from tests.conftest import SECRET_KEY
from tests.messages.faulty_smtp import faulty_server
from tests.messages.letters import a_letter, queued, states
from tests.messages.smtp_server import mail_server

pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("db")]


async def test_r3_a_job_that_fails_is_counted_and_stops_neither_itself_nor_the_others() -> None:
    stop = asyncio.Event()
    ran: list[str] = []
    failures: Counter[str] = Counter()

    async def failing(*, now: datetime) -> None:
        ran.append("failing")
        raise RuntimeError("a fault")

    async def working(*, now: datetime) -> None:
        ran.append("working")
        if ran.count("failing") >= 2 and ran.count("working") >= 2:
            stop.set()

    await asyncio.wait_for(
        asyncio.gather(worker.repeat(failing, 0.01, stop, failures), worker.repeat(working, 0.01, stop, failures)), timeout=5
    )
    assert failures["failing"] >= 2
    assert failures["working"] == 0


async def test_r7_when_a_job_ended_well_is_noted_and_since_when_it_fails() -> None:
    stop = asyncio.Event()
    fails = True

    async def send_things(*, now: datetime) -> None:
        nonlocal fails
        if fails:
            fails = False
            raise RuntimeError("a fault")
        stop.set()

    before = house_clock.now()
    await asyncio.wait_for(worker.repeat(send_things, 0.01, stop, Counter()), timeout=5)
    [noted] = await rows("SELECT name, ended_at, due_at, failing_since FROM history_job", instants=("ended_at", "due_at"))
    assert (noted["name"], noted["failing_since"]) == ("send_things", None)
    assert before <= noted["ended_at"] < noted["due_at"]


async def test_the_worker_sends_a_letter_soon_after_it_was_queued(settings: Settings) -> None:
    stop = asyncio.Event()
    async with mail_server() as server:
        working = asyncio.create_task(worker.run(replace(settings, smtp_url=server.url), stop))
        await asyncio.sleep(0.3)
        await queued(a_letter("l-1"), now=house_clock.now())
        await server.wait_for("asha@school.example", seconds=5)
        stop.set()
        await asyncio.wait_for(working, timeout=10)
    assert await states() == {"l-1": "sent"}


async def test_r4_told_to_stop_the_worker_finishes_the_letter_in_hand_and_gives_back_the_rest(settings: Settings) -> None:
    stop = asyncio.Event()
    await queued(*(a_letter(f"l-{number}") for number in range(30)), now=house_clock.now())
    async with mail_server() as server:
        server.slowness = 0.2
        working = asyncio.create_task(worker.run(replace(settings, smtp_url=server.url), stop))
        await server.wait_for("asha@school.example", seconds=5)
        stop.set()
        await asyncio.wait_for(working, timeout=10)
    told = Counter((await states()).values())
    assert told["sent"] == len(server.messages)
    assert told == {"sent": told["sent"], "waiting": 30 - told["sent"]}
    assert await rows("SELECT 1 FROM messages_letter WHERE lease_by IS NOT NULL") == []


async def test_r4_a_server_that_hangs_does_not_keep_the_worker_from_stopping(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "GRACE_SECONDS", 0.5)
    stop = asyncio.Event()
    await queued(a_letter("l-1"), now=house_clock.now())
    async with faulty_server(["greeting never"] * 10) as server:
        working = asyncio.create_task(worker.run(replace(settings, smtp_url=server.url), stop))
        async with asyncio.timeout(5):
            while not server.connections:  # noqa: ASYNC110 - the server is another's code here
                await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(working, timeout=5)
    assert await states() == {"l-1": "waiting"}


def _environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "MARS_DATA_DIR": str(settings.data_dir),
        "MARS_DATABASE_URL": settings.database_url,
        "MARS_SECRET_KEY": SECRET_KEY,
        "MARS_BASE_URL": settings.base_url,
        "MARS_SMTP_URL": settings.smtp_url,
        "MARS_MAIL_FROM": settings.mail_from,
    }


async def _letters_in(folder: Path, number: int, *, seconds: float = 20) -> list[Path]:
    async with asyncio.timeout(seconds):
        while len(found := _files(folder)) < number:  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.1)
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.eml"))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that ended and that nobody has waited for still answers.
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text() if Path(f"/proc/{pid}").exists() else False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes as Linux shows them")
async def test_r4_a_worker_child_is_started_again_when_it_dies_and_ends_with_the_block(settings: Settings) -> None:
    mail = settings.data_dir / "mail"
    with supervising.start_worker_child(_environment(settings)):
        await queued(a_letter("l-1"), now=house_clock.now())
        await _letters_in(mail, 1)
        [first] = [pid for pid in _own_children() if "marstraining.worker" in _command(pid)]
        os.kill(first, signal.SIGKILL)
        await queued(a_letter("l-2"), now=house_clock.now())
        await _letters_in(mail, 2)
        [second] = [pid for pid in _own_children() if "marstraining.worker" in _command(pid)]
        assert second != first
    assert not _is_alive(second)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes as Linux shows them")
async def test_r4_a_worker_child_ends_when_its_parent_is_killed(settings: Settings) -> None:
    program = (
        "import time\nfrom marstraining.commands.supervising import start_worker_child\nwith start_worker_child():\n    time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], env=_environment(settings))  # noqa: ASYNC220, S603 - ended in this test
    try:
        await queued(a_letter("l-1"), now=house_clock.now())
        await _letters_in(settings.data_dir / "mail", 1)
        [child] = [pid for thread in _tasks(parent.pid) for pid in thread]
        parent.kill()
        parent.wait()
        async with asyncio.timeout(10):
            while _is_alive(child):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        assert not _is_alive(child)
    finally:
        parent.kill()
        parent.wait()


def _tasks(pid: int) -> list[list[int]]:
    """The children of each thread of a process."""
    return [[int(child) for child in path.read_text().split()] for path in Path(f"/proc/{pid}/task").glob("*/children")]


def _own_children() -> list[int]:
    return [child for children in _tasks(os.getpid()) for child in children]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""


def test_every_job_is_named_for_the_log() -> None:
    assert all(seconds > 0 and job.__name__ for seconds, job in worker.JOBS)
