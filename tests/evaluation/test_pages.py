"""The form on a phone without script, what a trainer and the desk see, and who sees nothing."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.db import rows
from marstraining.core.viewer import Role
from marstraining.core.web.dates import day
from marstraining.evaluation.actions import close_surveys, open_survey
from marstraining.evaluation.models import Comment, Invitation, Response, Survey
from marstraining.evaluation.queries.results import survey_lines
from marstraining.evaluation.rules.answers import Given
from marstraining.people.models import Person
from marstraining.programme.models import Session, SessionTrainer
from tests import makers
from tests.conftest import Clock, Visitor
from tests.evaluation.asked import OUTCOMES, Taught, a_form, a_taught_session, an_asked_session, answer, links_of, with_a_number
from tests.statements import statements

ROOT = Path(__file__).resolve().parent.parent.parent
SignInAs = Callable[[Person], Awaitable[Visitor]]
_FILLED = {
    **{f"q-confidence-{number}-{half}": value for number in range(3) for half, value in (("then", "4"), ("now", "8"))},
    "q-knowledge-0-then": "3",
    "q-knowledge-0-now": "7",
    "q-relevant": "Agree",
    "q-recommend": "Yes",
    "q-useful": "The case work in small groups",
    "q-useful-quote": "yes",
}


async def _form(client: Visitor, link: str) -> dict[str, str]:
    page = await client.get(f"/evaluation/{link}")
    assert page.status_code == 200
    hidden = re.findall(r'type="hidden" name="(submission|began)" value="([^"]*)"', page.text)
    return dict(hidden)


async def _trainer(taught: Taught) -> Person:
    trainer = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))
    await SessionTrainer.create(session=taught.session, person=trainer, state="accepted", asked_at=makers.LONG_AGO)
    return trainer


async def test_a_form_is_one_page_with_its_parts_and_is_sent_without_script(client: Visitor, clock: Clock) -> None:
    taught, survey = await an_asked_session(clock.now, people=1)
    link = (await links_of(survey.id))[taught.learners[0].id]
    page = await client.get(f"/evaluation/{link}")
    assert [part in page.text for part in ("Part 1 of 3", "Part 3 of 3", "anonymous", "recognise the signs of neglect")] == [True] * 4
    assert page.headers["referrer-policy"] == "no-referrer"
    sent = await client.post(f"/evaluation/{link}", {**await _form(client, link), **_FILLED})
    assert (sent.status_code, sent.headers["location"]) == (303, f"/evaluation/thanks/{survey.ref}")
    thanks = await client.get(sent.headers["location"])
    assert "your certificate" in thanks.text
    response = await Response.get()
    assert response.answers == {
        "confidence": [[4, 8]] * 3,
        "knowledge": [[3, 7]],
        "relevant": "Agree",
        "recommend": "Yes",
    }
    assert [(one.text, one.may_quote) for one in await Comment.all()] == [("The case work in small groups", True)]
    again = await client.get(f"/evaluation/{link}")
    assert "Your answers are in" in again.text


async def test_faults_keep_what_was_typed_and_say_how_to_mend_them(client: Visitor, clock: Clock) -> None:
    taught, survey = await an_asked_session(clock.now, people=1)
    link = (await links_of(survey.id))[taught.learners[0].id]
    filled = {**await _form(client, link), **_FILLED}
    del filled["q-confidence-1-now"]
    sent = await client.post(f"/evaluation/{link}", filled)
    assert sent.status_code == 422
    assert "Line 2: choose a number for now too" in sent.text
    assert 'href="#q-confidence-1-now"' in sent.text
    assert "The case work in small groups" in sent.text
    assert await Response.all().count() == 0
    empty = await client.post(f"/evaluation/{link}", await _form(client, link))
    assert ("Answer at least one question" in empty.text, 'href="#q-confidence-0-then"' in empty.text) == (True, True)


async def test_an_urgent_worry_is_never_kept_and_answered_by_numbers(client: Visitor, clock: Clock) -> None:
    taught, survey = await an_asked_session(clock.now, people=1)
    link = (await links_of(survey.id))[taught.learners[0].id]
    worry = "A little boy in my class told me today his dad hits him and he is scared to go home"
    sent = await client.post(f"/evaluation/{link}", {**await _form(client, link), **_FILLED, "q-improve": worry})
    assert sent.status_code == 422
    assert "If you are worried about somebody, ring now" in sent.text
    assert "tel:999" in sent.text
    assert (await Response.all().count(), await Comment.all().count()) == (0, 0)


async def test_a_link_that_never_was_leads_nowhere(client: Visitor, clock: Clock) -> None:
    assert (await client.get(f"/evaluation/{'0' * 64}")).status_code == 404
    assert (await client.get("/evaluation/room/0123456789")).status_code == 404


async def test_in_the_room_everybody_gets_the_same_pages(client: Visitor, sign_in_as: SignInAs, clock: Clock) -> None:
    taught = await a_taught_session(clock.now, people=1)
    trainer = await sign_in_as(await _trainer(taught))
    root = f"/teaching/{taught.session.ref}/feedback"
    opened = await trainer.post(f"{root}/screen", seen=root)
    assert opened.status_code == 303
    screen = await trainer.get(f"{root}/screen")
    ref = re.findall(r"room/<wbr>([0-9a-z]{10})", screen.text)[0]
    assert (await trainer.get(f"{root}/screen.svg")).headers["content-type"] == "image/svg+xml"
    answered = []
    for typed in (taught.learners[0].email, "somebody@example.org"):
        entered = await client.post(f"/evaluation/room/{ref}", {"who": typed})
        address = entered.headers["location"]
        form = await client.get(address)
        fields = dict(re.findall(r'type="hidden" name="(submission|began|pass)" value="([^"]*)"', form.text))
        sent = await client.post(address.split("?")[0], {**fields, **_FILLED}, seen=address)
        answered.append((entered.status_code, form.status_code, sent.status_code, sent.headers["location"], len(address)))
    assert answered[0] == answered[1]
    assert await Response.all().count() == 1
    sentence = "Only forms of people on the session’s list are counted, and no others are kept."  # noqa: RUF001 - as printed
    assert sentence in (await client.get(answered[0][3])).text
    assert sentence not in (await client.get(answered[0][3].partition("?")[0])).text


@pytest.mark.whole
async def test_in_the_room_a_network_enters_so_often_and_is_told_to_wait_whatever_is_typed(client: Visitor, clock: Clock) -> None:
    taught = await a_taught_session(clock.now, people=1)
    survey = await open_survey(taught.session.id, now=clock.now)
    path = f"/evaluation/room/{survey.ref}"
    entered = [await client.post(path, {"who": f"nobody{number}@example.org"}, seen=path) for number in range(300)]
    assert {one.status_code for one in entered} == {303}
    refused = [await client.post(path, {"who": typed}, seen=path) for typed in (str(taught.learners[0].email), "somebody@example.org")]
    assert [(one.status_code, one.headers["retry-after"]) for one in refused] == [(429, "900")] * 2
    assert "Wait a quarter of an hour, or use the link in our email." in refused[0].text
    assert refused[0].text.replace(str(taught.learners[0].email), "") == refused[1].text
    assert await Invitation.filter(used=True).count() == 0
    # When somebody came in is kept to the quarter of an hour alone.
    kept = await rows("SELECT DISTINCT at FROM people_attempt WHERE kind = 'room-entry'", instants=("at",))
    assert [(row["at"].minute % 15, row["at"].second, row["at"].microsecond) for row in kept] == [(0, 0, 0)]
    clock.forward(minutes=16)
    assert (await client.post(path, {"who": str(taught.learners[0].email)}, seen=path)).status_code == 303
    assert await Invitation.filter(used=True).count() == 1


@pytest.mark.parametrize("answers", [4, 7, 12])
async def test_a_trainer_sees_what_the_gate_lets_through_after_closing(sign_in_as: SignInAs, clock: Clock, answers: int) -> None:
    pytest.importorskip("scipy")
    taught, survey = await an_asked_session(clock.now, people=12)
    trainer = await _trainer(taught)
    forms = [a_form(useful=f"Point {number}", relevant="Agree") for number in range(answers)]
    await answer(survey, taught.learners[:answers], now=clock.now, forms=forms)
    page = f"/teaching/{taught.session.ref}/feedback"
    before = await (await sign_in_as(trainer)).get(page)
    assert f"{answers} answers so far" in before.text
    assert "Point 1" not in before.text
    await close_surveys(now=clock.forward(days=16))
    await Comment.all().update(state="shown")
    after = await (await sign_in_as(trainer)).get(page)
    shown = {
        "few": "Fewer than 5 responses" in after.text,
        "number": f"{answers} of 12" in after.text,
        "directions": f"{answers} more confident" in after.text,
        "mean": "4.0 to 7.0, change +3.0" in after.text,
        "comments": "Point 1" in after.text,
        "chart": 'class="mars-chart"' in after.text,
        "answers nobody gave": '>Strongly disagree</th><td class="govuk-table__cell govuk-table__cell--numeric">0</td>' in after.text,
    }
    assert shown == {
        "few": answers < 5,
        "number": answers >= 5,
        "directions": answers >= 5,
        "mean": answers >= 10,
        "comments": answers >= 5,
        "chart": answers >= 5,
        "answers nobody gave": answers >= 5,
    }
    assert f"{taught.session.title or 'Child Protection'}, {day(taught.session.starts_at)}" in after.text


@pytest.mark.parametrize(("answers", "words"), [(7, "An average is shown from 10 answers."), (12, "5.5 on average")])
async def test_a_number_is_shown_as_a_mean_of_ten(sign_in_as: SignInAs, clock: Clock, dee: Person, answers: int, words: str) -> None:
    pytest.importorskip("scipy")
    taught, survey = await an_asked_session(clock.now, people=12)
    await with_a_number(survey)
    await answer(survey, taught.learners[:answers], now=clock.now, forms=[Given({"years": number}) for number in range(answers)])
    await close_surveys(now=clock.forward(days=16))
    page = (await (await sign_in_as(dee)).get(f"/desk/evaluation/{survey.ref}")).text
    assert words in page.split("How many years have you worked here?")[1]


async def test_another_trainer_and_a_learner_see_nothing(sign_in_as: SignInAs, clock: Clock, asha: Person) -> None:
    taught, survey = await an_asked_session(clock.now, people=1)
    other = await makers.make_person("Tom Trainer", roles=(Role.TRAINER,))
    assert (await (await sign_in_as(other)).get(f"/teaching/{taught.session.ref}/feedback")).status_code == 404
    for path in ("/desk/evaluation", f"/desk/evaluation/{survey.ref}", "/desk/evaluation/comments", "/desk/evaluation/surveys"):
        assert (await (await sign_in_as(asha)).get(path)).status_code == 404


async def test_the_desk_sees_courses_looks_at_comments_and_takes_a_file(
    sign_in_as: SignInAs, clock: Clock, dee: Person, db: TortoiseContext
) -> None:
    pytest.importorskip("scipy")
    taught, survey = await an_asked_session(clock.now, people=12)
    forms = [a_form(useful="Good pace")] * 11 + [a_form(useful="The boy called Liam Smith was in our example")]
    await answer(survey, taught.learners, now=clock.now, forms=forms)
    await close_surveys(now=clock.forward(days=16))
    desk = await sign_in_as(dee)
    async with statements(db) as once:
        overview = await desk.get("/desk/evaluation")
    assert "change +3.0" in overview.text
    for path in (f"/desk/evaluation/courses/{taught.course.code}", f"/desk/evaluation/{survey.ref}"):
        assert (await desk.get(path)).status_code == 200
    queue = await desk.get("/desk/evaluation/comments")
    assert "Liam" not in queue.text
    aside = await desk.get("/desk/evaluation/comments?state=set_aside")
    assert "Liam" in aside.text
    number = re.findall(r"/desk/evaluation/comments/(\d+)", queue.text)[0]
    done = await desk.post(f"/desk/evaluation/comments/{number}", {"state": "shown"}, seen="/desk/evaluation/comments")
    assert done.status_code == 303
    assert await Comment.filter(state="shown").count() == 1
    file = await desk.post("/desk/evaluation/export", {"format": "csv"}, seen="/desk/evaluation")
    assert "course score" in file.text
    other, late = await an_asked_session(clock.now, people=12)
    await answer(late, other.learners, now=clock.now)
    await close_surveys(now=clock.forward(days=16))
    desk = await sign_in_as(dee)
    async with statements(db) as twice:
        await desk.get("/desk/evaluation")
    assert (len(once), len(twice)) == (6, 6)


async def test_paper_forms_are_entered_one_after_another(sign_in_as: SignInAs, clock: Clock, dee: Person) -> None:
    _, survey = await an_asked_session(clock.now, people=2)
    desk = await sign_in_as(dee)
    page = f"/desk/evaluation/{survey.ref}/paper"
    found = re.findall(r'name="submission" value="([^"]*)"', (await desk.get(page)).text)[0]
    sent = [await desk.post(page, {"submission": found, **_FILLED}) for _ in range(2)]
    assert [one.headers["location"].split("=")[1] for one in sent] == ["entered", "again"]
    handed = await desk.post(page, {"what": "handed", "handed_out": "20"})
    assert handed.headers["location"].endswith("done=handed")
    for address in (f"/desk/evaluation/{survey.ref}/print", f"/desk/evaluation/{survey.ref}/print?large=1"):
        printed = await desk.get(address)
        said = ("in danger now, ring <strong>999</strong>", "(Single Point of Contact", "01724 296500", "Circle one number")
        assert (printed.status_code, [words for words in said if words not in printed.text]) == (200, [])


async def test_late_forms_of_a_pooled_survey_say_what_becomes_of_them(sign_in_as: SignInAs, clock: Clock, dee: Person) -> None:
    pytest.importorskip("scipy")
    course = await makers.make_course("Child Protection", outcomes=OUTCOMES)
    for _ in range(2):
        taught, survey = await an_asked_session(clock.now, people=8, course=course)
        await answer(survey, taught.learners[:6], now=clock.now)
    await close_surveys(now=clock.forward(days=16))
    desk = await sign_in_as(dee)
    path = f"/desk/evaluation/{survey.ref}/paper"
    page = (await desk.get(path)).text
    assert "counted together with those of other sessions, so its figures stay as they are" in page
    number = re.findall(r'name="submission" value="([0-9a-f]{32})"', page)[0]
    assert (await desk.post(path, {"submission": number, **_FILLED}, seen=path)).status_code == 303
    await close_surveys(now=clock.now)
    result = (await desk.get(f"/desk/evaluation/{survey.ref}")).text
    assert "What the later forms say is read once five of them have come" in result
    assert "Each line counts them once five" not in result


async def test_what_is_open_is_listed_with_the_next_to_close_first_and_a_courses_surveys_by_session(clock: Clock, dee: Person) -> None:
    course = await makers.make_course("Child Protection", outcomes=OUTCOMES)
    made = [(await an_asked_session(clock.now, people=1, course=course))[1] for _ in range(3)]
    for survey, days in zip(made, (9, 3, 6), strict=True):
        await Survey.filter(id=survey.id).update(closes_at=clock.now + timedelta(days=days))
    for survey, days in zip(made, (1, 2, 3), strict=True):
        await Session.filter(id=survey.session_id).update(starts_at=clock.now - timedelta(days=days))
    viewer = makers.as_desk(dee)
    assert [one.ref for one in (await survey_lines(viewer=viewer))[0]] == [made[1].ref, made[2].ref, made[0].ref]
    assert [one.ref for one in (await survey_lines(viewer=viewer, course=course.code))[0]] == [one.ref for one in made]


async def test_a_survey_is_built_previewed_and_given_to_a_course(sign_in_as: SignInAs, clock: Clock, dee: Person) -> None:
    desk = await sign_in_as(dee)
    course = await makers.make_course(outcomes=["Know it"])
    made = await desk.post("/desk/evaluation/surveys", {"title": "Neglect", "kind": "after"})
    page = made.headers["location"].split("?")[0]
    draft = _draft((await desk.get(page)).text)
    question = await desk.post(page, {"draft": draft, "title": "Neglect", "do": "add:"})
    assert "Add a question" in question.text
    fields = {"text": "Would you co-train?", "kind": "yes_no", "measure": "other", "section": "The training"}
    changed = await desk.post(page, {"draft": draft, "title": "Neglect", "do": "apply:", **fields})
    assert "not saved yet" in changed.text
    wrong = await desk.post(page, {"draft": draft, "title": "Neglect", "do": "apply:", **fields, "kind": "single", "choices": "One"})
    assert "needs 2 to 12 answers" in wrong.text
    saved = await desk.post(page, {"draft": _draft(changed.text), "title": "Neglect", "do": "save"})
    assert saved.headers["location"] == f"{page}?done=saved"
    assert "Would you co-train?" in (await desk.get(f"{page}/preview")).text
    none = await desk.post(f"{page}/courses", {"course": ""}, seen=page)
    assert (none.status_code, "Choose a course" in none.text, "not saved yet" in none.text) == (422, True, False)
    given = await desk.post(f"{page}/courses", {"course": course.code}, seen=page)
    assert given.status_code == 303
    _, survey = await an_asked_session(clock.now, people=1, course=course)
    assert [one.text for section in survey.sections for one in section.questions if one.text == "Would you co-train?"] != []
    area = await desk.post(
        "/desk/evaluation/areas",
        {"area": "Neglect", "course": course.code, "starts_on-day": "1", "starts_on-month": "4", "starts_on-year": "2026"},
    )
    assert area.status_code == 303
    assert "1 April 2026" in (await desk.get("/desk/evaluation/areas")).text


def _draft(text: str) -> str:
    return unescape(re.findall(r'name="draft" value="([^"]*)"', text)[0])


async def test_organisations_are_asked_and_their_returns_counted(sign_in_as: SignInAs, clock: Clock, dee: Person, asha: Person) -> None:
    desk = await sign_in_as(dee)
    page = "/desk/evaluation/partners"
    ref = re.findall(r'<option value="([0-9a-z]{10})"', (await desk.get(page)).text)[0]
    fields = {"title": "Training needs", "instrument": ref, "days": "21"}
    nobody = await desk.post(page, {**fields, "whom": "leads", "agencies": "STLUKES"})
    assert "No lead of these organisations has an email address, so nobody would get it." in nobody.text
    await makers.make_agency("Empty School", code="EMPTY")
    nobody = await desk.post(page, {**fields, "whom": "everybody", "agencies": "EMPTY"})
    assert "Nobody with an email address works there" in nobody.text
    sent = await desk.post(page, {**fields, "whom": "everybody", "agencies": "STLUKES", "do": "send"})
    assert sent.status_code == 303
    returns = await desk.get(sent.headers["location"])
    assert [words in returns.text for words in ("0 of 1 have answered so far", "After that you see", "St Luke")] == [True, True, False]
    assert "0 of 1 so far" in (await desk.get(page)).text


async def test_the_privacy_notice_says_what_who_runs_the_database_could_find_out_and_until_when(client: Visitor, clock: Clock) -> None:
    page = " ".join(unescape(re.sub(r"<[^>]+>", "", (await client.get("/privacy")).text)).split())
    assert "Until a survey closes, somebody who runs our database could find out who gave which answers." in page
    assert "saved in one step, and a database keeps for itself which rows were written together and in which order" in page
    assert "When the survey closes, all rows are written anew in random order." in page
    # As long as deploy/backup.sh keeps them.
    assert "A backup made before then still holds the old order until it is deleted, after five weeks at most." in page
    assert "-mtime +35 -delete" in (ROOT / "deploy" / "backup.sh").read_text(encoding="utf-8")
