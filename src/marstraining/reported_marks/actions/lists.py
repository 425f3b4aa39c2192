"""Lists that are no known report: put aside until somebody says what their columns are, and what was said kept for the next."""

import asyncio
import io
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from marstraining.core import config, files
from marstraining.core.db import execute, rows, transaction
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.meeting_reports.columns import Columns, FoundList, columns_to_json
from marstraining.reported_marks.actions.reporting import ReadReport, keep_reports
from marstraining.reported_marks.queries import ReportSession
from marstraining.uploads.actions import forget_upload, note_upload
from marstraining.uploads.rules import Purpose

# Long enough for a trainer to ask somebody what a column is; a register's file is other people's data.
KEPT_FOR = timedelta(days=1)
_INSERT = (
    "INSERT INTO attendance_waiting_report (ref, session_id, file_hash, file_name, list_key, stored_as, at, by_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id, file_hash) DO NOTHING RETURNING ref"
)


async def put_aside(session_id: int, file_name: str, data: bytes, digest: str, found: FoundList, *, by: Viewer, now: datetime) -> str:
    """Keep a file for a day, to be read when its columns are known; the reference under which it waits.

    The same file of a session waits once. It was shown to the virus scanner before, where there is one.
    """
    settings = config.current()
    stored_as = await asyncio.to_thread(files.write, settings.data_dir, io.BytesIO(data), is_clean=True)
    made: list[dict[str, str]] = []
    try:
        async with transaction():
            made = await rows(_INSERT, new_ref(), session_id, digest, file_name[:200], found.key, stored_as, now, by.person_id)
            if made:
                await note_upload(stored_as, file_name, Purpose.REPORT, size=len(data), is_clean=True, by=by, now=now)
    finally:
        if not made:
            await asyncio.to_thread(files.drop, settings.data_dir, stored_as)
    if made:
        return made[0]["ref"]
    [waits] = await rows("SELECT ref FROM attendance_waiting_report WHERE session_id = ? AND file_hash = ?", session_id, digest)
    return str(waits["ref"])


async def keep_lists(
    session: ReportSession, read: ReadReport, refs: Sequence[str], found: FoundList, columns: Columns, *, by: Viewer, now: datetime
) -> int:
    """Keep what was read of files that waited, as of any report, and what was said of their columns; how many files were new.

    The files are gone then. What was said before of the same headings is replaced.
    """
    async with transaction():
        kept = await keep_reports(session, read, by=by, now=now)
        await execute(
            "INSERT INTO attendance_report_columns (list_key, headings, columns, at, by_id) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (list_key) DO UPDATE SET headings = excluded.headings, columns = excluded.columns, at = excluded.at,"
            " by_id = excluded.by_id",
            found.key,
            json.dumps(found.headings),
            json.dumps(columns_to_json(columns)),
            now,
            by.person_id,
        )
        gone = await _take_away("session_id = ? AND ref IN (" + ", ".join("?" * len(refs)) + ")", session.id, *refs)
        detail = {"files": len(refs), "columns": sorted(columns.named)}
        await record("report.columns", by=by, now=now, subject_kind="session", subject_id=session.id, detail=detail)
    await _drop(gone)
    return kept


async def drop_waiting(session_id: int, ref: str, *, by: Viewer, now: datetime) -> bool:
    """Do without a file that waits; False where it waits no more."""
    async with transaction():
        gone = await _take_away("session_id = ? AND ref = ?", session_id, ref)
        if gone:
            await record("report.dropped", by=by, now=now, subject_kind="session", subject_id=session_id)
    await _drop(gone)
    return bool(gone)


async def forget_left_lists(*, now: datetime) -> int:
    """Take files away of which nobody said within a day what their columns are; how many."""
    async with transaction():
        gone = await _take_away("at < ?", now - KEPT_FOR)
    await _drop(gone)
    return len(gone)


async def _take_away(condition: str, *values: object) -> list[str]:
    """Delete the rows, inside the caller's transaction; the names of their files, to be dropped after it."""
    found = await rows(f"DELETE FROM attendance_waiting_report WHERE {condition} RETURNING stored_as", *values)
    names = [row["stored_as"] for row in found]
    for name in names:
        await forget_upload(name)
    return names


async def _drop(names: Sequence[str]) -> None:
    data_dir = config.current().data_dir
    for name in names:
        await asyncio.to_thread(files.drop, data_dir, name)
