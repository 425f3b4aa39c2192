from datetime import UTC, datetime, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import book_place, join_list
from marstraining.bookings.models import Booking
from marstraining.bookings.queries import look
from marstraining.bookings.rules import BookPlace
from marstraining.colleagues.actions import note_absences, restore_entry, substitute, waive_entry
from marstraining.colleagues.queries import ledger, ledger_by_agency
from marstraining.colleagues.rules import Absence
from marstraining.core.clock import today_of
from marstraining.core.db import transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role, Viewer
from marstraining.messages.models import Message
from marstraining.people.models import Agency, Person
from marstraining.programme.models import Prerequisite, SessionTrainer
from tests import makers

pytestmark = pytest.mark.usefixtures("db")

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
async def school(db: TortoiseContext) -> Agency:
    return await makers.make_agency("St Luke's School")


@pytest.fixture
async def lena(school: Agency) -> Viewer:
    person = await makers.make_person("Lena Lead", agency=school)
    return Viewer(
        person_id=person.id, roles=frozenset({Role.LEARNER, Role.AGENCY_LEAD}), agency_ids=frozenset({school.id}), name="Lena Lead"
    )


async def booked(session_id: int, person: Person) -> Booking:
    made = await book_place(BookPlace(session_id=session_id, learner_id=person.id), by=makers.as_learner(person), now=NOW)
    return await Booking.get(id=made.id)


async def states(session_id: int) -> list[tuple[str, str]]:
    found = await Booking.filter(session_id=session_id).order_by("id").values("learner__name", "state")
    return [(row["learner__name"], row["state"]) for row in found]


async def test_who_looked_before_they_stood_in_elsewhere_at_that_time_meets_the_clash(school: Agency, lena: Viewer) -> None:
    asha, ben = await makers.make_person("Asha Patel", agency=school), await makers.make_person("Ben Okafor", agency=school)
    one, other = await makers.make_session(now=NOW), await makers.make_session(now=NOW)
    held = await booked(other.id, ben)
    looked = await look(one.ref, asha.id, to_book=True, now=NOW)
    await substitute(held.id, learner_id=asha.id, by=lena, now=NOW)
    with pytest.raises(Refused, match="at the same time"):
        await book_place(BookPlace(session_id=one.id, learner_id=asha.id), looked=looked, by=makers.as_learner(asha), now=NOW)


async def test_a_colleague_takes_the_place_of_a_full_session_before_the_list_and_one_entry_is_cancelled_another_issued(
    school: Agency, lena: Viewer
) -> None:
    asha, ben = await makers.make_person("Asha", agency=school), await makers.make_person("Ben", agency=school)
    wendy = await makers.make_person("Wendy Waits")
    session = await makers.make_session(now=NOW, capacity=1)
    booking = await booked(session.id, asha)
    await join_list(BookPlace(session_id=session.id, learner_id=wendy.id), by=makers.as_learner(wendy), now=NOW)
    first = await substitute(booking.id, learner_id=ben.id, by=lena, now=NOW)
    assert await substitute(booking.id, learner_id=ben.id, by=lena, now=NOW) == first.__class__(first.id, first.ref, "confirmed", True)
    assert await states(session.id) == [("Asha", "substituted"), ("Wendy Waits", "waiting"), ("Ben", "confirmed")]
    sent = await Message.filter(template__in=["substituted", "confirmed"]).order_by("id").values("template", "name", "calendar")
    assert [(row["template"], row["name"], [item["method"] for item in row["calendar"]]) for row in sent] == [
        ("confirmed", "Asha", ["REQUEST"]),
        ("substituted", "Asha", ["CANCEL"]),
        ("confirmed", "Ben", ["REQUEST"]),
    ]


