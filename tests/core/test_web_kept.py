"""Pages kept rendered: the same for everyone, forgotten on a change, made once for all who wait."""

import asyncio
import gzip
import re
import time
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.responses import Response

from marstraining.core.web import ANYONE, SIGNED_IN, page, roles
from marstraining.core.web import kept as kept_module
from marstraining.core.web.headers import Headers
from tests.core.web_gallery import counter


class Stamp:
    """What the watch sees."""

    def __init__(self) -> None:
        self.value = 0
        self.is_away = False

    async def poll(self) -> int:
        if self.is_away:
            raise ConnectionRefusedError
        return self.value


@pytest_asyncio.fixture
async def stamp(gallery: Headers) -> AsyncIterator[Stamp]:
    """The gallery's kept pages, watched."""
    seen = Stamp()
    watch = asyncio.create_task(gallery.kept.watch(seen.poll, every=0.005))
    await asyncio.sleep(0.02)
    yield seen
    watch.cancel()


async def settle() -> None:
    await asyncio.sleep(0.03)


async def test_a_page_is_made_once_and_sent_to_all(browser: httpx2.AsyncClient, stamp: Stamp) -> None:
    assert stamp.value == 0
    answers = [await browser.get("/kept") for _ in range(3)]
    assert {answer.text for answer in answers} == {"first " * 400}
    assert (counter.made, counter.looked_up) == (1, 0)


async def test_nothing_is_kept_where_nobody_watches(browser: httpx2.AsyncClient) -> None:
    for _ in range(2):
        await browser.get("/kept")
    assert counter.made == 2


async def test_a_change_of_the_stamp_forgets_every_page(browser: httpx2.AsyncClient, stamp: Stamp) -> None:
    old = (await browser.get("/kept")).headers["etag"]
    counter.text, stamp.value = "second", 1
    await settle()
    answer = await browser.get("/kept", headers={"If-None-Match": old})
    assert (answer.status_code, answer.text) == (200, "second " * 400)


async def test_pages_kept_stay_good_for_a_while_when_the_database_is_away(browser: httpx2.AsyncClient, stamp: Stamp) -> None:
    await browser.get("/kept")
    stamp.is_away = True
    await settle()
    assert (await browser.get("/kept")).status_code == 200
    assert counter.made == 1
    stamp.is_away = False


