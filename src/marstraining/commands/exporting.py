"""`export`: what `/desk/exports` offers, written to a file."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from marstraining.attendance.queries.export_kinds import FEEDBACK, KINDS
from marstraining.attendance.queries.exports import Filters, export_of
from marstraining.commands.database import opened
from marstraining.commands.terminal import counting, say
from marstraining.core import clock
from marstraining.core.config import load_settings
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM
from marstraining.core.web.exports import csv_lines, csv_parts, write_xlsx, xlsx_parts
from marstraining.core.web.tables import Column
from marstraining.evaluation.queries.exports import COLUMNS, Wanted, evaluation_rows
from marstraining.history.actions import record_export


def export_file(kind: str, out: Path, session: str, course: str, agency: str, first: str, last: str) -> None:  # noqa: PLR0917 - the command's options
    """Refuses an unknown kind, an ending other than .csv and .xlsx, and days that are none."""
    if kind not in KINDS and kind != FEEDBACK:
        raise Refused(f"“{kind}” cannot be exported: use {', '.join((*KINDS, FEEDBACK))}")
    if kind == FEEDBACK and agency:
        raise Refused("Feedback is not told apart by organisation: leave --agency out")
    if out.suffix not in {".csv", ".xlsx"}:
        raise Refused("The file's name must end in .csv or .xlsx")
    filters = Filters(session, course, agency, _day(first), _day(last))
    try:
        number = asyncio.run(_write(kind, out, filters))
    except OSError as error:
        raise Refused(f"{out} cannot be written: {error.strerror}") from error
    say(f"{number} rows written to {out}.")


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise Refused(f"“{typed}” is not a date: write it like 2026-11-24") from None


async def _write(kind: str, out: Path, filters: Filters) -> int:
    async with opened(load_settings(need_secret=False)):
        now = clock.now()
        if kind == FEEDBACK:
            return await _write_feedback(out, filters)
        export = await export_of(kind, filters, viewer=SYSTEM, now=now)
        # Reading everybody's rows is an event (security.md 7), whoever's shell it is.
        await record_export(kind, by=SYSTEM, now=now, subject_kind="export", subject_id=None, lines=export.total)
        columns = [Column(name, name) for name in export.columns]
        with counting(f"Writing {out.name}", export.total) as advance:
            batches = _counted(export.batches(), advance)
            parts = xlsx_parts(columns, batches, sheet=kind) if out.suffix == ".xlsx" else csv_parts(columns, batches)
            with out.open("wb") as file:
                async for part in parts:
                    file.write(part)
    return export.total


async def _write_feedback(out: Path, filters: Filters) -> int:
    """What may be shown of closed surveys: the gate stands before the file as before every page."""
    wanted = Wanted(filters.session, filters.course, filters.first, filters.last)
    lines = await evaluation_rows(wanted, viewer=SYSTEM)
    await record_export(FEEDBACK, by=SYSTEM, now=clock.now(), subject_kind="export", subject_id=None, lines=len(lines))
    columns = [Column(name, name) for name in COLUMNS]
    if out.suffix == ".xlsx":
        write_xlsx(out, columns, lines, sheet=FEEDBACK)
    else:
        with out.open("wb") as file:
            file.writelines(csv_lines(columns, lines))
    return len(lines)


async def _counted(
    batches: AsyncIterator[Sequence[dict[str, Any]]], advance: Callable[[int], None]
) -> AsyncIterator[Sequence[dict[str, Any]]]:
    async for batch in batches:
        yield batch
        advance(len(batch))
