"""What the one record of two that were merged says, where both said something."""

from datetime import timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.models import Allocation, SentEntry
from marstraining.core.viewer import Role
from marstraining.people import actions
from marstraining.people.models import Agency, Person
from marstraining.programme.models import SessionTrainer, TrainingDay
from tests.conftest import STANDING_NOW
from tests.makers import as_desk, make_agency, make_person, make_session

NOW = STANDING_NOW
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def dee(db: TortoiseContext) -> Person:
    return await make_person("Dee Marsh", roles=(Role.DESK,))


@pytest.mark.parametrize(
    ("kept", "dropped", "after"),
    [("left", "active", "active"), ("closed", "active", "active"), ("active", "left", "active"), ("closed", "left", "closed")],
)
async def test_a_person_is_active_where_either_record_was(dee: Person, kept: str, dropped: str, after: str) -> None:
    asha, twin = await make_person("Asha Patel", state=kept), await make_person("A. Patel", email="asha@home.example", state=dropped)
    await actions.merge_people(asha.id, twin.id, by=as_desk(dee), now=NOW)
    assert (await Person.get(id=asha.id)).state == after
    assert (await Person.get(id=twin.id)).state == "merged"


@pytest.mark.parametrize(
    ("kept", "dropped", "after"),
    [
        ((1, True), (6, False), (6, False)),
        ((6, True), (1, False), (6, False)),
        ((6, True), (1, True), (6, True)),
    ],
)
async def test_the_highest_sequence_that_was_sent_stays_and_the_entry_stands_where_either_did(
    dee: Person, kept: tuple[int, bool], dropped: tuple[int, bool], after: tuple[int, bool]
) -> None:
    asha, twin = await make_person("Asha Patel"), await make_person("A. Patel")
    day = await TrainingDay.get(session=await make_session(now=NOW))
    for person, (sequence, is_cancelled) in ((asha, kept), (twin, dropped)):
        sent_at = NOW + timedelta(hours=sequence)
        await SentEntry.create(person=person, training_day=day, sequence=sequence, is_cancelled=is_cancelled, sent_at=sent_at)
    await actions.merge_people(asha.id, twin.id, by=as_desk(dee), now=NOW)
    entry = await SentEntry.get()
    assert (entry.person_id, (entry.sequence, entry.is_cancelled)) == (asha.id, after)
    assert entry.sent_at == NOW + timedelta(hours=6)


async def test_an_agency_takes_what_it_does_not_say_from_the_other(dee: Person) -> None:
    kept = await make_agency("St Luke's", urn="117500")
    told: dict[str, Any] = {
        "contact_name": "Pia Holt",
        "contact_email": "office@luke.example",
        "email_domain": "luke.example",
        "opened_on": NOW.date(),
    }
    dropped = await make_agency("Saint Lukes", urn="999999", **told)
    await actions.merge_agencies(kept.id, dropped.id, by=as_desk(dee), now=NOW)
    assert await Agency.filter(id=kept.id).values("urn", *told) == [{"urn": "117500", **told}]


async def test_an_agency_keeps_its_own_contact(dee: Person) -> None:
    kept = await make_agency("St Luke's", contact_email="head@luke.example")
    dropped = await make_agency("Saint Lukes", contact_email="office@luke.example", contact_phone="01724 000000")
    await actions.merge_agencies(kept.id, dropped.id, by=as_desk(dee), now=NOW)
    assert await Agency.filter(id=kept.id).values_list("contact_email", "contact_phone") == [("head@luke.example", "01724 000000")]


NEAR, FAR = NOW + timedelta(days=20), NOW + timedelta(days=30)


@pytest.mark.parametrize(
    ("kept", "dropped", "after"),
    [
        ((3, 4, FAR, None), (2, 4, NEAR, None), (5, 8, FAR, None)),
        ((3, 4, NEAR, None), (2, 4, FAR, None), (5, 8, FAR, None)),
        ((3, None, FAR, None), (2, 4, None, None), (5, None, None, None)),
        # What was let go holds nothing again.
        ((3, 5, NOW, NOW), (2, 4, FAR, None), (2, 9, FAR, None)),
        ((3, 5, FAR, None), (2, 4, NOW, NOW), (3, 9, FAR, None)),
        ((None, 5, None, None), (2, 4, FAR, None), (2, 9, FAR, None)),
        ((None, 5, None, None), (2, 4, NOW, NOW), (2, 9, NOW, NOW)),
    ],
)
async def test_places_kept_for_two_agencies_in_one_session_are_kept_once_for_both(
    dee: Person, kept: tuple[Any, ...], dropped: tuple[Any, ...], after: tuple[Any, ...]
) -> None:
    columns = ("floor", "cap", "release_at", "released_at")
    luke, lukes = await make_agency("St Luke's"), await make_agency("Saint Lukes")
    session, other = await make_session(now=NOW), await make_session(now=NOW)
    await Allocation.create(session=session, agency=luke, **dict(zip(columns, kept, strict=True)))
    await Allocation.create(session=session, agency=lukes, **dict(zip(columns, dropped, strict=True)))
    await Allocation.create(session=other, agency=lukes, cap=7)
    await actions.merge_agencies(luke.id, lukes.id, by=as_desk(dee), now=NOW)
    found = await Allocation.all().order_by("id").values_list("session_id", "agency_id", *columns)
    assert found == [(session.id, luke.id, *after), (other.id, luke.id, None, 7, None, None)]


@pytest.mark.parametrize(
    ("kept", "dropped", "after"),
    [
        (("declined", False), ("accepted", True), ("accepted", True)),
        (("asked", True), ("accepted", False), ("accepted", False)),
        (("accepted", False), ("declined", True), ("accepted", False)),
        (("accepted", False), ("accepted", True), ("accepted", False)),
        (("asked", False), ("declined", False), ("asked", False)),
    ],
)
async def test_who_agreed_to_train_a_session_as_either_trains_it(
    dee: Person, kept: tuple[str, bool], dropped: tuple[str, bool], after: tuple[str, bool]
) -> None:
    tess, twin = await make_person("Tess Hall"), await make_person("T. Hall")
    session = await make_session(now=NOW)
    for person, (state, is_contributor) in ((tess, kept), (twin, dropped)):
        await SessionTrainer.create(session=session, person=person, state=state, is_contributor=is_contributor, asked_at=NOW)
    await actions.merge_people(tess.id, twin.id, by=as_desk(dee), now=NOW)
    assert await SessionTrainer.all().values_list("person_id", "state", "is_contributor") == [(tess.id, *after)]
