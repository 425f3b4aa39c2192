"""Speed as ratios to what the machine can do at most, in one run: `python -m tools.bench`; ends with 1 where a wanted ratio is missed.

Each figure of ours stands beside a bare one measured a moment before on the same machine, so that a noisy machine harms both.
"""

import asyncio
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from jinja2 import DictLoader, Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from marstraining.app import WATCHED, create_app
from marstraining.bookings.actions import book_place
from marstraining.bookings.rules import BookPlace
from marstraining.core import config
from marstraining.core.config import Settings
from marstraining.core.db import connect, execute, hold, migrate, stamp, transaction
from marstraining.core.viewer import Viewer
from marstraining.programme.models import Session
from tests import makers
from tests.conftest import make_settings
from tests.postgres import throw_away_postgres
from tests.races.crowd import SALT, _mac, people

CONNECTIONS = 8


@dataclass(frozen=True)
class Line:
    """One comparison: `ours` and `bare` in answers a second."""

    what: str
    ours: float
    bare: float
    wanted: float

    @property
    def ratio(self) -> float:
        return self.ours / self.bare if self.bare else 0.0


async def rate(port: int, requests: Sequence[bytes], *, wanted_status: bytes) -> float:
    """Answers a second over a few kept connections; each answer must begin with the wanted status."""
    queue = list(requests)
    count = len(queue)

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while queue:
            writer.write(queue.pop())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 " + wanted_status):
                raise RuntimeError(head.split(b"\r\n")[0].decode())
            length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
            await reader.readexactly(length)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return count / (time.perf_counter() - began)


