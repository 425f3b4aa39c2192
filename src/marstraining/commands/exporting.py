"""`export`: bookings, attendance and the ledger as CSV or XLSX."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from marstraining.commands.database import opened
from marstraining.commands.terminal import say
from marstraining.core import clock
from marstraining.core.config import load_settings
from marstraining.core.db import rows, transaction
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM
from marstraining.core.web.exports import csv_lines, write_xlsx
from marstraining.core.web.tables import Column
from marstraining.history.actions import record

_SESSION = (
    " JOIN programme_session s ON s.id = x.session_id JOIN programme_course c ON c.id = s.course_id"
    " LEFT JOIN people_agency a ON a.id = x.agency_id"
)
_DAY = "(SELECT MIN(d.day) FROM programme_day d WHERE d.session_id = s.id)"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is read: the columns of the file, their expressions, and the table that is read, as `x`, with its condition."""

    columns: dict[str, str]
    source: str
    condition: str = "1 = 1"
    order: str = "s.starts_at, x.id"


_KINDS = {
    "bookings": _Kind(
        {
            "booking": "x.ref", "session": "s.ref", "course": "c.code", "title": "c.title", "date": _DAY, "name": "p.name",
            "email": "p.email", "agency": "a.code", "organisation": "a.name", "job_role": "x.job_role", "state": "x.state",
            "attends": "x.mode", "booked_at": "x.created_at",
        },
        f"bookings_booking x{_SESSION} JOIN people_person p ON p.id = x.learner_id",
    ),
    "attendance": _Kind(
        {
            "email": "p.email", "name": "p.name", "agency": "a.code", "course": "c.code",
            "date": f"COALESCE((SELECT t.day FROM programme_day t WHERE t.id = x.training_day_id), {_DAY})", "mark": "x.mark",
            "minutes": "x.minutes", "provenance": "x.evidence",
        },
        f"attendance_mark x{_SESSION} JOIN people_person p ON p.id = x.person_id",
        "x.superseded_at IS NULL",
    ),
    "ledger": _Kind(
        {
            "session": "s.ref", "course": "c.code", "date": _DAY, "agency": "a.code", "organisation": "a.name", "kind": "x.kind",
            "reason": "x.reason", "notice_hours": "x.notice_hours", "excused": "x.is_excused", "noted_at": "x.at",
        },
        f"bookings_ledger x{_SESSION}",
    ),
}  # fmt: skip
_INSTANTS = frozenset({"booked_at", "noted_at"})


def export_file(kind: str, out: Path, session: str, course: str, agency: str, first: str, last: str) -> None:  # noqa: PLR0917 - the command's options
    """Refuses an unknown kind, an ending other than .csv and .xlsx, and days that are none."""
    known = _KINDS.get(kind)
    if known is None:
        raise Refused(f"“{kind}” cannot be exported: use {', '.join(_KINDS)}")
    if out.suffix not in {".csv", ".xlsx"}:
        raise Refused("The file's name must end in .csv or .xlsx")
    wanted = {"s.ref =": session, "c.code =": course, "a.code =": agency, f"{_DAY} >=": _day(first), f"{_DAY} <=": _day(last)}
    asked: dict[str, object] = {condition: value for condition, value in wanted.items() if value}
    found = asyncio.run(_read(kind, known, asked))
    columns = [Column(name, name) for name in known.columns]
    try:
        if out.suffix == ".csv":
            out.write_bytes(b"".join(csv_lines(columns, found)))
        else:
            write_xlsx(out, columns, found, sheet=kind)
    except OSError as error:
        raise Refused(f"{out} cannot be written: {error.strerror}") from error
    say(f"{len(found)} rows written to {out}.")


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise Refused(f"“{typed}” is not a date: write it like 2026-11-24") from None


async def _read(kind: str, known: _Kind, asked: dict[str, object]) -> Sequence[dict[str, Any]]:
    columns = ", ".join(f"{expression} AS {name}" for name, expression in known.columns.items())
    conditions = " AND ".join([known.condition, *(f"{condition} ?" for condition in asked)])
    statement = f"SELECT {columns} FROM {known.source} WHERE {conditions} ORDER BY {known.order}"
    async with opened(load_settings(need_secret=False)), transaction():
        instants, flags = _INSTANTS & known.columns.keys(), {"excused"} & known.columns.keys()
        found = await rows(statement, *asked.values(), instants=instants, dates=("date",), flags=flags)
        # Reading everybody's rows is an event (security.md 7), whoever's shell it is.
        detail = {"rows": len(found), "filters": [str(value) for value in asked.values()]}
        await record("export", by=SYSTEM, now=clock.now(), subject_kind=kind, subject_id=None, detail=detail)
    return found
