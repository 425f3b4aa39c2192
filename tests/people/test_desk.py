"""People and agencies at the desk: what Dee does, and what Asha and Ben cannot."""

import csv
import html
import io
import json
import re
from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from tortoise.context import TortoiseContext

from marstraining.core import db as house_db
from marstraining.core.viewer import Role
from marstraining.core.web.dates import day_plain
from marstraining.people import actions
from marstraining.people.models import Agency, Person, Position, RoleGrant, SignIn
from marstraining.people.rules import SECTORS
from tests.conftest import Clock, Visitor
from tests.makers import make_agency, make_person
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]


@pytest.fixture
async def dees(dee: Person, sign_in_as: SignInAs) -> Visitor:
    return await sign_in_as(dee)


async def test_the_desks_pages_do_not_exist_for_a_learner_or_a_lead(asha: Person, ben: Person, sign_in_as: SignInAs) -> None:
    lead = await make_person("Lee Woods", agency=await Agency.get(code="STLUKES"), roles=(Role.AGENCY_LEAD,))
    for person in (asha, lead):
        visitor = await sign_in_as(person)
        for path in ("/desk/people", f"/desk/people/{ben.ref}", "/desk/people/new", "/desk/agencies", "/desk/agencies/POL"):
            assert (await visitor.get(path)).status_code == 404
        assert (await visitor.post(f"/desk/people/{ben.ref}/note", {"text": "x"}, seen="/me/account")).status_code == 404


@pytest.mark.usefixtures("asha", "ben")
async def test_people_are_found_by_name_address_agency_role_and_state(dees: Visitor) -> None:
    async def names(query: str) -> list[str]:
        text = (await dees.get(f"/desk/people?export=csv&{query}")).content.decode("utf-8-sig")
        return [row["Name"] for row in csv.DictReader(io.StringIO(text))]

    assert await names("q=ASHA") == ["Asha Patel"]
    assert await names("q=police.example") == ["Ben Cole"]
    assert await names("q=%25") == []
    assert await names("agency=STLUKES") == ["Asha Patel"]
    assert await names("role=desk") == ["Dee Ward"]
    assert await names("sort=-name") == ["Dee Ward", "Ben Cole", "Asha Patel"]
    assert await names("state=closed") == []
    taken = await house_db.rows("SELECT detail FROM history_entry WHERE action = 'export' AND subject_kind = 'person'")
    assert [json.loads(row["detail"])["lines"] for row in taken] == [1, 1, 0, 1, 1, 3, 0]


async def test_an_address_on_another_page_leads_to_whose_it_is_or_to_what_the_list_finds(asha: Person, dees: Visitor) -> None:
    async def leads(email: str) -> str:
        return (await dees.get(f"/desk/people/of?email={email}")).headers["location"]

    assert await leads("ASHA@stlukes.example") == f"/desk/people/{asha.ref}"
    assert await leads("nobody%40stlukes.example") == "/desk/people?q=nobody%40stlukes.example"
    assert [await leads(odd) for odd in ("", "a%00b")] == ["/desk/people?q=", "/desk/people?q=ab"]


@pytest.mark.usefixtures("asha")
@pytest.mark.parametrize("typed", ["Łukasz", "łukasz", "ŁUKASZ", "élod"])
async def test_a_name_with_a_capital_beyond_a_to_z_is_found_however_it_is_typed(typed: str, dees: Visitor) -> None:
    await make_person("Élodie Łukasz")
    assert "Élodie Łukasz" in (await dees.get(f"/desk/people?q={typed}")).text


@pytest.mark.parametrize("typed", ["École", "école", "ÉCOLE"])
async def test_an_organisation_with_such_a_name_is_found_too(typed: str, dees: Visitor) -> None:
    await make_agency("École Sainte-Anne")
    assert "École Sainte-Anne" in (await dees.get(f"/desk/agencies?q={typed}")).text


async def test_security_5_ten_lists_an_hour_whichever_they_are(dees: Visitor, clock: Clock) -> None:
    for number in range(10):
        path = ("/desk/people", "/desk/agencies", "/desk/courses", "/desk/history")[number % 4]
        assert (await dees.get(f"{path}?export=csv")).status_code == 200
        clock.forward(minutes=2)
        await SignIn.all().update(stepped_up_at=clock.now)
    refused = await dees.get("/desk/agencies?export=csv")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2400")
    await SignIn.all().update(stepped_up_at=clock.forward(minutes=40))
    assert (await dees.get("/desk/agencies?export=csv")).status_code == 200


