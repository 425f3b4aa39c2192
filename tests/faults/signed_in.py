"""People at the processes' doors: signed in by a token that follows from their number, each request timed."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from marstraining.core.web.csrf import _mac
from tests.faults.processes import Running
from tests.races.crowd import SALT

# What R4 allows for saying that the database is away.
SECONDS_TO_SAY_SO = 5.0


@dataclass(frozen=True)
class Answer:
    """What came back: the status, whether it says when to try again, the body, and how long it took."""

    status: int
    says_when: bool
    text: str
    seconds: float

    @property
    def says_away(self) -> bool:
        """Whether it is the page that says so, in time and with Retry-After."""
        page = "Sorry, the service is not available" in self.text
        return (self.status, self.says_when, page) == (503, True, True) and self.seconds < SECONDS_TO_SAY_SO


@dataclass(frozen=True)
class SignedIn:
    """One person's browser."""

    person: int
    http: httpx2.AsyncClient

    async def get(self, path: str) -> Answer:
        return await self._timed("GET", path)

    async def book(self, session_ref: str) -> Answer:
        """Press the button that books a place."""
        return await self._timed("POST", f"/sessions/{session_ref}/book", {"csrf_token": SALT + _mac(f"csrf-{self.person}", SALT)})

    async def _timed(self, method: str, path: str, form: dict[str, str] | None = None) -> Answer:
        began = time.monotonic()
        answer = await self.http.request(method, path, data=form)
        return Answer(answer.status_code, "retry-after" in answer.headers, answer.text, time.monotonic() - began)


@asynccontextmanager
async def signed_in(web: Running, person: int) -> AsyncIterator[SignedIn]:
    """The browser of somebody whom `tests.races.crowd.people` made."""
    async with web.http(cookie=f"token-{person}") as http:
        yield SignedIn(person, http)
