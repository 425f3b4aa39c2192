"""Deciding that a session runs, that its venue has the final numbers, and how many came where nobody books by name."""

from datetime import datetime

from marstraining.core.db import execute, transaction
from marstraining.core.errors import Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.programme.actions.days import held_session
from marstraining.programme.rules import Arrangement


async def decide_to_run(session_id: int, *, by: Viewer, now: datetime) -> bool:
    """Note that a session goes ahead whatever its numbers. False when that was decided already; a session that does not is called off."""
    async with transaction():
        session = await held_session(session_id)
        if session.starts_at <= now:
            raise Refused("This session has already started.", code="past")
        changed = await execute(
            "UPDATE programme_session SET decided_at = ?, changed_at = ? WHERE id = ? AND decided_at IS NULL", now, now, session_id
        )
        if not changed:
            return False
        await record("decide_to_run", by=by, now=now, subject_kind="session", subject_id=session_id)
    return True


async def confirm_numbers(session_id: int, *, number: int, by: Viewer, now: datetime) -> bool:
    """Note that the venue was told how many come, which makes its booking a firm one. False when it was firm already."""
    async with transaction():
        session = await held_session(session_id)
        if session.arrangement == Arrangement.CONFIRMED:
            return False
        await execute(
            "UPDATE programme_session SET arrangement = ?, changed_at = ? WHERE id = ?", Arrangement.CONFIRMED.value, now, session_id
        )
        await record("confirm_numbers", by=by, now=now, subject_kind="session", subject_id=session_id, detail={"number": number})
    return True


async def count_heads(session_id: int, *, number: int, organisations: int | None, by: Viewer, now: datetime) -> bool:
    """Keep how many came to a session where nobody books by name, and from how many organisations; False when it was so already.

    Refused before it has started, and for a session that is booked by name: who came there is marked in its register.
    """
    async with transaction():
        session = await held_session(session_id)
        if not session.is_headcount_only:
            raise Refused("People book this session by name, so it is not counted by number.", code="by_name")
        if now < session.starts_at:
            raise Refused("This session has not started yet. Enter the number once people have come.", code="not_started")
        if organisations is not None and organisations > number:
            raise Refused("There cannot be more organisations than people", code="organisations", field="organisations")
        if (session.imported_headcount, session.organisations_represented) == (number, organisations):
            return False
        await execute(
            "UPDATE programme_session SET imported_headcount = ?, organisations_represented = ?, changed_at = ? WHERE id = ?",
            number,
            organisations,
            now,
            session_id,
        )
        await record("count_heads", by=by, now=now, subject_kind="session", subject_id=session_id, detail={"number": number})
    return True
