"""Merging two records into one: every key follows, whatever slice it stands in."""

from datetime import timedelta

import pytest
from tortoise import Tortoise
from tortoise.context import TortoiseContext

from marstraining.attendance.models import Mark
from marstraining.bookings.models import Booking
from marstraining.core import db as house_db
from marstraining.core.errors import NotAllowed, NotFound, Refused
from marstraining.core.tokens import new_nonce, new_ref
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.people import actions, queries
from marstraining.people.actions.merging import PLAIN_PERSON_COLUMNS, references_to
from marstraining.people.models import Agency, Person, Position, RoleGrant
from marstraining.programme.models import AgencyHeadcount, Session
from tests.conftest import STANDING_NOW
from tests.makers import as_desk, make_agency, make_mark, make_person, make_session

NOW = STANDING_NOW
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def dee(db: TortoiseContext) -> Person:
    return await make_person("Dee Marsh", roles=(Role.DESK,))


async def book(session: Session, learner: Person, state: str = "confirmed") -> Booking:
    return await Booking.create(
        ref=new_ref(), session=session, learner=learner, state=state, joined_at=NOW, nonce=new_nonce(), check_in_code="123456",
        created_at=NOW, changed_at=NOW,
    )  # fmt: skip


# Numbers and words called …_id that are no key and stand for no person.
OF_NO_PERSON = {("evaluation_response", "submission_id"), ("messages_letter", "session_id"), ("messages_letter", "message_id")}


def test_every_person_column_is_a_key_or_listed() -> None:
    for model in (Tortoise.apps or {})["models"].values():
        described = model.describe()
        keys = {field["raw_field"] for kind in ("fk_fields", "o2o_fields") for field in described[kind]}
        plain = {(described["table"], field["db_column"]) for field in described["data_fields"] if field["name"] not in keys}
        unknown = {(table, column) for table, column in plain if column.endswith("_id")} - set(PLAIN_PERSON_COLUMNS) - OF_NO_PERSON
        assert unknown == set(), f"{unknown}: make it a foreign key, or list it in PLAIN_PERSON_COLUMNS and say whether it moves"


async def test_a_merge_moves_every_key_and_refuses_nothing_that_fits(dee: Person) -> None:
    school = await make_agency()
    asha = await make_person("Asha Patel", email="asha@school.example", agency=school, job_role="dsl")
    twin = await make_person("A. Patel", email="asha@home.example", agency=school, job_role="dsl", roles=(Role.TRAINER,))
    await Position.create(person=twin, agency=school, job_role="governor", starts_on=NOW.date())
    session = await make_session(now=NOW)
    booking = await book(session, twin)
    mark = await make_mark(session, twin)
    await actions.merge_people(asha.id, twin.id, by=as_desk(dee), now=NOW)
    assert (await Booking.get(id=booking.id)).learner_id == asha.id
    assert (await Mark.get(id=mark.id)).person_id == asha.id
    assert sorted(await Position.all().values_list("person_id", "job_role")) == [(asha.id, "dsl"), (asha.id, "governor")]
    kept, gone = await Person.get(id=asha.id), await Person.get(id=twin.id)
    assert (kept.email, kept.second_email) == ("asha@school.example", "asha@home.example")
    assert (gone.email, gone.state, gone.merged_into_id) == (None, "merged", asha.id)
    viewer = await queries.viewer_for(asha.id)
    assert viewer is not None
    assert Role.TRAINER in viewer.roles
    assert await queries.viewer_for(twin.id) is None
    for reference in references_to(Person):
        left = await house_db.rows(f"SELECT 1 AS one FROM {reference.table} WHERE {reference.column} = ?", twin.id)
        assert left == [], reference


async def test_a_merge_with_two_live_bookings_of_one_session_is_refused_whole(dee: Person) -> None:
    asha, twin = await make_person("Asha Patel"), await make_person("A. Patel", email="asha@home.example")
    session = await make_session(now=NOW)
    await book(session, asha)
    other = await book(session, twin, "waiting")
    with pytest.raises(Refused) as refusal:
        await actions.merge_people(asha.id, twin.id, by=as_desk(dee), now=NOW)
    assert refusal.value.message == "Both records have a live booking for the same session. Cancel one of them first."
    assert (await Person.get(id=twin.id)).email == "asha@home.example"
    await Booking.filter(id=other.id).update(state="cancelled")
    await actions.merge_people(asha.id, twin.id, by=as_desk(dee), now=NOW)
    assert await Booking.filter(learner_id=asha.id).count() == 2


