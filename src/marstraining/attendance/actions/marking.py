"""Marking: what a register says of somebody on a training day, on what evidence, by whom; nothing is ever overwritten."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from marstraining.attendance import queries
from marstraining.attendance.actions.completing import settle_absences, settle_completions
from marstraining.attendance.models import Register
from marstraining.attendance.queries import RegisterDay, RegisterState, StandingMark
from marstraining.attendance.rules import CORRECTIONS, Evidence, NewMark, is_the_desks, minutes_present
from marstraining.core.clock import local
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record

_INSERT = (
    'INSERT INTO attendance_mark (session_id, training_day_id, person_id, agency_id, mark, minutes, evidence, reason, arrived, "left",'
    " taken_as, tap, at, by_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@frozen
class Marked:
    """What came of some marks: how many were written, how many said what was said already or had been sent before.

    `overtaken` are those of the unchanged that say otherwise, but were touched before what stands was marked.
    """

    written: int
    unchanged: int
    overtaken: int = 0


async def open_register(session_id: int, *, now: datetime) -> RegisterState:
    """The register of a session, made when somebody first opens it. Raises NotFound where there is no such published session."""
    found = await queries.register_of(session_id)
    if found is not None:
        return found
    if await queries.taught_days(session_id) == ():
        raise NotFound
    async with transaction():
        await execute(
            "INSERT INTO attendance_register (session_id, opened_at, check_in_nonce, revision) VALUES (?, ?, '', 0)"
            " ON CONFLICT (session_id) DO NOTHING",
            session_id,
            now,
        )
    found = await queries.register_of(session_id)
    if found is None:
        raise NotFound
    return found


async def mark_register(
    session_id: int, marks: Sequence[NewMark], *, why: str = "", entering: Mapping[int, int | None] | None = None, by: Viewer, now: datetime
) -> Marked:
    """Write marks of one session in one transaction; a mark that says otherwise supersedes the one that stands.

    Two who mark the same person at once leave one mark, and both stand in the history. A tap sent again, and a mark that says
    what stands already on evidence as good, write nothing; nor does a tap that a device sent late, where somebody marked
    meanwhile. Refused for a training day of another session or one not begun, and for somebody who neither holds a place nor was
    marked before: `entering` are those who do neither and are entered in this step, each with an agency. After the seventh
    day, and once the register is locked, only who runs the session marks; after the lock with a `why`. Completions follow then,
    and certificates follow those.
    """
    register = await open_register(session_id, now=now)
    async with transaction():
        await hold(Register, register.id)
        register = await queries.register_of(session_id) or register
        days = {day.id: day for day in await queries.taught_days(session_id)}
        await _check_may_mark(register, list(days.values()), why=why, by=by, now=now)
        people = {**(entering or {}), **await queries.markable(session_id)}
        standing = await queries.standing_marks(session_id)
        sent_before = await _taps([mark.tap for mark in marks if mark.tap])
        written = overtaken = 0
        for mark in marks:
            if mark.tap in sent_before:
                continue
            day = days.get(mark.day_id)
            if day is None or mark.person_id not in people:
                raise NotFound
            if now < day.opens_at:
                raise Refused("This training day has not begun, so nobody can be marked on it yet.", code="not_begun")
            timed = _timed(mark, day)
            key = (mark.person_id, None if len(days) == 1 else mark.day_id)
            before = standing.get(key)
            is_late = before is not None and _is_overtaken(mark, before, by=by)
            is_new = not is_late and (before is None or not _says(before, timed))
            if is_new:
                standing[key] = await _write(timed, key, before, session_id=session_id, agency_id=people[mark.person_id], by=by, now=now)
                written += 1
            overtaken += is_late and before is not None and not _says(before, timed)
            await _note(timed, before, session_id=session_id, is_new=is_new, why=why, by=by, now=now)
        if written and register.is_locked:
            await settle_completions(session_id, [mark.person_id for mark in marks], now=now)
            await settle_absences(session_id, by=by, now=now)
    return Marked(written=written, unchanged=len(marks) - written, overtaken=overtaken)


def _is_overtaken(mark: NewMark, before: StandingMark, *, by: Viewer) -> bool:
    """Whether somebody else marked after a tap that is sent late; one's own taps come in their order, however long each took."""
    return mark.touched_at is not None and mark.touched_at < before.at and before.by_id != by.person_id


