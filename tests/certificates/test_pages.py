import re
from collections.abc import Awaitable, Callable
from datetime import date, time, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader
from tortoise.context import TortoiseContext

from marstraining.attendance.rules import MarkWord
from marstraining.certificates import actions
from marstraining.certificates.models import Certificate
from marstraining.core.clock import from_wall, today_of
from marstraining.core.viewer import Role
from marstraining.core.web.dates import day
from marstraining.people.models import Person, Position
from marstraining.programme.models import Course, Session
from marstraining.record.models import Accreditation
from tests import makers
from tests.certificates.held import AFTER, held_session, lock, mark
from tests.conftest import Clock, Visitor
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]
ATTENDED, PARTIAL = MarkWord.ATTENDED, MarkWord.PARTIAL


async def issued_to(person: Person, *, course: Course | None = None, starts_days_ago: int = 0) -> tuple[Session, Certificate]:
    course = course or await makers.make_course("Child Protection", outcomes=["Recognise abuse"])
    session = await held_session(person, course=course, starts=AFTER - timedelta(days=3 + starts_days_ago))
    await mark(session, person, ATTENDED)
    await lock(session)
    await actions.issue_owed_certificates(now=AFTER)
    return session, await Certificate.filter(person=person).order_by("-id").first() or await Certificate.get(person=person)


@pytest.fixture(autouse=True)
def afterwards(clock: Clock) -> None:
    clock.travel_to(AFTER)


