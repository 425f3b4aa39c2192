"""Suggestions while one types: by keyboard, by hand, and not at all without script."""

import pytest
from playwright.async_api import Browser, expect

from marstraining.core.clock import now
from marstraining.programme.models import Course, CourseTopic, Topic
from marstraining.search.actions import seed_lexicon
from tests.browser.conftest import Site
from tests.browser.faults import violations

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
async def lexicon(site: Site) -> None:
    await seed_lexicon(now=now())
    await CourseTopic.get_or_create(course=await Course.get(code="CP"), topic=await Topic.get(slug="child_protection"))


async def test_suggestions_are_chosen_by_keyboard_and_escape_loses_nothing(site: Site, chromium: Browser) -> None:
    page = await (await chromium.new_context(base_url=site.base_url)).new_page()
    await page.goto("/search")
    box = page.get_by_role("combobox", name="Search training and resources")
    await box.press_sequentially("chil", delay=20)
    options = page.get_by_role("option")
    await expect(options.first).to_be_visible()
    await expect(box).to_have_attribute("aria-expanded", "true")
    assert await violations(page) == []
    await box.press("ArrowDown")
    await expect(box).to_have_value("Child protection")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await box.press("Escape")
    await expect(box).to_have_value("chil")
    await expect(options).to_have_count(0)
    await box.press_sequentially("d", delay=20)
    await expect(options.first).to_be_visible()
    await box.press("ArrowDown")
    await box.press("Enter")
    await expect(page).to_have_url(f"{site.base_url}/search?q=Child+protection")


async def test_a_sentence_asks_for_no_suggestions(site: Site, chromium: Browser) -> None:
    page = await (await chromium.new_context(base_url=site.base_url)).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/suggestions" in request.url else None)
    await page.goto("/search")
    await page.locator("#q").fill("one two three four five")
    await page.wait_for_timeout(500)
    assert asked == []


async def test_search_works_without_script(site: Site, chromium: Browser) -> None:
    page = await (await chromium.new_context(base_url=site.base_url, java_script_enabled=False)).new_page()
    await page.goto("/")
    await page.locator("#q").fill("child protecton")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_role("link", name="Child Protection", exact=True)).to_be_visible()
    await expect(page.get_by_text("Shown for protection")).to_be_visible()
    await page.get_by_role("link", name="Remove filter Child protection").click()
    await expect(page.get_by_role("list", name="Filters in use")).to_have_count(0)
