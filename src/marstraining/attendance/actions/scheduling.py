"""Exports that come round: letters to everybody with a role that lead to a file, which is made only when somebody takes it."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from marstraining.attendance.models import ScheduledExport
from marstraining.attendance.queries.export_kinds import FEEDBACK, LABELS
from marstraining.attendance.schedule import EVERY_WORDS, Every, next_time, span_before
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Role, Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people.rules import ROLE_LABELS, check_confirmed

# Those who find the page that the letter leads to.
ROLES = (Role.DESK, Role.PARTNER_ORGANISER)
_FILTERS = ("course", "agency")


async def schedule_export(kind: str, every: Every, role: Role, filters: Mapping[str, str], *, by: Viewer, now: datetime) -> str:
    """Let a letter go out each week, month or quarter to everybody with the role; the value is its reference.

    `filters` are codes of a course and of an organisation. Refused where the same is sent already, and for feedback of one
    organisation, by which it is not told apart.
    """
    if kind not in LABELS or role not in ROLES:
        raise NotFound
    check_confirmed(by)
    if kind == FEEDBACK and filters.get("agency"):
        raise Refused("Feedback is not told apart by organisation: leave the organisation out.", code="agency", field="agency")
    kept = {name: filters[name] for name in _FILTERS if filters.get(name)}
    ref = new_ref()
    async with transaction():
        same = await rows(
            "SELECT filters FROM attendance_scheduled_export WHERE kind = ? AND role = ? AND every = ? AND ended_at IS NULL",
            kind,
            role.value,
            every.value,
        )
        if any(json.loads(row["filters"]) == kept for row in same):
            raise Refused("This export is sent to them already.", code="same")
        made = await rows(
            "INSERT INTO attendance_scheduled_export (ref, kind, filters, role, every, next_at, made_by_id, revision)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 0) RETURNING id",
            ref, kind, json.dumps(kept), role.value, every.value, next_time(every, after=now), by.person_id,
        )  # fmt: skip
        detail = {"kind": kind, "role": role.value, "every": every.value}
        await record("export.scheduled", by=by, now=now, subject_kind="export", subject_id=made[0]["id"], detail=detail)
    return ref


async def stop_export(ref: str, *, by: Viewer, now: datetime) -> None:
    """Send it no more; stopping twice is stopping once."""
    check_confirmed(by)
    async with transaction():
        ended = await rows("UPDATE attendance_scheduled_export SET ended_at = ? WHERE ref = ? AND ended_at IS NULL RETURNING id", now, ref)
        for row in ended:
            await record("export.stopped", by=by, now=now, subject_kind="export", subject_id=row["id"])


async def send_due_exports(*, now: datetime) -> int:
    """Write the letters of exports that have come round; the worker's job. How many letters it wrote.

    Whoever moves an export on writes its letters, so that two workers write each once. What came round while the worker stood
    still is made up for once, for the latest time alone.
    """
    due = await rows("SELECT id FROM attendance_scheduled_export WHERE ended_at IS NULL AND next_at <= ? ORDER BY id", now)
    return sum([await _send(row["id"], now=now) for row in due])


async def _send(export_id: int, *, now: datetime) -> int:
    async with transaction():
        await hold(ScheduledExport, export_id)
        found = await rows(
            "SELECT kind, filters, role, every FROM attendance_scheduled_export WHERE id = ? AND ended_at IS NULL AND next_at <= ?",
            export_id,
            now,
        )
        if not found:
            return 0
        every = Every(found[0]["every"])
        await execute("UPDATE attendance_scheduled_export SET next_at = ? WHERE id = ?", next_time(every, after=now), export_id)
        readers = await rows(
            "SELECT DISTINCT p.id, p.name, p.email FROM people_role_grant g JOIN people_person p ON p.id = g.person_id"
            " WHERE g.role = ? AND g.ended_at IS NULL AND p.state = 'active' AND p.email IS NOT NULL ORDER BY p.id",
            found[0]["role"],
        )
        first, last = span_before(every, now)
        for reader in readers:
            letter = Letter(
                key=f"scheduled-export-{export_id}-{last:%Y-%m-%d}-{reader['id']}",
                template="scheduled_export",
                to=Recipient(address=reader["email"], name=reader["name"], person_id=reader["id"]),
                priority=Priority.BULLETIN,
                context=_context(found[0], reader["name"], every, first, last),
                expires_at=next_time(every, after=now),
            )
            await queue_letter(letter, now=now)
    return len(readers)


def _context(export: Mapping[str, Any], name: str, every: Every, first: date, last: date) -> dict[str, object]:
    query = {"kind": export["kind"], **json.loads(export["filters"]), "from": first.isoformat(), "to": last.isoformat()}
    return {
        "name": name,
        "label": LABELS[export["kind"]].partition(":")[0],
        "every": EVERY_WORDS[every],
        "first": _said(first),
        "last": _said(last),
        "path": f"/desk/exports?{urlencode(query)}",
        "role": ROLE_LABELS[Role(export["role"])],
    }


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
