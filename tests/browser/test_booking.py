"""Signing in, booking and cancelling without JavaScript and by keyboard alone; the first view stays small."""

import gzip
import re

import pytest
from playwright.async_api import Browser, Response

from marstraining.bookings.models import Booking
from tests.browser.conftest import Site

pytestmark = pytest.mark.browser

FIRST_VIEW_AT_MOST = 60 * 1024


async def test_signing_in_booking_and_cancelling_work_with_javascript_off(site: Site, chromium: Browser) -> None:
    context = await chromium.new_context(java_script_enabled=False, base_url=site.base_url)
    page = await context.new_page()
    await page.goto(f"/sessions/{site.open_ref}/book")
    await page.get_by_role("link", name="Sign in").first.click()
    await page.get_by_label("Email address").fill(site.asha.email or "")
    await page.locator("main form button").first.click()
    token = await site.token_of("sign_in", "link_token")
    await page.goto(f"/sign-in/l/{token}")
    await page.locator("main form button").first.click()
    assert page.url.endswith(f"/sessions/{site.open_ref}/book")
    await page.get_by_role("button", name="Book this place").click()
    assert "Your place is booked" in await page.inner_text("main")
    await page.get_by_role("link", name="Cancel my booking").click()
    await page.get_by_role("button", name="Cancel your booking").click()
    assert "Your booking is cancelled" in await page.inner_text("main")
    assert [row["state"] for row in await Booking.all().values("state")] == ["cancelled"]
    await context.close()


async def test_a_place_is_booked_and_cancelled_by_keyboard_alone(site: Site, chromium: Browser) -> None:
    context = await chromium.new_context(base_url=site.base_url)
    await context.add_cookies(await site.sign_in(site.asha))  # type: ignore[arg-type]  # playwright's own shape of a cookie
    page = await context.new_page()

    async def press_on(name: str) -> None:
        for _ in range(60):
            await page.keyboard.press("Tab")
            focused = await page.evaluate("(document.activeElement.innerText || document.activeElement.value || '').trim()")
            if str(focused).startswith(name):
                async with page.expect_navigation():
                    await page.keyboard.press("Enter")
                return
        pytest.fail(f"{name!r} cannot be reached by Tab")

    await page.goto(f"/sessions/{site.open_ref}")
    await press_on("Book a place")
    await press_on("Book this place")
    await press_on("Cancel my booking")
    await press_on("Cancel your booking")
    assert [row["state"] for row in await Booking.all().values("state")] == ["cancelled"]
    await context.close()


async def test_the_first_view_of_the_programme_is_at_most_60_kb(site: Site, chromium: Browser) -> None:
    context = await chromium.new_context(base_url=site.base_url)
    page = await context.new_page()
    sizes: dict[str, int] = {}

    async def measure() -> None:
        await page.goto("/programme", wait_until="networkidle")

    bodies: list[Response] = []
    page.on("response", lambda response: bodies.append(response))  # noqa: PLW0108 - playwright marks the function it is given
    await measure()
    for response in bodies:
        body = await response.body()
        is_packed = response.headers.get("content-encoding") == "gzip"
        sizes[re.sub(r"^https?://[^/]+", "", response.url)] = len(gzip.compress(body)) if is_packed else len(body)
    assert {name: size for name, size in sizes.items() if sum(sizes.values()) > FIRST_VIEW_AT_MOST} == {}
    await context.close()
