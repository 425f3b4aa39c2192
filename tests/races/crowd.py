"""Two web processes and a crowd at their doors: bounded, on this machine alone, ended by their ids."""

import asyncio
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx2

from marstraining.core.config import Settings
from marstraining.core.tokens import hash_token, new_ref
from marstraining.core.web.csrf import _mac
from marstraining.people.models import Person, SignIn
from tests.conftest import SECRET_KEY
from tests.makers import LONG_AGO

ROOT = Path(__file__).resolve().parent.parent.parent
SALT = "0123456789abcdef"
CONNECTIONS = 100


@dataclass
class Web:
    """A web process that can be killed and started again on the same port."""

    settings: Settings
    port: int
    lock_off: bool = False
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        environ = {**_environment(self.settings), "MARS_RACE_LOCK_OFF": "1" if self.lock_off else ""}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "uvicorn", "tests.races.served:app", "--host", "127.0.0.1", "--port", str(self.port),
            "--log-level", "critical", cwd=ROOT, env=environ,
        )  # fmt: skip
        async with asyncio.timeout(90):
            while not await self.is_up():  # noqa: ASYNC110 - another process comes up, which sets no event here
                await asyncio.sleep(0.05)

    async def is_up(self) -> bool:
        try:
            async with httpx2.AsyncClient() as http:
                return (await http.get(f"http://127.0.0.1:{self.port}/healthz")).status_code == 200
        except httpx2.TransportError:
            return False

    async def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def end(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "MARS_DATA_DIR": str(settings.data_dir),
        "MARS_DATABASE_URL": settings.database_url,
        "MARS_SECRET_KEY": SECRET_KEY,
        "MARS_BASE_URL": "http://127.0.0.1:8000",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
    }


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Crowd:
    """Signed-in people, each with one request; `answers` counts what they got, `acknowledged` is who was told 303."""

    webs: Sequence[Web]
    answers: Counter[str] = field(default_factory=Counter)
    acknowledged: list[int] = field(default_factory=list)

    @property
    def told(self) -> frozenset[int]:
        """Who was told that they have a place."""
        return frozenset(self.acknowledged)

    async def send(self, requests: Sequence[tuple[int, str, dict[str, str]]], *, tries: int = 1) -> None:
        """Send (person, path, form) for everyone at once over a hundred connections; an unanswered request is tried again."""
        limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        queue = list(enumerate(requests))
        async with httpx2.AsyncClient(limits=limits, timeout=60) as http:

            async def work() -> None:
                while queue:
                    number, request = queue.pop(0)
                    await self._one(http, number, request, tries=tries)

            await asyncio.gather(*(work() for _ in range(CONNECTIONS)))

    async def _one(self, http: httpx2.AsyncClient, number: int, request: tuple[int, str, dict[str, str]], *, tries: int) -> None:
        person, path, form = request
        for turn in range(tries):
            web = self.webs[(number + turn) % len(self.webs)]
            try:
                answer = await http.post(
                    f"http://127.0.0.1:{web.port}{path}",
                    data={"csrf_token": SALT + _mac(f"csrf-{person}", SALT), **form},
                    headers={"Cookie": f"sid=token-{person}", "Sec-Fetch-Site": "same-origin"},
                )
            except httpx2.TransportError:
                await asyncio.sleep(0.3)
                continue
            self.answers[str(answer.status_code)] += 1
            if answer.status_code == 303:
                self.acknowledged.append(person)
            return
        self.answers["unanswered"] += 1


async def people(count: int, *, now: datetime) -> list[int]:
    """So many people, each signed in by a token that follows from their number."""
    await Person.bulk_create(
        [Person(ref=new_ref(), name=f"Learner {n}", email=f"learner{n}-{new_ref()}@example.org", created_at=LONG_AGO) for n in range(count)]
    )
    ids = [row["id"] for row in await Person.all().order_by("-id").limit(count).values("id")]
    await SignIn.bulk_create(
        [
            SignIn(
                token_hash=hash_token(f"token-{person}"), person_id=person, csrf=f"csrf-{person}", created_at=now, last_seen_at=now,
                expires_at=now + timedelta(days=1), idle_minutes=600,
            )
            for person in ids
        ]
    )  # fmt: skip
    return sorted(ids)


async def with_webs(settings: Settings, work: Callable[[Sequence[Web]], Awaitable[None]], *, lock_off: bool = False) -> None:
    """Run the work with two web processes up, and end them whatever happens."""
    webs = [Web(settings, free_port(), lock_off) for _ in range(2)]
    try:
        await asyncio.gather(*(web.start() for web in webs))
        await work(webs)
    finally:
        for web in webs:
            await web.end()
