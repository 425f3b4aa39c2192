"""What bookings ask of the programme when a session is called off, postponed, moved or run online: state, training days and trainers.

All of them run inside the caller's transaction, whose first statement took hold of the session. They tell its trainers; who booked is the
caller's to tell.
"""

from collections.abc import Sequence
from datetime import datetime

from marstraining.core.db import execute
from marstraining.core.errors import Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.programme.actions.days import follow_days, held_session, place_day, raise_sequences, write_day
from marstraining.programme.actions.telling import standing_days
from marstraining.programme.actions.trainers import tell_trainers
from marstraining.programme.models import Session, TrainingDay
from marstraining.programme.rules import DayPlan, Delivery, SessionState, check_days, check_link


async def cancel_session(session_id: int, *, reason: str, by: Viewer, now: datetime) -> None:
    """Call a session off; every live day's SEQUENCE rises. Refuses a draft, which is deleted, and a session that has ended."""
    session = await _changeable(session_id, now=now)
    await raise_sequences(session_id, now=now)
    await Session.filter(id=session.id).update(state=SessionState.CALLED_OFF, called_off_reason=reason, changed_at=now)
    await record("call_off_session", by=by, now=now, subject_kind="session", subject_id=session_id)
    await tell_trainers(session_id, "called_off", reason=reason, now=now)


async def postpone_session_dates(session_id: int, *, reason: str = "", by: Viewer, now: datetime) -> None:
    """Take the dates away until new ones are set; the old ones stay stored, and calendars show them as cancelled."""
    session = await _changeable(session_id, now=now)
    if session.state == SessionState.POSTPONED:
        return
    await raise_sequences(session_id, now=now)
    await Session.filter(id=session_id).update(state=SessionState.POSTPONED, changed_at=now)
    await record("postpone_session", by=by, now=now, subject_kind="session", subject_id=session_id)
    await tell_trainers(session_id, "postponed", reason=reason, now=now)


async def move_session_dates(session_id: int, days: Sequence[DayPlan], *, by: Viewer, now: datetime) -> list[int]:
    """Put a session on other days and give back the ids of the training days whose entry changed.

    The first live day becomes the first new one and keeps its UID, and so on; days that are left over are cancelled, days
    that are missing are added. A day that stays where it was keeps its SEQUENCE, unless the session was postponed: then
    its state changed. The closing of booking, the go or no-go day and the day for final numbers move along (`moved_with`).
    """
    timed = check_days(days)
    if timed[0][1] <= now:
        raise Refused("The new date must be in the future", code="past", field="day")
    session = await _changeable(session_id, now=now)
    was_postponed = session.state == SessionState.POSTPONED
    old_days = () if was_postponed else await standing_days(session_id)
    live = await TrainingDay.filter(session_id=session_id, is_cancelled=False).order_by("starts_at", "id")
    changed: list[int] = []
    for day, (plan, _, _) in zip(live, timed, strict=False):
        if await place_day(day, plan, now=now):
            changed.append(day.id)
    if was_postponed:
        await raise_sequences(session_id, now=now, but=changed)
        changed = [day.id for day in live]
    for day in live[len(timed) :]:
        await execute("UPDATE programme_day SET is_cancelled = ?, sequence = sequence + 1, changed_at = ? WHERE id = ?", True, now, day.id)
        changed.append(day.id)
    changed.extend([await write_day(session_id, plan, now=now) for plan, _, _ in timed[len(live) :]])
    await Session.filter(id=session_id).update(state=SessionState.PUBLISHED)
    moved = await follow_days(session_id, now=now)
    detail = {"days": len(changed), **moved}
    await record("move_session", by=by, now=now, subject_kind="session", subject_id=session_id, detail=detail)
    if changed:
        await tell_trainers(session_id, "moved", old_days=old_days, was_postponed=was_postponed, now=now)
    return sorted(set(changed))


async def make_online(session_id: int, *, joining_link: str, by: Viewer, now: datetime) -> None:
    """Run a session online instead: no venue, no limit of a room, the given link; every live day's SEQUENCE rises."""
    check_link(joining_link, field="joining_link")
    session = await _changeable(session_id, now=now)
    if session.delivery == Delivery.ONLINE:
        raise Refused("This session is online already", code="online_already")
    await Session.filter(id=session_id).update(
        delivery=Delivery.ONLINE,
        venue_id=None,
        joining_link=joining_link,
        capacity_room=None,
        capacity_online=None,
        arrangement="none",
        final_numbers_by=None,
        has_catering=False,
        changed_at=now,
    )
    await raise_sequences(session_id, now=now)
    await record("make_online", by=by, now=now, subject_kind="session", subject_id=session_id)
    await tell_trainers(session_id, "online", now=now)


async def _changeable(session_id: int, *, now: datetime) -> Session:
    session = await held_session(session_id)
    if session.state == SessionState.DRAFT:
        raise Refused("This session is a draft. Edit or delete it instead.", code="draft")
    if session.state == SessionState.PUBLISHED and session.ends_at <= now:
        raise Refused("This session is over, so it can no longer be changed.", code="past")
    return session