@pytest.mark.usefixtures("asha", "ben")
async def test_the_list_of_people_runs_as_many_statements_for_one_as_for_three(dees: Visitor, db: TortoiseContext) -> None:
    counts = []
    for query in ("?q=asha", ""):
        async with statements(db) as heard:
            answer = await dees.get(f"/desk/people{query}")
        assert answer.status_code == 200
        counts.append(len(heard))
    assert counts == [5, 5]


@pytest.mark.usefixtures("asha")
async def test_security_5_ten_files_an_hour(dees: Visitor) -> None:
    for _ in range(10):
        assert (await dees.get("/desk/people?export=xlsx")).status_code == 200
    assert (await dees.get("/desk/agencies?export=csv")).status_code == 429


async def test_a_persons_page_shows_posts_roles_and_sign_ins(asha: Person, dees: Visitor, sign_in_as: SignInAs) -> None:
    await sign_in_as(asha)
    page = (await dees.get(f"/desk/people/{asha.ref}")).text.replace("<wbr>", "")
    for shown in ("Asha Patel", "asha@stlukes.example", "St Luke&#39;s School", "Designated Safeguarding Lead", "Firefox on Linux"):
        assert shown in page
    assert (await dees.get("/desk/people/0000000000")).status_code == 404


async def test_notes_names_and_posts_are_kept_from_the_page(asha: Person, dees: Visitor) -> None:
    await make_agency("Humberside Police", code="POL")
    home = f"/desk/people/{asha.ref}"

    async def send(verb: str, **fields: str) -> str:
        answer = await dees.post(f"{home}/{verb}", fields, seen=home)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    assert await send("note", text="Rang: back in May") == f"{home}?done=note"
    await send("name", name="Asha Shah")
    await send("start-post", agency="POL", job_role="multi_agency")
    await send("email", email="asha.shah@stlukes.example")
    page = (await dees.get(f"{home}?done=email")).text.replace("<wbr>", "")
    for shown in ("Rang: back in May", "Asha Shah", "Humberside Police", "asha.shah@stlukes.example", "The email address is changed."):
        assert shown in page
    post = await Position.get(person_id=asha.id, agency__code="POL")
    await send("end-post", post=str(post.id))
    await send("close")
    await send("reopen")
    assert (await Person.get(id=asha.id)).state == "active"


async def test_the_form_of_an_organisation_offers_the_sectors_in_use(dees: Visitor) -> None:
    await make_agency("Ferry Boats", code="FERRY", sector="Ports and rivers")
    page = (await dees.get("/desk/agencies/new")).text
    offered = re.findall(r'<option value="([^"]+)"[^>]*>\1</option>', page[page.index('id="sector"') : page.index('id="parent"')])
    assert [html.unescape(sector) for sector in offered] == sorted({*SECTORS, "Ports and rivers"})
    fields = {"name": "Tug Boats", "code": "TUG", "sector": "Ports and rivers", "is_in_area": "yes"}
    assert (await dees.post("/desk/agencies/new", fields)).status_code == 303
    guessed = await dees.post("/desk/agencies/new", fields | {"code": "TUG2", "name": "Tugs", "sector": "Ports & rivers"})
    assert (guessed.status_code, "Select the sector" in guessed.text) == (422, True)


async def test_a_refusal_shows_the_page_again_with_what_was_typed(asha: Person, ben: Person, dees: Visitor) -> None:
    home = f"/desk/people/{asha.ref}"
    answer = await dees.post(f"{home}/email", {"email": "ben@police.example"}, seen=home)
    assert answer.status_code == 422
    assert "Somebody else has this email address. If it is the same person, merge the two records." in answer.text
    assert 'value="ben@police.example"' in answer.text
    assert (await Person.get(id=ben.id)).email == "ben@police.example"
    assert (await dees.post(f"{home}/raise", seen=home)).status_code == 404


async def test_security_4_roles_are_given_by_administrators_alone(asha: Person, dees: Visitor, sign_in_as: SignInAs) -> None:
    clerk = await sign_in_as(await make_person("Cas Clerk", roles=(Role.DESK,)))
    home = f"/desk/people/{asha.ref}"
    assert "Give a role" not in (await clerk.get(home)).text
    assert (await clerk.post(f"{home}/grant", {"role": "desk"}, seen=home)).status_code == 403
    refused = await dees.post(f"{home}/grant", {"role": "agency_lead"}, seen=home)
    assert "Choose the organisation that this role is for" in refused.text
    granted = await dees.post(f"{home}/grant", {"role": "agency_lead", "role_agency": "STLUKES"}, seen=home)
    assert granted.headers["location"] == f"{home}?done=grant"
    grant = await RoleGrant.get(person_id=asha.id)
    await dees.post(f"{home}/end-role", {"grant": str(grant.id)}, seen=home)
    assert (await RoleGrant.get(id=grant.id)).ended_at is not None


