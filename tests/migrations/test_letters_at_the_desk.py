"""0003: letters that are there get a reference each and lose nothing; an older version goes on writing; letters may be on hold."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from marstraining.core.config import Settings
from marstraining.core.db import IntegrityError, connect, execute, execute_many, migrate, rows
from marstraining.core.paths import MIGRATIONS
from tests.conftest import make_settings
from tests.migrations.test_live_schema import live_postgres, live_sqlite

pytestmark = pytest.mark.whole

NAME = "0003_letters_at_the_desk"
NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
# As the version before wrote them.
_INSERT = (
    "INSERT INTO messages_letter (key, template, priority, channel, address, name, context, tokens, calendar, sequence, message_id,"
    " created_at, next_try_at, state, tries, last_error)"
    " VALUES (?, 'confirmed', 2, 'email', 'asha@school.example', 'Asha', '{}', '{}', '[]', 0, '<a@b>', ?, ?, ?, 0, '')"
)
_STATES = ("waiting", "sending", "sent", "failed", "missed", "withdrawn")


@pytest.fixture
def filled(empty_database_url: str, tmp_path: Path) -> Settings:
    return make_settings(tmp_path, empty_database_url)


async def _fill(settings: Settings, tmp_path: Path, number: int) -> None:
    """A database as the version before left it, with letters in every state and an address that bounced."""
    before = tmp_path / "before"
    before.mkdir()
    for earlier in ("0001_initial.py", "0002_newcomers_by_code.py"):
        shutil.copy(MIGRATIONS / earlier, before)
    await migrate(settings, folder=before)
    async with connect(settings):
        await execute_many(_INSERT, ((f"l-{count}", NOW, NOW, _STATES[count % len(_STATES)]) for count in range(number)))
        await execute("INSERT INTO messages_bounced (address, reason, flagged_at) VALUES ('gone@x.example', '550', ?)", NOW)


async def _letters(settings: Settings) -> list[dict[str, Any]]:
    async with connect(settings):
        return await rows("SELECT * FROM messages_letter ORDER BY id")


async def test_every_letter_gets_a_reference_and_keeps_all_it_had(filled: Settings, tmp_path: Path) -> None:
    await _fill(filled, tmp_path, 600)
    before = await _letters(filled)
    assert NAME in await migrate(filled)
    after = await _letters(filled)
    assert [{name: value for name, value in row.items() if name != "ref"} for row in after] == before
    assert len({row["ref"] for row in after}) == 600
    assert [row["ref"] for row in after if not re.fullmatch("[0-9a-hjkmnp-tv-z]{10}", row["ref"])] == []
    async with connect(filled):
        assert await rows("SELECT id, address, reason, letter_id FROM messages_bounced") == [
            {"id": 1, "address": "gone@x.example", "reason": "550", "letter_id": None}
        ]


async def test_what_refers_to_letters_and_what_they_must_be_stands_after_it(filled: Settings, tmp_path: Path, dialect: str) -> None:
    await _fill(filled, tmp_path, 3)
    await migrate(filled)
    live = live_sqlite if dialect == "sqlite" else live_postgres
    async with connect(filled):
        table = await live("messages_letter")
        assert (("ref",) in table.uniques, table.checks, table.columns["ref"]) == (True, {"messages_letter_state"}, False)
        assert (await live("messages_bounced")).keys == {("letter_id", "messages_letter", "SET NULL")}
        await execute("UPDATE messages_bounced SET letter_id = 1")
        await execute("UPDATE messages_letter SET state = 'held' WHERE id = 2")
        for broken in ("SET state = 'lost' WHERE id = 3", "SET ref = (SELECT ref FROM messages_letter WHERE id = 1) WHERE id = 3"):
            with pytest.raises(IntegrityError):
                await execute(f"UPDATE messages_letter {broken}")


async def test_the_version_before_goes_on_writing_letters_after_it(filled: Settings, tmp_path: Path) -> None:
    await _fill(filled, tmp_path, 1)
    await migrate(filled)
    async with connect(filled):
        await execute(_INSERT, "new", NOW, NOW, "waiting")
        refs = {row["ref"] for row in await rows("SELECT ref FROM messages_letter")}
        assert sorted(len(ref) for ref in refs) == [10, 10]