async def test_a_substitute_is_of_the_same_agency_has_the_prerequisites_and_no_clash(school: Agency, lena: Viewer) -> None:
    asha, ben = await makers.make_person("Asha", agency=school), await makers.make_person("Ben", agency=school)
    stranger = await makers.make_person("Sam", agency=await makers.make_agency("Other"))
    session = await makers.make_session(now=NOW)
    booking = await booked(session.id, asha)
    with pytest.raises(Refused, match="colleague of the same organisation"):
        await substitute(booking.id, learner_id=stranger.id, by=lena, now=NOW)
    clashing = await makers.make_session(now=NOW, starts=session.starts_at + timedelta(hours=1))
    await booked(clashing.id, ben)
    with pytest.raises(Refused, match="Ben is booked on"):
        await substitute(booking.id, learner_id=ben.id, by=lena, now=NOW)
    cal = await makers.make_person("Cal", agency=school)
    await Prerequisite.create(course_id=session.course_id, needs=await makers.make_course("Basics"))
    with pytest.raises(Refused, match="Cal needs to complete “Basics” first"):
        await substitute(booking.id, learner_id=cal.id, by=lena, now=NOW)
    assert await states(session.id) == [("Asha", "confirmed")]


async def test_a_place_is_taken_over_up_to_the_start_and_on_the_day_by_the_register_alone(school: Agency, lena: Viewer) -> None:
    asha, ben = await makers.make_person("Asha", agency=school), await makers.make_person("Ben", agency=school)
    session = await makers.make_session(now=NOW)
    booking = await booked(session.id, asha)
    with pytest.raises(Refused, match="has started"):
        await substitute(booking.id, learner_id=ben.id, by=lena, now=session.starts_at)
    made = await substitute(booking.id, learner_id=ben.id, on_the_day=True, by=lena, now=session.starts_at + timedelta(minutes=10))
    assert made.state == "confirmed"


async def test_the_ledger_follows_the_register_and_keeps_a_waiver(school: Agency, lena: Viewer) -> None:
    dee = makers.as_desk(await makers.make_person("Dee Desk", roles=(Role.DESK,)))
    asha, ben = await makers.make_person("Asha", agency=school), await makers.make_person("Ben", agency=school)
    session = await makers.make_session(now=NOW)
    for person in (asha, ben):
        await booked(session.id, person)
    after = session.ends_at + timedelta(days=1)

    async def noted(*absences: Absence) -> list[tuple[str, str, bool, bool]]:
        async with transaction():
            await note_absences(session.id, absences, by=dee, now=after)
        lines, total = await ledger(lena, on=today_of(after), order="lower(p.name)")
        assert total == len(lines)
        return [(line["name"], line["kind"], line["is_excused"], line["waived_at"] is not None) for line in lines]

    both = (Absence(asha.id, "", is_excused=False), Absence(ben.id, "sickness", is_excused=True))
    assert await noted(*both) == [("Asha", "absence", False, False), ("Ben", "absence", True, False)]
    assert await ledger_by_agency(dee, on=today_of(after)) == [
        {"code": school.code, "agency": "St Luke's School", "late": 0, "absent": 1, "excused": 1}
    ]
    [entry, _], _ = await ledger(dee, on=today_of(after), order="lower(p.name)")
    with pytest.raises(NotFound):
        await waive_entry(entry["id"], reason="The venue was shut", by=lena, now=after)
    with pytest.raises(Refused, match="Say why"):
        await waive_entry(entry["id"], reason=" ", by=dee, now=after)
    for _ in range(2):
        await waive_entry(entry["id"], reason="The venue was shut", by=dee, now=after)
    assert await noted(*both) == [("Asha", "absence", False, True), ("Ben", "absence", True, False)]
    await restore_entry(entry["id"], by=dee, now=after)
    assert await noted() == []


async def test_who_trains_the_session_takes_nobodys_place_on_it(school: Agency, lena: Viewer) -> None:
    asha, tess = await makers.make_person("Asha", agency=school), await makers.make_person("Tess", agency=school)
    session = await makers.make_session(now=NOW)
    booking = await booked(session.id, asha)
    await SessionTrainer.create(session=session, person=tess, state="accepted", asked_at=NOW)
    with pytest.raises(Refused, match="Tess trains or speaks at this session"):
        await substitute(booking.id, learner_id=tess.id, by=lena, now=NOW)
