"""Locking a register: from then on its marks are the record, and completions are written."""

from datetime import datetime

from marstraining.attendance import queries
from marstraining.attendance.actions.completing import settle_absences, settle_completions
from marstraining.attendance.actions.marking import open_register
from marstraining.attendance.models import Register
from marstraining.core.db import execute, hold, transaction
from marstraining.core.errors import Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record


async def lock_register(session_id: int, *, leaves_unmarked: bool = False, by: Viewer, now: datetime) -> None:
    """Lock the register, write completions and the ledger of absences, in one transaction; locking twice is locking once.

    Refused before the last training day has ended, where nobody is marked, and, unless `leaves_unmarked`, where somebody who
    holds a place has no mark. Who is left unmarked stays unknown: neither attended nor absent.
    """
    register = await open_register(session_id, now=now)
    async with transaction():
        await hold(Register, register.id)
        register = await queries.register_of(session_id) or register
        if register.is_locked:
            return
        days = await queries.taught_days(session_id)
        if now < max(day.ends_at for day in days):
            raise Refused("The session has not ended yet. Lock its register afterwards.", code="not_over")
        standing = await queries.standing_marks(session_id)
        if not standing:
            raise Refused("Nobody is marked yet.", code="nobody")
        unmarked = await queries.unmarked(session_id)
        if unmarked and not leaves_unmarked:
            raise Refused(
                f"{unmarked} {'person has' if unmarked == 1 else 'people have'} no mark yet. Mark everybody, then lock the register.",
                code="unmarked",
            )
        await execute("UPDATE attendance_register SET locked_at = ?, locked_by_id = ? WHERE id = ?", now, by.person_id, register.id)
        await settle_completions(session_id, now=now)
        await settle_absences(session_id, by=by, now=now)
        detail = {"marks": len(standing), "unmarked": unmarked}
        await record("lock_register", by=by, now=now, subject_kind="session", subject_id=session_id, detail=detail)