def _timed(mark: NewMark, day: RegisterDay) -> NewMark:
    """The mark with the minutes that its times give, where none were given."""
    if mark.minutes is not None or not (mark.arrived or mark.left):
        return mark
    minutes = minutes_present(
        arrived=mark.arrived,
        left=mark.left,
        starts=local(day.starts_at).time(),
        ends=local(day.ends_at).time(),
        break_minutes=day.break_minutes,
    )
    return replace(mark, minutes=minutes)


async def _check_may_mark(register: RegisterState, days: Sequence[RegisterDay], *, why: str, by: Viewer, now: datetime) -> None:
    is_late = bool(days) and is_the_desks(ends_at=max(day.ends_at for day in days), now=now)
    if not (register.is_locked or is_late) or await queries.runs_session(register.session_id, by):
        if register.is_locked and not why.strip():
            raise Refused("Say why the register is corrected.", code="why", field="why")
        return
    if register.is_locked:
        raise Refused("This register is locked. Ask the training team to correct it.", code="locked")
    raise Refused("A week has passed since this session, so its register is with the training team now.", code="late")


def _says(before: StandingMark, mark: NewMark) -> bool:
    """Whether what stands says the same; a person's own word on the register is not replaced by weaker evidence for the same."""
    same = (before.mark, before.reason, before.taken_as) == (mark.word, mark.reason, mark.taken_as)
    times = (before.minutes, before.arrived, before.left) == (mark.minutes, mark.arrived, mark.left)
    return same and (times or (mark.minutes is None and not mark.arrived and not mark.left and mark.evidence == Evidence.MANUAL))


async def _write(
    mark: NewMark,
    key: tuple[int, int | None],
    before: StandingMark | None,
    *,
    session_id: int,
    agency_id: int | None,
    by: Viewer,
    now: datetime,
) -> StandingMark:
    if before is not None:
        await execute("UPDATE attendance_mark SET superseded_at = ? WHERE id = ? AND superseded_at IS NULL", now, before.id)
    made = await rows(
        f"{_INSERT} RETURNING id",
        session_id, key[1], mark.person_id, before.agency_id if before else agency_id, mark.word.value, mark.minutes,
        mark.evidence.value, mark.reason, mark.arrived, mark.left, mark.taken_as.value, mark.tap, now, by.person_id,
    )  # fmt: skip
    return StandingMark(
        id=made[0]["id"],
        agency_id=before.agency_id if before else agency_id,
        mark=mark.word,
        minutes=mark.minutes,
        evidence=mark.evidence,
        reason=mark.reason,
        arrived=mark.arrived,
        left=mark.left,
        taken_as=mark.taken_as,
        at=now,
        by_id=by.person_id,
    )


async def _note(mark: NewMark, before: StandingMark | None, *, session_id: int, is_new: bool, why: str, by: Viewer, now: datetime) -> None:
    detail: dict[str, object] = {
        "session": session_id,
        "day": mark.day_id,
        "mark": mark.word.value,
        "was": before.mark.value if before else "",
        "evidence": mark.evidence.value,
        "said_already": not is_new,
    }
    if why:
        detail["corrected"] = why if why in CORRECTIONS else "other"
    await record("mark_register", by=by, now=now, subject_kind="person", subject_id=mark.person_id, detail=detail)


async def _taps(taps: Sequence[str]) -> Mapping[str | None, int]:
    """Those of the taps that have made a mark already."""
    if not taps:
        return {}
    marks = ", ".join("?" * len(taps))
    return {row["tap"]: row["id"] for row in await rows(f"SELECT id, tap FROM attendance_mark WHERE tap IN ({marks})", *taps)}
