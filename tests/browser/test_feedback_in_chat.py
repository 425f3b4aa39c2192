"""Feedback by buttons in a browser: without script, with it, on to the form; axe on each step; the pages that groups add to."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from marstraining.attendance.models import Register
from marstraining.core.clock import now
from marstraining.evaluation.actions import answer_by_link, ask_after_sessions, close_surveys
from marstraining.evaluation.models import Response
from marstraining.evaluation.queries.surveys import SurveyFacts, survey_of_session
from marstraining.people.models import Agency, Person
from tests import makers
from tests.browser.conftest import WIDTHS, Site
from tests.browser.faults import faults_of, violations
from tests.browser.test_chat import LEAST, latest, opened, write
from tests.evaluation.asked import OUTCOMES, a_form, links_of

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("MARS_TEST_PICTURES", "")


async def _picture(page: Page, name: str, width: int) -> None:
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)


async def _asked(site: Site, *, others: int = 0) -> tuple[SurveyFacts, list[Person]]:
    """A session that Asha was at this morning, with so many of each of two other organisations."""
    course = await makers.make_course("Neglect: what we see and what we do", code="NEG", outcomes=OUTCOMES)
    session = await makers.make_session(course=course, starts=now().replace(minute=0) - timedelta(hours=5), hours=3, now=now())
    present = [site.asha]
    for name, role in (("Isle School", "school_staff"), ("Isle Trust", "health_1")) if others else ():
        agency = await makers.make_agency(name)
        present += [await makers.make_person(f"{name} {number}", agency=agency, job_role=role) for number in range(others)]
    for person in present:
        works_at = await Agency.filter(positions__person_id=person.id).first()
        await makers.make_mark(session, person, agency_id=works_at.id if works_at else None)
    await Register.create(session=session, opened_at=now(), locked_at=now())
    await ask_after_sessions(now=now())
    survey = await survey_of_session(session.id)
    assert survey is not None
    return survey, present


async def test_feedback_without_script(site: Site, chromium: Browser) -> None:
    await _asked(site)
    async with opened(site, chromium, has_script=False) as page:
        await page.fill("#text", "give feedback")
        await page.click("text=Send")
        await page.get_by_role("button", name="Answer").click()
        assert "Your answers are anonymous." in await latest(page)
        for press in ("4", "8", "Skip this line", "3", "9", "2", "7", "Agree", "That is enough"):
            await page.locator("#latest").get_by_role("button", name=press, exact=True).click()
        assert "Send 4 answers?" in await latest(page)
        await page.get_by_role("button", name="Send my answers").click()
        assert "Thank you. Your answers are in." in await latest(page)
    answers = (await Response.get()).answers
    assert answers == {"confidence": [[4, 8], [], [3, 9]], "knowledge": [[2, 7]], "relevant": "Agree"}


async def test_what_was_pressed_is_on_the_form_and_not_in_its_address(site: Site, chromium: Browser) -> None:
    await _asked(site)
    async with opened(site, chromium) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await write(page, "give feedback")
        for press in ("Answer", "4", "8", "That is enough"):
            await page.locator("#latest").get_by_role("button", name=press).first.click()
            await page.locator("[data-mars-chat]:not([aria-busy])").wait_for()
        await page.get_by_role("link", name="Go on in words, on the form").click()
        await page.wait_for_url("**/evaluation/*")
        assert await page.locator('input[name="q-confidence-0-then"][value="4"]').is_checked()
        assert await page.locator('input[name="q-confidence-0-now"][value="8"]').is_checked()
        assert await page.locator("input:checked").count() == 2
        assert ("#" in page.url, [url for url in asked if "q-confidence" in url]) == (False, [])
        await page.get_by_label("What was most useful?").fill("The case work")
        await page.get_by_role("button", name="Send my answers").click()
        assert await page.get_by_role("heading", name="Thank you").count() == 1
    assert (await Response.get()).answers == {"confidence": [[4, 8], [], []]}


@pytest.mark.parametrize("width", WIDTHS)
async def test_axe_finds_nothing_at_any_step_and_each_number_is_large_enough(site: Site, chromium: Browser, width: int) -> None:
    await _asked(site)
    faults: list[str] = []
    async with opened(site, chromium, width=width) as page:
        await write(page, "give feedback")
        await page.locator("#latest", has_text="Your feedback").wait_for()
        for number, press in enumerate(("", "Answer", "4", "8", "Skip this line", "3", "9", "2", "7", "That is enough", "Send my answers")):
            if press:
                await page.locator("#latest").get_by_role("button", name=press).first.click()
                await page.locator("[data-mars-chat]:not([aria-busy])").wait_for()
            await _picture(page, f"feedback-chat-{number:02}", width)
            faults += [f"{press}: {fault}" for fault in await violations(page)]
            small = await page.evaluate(
                """least => [...document.querySelectorAll('#latest button, #latest .mars-chat__button')]
                    .filter(one => one.offsetHeight < least || one.offsetWidth < least).map(one => one.textContent.trim())""",
                LEAST,
            )
            faults += [f"{press}: too small: {label}" for label in small]
            if await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                faults.append(f"{press}: runs over the edge")
    assert "\n".join(faults) == ""


async def test_pages_with_groups_the_exports_and_the_privacy_notice(site: Site, chromium: Browser) -> None:
    pytest.importorskip("scipy")
    survey, present = await _asked(site, others=14)
    links = await links_of(survey.id)
    for number, person in enumerate(present[1:]):
        group = "Isle School" if number < 14 else "Isle Trust"
        form = a_form((3 + number % 3, 4, 5), (6 + number % 4, 7, 5 + number % 2), about_organisation=group)
        await answer_by_link(links[person.id], form, f"s{number}", now=now())
    form_page = f"/evaluation/{links[site.asha.id]}"
    assert await faults_of(chromium, site, [form_page], []) == {}
    cookies = await site.sign_in(site.dee)
    for width in WIDTHS:
        context = await chromium.new_context(viewport={"width": width, "height": 900})
        await context.add_cookies(cookies)  # type: ignore[arg-type]  # playwright's own shape of a cookie
        page = await context.new_page()
        await page.goto(site.base_url + form_page)
        await _picture(page, "groups-form", width)
        await context.close()
    await close_surveys(now=now() + timedelta(days=16))
    addresses = {"groups-survey": f"/desk/evaluation/{survey.ref}", "exports": "/desk/exports", "privacy": "/privacy"}
    assert await faults_of(chromium, site, list(addresses.values()), list(cookies)) == {}
    for width in WIDTHS:
        context = await chromium.new_context(viewport={"width": width, "height": 900})
        await context.add_cookies(cookies)  # type: ignore[arg-type]  # playwright's own shape of a cookie
        page = await context.new_page()
        for name, address in addresses.items():
            await page.goto(site.base_url + address)
            await _picture(page, name, width)
        assert await page.goto(f"{site.base_url}/desk/evaluation/{survey.ref}") is not None
        assert await page.get_by_role("heading", name="By where people come from").count() == 1
        await context.close()
