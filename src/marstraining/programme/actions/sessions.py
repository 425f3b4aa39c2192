"""Sessions: creating, editing, publishing and copying one."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.history.actions import record
from marstraining.programme.actions.days import follow_days, held_session, raise_sequences, write_day
from marstraining.programme.actions.inviting import tell_invited
from marstraining.programme.models import Course, Session, TrainingDay, Venue
from marstraining.programme.queries.scope import run_by
from marstraining.programme.rules import DayPlan, SessionDraft, SessionState, check_days, check_session

# What a learner's calendar entry shows besides the time; a change of any of these raises SEQUENCE, of anything else never.
_IN_CALENDARS = ("venue_id", "joining_link", "delivery")


async def create_session(
    course_id: int, draft: SessionDraft, days: Sequence[DayPlan], *, by: Viewer, now: datetime, series: str = ""
) -> Session:
    """A new draft session with its training days. Raises NotFound for an unknown course, Refused by `check_days` and `check_session`."""
    timed = check_days(days)
    starts_at, ends_at = timed[0][1], max(end for _, _, end in timed)
    check_session(draft, starts_at=starts_at)
    async with transaction():
        await _check_known(course_id, draft.venue_id)
        session = await Session.create(
            ref=new_ref(), course_id=course_id, starts_at=starts_at, ends_at=ends_at, series=series, changed_at=now, **_values(draft)
        )
        for plan, _, _ in timed:
            await write_day(session.id, plan, now=now)
        await record("create_session", by=by, now=now, subject_kind="session", subject_id=session.id)
    return session


async def edit_session(session_id: int, draft: SessionDraft, *, days: Sequence[DayPlan] | None = None, by: Viewer, now: datetime) -> bool:
    """Write everything but state and course; `days` for a draft only. Says whether the place, the link or the way changed.

    Who booked is not told here: bookings ask which calendar entries are behind. A published session is moved instead.
    """
    async with transaction():
        session = await held_session(session_id)
        if days is not None:
            session = await _replan(session, days, now=now)
        check_session(draft, starts_at=session.starts_at)
        await _check_known(session.course_id, draft.venue_id)
        before = {name: getattr(session, name) for name in _values(draft)}
        changed = {name: value for name, value in _values(draft).items() if before[name] != value}
        if not changed:
            return False
        await Session.filter(id=session_id).update(**changed, changed_at=now)
        is_told = any(name in changed for name in _IN_CALENDARS)
        if is_told:
            await raise_sequences(session_id, now=now)
        await record("edit_session", by=by, now=now, subject_kind="session", subject_id=session_id, detail={"fields": sorted(changed)})
    return is_told


async def _replan(session: Session, days: Sequence[DayPlan], *, now: datetime) -> Session:
    """Put a draft on other days: nobody was told of the old ones, so those that go leave no trace."""
    if session.state != SessionState.DRAFT:
        raise Refused("This session is published. Move it instead, so that everyone who booked is told.", code="published", field="day1")
    timed = check_days(days)
    stored = {(day.starts_at, day.ends_at): day.id for day in await TrainingDay.filter(session_id=session.id)}
    for span, day_id in stored.items():
        if span not in {(start, end) for _, start, end in timed}:
            await execute("DELETE FROM programme_day WHERE id = ?", day_id)
    for plan, start, end in timed:
        if (start, end) not in stored:
            await write_day(session.id, plan, now=now)
    await follow_days(session.id, now=now)
    return await Session.get(id=session.id)


async def set_capacity(
    session_id: int,
    capacity: int | None,
    *,
    by: Viewer,
    now: datetime,
    capacity_room: int | None = None,
    capacity_online: int | None = None,
) -> None:
    """Set the limits, inside the caller's transaction where there is one. Nobody loses a place and nobody is offered one here."""
    if any(number is not None and number < 0 for number in (capacity, capacity_room, capacity_online)):
        raise Refused("The number of places must be 0 or more", code="number", field="capacity")
    async with transaction():
        await held_session(session_id)
        await Session.filter(id=session_id).update(
            capacity=capacity, capacity_room=capacity_room, capacity_online=capacity_online, changed_at=now
        )
        await record("set_capacity", by=by, now=now, subject_kind="session", subject_id=session_id, detail={"capacity": capacity})


