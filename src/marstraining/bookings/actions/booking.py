"""Booking a place, and joining the waiting list where there is none."""

from datetime import datetime

from marstraining.bookings import rules
from marstraining.bookings.actions import looking, steps
from marstraining.bookings.actions.cancelling import give_up
from marstraining.bookings.actions.waiting import pass_on, withdraw_other_entries
from marstraining.bookings.letters import Subject, joining_facts, letter_about
from marstraining.bookings.queries import Looked, counted
from marstraining.bookings.queries.entries import day_entries
from marstraining.bookings.rules import BookingState, BookPlace
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.programme.rules import CourseKind


async def book_place(order: BookPlace, *, by: Viewer, now: datetime) -> steps.Booked:
    """Confirm a place for a learner, with letter and calendar entry, in one transaction.

    A repeat gives the same booking back. Refused with a typed reason when full (`code` "full"), closed, past, called off,
    not eligible, a prerequisite is missing or training days clash; NotFound for a draft or an unknown session. A refusal
    takes no lock and writes nothing. Nobody is put on the waiting list by this verb (booking.md, Booking 1, 2).
    """
    plan = await looking.look_first(order, by=by, now=now)
    if isinstance(plan, steps.Booked):
        return plan
    await _check_place(plan, held=plan.looked.held, now=now)
    async with transaction():
        return await confirm_in_transaction(plan, by=by, now=now)


async def confirm_in_transaction(plan: looking.Plan, *, by: Viewer, now: datetime) -> steps.Booked:
    """The part of `book_place` under the lock, for verbs that book within a transaction of their own."""
    order, session = plan.order, plan.looked.session
    await looking.take_hold(plan)
    again = await looking.still_none(plan)
    if isinstance(again, steps.Booked):
        return again
    if order.instead_of is not None:
        await give_up(order.instead_of, order.learner_id, by_desk=order.by_desk, by=by, now=now)
    now_counted = await counted(session.id, now=now)
    if now_counted.run_out:
        await pass_on(session, by=by, now=now)
        now_counted = await counted(session.id, now=now)
    await _check_place(plan, held=now_counted.held, now=now)
    if again:
        await looking.check_conflicts(plan, now=now)
    subject = await steps.insert_booking(
        order, state=BookingState.CONFIRMED, mode=plan.mode, agency_id=plan.agency_id, job_role=plan.job_role, joined_at=now, by=by, now=now
    )
    await _save_extras(subject, order, now=now)
    days = (await day_entries(session.id, [order.learner_id]))[order.learner_id]
    letter = letter_about(
        "confirmed",
        subject=subject,
        session=session,
        learner=plan.looked.learner,
        days=days,
        method="REQUEST",
        extra=joining_facts(session, subject, now=now, calendar=steps.working_calendar()),
    )
    await steps.send(letter, days={order.learner_id: days}, is_cancelled=False, now=now)
    if again and session.kind == CourseKind.COURSE:
        await withdraw_other_entries(session, learner=plan.looked.learner, now=now)
    await record("booking.confirmed", by=by, now=now, subject_kind="booking", subject_id=subject.booking_id, detail={"session": session.id})
    return steps.Booked(id=subject.booking_id, ref=subject.booking_ref, state=BookingState.CONFIRMED)


async def join_list(order: BookPlace, *, by: Viewer, now: datetime) -> steps.Booked:
    """Put a learner on the waiting list, at the tail, with a letter that says how to leave; refused where places are free.

    Otherwise refused as booking is, and when the list is closed to joining. Two who join at once are 1 and 2 in the order
    of their rows (booking.md, Waiting list 1).
    """
    plan = await looking.look_first(order, by=by, now=now)
    if isinstance(plan, steps.Booked):
        return plan
    async with transaction():
        return await join_in_transaction(plan, by=by, now=now)


async def join_in_transaction(plan: looking.Plan, *, by: Viewer, now: datetime) -> steps.Booked:
    """The part of `join_list` under the lock."""
    order, session = plan.order, plan.looked.session
    if not session.is_list_open and not order.by_desk:
        raise Refused("The waiting list of this session is closed. Choose another date of the same course.", code="list_closed")
    await looking.take_hold(plan)
    again = await looking.still_none(plan)
    if isinstance(again, steps.Booked):
        return again
    held = await looking.before_strangers(session, (await counted(session.id, now=now)).held, now=now)
    if rules.free_places(session.capacity, held, plan.mode, behind_the_list=True) != 0:
        raise Refused("There are places left, so you can book one now.", code="has_places")
    last = await rows(
        "SELECT max(joined_at) AS joined_at FROM bookings_booking WHERE session_id = ? AND state = 'waiting'",
        session.id,
        instants=("joined_at",),
    )
    subject = await steps.insert_booking(
        order,
        state=BookingState.WAITING,
        mode=plan.mode,
        agency_id=plan.agency_id,
        job_role=plan.job_role,
        joined_at=rules.rejoin_time(last[0]["joined_at"], now),
        by=by,
        now=now,
    )
    await _save_extras(subject, order, now=now)
    days = (await day_entries(session.id, [order.learner_id]))[order.learner_id]
    letter = letter_about("joined_list", subject=subject, session=session, learner=plan.looked.learner, days=days)
    if letter:
        await queue_letter(letter, now=now)
    await record("booking.waiting", by=by, now=now, subject_kind="booking", subject_id=subject.booking_id, detail={"session": session.id})
    return steps.Booked(id=subject.booking_id, ref=subject.booking_ref, state=BookingState.WAITING)


async def _check_place(plan: looking.Plan, *, held: rules.Held, now: datetime) -> None:
    order, session = plan.order, plan.looked.session
    if order.by_desk:
        free = rules.free_places(session.capacity, held, plan.mode, behind_the_list=False)
    else:
        held = await looking.before_strangers(session, held, now=now)
        free = rules.free_places(session.capacity, held, plan.mode, behind_the_list=True)
    if free == 0:
        raise full(plan.looked)


def full(looked: Looked) -> Refused:
    """The refusal of a full session, with the way on."""
    way = "You can join the waiting list." if looked.session.is_list_open else "Choose another date of the same course."
    return Refused(
        f"This session is full. {way}", code="full", facts={"is_list_open": looked.session.is_list_open, "session_ref": looked.session.ref}
    )


async def _save_extras(subject: Subject, order: BookPlace, *, now: datetime) -> None:
    if order.access_needs or order.dietary_needs:
        await steps.save_needs(subject.booking_id, access=order.access_needs, dietary=order.dietary_needs, now=now)
    if order.keeps_needs:
        await execute(
            "UPDATE people_person SET kept_access_needs = ?, kept_dietary_needs = ? WHERE id = ?",
            order.access_needs,
            order.dietary_needs,
            order.learner_id,
        )
