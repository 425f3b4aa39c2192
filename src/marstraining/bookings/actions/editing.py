"""Changing the programme where people have booked: how they attend follows the way in which their session is run."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from marstraining.bookings import rules
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.imports import ImportOutcome, Row
from marstraining.core.viewer import Viewer
from marstraining.programme import actions as programme
from marstraining.programme.models import Session
from marstraining.programme.rules import DayPlan, SessionDraft


async def edit_session(session_id: int, draft: SessionDraft, *, days: Sequence[DayPlan] | None = None, by: Viewer, now: datetime) -> bool:
    """As `programme.actions.edit_session`, in one transaction with the modes of those who booked (`rules.mode_after`)."""
    async with transaction():
        await hold(Session, session_id)
        was = await _ways("id = ?", session_id)
        is_told = await programme.edit_session(session_id, draft, days=days, by=by, now=now)
        await _follow(was, await _ways("id = ?", session_id), now=now)
    return is_told


async def import_sessions(file_rows: Sequence[Row], *, by: Viewer, now: datetime) -> ImportOutcome:
    """As `programme.actions.import_sessions`, in one transaction with the modes of those who booked."""
    async with transaction():
        was = await _ways("code IS NOT NULL")
        outcome = await programme.import_sessions(file_rows, by=by, now=now)
        await _follow(was, await _ways("code IS NOT NULL"), now=now)
    return outcome


async def _ways(which: str, *values: object) -> dict[int, str]:
    """How each of the sessions is run."""
    found = await rows(f"SELECT id, delivery FROM programme_session WHERE {which}", *values)
    return {row["id"]: row["delivery"] for row in found}


async def _follow(was: Mapping[int, str], now_run: Mapping[int, str], *, now: datetime) -> None:
    for session_id, before in was.items():
        after = now_run.get(session_id, before)
        if after != before:
            mode = rules.mode_after(before, after)
            await execute(
                "UPDATE bookings_booking SET mode = ?, changed_at = ?, revision = revision + 1 WHERE session_id = ? AND mode <> ?"
                " AND state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered')",
                mode,
                now,
                session_id,
                mode,
            )
            # A newcomer's wish becomes a booking when they press the button.
            await execute("UPDATE bookings_request SET mode = ? WHERE session_id = ?", mode, session_id)
