"""Agencies: suggested, listed, closed; and bringing them and people in from a file."""

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.errors import Refused
from marstraining.core.imports import Fault, ImportOutcome, Row
from marstraining.core.viewer import SYSTEM, Role
from marstraining.people import actions, queries
from marstraining.people.models import Agency, Person, Position, RoleGrant
from marstraining.people.rules import AgencyDetails
from tests.conftest import STANDING_NOW
from tests.makers import as_desk, make_agency, make_person

NOW = STANDING_NOW
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def dee(db: TortoiseContext) -> Person:
    return await make_person("Dee Marsh", roles=(Role.DESK,))


async def refusal_of(attempt: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refusal:
        await attempt
    return refusal.value.code, refusal.value.field


async def test_booking_3_a_newcomers_organisation_waits_for_the_desk_and_is_suggested_once(dee: Person) -> None:
    asha = await make_person("Asha Patel")
    first = await actions.suggest_agency("  Sunny   Days Nursery", suggested_by=asha.id, now=NOW)
    assert await actions.suggest_agency("sunny days nursery", suggested_by=None, now=NOW) == first
    row = await Agency.get(id=first)
    assert (row.name, row.state, row.suggested_by_id) == ("Sunny Days Nursery", "suggested", asha.id)
    assert await queries.agency_choices() == []
    details = AgencyDetails(code="SUN", name="Sunny Days", sector="Early years")
    await actions.save_agency(details, agency_id=first, by=as_desk(dee), now=NOW)
    assert [choice.code for choice in await queries.agency_choices()] == ["SUN"]


async def test_a_code_and_a_name_are_used_once_and_the_tree_has_no_rings(dee: Person) -> None:
    details = AgencyDetails(code="T", name="North Trust", sector="Education")
    trust = await actions.save_agency(details, by=as_desk(dee), now=NOW)
    school = await actions.save_agency(
        AgencyDetails(code="S", name="St Luke's", sector="Education", parent_id=trust), by=as_desk(dee), now=NOW
    )
    for wrong, field in (
        (replace(details, name="Other"), "code"),
        (replace(details, code="t", name="Other"), "code"),
        (replace(details, code="X"), "name"),
    ):
        assert await refusal_of(actions.save_agency(wrong, by=as_desk(dee), now=NOW)) == (field, field)
    ring = replace(details, parent_id=school)
    assert await refusal_of(actions.save_agency(ring, agency_id=trust, by=as_desk(dee), now=NOW)) == ("parent", "parent")
    await actions.save_agency(replace(details, contact_email="office@north.example"), agency_id=trust, by=as_desk(dee), now=NOW)
    assert (await Agency.get(id=trust)).contact_email == "office@north.example"


async def test_a_closed_agency_is_offered_no_more_and_roles_over_it_end(dee: Person) -> None:
    school = await make_agency("St Luke's")
    lead = await make_person("Lee Woods", agency=school, roles=(Role.AGENCY_LEAD,))
    await actions.close_agency(school.id, closed_on=date(2026, 3, 31), by=as_desk(dee), now=NOW)
    assert await refusal_of(actions.close_agency(school.id, closed_on=date(2026, 3, 31), by=as_desk(dee), now=NOW)) == ("closed", None)
    assert await queries.agency_choices() == []
    assert await RoleGrant.filter(person_id=lead.id, ended_at=None).count() == 0
    assert await Position.filter(person_id=lead.id, ends_on=None).count() == 1
    await actions.reopen_agency(school.id, by=as_desk(dee), now=NOW)
    assert (await Agency.get(id=school.id)).state == "listed"


# ---- from a file ----------------------------------------------------------------------------------------------------


def rows(*cells: dict[str, str]) -> list[Row]:
    return [Row(number, one) for number, one in enumerate(cells, start=2)]


REFERENCE = Path(__file__).parents[2] / "src/marstraining/demo/reference/agencies.csv"


async def test_the_reference_agencies_come_in_once_and_again_nothing_changes() -> None:
    with REFERENCE.open(encoding="utf-8", newline="") as handle:
        file = [Row(number, row) for number, row in enumerate(csv.DictReader(handle), start=2)]
    created = ImportOutcome(created=len(file))
    assert await actions.import_agencies(file, dry_run=True, by=SYSTEM, now=NOW) == created
    assert await Agency.all().count() == 0
    assert await actions.import_agencies(file, dry_run=False, by=SYSTEM, now=NOW) == created
    assert await actions.import_agencies(file, dry_run=False, by=SYSTEM, now=NOW) == ImportOutcome(unchanged=len(file))


async def test_a_changed_row_changes_what_the_file_says_and_keeps_what_the_desk_set() -> None:
    first = {"code": "S", "name": "St Luke's", "sector": "Education", "parent": "T", "email_domain": "luke.example"}
    trust = {"code": "T", "name": "North Trust", "sector": "Education"}
    await actions.import_agencies(rows(first, trust), dry_run=False, by=SYSTEM, now=NOW)
    await Agency.filter(code="S").update(contact_email="office@luke.example", is_one_person=True)
    renamed = rows(first | {"name": "St Luke's Academy", "is_vcse": "yes"}, trust)
    assert await actions.import_agencies(renamed, dry_run=False, by=SYSTEM, now=NOW) == ImportOutcome(changed=1, unchanged=1)
    school = await Agency.get(code="S")
    assert (school.name, school.is_vcse, school.contact_email, school.is_one_person) == (
        "St Luke's Academy",
        True,
        "office@luke.example",
        True,
    )
    assert school.parent_id == (await Agency.get(code="T")).id


async def test_faults_are_told_by_row_and_nothing_is_written() -> None:
    file = rows(
        {"code": "A", "name": "Ash", "sector": "Education", "parent": "B"},
        {"code": "B", "name": "Beech", "sector": "Education", "parent": "A"},
        {"code": "A", "name": "Ash again", "sector": "Education"},
        {"code": "C", "name": "", "sector": "Education", "is_vcse": "perhaps"},
        {"code": "D", "name": "Dogwood", "sector": "Education", "parent": "NONE"},
    )
    outcome = await actions.import_agencies(file, dry_run=False, by=SYSTEM, now=NOW)
    assert outcome == ImportOutcome(
        faults=(
            Fault(2, "parent", "A would belong to itself"),
            Fault(3, "parent", "B would belong to itself"),
            Fault(4, "code", "the code A stands in the file twice"),
            Fault(5, "is_vcse", "is_vcse is “perhaps”: write yes or no"),
            Fault(5, "name", "name is empty"),
            Fault(6, "parent", "parent is NONE, and no organisation has that code"),
        )
    )
    assert await Agency.all().count() == 0


PERSON = {
    "email": "asha@luke.example",
    "name": "Asha Patel",
    "agency": "S",
    "job_role": "dsl",
    "roles": "agency_lead; trainer",
    "staff_number": "7",
}


async def test_people_come_in_with_post_and_roles_and_again_nothing_changes() -> None:
    school = await make_agency("St Luke's", code="S")
    file = rows(PERSON, {"email": "ben@gmail.example", "name": "Ben Okafor"})
    assert await actions.import_people(file, dry_run=True, by=SYSTEM, now=NOW) == ImportOutcome(created=2)
    assert await Person.all().count() == 0
    assert await actions.import_people(file, dry_run=False, by=SYSTEM, now=NOW) == ImportOutcome(created=2)
    asha = await Person.get(email="asha@luke.example")
    assert await Position.filter(person_id=asha.id).values_list("agency_id", "job_role", "staff_number") == [(school.id, "dsl", "7")]
    assert sorted(await RoleGrant.filter(person_id=asha.id).values_list("role", "agency_id")) == [
        ("agency_lead", school.id),
        ("trainer", None),
    ]
    assert await actions.import_people(file, dry_run=False, by=SYSTEM, now=NOW) == ImportOutcome(unchanged=2)
    news = rows(PERSON | {"email": "ASHA@luke.example", "name": "Asha Shah"})
    assert await actions.import_people(news, dry_run=False, by=SYSTEM, now=NOW) == ImportOutcome(changed=1)
    assert (await Person.get(id=asha.id)).name == "Asha Shah"


async def test_faulty_people_are_told_by_row_and_nobody_comes_in() -> None:
    file = rows(
        PERSON,
        {"email": "office@luke.example", "name": "Office"},
        {"email": "ben@x.example", "name": "Ben", "job_role": "wizard", "agency": "S", "roles": "king"},
        {"email": "cy@x.example", "name": "Cy", "job_role": "dsl"},
        {"email": "cy@x.example", "name": ""},
    )
    outcome = await actions.import_people(file, dry_run=False, by=SYSTEM, now=NOW)
    assert [(fault.row, fault.column) for fault in outcome.faults] == [
        (2, "agency"),
        (3, "email"),
        (4, "job_role"),
        (4, "roles"),
        (5, "job_role"),
        (6, "name"),
    ]
    assert await Person.all().count() == 0
