from datetime import UTC, datetime, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import book_place, confirm_invitation, decline_invitation, join_list
from marstraining.bookings.models import Booking
from marstraining.bookings.queries import look
from marstraining.bookings.rules import BookPlace
from marstraining.colleagues.actions import choose_colleagues, invite_colleagues, settle_invitations
from marstraining.colleagues.queries import bookings_for, staff
from marstraining.core.clock import today_of
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role, Viewer
from marstraining.messages.models import Message
from marstraining.people.models import Agency, Person, Position
from marstraining.programme.models import SessionTrainer
from tests import makers

pytestmark = pytest.mark.usefixtures("db")

# A Monday at ten; 60 days later is the session.
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TODAY = today_of(NOW)


def a_lead(person: Person, *agencies: Agency) -> Viewer:
    roles = frozenset({Role.LEARNER, Role.AGENCY_LEAD})
    return Viewer(person_id=person.id, roles=roles, agency_ids=frozenset(agency.id for agency in agencies), name=person.name)


@pytest.fixture
async def school(db: TortoiseContext) -> Agency:
    return await makers.make_agency("St Luke's School")


@pytest.fixture
async def lena(school: Agency) -> Viewer:
    return a_lead(await makers.make_person("Lena Lead", agency=school), school)


async def states(session_id: int) -> list[str]:
    return [row["state"] for row in await Booking.filter(session_id=session_id).order_by("id").values("state")]


async def letters() -> list[tuple[str, str]]:
    return [(row["template"], row["name"]) for row in await Message.all().order_by("id").values("template", "name")]


async def test_a_colleague_is_invited_holds_a_place_confirms_and_gets_the_letter_of_any_booking(school: Agency, lena: Viewer) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    session = await makers.make_session(now=NOW, capacity=1)
    assert await invite_colleagues(session.ref, [asha.ref], by=lena, now=NOW) == 1
    stranger = await makers.make_person("Ben Other")
    with pytest.raises(Refused, match="full"):
        await book_place(BookPlace(session_id=session.id, learner_id=stranger.id), by=makers.as_learner(stranger), now=NOW)
    booking = await Booking.get(session_id=session.id)
    assert (booking.state, booking.agency_id, booking.made_by_id) == ("invited", school.id, lena.person_id)
    for _ in range(2):
        assert await confirm_invitation(booking.id, by=makers.as_learner(asha), now=NOW) == "confirmed"
    assert await letters() == [("invited_to_confirm", "Asha Patel"), ("confirmed", "Asha Patel")]


async def test_who_trains_the_session_by_now_does_not_confirm_and_the_invitation_stands(school: Agency, lena: Viewer) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    session = await makers.make_session(now=NOW)
    await invite_colleagues(session.ref, [asha.ref], by=lena, now=NOW)
    booking = await Booking.get(session_id=session.id)
    await SessionTrainer.create(session=session, person=asha, state="asked", asked_at=NOW)
    with pytest.raises(Refused, match="Say yes or no") as refusal:
        await confirm_invitation(booking.id, by=makers.as_learner(asha), now=NOW)
    assert (refusal.value.code, await states(session.id)) == ("trains", ["invited"])


async def test_who_looked_before_they_were_invited_elsewhere_at_that_time_meets_the_clash(school: Agency, lena: Viewer) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    one, other = await makers.make_session(now=NOW), await makers.make_session(now=NOW)
    looked = await look(one.ref, asha.id, to_book=True, now=NOW)
    await invite_colleagues(other.ref, [asha.ref], by=lena, now=NOW)
    with pytest.raises(Refused, match="at the same time"):
        await book_place(BookPlace(session_id=one.id, learner_id=asha.id), looked=looked, by=makers.as_learner(asha), now=NOW)


async def test_thirty_staff_on_ten_seats_books_nothing(school: Agency, lena: Viewer) -> None:
    everybody = [await makers.make_person(f"Colleague {number}", agency=school) for number in range(12)]
    session = await makers.make_session(now=NOW, capacity=10)
    with pytest.raises(Refused, match="Only 10 places are free for 12 people, so nobody has been booked"):
        await invite_colleagues(session.ref, [person.ref for person in everybody], by=lena, now=NOW)
    assert await states(session.id) == []
    chosen = await choose_colleagues(session.ref, [person.ref for person in everybody], by=lena, now=NOW)
    assert (len(chosen.fitting), chosen.free, chosen.has_room) == (12, 10, False)


async def test_who_cannot_be_invited_is_named_with_the_reason_and_nobody_is_booked(school: Agency, lena: Viewer) -> None:
    asha, ben = await makers.make_person("Asha", agency=school), await makers.make_person("Ben", agency=school)
    session = await makers.make_session(now=NOW)
    await book_place(BookPlace(session_id=session.id, learner_id=ben.id), by=makers.as_learner(ben), now=NOW)
    chosen = await choose_colleagues(session.ref, [asha.ref, ben.ref], by=lena, now=NOW)
    assert [(one.colleague.name, one.why_not) for one in chosen.people] == [("Asha", ""), ("Ben", "Has a booking already: booked")]
    with pytest.raises(Refused, match="Ben: Has a booking already"):
        await invite_colleagues(session.ref, [asha.ref, ben.ref], by=lena, now=NOW)
    assert await states(session.id) == ["confirmed"]


