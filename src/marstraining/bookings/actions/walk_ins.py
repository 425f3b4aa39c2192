"""People who come to a session without a place: entered when they are there, whatever its window and its numbers say."""

from datetime import datetime

from marstraining.bookings.actions import steps
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import LIVE_STATES, BookingState, BookPlace
from marstraining.core.clock import today_of
from marstraining.core.db import hold, next_key, rows, together, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.programme.models import Session
from marstraining.programme.rules import SessionState

_LIVE = ", ".join(f"'{state.value}'" for state in sorted(LIVE_STATES))


async def enter_walk_in(session_id: int, *, learner_id: int, agency_id: int | None, by: Viewer, now: datetime) -> steps.Booked:
    """Confirm a place for somebody who came without one; neither window, places, prerequisites nor clashes bind, and no letter goes out.

    `agency_id` None is the agency of their present post, if any. Somebody who waits, or was offered or invited, is confirmed in that
    booking; a confirmed one is given back. Refused for a session that does not run; NotFound where there is no such session.
    """
    async with transaction():
        if not await hold(Session, session_id, and_for=learner_id):
            raise NotFound
        session = await rows("SELECT state, delivery FROM programme_session WHERE id = ?", session_id)
        if session[0]["state"] != SessionState.PUBLISHED:
            raise Refused("This session does not run, so nobody can be entered on it.", code="not_held")
        found = await rows(
            f"SELECT id, ref, state FROM bookings_booking WHERE session_id = ? AND learner_id = ? AND state IN ({_LIVE})",
            session_id,
            learner_id,
        )
        if found and found[0]["state"] == BookingState.CONFIRMED:
            return steps.Booked(id=found[0]["id"], ref=found[0]["ref"], state=BookingState.CONFIRMED, was_there=True)
        if found:
            booking_id, ref = found[0]["id"], found[0]["ref"]
            await steps.change_state(booking_id, from_state=found[0]["state"], to_state=BookingState.CONFIRMED, by=by, now=now)
        else:
            booking_id, ref = await _insert(session_id, learner_id, agency_id, by=by, now=now)
        detail = {"session": session_id}
        await record("booking.walked_in", by=by, now=now, subject_kind="booking", subject_id=booking_id, detail=detail)
    return steps.Booked(id=booking_id, ref=ref, state=BookingState.CONFIRMED)


async def _insert(session_id: int, learner_id: int, agency_id: int | None, *, by: Viewer, now: datetime) -> tuple[int, str]:
    today = today_of(now)
    posts = await rows(
        "SELECT agency_id, job_role FROM people_position WHERE person_id = ? AND starts_on <= ? AND (ends_on IS NULL OR ends_on >= ?)"
        " ORDER BY id",
        learner_id,
        today,
        today,
    )
    post = next((post for post in posts if agency_id in {None, post["agency_id"]}), None)
    new = steps.NewBooking(
        id=(await rows(f"SELECT {next_key(Booking)} AS id"))[0]["id"],
        state=BookingState.CONFIRMED,
        mode="",
        agency_id=post["agency_id"] if post else agency_id,
        job_role=post["job_role"] if post else "",
        joined_at=now,
    )
    async with together():
        subject = await steps.insert_booking(BookPlace(session_id=session_id, learner_id=learner_id), new, by=by, now=now)
    return subject.booking_id, subject.booking_ref
