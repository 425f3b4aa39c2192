import csv
import io
import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, cast

import pytest
from pypdf import PdfReader
from tortoise.context import TortoiseContext

from marstraining.certificates.actions import grant_owed_accreditations
from marstraining.core.viewer import Role
from marstraining.coverage import actions
from marstraining.coverage.defaults import DEFAULT_RULES
from marstraining.coverage.evidence import Evidence
from marstraining.coverage.models import RefresherRule
from marstraining.coverage.paper import why
from marstraining.coverage.rules import Asked, Due, State
from marstraining.history.models import Entry
from marstraining.people.models import Person
from marstraining.record.models import Accreditation, Completion, ExternalLearning
from tests import makers
from tests.conftest import Clock, Visitor
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]
PDF = b"%PDF-1.7 evidence"


@pytest.fixture(autouse=True)
async def rules(db: TortoiseContext, clock: Clock) -> None:
    await actions.seed_rules(now=clock.now)


def said(text: str) -> str:
    main = text[text.index("<main") : text.index("</main")]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


async def upload(visitor: Visitor, fields: dict[str, Any], name: str = "certificate.pdf", data: bytes = PDF) -> Any:
    page = await visitor.get("/me/record/external")
    token = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    assert token is not None
    return await visitor.http.post(
        "/me/record/external",
        data={"csrf_token": token[1], **fields},
        files={"file": (name, data, "application/octet-stream")},
        headers={"Sec-Fetch-Site": "same-origin"},
    )


WEBINAR = {
    "title": "Neglect webinar", "provider": "NSPCC", "completed_on-day": "3", "completed_on-month": "2", "completed_on-year": "2026",
    "hours": "1", "minutes": "30", "is_participatory": "yes", "counts_as": "DSL-ANNUAL",
}  # fmt: skip


async def test_the_record_says_what_falls_due_by_which_rule_and_role_and_since_when(asha: Person, sign_in_as: SignInAs) -> None:
    course = await makers.make_course("Designated Safeguarding Lead briefing", code="DSL-SCH", counts_as="DSL-ANNUAL")
    await makers.complete(asha, course, on=date(2025, 4, 1))
    shown = said((await (await sign_in_as(asha)).get("/me/record")).text)
    assert (
        "Yearly update of Designated Safeguarding Leads and deputies Due on 1 April 2026 · last learnt on 1 April 2025"
        " Asked of the role “Designated Safeguarding Lead” since 6 January 2025, every year, by Keeping Children Safe"
    ) in shown
    assert "Formal training of Designated Safeguarding Leads and deputies Was due on 6 January 2025 · nothing on record yet" in shown
    assert "Designated Safeguarding Lead briefing 1 April 2025" in shown


async def test_a_record_with_nothing_on_it_says_so_and_my_training_leads_to_it(dee: Person, sign_in_as: SignInAs) -> None:
    visitor = await sign_in_as(dee)
    assert 'href="/me/record"' in (await visitor.get("/me")).text
    shown = said((await visitor.get("/me/record")).text)
    assert ("No rule asks anything" in shown, "Nothing on record yet." in shown) == (True, True)


async def test_the_record_asks_as_much_at_one_line_as_at_three(
    asha: Person, sign_in_as: SignInAs, db: TortoiseContext, clock: Clock
) -> None:
    visitor = await sign_in_as(asha)

    async def add(number: int) -> None:
        await makers.complete(asha, await makers.make_course(f"Course {number}"), on=date(2025, 4, number))
        new = actions.NewLearning(f"Webinar {number}", "NSPCC", date(2025, 5, number), 60, is_participatory=False)
        await actions.add_external(new, None, by=makers.as_learner(asha), now=clock.now)

    await add(1)
    async with statements(db) as at_one:
        await visitor.get("/me/record")
    for number in (2, 3):
        await add(number)
    async with statements(db) as at_three:
        shown = (await visitor.get("/me/record")).text
    assert re.findall(r">(Course \d)<", shown) == ["Course 3", "Course 2", "Course 1"]
    assert (len(at_one), len(at_three)) == (11, 11)


