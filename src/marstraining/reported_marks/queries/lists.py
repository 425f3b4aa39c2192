"""Lists that wait for somebody to say what their columns are, and what was said of such lists before."""

import json
from datetime import datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.meeting_reports.columns import Columns, columns_from_json

_COLUMNS = "w.ref, w.file_name, w.file_hash, w.list_key, w.stored_as, w.at"


@frozen
class WaitingList:
    """A file of a session that waits."""

    ref: str
    file_name: str
    file_hash: str
    list_key: str
    stored_as: str
    at: datetime


@frozen
class SaidBefore:
    """What somebody said of the columns of lists with the same headings."""

    columns: Columns
    by: str
    at: datetime


async def waiting_lists(session_id: int, *, sent_by: int | None, list_key: str = "") -> list[WaitingList]:
    """The files of a session that wait, the first first: those of one sender, or with None all; or only those with these headings."""
    condition, values = ("w.session_id = ?", [session_id])
    more: list[Any] = []
    if sent_by is not None:
        condition, more = f"{condition} AND w.by_id = ?", [sent_by]
    if list_key:
        condition, more = f"{condition} AND w.list_key = ?", [*more, list_key]
    found = await rows(
        f"SELECT {_COLUMNS} FROM attendance_waiting_report w WHERE {condition} ORDER BY w.id", *values, *more, instants=("at",)
    )
    return [WaitingList(**row) for row in found]


async def said_before(list_key: str, width: int) -> SaidBefore | None:
    """What was last said of lists with these headings."""
    found = await rows(
        "SELECT c.columns, c.at, coalesce(p.name, '') AS name FROM attendance_report_columns c"
        " LEFT JOIN people_person p ON p.id = c.by_id WHERE c.list_key = ?",
        list_key,
        instants=("at",),
    )
    if not found:
        return None
    said = found[0]["columns"]
    return SaidBefore(columns_from_json(json.loads(said) if isinstance(said, str) else said, width), found[0]["name"], found[0]["at"])
