"""R4, a full disk: what is written is refused with 503, what is read is shown, and the file is whole afterwards."""

import resource
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.models import Booking
from marstraining.core.config import Settings
from marstraining.core.database_url import SqliteFile
from marstraining.people.models import SignIn
from tests import makers
from tests.faults.processes import serving
from tests.faults.signed_in import signed_in
from tests.races.crowd import people

# PostgreSQL's disk is its own server's.
pytestmark = [pytest.mark.faults, pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)]

ROOM = 64 * 1024


def size_of(path: Path) -> int:
    """The larger of the file and its log: what no file of the process may exceed by much."""
    log = path.with_name(f"{path.name}-wal")
    return max(path.stat().st_size, log.stat().st_size if log.exists() else 0)


async def test_r4_on_a_full_disk_pages_are_read_nothing_is_half_written_and_freed_it_goes_on(
    db: TortoiseContext, settings: Settings, dialect: str
) -> None:
    assert isinstance(settings.database, SqliteFile)
    now = datetime.now(UTC)
    learners = await people(60, now=now)
    session = await makers.make_session(now=now, capacity=60)
    path = settings.database.path
    async with serving(settings) as web:
        resource.prlimit(web.pid, resource.RLIMIT_FSIZE, (size_of(path) + ROOM, resource.RLIM_INFINITY))
        acknowledged: list[int] = []
        refused = None
        for person in learners:
            async with signed_in(web, person) as browser:
                answer = await browser.book(session.ref)
            if answer.status != 303:
                refused = answer
                break
            acknowledged.append(person)
        assert refused is not None
        assert refused.says_away
        # Reading notes at most once a minute that a sign-in is in use; that it cannot must not matter.
        await SignIn.filter(person_id=person).update(last_seen_at=now - timedelta(minutes=5))
        async with signed_in(web, person) as browser:
            assert [(await browser.get(path)).status for path in ("/me", "/programme", "/courses", "/healthz")] == [200] * 4
            assert (await browser.book(session.ref)).says_away
            with closing(sqlite3.connect(path)) as file:
                assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            resource.prlimit(web.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            assert (await browser.book(session.ref)).status == 303
    found = [row["learner_id"] for row in await Booking.filter(session_id=session.id).order_by("id").values("learner_id")]
    assert found == [*acknowledged, person]
