"""The ledger: absences as the register says, excuses and waivers. Charging is off, so it only informs (rules.md 5.5)."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.colleagues.rules import Absence, LedgerKind
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record


async def note_absences(session_id: int, absences: Sequence[Absence], *, by: Viewer, now: datetime) -> None:
    """Let the ledger hold just these absences of a session: called when its register is locked or corrected, in that transaction.

    Somebody without a booking has none. What was waived stays waived as long as the absence stands.
    """
    wanted = {absence.person_id: absence for absence in absences}
    found = await rows(
        "SELECT b.id, b.learner_id, b.agency_id, l.id AS entry, l.is_excused, l.reason FROM bookings_booking b"
        " LEFT JOIN bookings_ledger l ON l.booking_id = b.id AND l.kind = 'absence' WHERE b.session_id = ? AND b.state = 'confirmed'",
        session_id,
        flags=("is_excused",),
    )
    for row in found:
        absence = wanted.get(row["learner_id"])
        if absence is None:
            if row["entry"] is not None:
                await execute("DELETE FROM bookings_ledger WHERE id = ?", row["entry"])
        elif row["entry"] is None:
            await execute(
                "INSERT INTO bookings_ledger (booking_id, session_id, agency_id, kind, reason, is_excused, by_id, at, waived_reason)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')",
                row["id"], session_id, row["agency_id"], LedgerKind.ABSENCE, absence.reason, absence.is_excused, by.person_id, now,
            )  # fmt: skip
        elif (row["is_excused"], row["reason"]) != (absence.is_excused, absence.reason):
            await execute(
                "UPDATE bookings_ledger SET is_excused = ?, reason = ? WHERE id = ?", absence.is_excused, absence.reason, row["entry"]
            )


async def waive_entry(entry_id: int, *, reason: str, by: Viewer, now: datetime) -> None:
    """Let an entry not count, for a reason that is kept; the desk alone. Waiving twice is waiving once."""
    if not by.is_desk:
        raise NotFound
    if not reason.strip():
        raise Refused("Say why the entry does not count.", code="reason", field="reason")
    async with transaction():
        changed = await execute(
            "UPDATE bookings_ledger SET waived_at = ?, waived_by_id = ?, waived_reason = ? WHERE id = ? AND waived_at IS NULL",
            now, by.person_id, reason.strip(), entry_id,
        )  # fmt: skip
        if changed:
            await record("waive_ledger_entry", by=by, now=now, subject_kind="ledger", subject_id=entry_id)
        elif not await rows("SELECT id FROM bookings_ledger WHERE id = ?", entry_id):
            raise NotFound


async def restore_entry(entry_id: int, *, by: Viewer, now: datetime) -> None:
    """Take a waiver back."""
    if not by.is_desk:
        raise NotFound
    async with transaction():
        changed = await execute(
            "UPDATE bookings_ledger SET waived_at = NULL, waived_by_id = NULL, waived_reason = '' WHERE id = ? AND waived_at IS NOT NULL",
            entry_id,
        )
        if changed:
            await record("restore_ledger_entry", by=by, now=now, subject_kind="ledger", subject_id=entry_id)
