"""Who is asked to train a session after they waited for it or were offered a place: nobody is learner and trainer of one session."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from marstraining.bookings.actions import accept_offer, answer_standby, book_place, cancel_booking, join_list, offer_now
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM
from marstraining.people.models import Person
from marstraining.programme.models import Session, SessionTrainer
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
pytestmark = pytest.mark.usefixtures("db")


async def waiting(session: Session, name: str, clock: Clock, standby: str = "ask") -> tuple[Person, int]:
    person = await makers.make_person(name)
    order = BookPlace(session_id=session.id, learner_id=person.id, standby=standby)
    return person, (await join_list(order, by=makers.as_learner(person), now=clock.now)).id


async def full_session(clock: Clock, *, days_before: int = 30) -> tuple[Session, int]:
    """A session of one place, and the booking that fills it."""
    session = await makers.make_session(now=clock.now, capacity=1, starts=clock.now + timedelta(days=days_before))
    holder = await makers.make_person("Holder")
    order = BookPlace(session_id=session.id, learner_id=holder.id)
    return session, (await book_place(order, by=makers.as_learner(holder), now=clock.now)).id


async def trains(session: Session, person: Person, clock: Clock, state: str = "accepted") -> SessionTrainer:
    return await SessionTrainer.create(session=session, person=person, state=state, asked_at=clock.now)


async def state_of(booking_id: int) -> str:
    return (await Booking.get(id=booking_id)).state


@pytest.mark.parametrize(("state", "says"), [("accepted", "You train or speak"), ("asked", "Say yes or no")])
async def test_they_take_no_offered_place_and_may_once_they_have_said_no(clock: Clock, state: str, says: str) -> None:
    session, held = await full_session(clock)
    asha, booking = await waiting(session, "Asha", clock)
    await cancel_booking(held, by=SYSTEM, now=clock.now)
    asked = await trains(session, asha, clock, state)
    with pytest.raises(Refused, match=says) as refusal:
        await accept_offer(booking, by=makers.as_learner(asha), now=clock.now)
    assert (refusal.value.code, await state_of(booking)) == ("trains", "offered")
    with pytest.raises(Refused, match=r"^Asha (trains or speaks|is asked)"):
        await accept_offer(booking, by=makers.as_desk(await makers.make_person("Dee Desk")), now=clock.now)
    await SessionTrainer.filter(id=asked.id).update(state="declined")
    assert await accept_offer(booking, by=makers.as_learner(asha), now=clock.now) == "confirmed"


async def test_they_are_offered_no_place_by_hand_and_stand_before_nobody_at_short_notice(clock: Clock) -> None:
    session, held = await full_session(clock, days_before=8)
    tess, hers = await waiting(session, "Tess", clock, standby="book")
    _, next_in_line = await waiting(session, "Asha", clock, standby="book")
    await trains(session, tess, clock)
    with pytest.raises(Refused, match="Tess trains or speaks"):
        await offer_now(hers, by=SYSTEM, now=clock.now)
    clock.forward(days=7)
    await cancel_booking(held, reason="cover", by=SYSTEM, now=clock.now)
    assert [await state_of(one) for one in (held, hers, next_in_line)] == ["cancelled", "waiting", "confirmed"]


async def test_they_cannot_say_yes_at_short_notice(clock: Clock) -> None:
    session, held = await full_session(clock, days_before=1)
    tess, booking = await waiting(session, "Tess", clock)
    await cancel_booking(held, reason="cover", by=SYSTEM, now=clock.now)
    await trains(session, tess, clock)
    with pytest.raises(Refused, match="You train or speak"):
        await answer_standby(booking, by=makers.as_learner(tess), now=clock.now)


@pytest.mark.parametrize(("state", "way"), [("accepted", "/teaching/{ref}"), ("asked", "/me")])
async def test_the_page_leads_them_to_the_session_as_its_trainer_and_lets_them_turn_the_place_down(
    state: str, way: str, clock: Clock, sign_in_as: SignInAs
) -> None:
    session, held = await full_session(clock)
    asha, booking = await waiting(session, "Asha", clock)
    await cancel_booking(held, by=SYSTEM, now=clock.now)
    await trains(session, asha, clock, state)
    visitor, here = await sign_in_as(asha), f"/bookings/{(await Booking.get(id=booking)).ref}"
    page = (await visitor.post(f"{here}/accept", seen=here)).text.split("<main")[1]
    assert (f'href="{way.format(ref=session.ref)}"' in page, "Turn it down" in page) == (True, True)
