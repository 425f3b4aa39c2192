"""Two sessions at one time (booking.md, Booking 2): what is refused, what only warns, and the swap in one step."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from marstraining.bookings.actions import accept_offer, answer_standby, book_place, cancel_booking, join_list
from marstraining.bookings.models import Booking
from marstraining.bookings.queries import conflicts
from marstraining.bookings.rules import BookPlace, warnings_of
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM
from marstraining.people.models import Person
from marstraining.programme.models import Session
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
pytestmark = pytest.mark.usefixtures("db")


async def book(person: Person, session: Session, clock: Clock) -> int:
    order = BookPlace(session_id=session.id, learner_id=person.id)
    return (await book_place(order, by=makers.as_learner(person), now=clock.now)).id


async def join(person: Person, session: Session, clock: Clock, standby: str = "ask") -> int:
    order = BookPlace(session_id=session.id, learner_id=person.id, standby=standby)
    return (await join_list(order, by=makers.as_learner(person), now=clock.now)).id


async def full_at_the_time_of(booked: Session, clock: Clock) -> tuple[Session, int]:
    """A full session at the time of another, and the booking that fills it."""
    session = await makers.make_session(course=await makers.make_course("Neglect"), starts=booked.starts_at, capacity=1, now=clock.now)
    return session, await book(await makers.make_person("Holder"), session, clock)


async def warned(person: Person, session: Session, clock: Clock, kind: str = "course") -> list[str]:
    return warnings_of(await conflicts(session.id, person.id, course_id=session.course_id, kind=kind, now=clock.now))


async def states(person: Person) -> list[str]:
    return [row["state"] for row in await Booking.filter(learner_id=person.id).order_by("id").values("state")]


async def test_booking_2_who_is_booked_at_that_time_may_wait_and_swaps_in_one_step_when_offered(asha: Person, clock: Clock) -> None:
    early_help = await makers.make_session(course=await makers.make_course("Early Help"), capacity=1, now=clock.now)
    held = await book(asha, early_help, clock)
    ben = await makers.make_person("Ben")
    await join(ben, early_help, clock)
    neglect, holder = await full_at_the_time_of(early_help, clock)
    waiting = await join(asha, neglect, clock)
    await cancel_booking(holder, by=SYSTEM, now=clock.now)
    with pytest.raises(Refused) as refusal:
        await accept_offer(waiting, by=makers.as_learner(asha), now=clock.now)
    assert (refusal.value.code, refusal.value.facts["title"], await states(asha)) == ("clash", "Early Help", ["confirmed", "offered"])
    await accept_offer(waiting, instead_of=held, by=makers.as_learner(asha), now=clock.now)
    assert (await states(asha), await states(ben)) == (["cancelled", "confirmed"], ["offered"])


async def test_booking_2_the_pages_warn_whoever_joins_and_offer_the_swap(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    early_help = await makers.make_session(course=await makers.make_course("Early Help"), now=clock.now)
    await book(asha, early_help, clock)
    neglect, holder = await full_at_the_time_of(early_help, clock)
    visitor = await sign_in_as(asha)
    warning = "You are booked on “Early Help” on Friday 8 May 2026, at the same time. If a place is offered to you, you choose"
    assert warning in (await visitor.get(f"/sessions/{neglect.ref}/book")).text
    joined = await visitor.post(f"/sessions/{neglect.ref}/book", {"do": "join", "standby": "ask"})
    page = joined.headers["location"].partition("?")[0]
    await cancel_booking(holder, by=SYSTEM, now=clock.now)
    refused = await visitor.post(f"{page}/accept", seen=page)
    assert (refused.status_code, "Swap to this session" in refused.text) == (422, True)
    other = await Booking.get(session_id=early_help.id)
    swapped = await visitor.post(f"{page}/accept", {"instead_of": other.ref}, seen=page)
    assert (swapped.headers["location"], await states(asha)) == (f"{page}?done=accepted", ["cancelled", "confirmed"])


async def test_booking_2_nobody_gives_up_a_booking_of_somebody_else(asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    early_help = await makers.make_session(course=await makers.make_course("Early Help"), now=clock.now)
    await book(ben, early_help, clock)
    neglect, holder = await full_at_the_time_of(early_help, clock)
    waiting = await Booking.get(id=await join(asha, neglect, clock))
    await cancel_booking(holder, by=SYSTEM, now=clock.now)
    page = f"/bookings/{waiting.ref}"
    bens = await Booking.get(learner_id=ben.id)
    tried = await (await sign_in_as(asha)).post(f"{page}/accept", {"instead_of": bens.ref}, seen=page)
    assert (tried.status_code, await states(ben), await states(asha)) == (404, ["confirmed"], ["offered"])


async def test_booking_2_a_waiting_entry_at_the_same_time_gives_a_warning_only(asha: Person, clock: Clock) -> None:
    early_help = await makers.make_session(course=await makers.make_course("Early Help"), now=clock.now)
    neglect, _ = await full_at_the_time_of(early_help, clock)
    await join(asha, neglect, clock)
    assert await warned(asha, early_help, clock) == ["You are on the waiting list for “Neglect” on Friday 8 May 2026, at the same time."]
    await book(asha, early_help, clock)
    assert await states(asha) == ["waiting", "confirmed"]


async def test_booking_2_an_online_drop_in_at_the_same_time_gives_a_warning_only(asha: Person, clock: Clock) -> None:
    webinar = await makers.make_course("Lunchtime webinar", kind="webinar")
    drop_in = await makers.make_session(course=webinar, delivery="online", now=clock.now)
    await book(asha, drop_in, clock)
    session = await makers.make_session(starts=drop_in.starts_at, now=clock.now)
    assert await warned(asha, session, clock) == ["You have booked the drop-in “Lunchtime webinar” on Friday 8 May 2026, at the same time."]
    await book(asha, session, clock)
    assert await states(asha) == ["confirmed", "confirmed"]


@pytest.mark.parametrize(
    ("kind", "said"), [("course", ["You are already booked on another date of this course: Friday 8 May 2026."]), ("briefing", [])]
)
async def test_booking_2_already_confirmed_on_another_date_of_the_same_course_gives_a_warning(
    asha: Person, clock: Clock, kind: str, said: list[str]
) -> None:
    course = await makers.make_course(kind=kind)
    first = await makers.make_session(course=course, now=clock.now)
    await book(asha, first, clock)
    second = await makers.make_session(course=course, starts=first.starts_at + timedelta(days=7), now=clock.now)
    assert await warned(asha, second, clock, kind) == said
    await book(asha, second, clock)


async def test_waiting_list_4_who_is_booked_elsewhere_at_that_time_is_not_booked_in_and_keeps_nobody_waiting(
    asha: Person, ben: Person, clock: Clock
) -> None:
    early_help = await makers.make_session(course=await makers.make_course("Early Help"), now=clock.now)
    neglect, holder = await full_at_the_time_of(early_help, clock)
    for person, standby in ((asha, "book"), (ben, "ask")):
        await book(person, early_help, clock)
        await join(person, neglect, clock, standby)
    clock.travel_to(neglect.starts_at - timedelta(days=1))
    await cancel_booking(holder, reason="cover", by=SYSTEM, now=clock.now)
    asked = await Booking.get(session_id=neglect.id, learner_id=ben.id)
    with pytest.raises(Refused) as refusal:
        await answer_standby(asked.id, by=makers.as_learner(ben), now=clock.now)
    assert (refusal.value.code, await states(asha), await states(ben)) == ("clash", ["confirmed", "waiting"], ["confirmed", "waiting"])
    clock.forward(hours=5)
    await book(await makers.make_person("Stranger"), neglect, clock)
