"""Looking at a link: what each answer means, and that nothing ever reaches into a private network."""

import asyncio
import ipaddress
import ssl
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marstraining.resources.checker import Network, connect_to, look_at, resolve_name
from marstraining.resources.rules import Look, Outcome
from tests.resources.sites import OK, PUBLIC, Sites, at_once, moved, open_sites, status
from tests.resources.test_addresses import ANY

AGENT = "marstraining-link-check (+https://training.example/resources)"


@pytest.fixture
async def sites() -> AsyncIterator[Sites]:
    async with open_sites() as opened:
        yield opened


async def look(sites: Sites, url: str) -> Look:
    return await look_at(url, network=sites.network, turn=at_once, agent=AGENT)


async def test_a_page_that_is_there_works(sites: Sites) -> None:
    assert await look(sites, "http://guide.site.org/a%20b?c=d") == Look(Outcome.WORKS, 200)
    [head] = sites.heads
    assert head.split("\r\n")[0] == "GET /a%20b?c=d HTTP/1.1"
    assert "Host: guide.site.org" in head
    assert f"User-Agent: {AGENT}" in head
    assert [word for word in ("Cookie", "Authorization", "Referer") if word in head] == []


@pytest.mark.parametrize(
    ("reply", "outcome", "number"),
    [
        (status(404), Outcome.GONE, 404),
        (status(410), Outcome.GONE, 410),
        (status(500), Outcome.ERROR, 500),
        (status(503), Outcome.ERROR, 503),
        (status(401), Outcome.REFUSED, 401),
        (status(403), Outcome.REFUSED, 403),
        (status(405), Outcome.REFUSED, 405),
        (status(429), Outcome.BUSY, 429),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK, Outcome.WORKS, 200),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", Outcome.WORKS, 200),
        (b"not HTTP at all\r\n\r\n", Outcome.NO_ANSWER, None),
        (b"", Outcome.NO_ANSWER, None),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000, Outcome.NO_ANSWER, None),
        (b"HTTP/1.1 103 Hints\r\n\r\n" * 20_000, Outcome.NO_ANSWER, None),
    ],
)  # fmt: skip
async def test_what_a_website_answers_is_told_apart(sites: Sites, reply: bytes, outcome: Outcome, number: int | None) -> None:
    sites.pages["guide.site.org"] = reply
    assert await look(sites, "http://guide.site.org/") == Look(outcome, number)


async def test_how_long_a_busy_website_asks_us_to_wait_is_kept(sites: Sites) -> None:
    sites.pages["guide.site.org"] = status(429, "Retry-After: 7200")
    found = await look(sites, "http://guide.site.org/")
    assert found.retry_after is not None
    assert found.retry_after.total_seconds() == 7200
    sites.pages["guide.site.org"] = status(429, "Retry-After: soon")
    assert (await look(sites, "http://guide.site.org/")).retry_after is None


async def test_a_lasting_redirect_tells_the_new_address_and_a_passing_one_does_not(sites: Sites) -> None:
    sites.pages["old.site.org"] = moved("http://new.site.org/page")
    assert await look(sites, "http://old.site.org/") == Look(Outcome.MOVED, 200, leads_to="http://new.site.org/page")
    sites.pages["old.site.org"] = moved("http://new.site.org/page", 302)
    assert await look(sites, "http://old.site.org/") == Look(Outcome.WORKS, 200)


async def test_no_more_than_three_redirects_are_followed(sites: Sites) -> None:
    for number in range(6):
        sites.pages[f"chain.site.org/{number}"] = moved(f"/{number + 1}")
    assert (await look(sites, "http://chain.site.org/3")).outcome == Outcome.MOVED
    sites.asked.clear()
    assert await look(sites, "http://chain.site.org/0") == Look(Outcome.REDIRECTS, 301)
    assert [path for _, path, _ in sites.asked] == ["/0", "/1", "/2", "/3"]


async def test_a_name_that_is_not_there_and_a_website_that_does_not_answer(sites: Sites) -> None:
    sites.names["gone.site.org"] = [[]]
    assert await look(sites, "http://gone.site.org/") == Look(Outcome.NO_NAME)

    async def refuse(_address: str, _port: int, _name: str | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        raise ConnectionRefusedError

    away = Network(sites.resolve, refuse)
    assert await look_at("http://down.site.org/", network=away, turn=at_once, agent=AGENT) == Look(Outcome.NO_ANSWER)


async def test_a_website_that_takes_too_long_is_left_after_five_seconds(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marstraining.resources.checker.SECONDS", 0.2)
    sites.delay = 3.0
    began = time.monotonic()
    assert await look(sites, "http://slow.site.org/") == Look(Outcome.TIMEOUT)
    assert time.monotonic() - began < 2.0


async def test_the_certificate_must_be_that_of_the_name_and_the_name_is_asked_for(sites: Sites) -> None:
    assert await look(sites, "https://secure.site.org/") == Look(Outcome.WORKS, 200)
    assert (sites.shown_names, sites.connected[-1][1:]) == (["secure.site.org"], (443, "secure.site.org"))
    assert await look(sites, "https://other.site.org/") == Look(Outcome.CERTIFICATE)


# ---- the canary -----------------------------------------------------------------------------------------------------


async def test_the_canary_sings_for_whoever_connects_without_looking(sites: Sites) -> None:
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        _, writer = await sites.connect(address, 80, None)
        writer.close()
    await asyncio.sleep(0.05)
    assert sites.canary == 3


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]", "2130706433", "0177.0.0.1", "017700000001", "0x7f000001", "0x7f.0.0.1", ANY, "0", "[::]", "localhost",
        "localhost.", "LOCALHOST",
    ],
)  # fmt: skip
async def test_no_way_of_writing_loopback_reaches_the_canary(sites: Sites, host: str) -> None:
    sites.names["localhost"] = [["127.0.0.1", "::1"]]
    found = await look(sites, f"http://{host}/")
    assert (found, sites.canary, sites.connected) == (Look(Outcome.INSIDE), 0, [])


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/", "unix:/run/x", "http://127.0.0.1:6379/"]
)
async def test_no_other_scheme_or_port_is_asked(sites: Sites, url: str) -> None:
    assert await look(sites, url) == Look(Outcome.UNFIT)
    assert (sites.canary, sites.connected, sum(sites.resolved.values())) == (0, [], 0)


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["2001:0:808:808::80ff:fffe"], ["10.0.0.8"],
        ["169.254.169.254"], [f"{PUBLIC}9", "127.0.0.1"], ["127.0.0.1", f"{PUBLIC}9"], [f"{PUBLIC}9", "::1"], ["fe80::1%lo"],
    ],
)  # fmt: skip
async def test_a_name_with_one_answer_inside_is_not_asked_at_all(sites: Sites, answers: list[str]) -> None:
    sites.names["trap.site.org"] = [answers]
    assert await look(sites, "http://trap.site.org/") == Look(Outcome.INSIDE)
    assert (sites.canary, sites.connected) == (0, [])


