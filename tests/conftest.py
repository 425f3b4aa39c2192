"""What tests stand on: a migrated database of their own on each kind, settings, a clock they can set."""

import asyncio
import gc
import os
import re
import shutil
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
import pytest_asyncio
from hypothesis import settings as drawing
from tortoise.context import TortoiseContext

from marstraining.app import create_app
from marstraining.core import clock as house_clock
from marstraining.core import config
from marstraining.core.config import Settings, load_settings
from marstraining.core.db import connect, migrate
from marstraining.core.viewer import Role
from marstraining.core.web.headers import Headers
from marstraining.people.actions.signing_in import Browser, open_sign_in
from marstraining.people.models import Person
from tests import makers
from tests.postgres import Server, throw_away_postgres
from tests.postgres_copies import Copies
from tests.postgres_pools import held_pools

DATABASES = tuple(name.strip() for name in os.environ.get("MARS_TEST_DATABASES", "sqlite,postgres").split(",") if name.strip())
SECRET_KEY = "0f8a7c5e9b1d4263a4c8e0f2d6b79153"
STANDING_NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)

_TEMPLATE = "template_of_tests"

# Drawn inputs: a few while one works, many before a change is taken.
drawing.register_profile("few", max_examples=20, deadline=None)
drawing.register_profile("many", max_examples=200, deadline=None)
drawing.load_profile("many" if os.environ.get("CI") else "few")

# What tests write need not outlive them: in memory, where there is some to spare, nobody waits for a disk.
_MEMORY, _MEMORY_NEEDED = Path("/dev/shm"), 2**30  # noqa: S108 - pytest makes a folder of its own in it
if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _MEMORY_NEEDED:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def make_settings(data_dir: Path, database_url: str) -> Settings:
    """Settings of a service that runs on this machine alone, as the demo's do."""
    return load_settings(
        {
            "MARS_DATA_DIR": str(data_dir),
            "MARS_DATABASE_URL": database_url,
            "MARS_SECRET_KEY": SECRET_KEY,
            "MARS_BASE_URL": "http://127.0.0.1:8000",
            "MARS_MAIL_FROM": "training@mars.example",
        }
    )


# ---- databases: a template for each worker, a copy of it for each test ----------------------------------------------


@pytest.fixture(params=DATABASES)
def dialect(request: pytest.FixtureRequest) -> str:
    """Each test that asks for a database runs once on each kind; MARS_TEST_DATABASES=sqlite leaves PostgreSQL out."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    with throw_away_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Synchronous on purpose: fixtures that are asked for by name cannot be awaited from within a running loop.
    folder = tmp_path_factory.mktemp("template")
    path = folder / "template.sqlite3"
    run_apart(lambda: migrate(make_settings(folder, f"sqlite://{path}")))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    run_apart(lambda: _administer(postgres_server, f'CREATE DATABASE "{_TEMPLATE}"'))
    settings = make_settings(tmp_path_factory.mktemp("template"), postgres_server.url(_TEMPLATE))
    run_apart(lambda: migrate(settings))
    return _TEMPLATE


@pytest.fixture(scope="session")
def postgres_copies(postgres_server: Server, postgres_template: str) -> Iterator[Copies]:
    copies = Copies(postgres_server, postgres_template)
    yield copies
    copies.close()


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, dialect: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database that nothing was migrated in; gone after the test."""
    if dialect == "sqlite":
        yield f"sqlite://{tmp_path / 'empty.sqlite3'}"
        return
    server: Server = request.getfixturevalue("postgres_server")
    with _postgres_copy(server, "template0") as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest, dialect: str, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database; gone after the test."""
    if dialect == "sqlite":
        path = tmp_path / "marstraining.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite://{path}"
        return
    copies: Copies = request.getfixturevalue("postgres_copies")
    copy = copies.take()
    yield request.getfixturevalue("postgres_server").url(copy.name)
    copies.give_back(copy)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Iterator[Settings]:
    """Settings for the test's database, in use by the process while it runs."""
    made = make_settings(tmp_path, database_url)
    config.use(made)
    yield made
    config.use(None)


@pytest_asyncio.fixture
async def db(settings: Settings) -> AsyncIterator[TortoiseContext]:
    """A fresh, migrated database, open."""
    with held_pools():
        async with connect(settings) as context:
            yield context


# ---- time -----------------------------------------------------------------------------------------------------------


