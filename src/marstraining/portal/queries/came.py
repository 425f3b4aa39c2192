"""What became of past bookings and of registers, beside the bookings and sessions that other capabilities list."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.attendance.queries.registers import OPENS_BEFORE
from marstraining.attendance.rules import MarkWord
from marstraining.core.db import rows
from marstraining.programme.queries import TaughtRow
from marstraining.programme.rules import SessionState

_PART = ("Attended in part", "yellow")
_BY_MARKS: dict[frozenset[str], tuple[str, str]] = {
    frozenset({MarkWord.ATTENDED}): ("Attended", "green"),
    frozenset({MarkWord.ABSENT}): ("Did not attend", "red"),
    frozenset({MarkWord.EXCUSED}): ("Apologies", "grey"),
    frozenset({MarkWord.ABSENT, MarkWord.EXCUSED}): ("Did not attend", "red"),
}


async def came(person_id: int, *, ref: str = "") -> dict[str, tuple[str, str]]:
    """By the reference of a booking whether its learner came, and the colour of it, where the register says so for good.

    With `ref` of that booking alone.
    """
    which, values = ("b.ref = ? AND", (ref,)) if ref else ("", ())
    found = await rows(
        "SELECT DISTINCT b.ref, m.mark FROM bookings_booking b JOIN attendance_mark m ON m.session_id = b.session_id"
        f" AND m.person_id = b.learner_id AND m.superseded_at IS NULL WHERE {which} b.learner_id = ? AND b.state = 'confirmed'"
        " AND (m.evidence = 'imported' OR EXISTS (SELECT 1 FROM attendance_register g WHERE g.session_id = b.session_id"
        " AND g.locked_at IS NOT NULL))",
        *values,
        person_id,
    )
    marks: dict[str, set[str]] = {}
    for row in found:
        marks.setdefault(row["ref"], set()).add(row["mark"])
    return {ref: _BY_MARKS.get(frozenset(words), _PART) for ref, words in marks.items()}


async def register_tags(taught: Sequence[TaughtRow], *, now: datetime) -> dict[int, tuple[str, str]]:
    """Of the sessions that somebody trains and whose register is open by now, how it stands, by session; one statement, or none."""
    begun = [
        one
        for one in taught
        if one.state == "accepted"
        and not one.is_contributor
        and one.session_state == SessionState.PUBLISHED
        and one.starts_at - OPENS_BEFORE <= now
    ]
    if not begun:
        return {}
    found = await rows(
        f"SELECT session_id FROM attendance_register WHERE locked_at IS NOT NULL AND session_id IN ({', '.join('?' * len(begun))})",
        *(one.session_id for one in begun),
    )
    locked = {row["session_id"] for row in found}
    return {
        one.session_id: ("Register locked", "grey")
        if one.session_id in locked
        else ("Register to take", "orange")
        if one.ends_at <= now
        else ("Today", "purple")
        for one in begun
    }