async def test_learning_elsewhere_is_added_with_evidence_and_counts_once_the_desk_has_confirmed_it(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    visitor, desk = await sign_in_as(asha), await sign_in_as(dee)
    assert (await upload(visitor, WEBINAR)).headers["location"] == "/me/record?done=added"
    kept = await ExternalLearning.get()
    assert (kept.title, kept.minutes, kept.is_participatory, kept.counts_as, kept.state, kept.file_name) == (
        "Neglect webinar", 90, True, "DSL-ANNUAL", "added", "certificate.pdf",
    )  # fmt: skip
    assert "Due on 3 February 2027" not in said((await visitor.get("/me/record")).text)
    root = f"/desk/people/{asha.ref}/record"
    answer = await desk.post(f"{root}/external/{kept.ref}", {"answer": "confirm", "counts_as": "DSL-ANNUAL"}, seen=root)
    assert answer.headers["location"] == f"{root}?done=confirmed"
    assert "Due on 3 February 2027" in said((await visitor.get("/me/record")).text)
    files = [await visitor.get(f"/me/record/external/{kept.ref}/file"), await desk.get(f"{root}/external/{kept.ref}/file")]
    assert [(file.content, file.headers["content-disposition"], file.headers["content-security-policy"]) for file in files] == [
        (PDF, 'attachment; filename="certificate.pdf"', "sandbox; default-src 'none'")
    ] * 2
    assert files[0].headers["x-content-type-options"] == "nosniff"
    assert (await (await sign_in_as(ben)).get(f"/me/record/external/{kept.ref}/file")).status_code == 404
    refused = await visitor.post(f"/me/record/external/{kept.ref}/remove", seen="/me/record/external")
    assert (refused.status_code, "has confirmed this" in refused.text) == (422, True)


@pytest.mark.parametrize(
    ("fields", "data", "sentence"),
    [
        ({"title": ""}, PDF, "Enter what you learnt"),
        ({"completed_on-year": "2027"}, PDF, "must be 9 March 2026 or earlier"),
        ({"completed_on-day": "31"}, PDF, "must be a real date"),
        ({"minutes": "75"}, PDF, "must be between 0 and 59"),
        ({"counts_as": "MADE-UP"}, PDF, "Select what it counts as"),
        ({}, b"<html>", "The file must be a PDF, PNG or JPG"),
        ({}, PDF + b"x" * (5 * 1024 * 1024), "The file must be smaller than 5 MB"),
    ],
)
async def test_what_cannot_be_is_said_beside_its_field(
    fields: dict[str, str], data: bytes, sentence: str, asha: Person, sign_in_as: SignInAs
) -> None:
    answer = await upload(await sign_in_as(asha), WEBINAR | fields, data=data)
    assert (answer.status_code, sentence in answer.text, await ExternalLearning.all().count()) == (422, True, 0)


async def test_the_record_is_taken_away_as_a_tagged_pdf_and_a_csv_in_which_nothing_runs(
    asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    await makers.complete(asha, await makers.make_course("=Child Protection #let *x*", counts_as="DSL-FULL"), on=date(2025, 4, 1))
    new = actions.NewLearning("@SUM(A1)", "NSPCC", date(2025, 5, 1), 60, is_participatory=False)
    await actions.add_external(new, None, by=makers.as_learner(asha), now=clock.now)
    visitor = await sign_in_as(asha)
    reader = PdfReader(io.BytesIO((await visitor.get("/me/record/record.pdf")).content))
    root = cast("Any", reader.root_object)
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert (root["/MarkInfo"]["/Marked"], root["/Lang"]) == (True, "en-GB")
    assert ("=Child Protection #let *x* 1 April 2025" in text, "Training record Asha Patel As held on 9 March 2026" in text) == (True, True)
    answer = await visitor.get("/me/record/record.csv")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(line["Training"], line["Completed on"], line["Minutes"], line["State"]) for line in lines] == [
        ("'=Child Protection #let *x*", "2025-04-01", "", "Completed"),
        ("'@SUM(A1)", "2025-05-01", "60", "Not confirmed yet"),
    ]  # fmt: skip
    assert await Entry.filter(action="export", subject_id=asha.id).count() == 1


async def test_the_desk_ends_an_accreditation_with_a_reason_and_its_holder_reads_it(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    await makers.complete(asha, await makers.make_course("Graded Care Profile 2", grants_accreditation=True), on=date(2026, 1, 6))
    await grant_owed_accreditations(now=clock.now)
    held = await Accreditation.get()
    desk, root = await sign_in_as(dee), f"/desk/people/{asha.ref}/record"
    refused = await desk.post(f"{root}/end-accreditation", {"accreditation": str(held.id), "reason": ""}, seen=root)
    assert (refused.status_code, "Say why." in refused.text) == (422, True)
    answer = await desk.post(f"{root}/end-accreditation", {"accreditation": str(held.id), "reason": "Licence given up"}, seen=root)
    assert answer.headers["location"] == f"{root}?done=ended"
    assert "ended on 9 March 2026: Licence given up" in said((await (await sign_in_as(asha)).get("/me/record")).text)
    other = await desk.post(f"/desk/people/{dee.ref}/record/end-accreditation", {"accreditation": str(held.id), "reason": "x"}, seen=root)
    assert other.status_code == 404


async def test_coverage_counts_people_by_month_and_rule_and_names_them_behind_each_number(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    course = await makers.make_course(counts_as="MA-CORE")
    await makers.complete(ben, course, on=date(2023, 5, 6))
    cara = await makers.make_person("Cara Dunn", agency=await makers.make_agency("Fire"), job_role="multi_agency")
    await makers.complete(cara, course, on=date(2023, 5, 16))
    await makers.make_person("Gone Away", agency=await makers.make_agency("Other"), job_role="multi_agency", state="left")
    desk = await sign_in_as(dee)
    page = (await desk.get("/desk/coverage")).text
    assert "3 people are asked something by a rule" in said(page)
    links = re.findall(r'href="/desk/coverage\?([^#"]*)#people">(?:<strong>)?(\d+)', page)
    assert links == [
        ("rule=DSL-ANNUAL&amp;month=overdue", "1"), ("rule=DSL-FULL&amp;month=overdue", "1"), ("rule=DSL-PREVENT&amp;month=overdue", "1"),
        ("rule=MA-CORE&amp;month=2026-05", "2"), ("month=overdue", "1"), ("month=2026-05", "2"),
    ]  # fmt: skip
    behind = (await desk.get("/desk/coverage?rule=MA-CORE&month=2026-05")).text
    assert re.findall(r'data-label="Name"><a class="govuk-link" href="([^"]*)">([^<]*)<', behind) == [
        (f"/desk/people/{ben.ref}/record", "Ben Cole"), (f"/desk/people/{cara.ref}/record", "Cara Dunn"),
    ]  # fmt: skip
    answer = await desk.get("/desk/coverage?rule=MA-CORE&month=2026-05&export=csv")
    assert [line["Due on"] for line in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))] == ["6 May 2026", "16 May 2026"]
    assert "Nobody falls due here." in (await desk.get("/desk/coverage?rule=NONE&month=2026-05")).text


async def test_coverage_asks_as_much_for_one_person_as_for_three(
    ben: Person, dee: Person, sign_in_as: SignInAs, db: TortoiseContext
) -> None:
    desk = await sign_in_as(dee)
    async with statements(db) as at_one:
        await desk.get("/desk/coverage?rule=MA-CORE&month=overdue")
    agency = await makers.make_agency("Fire")
    for number in range(2):
        await makers.make_person(f"Person {number}", agency=agency, job_role="multi_agency")
    async with statements(db) as at_three:
        page = (await desk.get("/desk/coverage?rule=MA-CORE&month=overdue")).text
    assert (page.count('data-label="Name"'), len(at_one), len(at_three)) == (3, 8, 8)


async def test_a_rule_is_changed_from_a_day_on_and_the_page_shows_both_versions(dee: Person, sign_in_as: SignInAs) -> None:
    desk = await sign_in_as(dee)
    shown = said((await desk.get("/desk/rules")).text)
    assert "Multi-agency child protection MA-CORE Every 36 months Practitioner 1 April 2022 Low: confirm it" in shown
    assert "Safeguarding training of GPs and primary care HLT-GP 12 hours in 36 months, 50% with others GP or primary care" in shown
    fields = {
        "applies_from-day": "1", "applies_from-month": "9", "applies_from-year": "2026", "title": "Child protection",
        "kind": "renew", "months": "24", "counts_as": "ma-core, cp", "job_roles": "multi_agency", "source": "The board",
        "confidence": "local", "is_on": "yes",
    }  # fmt: skip
    for wrong, sentence in (({"applies_from-year": "2021"}, "Choose a later day."), ({"months": ""}, "Enter the number of months.")):
        refused = await desk.post("/desk/rules/MA-CORE", fields | wrong)
        assert (refused.status_code, sentence in refused.text) == (422, True)
    assert (await desk.post("/desk/rules/MA-CORE", fields)).headers["location"] == "/desk/rules?done=changed"
    added = await RefresherRule.filter(code="MA-CORE").order_by("-id").first()
    assert added is not None
    assert (added.applies_from, added.months, added.counts_as, added.changed_by_id) == (date(2026, 9, 1), 24, ["CP", "MA-CORE"], dee.id)
    assert "changes on 1 September 2026" in said((await desk.get("/desk/rules")).text)
    assert "From 1 April 2022 to 31 August 2026 Every 36 months" in said((await desk.get("/desk/rules/MA-CORE")).text)
    assert (await desk.post("/desk/rules/new", fields | {"code": "local-1"})).headers["location"] == "/desk/rules?done=added"
    assert (await desk.post("/desk/rules/new", fields | {"code": "LOCAL-1"})).status_code == 422
    assert (await desk.get("/desk/rules/NONE")).status_code == 404


async def test_only_the_desk_reads_other_peoples_records_coverage_and_rules(asha: Person, ben: Person, sign_in_as: SignInAs) -> None:
    lead = await makers.make_person("Lee Lead", agency=await makers.make_agency("Other"), roles=(Role.AGENCY_LEAD,))
    paths = [
        f"/desk/people/{ben.ref}/record",
        f"/desk/people/{ben.ref}/record/record.pdf",
        "/desk/coverage",
        "/desk/rules",
        "/desk/rules/new",
    ]
    for person in (asha, lead):
        visitor = await sign_in_as(person)
        assert [(await visitor.get(path)).status_code for path in paths] == [404] * len(paths)


async def test_a_file_that_is_gone_from_the_disk_is_not_found(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    new = actions.NewLearning("Webinar", "NSPCC", date(2025, 5, 1), 60, is_participatory=False)
    ref = await actions.add_external(new, Evidence("a.pdf", "application/pdf", PDF), by=makers.as_learner(asha), now=clock.now)
    await ExternalLearning.all().update(stored_as="0" * 48)
    assert (await (await sign_in_as(asha)).get(f"/me/record/external/{ref}/file")).status_code == 404


def test_why_names_no_code_and_no_source_that_nobody_is_sure_of() -> None:
    said_of = {
        rule.code: why(Due(Asked(rule, "governor", date(2025, 1, 6), date(2025, 1, 6)), State.MET, None, None)) for rule in DEFAULT_RULES
    }
    begins = "Asked of the role “Governor or trustee” since 6 January 2025"
    assert said_of["MA-CORE"] == f"{begins}, every 3 years, by the partnership\N{RIGHT SINGLE QUOTATION MARK}s rule."
    assert said_of["HLT-1"] == f"{begins}, by the partnership\N{RIGHT SINGLE QUOTATION MARK}s rule."
    assert said_of["DSL-PREVENT"].startswith(f"{begins}, once, by Keeping Children Safe in Education")
    assert not [words for words in said_of.values() if "confirm" in words or "local default" in words]


async def test_learning_elsewhere_is_spoken_of_where_there_is_some(asha: Person, sign_in_as: SignInAs) -> None:
    await makers.complete(asha, await makers.make_course("Neglect"), on=date(2025, 4, 1))
    await Completion.all().update(minutes=180)
    visitor, words = await sign_in_as(asha), "with what the training team has confirmed of learning elsewhere"
    shown = (await visitor.get("/me/record")).text
    assert ("In all" in shown, words in shown) == (True, False)
