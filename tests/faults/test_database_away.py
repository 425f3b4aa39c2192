"""R4, the database: away, it is said within five seconds; back, everything works again within ten, without a restart."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from marstraining.bookings.models import Booking
from marstraining.core import config
from marstraining.core.config import Settings
from marstraining.core.database_url import SqliteFile
from marstraining.core.db import connect, migrate
from marstraining.programme.models import Session
from tests import makers
from tests.conftest import make_settings
from tests.faults.processes import Running, serving, until, working
from tests.faults.signed_in import Answer, signed_in
from tests.messages.letters import a_letter, queued, states
from tests.messages.smtp_server import MailServer, mail_server
from tests.postgres import Server, throw_away_postgres
from tests.races.crowd import people

pytestmark = pytest.mark.faults

SECONDS_TO_RECOVER = 10.0


# ---- PostgreSQL stopped and started ---------------------------------------------------------------------------------


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server of this test's own, since others would miss it."""
    with throw_away_postgres() as server:
        yield server


@pytest_asyncio.fixture
async def own_settings(own_server: Server, tmp_path: Path) -> AsyncIterator[Settings]:
    connection = await asyncpg.connect(own_server.url("postgres"))
    await connection.execute("CREATE DATABASE training")
    await connection.close()
    settings = make_settings(tmp_path, own_server.url("training"))
    config.use(settings)
    await migrate(settings)
    yield settings
    config.use(None)


async def test_r4_postgres_away_is_said_in_time_and_back_all_works_without_a_restart(own_server: Server, own_settings: Settings) -> None:
    now = datetime.now(UTC)
    async with connect(own_settings):
        first, second = await people(2, now=now)
        session = await makers.make_session(now=now, capacity=5, title="Neglect, the first title")
    async with mail_server() as mail:
        settings = replace(own_settings, smtp_url=mail.url)
        async with serving(settings) as web, working(settings) as worker, signed_in(web, first) as asha, signed_in(web, second) as ben:
            assert (await asha.book(session.ref)).status == 303
            await mail.wait_for((await _letter_to(own_settings, first)), seconds=30)
            assert "Neglect, the first title" in (await asha.get("/programme")).text

            own_server.stop()
            away = [await asha.get("/me"), await asha.get("/courses"), await ben.get("/sign-in"), await ben.book(session.ref)]
            assert [answer.says_away for answer in away] == [True] * 4
            health, ready = await asha.get("/healthz"), await asha.get("/readyz")
            assert (health.status, ready.status, ready.says_when) == (200, 503, True)
            # Kept pages go on being shown.
            assert (await ben.get("/programme")).status == 200
            await worker.said("job waits for the database")

            own_server.start()
            await until(lambda: _books(ben.book, session.ref), seconds=SECONDS_TO_RECOVER)
            assert [(await asha.get(path)).status for path in ("/me", "/courses", "/readyz")] == [200, 200, 200]
            await mail.wait_for((await _letter_to(own_settings, second)), seconds=SECONDS_TO_RECOVER)
            async with connect(own_settings):
                await Session.filter(id=session.id).update(title="Neglect, the second title", revision=session.revision + 100)
            await until(lambda: _shows(asha.get, "Neglect, the second title"), seconds=SECONDS_TO_RECOVER)
            assert (web.process.returncode, worker.process.returncode) == (None, None)


async def test_r4_letters_in_hand_while_postgres_is_away_are_marked_afterwards_and_go_out_once(
    own_server: Server, own_settings: Settings
) -> None:
    async with connect(own_settings):
        await queued(*(a_letter(f"l-{number}") for number in range(25)), now=datetime.now(UTC))
    async with mail_server() as mail:
        mail.door.clear()
        async with working(replace(own_settings, smtp_url=mail.url)) as worker:
            await asyncio.wait_for(mail.waits.wait(), 30)
            own_server.stop()
            # The server takes what it was handed, which cannot be marked now, nor can the rest be given back.
            mail.door.set()
            await _arrived(mail, 1)
            await worker.said("job waits for the database")
            own_server.start()
            await _arrived(mail, 25, seconds=SECONDS_TO_RECOVER)
            async with connect(own_settings):
                await until(_all_sent, seconds=SECONDS_TO_RECOVER)
            worker.tell()
            assert await worker.ended() == 0
    assert len({message["Message-ID"] for message in mail.messages}) == len(mail.messages) == 25


async def test_r4_a_worker_told_to_stop_while_postgres_is_away_still_exits_0(own_server: Server, own_settings: Settings) -> None:
    async with working(own_settings) as worker:
        own_server.stop()
        await worker.said("job waits for the database")
        worker.tell()
        assert await worker.ended() == 0


async def _letter_to(settings: Settings, person: int) -> str:
    async with connect(settings):
        found = await Booking.get(learner_id=person).prefetch_related("learner")
        return str(found.learner.email)


async def _books(book: Callable[[str], Awaitable[Answer]], ref: str) -> bool:
    return (await book(ref)).status == 303


async def _shows(get: Callable[[str], Awaitable[Answer]], words: str) -> bool:
    return words in (await get("/programme")).text


async def _arrived(mail: MailServer, number: int, *, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while len(mail.messages) < number:
            mail.arrived.clear()
            await mail.arrived.wait()


async def _all_sent() -> bool:
    return set((await states()).values()) == {"sent"}


# ---- SQLite held by another process ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_r4_a_sqlite_file_locked_by_another_is_said_in_time_to_everybody_and_read_meanwhile(
    db: object, settings: Settings, dialect: str
) -> None:
    assert isinstance(settings.database, SqliteFile)
    now = datetime.now(UTC)
    reader, *writers = await people(6, now=now)
    session = await makers.make_session(now=now, capacity=10)
    async with serving(settings) as web, working(settings) as worker, signed_in(web, reader) as asha:
        assert (await asha.get("/me")).status == 200
        with closing(sqlite3.connect(settings.database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            tries = asyncio.gather(*(_book(web, person, session.ref) for person in writers))
            reads = [await asha.get(path) for path in ("/me", "/courses", "/healthz")]
            # Nobody who only reads waits for those who write, and these wait together, not one after the other.
            assert [answer.status for answer in reads] == [200] * 3
            assert not tries.done()
            assert [answer.says_away for answer in await tries] == [True] * 5
            assert (await asha.get("/readyz")).status == 503
            other.execute("ROLLBACK")
        assert [(await _book(web, person, session.ref)).status for person in writers] == [303] * 5
        assert (await asha.get("/readyz")).status == 200
        assert "job failed" not in worker.events()
    assert await Booking.filter(session_id=session.id, state="confirmed").count() == 5


async def _book(web: Running, person: int, ref: str) -> Answer:
    async with signed_in(web, person) as browser:
        return await browser.book(ref)
