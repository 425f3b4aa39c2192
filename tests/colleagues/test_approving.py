import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import APPROVAL_TOKEN, book_place, cancel_booking, join_list
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.colleagues.actions import approve_booking, decline_booking, settle_requests
from marstraining.core.errors import Refused
from marstraining.core.tokens import derive_token
from marstraining.core.viewer import ANYBODY, Role, Viewer
from marstraining.core.web.dates import day
from marstraining.messages.models import Message
from marstraining.people.models import Agency, Person
from marstraining.programme.models import Session, SessionTrainer, TrainingDay
from tests import makers
from tests.conftest import SECRET_KEY, Clock, Visitor

pytestmark = pytest.mark.usefixtures("db")

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
async def school(db: TortoiseContext) -> Agency:
    return await makers.make_agency("St Luke's School")


async def asked(session: Session, person: Person, *, by: Viewer | None = None, **order: Any) -> Booking:
    wanted = BookPlace(session_id=session.id, learner_id=person.id, **order)
    made = await book_place(wanted, by=by or makers.as_learner(person), now=NOW)
    return await Booking.get(id=made.id)


async def a_session(**columns: Any) -> Session:
    return await makers.make_session(course=await makers.make_course("Train the trainer", needs_approval=True), now=NOW, **columns)


async def letters() -> list[tuple[str, str]]:
    return [(row["template"], row["name"]) for row in await Message.exclude(state="withdrawn").order_by("id").values("template", "name")]


async def test_a_course_that_needs_approval_asks_the_lead_and_holds_no_place_until_then(school: Agency) -> None:
    await makers.make_person("Lena Lead", agency=school, roles=(Role.AGENCY_LEAD,))
    asha, ben = await makers.make_person("Asha", agency=school), await makers.make_person("Ben", agency=school)
    session = await a_session(capacity=1)
    booking = await asked(session, asha)
    assert (booking.state, booking.answer_by) == ("requested", NOW + timedelta(days=7))
    assert await letters() == [("requested", "Asha"), ("approval_asked", "Lena Lead")]
    assert (await asked(session, ben)).state == "requested"


async def test_approval_leads_straight_to_a_place_or_to_the_waiting_list(school: Agency) -> None:
    await makers.make_person("Lena Lead", agency=school, roles=(Role.AGENCY_LEAD,))
    session = await a_session(capacity=1)
    bookings = [await asked(session, await makers.make_person(name, agency=school)) for name in ("Asha", "Ben")]
    assert [await approve_booking(booking.id, by=ANYBODY, now=NOW) for booking in bookings] == ["confirmed", "waiting"]
    assert (await letters())[-2:] == [("confirmed", "Asha"), ("joined_list", "Ben")]


async def test_approve_and_decline_at_once_are_one_outcome_and_one_letter(school: Agency) -> None:
    await makers.make_person("Lena Lead", agency=school, roles=(Role.AGENCY_LEAD,))
    booking = await asked(await a_session(), await makers.make_person("Asha", agency=school))
    first, second = await asyncio.gather(approve_booking(booking.id, by=ANYBODY, now=NOW), decline_booking(booking.id, by=ANYBODY, now=NOW))
    assert first == second
    assert len([name for name, _ in await letters() if name in {"confirmed", "declined"}]) == 1


async def test_the_named_manager_is_asked_and_without_lead_or_manager_nothing_is_booked(school: Agency) -> None:
    asha = await makers.make_person("Asha", email="asha@school.example", agency=school)
    session = await a_session()
    with pytest.raises(Refused, match="Enter their email address") as refused:
        await asked(session, asha)
    assert (refused.value.field, await Booking.all().count()) == ("manager_email", 0)
    with pytest.raises(Refused, match="not your own"):
        await asked(session, asha, manager_email="Asha@school.example")
    await asked(session, asha, manager_email="mia@school.example", manager_name="Mia Manager")
    assert await letters() == [("requested", "Asha"), ("approval_asked", "Mia Manager")]


async def test_a_one_person_setting_a_lead_and_the_desk_need_nobodys_approval(school: Agency) -> None:
    session = await a_session()
    alone = await makers.make_agency("Carla's Childminding", is_one_person=True)
    assert (await asked(session, await makers.make_person("Carla", agency=alone))).state == "confirmed"
    asha = await makers.make_person("Asha", agency=school)
    lena = await makers.make_person("Lena", agency=school, roles=(Role.AGENCY_LEAD,))
    lead = Viewer(person_id=lena.id, roles=frozenset({Role.AGENCY_LEAD}), agency_ids=frozenset({school.id}))
    assert (await asked(session, lena, by=lead)).state == "confirmed"
    dee = makers.as_desk(await makers.make_person("Dee", roles=(Role.DESK,)))
    assert (await asked(session, asha, by=dee, by_desk=True)).state == "confirmed"