async def test_a_page_is_made_anew_after_half_a_minute(
    browser: httpx2.AsyncClient, stamp: Stamp, gallery: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stamp.value == 0
    await browser.get("/kept")
    later = time.monotonic() + kept_module.MAX_AGE + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert gallery.kept.find("/kept") is None


async def test_whoever_has_the_page_is_told_that_it_is_unchanged(browser: httpx2.AsyncClient, stamp: Stamp) -> None:
    assert stamp.value == 0
    plain = (await browser.get("/kept")).headers["etag"]
    packed = (await browser.get("/kept", headers={"Accept-Encoding": "gzip"})).headers["etag"]
    assert (re.fullmatch(r'"[0-9a-f]{24}"', plain) is not None, packed) == (True, f'{plain[:-1]}-gz"')
    for tag in (plain, packed, f"W/{plain}", f'"other", {plain}', "*"):
        answer = await browser.get("/kept", headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", plain)
    assert "content-type" not in answer.headers
    assert (await browser.get("/kept", headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize("since", ["Mon, 02 Mar 2026 09:00:00 GMT", "Tue, 03 Mar 2026 09:00:00 GMT", "nonsense"])
async def test_a_date_alone_never_says_that_a_page_is_unchanged(browser: httpx2.AsyncClient, stamp: Stamp, since: str) -> None:
    assert stamp.value == 0
    assert (await browser.get("/kept", headers={"If-Modified-Since": since})).status_code == 200


async def test_head_is_answered_without_a_body_and_with_its_length(browser: httpx2.AsyncClient, stamp: Stamp) -> None:
    assert stamp.value == 0
    head, full = await browser.head("/kept"), await browser.get("/kept")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "2400")
    assert {k: v for k, v in head.headers.items() if k != "x-request-id"} == {k: v for k, v in full.headers.items() if k != "x-request-id"}


async def test_the_packed_page_is_sent_to_those_who_take_it(browser: httpx2.AsyncClient, stamp: Stamp) -> None:
    assert stamp.value == 0
    async with browser.stream("GET", "/kept", headers={"Accept-Encoding": "br, gzip"}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(raw).decode() == "first " * 400
    refused = await browser.get("/kept", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers


async def test_a_kept_page_never_sets_a_cookie_and_is_the_same_for_everyone(browser: httpx2.AsyncClient, stamp: Stamp) -> None:
    assert stamp.value == 0
    anonymous = await browser.get("/programme")
    browser.cookies.set("sid", "dee")
    signed_in = await browser.get("/programme", headers={"Accept": "application/json", "Accept-Language": "cy"})
    assert anonymous.content == signed_in.content
    assert "Dee Okafor" not in signed_in.text
    assert (await browser.get("/kept")).headers.get("set-cookie") is None
    assert counter.looked_up == 0


async def test_addresses_with_unknown_or_long_parameters_are_answered_but_not_kept(browser: httpx2.AsyncClient, stamp: Stamp) -> None:
    assert stamp.value == 0
    for query in ("x=1", "q=" + "a" * 101, "&".join(["q=1"] * 40)):
        before = counter.made
        for _ in range(2):
            assert (await browser.get(f"/kept?{query}")).status_code == 200
        assert counter.made == before + 2


async def test_the_order_of_parameters_and_empty_ones_do_not_matter(browser: httpx2.AsyncClient, stamp: Stamp) -> None:
    assert stamp.value == 0
    for query in ("q=a&page=2", "page=2&q=a", "page=2&q=a&", "page=2&q=%61"):
        await browser.get(f"/kept?{query}")
    assert counter.made == 1
    await browser.get("/kept?q=a&page=3")
    assert counter.made == 2


@pytest.mark.whole
async def test_a_thousand_addresses_stay_within_bounds(browser: httpx2.AsyncClient, stamp: Stamp, gallery: Headers) -> None:
    assert stamp.value == 0
    for number in range(kept_module.MAX_ENTRIES + 20):
        await browser.get(f"/kept?q={number}")
    assert len(gallery.kept._pages) == kept_module.MAX_ENTRIES  # noqa: SLF001
    assert gallery.kept._bytes == sum(page.size for page in gallery.kept._pages.values())  # noqa: SLF001
    before = counter.made
    await browser.get("/kept?q=0")
    await browser.get(f"/kept?q={kept_module.MAX_ENTRIES}")
    assert counter.made == before + 1


async def test_many_who_come_at_once_wait_for_one_page(browser: httpx2.AsyncClient, stamp: Stamp) -> None:
    assert stamp.value == 0
    answers = await asyncio.gather(*(browser.get("/kept") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert counter.made == 1


async def test_refusals_are_not_kept(browser: httpx2.AsyncClient, stamp: Stamp, gallery: Headers) -> None:
    assert stamp.value == 0
    assert (await browser.post("/kept")).status_code == 405
    assert gallery.kept.find("/kept") is None


async def test_a_page_that_breaks_answers_with_the_error_page_and_its_headers_and_is_not_kept(
    browser: httpx2.AsyncClient, stamp: Stamp
) -> None:
    counter.text = "broken"
    broken = await browser.get("/kept")
    assert (broken.status_code, broken.headers["cache-control"], "content-security-policy" in broken.headers) == (500, "no-store", True)
    assert "Sorry, there is a problem" in broken.text
    counter.text = "mended"
    assert (await browser.get("/kept")).text == "mended " * 400


async def test_a_personal_feed_is_tagged_too(browser: httpx2.AsyncClient) -> None:
    first = await browser.get("/feed")
    again = await browser.get("/feed", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


@pytest.mark.parametrize(("who", "methods"), [(SIGNED_IN, ("GET",)), (roles(), ("GET",)), (ANYONE, ("GET", "POST"))])
def test_only_pages_for_anyone_to_read_can_be_kept(who: object, methods: tuple[str, ...]) -> None:
    async def handler(_request: Request) -> Response:
        return Response()

    with pytest.raises(ValueError, match="/x: "):
        page("/x", handler, who=who, methods=methods, kept=True)  # type: ignore[arg-type]  # parametrised as objects
