"""A colleague takes over a place: the seat stays, one calendar entry is cancelled and another issued."""

from datetime import datetime

from marstraining.bookings import rules as booking_rules
from marstraining.bookings.actions import looking, steps
from marstraining.bookings.actions.waiting import pass_on, withdraw_other_entries
from marstraining.bookings.letters import joining_facts, letter_about
from marstraining.bookings.queries import Looked, conflicts, learner_rows, look, look_again
from marstraining.bookings.queries.own import booking_by_id
from marstraining.bookings.rules import BookingState, BookPlace
from marstraining.core.db import hold, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.rules import Priority
from marstraining.people.models import Person
from marstraining.programme.models import Session
from marstraining.programme.rules import CourseKind


async def substitute(booking_id: int, *, learner_id: int, on_the_day: bool = False, by: Viewer, now: datetime) -> steps.Booked:
    """Give a booked place to a colleague of the same agency, in one transaction; returns the colleague's booking.

    Capacity is never consulted and nobody on the list comes between. The substitute's own prerequisites and clashes are checked, not the
    booking window. Up to the start, or afterwards where the register is taken (`on_the_day`). Refused for somebody of another
    agency and for who holds a place already; a waiting entry of theirs ends. Doing it twice gives the same booking
    (booking.md, Agencies 4).
    """
    old = await booking_by_id(booking_id)
    if old is None:
        raise NotFound
    order = BookPlace(session_id=old.session_id, learner_id=learner_id, agency_id=old.agency_id, mode=old.mode, by_desk=True)
    async with transaction():
        await hold(Session, old.session_id, and_then=(Person, learner_id))
        old = await booking_by_id(booking_id)
        if old is None:
            raise NotFound
        looked = await look(old.session_id, learner_id, now=now)
        if looked is None:
            raise NotFound
        if old.state == BookingState.SUBSTITUTED and looked.existing and looked.existing.state == BookingState.CONFIRMED:
            return looking.there_already(looked.existing)
        _check(old.state, starts_at=old.starts_at, on_the_day=on_the_day, now=now)
        job_role = _check_may_stand_in(looked, agency_id=old.agency_id)
        freed = await _make_way(looked, by=by, now=now)
        if looked.has_others:
            await _check_clash(looked, now=now)
        await _give_up(old.id, old.learner_id, looked, by=by, now=now)
        seen = await look_again(old.session_id, learner_id, now=now)
        if seen is None:
            raise NotFound
        new = steps.NewBooking(
            id=seen.next_id, state=BookingState.CONFIRMED, mode=old.mode, agency_id=old.agency_id,
            job_role=job_role, joined_at=now,
        )  # fmt: skip
        subject = await steps.insert_booking(order, new, by=by, now=now)
        facts = joining_facts(looked.session, subject, now=now, calendar=steps.working_calendar())
        letter = letter_about(
            "confirmed", subject=subject, session=looked.session, learner=looked.learner, days=seen.days, method="REQUEST", extra=facts
        )
        await steps.send(letter, days={learner_id: seen.days}, is_cancelled=False, now=now)
        detail = {"session": old.session_id, "instead_of": old.id}
        await record("booking.substituted", by=by, now=now, subject_kind="booking", subject_id=subject.booking_id, detail=detail)
        if looked.session.kind == CourseKind.COURSE:
            await withdraw_other_entries(looked.session, learner=looked.learner, now=now)
        if freed:
            await pass_on(looked.session, by=by, now=now)
    return steps.Booked(id=subject.booking_id, ref=subject.booking_ref, state=BookingState.CONFIRMED)


def _check(state: str, *, starts_at: datetime, on_the_day: bool, now: datetime) -> None:
    if state not in (BookingState.CONFIRMED, BookingState.INVITED):
        raise Refused("Only a booked place can be taken over.", code="not_booked")
    if now >= starts_at and not on_the_day:
        raise Refused("The session has started. Whoever came instead is entered in its register.", code="past")


def _check_may_stand_in(looked: Looked, *, agency_id: int | None) -> str:
    """The post in which a colleague stands in; refused for another agency's, and for who lacks a prerequisite."""
    post = next((post for post in looked.learner.posts if post.agency_id == agency_id), None)
    if post is None and looked.learner.managed_by_id != agency_id:
        raise Refused("Only a colleague of the same organisation can take over the place.", code="other_agency", field="person")
    if looked.situation.trainer_state:
        raise Refused(f"{looked.learner.name} trains or speaks at this session, or is asked to.", code="trains", field="person")
    if looked.situation.missing_prerequisites:
        names = " and ".join(f"“{one.title}”" for one in looked.situation.missing_prerequisites)
        raise Refused(f"{looked.learner.name} needs to complete {names} first.", code="prerequisite", field="person")
    return post.job_role if post else ""


async def _make_way(looked: Looked, *, by: Viewer, now: datetime) -> bool:
    """End the substitute's own entry of the session that holds no booked place; whether that frees one."""
    if looked.existing is None:
        return False
    if looked.existing.state in (BookingState.CONFIRMED, BookingState.INVITED, BookingState.REQUESTED):
        raise Refused(f"{looked.learner.name} has a place on this session already.", code="there_already", field="person")
    await steps.change_state(
        looked.existing.id, from_state=looked.existing.state, to_state=BookingState.WITHDRAWN, by=by, now=now, reason="substitute"
    )
    return looked.existing.state == BookingState.OFFERED


async def _check_clash(looked: Looked, *, now: datetime) -> None:
    session = looked.session
    found = await conflicts(session.id, looked.learner.id, course_id=session.course_id, kind=session.kind, now=now)
    try:
        booking_rules.check_conflicts(found, instead_of=None)
    except Refused as refusal:
        sentence = f"{looked.learner.name} is booked on “{refusal.facts.get('title')}” at the same time."
        raise Refused(sentence, code="clash", field="person") from refusal


async def _give_up(booking_id: int, learner_id: int, looked: Looked, *, by: Viewer, now: datetime) -> None:
    before = await booking_by_id(booking_id)
    if before is None:
        raise NotFound
    subject = await steps.change_state(
        booking_id, from_state=before.state, to_state=BookingState.SUBSTITUTED, by=by, now=now, reason="substitute"
    )
    if subject is None:
        raise Refused("This booking changed a moment ago. Look at it again.", code="changed")
    learner = (await learner_rows([learner_id]))[learner_id]
    days = await steps.days_of(looked.session.id, learner_id)
    letter = letter_about(
        "substituted",
        subject=subject,
        session=looked.session,
        learner=learner,
        days=days,
        priority=Priority.CHANGE,
        method="CANCEL" if before.state == BookingState.CONFIRMED else None,
        extra={"colleague": looked.learner.name},
    )
    await steps.send(letter, days={learner_id: days}, is_cancelled=True, now=now)