async def test_a_request_that_reserves_holds_its_place_and_one_unanswered_runs_out_with_a_letter(school: Agency) -> None:
    await makers.make_person("Lena Lead", agency=school, roles=(Role.AGENCY_LEAD,))
    asha, ben = await makers.make_person("Asha", agency=school), await makers.make_person("Ben")
    session = await a_session(capacity=1, reserves_while_asked=True)
    await asked(session, asha)
    with pytest.raises(Refused, match="full"):
        await asked(session, ben, manager_email="m@x.example")
    dee = makers.as_desk(await makers.make_person("Dee"))
    await join_list(BookPlace(session_id=session.id, learner_id=ben.id, by_desk=True), by=dee, now=NOW)
    for _ in range(2):
        await settle_requests(now=NOW + timedelta(days=7, seconds=1))
    assert [row["state"] for row in await Booking.all().order_by("id").values("state")] == ["lapsed", "offered"]
    assert [name for name, _ in await letters()].count("declined") == 1


async def test_what_was_taken_back_cannot_be_approved(school: Agency) -> None:
    await makers.make_person("Lena Lead", agency=school, roles=(Role.AGENCY_LEAD,))
    asha = await makers.make_person("Asha", agency=school)
    booking = await asked(await a_session(), asha)
    await cancel_booking(booking.id, by=makers.as_learner(asha), now=NOW)
    with pytest.raises(Refused, match="taken back"):
        await approve_booking(booking.id, by=ANYBODY, now=NOW)


@pytest.mark.parametrize(("state", "says"), [("accepted", "Asha trains or speaks"), ("asked", "wait for their answer first")])
async def test_who_trains_the_session_by_now_is_not_approved_and_the_request_waits(school: Agency, state: str, says: str) -> None:
    await makers.make_person("Lena Lead", agency=school, roles=(Role.AGENCY_LEAD,))
    asha = await makers.make_person("Asha", agency=school)
    session = await a_session()
    booking = await asked(session, asha)
    trains = await SessionTrainer.create(session=session, person=asha, state=state, asked_at=NOW)
    with pytest.raises(Refused, match=says) as refusal:
        await approve_booking(booking.id, by=ANYBODY, now=NOW)
    assert (refusal.value.code, (await Booking.get(id=booking.id)).state) == ("trains", "requested")
    assert await letters() == [("requested", "Asha"), ("approval_asked", "Lena Lead")]
    await SessionTrainer.filter(id=trains.id).update(state="declined")
    assert await approve_booking(booking.id, by=ANYBODY, now=NOW) == "confirmed"


async def test_the_letters_page_answers_by_its_buttons_alone_and_nobody_guesses_its_address(
    school: Agency, clock: Clock, client: Visitor
) -> None:
    await makers.make_person("Lena Lead", agency=school, roles=(Role.AGENCY_LEAD,))
    course = await makers.make_course("Train the trainer", needs_approval=True)
    session = await makers.make_session(course=course, now=clock.now, days=2)
    asha = await makers.make_person("Asha Patel", agency=school)
    made = await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    booking = await Booking.get(id=made.id)
    here = f"/approvals/{booking.ref}/{derive_token(SECRET_KEY, APPROVAL_TOKEN, booking.id, booking.nonce)}"
    for _ in range(2):
        page = (await client.get(here)).text
        assert "May Asha Patel come?" in page
        # Each training day by itself: one line from the first to the last would read as a night.
        assert [day(one.starts_at) in page for one in await TrainingDay.filter(session_id=session.id)] == [True, True]
    assert (await Booking.get(id=booking.id)).state == "requested"
    assert (await client.get(f"/approvals/{booking.ref}/{'0' * 64}")).status_code == 404
    assert "The place is booked" in (await client.post(here, {"do": "approve"})).text
    assert "The place is booked" in (await client.post(here, {"do": "decline"})).text
    assert (await Booking.get(id=booking.id)).state == "confirmed"


async def test_the_letters_page_says_that_who_trains_the_session_has_no_place_and_lets_it_be_declined(
    school: Agency, clock: Clock, client: Visitor
) -> None:
    await makers.make_person("Lena Lead", agency=school, roles=(Role.AGENCY_LEAD,))
    session = await makers.make_session(course=await makers.make_course("Train the trainer", needs_approval=True), now=clock.now)
    asha = await makers.make_person("Asha Patel", agency=school)
    made = await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    await SessionTrainer.create(session=session, person=asha, state="accepted", asked_at=clock.now)
    booking = await Booking.get(id=made.id)
    here = f"/approvals/{booking.ref}/{derive_token(SECRET_KEY, APPROVAL_TOKEN, booking.id, booking.nonce)}"
    page = (await client.post(here, {"do": "approve"})).text
    assert ("Asha Patel trains or speaks at this session" in page, "Do not approve" in page) == (True, True)
    await client.post(here, {"do": "decline"})
    assert (await Booking.get(id=booking.id)).state == "declined"
