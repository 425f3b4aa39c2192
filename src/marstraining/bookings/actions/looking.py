"""Looking before taking hold: a booking that would be refused takes no lock, so that a full session answers thousands quickly."""

from datetime import datetime, timedelta

from marstraining.bookings import rules
from marstraining.bookings.actions import steps
from marstraining.bookings.queries import (
    Entry,
    Existing,
    Looked,
    Relooked,
    SessionRow,
    conflicts,
    look,
    look_again,
    shares_of,
    waiting_list,
)
from marstraining.bookings.rules import BookPlace, Held, Period
from marstraining.core.db import hold, hold_unseen, rows
from marstraining.core.errors import NotFound, Refused, TooFast
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.people.models import Person
from marstraining.programme.models import Session

_BOOKINGS_A_MINUTE = 30


@frozen
class Plan:
    """A booking that passed every rule before the lock; what is left is to count again and write."""

    looked: Looked
    order: BookPlace
    mode: str
    agency_id: int | None
    job_role: str

    @property
    def is_plain(self) -> bool:
        """Whether all there is to find out was seen in the look: nothing to give up, to ask for, to pass on or to weigh against others."""
        looked = self.looked
        return (
            looked.next_id is not None
            and self.order.instead_of is None
            # What is kept for next time is written to the learner's own row.
            and self.order.keeps_needs is None
            and not (looked.has_others or looked.counted.run_out or looked.held.waiting)
            and not (looked.session.needs_approval or looked.session.has_allocations)
        )


async def look_first(
    order: BookPlace, *, looked: Looked | None = None, joins_list: bool = False, by: Viewer, now: datetime
) -> Plan | steps.Booked:
    """The plan of a booking, or the live booking there is already; refuses whatever can be refused without a lock.

    `looked` is what the caller saw a moment ago of this session and learner, if it did. Who only `joins_list` may be booked
    elsewhere at the same time: they choose between the two when a place is offered.
    """
    looked = looked or await look(order.session_id, order.learner_id, to_book=True, now=now)
    if looked is None:
        raise NotFound
    if looked.existing:
        return there_already(looked.existing)
    rules.check_bookable(looked.situation, now=now, by_desk=order.by_desk)
    mode = rules.mode_of(looked.session.delivery, order.mode)
    posts = looked.learner.posts
    agency_id = rules.check_agency_named([post.agency_id for post in posts], order.agency_id)
    job_role = next((post.job_role for post in posts if post.agency_id == agency_id), "")
    if not order.by_desk:
        _check_pace(looked.recent if by.person_id == order.learner_id else await _made_recently(by, now=now))
    plan = Plan(looked=looked, order=order, mode=mode, agency_id=agency_id or looked.learner.managed_by_id, job_role=job_role)
    if looked.has_others and not joins_list:
        await check_conflicts(plan, now=now)
    return plan


async def check_conflicts(plan: Plan, *, now: datetime) -> None:
    """Refuse a clash of training days with another booking of the learner."""
    session = plan.looked.session
    found = await conflicts(session.id, plan.order.learner_id, course_id=session.course_id, kind=session.kind, now=now)
    rules.check_conflicts(found, instead_of=plan.order.instead_of)


async def take_hold(plan: Plan) -> None:
    """Take hold of the session and of whatever else may be booked for the learner now, so that two clashing bookings cannot pass.

    With a booking to give up, sessions are held in the order of their numbers and the learner after the last, so that two
    swaps cannot deadlock.
    """
    order = plan.order
    session_ids = {order.session_id}
    if order.instead_of is not None:
        found = await rows("SELECT session_id FROM bookings_booking WHERE id = ?", order.instead_of)
        session_ids |= {row["session_id"] for row in found}
    *first, last = sorted(session_ids)
    for session_id in first:
        await hold(Session, session_id)
    # That the session is still there is seen by the look that follows.
    await hold_unseen(Session, last, and_then=(Person, order.learner_id))


async def see_again(plan: Plan, *, now: datetime) -> Relooked:
    """What there is now that the session is held. Refuses when it changed since the look: its state, its numbers or its window."""
    seen = await look_again(plan.order.session_id, plan.order.learner_id, now=now)
    if seen is None:
        raise NotFound
    was = plan.looked.session
    if seen.existing is None and (seen.state, seen.closes_at, seen.starts_at, seen.capacity) != (
        was.state, was.closes_at, was.starts_at, was.capacity,
    ):  # fmt: skip
        raise Refused("This session changed a moment ago. Look at it again before you book.", code="changed")
    return seen


def there_already(existing: Existing) -> steps.Booked:
    """The answer to a repeat: the live booking there is."""
    return steps.Booked(id=existing.id, ref=existing.ref, state=existing.state, was_there=True)


async def before_strangers(session: SessionRow, held: Held, *, agency_id: int | None, wanted: int = 1, now: datetime) -> Held | None:
    """The counts with only those of the waiting list who still stand before a stranger, and with the places kept for other agencies.

    In the time of timed offers that is everyone waiting; the list is read one by one only in the last two working days. None where
    the agency's own cap has no room for `wanted` (booking.md, States; Waiting list 2, 4; Agencies 1).
    """
    if session.has_allocations:
        ours = rules.held_for(held, await shares_of(session.id, agency_id=agency_id, now=now), wanted=wanted, now=now)
        if ours is None:
            return None
        held = ours
    if not held.waiting:
        return held
    is_standby = period_of(session, now=now) == Period.STANDBY
    if not (is_standby or session.has_allocations):
        return held
    queue = await waiting_list(session.id)
    if session.has_allocations:
        queue = await _within_their_caps(session, queue, held=held, now=now)
    eligible = [entry.candidate for entry in queue]
    if is_standby:
        eligible = rules.eligible_on_standby(eligible, calendar=steps.working_calendar(), now=now)
    return rules.with_waiting(held, eligible)


async def _within_their_caps(session: SessionRow, queue: list[Entry], *, held: Held, now: datetime) -> list[Entry]:
    """Those of the list whose agency may have one more; whoever may not keeps their place in line, before nobody."""
    capped: dict[int | None, bool] = {}
    for agency_id in {entry.agency_id for entry in queue}:
        shares = await shares_of(session.id, agency_id=agency_id, now=now)
        capped[agency_id] = rules.held_for(held, shares, now=now) is None
    return [entry for entry in queue if not capped[entry.agency_id]]


def period_of(session: SessionRow, *, now: datetime) -> Period:
    """Which rule a freed place of the session follows now."""
    return rules.period_of(
        state=session.state,
        is_promotion_on=session.is_promotion_on,
        starts_at=session.starts_at,
        closes_at=session.closes_at,
        now=now,
        calendar=steps.working_calendar(),
    )


def _check_pace(recent: int) -> None:
    """At most 30 bookings a minute and learner, read from what was written: a refusal writes nothing (security.md 5)."""
    if recent >= _BOOKINGS_A_MINUTE:
        raise TooFast("You have made many bookings in the last minute. Wait a minute, then go on.", retry_after=60)


async def _made_recently(by: Viewer, *, now: datetime) -> int:
    if by.person_id is None:
        return 0
    found = await rows(
        "SELECT count(*) AS n FROM bookings_transition WHERE by_id = ? AND at > ? AND from_state = ''",
        by.person_id,
        now - timedelta(minutes=1),
    )
    return int(found[0]["n"])
