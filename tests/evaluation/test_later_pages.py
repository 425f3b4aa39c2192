"""The desk's page of three months later, and the switch that lets managers be asked: what is seen, what is refused, who sees nothing."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.config import Settings
from marstraining.core.db import connect
from marstraining.core.viewer import Role
from marstraining.evaluation.actions import ask_managers, remind_of_surveys
from marstraining.evaluation.actions.asking import ask_readers, open_kind
from marstraining.evaluation.models import Comment, ManagerCourse, PairSecret, Response
from marstraining.evaluation.queries.surveys import present_at, session_to_ask, survey_of_session
from marstraining.evaluation.rules.asking import SurveyKind, quarter_of
from marstraining.evaluation.rules.instruments import InstrumentKind
from marstraining.messages.envelope import rendered
from marstraining.messages.models import Message
from marstraining.messages.queries import letter_of
from marstraining.people.models import Person, Position, RoleGrant
from tests import makers
from tests.conftest import Clock, Visitor
from tests.evaluation.asked import OUTCOMES, a_taught_session, links_of
from tests.evaluation.later import Answered, a_followed_session
from tests.statements import statements

pytest.importorskip("scipy")
SignInAs = Callable[[Person], Awaitable[Visitor]]


async def test_the_desk_sees_three_months_later_by_quarter(sign_in_as: SignInAs, clock: Clock, dee: Person, db: TortoiseContext) -> None:
    desk = await sign_in_as(dee)
    assert "Nothing is known yet" in (await desk.get("/desk/evaluation/later")).text
    await a_followed_session(clock, Answered(before=12, after=12, follow_up=12), people=12)
    await Comment.all().update(state="shown")
    desk = await sign_in_as(dee)
    async with statements(db) as once:
        page = (await desk.get("/desk/evaluation/later")).text
    expected = (
        "12 of 12 (100%) answered",
        "7.0 to 6.0, change -1.0",
        "Fell",
        "Too few have answered both times",
        "different people",
        "Nobody was asked in this quarter",
    )
    assert [words for words in expected if words not in page] == []
    assert 'href="/desk/evaluation/later"' in (await desk.get("/desk/evaluation")).text
    first = quarter_of(clock.now - timedelta(days=2))
    await a_followed_session(clock, Answered(after=12, follow_up=12), people=12)
    desk = await sign_in_as(dee)
    async with statements(db) as twice:
        latest = (await desk.get("/desk/evaluation/later")).text
    assert (len(once), len(twice)) == (9, 9)
    assert latest != page
    older = (await desk.get(f"/desk/evaluation/later?quarter={first.replace(' ', '%20')}")).text
    assert "12 of 12 (100%) answered" in older
    assert (await desk.get("/desk/evaluation/later?quarter=nonsense")).status_code == 200


async def test_managers_are_switched_on_and_off_for_a_course(sign_in_as: SignInAs, clock: Clock, dee: Person, asha: Person) -> None:
    agency = await makers.make_agency("Isle College")
    course = await makers.make_course("Neglect", code="NEG", outcomes=OUTCOMES, owner_agency=agency)
    briefing = await makers.make_course("Briefing", code="BR", kind="briefing")
    desk, page = await sign_in_as(dee), "/desk/evaluation/courses/NEG"
    assert "It is switched off" in (await desk.get(page)).text
    done = await desk.post(f"{page}/managers", {"managers": "on"}, seen=page)
    assert (done.status_code, done.headers["location"]) == (303, f"{page}?done=managers-on")
    again = await desk.post(f"{page}/managers", {"managers": "on"}, seen=page)
    assert again.headers["location"] == f"{page}?done=as-before"
    assert "This is switched on" in (await desk.get(f"{page}?done=managers-on")).text
    assert await ManagerCourse.filter(course_id=course.id).count() == 1
    # What is told and not taught is not followed up.
    assert "Ask managers too" not in (await desk.get(f"/desk/evaluation/courses/{briefing.code}")).text
    refused = [
        (await desk.post("/desk/evaluation/courses/BR/managers", {"managers": "on"}, seen=page)).status_code,
        (await desk.post(f"{page}/managers", {"managers": "perhaps"}, seen=page)).status_code,
        (await desk.post("/desk/evaluation/courses/NIX/managers", {"managers": "on"}, seen=page)).status_code,
    ]
    assert refused == [404] * 3
    organiser = await makers.make_person("Olu Organiser")
    other = await makers.make_person("Ola Organiser")
    await RoleGrant.create(person=organiser, role=Role.PARTNER_ORGANISER, agency=agency, granted_at=makers.LONG_AGO)
    await RoleGrant.create(
        person=other, role=Role.PARTNER_ORGANISER, agency=await makers.make_agency("Elsewhere"), granted_at=makers.LONG_AGO
    )
    off = await (await sign_in_as(organiser)).post(f"{page}/managers", {"managers": "off"}, seen=page)
    assert (off.status_code, await ManagerCourse.all().count()) == (303, 0)
    for nobody in (other, asha):
        visitor = await sign_in_as(nobody)
        assert (await visitor.post(f"{page}/managers", {"managers": "on"}, seen="/me")).status_code == 404
        assert (await visitor.get("/desk/evaluation/later")).status_code == 404
    assert await ManagerCourse.all().count() == 0


async def test_a_manager_answers_by_the_link_of_a_letter(client: Visitor, clock: Clock) -> None:
    taught = await a_taught_session(clock.now, people=1)
    body = await makers.make_agency("Body")
    await Position.create(person=taught.learners[0], agency=body, job_role="school_staff", starts_on=makers.LONG_AGO.date())
    lead = await makers.make_person("Lea Lead", agency=body, roles=(Role.AGENCY_LEAD,))
    await ManagerCourse.create(course=taught.course)
    assert await ask_managers(now=clock.forward(weeks=12, hours=3)) == 1
    survey = await survey_of_session(taught.session.id, SurveyKind.MANAGER)
    assert survey is not None
    link = (await links_of(survey.id))[lead.id]
    page = await client.get(f"/evaluation/{link}")
    assert ("anonymous" in page.text, "Do you see what the training taught used in practice?" in page.text) == (True, True)
    assert taught.learners[0].name not in page.text
    sent = await client.post(f"/evaluation/{link}", {"submission": "a" * 32, "began": "1", "q-used": "Not yet", "q-supervision": "No"})
    assert sent.status_code == 303
    assert [(one.answers, one.pair_key) for one in await Response.all()] == [({"used": "Not yet", "supervision": "No"}, "")]


async def test_letters_to_managers_name_nobody_and_say_whom_they_are_about(settings: Settings, clock: Clock) -> None:
    async with connect(settings):
        taught = await a_taught_session(clock.now, people=1)
        body = await makers.make_agency("Body")
        await Position.create(person=taught.learners[0], agency=body, job_role="school_staff", starts_on=makers.LONG_AGO.date())
        await makers.make_person("Lea Lead", agency=body, roles=(Role.AGENCY_LEAD,))
        await ManagerCourse.create(course=taught.course)
        await ask_managers(now=clock.forward(weeks=12, hours=3))
        await remind_of_surveys(now=clock.forward(days=3))
        for template, subject, words in (
            ("evaluation_asked", "What you see at work: Child Protection", "people whom you lead came to Child Protection"),
            ("evaluation_reminder", "Still time: what you see at work of Child Protection", "It takes two minutes."),
        ):
            letter = await letter_of((await Message.get(template=template)).ref)
            assert letter is not None
            made = rendered(letter, settings)
            assert (made.subject, words in made.text, words in made.html.replace("<strong>", "").replace("</strong>", "")) == (
                subject,
                True,
                True,
            )
            assert taught.learners[0].name not in made.text + made.html


async def test_the_form_says_truthfully_how_answers_are_kept(client: Visitor, clock: Clock) -> None:
    """By a letter of a sampled session they are confidential; in the room nobody's, whatever the session."""
    taught = await a_taught_session(clock.now, people=1)
    await PairSecret.create(session=taught.session, secret="5" * 64, until=clock.now + timedelta(days=200))
    asking = await session_to_ask(taught.session.id)
    assert asking is not None
    await open_kind(asking, SurveyKind.AFTER, closes_at=clock.now + timedelta(days=14), now=clock.now)
    survey = await survey_of_session(taught.session.id)
    assert survey is not None
    await ask_readers(survey, await present_at(taught.session.id), InstrumentKind.AFTER, closes_at=survey.closes_at, now=clock.now)
    letter = await client.get(f"/evaluation/{(await links_of(survey.id))[taught.learners[0].id]}")
    assert ("<strong>confidential</strong>" in letter.text, "<strong>anonymous</strong>" in letter.text) == (True, False)
    room = await client.get(f"/evaluation/room/{survey.ref}/form?pass=0-0")
    assert ("<strong>confidential</strong>" in room.text, "<strong>anonymous</strong>" in room.text) == (False, True)
