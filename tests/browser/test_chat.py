"""The site's chat in a browser: a whole booking without script; with it no page is loaded, focus stays, axe finds nothing in any state."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from marstraining.bookings.models import Booking
from tests.browser.conftest import WIDTHS, Site
from tests.browser.faults import violations

pytestmark = pytest.mark.browser

# Target size (minimum), WCAG 2.2, 2.5.8.
LEAST = 24


@asynccontextmanager
async def opened(
    site: Site, chromium: Browser, *, width: int = 1280, has_script: bool = True, is_signed_in: bool = True
) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": width, "height": 900}, java_script_enabled=has_script)
    if is_signed_in:
        await context.add_cookies(await site.sign_in(site.asha))  # type: ignore[arg-type]  # playwright's own shape of a cookie
    page = await context.new_page()
    await page.goto(f"{site.base_url}/chat")
    yield page
    await context.close()


async def write(page: Page, words: str) -> None:
    await page.fill("#text", words)
    await page.keyboard.press("Enter")


async def latest(page: Page) -> str:
    return await page.locator("#latest").inner_text()


async def test_a_whole_booking_without_script(site: Site, chromium: Browser) -> None:
    async with opened(site, chromium, has_script=False) as page:
        await page.fill("#text", "child protection course")
        await page.click("text=Send")
        assert "Child Protection" in await latest(page)
        await page.locator("#latest").get_by_role("button", name="Choose").first.click()
        await page.get_by_role("button", name="Book a place").click()
        assert "Book this place?" in await latest(page)
        assert "Asha Patel, St Luke's School" in await latest(page)
        await page.get_by_role("button", name="Yes, book it").click()
        assert "Your place is booked" in await latest(page)
        assert page.url == f"{site.base_url}/chat#latest"
        await page.reload()
        assert "Your place is booked" in await latest(page)
    assert [one.state for one in await Booking.filter(learner_id=site.asha.id)] == ["confirmed"]


async def test_enter_sends_what_was_typed_and_never_a_button_of_an_answer(site: Site, chromium: Browser) -> None:
    async with opened(site, chromium, has_script=False) as page:
        await page.fill("#text", "help")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert "Words that always work" in await latest(page)


async def test_with_script_answers_are_added_and_focus_stays_in_the_box(site: Site, chromium: Browser) -> None:
    async with opened(site, chromium) as page:
        await page.evaluate("window.isStillThisPage = true")
        await write(page, "child protection course")
        await page.locator("#latest", has_text="I found").wait_for()
        await page.locator("#latest").get_by_role("button", name="Choose").first.click()
        await page.locator("#latest", has_text="Book a place").wait_for()
        assert await page.evaluate("document.activeElement.id") == "text"
        entries = page.locator("[data-mars-log] > li")
        assert [text.split(":")[0] for text in await entries.all_inner_texts()][1::2] == ["You said", "You said"]
        # What is asked by an earlier answer can be pressed no more.
        assert await page.get_by_role("button", name="Choose").count() == 0
        assert await page.evaluate("window.isStillThisPage")


async def test_what_could_not_be_sent_stays_in_the_box(site: Site, chromium: Browser) -> None:
    async with opened(site, chromium) as page:
        await page.route("**/chat", lambda route: route.abort())
        await write(page, "neglect training")
        await page.locator("#text-error", has_text="That did not get through").wait_for()
        assert await page.input_value("#text") == "neglect training"


async def test_a_worry_can_be_removed_from_the_page(site: Site, chromium: Browser) -> None:
    async with opened(site, chromium) as page:
        await write(page, "a child told me her dad hits her")
        await page.locator("#latest", has_text="If a child is in danger now, ring 999.").wait_for()
        assert await page.locator("a[href='tel:999']").first.is_visible()
        await page.get_by_role("button", name="Remove my message from this chat").click()
        await page.locator("#latest", has_text="I had not kept it anyway").wait_for()
        assert "dad hits" not in await page.locator("[data-mars-log]").inner_text()


@pytest.mark.parametrize("width", WIDTHS)
async def test_axe_finds_nothing_in_any_state_and_everything_is_large_enough_to_press(site: Site, chromium: Browser, width: int) -> None:
    said = (
        "help", "child protection course", "book it", "1", "book it", "yes", "what have I booked", "cancel it", "no", "xylq",
        "what is due", "spoc number", "privacy", "a child told me her dad hits her",
        "any course on neglect? one of my pupils is always hungry",
    )  # fmt: skip
    faults: list[str] = []
    async with opened(site, chromium, width=width) as page:
        for number, words in enumerate(said):
            await write(page, words)
            await page.locator(f"[data-mars-log] > li.mars-chat__entry--own >> nth={number}").wait_for()
            faults += [f"{words}: {fault}" for fault in await violations(page)]
            small = await page.evaluate(
                """least => [...document.querySelectorAll('[data-mars-chat] button, [data-mars-chat] .mars-chat__button')]
                    .filter(one => one.offsetHeight < least || one.offsetWidth < least).map(one => one.textContent.trim())""",
                LEAST,
            )
            faults += [f"{words}: too small: {label}" for label in small]
        if await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append("runs over the edge")
    async with opened(site, chromium, width=width, is_signed_in=False) as page:
        faults += await violations(page)
        for beside in ("what-it-understands", "how-it-works"):
            await page.goto(f"{site.base_url}/chat/{beside}")
            faults += await violations(page)
    context = await chromium.new_context(viewport={"width": width, "height": 900})
    await context.add_cookies(await site.sign_in(site.dee))  # type: ignore[arg-type]  # playwright's own shape of a cookie
    page = await context.new_page()
    await page.goto(f"{site.base_url}/desk/contacts")
    faults += await violations(page)
    await context.close()
    assert "\n".join(faults) == ""