async def test_security_4_an_administrator_cannot_raise_themselves(dee: Person, dees: Visitor) -> None:
    home = f"/desk/people/{dee.ref}"
    assert (await dees.post(f"{home}/grant", {"role": "board_reader"}, seen=home)).status_code == 403


async def test_two_records_are_shown_side_by_side_and_merged(asha: Person, dees: Visitor) -> None:
    twin = await make_person("A. Patel", email="asha@home.example")
    path = f"/desk/people/{asha.ref}/merge"
    assert "Nobody has this email address or reference" in (await dees.get(f"{path}?other=nobody@home.example")).text
    for typed in ("ASHA@home.example", f"http://127.0.0.1:8000/desk/people/{twin.ref}"):
        shown = await dees.get(path, params={"other": typed})
        assert "This cannot be undone." in shown.text
        assert "asha<wbr>@home.example" in shown.text
    answer = await dees.post(path, {"other": twin.ref})
    assert answer.headers["location"] == f"/desk/people/{asha.ref}?done=merged"
    assert f'href="/desk/people/{asha.ref}">Asha Patel</a>' in (await dees.get(f"/desk/people/{twin.ref}")).text


@pytest.mark.usefixtures("asha")
async def test_somebody_new_with_and_without_an_address(dees: Visitor) -> None:
    answer = await dees.post("/desk/people/new", {"name": "Cy Ray", "email": "cy@x.example"})
    assert answer.status_code == 303
    taken = await dees.post("/desk/people/new", {"name": "Cy Ray", "email": "cy@x.example"})
    assert "Somebody has this email address already. Search for them in the list." in taken.text
    assert "shared mailbox" not in (await dees.get("/desk/people/new")).text
    shared = await dees.post("/desk/people/new", {"name": "Office", "email": "office@x.example"})
    assert "Accept a shared mailbox" in shared.text
    assert "This looks like a shared mailbox." in shared.text
    silent = await dees.post("/desk/people/new", {"name": "Mo Hall", "agency": "STLUKES", "job_role": "school_staff"})
    assert "This organisation has no contact email address" in silent.text
    await Agency.filter(code="STLUKES").update(contact_email="office@stlukes.example")
    await dees.post("/desk/people/new", {"name": "Mo Hall", "agency": "STLUKES", "job_role": "school_staff"})
    assert (await Person.get(name="Mo Hall")).email is None


# ---- agencies -------------------------------------------------------------------------------------------------------


async def test_every_fault_of_somebody_new_stands_beside_its_field(dees: Visitor) -> None:
    answer = await dees.post("/desk/people/new", {"name": "", "email": "cy at x"})
    assert (answer.status_code, answer.text.count("govuk-error-message")) == (422, 2)
    assert ("Enter their full name" in answer.text, "cy at x" in answer.text) == (True, True)
    answer = await dees.post("/desk/people/new", {"name": "Mo Hall"})
    assert "A learner without email needs an organisation" in answer.text


@pytest.mark.usefixtures("asha")
async def test_a_list_says_its_dates_in_words_and_counts_people(asha: Person, dees: Visitor, clock: Clock) -> None:
    await Person.filter(id=asha.id).update(last_signed_in_at=clock.now)
    shown = (await dees.get("/desk/people?q=asha")).text
    assert f'data-label="Last signed in"><span class="mars-nowrap">{day_plain(clock.now)}<' in shown
    assert "1 person" in shown
    assert "2 people" in (await dees.get("/desk/people")).text


async def test_a_new_organisation_waits_on_top_and_is_added_to_the_list(asha: Person, dees: Visitor, clock: Clock) -> None:
    await actions.suggest_agency("Sunny Days Nursery", suggested_by=asha.id, now=clock.now)
    code = (await Agency.get(name="Sunny Days Nursery")).code
    assert "New organisations, typed by newcomers" in (await dees.get("/desk/agencies")).text
    path = f"/desk/agencies/{code}/edit"
    fields = {"name": "Sunny Days Nursery", "code": "SUN", "sector": "Early years", "is_in_area": "yes"}
    wrong = await dees.post(path, fields | {"code": "a b"})
    assert "Code must be 1 to 30 letters, numbers and hyphens, like NLC-CF" in wrong.text
    answer = await dees.post(path, fields)
    assert answer.headers["location"] == "/desk/agencies/SUN?done=saved"
    assert "New organisations, typed by newcomers" not in (await dees.get("/desk/agencies")).text
    assert (await Agency.get(code="SUN")).state == "listed"