class Clock:
    """The time that the service sees; it stands still until told otherwise."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def travel_to(self, instant: datetime) -> datetime:
        """Make it that instant, which must have a zone; gives it back in UTC."""
        if instant.tzinfo is None:
            raise ValueError("a clock needs a zone")
        self.now = instant.astimezone(UTC)
        return self.now

    def forward(self, **units: float) -> datetime:
        """Let time pass: `forward(days=1, minutes=5)`."""
        self.now += timedelta(**units)
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Monday 9 March 2026, 10:00 in London, and still so until a test moves it."""
    standing = Clock(STANDING_NOW)
    house_clock.set_source(lambda: standing.now)
    yield standing
    house_clock.set_source(None)


# ---- the application and the standing people: client, asha, ben, dee ------------------------------------------------


class Visitor:
    """Somebody at a browser: every request carries what a browser of ours would send, and cookies are kept."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def get(self, path: str, **more: Any) -> httpx2.Response:
        return await self.http.get(path, **more)

    async def post(self, path: str, fields: dict[str, Any] | None = None, *, seen: str | None = None) -> httpx2.Response:
        """Send a form as its page would: with the page's token, taken from `seen` or else from `path` itself."""
        page = await self.http.get(seen or path)
        found = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
        token = {"csrf_token": found[1]} if found else {}
        return await self.http.post(path, data={**token, **(fields or {})}, headers={"Sec-Fetch-Site": "same-origin"})


@pytest_asyncio.fixture
async def app(db: TortoiseContext, settings: Settings, clock: Clock) -> Headers:
    """The whole application on the test's database, with no page kept."""
    return create_app(settings, connect_database=False, is_watching=False)


@pytest_asyncio.fixture
async def visitors(app: Headers) -> AsyncIterator[Callable[[], Visitor]]:
    """Makes visitors who are not signed in, each with a cookie jar of their own."""
    async with AsyncExitStack() as stack:
        opened: list[httpx2.AsyncClient] = []

        def make() -> Visitor:
            http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8000")
            opened.append(http)
            return Visitor(http)

        yield make
        for http in opened:
            stack.push_async_callback(http.aclose)


@pytest.fixture
def client(visitors: Callable[[], Visitor]) -> Visitor:
    """A visitor who is not signed in."""
    return visitors()


@pytest_asyncio.fixture
async def asha(db: TortoiseContext, clock: Clock) -> Person:
    """The learner."""
    agency = await makers.make_agency("St Luke's School", code="STLUKES")
    return await makers.make_person("Asha Patel", email="asha@stlukes.example", agency=agency, job_role="dsl")


@pytest_asyncio.fixture
async def ben(db: TortoiseContext, clock: Clock) -> Person:
    """A learner of another agency, who must not see Asha's bookings."""
    agency = await makers.make_agency("Humberside Police", code="POL", sector="Police")
    return await makers.make_person("Ben Cole", email="ben@police.example", agency=agency, job_role="multi_agency")


@pytest_asyncio.fixture
async def dee(db: TortoiseContext, clock: Clock) -> Person:
    """At the desk."""
    return await makers.make_person("Dee Ward", email="dee@council.example", roles=(Role.DESK, Role.ADMINISTRATOR))


@pytest.fixture
def sign_in_as(visitors: Callable[[], Visitor], clock: Clock) -> Callable[[Person], Awaitable[Visitor]]:
    """Makes a visitor signed in as somebody just now, which counts as a confirmation for ten minutes."""

    async def sign_in(person: Person) -> Visitor:
        visitor = visitors()
        opened = await open_sign_in(person.id, browser=Browser(device="Firefox on Linux"), now=clock.now)
        visitor.http.cookies.set("sid", opened.token, domain="127.0.0.1")
        return visitor

    return sign_in


# ---- how the run is told --------------------------------------------------------------------------------------------


LEFT_OUT = ("browser", "race", "faults", "timed", "whole")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a browser, whole processes or minutes, unless marks are asked for by name or CI=true."""
    if config.option.markexpr or os.environ.get("CI") == "true":
        return
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in LEFT_OUT)]
    if left_out:
        items[:] = [item for item in items if not any(item.get_closest_marker(mark) for mark in LEFT_OUT)]
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    # The service and the tests themselves stay to the end: no search for rubbish need look at them again and again.
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = len(terminalreporter.stats.get("deselected", ()))
    if left_out:
        terminalreporter.write_line(
            f"{left_out} tests of browsers, races, faults, seconds and whole processes were left out: `make test-all` runs them too"
        )


def run_apart(make: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Run a coroutine to its end in a loop and a thread of its own, since pytest's loop may be running in this one."""
    failed: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(make())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


@contextmanager
def _postgres_copy(server: Server, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    run_apart(lambda: _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    yield server.url(name)
    run_apart(lambda: _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _administer(server: Server, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
