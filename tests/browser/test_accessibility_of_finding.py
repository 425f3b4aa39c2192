"""axe finds nothing on the pages of the library, of news and of search, wide and narrow."""

from datetime import timedelta

import pytest
from playwright.async_api import Browser

from marstraining.bulletins.actions import PURPOSE, ask_to_subscribe, follow_course, subscribe_to_topic
from marstraining.bulletins.models import Subscription
from marstraining.bulletins.rules import Pace
from marstraining.core.clock import now
from marstraining.core.tokens import derive_token
from marstraining.core.viewer import SYSTEM
from marstraining.messages.actions.health import note_channel_account
from marstraining.people.actions import link_telegram, make_telegram_token
from marstraining.people.rules import TelegramWishes
from marstraining.programme.actions import put_topic
from marstraining.programme.models import Course
from marstraining.resources.actions import check_quality, withdraw_resource
from marstraining.resources.models import ResourceLink
from marstraining.resources.rules import QualityNote, Verdict
from marstraining.search.actions import note_unknown_word, seed_lexicon
from marstraining.search.models import LexiconEntry
from tests import makers
from tests.browser.conftest import WIDTHS, Site
from tests.browser.faults import faults_of, violations
from tests.conftest import SECRET_KEY
from tests.resources.shelf import on_the_shelf

pytestmark = pytest.mark.browser

LIBRARY = (
    "/resources", "/resources?q=nothing-like-this", "/resources?kind=poem", "/resources/7MB-CSE", "/resources/LINK-1", "/resources/OLD-1",
    "/topics", "/topics/cse", "/topics/nothing",
)  # fmt: skip
LIBRARY_AT_DESK = (
    "/desk/resources", "/desk/resources?needs=broken", "/desk/resources?q=nothing-like-this", "/desk/resources/new",
    "/desk/resources/7MB-CSE", "/desk/resources/LINK-1", "/desk/resources/OLD-1", "/desk/resources/7MB-CSE/edit",
    "/desk/resources/7MB-CSE/file",
    "/desk/resources/7MB-CSE/check", "/desk/resources/7MB-CSE/withdraw", "/me/resources", "/me/resources/7MB-CSE", "/desk",
)  # fmt: skip


async def test_the_library(site: Site, chromium: Browser) -> None:
    """With links that work, moved and broke, a check that found something, and one that is withdrawn."""
    for code in ("7MB-CSE", "LINK-1", "OLD-1"):
        await on_the_shelf(code, now=now(), summary="See https://more.site.org/ and\n\n* a list")
    await check_quality("7MB-CSE", QualityNote(now().date(), "Nurse", Verdict.CHANGES, "Its logo is old"), by=SYSTEM, now=now())
    moved = {"state": "ok", "outcome": "moved", "status": 200, "leads_to": "https://new.site.org/", "checked_at": now()}
    await ResourceLink.filter(resource__code="7MB-CSE").update(**moved)
    broken = {"state": "broken", "outcome": "gone", "status": 404, "checked_at": now(), "failing_since": now() - timedelta(days=3)}
    await ResourceLink.filter(resource__code="LINK-1").update(**broken)
    await withdraw_resource("OLD-1", reason="The law has changed.", replaced_by="7MB-CSE", by=SYSTEM, now=now())
    assert await faults_of(chromium, site, list(LIBRARY), []) == {}
    assert await faults_of(chromium, site, list(LIBRARY_AT_DESK), await site.sign_in(site.dee)) == {}


async def test_news_and_telegram(site: Site, chromium: Browser) -> None:
    course, by = await Course.get(code="CP"), makers.as_learner(site.asha)
    await put_topic("neglect")
    own = await site.sign_in(site.asha)
    pages = ["/me/news", "/topics/neglect/news", "/courses/CP/new-dates", "/me/account/telegram"]
    assert await faults_of(chromium, site, pages, own) == {}
    await follow_course(course.id, by=by, now=now())
    await subscribe_to_topic("neglect", by=by, now=now())
    await note_channel_account("telegram", "MarsTrainingBot")
    assert await faults_of(chromium, site, pages, own) == {}
    await _press_connect(site, chromium, own)
    token = await make_telegram_token(TelegramWishes(bookings=True), by=by, now=now())
    await link_telegram(token, chat_id=51, now=now())
    connected = ["/me/news", "/me/account/telegram", "/me/account", "/me/account/telegram?done=saved"]
    assert await faults_of(chromium, site, connected, own) == {}
    await ask_to_subscribe("neglect", "new@school.example", pace=Pace.DAILY, network="192.0.2.1", now=now())
    first = await Subscription.all().first()
    assert first is not None
    stop = derive_token(SECRET_KEY, PURPOSE, first.id, first.nonce)
    confirm = await site.token_of("confirm_topic", "confirm")
    without = ["/topics/neglect/news", "/topics/neglect/news?done=sent", f"/bulletins/confirm/{confirm}", f"/bulletins/stop/{stop}"]
    assert await faults_of(chromium, site, [*without, "/bulletins/confirm/nothing"], []) == {}


async def _press_connect(site: Site, browser: Browser, cookies: list[dict[str, object]]) -> None:
    """The page with the link is the answer to a form, so it is looked at where it stands."""
    for width in WIDTHS:
        context = await browser.new_context(viewport={"width": width, "height": 900})
        await context.add_cookies(cookies)  # type: ignore[arg-type]  # playwright's own shape of a cookie
        page = await context.new_page()
        await page.goto(f"{site.base_url}/me/account/telegram")
        await page.get_by_role("button", name="Connect Telegram").click()
        await page.get_by_text("Neither works").click()
        assert await violations(page) == []
        assert not await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        await context.close()


SEARCH = (
    "/search", "/search?q=child+protection+in+person+next+friday", "/search?q=chid+protecton", "/search?q=nothing-like-this",
    "/search?q=what+is+CSE", "/search?q=conference", "/search?q=abuse", "/search?help=child_at_risk", "/search?help=adult_in_crisis",
)  # fmt: skip
LEXICON = (
    "/desk/lexicon", "/desk/lexicon?try=nelgect+training+in+may", "/desk/lexicon?q=nothing-like-this", "/desk/lexicon/new",
    "/desk/lexicon/{entry}",
)  # fmt: skip


async def test_search_and_the_lexicon(site: Site, chromium: Browser) -> None:
    await seed_lexicon(now=now())
    for number in range(3):
        await note_unknown_word("zoomies", f"conversation {number}", now=now())
    names = {"entry": (await LexiconEntry.get(key="cse")).ref}
    assert await faults_of(chromium, site, list(SEARCH), []) == {}
    assert await faults_of(chromium, site, [address.format(**names) for address in LEXICON], await site.sign_in(site.dee)) == {}
