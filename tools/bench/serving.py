"""Servers under measurement, each a process of its own, ended by its id."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from marstraining.core.config import Settings
from tests.conftest import SECRET_KEY
from tools.bench.load import fetched, get

OURS = "marstraining.commands.serving:application"
BARE = "tools.bench.bare:application"
ROOT = Path(__file__).resolve().parent.parent.parent


def environ(settings: Settings, folder: Path, port: int) -> dict[str, str]:
    """The environment of a process that serves, or works, on the measured database."""
    return {
        **os.environ,
        "MARS_DATA_DIR": str(settings.data_dir),
        "MARS_DATABASE_URL": settings.database_url,
        "MARS_SECRET_KEY": SECRET_KEY,
        "MARS_BASE_URL": f"http://127.0.0.1:{port}",
        "MARS_LOG_LEVEL": "ERROR",
        "MARS_BENCH_FOLDER": str(folder),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
    }


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def serving(factory: str, settings: Settings, folder: Path) -> AsyncIterator[tuple[int, int]]:
    """Serve an application by uvicorn with one process; gives its port and its process id."""
    port = _free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "uvicorn", factory, "--factory", "--host", "127.0.0.1", "--port", str(port),
        "--log-level", "critical", "--no-access-log", "--no-server-header", cwd=ROOT, env=environ(settings, folder, port),
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            while not await _is_up(port):  # noqa: ASYNC110 - another process comes up, which sets no event here
                await asyncio.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        await process.wait()


async def _is_up(port: int) -> bool:
    try:
        await fetched(port, "/healthz")
    except OSError:
        return False
    return True


def memory_of(pid: int) -> float:
    """The resident memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def cold_start(settings: Settings, folder: Path) -> tuple[float, float]:
    """Seconds from starting `marstraining serve` to its first page, and its memory in MB then."""
    port = _free_port()
    began = time.perf_counter()
    command = [sys.executable, "-m", "marstraining", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environ(settings, folder, port), stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    try:
        while time.perf_counter() - began < 20:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
                    link.sendall(get("/programme", Connection="close"))
                    if link.recv(12) == b"HTTP/1.1 200":
                        break
            except OSError:
                time.sleep(0.005)
        return time.perf_counter() - began, memory_of(process.pid)
    finally:
        process.terminate()
        process.wait(20)