@pytest.mark.usefixtures("asha")
async def test_what_a_newcomer_typed_is_merged_into_the_listed_organisation_that_it_is(dees: Visitor, clock: Clock) -> None:
    code = (await Agency.get(id=await actions.suggest_agency("St Lukes Sch", suggested_by=None, now=clock.now))).code
    home = f"/desk/agencies/{code}"
    page = (await dees.get(home)).text
    assert ("Merge another organisation into this one" in page, f'value="{code}"' in page) == (False, False)
    assert "Choose the organisation that it is" in (await dees.get(f"{home}/really?is=")).text
    leads = (await dees.get(f"{home}/really?is=STLUKES")).headers["location"]
    assert leads == f"/desk/agencies/STLUKES/merge?other={code}"
    assert "Merge another organisation into St Luke&#39;s School" in (await dees.get(leads)).text
    await dees.post("/desk/agencies/STLUKES/merge", {"other": code})
    assert [(await Agency.get(code=one)).state for one in ("STLUKES", code)] == ["listed", "merged"]


async def test_an_organisations_page_shows_what_is_known_of_it_alone(dees: Visitor) -> None:
    trust = await make_agency("North Trust", code="NT")
    await make_agency("Old Nursery", code="OLD", parent=trust, state="closed", closed_on=date(2025, 1, 2), is_vcse=True, urn="123456")
    keys = re.findall(r'summary-list__key">([^<]*)<', (await dees.get("/desk/agencies/OLD")).text)
    assert keys == ["Code", "Sector", "Belongs to", "Kind", "Contact", "URN", "Closed on"]
    page = (await dees.get("/desk/agencies/NT")).text
    assert re.findall(r'summary-list__key">([^<]*)<', page) == ["Code", "Sector", "Contact"]
    assert "Old Nursery</a> (closed)" in page


async def test_the_tree_is_shown_and_an_agency_merged_into_another(asha: Person, dees: Visitor) -> None:
    trust = await make_agency("North Trust", code="NT")
    await Agency.filter(code="STLUKES").update(parent=trust)
    await make_agency("St Luke's Nursery", code="SLN", parent=await Agency.get(code="STLUKES"))
    page = (await dees.get("/desk/agencies/NT")).text
    assert page.index("St Luke&#39;s School") < page.index("St Luke&#39;s Nursery")
    assert 'class="mars-tree__2"' in page
    path = "/desk/agencies/SLN/merge"
    refused = await dees.post(path, {"other": "NT"})
    assert "The organisation to keep lies below the other one. Keep the one above." in refused.text
    answer = await dees.post("/desk/agencies/STLUKES/merge", {"other": "SLN"})
    assert answer.headers["location"] == "/desk/agencies/STLUKES?done=merged"
    assert (await Position.get(person_id=asha.id)).agency_id == (await Agency.get(code="STLUKES")).id


async def test_an_agency_is_added_noted_closed_and_listed_again(dees: Visitor) -> None:
    answer = await dees.post(
        "/desk/agencies/new", {"name": "New Trust", "code": "NEWT", "sector": "Education", "contact_email": "o@n.example"}
    )
    assert answer.headers["location"] == "/desk/agencies/NEWT?done=saved"
    home = "/desk/agencies/NEWT"
    await dees.post(f"{home}/note", {"text": "Promised a list of staff"}, seen=home)
    assert "Promised a list of staff" in (await dees.get(home)).text
    await dees.post(f"{home}/close", {"closed_on-day": "31", "closed_on-month": "3", "closed_on-year": "2026"}, seen=home)
    row = await Agency.get(code="NEWT")
    assert (row.state, row.closed_on) == ("closed", date(2026, 3, 31))
    await dees.post(f"{home}/reopen", seen=home)
    assert (await Agency.get(code="NEWT")).state == "listed"
    assert (await dees.post(f"{home}/burn", seen=home)).status_code == 404


@pytest.mark.usefixtures("asha", "ben")
async def test_the_list_of_agencies_runs_as_many_statements_for_one_as_for_two(dees: Visitor, db: TortoiseContext) -> None:
    counts = []
    for query in ("?q=stlukes", ""):
        async with statements(db) as heard:
            assert (await dees.get(f"/desk/agencies{query}")).status_code == 200
        counts.append(len(heard))
    assert counts == [5, 5]
