"""The service's own processes as an operator runs them: started by their command, told to stop, killed, and never left behind."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from marstraining.core.config import Settings
from tests.conftest import SECRET_KEY
from tests.races.crowd import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
METRICS_TOKEN = "a-token-of-the-collector"
# Far above what is needed, since the machine may be busy with other things.
_SECONDS_TO_START = 60


def environment(settings: Settings, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a process of these settings finds in its environment."""
    return {
        **os.environ,
        "MARS_DATA_DIR": str(settings.data_dir),
        "MARS_DATABASE_URL": settings.database_url,
        "MARS_SECRET_KEY": SECRET_KEY,
        "MARS_BASE_URL": settings.base_url,
        "MARS_SMTP_URL": settings.smtp_url,
        "MARS_MAIL_FROM": settings.mail_from,
        "MARS_METRICS_TOKEN": METRICS_TOKEN,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
        **(more or {}),
    }


class Running:
    """A process and every line that it logs."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port
        self.lines: list[dict[str, Any]] = []
        self._said = asyncio.Condition()
        self._reader = asyncio.get_running_loop().create_task(self._read())

    @property
    def pid(self) -> int:
        return self.process.pid

    async def _read(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            try:
                said = json.loads(line)
            except ValueError:
                said = {"event": line.decode(errors="replace").rstrip()}
            async with self._said:
                self.lines.append(said)
                self._said.notify_all()
        async with self._said:
            self._said.notify_all()

    def events(self) -> list[str]:
        """What it said so far."""
        return [str(line.get("event")) for line in self.lines]

    async def said(self, event: str, *, times: int = 1, seconds: float = _SECONDS_TO_START) -> None:
        """Wait until it has logged an event so often."""
        async with asyncio.timeout(seconds), self._said:
            await self._said.wait_for(lambda: self.events().count(event) >= times or self._reader.done())
        assert self.events().count(event) >= times, f"it ended without saying {event!r}: {self.events()}"

    def tell(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    async def ended(self, *, seconds: float = 20) -> int:
        """Its exit code, once it has ended."""
        async with asyncio.timeout(seconds):
            code = await self.process.wait()
            await self._reader
        return code

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()

    def http(self, *, cookie: str = "", **more: Any) -> httpx2.AsyncClient:
        """A client of the web process; with a cookie, of who is signed in by it."""
        headers = {"Sec-Fetch-Site": "same-origin", **({"Cookie": f"sid={cookie}"} if cookie else {})}
        return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=30, **more)

    async def is_up(self) -> bool:
        try:
            async with self.http() as http:
                return (await http.get("/healthz")).status_code == 200
        except httpx2.TransportError:
            return False


@asynccontextmanager
async def _running(command: Sequence[str], env: Mapping[str, str], port: int = 0) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, cwd=ROOT, env=env, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, limit=2**22
    )
    running = Running(process, port)
    try:
        yield running
    finally:
        await running.kill()


@asynccontextmanager
async def serving(settings: Settings, *options: str, more: Mapping[str, str] | None = None) -> AsyncIterator[Running]:
    """`marstraining serve` on a free port, once it answers."""
    port = free_port()
    async with _running(["marstraining", "serve", "--port", str(port), *options], environment(settings, more), port) as web:
        async with asyncio.timeout(_SECONDS_TO_START):
            while not await web.is_up():
                assert web.process.returncode is None, web.events()
                await asyncio.sleep(0.05)
        yield web


@asynccontextmanager
async def working(settings: Settings, *, module: str = "", more: Mapping[str, str] | None = None) -> AsyncIterator[Running]:
    """`marstraining worker`, once it works; or a module that runs one otherwise."""
    command = [module] if module else ["marstraining", "worker"]
    async with _running(command, environment(settings, more)) as worker:
        await worker.said("worker started")
        yield worker


async def until(ask: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
    """Wait until the answer is yes."""
    async with asyncio.timeout(seconds):
        while not await ask():  # noqa: ASYNC110 - for what other processes do, which sets no event here
            await asyncio.sleep(0.1)


async def figure(web: Running, name: str) -> float | None:
    """One figure as the collector reads it."""
    async with web.http() as http:
        told = (await http.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})).text
    found = re.search(rf"^{re.escape(name)} ([0-9.e+-]+)$", told, re.MULTILINE)
    return None if found is None else float(found[1])


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that have not ended, with theirs."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += [int(child), *children_of(int(child))]
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody has waited for does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


async def all_gone(pids: Sequence[int], *, seconds: float = 20) -> None:
    """Wait until none of the processes runs any more."""
    async with asyncio.timeout(seconds):
        while any(is_alive(pid) for pid in pids):  # noqa: ASYNC110 - other processes end, which sets no event here
            await asyncio.sleep(0.05)
