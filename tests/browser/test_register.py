"""The register on a phone with a poor connection: nothing is lost, nothing is counted twice."""

import json
import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Route, ViewportSize, expect

from marstraining.attendance.actions import close_check_in, open_check_in
from marstraining.attendance.models import Mark
from marstraining.core.clock import now
from marstraining.core.viewer import SYSTEM
from marstraining.people.models import SignIn
from tests.attendance.registers import a_held_session
from tests.browser.conftest import Site

pytestmark = pytest.mark.browser
PHONE = ViewportSize(width=390, height=844)


async def test_twenty_marked_without_a_connection_are_there_once_when_it_comes_back(site: Site, chromium: Browser) -> None:
    held = await a_held_session(now(), people=20)
    context = await chromium.new_context(viewport=PHONE, base_url=site.base_url, has_touch=True)
    await context.add_cookies(await site.sign_in(held.trainer))  # type: ignore[arg-type]  # playwright's own shape of a cookie
    page = await context.new_page()
    await page.goto(held.teaching)
    await context.set_offline(True)
    for learner in held.learners:
        await page.locator(f'[data-person="{learner.ref}"] [data-tap="attended"]').tap()
    await expect(page.get_by_text("20 not yet sent").first).to_be_visible()
    await expect(page.get_by_role("status")).to_have_text("20 not yet sent")
    await expect(page.locator('[data-count="attended"]')).to_have_text("20")
    assert await Mark.all().count() == 0
    await context.set_offline(False)
    await expect(page.get_by_role("status")).to_have_text("Everything is sent", timeout=15_000)
    marks = await Mark.all().values("person_id", "mark", "superseded_at")
    assert sorted(row["person_id"] for row in marks) == sorted(learner.id for learner in held.learners)
    assert {(row["mark"], row["superseded_at"]) for row in marks} == {("attended", None)}
    assert await page.evaluate("Object.keys(localStorage).length") == 0
    await context.close()


async def test_taps_wait_through_a_lost_page_and_a_new_sign_in(site: Site, chromium: Browser) -> None:
    held = await a_held_session(now(), people=2)
    context = await chromium.new_context(viewport=PHONE, base_url=site.base_url)
    await context.add_cookies(await site.sign_in(held.trainer))  # type: ignore[arg-type]  # playwright's own shape of a cookie
    page = await context.new_page()
    await page.goto(held.teaching)
    await SignIn.filter(person_id=held.trainer.id).update(expires_at=now() - timedelta(minutes=1))
    await page.locator(f'[data-person="{held.learners[0].ref}"] [data-tap="excused"]').click()
    await page.locator('[data-reason="court"]').click()
    await expect(page.get_by_role("link", name="Sign in again to send them")).to_be_visible()
    assert await Mark.all().count() == 0
    await page.close()
    await context.add_cookies(await site.sign_in(held.trainer))  # type: ignore[arg-type]  # playwright's own shape of a cookie
    page = await context.new_page()
    await page.goto(held.teaching)
    await expect(page.get_by_role("status")).to_have_text("Everything is sent", timeout=15_000)
    assert await Mark.all().values("person_id", "mark", "reason") == [
        {"person_id": held.learners[0].id, "mark": "excused", "reason": "court"}
    ]
    await expect(page.locator(f'[data-person="{held.learners[0].ref}"] [data-said]')).to_have_text("Apologies, court")
    await context.close()


async def test_an_answer_that_is_lost_leads_to_no_second_mark(site: Site, chromium: Browser) -> None:
    held = await a_held_session(now(), people=1)
    context = await chromium.new_context(viewport=PHONE, base_url=site.base_url)
    await context.add_cookies(await site.sign_in(held.trainer))  # type: ignore[arg-type]  # playwright's own shape of a cookie
    page = await context.new_page()
    sent: list[str] = []

    async def lose_first(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "")["taps"][0]["tap"])
        answer = await route.fetch()
        await (route.abort() if len(sent) == 1 else route.fulfill(response=answer))

    await page.route("**/register/taps", lose_first)
    await page.goto(held.teaching)
    await page.locator('[data-tap="partial"]').first.click()
    await expect(page.get_by_role("status")).to_have_text("Everything is sent", timeout=15_000)
    assert (len(sent), len(set(sent)), await Mark.all().count()) == (2, 1, 1)
    await context.close()


async def test_the_screen_of_a_check_in_renews_its_code_by_itself_and_says_when_it_cannot(site: Site, chromium: Browser) -> None:
    held = await a_held_session(now())
    await open_check_in(held.session.id, last_admission_minutes=None, by=SYSTEM, now=now())
    context = await chromium.new_context(base_url=site.base_url)
    await context.add_cookies(await site.sign_in(held.trainer))  # type: ignore[arg-type]  # playwright's own shape of a cookie
    page = await context.new_page()
    await page.clock.install()
    await page.goto(f"/teaching/{held.session.ref}/check-in")
    await page.clock.fast_forward(31_000)
    await expect(page.locator("[data-screen-picture]")).to_have_attribute("src", re.compile(r"/check-in\.svg\?[0-9]{6}$"))
    await expect(page.locator("[data-screen-code]")).to_have_text(re.compile(r"^[0-9]{3} [0-9]{3}$"))
    await context.set_offline(True)
    await page.clock.fast_forward(31_000)
    await expect(page.get_by_text("This code is out of date")).to_be_visible()
    await context.set_offline(False)
    await page.clock.fast_forward(4_000)
    await expect(page.get_by_text("This code is out of date")).to_be_hidden()
    await close_check_in(held.session.id, by=SYSTEM, now=now())
    await page.clock.fast_forward(31_000)
    await expect(page.get_by_role("button", name="Open the check-in")).to_be_visible()
    await context.close()


async def test_everybody_else_is_marked_at_once_and_a_second_thought_replaces_the_first(site: Site, chromium: Browser) -> None:
    held = await a_held_session(now(), people=3)
    context = await chromium.new_context(viewport=PHONE, base_url=site.base_url)
    await context.add_cookies(await site.sign_in(held.trainer))  # type: ignore[arg-type]  # playwright's own shape of a cookie
    page = await context.new_page()
    await page.goto(held.teaching)
    await context.set_offline(True)
    first = page.locator(f'[data-person="{held.learners[0].ref}"]')
    await first.locator('[data-tap="partial"]').click()
    await first.locator('[data-tap="absent"]').click()
    await page.get_by_role("button", name="Mark everybody else as attended").click()
    await expect(page.get_by_text("3 not yet sent").first).to_be_visible()
    await context.set_offline(False)
    await expect(page.locator("[data-unsent]")).to_be_hidden(timeout=15_000)
    marks = await Mark.all().order_by("person_id").values_list("person_id", "mark")
    assert marks == [(held.learners[0].id, "absent"), (held.learners[1].id, "attended"), (held.learners[2].id, "attended")]
    await expect(first.locator('[data-tap="absent"]')).to_have_attribute("aria-pressed", "true")
    await context.close()
