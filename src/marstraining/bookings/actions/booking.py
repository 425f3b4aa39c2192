"""Booking a place, and joining the waiting list where there is none."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from marstraining.bookings import rules
from marstraining.bookings.actions import looking, requesting, steps
from marstraining.bookings.actions.cancelling import give_up
from marstraining.bookings.actions.turns import turn
from marstraining.bookings.actions.waiting import pass_on, withdraw_other_entries
from marstraining.bookings.letters import Subject, joining_facts, letter_about
from marstraining.bookings.queries import Looked
from marstraining.bookings.queries.entries import DayEntry
from marstraining.bookings.rules import BookingState, BookPlace, Mode
from marstraining.core.db import Moved, in_transaction, rows, together, transaction
from marstraining.core.errors import Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.people.models import Person
from marstraining.programme.models import Session
from marstraining.programme.rules import CourseKind, Delivery

# A mode that is full while the other is not: where no place is left, and how one may attend instead.
_FULL_MODES = {Mode.ROOM: ("in the room", "online"), Mode.ONLINE: ("online", "in the room")}


async def book_place(order: BookPlace, *, looked: Looked | None = None, by: Viewer, now: datetime) -> steps.Booked:
    """Confirm a place for a learner, with letter and calendar entry, in one transaction.

    A repeat gives the same booking back. Refused with a typed reason when full (`code` "full"), closed, past, called off,
    not eligible, a prerequisite is missing or training days clash; NotFound for a draft or an unknown session. A refusal
    takes no lock and writes nothing. Nobody is put on the waiting list by this verb (booking.md, Booking 1, 2). `looked` spares
    the first look to a caller who has just looked.

    Where all that matters was in the look, the place is written in one statement that writes only if nothing moved since; else, if
    something did, or in a caller's transaction, the session is held and looked at again.
    """
    plan = await looking.look_first(order, looked=looked, by=by, now=now)
    if isinstance(plan, steps.Booked):
        return plan
    await _check_place(plan, held=plan.looked.held, now=now)
    async with turn(plan.looked.session.id, wants=(plan.mode, order.by_desk, plan.agency_id)) as has_waited:
        if plan.is_plain and not (has_waited or in_transaction()):
            with suppress(Moved):
                return await _confirm_at_once(plan, by=by, now=now)
        async with transaction():
            return await confirm_in_transaction(plan, by=by, now=now)


async def _confirm_at_once(plan: looking.Plan, *, by: Viewer, now: datetime) -> steps.Booked:
    """Book on the strength of the look alone: Moved, with nothing written, where session or learner changed since."""
    looked = plan.looked
    if looked.next_id is None:
        raise Moved
    unmoved = ((Session, looked.session.id, looked.session_revision), (Person, looked.learner.id, looked.learner_revision))
    async with together(unmoved=unmoved):
        return await _write_confirmed(plan, booking_id=looked.next_id, days=looked.days, by=by, now=now)


async def confirm_in_transaction(plan: looking.Plan, *, by: Viewer, now: datetime) -> steps.Booked:
    """The part of `book_place` under the lock, for verbs that book within a transaction of their own."""
    order, session = plan.order, plan.looked.session
    await looking.take_hold(plan)
    seen = await looking.see_again(plan, now=now)
    if seen.existing:
        return looking.there_already(seen.existing)
    if order.instead_of is not None:
        await give_up(order.instead_of, order.learner_id, by_desk=order.by_desk, by=by, now=now)
    if seen.counted.run_out:
        await pass_on(session, by=by, now=now)
    if order.instead_of is not None or seen.counted.run_out:
        seen = await looking.see_again(plan, now=now)
    await _check_place(plan, held=seen.counted.held, now=now)
    if seen.has_others:
        await looking.check_conflicts(plan, now=now)
    if session.needs_approval and await requesting.needs_approval(plan, by=by):
        return await requesting.request_in_transaction(plan, seen, by=by, now=now)
    async with together():
        booked = await _write_confirmed(plan, booking_id=seen.next_id, days=seen.days, by=by, now=now)
    if seen.has_others and session.kind == CourseKind.COURSE:
        await withdraw_other_entries(session, learner=plan.looked.learner, now=now)
    return booked


async def _write_confirmed(plan: looking.Plan, *, booking_id: int, days: Sequence[DayEntry], by: Viewer, now: datetime) -> steps.Booked:
    """What a confirmed place is in rows, for `together`: itself, its letter with calendar entries, its history."""
    order, session = plan.order, plan.looked.session
    new = _new(plan, booking_id, state=BookingState.CONFIRMED, joined_at=now)
    subject = await steps.insert_booking(order, new, by=by, now=now)
    await _save_extras(subject, order, asks_diet=session.has_catering, now=now)
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
    detail = {"session": session.id}
    await record("booking.confirmed", by=by, now=now, subject_kind="booking", subject_id=subject.booking_id, detail=detail)
    return steps.Booked(id=subject.booking_id, ref=subject.booking_ref, state=BookingState.CONFIRMED)


async def join_list(order: BookPlace, *, looked: Looked | None = None, by: Viewer, now: datetime) -> steps.Booked:
    """Put a learner on the waiting list, at the tail, with a letter that says how to leave; refused where places are free.

    Otherwise refused as booking is, and when the list is closed to joining; a clash is no refusal, a page warns of it
    (booking.md, Booking 2). Two who join at once are 1 and 2 in the order of their rows (Waiting list 1). `looked` as in
    `book_place`.
    """
    plan = await looking.look_first(order, looked=looked, joins_list=True, by=by, now=now)
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
    seen = await looking.see_again(plan, now=now)
    if seen.existing:
        return looking.there_already(seen.existing)
    held = await looking.before_strangers(session, seen.counted.held, agency_id=plan.agency_id, now=now)
    if held is not None and rules.free_places(session.capacity, held, plan.mode, behind_the_list=True) != 0:
        raise Refused("There are places left, so you can book one now.", code="has_places")
    if session.needs_approval and await requesting.needs_approval(plan, by=by):
        return await requesting.request_in_transaction(plan, seen, by=by, now=now)
    last = await rows(
        "SELECT max(joined_at) AS joined_at FROM bookings_booking WHERE session_id = ? AND state = 'waiting'",
        session.id,
        instants=("joined_at",),
    )
    joined_at = rules.rejoin_time(last[0]["joined_at"], now)
    async with together():
        subject = await steps.insert_booking(
            order, _new(plan, seen.next_id, state=BookingState.WAITING, joined_at=joined_at), by=by, now=now
        )
        await _save_extras(subject, order, asks_diet=session.has_catering, now=now)
        letter = letter_about("joined_list", subject=subject, session=session, learner=plan.looked.learner, days=seen.days)
        if letter:
            await queue_letter(letter, now=now)
        detail = {"session": session.id}
        await record("booking.waiting", by=by, now=now, subject_kind="booking", subject_id=subject.booking_id, detail=detail)
    return steps.Booked(id=subject.booking_id, ref=subject.booking_ref, state=BookingState.WAITING)


def _new(plan: looking.Plan, booking_id: int, *, state: BookingState, joined_at: datetime) -> steps.NewBooking:
    return steps.NewBooking(
        id=booking_id, state=state, mode=plan.mode, agency_id=plan.agency_id, job_role=plan.job_role, joined_at=joined_at
    )


async def _check_place(plan: looking.Plan, *, held: rules.Held, now: datetime) -> None:
    order, session = plan.order, plan.looked.session
    if order.by_desk:
        free = rules.free_places(session.capacity, held, plan.mode, behind_the_list=False)
        if free == 0:
            raise full(plan.looked)
        return
    ours = await looking.before_strangers(session, held, agency_id=plan.agency_id, now=now)
    lack = _lack(plan.looked, ours, mode=plan.mode)
    if lack is not None:
        raise lack


async def why_no_place(looked: Looked, *, agency_id: int | None = None, mode: str = "", now: datetime) -> Refused | None:
    """The refusal for want of places that booking would meet, on behalf of any agency and in any mode where none is given.

    None where there is a place. As of the look, and without a statement of its own but for sessions with places kept for agencies
    and for a list that stands by.
    """
    session, learner, lack = looked.session, looked.learner, None
    agency_ids: list[int | None] = [agency_id] if agency_id else [post.agency_id for post in learner.posts]
    modes = [mode] if mode or session.delivery != Delivery.HYBRID else [Mode.ROOM, Mode.ONLINE]
    for on_behalf_of in agency_ids or [learner.managed_by_id]:
        ours = await looking.before_strangers(session, looked.held, agency_id=on_behalf_of, now=now)
        for attending in modes:
            lack = _lack(looked, ours, mode=attending)
            if lack is None:
                return None
    return lack


def _lack(looked: Looked, ours: rules.Held | None, *, mode: str) -> Refused | None:
    """The refusal where the counts as they stand for a learner leave them no place, and none where they do."""
    if ours is None:
        return capped(looked)
    capacity = looked.session.capacity
    if rules.free_places(capacity, ours, mode, behind_the_list=True) != 0:
        return None
    is_free_otherwise = any(rules.free_places(capacity, ours, one, behind_the_list=True) != 0 for one in _FULL_MODES)
    return full(looked, only=mode if is_free_otherwise else "")


def full(looked: Looked, *, only: str = "") -> Refused:
    """The refusal of a full session, or where `only` that mode of it is full, with the way on."""
    is_open = looked.session.is_list_open
    if only:
        where, instead = _FULL_MODES[Mode(only)]
        said = f"No place {where} is left. You can attend {instead}{' or join the waiting list' if is_open else ''}."
    else:
        said = f"This session is full. {_way_on(looked)}"
    return Refused(said, code="full", facts={"is_list_open": is_open, "session_ref": looked.session.ref})


def capped(looked: Looked) -> Refused:
    """The refusal where an organisation holds all the places it may have."""
    return Refused(f"Your organisation holds all the places it may have on this session. {_way_on(looked)}", code="capped")


def _way_on(looked: Looked) -> str:
    return "You can join the waiting list." if looked.session.is_list_open else "Choose another date of the same course."


async def _save_extras(subject: Subject, order: BookPlace, *, asks_diet: bool, now: datetime) -> None:
    if order.access_needs or order.dietary_needs:
        await steps.save_needs(subject.booking_id, access=order.access_needs, dietary=order.dietary_needs, now=now)
    if order.keeps_needs is not None:
        dietary = order.dietary_needs if asks_diet else None
        await steps.keep_needs(order.learner_id, order.keeps_needs, access=order.access_needs, dietary=dietary)
