"""What is wrong with a page: what axe finds, what runs over the edge, what the browser complains of."""

import asyncio
from functools import partial

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.conftest import WIDTHS, Site

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def violations(page: Page) -> list[str]:
    """What axe finds on a page as it stands."""
    found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    return [f"{item['id']}: {node['html'][:120]}" for item in found.response["violations"] for node in item["nodes"]]


def _note(said: list[str], message: ConsoleMessage) -> None:
    if message.type == "error":
        said.append(message.text)


async def faults_of(browser: Browser, site: Site, addresses: list[str], cookies: list[dict[str, object]]) -> dict[str, list[str]]:
    """What is wrong on each page at each width; both widths are looked at side by side."""
    faults: dict[str, list[str]] = {}

    async def look(width: int) -> None:
        context = await browser.new_context(viewport={"width": width, "height": 900})
        await context.add_cookies(cookies)  # type: ignore[arg-type]  # playwright's own shape of a cookie
        for address in addresses:
            found = await _faults_at(context, site.base_url + address)
            if found:
                faults[f"{address} at {width}"] = found
        await context.close()

    await asyncio.gather(*(look(width) for width in WIDTHS))
    return faults


async def _faults_at(context: BrowserContext, url: str) -> list[str]:
    page = await context.new_page()
    said: list[str] = []
    page.on("console", partial(_note, said))
    answer = await page.goto(url)
    assert answer is not None
    found = await violations(page)
    found += [f"console: {text}" for text in said if "status of 4" not in text]
    if await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("runs over the edge")
    if answer.status >= 500:
        found.append(f"answered {answer.status}")
    await page.close()
    return found