async def test_a_name_that_answers_otherwise_the_second_time_is_asked_only_once(sites: Sites) -> None:
    sites.names["rebind.site.org"] = [[f"{PUBLIC}9"], ["127.0.0.1"]]
    assert await look(sites, "http://rebind.site.org/") == Look(Outcome.WORKS, 200)
    assert (sites.resolved["rebind.site.org"], sites.connected, sites.canary) == (1, [(f"{PUBLIC}9", 80, None)], 0)
    # A redirect to itself asks anew, and judges anew.
    sites.names["rebind.site.org"] = [[f"{PUBLIC}9"], ["127.0.0.1"]]
    sites.resolved.clear()
    sites.pages["rebind.site.org"] = moved("http://rebind.site.org/again")
    assert await look(sites, "http://rebind.site.org/") == Look(Outcome.INSIDE, 301)
    assert sites.canary == 0


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0177.0.0.1/", "//127.0.0.1/",
        "http://inner.site.org/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://127.0.0.1:22/", "http://a@127.0.0.1/",
    ],
)  # fmt: skip
async def test_a_redirect_inside_is_not_followed(sites: Sites, code: int, location: str) -> None:
    sites.names["inner.site.org"] = [["192.168.0.1"]]
    sites.pages["open.site.org"] = moved(location, code)
    found = await look(sites, "http://open.site.org/")
    assert found.outcome in {Outcome.INSIDE, Outcome.UNFIT}
    assert (found.status, sites.canary, len(sites.connected)) == (code, 0, 1)


async def test_another_answer_is_tried_where_the_first_leads_nowhere(sites: Sites) -> None:
    tried: list[str] = []

    async def connect(address: str, port: int, name: str | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        tried.append(address)
        if ipaddress.ip_address(address).version == 6:
            raise OSError("no route")
        return await sites.connect(address, port, name)

    sites.names["both.site.org"] = [["2606:4700::1", f"{PUBLIC}9"]]
    network = Network(sites.resolve, connect)
    assert await look_at("http://both.site.org/", network=network, turn=at_once, agent=AGENT) == Look(Outcome.WORKS, 200)
    assert tried == ["2606:4700::1", f"{PUBLIC}9"]


async def test_proxies_of_the_environment_are_not_asked(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{sites.canary_port}")
    assert await look(sites, "http://guide.site.org/") == Look(Outcome.WORKS, 200)
    assert sites.canary == 0


@given(
    st.text(max_size=60) | st.from_regex(r"(https?|ftp)://[ -~]{0,30}(:[0-9]{1,5})?(/[ -~]{0,20})?", fullmatch=True), st.binary(max_size=80)
)
async def test_whatever_a_link_says_and_a_website_answers_is_an_outcome(url: str, location: bytes) -> None:
    """Nothing is connected to: streams hold what a website would have sent."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return [f"{PUBLIC}9"]

    async def connect(address: str, _port: int, _name: str | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert address == f"{PUBLIC}9"
        reader = asyncio.StreamReader()
        reader.feed_data(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n\r\n")
        reader.feed_eof()
        transport = _Nowhere()
        return reader, asyncio.StreamWriter(transport, asyncio.streams.FlowControlMixin(), reader, asyncio.get_running_loop())

    found = await look_at(url, network=Network(resolve, connect), turn=at_once, agent=AGENT)
    assert isinstance(found, Look)


class _Nowhere(asyncio.Transport):
    """Takes what is written and sends it nowhere."""

    is_over = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def is_closing(self) -> bool:
        return self.is_over

    def abort(self) -> None:
        self.is_over = True


# ---- the machine's own network --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "0"]
)
async def test_the_machines_own_resolver_leads_nowhere_inside(host: str) -> None:
    async def connect(_address: str, _port: int, _name: str | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        raise AssertionError("nothing may be connected to")

    found = await look_at(f"http://{host}/", network=Network(resolve_name, connect), turn=at_once, agent=AGENT)
    assert found == Look(Outcome.INSIDE)


async def test_a_connection_goes_to_the_very_address_and_shows_a_certificate_that_the_machine_trusts(sites: Sites) -> None:
    _, writer = await connect_to("127.0.0.1", sites.canary_port, None)
    writer.close()
    with pytest.raises(ssl.SSLCertVerificationError):
        await connect_to("127.0.0.1", sites.secure_port, "secure.site.org")
    assert sites.shown_names == ["secure.site.org"]
