"""Importing courses and sessions: everything is checked first, then all is written or nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import Refused
from marstraining.core.imports import Fault, ImportOutcome, Row
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.programme.actions.courses import draft_of_course, save_course
from marstraining.programme.actions.days import follow_days, place_day, raise_sequences, write_day
from marstraining.programme.import_rows import Reading, SessionRows
from marstraining.programme.models import Course, Session, TrainingDay, Venue
from marstraining.programme.rules import CourseDraft, check_days

Written = Literal["created", "changed", "unchanged"]
_ONLINE_VENUES = frozenset({"microsoft teams", "teams", "zoom", "online", "webinar"})


class _Faulty(Exception):  # noqa: N818 - carries faults out of a transaction, which is then undone
    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)


async def import_courses(file_rows: Sequence[Row], *, by: Viewer, now: datetime) -> ImportOutcome:
    """Create or change courses by code; columns that a file leaves out keep what is stored. Every fault is reported by row."""
    reading = Reading()
    stored = {course.code: await draft_of_course(course) for course in await Course.all()}
    drafts = {code: await _with_owner(draft) for code, draft in reading.courses(file_rows, stored).items()}
    if reading.faults:
        return ImportOutcome(faults=tuple(reading.faults))
    numbers = {row.cells["code"]: row.number for row in file_rows}
    outcomes: dict[str, Written] = {}
    faults: list[Fault] = []
    try:
        async with transaction():
            # Prerequisites may stand further down the file: courses first, what they need after.
            for code, draft in drafts.items():
                bare = replace(draft, needs=stored[code].needs if code in stored else ())
                _, is_changed = await save_course(bare, code=code if code in stored else None, by=by, now=now)
                outcomes[code] = "created" if code not in stored else "changed" if is_changed else "unchanged"
            for code, draft in drafts.items():
                try:
                    _, is_changed = await save_course(draft, code=code, by=by, now=now)
                except Refused as refusal:
                    faults.append(Fault(numbers[code], refusal.field or "", refusal.message))
                else:
                    outcomes[code] = "changed" if is_changed and outcomes[code] == "unchanged" else outcomes[code]
            _undo_if(faults)
    except _Faulty as faulty:
        return ImportOutcome(faults=faulty.faults)
    return _counted(list(outcomes.values()))


async def import_sessions(file_rows: Sequence[Row], *, by: Viewer, now: datetime) -> ImportOutcome:
    """Create or change sessions by code; rows with one code are one session's training days. They are published.

    Venues are created by name. A time that does not exist (28 March 2027 01:30) and every other fault is reported by row.
    """
    reading = Reading()
    found = reading.sessions(file_rows, {course.code: course.id for course in await Course.all()})
    if reading.faults:
        return ImportOutcome(faults=tuple(sorted(reading.faults)))
    async with transaction():
        outcomes = [await _write_session(one, now=now) for one in found]
        outcome = _counted(outcomes)
        if outcome.created or outcome.changed:
            detail = {"created": outcome.created, "changed": outcome.changed}
            await record("import_sessions", by=by, now=now, subject_kind="programme", subject_id=None, detail=detail)
    return outcome


async def _with_owner(draft: CourseDraft) -> CourseDraft:
    """The draft with the agency that its owner's name stands for, if there is one: its partner organisers run the course."""
    if not draft.owner:
        return draft
    found = await rows("SELECT id FROM people_agency WHERE LOWER(name) = ? AND state = 'listed'", draft.owner.lower())
    return replace(draft, owner_agency_id=found[0]["id"]) if found else draft


def _undo_if(faults: Sequence[Fault]) -> None:
    if faults:
        raise _Faulty(faults)


def _counted(outcomes: Sequence[Written]) -> ImportOutcome:
    return ImportOutcome(outcomes.count("created"), outcomes.count("changed"), outcomes.count("unchanged"))


async def _write_session(one: SessionRows, *, now: datetime) -> Written:
    timed = check_days(one.plans)
    values = {**one.values, "course_id": one.course_id, "venue_id": await _venue_id(one.venue)}
    session = await Session.get_or_none(code=one.code)
    if session is None:
        session = await Session.create(
            ref=new_ref(),
            code=one.code,
            state="published",
            published_at=now,
            changed_at=now,
            starts_at=timed[0][1],
            ends_at=timed[-1][2],
            capacity=await _usual_capacity(one.course_id),
            **values,
        )
        for plan, _, _ in timed:
            await write_day(session.id, plan, now=now)
        return "created"
    changed = {name: value for name, value in values.items() if getattr(session, name) != value}
    if changed:
        await Session.filter(id=session.id).update(**changed, changed_at=now, revision=session.revision + 1)
    is_moved = await _write_days(session.id, one, now=now)
    if "venue_id" in changed or "delivery" in changed:
        await raise_sequences(session.id, now=now)
    return "changed" if changed or is_moved else "unchanged"


async def _write_days(session_id: int, one: SessionRows, *, now: datetime) -> bool:
    live = await TrainingDay.filter(session_id=session_id, is_cancelled=False).order_by("starts_at", "id")
    timed = check_days(one.plans)
    is_moved = False
    # A day that the file still has keeps its row; only what is left over is moved, so that inserting a day shifts no other.
    here = {(day.starts_at, day.ends_at) for day in live}
    planned = {(start, end) for _, start, end in timed}
    spare = [day for day in live if (day.starts_at, day.ends_at) not in planned]
    missing = [plan for plan, start, end in timed if (start, end) not in here]
    for day, plan in zip(spare, missing, strict=False):
        is_moved |= await place_day(day, plan, now=now)
    for plan in missing[len(spare) :]:
        await write_day(session_id, plan, now=now)
        is_moved = True
    for day in spare[len(missing) :]:
        await execute("UPDATE programme_day SET is_cancelled = ?, sequence = sequence + 1, changed_at = ? WHERE id = ?", True, now, day.id)
        is_moved = True
    if is_moved:
        await follow_days(session_id, now=now)
    return is_moved


async def _venue_id(name: str) -> int | None:
    if not name:
        return None
    found = await rows("SELECT id FROM programme_venue WHERE LOWER(name) = ?", name.lower())
    if found:
        return int(found[0]["id"])
    venue = await Venue.create(ref=new_ref(), name=name, is_online=name.casefold() in _ONLINE_VENUES)
    return venue.id


async def _usual_capacity(course_id: int) -> int | None:
    return (await Course.get(id=course_id)).capacity
