"""The tray: entries of a report for which nobody was found are settled by somebody who knows."""

import pytest

from marstraining.attendance.models import ReportedPerson
from marstraining.bookings.models import Booking
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Visitor
from tests.reported_marks.pages import entries, marks, root, settle, write
from tests.reported_marks.reported import held, send, trained_by, words_in

pytestmark = pytest.mark.whole


async def test_a_name_that_is_only_near_is_suggested_and_never_taken(desk: Visitor, patel: Person) -> None:
    near = await makers.make_person("Ben Coles", email="b@other.example")
    session = await held(near)
    await send(desk, root(session), "t2_en_gb_utf16be.csv")
    assert "Ben Cole None 75 Ben Coles Say who it is : Ben Cole" in words_in((await desk.get(f"{root(session)}/reports")).text)
    assert ("Ben Cole", "unmatched", None, 75.0) in await entries()
    await settle(desk, session, "Ben Cole", became="booking", person=str(near.id))
    assert ("Ben Cole", "booking", near.id, 75.0) in await entries()


async def test_somebody_new_is_entered_as_a_walk_in_and_counts(desk: Visitor, patel: Person, asha: Person) -> None:
    session = await held(patel)
    await send(desk, root(session), "t2_en_gb_utf16be.csv")
    agency = await makers.make_agency("Baysgarth School")
    answer = await settle(
        desk, session, "Dee Ward", became="walk_in", name="Dee Ward", email="dee.ward@new.example", agency=str(agency.id), job_role="dsl"
    )
    assert answer.headers["location"] == f"{root(session)}/reports?done=settled"
    made = await Person.get(email="dee.ward@new.example")
    assert await Booking.get(learner_id=made.id).values("state", "agency_id") == {"state": "confirmed", "agency_id": agency.id}
    await write(desk, session)
    assert (made.id, "attended", 180, "teams", "walk_in") in await marks()


async def test_an_address_that_is_known_is_its_owners_and_a_place_is_given_once(desk: Visitor, patel: Person, asha: Person) -> None:
    session = await held(patel)
    await send(desk, root(session), "t2_en_gb_utf16be.csv")
    for _ in range(2):
        await settle(
            desk, session, "Dee Ward", became="walk_in", name="Somebody Else", email=str(asha.email).upper(), agency="", job_role=""
        )
    assert (await Person.get(id=asha.id)).name == "Asha Patel"
    assert await Booking.filter(learner_id=asha.id).count() == 1
    assert ("Dee Ward", "walk_in", asha.id, 180.0) in await entries()


async def test_a_trainer_of_the_session_is_known_and_is_no_attendance(desk: Visitor, patel: Person, dee: Person) -> None:
    session = await held(patel)
    await trained_by(session, dee)
    await send(desk, root(session), "t2_en_gb_utf16be.csv")
    assert ("Dee Ward", "trainer", dee.id, 180.0) in await entries()
    await write(desk, session)
    assert (dee.id, "attended", 180, "teams", "trainer") in await marks()


async def test_a_hall_stands_for_several_whom_somebody_confirms(desk: Visitor, patel: Person, cole: Person) -> None:
    session = await held(patel, cole)
    await send(desk, root(session), "t2_hall_of_twelve.csv")
    answer = await settle(desk, session, "Baysgarth House - Hall", became="room", people=[str(patel.id), str(cole.id)])
    assert "Enter who confirms that they were in the room" in answer.text
    await settle(desk, session, "Baysgarth House - Hall", became="room", people=[str(patel.id), str(cole.id)], confirmed_by="Hana Host")
    assert [one for one in await entries() if one[1] == "room"] == [
        ("Baysgarth House - Hall", "room", patel.id, 180.0),
        ("Baysgarth House - Hall", "room", cole.id, 180.0),
    ]
    await write(desk, session)
    assert await marks() == [(patel.id, "attended", 180, "teams", "learner"), (cole.id, "attended", 180, "teams", "learner")]


async def test_an_entry_that_was_settled_is_put_back_and_a_room_is_one_entry_again(desk: Visitor, patel: Person, cole: Person) -> None:
    session = await held(patel, cole)
    await send(desk, root(session), "t2_hall_of_twelve.csv")
    chosen = [str(patel.id), str(cole.id)]
    await settle(desk, session, "Baysgarth House - Hall", became="room", people=chosen, confirmed_by="Hana Host")
    second = await ReportedPerson.get(person_id=cole.id)
    path = f"{root(session)}/reports"
    await desk.post(f"{path}/{second.ref}/back", seen=path)
    assert [one for one in await entries() if "Hall" in one[0]] == [("Baysgarth House - Hall", "unmatched", None, 180.0)]


async def test_two_who_settle_the_same_entry_do_not_overwrite_each_other(desk: Visitor, patel: Person, cole: Person) -> None:
    session = await held(patel, cole)
    await send(desk, root(session), "t2_hall_of_twelve.csv")
    entry = await ReportedPerson.get(name="Baysgarth House - Hall")
    await settle(desk, session, "Baysgarth House - Hall", became="ignored")
    path = f"{root(session)}/reports/{entry.ref}"
    answer = await desk.post(path, {"became": "booking", "person": str(cole.id), "revision": str(entry.revision)})
    assert "Somebody else has just said who this is. Look at it again." in answer.text
    assert ("Baysgarth House - Hall", "ignored", None, 180.0) in await entries()
