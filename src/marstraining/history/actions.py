"""Writing down who did what."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil

from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import TooFast
from marstraining.core.viewer import Viewer

EXPORTS_AN_HOUR = 10
_COLUMNS = "at, actor_id, actor_role, action, subject_kind, subject_id, detail"


async def record(
    action: str,
    *,
    by: Viewer,
    now: datetime,
    subject_kind: str,
    subject_id: int | None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Append one row, inside the caller's transaction; `detail` holds ids, words and numbers, never a person's text."""
    await record_each(action, by=by, now=now, subject_kind=subject_kind, subject_ids=[subject_id], detail=detail)


async def record_each(
    action: str,
    *,
    by: Viewer,
    now: datetime,
    subject_kind: str,
    subject_ids: Sequence[int | None],
    detail: Mapping[str, object] | None = None,
) -> None:
    """Append a row for each of the subjects, in one statement."""
    if not subject_ids:
        return
    told = json.dumps(detail or {})
    values: list[object] = []
    for subject_id in subject_ids:
        values += [now, by.person_id, by.acting_role, action, subject_kind, subject_id, told]
    marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * len(subject_ids))
    await execute(f"INSERT INTO history_entry ({_COLUMNS}) VALUES {marks}", *values)


async def record_export(what: str, *, by: Viewer, now: datetime, subject_kind: str, subject_id: int | None, lines: int) -> None:
    """Append that a list was taken away as a file; TooFast beyond ten an hour by one person (security.md 5)."""
    async with transaction():
        recent = await rows(
            "SELECT at FROM history_entry WHERE actor_id = ? AND action = 'export' AND at > ? ORDER BY at DESC LIMIT ?",
            by.person_id,
            now - timedelta(hours=1),
            EXPORTS_AN_HOUR,
            instants=("at",),
        )
        if len(recent) == EXPORTS_AN_HOUR:
            wait = recent[-1]["at"] + timedelta(hours=1) - now
            raise TooFast(
                "You have downloaded ten lists in the last hour. Wait before you download another.", retry_after=ceil(wait.total_seconds())
            )
        detail = {"what": what, "lines": lines}
        await record("export", by=by, now=now, subject_kind=subject_kind, subject_id=subject_id, detail=detail)


async def note_job_ended(name: str, *, due_at: datetime, now: datetime) -> None:
    """A job of the worker ended well; at `due_at` it should have done so again."""
    await execute(
        "INSERT INTO history_job (name, ended_at, due_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " ended_at = excluded.ended_at, due_at = excluded.due_at, failing_since = NULL",
        name,
        now,
        due_at,
    )


async def note_job_failed(name: str, *, now: datetime) -> None:
    """A job of the worker failed; since when it has is kept from the first time on."""
    await execute(
        "INSERT INTO history_job (name, due_at, failing_since) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " failing_since = coalesce(history_job.failing_since, excluded.failing_since)",
        name,
        now,
        now,
    )