async def test_a_colleague_who_trains_the_session_cannot_be_invited_to_it(school: Agency, lena: Viewer) -> None:
    tess = await makers.make_person("Tess", agency=school)
    session = await makers.make_session(now=NOW)
    await SessionTrainer.create(session=session, person=tess, state="accepted", asked_at=NOW)
    chosen = await choose_colleagues(session.ref, [tess.ref], by=lena, now=NOW)
    assert [one.why_not for one in chosen.people] == ["Trains or speaks at this session, or is asked to"]


async def test_a_person_of_another_agency_cannot_be_booked_by_any_reference(lena: Viewer) -> None:
    stranger = await makers.make_person("Ben Other", agency=await makers.make_agency("Other School"))
    session = await makers.make_session(now=NOW)
    with pytest.raises(NotFound):
        await invite_colleagues(session.ref, [stranger.ref], by=lena, now=NOW)
    nobody = Viewer(person_id=lena.person_id, roles=lena.roles)
    with pytest.raises(NotFound):
        await invite_colleagues(session.ref, [stranger.ref], by=nobody, now=NOW)


async def test_managed_learners_and_the_lead_are_confirmed_at_once(db: TortoiseContext) -> None:
    nursery = await makers.make_agency("Bright Nursery", contact_email="office.contact@nursery.example")
    lena_person = await makers.make_person("Lena", agency=nursery)
    lead = a_lead(lena_person, nursery)
    carla = await makers.make_person("Carla Cook", email=None, agency=nursery, managed_by=nursery)
    session = await makers.make_session(now=NOW)
    await invite_colleagues(session.ref, [carla.ref, lena_person.ref], by=lead, now=NOW)
    assert await states(session.id) == ["confirmed", "confirmed"]


async def test_an_invitation_reminds_halfway_runs_out_after_five_working_days_and_the_lead_is_told_once(
    school: Agency, lena: Viewer
) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    waiting = await makers.make_person("Wendy Waits")
    session = await makers.make_session(now=NOW, capacity=1)
    await invite_colleagues(session.ref, [asha.ref], by=lena, now=NOW)
    await join_list(BookPlace(session_id=session.id, learner_id=waiting.id), by=makers.as_learner(waiting), now=NOW)
    booking = await Booking.get(learner_id=asha.id)
    assert booking.answer_by == NOW + timedelta(days=7)
    for later in (timedelta(days=2), timedelta(days=2, hours=9), timedelta(days=3)):
        await settle_invitations(now=NOW + later)
    assert [name for name, _ in await letters()].count("invited_to_confirm") == 2
    over = NOW + timedelta(days=7, seconds=1)
    with pytest.raises(Refused, match="stood until 10:00 on Monday 9 March"):
        await confirm_invitation(booking.id, by=makers.as_learner(asha), now=over)
    for _ in range(2):
        await settle_invitations(now=over)
    assert sorted(await states(session.id)) == ["lapsed", "offered"]
    assert [name for name, _ in await letters()].count("invitation_over") == 1


async def test_an_invitation_near_the_session_stands_for_four_working_hours_at_least(school: Agency, lena: Viewer) -> None:
    asha = await makers.make_person("Asha", agency=school)
    session = await makers.make_session(now=NOW, starts=NOW + timedelta(days=4))
    await invite_colleagues(session.ref, [asha.ref], by=lena, now=NOW)
    assert (await Booking.get(session_id=session.id)).answer_by == NOW + timedelta(hours=4)


async def test_saying_no_passes_the_place_on_and_tells_the_lead(school: Agency, lena: Viewer) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    session = await makers.make_session(now=NOW, capacity=1)
    await invite_colleagues(session.ref, [asha.ref], by=lena, now=NOW)
    booking = await Booking.get(session_id=session.id)
    for _ in range(2):
        assert await decline_invitation(booking.id, by=makers.as_learner(asha), now=NOW) == "turned_down"
    await settle_invitations(now=NOW)
    assert await letters() == [("invited_to_confirm", "Asha Patel"), ("invitation_over", "Lena Lead")]


async def test_a_lead_sees_staff_and_bookings_of_their_agencies_and_nothing_of_who_moved_away(school: Agency, lena: Viewer) -> None:
    other = await makers.make_agency("Other School")
    asha, ben = await makers.make_person("Asha", agency=school), await makers.make_person("Ben", agency=other)
    session = await makers.make_session(now=NOW)
    for person in (asha, ben):
        await book_place(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=NOW)

    async def seen(viewer: Viewer) -> tuple[list[str], list[str]]:
        people, _ = await staff(viewer, on=TODAY, now=NOW)
        lines, _ = await bookings_for(viewer, on=TODAY, now=NOW)
        return [one.name for one in people], [line["name"] for line in lines]

    assert await seen(lena) == (["Asha", "Lena Lead"], ["Asha"])
    assert await seen(Viewer(person_id=lena.person_id, roles=lena.roles)) == ([], [])
    await Position.filter(person_id=asha.id).update(ends_on=TODAY - timedelta(days=1))
    assert await seen(lena) == (["Lena Lead"], [])
