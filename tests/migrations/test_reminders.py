"""Reminders: accreditations that are there get a reference each and lose nothing, and the version before goes on writing."""

import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from marstraining.core.config import Settings
from marstraining.core.db import connect, execute, migrate, rows, transaction
from marstraining.core.db.migrations import migration_names
from marstraining.core.paths import MIGRATIONS
from tests.conftest import make_settings

pytestmark = pytest.mark.whole

[NAME] = [name for name in migration_names() if name.endswith("_reminders")]
NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
# As the version before wrote them.
_PERSON = (
    "INSERT INTO people_person (ref, name, email, state, calendar_choice, has_discreet_titles, created_at, revision)"
    " VALUES (?, ?, ?, 'active', 'invitations', ?, ?, 0)"
)
_ACCREDITATION = (
    "INSERT INTO record_accreditation (person_id, course_id, granted_on, ended_reason, revision)"
    " SELECT p.id, c.id, ?, '', 0 FROM people_person p CROSS JOIN programme_course c WHERE p.ref = ?"
)
_RULE = (
    "INSERT INTO coverage_rule (ref, code, title, kind, job_roles, counts_as, months, participatory_share, grace_days, family,"
    " \"rank\", applies_from, source, confidence, is_on, changed_at) VALUES (?, ?, 'Yearly', 'renew', '[]', '[\"X\"]', 12, 0, 0, '', 0, ?,"
    " 'Ours', 'local', ?, ?)"
)


@pytest.fixture
def filled(empty_database_url: str, tmp_path: Path) -> Settings:
    return make_settings(tmp_path, empty_database_url)


async def _write(number: int) -> None:
    """A person with an accreditation, and a rule, by the statements of the version before."""
    await execute(_PERSON, f"person{number:04}", f"Person {number}", f"p{number}@example.org", False, NOW)
    await execute(_ACCREDITATION, date(2024, 3, 1), f"person{number:04}")
    await execute(_RULE, f"rule{number:06}", f"RULE-{number}", date(2022, 4, 1), True, NOW)


async def _fill(settings: Settings, tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    for name in migration_names():
        if name == NAME:
            break
        shutil.copy(MIGRATIONS / f"{name}.py", before)
    await migrate(settings, folder=before)
    async with connect(settings), transaction():
        await _a_course()
        for number in range(300):
            await _write(number)


async def _a_course() -> None:
    await execute(
        "INSERT INTO programme_course (code, title, kind, level, delivery, summary, audience, audience_codes, outcomes, content_note,"
        " joining_text, is_priority, access, counts_as, meets_annex_c, grants_accreditation, owner, needs_approval,"
        " needs_manager_agreement, questions, external_url, is_archived, revision, break_minutes, is_participatory)"
        " VALUES ('GCP2', 'Graded Care Profile 2', 'course', '', 'either', '', '', '[]', '[]', '',"
        " '', ?, 'public', 'GCP2-P', ?, ?, '', ?, ?, '[]', '', ?, 0, 0, ?)",
        False, False, True, False, False, False, True,
    )  # fmt: skip


async def _accreditations(settings: Settings) -> list[dict[str, Any]]:
    async with connect(settings):
        return await rows("SELECT * FROM record_accreditation ORDER BY id")


_NEW = {"ref", "nonce", "asked_on", "answer", "answered_on", "flagged_on", "used_before"}


async def test_every_accreditation_gets_a_reference_and_keeps_all_it_had_and_an_older_version_writes_on(
    filled: Settings, tmp_path: Path
) -> None:
    await _fill(filled, tmp_path)
    before = await _accreditations(filled)
    assert NAME in await migrate(filled)
    after = await _accreditations(filled)
    assert [{name: value for name, value in row.items() if name not in _NEW} for row in after] == before
    assert len({row["ref"] for row in after}) == 300
    assert [row["ref"] for row in after if not re.fullmatch("[0-9a-hjkmnp-tv-z]{10}", row["ref"])] == []
    assert {row[name] for row in after for name in _NEW - {"ref"}} == {None}
    async with connect(filled):
        await _write(300)
    assert len({row["ref"] for row in await _accreditations(filled)}) == 301
