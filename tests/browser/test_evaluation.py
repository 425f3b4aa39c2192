"""Feedback in a real browser: axe on its pages, a form sent with script off, a draft kept on the device and gone once it is sent."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser

from marstraining.attendance.models import Register
from marstraining.core.clock import now
from marstraining.core.viewer import Role
from marstraining.evaluation.actions import ask_after_sessions, ask_follow_ups, close_surveys, open_survey, put_ready_surveys
from marstraining.evaluation.models import Comment, Instrument, Response, Survey
from marstraining.evaluation.queries.surveys import SurveyFacts, survey_of_session
from marstraining.evaluation.rules.asking import SurveyKind
from marstraining.people.models import Person
from marstraining.programme.models import Course, SessionTrainer
from tests import makers
from tests.browser.conftest import WIDTHS, Site
from tests.browser.faults import faults_of
from tests.evaluation.asked import OUTCOMES, Taught, a_form, a_taught_session, an_asked_session, answer, links_of
from tests.evaluation.later import USED, a_later_form

pytestmark = pytest.mark.browser
# Where pictures of the pages are put, to be looked at; nowhere where it is not said.
PICTURES = os.environ.get("MARS_TEST_PICTURES", "")


async def _take_pictures(chromium: Browser, site: Site, addresses: dict[str, str], cookies: list[dict[str, object]]) -> None:
    for width in WIDTHS if PICTURES else ():
        context = await chromium.new_context(viewport={"width": width, "height": 900})
        await context.add_cookies(cookies)  # type: ignore[arg-type]  # playwright's own shape of a cookie
        page = await context.new_page()
        for name, address in addresses.items():
            await page.goto(site.base_url + address)
            await page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        await context.close()


async def _closed(at: datetime, *, course: Course, people: int, answers: int, trainer: Person) -> tuple[Taught, SurveyFacts]:
    taught, survey = await an_asked_session(at, people=people, course=course, ended=timedelta(hours=2))
    await SessionTrainer.create(session=taught.session, person=trainer, state="accepted", asked_at=at)
    forms = [
        a_form((3 + number % 3, 4, 5), (6 + number % 4, 7, 5 + number % 2), useful="" if number % 4 else "The group work", relevant="Agree")
        for number in range(answers)
    ]
    await answer(survey, taught.learners[:answers], now=at, forms=forms)
    return taught, survey


async def _followed_up(taught: Taught) -> SurveyFacts:
    """Three months later those who came have answered, and what they wrote is shown."""
    await ask_follow_ups(now=taught.session.ends_at + timedelta(weeks=12, hours=1))
    survey = await survey_of_session(taught.session.id, SurveyKind.FOLLOW_UP)
    assert survey is not None
    at = survey.opened_at + timedelta(days=1)
    forms = [
        a_later_form(4 + number % 6, used=USED[number % 5], changed="We listened first." if number % 5 < 2 else "") for number in range(14)
    ]
    await answer(survey, taught.learners[:14], now=at, forms=forms)
    await close_surveys(now=survey.closes_at)
    await Comment.filter(survey_id=survey.id).update(state="shown")
    return survey


async def test_every_page_of_feedback(site: Site, chromium: Browser) -> None:
    pytest.importorskip("scipy")
    trainer = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))
    course = await makers.make_course("Neglect: what we see", code="NEG", outcomes=OUTCOMES)
    long_ago = [
        await _closed(now() - timedelta(days=days), course=course, people=18, answers=14, trainer=trainer) for days in (220, 120, 25)
    ]
    small = await _closed(now() - timedelta(days=24), course=course, people=9, answers=4, trainer=trainer)
    await close_surveys(now=now())
    await Comment.all().limit(4).update(state="waiting")
    shown = await Comment.filter(survey_id=long_ago[0][1].id).values_list("id", flat=True)
    await Comment.filter(id__in=shown).update(state="shown")
    later = await _followed_up(long_ago[1][0])
    taught, survey = await an_asked_session(now(), people=3, course=course)
    await SessionTrainer.create(session=taught.session, person=trainer, state="accepted", asked_at=now())
    links = await links_of(survey.id)
    await answer(survey, taught.learners[:1], now=now())
    public = {
        "form": f"/evaluation/{links[taught.learners[1].id]}",
        "used": f"/evaluation/{links[taught.learners[0].id]}",
        "room": f"/evaluation/room/{survey.ref}",
        "room-form": f"/evaluation/room/{survey.ref}/form?pass=0-0",
        "thanks": f"/evaluation/thanks/{survey.ref}",
    }
    teaching = {
        "trainer-closed": f"/teaching/{long_ago[0][0].session.ref}/feedback",
        "trainer-few": f"/teaching/{small[0].session.ref}/feedback",
        "trainer-open": f"/teaching/{taught.session.ref}/feedback",
        "screen": f"/teaching/{taught.session.ref}/feedback/screen",
    }
    await put_ready_surveys(now=now())
    instrument = (await Instrument.get(kind="after", is_default=True)).ref
    desk = {
        "overview": "/desk/evaluation",
        "course": "/desk/evaluation/courses/NEG",
        "survey": f"/desk/evaluation/{long_ago[0][1].ref}",
        "comments": "/desk/evaluation/comments",
        "paper": f"/desk/evaluation/{survey.ref}/paper",
        "print": f"/desk/evaluation/{survey.ref}/print?large=1",
        "surveys": "/desk/evaluation/surveys",
        "builder": f"/desk/evaluation/surveys/{instrument}",
        "preview": f"/desk/evaluation/surveys/{instrument}/preview",
        "areas": "/desk/evaluation/areas",
        "later": "/desk/evaluation/later",
        "later-survey": f"/desk/evaluation/{later.ref}",
        "partners": "/desk/evaluation/partners",
    }
    for addresses, cookies in ((public, []), (teaching, await site.sign_in(trainer)), (desk, await site.sign_in(site.dee))):
        await _take_pictures(chromium, site, addresses, list(cookies))
        assert await faults_of(chromium, site, list(addresses.values()), list(cookies)) == {}


async def test_a_form_is_filled_in_on_a_phone_without_script(site: Site, chromium: Browser) -> None:
    taught, survey = await an_asked_session(now(), people=1)
    link = (await links_of(survey.id))[taught.learners[0].id]
    context = await chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site.base_url}/evaluation/{link}")
    for number in range(3):
        await page.locator(f'input[name="q-confidence-{number}-then"][value="3"]').check(force=True)
        if number:
            await page.locator(f'input[name="q-confidence-{number}-now"][value="8"]').check(force=True)
    await page.get_by_label("What was most useful?").fill("The case work")
    await page.get_by_role("button", name="Send my answers").click()
    assert await page.get_by_text("Line 1: choose a number for now too").count() == 2
    assert await page.get_by_label("What was most useful?").input_value() == "The case work"
    await page.locator('input[name="q-confidence-0-now"][value="8"]').check(force=True)
    await page.get_by_role("button", name="Send my answers").click()
    assert await page.get_by_role("heading", name="Thank you").count() == 1
    assert (await Response.get()).answers == {"confidence": [[3, 8]] * 3}
    await context.close()


async def test_a_draft_stays_on_the_device_until_it_is_sent(site: Site, chromium: Browser) -> None:
    taught = await a_taught_session(now(), people=1)
    await Register.all().delete()
    survey = await open_survey(taught.session.id, now=now())
    context = await chromium.new_context()
    page = await context.new_page()
    address = f"{site.base_url}/evaluation/room/{survey.ref}"
    await page.goto(address)
    await page.get_by_label("Your email address or your check-in code").fill(str(taught.learners[0].email))
    await page.get_by_role("button", name="Go on to the form").click()
    await page.get_by_label("What was most useful?").fill("Half a thought")
    form = page.url
    await page.goto(form)
    assert await page.get_by_label("What was most useful?").input_value() == "Half a thought"
    assert await Survey.all().count() == 1
    assert await Response.all().count() == 0
    await page.get_by_role("button", name="Send my answers").click()
    assert await page.get_by_role("heading", name="Thank you").count() == 1
    assert await page.evaluate("Object.keys(localStorage)") == []
    assert await ask_after_sessions(now=now()) == 0
    assert await survey_of_session(taught.session.id) is not None
    await context.close()