async def test_its_holder_sees_it_and_takes_the_pdf_and_to_others_there_is_none(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    _, made = await issued_to(asha)
    address = f"/certificates/{made.ref}"
    visitor = await sign_in_as(asha)
    page = await visitor.get(address)
    said = " ".join(re.sub(r"<[^>]*>", " ", page.text).split())
    assert "This is to certify that Asha Patel St Luke's School has completed Child Protection Completed on 10 March 2026" in said.replace(
        "&#39;", "'"
    )
    pdf = await visitor.get(f"{address}/certificate.pdf")
    assert (pdf.headers["content-type"], pdf.headers["content-disposition"], pdf.headers["cache-control"]) == (
        "application/pdf", f'attachment; filename="certificate-{made.facts["course_code"].lower()}-2026-03-10.pdf"', "no-store",  # type: ignore[attr-defined]  # a string in JSON
    )  # fmt: skip
    assert "Asha Patel" in PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    others = [await sign_in_as(ben), await sign_in_as(await makers.make_person("Tess Trainer", roles=(Role.TRAINER,)))]
    assert [(await other.get(path)).status_code for other in others for path in (address, f"{address}/certificate.pdf")] == [404] * 4
    assert (await (await sign_in_as(dee)).get(address)).status_code == 200


async def test_the_lead_of_the_learners_agency_sees_it_as_long_as_the_learner_is_there(asha: Person, sign_in_as: SignInAs) -> None:
    _, made = await issued_to(asha)
    post = await Position.get(person=asha).prefetch_related("agency")
    lead = await makers.make_person("Lena Lead", agency=post.agency, roles=(Role.AGENCY_LEAD,))
    other = await makers.make_person("Otto Lead", agency=await makers.make_agency("Elsewhere"), roles=(Role.AGENCY_LEAD,))
    at_school, elsewhere = await sign_in_as(lead), await sign_in_as(other)
    page = await at_school.get(f"/certificates/{made.ref}")
    assert (page.status_code, "Show it to somebody else" in page.text) == (200, False)
    assert (await elsewhere.get(f"/certificates/{made.ref}")).status_code == 404
    await Position.filter(id=post.id).update(ends_on=date(2026, 3, 12))
    assert (await at_school.get(f"/certificates/{made.ref}")).status_code == 404


async def test_the_list_of_a_session_asks_as_much_at_one_as_at_three(dee: Person, sign_in_as: SignInAs, db: TortoiseContext) -> None:
    desk = await sign_in_as(dee)
    counts = []
    for number in (1, 3):
        people = [await makers.make_person(f"Learner {count}") for count in range(number)]
        session = await held_session(*people, starts=AFTER - timedelta(days=3 + number))
        for person in people:
            await mark(session, person, ATTENDED)
        await lock(session)
        await actions.issue_owed_certificates(now=AFTER)
        async with statements(db) as asked:
            page = (await desk.get(f"/desk/sessions/{session.ref}/certificates")).text
        counts.append((page.count('data-label="Code"'), len(asked)))
    assert counts == [(1, 7), (3, 7)]


async def test_the_list_holds_ones_own_and_asks_as_much_at_one_as_at_three(
    asha: Person, ben: Person, sign_in_as: SignInAs, db: TortoiseContext
) -> None:
    visitor = await sign_in_as(asha)
    assert "No certificates yet" in (await visitor.get("/me/certificates")).text
    await issued_to(asha)
    await issued_to(ben, course=await makers.make_course("Not hers"))
    async with statements(db) as at_one:
        await visitor.get("/me/certificates")
    for number in (30, 60):
        await issued_to(asha, course=await makers.make_course(f"Course {number}"), starts_days_ago=number)
    async with statements(db) as at_three:
        shown = (await visitor.get("/me/certificates")).text
    assert re.findall(r'data-label="Training"><a[^>]*>([^<]*)<', shown) == ["Child Protection", "Course 30", "Course 60"]
    assert (len(at_one), len(at_three)) == (2, 2)


async def test_a_link_shows_it_without_signing_in_until_the_end_of_the_seventh_day_and_no_other(
    asha: Person, client: Visitor, sign_in_as: SignInAs, clock: Clock
) -> None:
    _, made = await issued_to(asha)
    page = await (await sign_in_as(asha)).get(f"/certificates/{made.ref}")
    [path] = set(re.findall(rf"http://127.0.0.1:8000(/c/{made.ref}/[0-9a-f-]+)", page.text))
    assert f"until the end of {day(clock.now + timedelta(days=7))}" in page.text
    shown = await client.get(path)
    assert (shown.status_code, "Asha Patel" in shown.text, shown.headers["referrer-policy"]) == (200, True, "no-referrer")
    assert ("/c/" in re.sub(re.escape(path), "", shown.text), "Show it to somebody else" in shown.text) == (False, False)
    assert (await client.get(f"{path}/certificate.pdf")).headers["content-type"] == "application/pdf"
    later = f"/c/{made.ref}/{int(path.split('/')[3].split('-')[0], 16) + 3600:x}-{path.split('-')[1]}"
    wrong = [later, path[:-1] + ("0" if path[-1] != "0" else "1"), f"/c/0123456789/{path.rpartition('/')[2]}", f"/c/{made.ref}/x"]
    assert [(await client.get(address)).status_code for address in wrong] == [404] * 4
    midnight = from_wall(today_of(clock.now) + timedelta(days=8), time(0))
    clock.travel_to(midnight - timedelta(seconds=1))
    assert (await client.get(path)).status_code == 200
    clock.travel_to(midnight)
    assert (await client.get(path)).status_code == 404


async def test_verify_tells_course_date_and_first_name_only_and_forgives_how_the_code_is_typed(asha: Person, client: Visitor) -> None:
    _, made = await issued_to(asha)
    code = made.code.replace("0", "O").replace("1", "l")
    shown = (await client.get("/verify", params={"code": f" {code[:4]}-{code[4:].upper()} "})).text
    main = shown[shown.index("<main") : shown.index("</main")]
    assert ("This certificate is valid." in main, "Child Protection" in main, "10 March 2026" in main, ">Asha<" in main) == (True,) * 4
    assert ("Patel" in main, "St Luke" in main, "asha@" in main) == (False, False, False)


async def test_verify_says_withdrawn_and_for_an_accreditation_expired(asha: Person, dee: Person, client: Visitor, clock: Clock) -> None:
    _, plain = await issued_to(asha)
    course = await makers.make_course("Graded Care Profile 2", code="GCP2", grants_accreditation=True, accreditation_months=24)
    _, licensed = await issued_to(asha, course=course, starts_days_ago=20)
    await actions.grant_owed_accreditations(now=clock.now)
    await actions.withdraw_certificate(plain.id, reason="Issued in error", by=makers.as_desk(dee), now=clock.now)

    async def told(made: Certificate) -> str:
        return str(re.findall(r'govuk-tag--\w+">([^<]*)<', (await client.get(f"/verify?code={made.code}")).text)[0])

    assert (await told(plain), await told(licensed)) == ("Withdrawn", "Valid")
    assert "Issued in error" not in (await client.get(f"/verify?code={plain.code}")).text
    await Accreditation.all().update(expires_on=date(2026, 3, 1))
    assert await told(licensed) == "Accreditation expired"
    await Accreditation.all().update(ended_on=date(2026, 3, 2), expires_on=None)
    assert await told(licensed) == "Withdrawn"


async def test_an_unknown_code_and_one_that_cannot_be_one_are_told_in_the_same_words(client: Visitor) -> None:
    pages = [(await client.get("/verify", params={"code": typed})) for typed in ("0000 0000 0000 0000", "nonsense", "u" * 16, "<b>")]
    verdicts = {re.sub(r'value="[^"]*"', "", page.text[page.text.index("<main") : page.text.index("</main")]) for page in pages}
    assert ([page.status_code for page in pages], len(verdicts), "We know no certificate with this code" in verdicts.pop()) == (
        [200] * 4, 1, True,
    )  # fmt: skip
    empty = await client.get("/verify?code=")
    assert (empty.status_code, "Enter the code from the certificate" in empty.text) == (422, True)


async def test_a_network_checks_thirty_codes_a_minute(client: Visitor, clock: Clock) -> None:
    answers = [(await client.get("/verify?code=0000")).status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]
    assert (await client.get("/verify")).status_code == 200
    clock.forward(seconds=61)
    assert (await client.get("/verify?code=0000")).status_code == 200


async def test_a_withdrawn_certificate_says_so_to_its_holder_and_has_no_pdf(asha: Person, dee: Person, sign_in_as: SignInAs) -> None:
    _, made = await issued_to(asha)
    await actions.withdraw_certificate(made.id, reason="Issued in error", by=makers.as_desk(dee), now=AFTER)
    visitor = await sign_in_as(asha)
    page = await visitor.get(f"/certificates/{made.ref}")
    assert ("withdrawn on 13 March 2026. Issued in error" in page.text, "certificate.pdf" in page.text) == (True, False)
    assert (await visitor.get(f"/certificates/{made.ref}/certificate.pdf")).status_code == 404
    await actions.reissue_certificate(made.id, by=makers.as_desk(dee), now=AFTER)
    again = await Certificate.get(withdrawn_at__isnull=True)
    assert f'href="/certificates/{again.ref}"' in (await visitor.get(f"/certificates/{made.ref}")).text


async def test_the_desk_sees_issued_owed_and_part_and_issues_for_part_with_a_reason(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    session = await held_session(asha, ben)
    await mark(session, asha, ATTENDED)
    await mark(session, ben, PARTIAL, minutes=60)
    await lock(session)
    visitor, root = await sign_in_as(dee), f"/desk/sessions/{session.ref}/certificates"
    assert "within a minute: Asha Patel." in (await visitor.get(root)).text
    await actions.issue_owed_certificates(now=AFTER)
    shown = (await visitor.get(root)).text
    assert ("within a minute" in shown, f"{root}/part/{ben.ref}" in shown, f"{root}/part/{asha.ref}" in shown) == (False, True, False)
    refused = await visitor.post(f"{root}/part/{ben.ref}", {"reason": ""})
    assert (refused.status_code, "Say why." in refused.text) == (422, True)
    answer = await visitor.post(f"{root}/part/{ben.ref}", {"reason": "Called to court at noon"})
    assert answer.headers["location"] == f"{root}?done=part"
    shown = (await visitor.get(root)).text
    assert ("For part of it" in shown, "Called to court at noon" in shown) == (True, True)
    assert (await visitor.get(f"{root}/part/{ben.ref}")).status_code == 404


async def test_the_desk_withdraws_with_a_reason_and_issues_again_after_a_name_was_corrected(
    asha: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    session, made = await issued_to(asha)
    visitor, root = await sign_in_as(dee), f"/desk/sessions/{session.ref}/certificates"
    assert "Issue again" not in (await visitor.get(root)).text
    await Person.filter(id=asha.id).update(name="Asha Reid")
    assert "now Asha Reid" in (await visitor.get(root)).text
    assert (await visitor.post(f"{root}/{made.ref}/again", seen=root)).headers["location"] == f"{root}?done=again"
    again = await Certificate.get(withdrawn_at__isnull=True)
    refused = await visitor.post(f"{root}/{again.ref}/withdraw", {"reason": " "})
    assert (refused.status_code, "Say why." in refused.text) == (422, True)
    answer = await visitor.post(f"{root}/{again.ref}/withdraw", {"reason": "Wrong person"})
    assert answer.headers["location"] == f"{root}?done=withdrawn"
    late = await visitor.post(f"{root}/{made.ref}/again", seen=f"{root}/{again.ref}/withdraw")
    assert (late.status_code, "There is a later certificate than this one." in late.text) == (422, True)


async def test_other_sessions_and_other_people_find_none_of_it(asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs) -> None:
    session, made = await issued_to(asha)
    other = await held_session(ben, starts=AFTER - timedelta(days=9))
    lead = await makers.make_person("Lee Lead", agency=await makers.make_agency("Other"), roles=(Role.AGENCY_LEAD,))
    visitors = [await sign_in_as(asha), await sign_in_as(lead)]
    assert [(await one.get(f"/desk/sessions/{session.ref}/certificates")).status_code for one in visitors] == [404, 404]
    assert (await (await sign_in_as(dee)).get(f"/desk/sessions/{other.ref}/certificates/{made.ref}/withdraw")).status_code == 404


async def test_a_list_tells_about_the_courses_length_where_no_minutes_were_recorded(asha: Person, sign_in_as: SignInAs) -> None:
    _, made = await issued_to(asha, course=await makers.make_course("Neglect", duration_minutes=180))
    await Certificate.filter(id=made.id).update(facts={**made.facts, "minutes": None})
    visitor = await sign_in_as(asha)
    for path in ("/me/certificates", "/me/record"):
        assert "About 3 hours, the course’s length" in (await visitor.get(path)).text  # noqa: RUF001 - as printed
    assert "the course’s length" not in (await visitor.get(f"/certificates/{made.ref}")).text  # noqa: RUF001 - as printed
