"""Entering on the register somebody who came and has no place: a walk-in, a substitute, somebody who helps."""

from datetime import datetime

from marstraining.attendance import queries
from marstraining.attendance.actions.marking import mark_register
from marstraining.attendance.rules import ExcusedReason, MarkWord, NewMark, TakenAs
from marstraining.bookings.actions import confirm_walk_in
from marstraining.bookings.queries import posts_of
from marstraining.colleagues.actions import substitute
from marstraining.core.clock import today_of
from marstraining.core.db import rows, transaction
from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.history.actions import record
from marstraining.people.actions import add_managed_learner, find_or_create_person, start_position


@frozen
class NewHere:
    """Somebody typed at the door; without an address the organisation stands for them."""

    name: str
    email: str = ""
    agency_id: int | None = None
    job_role: str = ""


@frozen
class WalkIn:
    """Who came, on which training day, and as what; `instead_of` is a learner with a place who did not come."""

    who: int | NewHere
    day_id: int
    taken_as: TakenAs = TakenAs.WALK_IN
    instead_of: int | None = None


async def enter_walk_in(session_id: int, came: WalkIn, *, why: str = "", by: Viewer, now: datetime) -> int:
    """Put somebody who came on the register as attended, in one transaction; returns the person's id.

    A learner is confirmed at once, whatever the numbers and the window; who was booked all the same stays a learner. Somebody who
    helps takes no place. A colleague of the same organisation takes over the place of whoever they came instead of; anybody
    else, and who was marked already, has apologies for want of cover. An address that is known leads to its owner, whose own
    name stands; a name at an organisation that is known without an address is not entered twice. Refused as marking is (`why`
    after the lock), so that nobody is entered where nobody may be marked.
    """
    async with transaction():
        person_id = came.who if isinstance(came.who, int) else await _enter(came.who, by=by, now=now)
        marks, entering, taken_as = [], {}, came.taken_as
        # Who helps takes nobody's place.
        if came.instead_of is not None and came.instead_of != person_id and taken_as != TakenAs.ASSISTANT:
            taken_as = TakenAs.SUBSTITUTE if taken_as == TakenAs.WALK_IN else taken_as
            was_marked = any(marked == came.instead_of for marked, _ in await queries.standing_marks(session_id))
            if not await _took_over(session_id, came.instead_of, person_id, by=by, now=now) or was_marked:
                marks.append(NewMark(came.instead_of, came.day_id, MarkWord.EXCUSED, reason=ExcusedReason.COVER))
        if taken_as == TakenAs.ASSISTANT:
            posts = await posts_of(person_id, on=today_of(now))
            entering[person_id] = posts[0].agency_id if posts else None
        else:
            booked = await confirm_walk_in(session_id, person_id, by=by, now=now)
            taken_as = TakenAs.LEARNER if booked.was_there and taken_as != TakenAs.SUBSTITUTE else taken_as
        marks.append(NewMark(person_id, came.day_id, MarkWord.ATTENDED, taken_as=taken_as))
        await mark_register(session_id, marks, why=why, entering=entering, by=by, now=now)
        detail: dict[str, object] = {"session": session_id, "taken_as": taken_as.value}
        await record("enter_walk_in", by=by, now=now, subject_kind="person", subject_id=person_id, detail=detail)
    return person_id


async def _took_over(session_id: int, learner_id: int, person_id: int, *, by: Viewer, now: datetime) -> bool:
    """Whether somebody took over a learner's place, as a colleague may (booking.md, Agencies 4)."""
    found = await rows(
        "SELECT id FROM bookings_booking WHERE session_id = ? AND learner_id = ? AND state = 'confirmed'", session_id, learner_id
    )
    if not found:
        return False
    try:
        await substitute(found[0]["id"], learner_id=person_id, on_the_day=True, by=by, now=now)
    except Refused:
        return False
    return True


async def _enter(new: NewHere, *, by: Viewer, now: datetime) -> int:
    if new.email:
        found = await find_or_create_person(new.email, new.name, by=by, now=now)
        if found.is_new and new.agency_id is not None:
            await start_position(found.id, new.agency_id, new.job_role, by=by, now=now)
        return found.id
    if new.agency_id is None:
        raise Refused("Enter their email address, or choose their organisation", code="agency", field="agency")
    known = await queries.managed_learner_ids([new.agency_id])
    there = known.get((new.agency_id, " ".join(new.name.split()).casefold()))
    # Whoever stands at the door is entered although a trainer keeps nobody's records and no contact is known for letters.
    return there or (await add_managed_learner(new.name, agency_id=new.agency_id, job_role=new.job_role, by=SYSTEM, now=now)).id
