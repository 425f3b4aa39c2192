"""Persons, posts, roles and addresses, on a real database."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.core import db as house_db
from marstraining.core.errors import NotAllowed, NotFound, Refused, TooFast
from marstraining.core.tokens import derive_token, hash_token
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.people import actions, queries
from marstraining.people.actions import Browser
from marstraining.people.models import ContactNote, Person, Position, RoleGrant
from marstraining.people.rules import CalendarChoice
from tests.conftest import SECRET_KEY, STANDING_NOW
from tests.makers import as_desk, as_learner, make_agency, make_person

NOW = STANDING_NOW
TODAY = date(2026, 3, 9)
pytestmark = pytest.mark.usefixtures("db")


def as_administrator(person: Person) -> Viewer:
    return Viewer(person_id=person.id, roles=frozenset({Role.LEARNER, Role.DESK, Role.ADMINISTRATOR}), name=person.name)


@pytest.fixture
async def dee(db: TortoiseContext) -> Person:
    return await make_person("Dee Marsh", email="dee@mars.example", roles=(Role.DESK,))


async def refusal_of(attempt: Any) -> str:
    with pytest.raises(Refused) as refusal:
        await attempt
    return refusal.value.code


async def posts(person_id: int) -> list[tuple[str, str, date | None]]:
    return [(row["agency"], row["job_role"], row["ends_on"]) for row in await queries.positions_of(person_id)]


async def letters(template: str) -> list[dict[str, Any]]:
    return await house_db.rows("SELECT address, context, tokens FROM messages_letter WHERE template = ? ORDER BY id", template)


# ---- persons and posts ----------------------------------------------------------------------------------------------


async def test_one_person_whatever_the_letter_case_of_the_address() -> None:
    first = await actions.find_or_create_person("Asha@School.Example", "Asha Patel", now=NOW)
    again = await actions.find_or_create_person(" asha@school.example", "A. Patel", now=NOW)
    assert (first.is_new, again.is_new, again.id, again.ref) == (True, False, first.id, first.ref)
    assert (await Person.get(id=first.id)).name == "Asha Patel"


async def test_a_second_address_finds_its_person() -> None:
    asha = await make_person("Asha Patel", second_email="asha@home.example")
    found = await actions.find_or_create_person("asha@home.example", "Asha", now=NOW)
    assert (found.id, found.is_new) == (asha.id, False)


async def test_booking_5_a_shared_mailbox_makes_nobody_new_unless_the_desk_says_so() -> None:
    assert await refusal_of(actions.find_or_create_person("office@school.example", "The Office", now=NOW)) == "shared_mailbox"
    made = await actions.find_or_create_person("office@school.example", "Olive Office", now=NOW, allows_shared=True)
    assert made.is_new


async def test_people_two_employers_are_ordinary_and_the_same_post_twice_is_one() -> None:
    school, nursery = await make_agency("St Luke's"), await make_agency("Little Acorns")
    asha = await make_person("Asha Patel")
    first = await actions.start_position(asha.id, school.id, "dsl", by=SYSTEM, now=NOW)
    again = await actions.start_position(asha.id, school.id, "dsl", by=SYSTEM, now=NOW, staff_number="77")
    await actions.start_position(asha.id, nursery.id, "governor", by=SYSTEM, now=NOW)
    assert first == again
    assert sorted(await posts(asha.id)) == [("Little Acorns", "governor", None), ("St Luke's", "dsl", None)]
    assert (await Position.get(id=first)).staff_number == "77"


async def test_a_post_is_not_started_at_a_closed_agency_and_lands_at_what_it_was_merged_into() -> None:
    kept = await make_agency("Kept")
    merged = await make_agency("Merged", state="merged", merged_into=kept)
    closed = await make_agency("Closed", state="closed")
    asha = await make_person("Asha Patel")
    assert await refusal_of(actions.start_position(asha.id, closed.id, "dsl", by=SYSTEM, now=NOW)) == "agency"
    assert await refusal_of(actions.start_position(asha.id, kept.id, "astronaut", by=SYSTEM, now=NOW)) == "job_role"
    await actions.start_position(asha.id, merged.id, "dsl", by=SYSTEM, now=NOW)
    assert await posts(asha.id) == [("Kept", "dsl", None)]


async def test_people_a_one_person_agency_is_learner_and_lead_in_one_step() -> None:
    setting = await make_agency("Chris the childminder", is_one_person=True)
    chris = await make_person("Chris Hill")
    await actions.start_position(chris.id, setting.id, "childminder", by=as_learner(chris), now=NOW)
    viewer = await queries.viewer_for(chris.id)
    assert viewer is not None
    assert (viewer.roles, viewer.agency_ids) == (frozenset({Role.LEARNER, Role.AGENCY_LEAD}), frozenset({setting.id}))


async def test_ending_the_last_post_ends_the_role_over_that_agency() -> None:
    school = await make_agency("St Luke's")
    lead = await make_person("Lee Woods", agency=school, roles=(Role.AGENCY_LEAD, Role.TRAINER))
    post = await Position.get(person_id=lead.id)
    ben = await make_person("Ben Okafor")
    with pytest.raises(NotFound):
        await actions.end_position(post.id, ends_on=TODAY, by=as_learner(ben), now=NOW)
    await actions.end_position(post.id, ends_on=TODAY, by=as_learner(lead), now=NOW)
    viewer = await queries.viewer_for(lead.id)
    assert viewer is not None
    assert (viewer.roles, viewer.agency_ids) == (frozenset({Role.LEARNER, Role.TRAINER}), frozenset())


async def test_people_a_leaver_keeps_the_account_and_loses_posts_and_roles(dee: Person) -> None:
    school = await make_agency("St Luke's")
    asha = await make_person("Asha Patel", agency=school, roles=(Role.TRAINER,))
    async with house_db.transaction():
        opened = await actions.open_sign_in(asha.id, browser=Browser(device="Edge on Windows"), now=NOW)
    await actions.mark_leaver(asha.id, left_on=TODAY, by=as_desk(dee), now=NOW)
    assert await posts(asha.id) == [("St Luke's", "school_staff", TODAY)]
    assert (await Person.get(id=asha.id)).state == "left"
    assert await queries.signed_in(hash_token(opened.token), now=NOW) is None
    viewer = await queries.viewer_for(asha.id)
    assert viewer is not None
    assert viewer.roles == frozenset({Role.LEARNER})
    await actions.start_position(asha.id, school.id, "dsl", by=SYSTEM, now=NOW)
    assert (await Person.get(id=asha.id)).state == "active"


async def test_people_a_managed_learner_has_no_email_and_a_setting_with_a_contact(dee: Person) -> None:
    silent = await make_agency("Silent")
    setting = await make_agency("Little Acorns", contact_email="office@acorns.example")
    made = await actions.add_managed_learner("Mo Hall", agency_id=setting.id, job_role="early_years", by=as_desk(dee), now=NOW)
    mo = await Person.get(id=made.id)
    assert (mo.email, mo.managed_by_id) == (None, setting.id)
    for attempt, code in ((silent.id, "no_contact"), (0, "agency")):
        assert (
            await refusal_of(actions.add_managed_learner("X", agency_id=attempt, job_role="early_years", by=as_desk(dee), now=NOW)) == code
        )
    with pytest.raises(NotFound):
        await actions.add_managed_learner("Y", agency_id=setting.id, job_role="early_years", by=as_learner(mo), now=NOW)


async def test_names_and_calendar_are_ones_own(dee: Person) -> None:
    asha, ben = await make_person("Asha Patel"), await make_person("Ben Okafor")
    with pytest.raises(NotFound):
        await actions.change_name(asha.id, "Hacked", by=as_learner(ben), now=NOW)
    await actions.change_name(asha.id, " Asha  Shah ", by=as_learner(asha), now=NOW)
    await actions.choose_calendar(asha.id, choice=CalendarChoice.FEED, has_discreet_titles=True, by=as_learner(asha), now=NOW)
    with pytest.raises(NotFound):
        await actions.choose_calendar(asha.id, choice=CalendarChoice.FEED, has_discreet_titles=True, by=as_desk(dee), now=NOW)
    row = await Person.get(id=asha.id)
    assert (row.name, row.calendar_choice, row.has_discreet_titles) == ("Asha Shah", "feed", True)


async def test_a_note_is_kept_with_who_wrote_it(dee: Person) -> None:
    asha = await make_person("Asha Patel")
    await actions.add_note(" Rang: back in May. ", person_id=asha.id, by=as_desk(dee), now=NOW)
    assert await refusal_of(actions.add_note("  ", person_id=asha.id, by=as_desk(dee), now=NOW)) == "text"
    assert await ContactNote.all().values_list("text", "person_id", "by_id") == [("Rang: back in May.", asha.id, dee.id)]


# ---- roles ----------------------------------------------------------------------------------------------------------


async def test_security_4_roles_are_an_administrators_to_give_and_never_to_themselves(dee: Person) -> None:
    ada, asha = await make_person("Ada Kay", roles=(Role.ADMINISTRATOR,)), await make_person("Asha Patel")
    for by, target in ((as_desk(dee), asha), (as_administrator(ada), ada)):
        with pytest.raises(NotAllowed):
            await actions.grant_role(target.id, Role.DESK, by=by, now=NOW)
    for _ in range(2):
        await actions.grant_role(asha.id, Role.DESK, by=as_administrator(ada), now=NOW)
    assert await RoleGrant.filter(person_id=asha.id, ended_at=None).values_list("role", "granted_by_id") == [("desk", ada.id)]


async def test_security_4_two_administrators_are_left(dee: Person) -> None:
    ada, bo, cy = [await make_person(name, roles=(Role.ADMINISTRATOR,)) for name in ("Ada Kay", "Bo Lee", "Cy Ray")]
    held = {grant.person_id: grant.id for grant in await RoleGrant.filter(role="administrator")}
    await actions.end_role(held[cy.id], by=as_administrator(ada), now=NOW)
    assert await refusal_of(actions.end_role(held[bo.id], by=as_administrator(ada), now=NOW)) == "last_administrators"
    with pytest.raises(NotAllowed):
        await actions.end_role(held[ada.id], by=as_administrator(ada), now=NOW)
    for verb in (
        actions.close_account(bo.id, by=as_desk(dee), now=NOW),
        actions.mark_leaver(bo.id, left_on=TODAY, by=as_desk(dee), now=NOW),
    ):
        assert await refusal_of(verb) == "last_administrators"


# ---- addresses ------------------------------------------------------------------------------------------------------


async def confirm_token() -> str:
    ref, nonce = re.findall(r'\["confirm_address", "(\w+)", "(\w+)"\]', (await letters("confirm_address"))[-1]["tokens"])[0]
    return derive_token(SECRET_KEY, "confirm_address", ref, nonce)


async def test_a_second_address_is_taken_into_use_by_its_owner_alone_and_once() -> None:
    asha, ben = await make_person("Asha Patel", email="asha@school.example"), await make_person("Ben Okafor")
    await actions.ask_address_change(asha.id, "Asha@Home.example", replaces_first=False, by=as_learner(asha), now=NOW)
    token = await confirm_token()
    with pytest.raises(NotFound):
        await actions.confirm_address(token, by=as_learner(ben), now=NOW)
    with pytest.raises(NotFound):
        await actions.confirm_address(token, by=as_learner(asha), now=NOW + timedelta(hours=24))
    await actions.confirm_address(token, by=as_learner(asha), now=NOW)
    with pytest.raises(NotFound):
        await actions.confirm_address(token, by=as_learner(asha), now=NOW)
    assert (await Person.get(id=asha.id)).second_email == "asha@home.example"
    await actions.remove_second_email(asha.id, by=as_learner(asha), now=NOW)
    assert (await Person.get(id=asha.id)).second_email is None


async def test_a_new_first_address_tells_the_old_one() -> None:
    asha = await make_person("Asha Patel", email="asha@school.example")
    await actions.ask_address_change(asha.id, "asha@new.example", replaces_first=True, by=as_learner(asha), now=NOW)
    await actions.confirm_address(await confirm_token(), by=as_learner(asha), now=NOW)
    assert (await Person.get(id=asha.id)).email == "asha@new.example"
    told = await letters("email_changed")
    assert [letter["address"] for letter in told] == ["asha@school.example"]
    assert "asha@new.example" not in str(told)


async def test_an_address_that_is_taken_gets_no_letter_and_the_same_answer() -> None:
    asha = await make_person("Asha Patel")
    await make_person("Ben Okafor", email="ben@school.example")
    await actions.ask_address_change(asha.id, "ben@school.example", replaces_first=False, by=as_learner(asha), now=NOW)
    assert await letters("confirm_address") == []
    for _ in range(4):
        await actions.ask_address_change(asha.id, "new@school.example", replaces_first=False, by=as_learner(asha), now=NOW)
    with pytest.raises(TooFast):
        await actions.ask_address_change(asha.id, "new@school.example", replaces_first=False, by=as_learner(asha), now=NOW)


async def test_the_desk_puts_an_address_right_but_not_an_administrators(dee: Person) -> None:
    asha = await make_person("Asha Patel", email="asah@school.example")
    ada = await make_person("Ada Kay", roles=(Role.ADMINISTRATOR,))
    await actions.change_email(asha.id, "asha@school.example", by=as_desk(dee), now=NOW)
    assert (await Person.get(id=asha.id)).email == "asha@school.example"
    assert [letter["address"] for letter in await letters("email_changed")] == ["asah@school.example"]
    assert await refusal_of(actions.change_email(asha.id, "dee@mars.example", by=as_desk(dee), now=NOW)) == "taken"
    with pytest.raises(NotAllowed):
        await actions.change_email(ada.id, "evil@school.example", by=as_desk(dee), now=NOW)
    with pytest.raises(NotFound):
        await actions.change_email(asha.id, "x@school.example", by=as_learner(asha), now=NOW)


# ---- who sees whom --------------------------------------------------------------------------------------------------


async def seen_by(viewer: Viewer) -> list[str]:
    scope = queries.visible_people(viewer, on=TODAY)
    found = await house_db.rows(f"SELECT name FROM people_person person WHERE ({scope.sql}) ORDER BY name", *scope.values)
    return [row["name"] for row in found]


async def test_security_4_a_lead_sees_their_staff_until_they_move_and_a_learner_themselves(dee: Person) -> None:
    trust = await make_agency("North Trust")
    school = await make_agency("St Luke's", parent=trust)
    asha = await make_person("Asha Patel", agency=school)
    await make_person("Ben Okafor", agency=await make_agency("Elsewhere"))
    await make_person("Mo Hall", email=None, managed_by=school)
    lead = await make_person("Lee Woods", agency=trust, roles=(Role.AGENCY_LEAD,))
    gone = await make_person("Gone Girl", agency=school)
    await Position.filter(person_id=gone.id).update(ends_on=date(2026, 3, 8))
    viewer = await queries.viewer_for(lead.id)
    assert viewer is not None
    assert await seen_by(viewer) == ["Asha Patel", "Lee Woods", "Mo Hall"]
    assert await seen_by(as_learner(asha)) == ["Asha Patel"]
    assert len(await seen_by(as_desk(dee))) == 6
    assert await seen_by(Viewer(person_id=None)) == []
    assert await seen_by(Viewer(person_id=asha.id, roles=frozenset({Role.AGENCY_LEAD}))) == ["Asha Patel"]


async def test_security_4_a_partner_organiser_who_leads_another_agency_sees_the_staff_of_that_one_alone() -> None:
    led, organised = await make_agency("Led Trust"), await make_agency("Voluntary Action")
    school = await make_agency("St Luke's", parent=led)
    pat = await make_person("Pat Lee", agency=led, roles=(Role.AGENCY_LEAD,))
    await RoleGrant.create(person=pat, role=Role.PARTNER_ORGANISER, agency=organised, granted_at=NOW)
    for name, agency in (("Asha Patel", school), ("Vol Unteer", organised)):
        await make_person(name, agency=agency)
    viewer = await queries.viewer_for(pat.id)
    assert viewer is not None
    assert (viewer.agency_ids, viewer.organiser_agency_ids) == (frozenset({led.id, school.id}), frozenset({organised.id}))
    assert await seen_by(viewer) == ["Asha Patel", "Pat Lee"]
    scope = queries.visible_agencies(viewer)
    found = await house_db.rows(f"SELECT name FROM people_agency agency WHERE ({scope.sql}) ORDER BY name", *scope.values)
    assert [row["name"] for row in found] == ["Led Trust", "St Luke's"]
    with pytest.raises(NotFound):
        await actions.add_managed_learner("Mo Hall", agency_id=organised.id, job_role="vcse_staff", by=viewer, now=NOW)


async def test_agencies_are_offered_by_name_with_those_of_the_address_first() -> None:
    for code, name, domain in (
        ("B", "Brook School", "brook.example"),
        ("A", "Ash School", "ash.example"),
        ("C", "Closed", "brook.example"),
    ):
        await make_agency(name, code=code, email_domain=domain, state="closed" if code == "C" else "listed")
    offered = await queries.agency_choices("asha@staff.brook.example")
    assert [(choice.code, choice.is_likely) for choice in offered] == [("B", True), ("A", False)]