async def publish_session(session_id: int, *, by: Viewer, now: datetime) -> bool:
    """Show a draft to the public from now on. False when it was published already; refuses one that is over."""
    async with transaction():
        session = await held_session(session_id)
        if session.state != SessionState.DRAFT:
            return False
        if session.ends_at <= now:
            raise Refused("This session is already over, so it cannot be published. Change its dates first.", code="past")
        await _publish(session_id, by=by, now=now)
    return True


async def publish_series(series: str, *, by: Viewer, now: datetime) -> int:
    """Publish every draft of a series that is not over and that `by` runs, in one transaction; how many there were."""
    scope = run_by(by)
    drafts = await rows(
        "SELECT s.id FROM programme_session s JOIN programme_course c ON c.id = s.course_id "
        f"WHERE s.series = ? AND s.series <> '' AND s.state = 'draft' AND s.ends_at > ? AND ({scope.sql}) ORDER BY s.id",
        series,
        now,
        *scope.params,
    )
    async with transaction():
        return sum([await _publish(row["id"], by=by, now=now) for row in drafts])


async def publish_due_sessions(*, now: datetime) -> int:
    """Publish the drafts whose time has come; the worker's job, safe to run twice and in many workers. How many it published."""
    due = await rows(
        "SELECT id FROM programme_session WHERE state = 'draft' AND publish_at <= ? AND ends_at > ? ORDER BY publish_at LIMIT 200", now, now
    )
    published = 0
    for row in due:
        async with transaction():
            published += await _publish(row["id"], by=SYSTEM, now=now)
    return published


async def delete_draft(session_id: int, *, by: Viewer, now: datetime) -> None:
    """Remove a session that was never published. Refuses any other: it is called off instead."""
    async with transaction():
        session = await held_session(session_id)
        if session.state != SessionState.DRAFT:
            raise Refused("Only a draft can be deleted. Call off the session instead.", code="not_draft")
        await execute("DELETE FROM programme_trainer WHERE session_id = ?", session_id)
        await execute("DELETE FROM programme_invited WHERE session_id = ?", session_id)
        await execute("DELETE FROM programme_day WHERE session_id = ?", session_id)
        await execute("DELETE FROM programme_session WHERE id = ?", session_id)
        await record("delete_draft", by=by, now=now, subject_kind="session", subject_id=session_id)


async def copy_session(session_id: int, days: Sequence[DayPlan], *, by: Viewer, now: datetime) -> Session:
    """A new draft like another session, on other days. No code, numbers, link, trainers or publishing time come along.

    The joining link stays behind since a link that is used twice lets one group into the other's room.
    """
    source = await Session.get_or_none(id=session_id)
    if source is None:
        raise NotFound
    return await create_session(source.course_id, draft_of(source, is_copy=True), days, by=by, now=now)


def draft_of(session: Session, *, is_copy: bool = False) -> SessionDraft:
    """A stored session as it would be typed; a copy leaves behind what belongs to one date only."""
    names = SessionDraft.__dataclass_fields__
    values = {name: getattr(session, name) for name in names}
    values["audience_codes"] = tuple(session.audience_codes)
    if is_copy:
        dated = ("joining_link", "opens_at", "closes_at", "publish_at", "decide_by", "final_numbers_by", "external_url", "notes")
        values.update({name: SessionDraft.__dataclass_fields__[name].default for name in (*dated, "arrangement")})
    return SessionDraft(**values)


async def _publish(session_id: int, *, by: Viewer, now: datetime) -> int:
    # The state is part of the condition, so that of two workers only one publishes and writes history.
    published = await execute(
        "UPDATE programme_session SET state = 'published', published_at = ?, changed_at = ?, revision = revision + 1 "
        "WHERE id = ? AND state = 'draft'",
        now,
        now,
        session_id,
    )
    if published:
        await record("publish_session", by=by, now=now, subject_kind="session", subject_id=session_id)
        await tell_invited(await Session.get(id=session_id), now=now)
    return published


async def _check_known(course_id: int, venue_id: int | None) -> None:
    if not await Course.exists(id=course_id):
        raise NotFound
    if venue_id is not None and not await Venue.exists(id=venue_id):
        raise Refused("Choose a venue from the list", code="venue", field="venue")


def _values(draft: SessionDraft) -> dict[str, Any]:
    return {**asdict(draft), "audience_codes": list(draft.audience_codes), "delivery": str(draft.delivery)}
