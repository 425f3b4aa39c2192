"""The tray of a session's reports: people in them whom nobody was found for, each settled by a person."""

from datetime import datetime

from marstraining.attendance.actions.marking import open_register
from marstraining.attendance.models import Register
from marstraining.attendance.rules import Became
from marstraining.bookings.actions.walk_ins import confirm_walk_in
from marstraining.core.clock import today_of
from marstraining.core.db import execute, execute_many, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.people.actions import add_managed_learner, find_or_create_person, start_position
from marstraining.reported_marks import queries

_NEEDS_ONE = frozenset({Became.OTHER_BOOKING, Became.TRAINER})
_LONGEST_CONFIRMER = 200


@frozen
class Settling:
    """Who an entry is: `became` with the people it stands for.

    One of those booked (booking), one who trains (trainer), several of those booked in one room whom `confirmed_by` saw
    there (room), or nobody (ignored). `revision` is the entry's as it was shown.
    """

    became: Became
    revision: int
    person_ids: tuple[int, ...] = ()
    confirmed_by: str = ""


@frozen
class Newcomer:
    """Somebody who came without a place; an address that is known is its owner's, whose own name and posts stand."""

    name: str
    email: str
    agency_id: int | None
    job_role: str


async def settle_entry(session_id: int, ref: str, settling: Settling, *, by: Viewer, now: datetime) -> None:
    """Say who an entry is; whoever was there before is let go. NotFound for an entry or people of another session."""
    on_session = {one.id: one for one in await queries.on_session(session_id)}
    _check(settling)
    wanted = settling.became == Became.TRAINER
    if any(person not in on_session or on_session[person].is_trainer != wanted for person in settling.person_ids):
        raise NotFound
    register = await open_register(session_id, now=now)
    async with transaction():
        await hold(Register, register.id)
        await _settle(session_id, ref, settling, by=by, now=now)


async def settle_as_walk_in(session_id: int, ref: str, newcomer: Newcomer, *, revision: int, by: Viewer, now: datetime) -> None:
    """Enter whoever an entry is as a walk-in, with a place and, unless known, as a person; refused, nobody is entered.

    Without an address they are a learner whom their organisation manages.
    """
    register = await open_register(session_id, now=now)
    async with transaction():
        person_id = await _enter(newcomer, by=by, now=now)
        # The session is held before its register, as whoever books there holds it.
        await confirm_walk_in(session_id, person_id, agency_id=newcomer.agency_id, by=by, now=now)
        await hold(Register, register.id)
        await _settle(session_id, ref, Settling(Became.WALK_IN, revision, (person_id,)), by=by, now=now)


async def put_back(session_id: int, ref: str, *, by: Viewer, now: datetime) -> None:
    """Put an entry back into the tray; a place given to a walk-in and marks that were written stand."""
    register = await open_register(session_id, now=now)
    async with transaction():
        await hold(Register, register.id)
        entry = await _entry(session_id, ref)
        await _let_go(session_id, entry.key)
        await execute(
            "UPDATE attendance_reported_person SET became = 'unmatched', matched_by = '', person_id = NULL, confirmed_by = '',"
            ' settled_at = NULL, settled_by_id = NULL, revision = revision + 1 WHERE session_id = ? AND "key" = ?',
            session_id,
            entry.key.partition("\t")[0],
        )
        await record("report.put_back", by=by, now=now, subject_kind="session", subject_id=session_id, detail={"entry": entry.id})


def _check(settling: Settling) -> None:
    if settling.became in _NEEDS_ONE and len(settling.person_ids) != 1:
        raise Refused("Select who it is", code="person", field="person")
    if settling.became == Became.ROOM and not settling.person_ids:
        raise Refused("Select who was in the room", code="people", field="people")
    if settling.became == Became.ROOM and not settling.confirmed_by.strip():
        raise Refused("Enter who confirms that they were in the room", code="confirmed_by", field="confirmed_by")
    if len(settling.confirmed_by) > _LONGEST_CONFIRMER:
        raise Refused(
            f"The name of who confirms it must be {_LONGEST_CONFIRMER} characters or fewer", code="confirmed_by", field="confirmed_by"
        )


async def _settle(session_id: int, ref: str, settling: Settling, *, by: Viewer, now: datetime) -> None:
    """Write who an entry is: the first in its own row, each further one of a room in a row beside it."""
    entry = await _entry(session_id, ref)
    if entry.revision != settling.revision:
        raise Refused("Somebody else has just said who this is. Look at it again.", code="changed")
    await _let_go(session_id, entry.key)
    first, *others = settling.person_ids or (None,)
    await execute(
        "UPDATE attendance_reported_person SET became = ?, matched_by = ?, person_id = ?, confirmed_by = ?, settled_at = ?,"
        " settled_by_id = ?, revision = revision + 1 WHERE id = ?",
        settling.became.value, "hand" if first else "", first, settling.confirmed_by.strip(), now, by.person_id, entry.id,
    )  # fmt: skip
    await execute_many(
        'INSERT INTO attendance_reported_person (ref, session_id, "key", name, email, minutes, intervals, matched_by, became, person_id,'
        " confirmed_by, settled_at, settled_by_id, revision) SELECT ?, session_id, ?, name, email, minutes, intervals, matched_by, became,"
        " ?, confirmed_by, settled_at, settled_by_id, 1 FROM attendance_reported_person WHERE id = ?",
        [(new_ref(), f"{entry.key}\t{number}", person, entry.id) for number, person in enumerate(others, start=2)],
    )
    detail = {"entry": entry.id, "became": settling.became.value, "people": list(settling.person_ids)}
    await record("report.settled", by=by, now=now, subject_kind="session", subject_id=session_id, detail=detail)


@frozen
class _Entry:
    id: int
    key: str
    revision: int


async def _entry(session_id: int, ref: str) -> _Entry:
    found = await rows('SELECT id, "key", revision FROM attendance_reported_person WHERE session_id = ? AND ref = ?', session_id, ref)
    if not found:
        raise NotFound
    return _Entry(**found[0])


async def _let_go(session_id: int, key: str) -> None:
    """Take away the rows of a room's further people."""
    base = key.partition("\t")[0]
    await execute(
        'DELETE FROM attendance_reported_person WHERE session_id = ? AND substr("key", 1, ?) = ?', session_id, len(base) + 1, f"{base}\t"
    )


async def _enter(newcomer: Newcomer, *, by: Viewer, now: datetime) -> int:
    if not newcomer.email:
        if newcomer.agency_id is None:
            raise Refused("Select the organisation of somebody without an email address", code="agency", field="agency")
        added = await add_managed_learner(newcomer.name, agency_id=newcomer.agency_id, job_role=newcomer.job_role, by=by, now=now)
        return added.id
    found = await find_or_create_person(newcomer.email, newcomer.name, now=now, by=by)
    if found.is_new and newcomer.agency_id is not None:
        await start_position(found.id, newcomer.agency_id, newcomer.job_role, by=by, now=now, starts_on=today_of(now))
    return found.id