def get(path: str, **headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(path: str, person: int) -> bytes:
    body = f"csrf_token={SALT}{_mac(f'csrf-{person}', SALT)}".encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sid=token-{person}\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[int]:
    """Serve an application in this loop on a port of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off", access_log=False))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn sets a flag, no event
        await asyncio.sleep(0.01)
    yield port
    server.should_exit = True
    await task


async def best(measure: Callable[[], Awaitable[float]], turns: int = 3) -> float:
    return max([await measure() for _ in range(turns)])


async def fetched(port: int, path: str, **headers: str) -> tuple[dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get(path, **headers))
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    found = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])}
    body = await reader.readexactly(int(found.get("content-length", "0")))
    writer.close()
    return found, body


async def compare(settings: Settings) -> list[Line]:
    """All comparisons on one database."""
    now = datetime.now(UTC)
    config.use(settings)
    learners = await people(1000, now=now)
    course = await makers.make_course("Child Protection")
    sessions = [await makers.make_session(course=course, now=now, starts=now + timedelta(days=10 + n), capacity=40) for n in range(200)]
    for n in range(8):
        await book_place(BookPlace(session_id=sessions[n].id, learner_id=learners[0]), by=Viewer(person_id=learners[0]), now=now)
    app = create_app(settings, connect_database=False, is_watching=False)
    watch = asyncio.create_task(app.kept.watch(lambda: stamp(WATCHED)))
    await asyncio.sleep(0.2)
    lines = []
    async with serving(app) as ours:
        _, page = await fetched(ours, "/programme", Accept_Encoding="gzip")
        headers, feed = await fetched(ours, "/calendar/programme.ics")
        _, me = await fetched(ours, "/me", Cookie=f"sid=token-{learners[0]}")
        bare = bare_app(page, feed, me, sessions)
        async with serving(bare) as limit:
            for what, path, bare_path, extra, status, wanted in (
                ("programme page, 50 of 200", "/programme", "/page", {"Accept_Encoding": "gzip"}, b"200", 0.5),
                ("feed of 200 sessions", "/calendar/programme.ics", "/feed", {}, b"200", 0.5),
                ("the feed unchanged, 304", "/calendar/programme.ics", "/empty", {"If_None_Match": headers["etag"]}, b"304", 0.7),
                ("my training, signed in", "/me", "/jinja", {"Cookie": f"sid=token-{learners[0]}"}, b"200", 0.5),
            ):
                count = 400 if path == "/me" else 2000
                limit_rate = await best(lambda p=bare_path, n=count: rate(limit, [get(p)] * n, wanted_status=b"200"))  # type: ignore[misc]
                our_rate = await best(lambda p=path, n=count, h=extra, s=status: rate(ours, [get(p, **h)] * n, wanted_status=s))  # type: ignore[misc]
                lines.append(Line(what, our_rate, limit_rate, wanted))
            watch.cancel()
            attempts = [post(f"/sessions/{sessions[n % 200].ref}/book", person) for n, person in enumerate(learners[100:500])]
            bare_bookings = await rate(limit, [get(f"/transaction?n={n}") for n in range(400)], wanted_status=b"200")
            bookings = await rate(ours, attempts, wanted_status=b"303")
            lines.append(Line("a booking with all its rules", bookings, bare_bookings, 0.35))
        fifty = await makers.make_session(course=course, now=now, starts=now + timedelta(days=300), capacity=50)
        began = time.perf_counter()
        await crowd_of(ours, fifty.ref, learners[500:700])
        lines.append(Line("200 attempts on 50 places: seconds allowed over taken", 2.0, time.perf_counter() - began, 1.0))
    return lines


async def crowd_of(port: int, ref: str, learners: Sequence[int]) -> None:
    """Two hundred people at one session; 303 or 422 each."""

    async def one(person: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(f"/sessions/{ref}/book", person))
        status = (await reader.readline()).split()[1]
        if status not in {b"303", b"422"}:
            raise RuntimeError(status.decode())
        writer.close()

    await asyncio.gather(*(one(person) for person in learners))


def bare_app(page: bytes, feed: bytes, me: bytes, sessions: Sequence[Session]) -> Starlette:
    """The same bytes, a page of the same size by Jinja, and a transaction of as many rows, with nothing else."""
    row = "<li class='card'><a href='{{ item.href }}'>{{ item.title }}</a><p>{{ item.text }}</p></li>\n"
    template = Environment(autoescape=True, loader=DictLoader({"me": "{% for item in items %}" + row + "{% endfor %}"})).get_template("me")
    item = {"href": "/bookings/0123456789", "title": "Child Protection", "text": "Tuesday 3 March 2026, 9:30am to 12:30pm"}
    items = [item] * (len(me) // len(template.render(items=[item])) + 1)

    async def show_page(_request: Request) -> Response:
        return Response(page, media_type="text/html", headers={"content-encoding": "gzip"})

    async def show_feed(_request: Request) -> Response:
        return Response(feed, media_type="text/calendar")

    async def show_jinja(_request: Request) -> Response:
        return HTMLResponse(template.render(items=items))

    async def nothing(_request: Request) -> Response:
        return Response()

    async def write(request: Request) -> Response:
        number = int(request.query_params["n"])
        now = datetime.now(UTC)
        async with transaction():
            await hold(Session, sessions[number % 200].id)
            for place in range(5):  # a booking, its transition, its letter, its calendar entry, its row of history
                await execute(
                    "INSERT INTO history_entry (at, actor_id, actor_role, action, subject_kind, subject_id, detail)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    now, number, "learner", "bench", "booking", place, "{}",
                )  # fmt: skip
        return Response()

    return Starlette(
        routes=[
            Route("/page", show_page), Route("/feed", show_feed), Route("/jinja", show_jinja), Route("/empty", nothing),
            Route("/transaction", write),
        ]
    )  # fmt: skip


def cold_start(folder: Path) -> tuple[float, float]:
    """Seconds from starting a process to its first page, and its memory in MB."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environ = {**os.environ, "MARS_DATA_DIR": str(folder), "MARS_SECRET_KEY": "0f8a7c5e9b1d4263a4c8e0f2d6b79153"}
    environ["MARS_BASE_URL"] = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    command = [sys.executable, "-m", "marstraining", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    try:
        while time.perf_counter() - began < 20:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
                    link.sendall(get("/programme", Connection="close"))
                    if link.recv(12) == b"HTTP/1.1 200":
                        break
            except OSError:
                time.sleep(0.01)
        taken = time.perf_counter() - began
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024
    finally:
        process.terminate()
        process.wait(10)
    return taken, memory


async def on_database(url: str, folder: Path) -> list[Line]:
    settings = make_settings(folder, url)
    config.use(settings)
    await migrate(settings)
    async with connect(settings):
        return await compare(settings)


def main() -> int:
    """Print the table; 1 where something wanted is missed."""
    missed = 0

    def tell(lines: Sequence[Line]) -> None:
        nonlocal missed
        for line in lines:
            word = "ok" if line.ratio >= line.wanted else "MISSED"
            missed += word != "ok"
            print(f"  {line.what:55} {line.ours:10.1f} {line.bare:10.1f} {line.ratio:6.2f}  wanted {line.wanted:4.2f}  {word}")

    with tempfile.TemporaryDirectory() as folder:
        print("SQLite, synchronous FULL")
        tell(asyncio.run(on_database(f"sqlite://{folder}/bench.sqlite3", Path(folder))))
    with tempfile.TemporaryDirectory() as folder, throw_away_postgres() as server:
        print("PostgreSQL")
        tell(asyncio.run(on_database(server.url("postgres"), Path(folder))))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(migrate(make_settings(Path(folder), f"sqlite://{folder}/marstraining.sqlite3")))
        seconds, memory = cold_start(Path(folder))
        print("A web process")
        tell([Line("cold start: seconds allowed over taken", 1.5, seconds, 1.0), Line("memory: MB allowed over taken", 90, memory, 1.0)])
    print(f"Peak of this program: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
