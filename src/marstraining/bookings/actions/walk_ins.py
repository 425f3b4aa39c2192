"""Somebody who came without a place: booked at the door, since whoever is in the room is there."""

from datetime import datetime

from marstraining.bookings.actions import steps
from marstraining.bookings.models import Booking
from marstraining.bookings.queries import posts_of, session_row
from marstraining.bookings.rules import LIVE_STATES, BookingState, BookPlace, mode_of
from marstraining.core.clock import today_of
from marstraining.core.db import hold, next_key, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.people.models import Person
from marstraining.programme.models import Session
from marstraining.programme.rules import Delivery, SessionState

REASON = "walk_in"


async def confirm_walk_in(session_id: int, learner_id: int, *, agency_id: int | None = None, by: Viewer, now: datetime) -> steps.Booked:
    """A confirmed place for somebody who came, whatever the numbers, the window and the audience say, and no letter.

    A live booking that is not confirmed, such as an entry of the waiting list, becomes confirmed; a confirmed one is given back. The
    agency is the one given if they hold a post there, else that of the first post held today. Who may enter whom is for the caller
    to know. NotFound but for a published session; refused before the day it begins, and for who trains or speaks there.
    """
    session = await session_row(session_id)
    if session is None or session.state != SessionState.PUBLISHED:
        raise NotFound
    if today_of(now) < today_of(session.starts_at):
        raise Refused("The session is still to come, so nobody can walk in yet. Book them instead.", code="not_begun")
    async with transaction():
        await hold(Session, session_id, and_then=(Person, learner_id))
        marks = ", ".join(f"'{state}'" for state in sorted(LIVE_STATES))
        found = await rows(
            f"SELECT id, ref, state FROM bookings_booking WHERE session_id = ? AND learner_id = ? AND state IN ({marks})",
            session_id,
            learner_id,
        )
        if found and found[0]["state"] == BookingState.CONFIRMED:
            return steps.Booked(id=found[0]["id"], ref=found[0]["ref"], state=BookingState.CONFIRMED, was_there=True)
        await _check_trains_not(session_id, learner_id)
        if found:
            booking_id, ref = found[0]["id"], found[0]["ref"]
            await steps.change_state(
                booking_id, from_state=found[0]["state"], to_state=BookingState.CONFIRMED, by=by, now=now, reason=REASON
            )
        else:
            booking_id, ref = await _insert(session_id, learner_id, agency_id=agency_id, delivery=session.delivery, by=by, now=now)
        detail = {"session": session_id}
        await record("booking.walked_in", by=by, now=now, subject_kind="booking", subject_id=booking_id, detail=detail)
    return steps.Booked(id=booking_id, ref=ref, state=BookingState.CONFIRMED)


async def _check_trains_not(session_id: int, person_id: int) -> None:
    found = await rows(
        "SELECT 1 AS one FROM programme_trainer WHERE session_id = ? AND person_id = ? AND state = 'accepted'", session_id, person_id
    )
    if found:
        raise Refused("They train or speak at this session, so they do not stand on its register as a learner.", code="trains")


async def _insert(session_id: int, learner_id: int, *, agency_id: int | None, delivery: str, by: Viewer, now: datetime) -> tuple[int, str]:
    posts = await posts_of(learner_id, on=today_of(now))
    managed = await rows("SELECT managed_by_id FROM people_person WHERE id = ?", learner_id)
    if not managed:
        raise NotFound
    post = next((post for post in posts if post.agency_id == agency_id), posts[0] if posts else None)
    next_id = (await rows(f"SELECT {next_key(Booking)} AS id"))[0]["id"]
    new = steps.NewBooking(
        id=next_id,
        state=BookingState.CONFIRMED,
        mode=mode_of(delivery, "room" if delivery == Delivery.HYBRID else ""),
        agency_id=post.agency_id if post else managed[0]["managed_by_id"] or agency_id,
        job_role=post.job_role if post else "",
        joined_at=now,
    )
    subject = await steps.insert_booking(BookPlace(session_id=session_id, learner_id=learner_id), new, by=by, now=now)
    return subject.booking_id, subject.booking_ref
