"""Training days: adding, moving and cancelling one, and what follows for their session."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from marstraining.core.config import current
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.programme.deadlines import Deadlines, moved_with
from marstraining.programme.models import Session, TrainingDay
from marstraining.programme.rules import LONGEST_SESSION_DAYS, DayPlan, SessionState


async def add_day(session_id: int, plan: DayPlan, *, by: Viewer, now: datetime) -> int:
    """Add a training day to a session; the other days keep their UIDs. Refuses an overlap and a session called off."""
    starts_at, ends_at = plan.instants()
    async with transaction():
        session = await held_session(session_id)
        await _check_room_for(session_id, starts_at, ends_at)
        if await TrainingDay.filter(session_id=session_id, is_cancelled=False).count() >= LONGEST_SESSION_DAYS:
            raise Refused(f"A session may have at most {LONGEST_SESSION_DAYS} training days", code="too_many_days", field="day")
        day_id = await write_day(session.id, plan, now=now)
        moved = await follow_days(session_id, now=now)
        detail = {"day": day_id, **moved}
        await record("add_training_day", by=by, now=now, subject_kind="session", subject_id=session_id, detail=detail)
    return day_id


async def move_day(day_id: int, plan: DayPlan, *, by: Viewer, now: datetime) -> bool:
    """Give a training day another date or time. False when it was that already: then its SEQUENCE stays as well."""
    plan.instants()
    async with transaction():
        day = await _held_day(day_id)
        if day.is_cancelled:
            raise Refused("This training day is cancelled. Add a new day instead.", code="day_cancelled", field="day")
        if not await place_day(day, plan, now=now):
            return False
        await _check_room_for(day.session_id, day.starts_at, day.ends_at, but=day_id)
        moved = await follow_days(day.session_id, now=now)
        detail = {"day": day_id, **moved}
        await record("move_training_day", by=by, now=now, subject_kind="session", subject_id=day.session_id, detail=detail)
    return True


async def cancel_day(day_id: int, *, by: Viewer, now: datetime) -> bool:
    """Cancel one training day of several; it stays in calendars as cancelled. False when it was cancelled already.

    Refuses the last one left: a session without days is called off.
    """
    async with transaction():
        day = await _held_day(day_id)
        if day.is_cancelled:
            return False
        if await TrainingDay.filter(session_id=day.session_id, is_cancelled=False).count() == 1:
            raise Refused("This is the only training day left. Call off the session instead.", code="last_day", field="day")
        await execute("UPDATE programme_day SET is_cancelled = ?, sequence = sequence + 1, changed_at = ? WHERE id = ?", True, now, day_id)
        moved = await follow_days(day.session_id, now=now)
        detail = {"day": day_id, **moved}
        await record("cancel_training_day", by=by, now=now, subject_kind="session", subject_id=day.session_id, detail=detail)
    return True


async def held_session(session_id: int) -> Session:
    """Take hold of a session inside the caller's transaction. Refuses one that is called off."""
    if not await hold(Session, session_id):
        raise NotFound
    session = await Session.get(id=session_id)
    if session.state == SessionState.CALLED_OFF:
        raise Refused("This session is called off, so it can no longer be changed.", code="called_off")
    return session


async def write_day(session_id: int, plan: DayPlan, *, now: datetime) -> int:
    """A new training day with a UID of its own."""
    starts_at, ends_at = plan.instants()
    day = await TrainingDay.create(
        session_id=session_id,
        uid=str(uuid4()),
        day=plan.day,
        starts=f"{plan.starts:%H:%M}",
        ends=f"{plan.ends:%H:%M}",
        starts_at=starts_at,
        ends_at=ends_at,
        changed_at=now,
    )
    return day.id


async def place_day(day: TrainingDay, plan: DayPlan, *, now: datetime) -> bool:
    """Put a training day at the planned time and raise its SEQUENCE; False, and nothing written, when it is there already."""
    starts_at, ends_at = plan.instants()
    if (day.starts_at, day.ends_at) == (starts_at, ends_at):
        return False
    day.day, day.starts, day.ends = plan.day, f"{plan.starts:%H:%M}", f"{plan.ends:%H:%M}"
    day.starts_at, day.ends_at = starts_at, ends_at
    day.sequence += 1
    day.changed_at = now
    await day.save(update_fields=["day", "starts", "ends", "starts_at", "ends_at", "sequence", "changed_at"])
    return True


async def raise_sequences(session_id: int, *, now: datetime, but: Sequence[int] = ()) -> None:
    """Raise the SEQUENCE of every live training day, since the place, the link or the state of their session changed."""
    kept = f" AND id NOT IN ({', '.join(str(int(day_id)) for day_id in but)})" if but else ""
    await execute(
        f"UPDATE programme_day SET sequence = sequence + 1, changed_at = ? WHERE session_id = ? AND NOT is_cancelled{kept}", now, session_id
    )


async def follow_days(session_id: int, *, now: datetime) -> dict[str, list[str]]:
    """Let the session's start and end be those of its first and last live training day, and its change known.

    Where the start of a session that was published moves, its deadlines move with it; the value names them for history.
    """
    before = await Session.get(id=session_id)
    await execute(
        "UPDATE programme_session SET changed_at = ?, revision = revision + 1, "
        "starts_at = (SELECT MIN(d.starts_at) FROM programme_day d WHERE d.session_id = programme_session.id AND NOT d.is_cancelled), "
        "ends_at = (SELECT MAX(d.ends_at) FROM programme_day d WHERE d.session_id = programme_session.id AND NOT d.is_cancelled) "
        "WHERE id = ?",
        now,
        session_id,
    )
    after = await Session.get(id=session_id)
    if before.state == SessionState.DRAFT:
        return {}
    was = deadlines_of(before)
    calendar = current().partnership.working_calendar
    moved = was.changed_to(moved_with(was, old_start=before.starts_at, new_start=after.starts_at, calendar=calendar))
    if not moved:
        return {}
    await Session.filter(id=session_id).update(**moved)
    return {"fields": sorted(moved)}


def deadlines_of(session: Session) -> Deadlines:
    """What of a session has a date of its own."""
    return Deadlines(
        opens_at=session.opens_at, closes_at=session.closes_at, decide_by=session.decide_by, final_numbers_by=session.final_numbers_by
    )


async def _held_day(day_id: int) -> TrainingDay:
    found = await rows("SELECT session_id FROM programme_day WHERE id = ?", day_id)
    if not found:
        raise NotFound
    await held_session(found[0]["session_id"])
    return await TrainingDay.get(id=day_id)


async def _check_room_for(session_id: int, starts_at: datetime, ends_at: datetime, *, but: int = 0) -> None:
    clash = await rows(
        "SELECT id FROM programme_day WHERE session_id = ? AND id <> ? AND NOT is_cancelled AND starts_at < ? AND ends_at > ? LIMIT 1",
        session_id,
        but,
        ends_at,
        starts_at,
    )
    if clash:
        raise Refused("This overlaps with another training day of the session", code="days_overlap", field="starts")
