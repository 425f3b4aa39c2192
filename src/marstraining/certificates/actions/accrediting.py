"""Accreditations: granted by completing a course, ended by a corrected register or the desk."""

from datetime import datetime

from marstraining.certificates import queries
from marstraining.certificates.rules import CORRECTED, add_months, check_reason
from marstraining.core.clock import today_of
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.history.actions import record
from marstraining.people.models import Person

_INSERT = (
    "INSERT INTO record_accreditation (person_id, course_id, session_id, granted_on, expires_on, ended_reason, revision)"
    " VALUES (?, ?, ?, ?, ?, '', 0)"
)


async def grant_owed_accreditations(*, now: datetime) -> int:
    """Grant every accreditation that a completed course gives; how many. Safe to run twice, and in many workers at once."""
    granted = 0
    for person_id in sorted({row["person_id"] for row in await queries.owed_accreditations()}):
        async with transaction():
            await hold(Person, person_id)
            for row in await queries.owed_accreditations(person_id=person_id):
                months = row["accreditation_months"]
                expires_on = None if months is None else add_months(row["completed_on"], months)
                await execute(_INSERT, person_id, row["course_id"], row["session_id"], row["completed_on"], expires_on)
                # Whoever trains for a tool again uses it, whatever was noted of the accreditation before.
                await execute(
                    "UPDATE record_accreditation SET flagged_on = NULL WHERE person_id = ? AND course_id = ?", person_id, row["course_id"]
                )
                detail = {"course": row["course_id"], "session": row["session_id"]}
                await record("grant_accreditation", by=SYSTEM, now=now, subject_kind="person", subject_id=person_id, detail=detail)
                granted += 1
    return granted


async def end_corrected_accreditations(*, now: datetime) -> int:
    """End every accreditation whose completion a corrected register took back; how many."""
    ended = 0
    for row in await queries.corrected_accreditations():
        async with transaction():
            ended += await _end(row["id"], row["person_id"], reason=CORRECTED, by=SYSTEM, now=now)
    return ended


async def end_accreditation(accreditation_id: int, person_id: int, *, reason: str, by: Viewer, now: datetime) -> bool:
    """Withdraw somebody's accreditation at the desk from today. False where it had ended already; refused without a reason."""
    reason = check_reason(reason)[:200]
    if not await rows("SELECT id FROM record_accreditation WHERE id = ? AND person_id = ?", accreditation_id, person_id):
        raise NotFound
    async with transaction():
        return await _end(accreditation_id, person_id, reason=reason, by=by, now=now)


async def _end(accreditation_id: int, person_id: int, *, reason: str, by: Viewer, now: datetime) -> bool:
    touched = await execute(
        "UPDATE record_accreditation SET ended_on = ?, ended_reason = ?, revision = revision + 1 WHERE id = ? AND ended_on IS NULL",
        today_of(now),
        reason,
        accreditation_id,
    )
    if touched:
        detail = {"accreditation": accreditation_id}
        await record("end_accreditation", by=by, now=now, subject_kind="person", subject_id=person_id, detail=detail)
    return touched == 1