async def test_two_marks_of_one_session_leave_one_that_counts(dee: Person) -> None:
    asha, twin = await make_person("Asha Patel"), await make_person("A. Patel")
    session = await make_session(now=NOW)
    mine, other = await make_mark(session, asha), await make_mark(session, twin, "absent")
    await actions.merge_people(asha.id, twin.id, by=as_desk(dee), now=NOW)
    assert await Mark.filter(superseded_at=None).values_list("id", "person_id") == [(mine.id, asha.id)]
    assert (await Mark.get(id=other.id)).person_id == asha.id


async def test_a_managed_learner_who_turns_out_to_have_an_account_gets_its_address(dee: Person) -> None:
    school = await make_agency(contact_email="office@school.example")
    managed = await make_person("Mo Hall", email=None, managed_by=school)
    account = await make_person("Mo Hall", email="mo@home.example")
    await actions.merge_people(managed.id, account.id, by=as_desk(dee), now=NOW)
    kept = await Person.get(id=managed.id)
    assert (kept.email, kept.managed_by_id) == ("mo@home.example", None)


async def test_a_merge_hands_nobody_an_account_above_their_own(dee: Person) -> None:
    ada = await make_person("Ada Kay", roles=(Role.ADMINISTRATOR,))
    asha, trainer = await make_person("Asha Patel"), await make_person("Tre Ner", roles=(Role.TRAINER,))
    for keep, drop in ((asha, ada), (ada, asha)):
        with pytest.raises(NotAllowed):
            await actions.merge_people(keep.id, drop.id, by=as_desk(dee), now=NOW)
    with pytest.raises(Refused) as refusal:
        await actions.merge_people(dee.id, trainer.id, by=as_desk(dee), now=NOW)
    assert refusal.value.code == "own"
    administrator = Viewer(person_id=dee.id, roles=frozenset({Role.ADMINISTRATOR}))
    with pytest.raises(Refused):
        await actions.merge_people(dee.id, ada.id, by=administrator, now=NOW)


async def test_one_record_and_a_merged_one_cannot_be_merged(dee: Person) -> None:
    asha, twin = await make_person("Asha Patel"), await make_person("A. Patel")
    for keep, drop in ((asha.id, asha.id),):
        with pytest.raises(Refused):
            await actions.merge_people(keep, drop, by=as_desk(dee), now=NOW)
    with pytest.raises(NotFound):
        await actions.merge_people(asha.id, 10**6, by=as_desk(dee), now=NOW)
    await actions.merge_people(asha.id, twin.id, by=as_desk(dee), now=NOW)
    with pytest.raises(Refused):
        await actions.merge_people(asha.id, twin.id, by=as_desk(dee), now=NOW + timedelta(hours=1))


async def test_agencies_merge_with_branches_posts_roles_and_headcounts(dee: Person) -> None:
    kept, dropped = await make_agency("St Luke's", code="S"), await make_agency("Saint Lukes", code="NEW-1", state="suggested")
    branch = await make_agency("St Luke's Nursery", parent=dropped)
    asha = await make_person("Asha Patel", agency=dropped, roles=(Role.AGENCY_LEAD,))
    session = await make_session(now=NOW)
    for agency, number in ((kept, 3), (dropped, 4)):
        await AgencyHeadcount.create(session=session, agency=agency, number=number)
    await actions.merge_agencies(kept.id, dropped.id, by=as_desk(dee), now=NOW)
    assert (await Agency.get(id=branch.id)).parent_id == kept.id
    assert [(row["agency_code"]) for row in await queries.positions_of(asha.id)] == ["S"]
    assert await RoleGrant.filter(person_id=asha.id).values_list("agency_id") == [(kept.id,)]
    assert await AgencyHeadcount.all().values_list("agency_id", "number") == [(kept.id, 7)]
    row = await Agency.get(id=dropped.id)
    assert (row.state, row.merged_into_id) == ("merged", kept.id)
    by_code = await queries.agency_by_code("new-1")
    assert by_code is not None
    assert by_code["id"] == kept.id


async def test_an_agency_is_not_merged_into_its_own_branch(dee: Person) -> None:
    trust = await make_agency("North Trust")
    middle = await make_agency("Cluster", parent=trust)
    school = await make_agency("St Luke's", parent=middle)
    with pytest.raises(Refused) as refusal:
        await actions.merge_agencies(school.id, trust.id, by=as_desk(dee), now=NOW)
    assert refusal.value.code == "below"
    await actions.merge_agencies(trust.id, middle.id, by=SYSTEM, now=NOW)
    assert (await Agency.get(id=school.id)).parent_id == trust.id
