"""The worker's looks at links: what is due, what is written down, how politely."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.viewer import SYSTEM
from marstraining.resources.actions import bring_back, look_again, save_resource, take_new_address, withdraw_resource
from marstraining.resources.actions.checking import check_links, forget_old_checks
from marstraining.resources.models import HostPace, LinkCheck, Resource, ResourceLink, ResourceVersion
from tests.conftest import Clock
from tests.resources.shelf import BRIEFING, on_the_shelf
from tests.resources.sites import Sites, moved, open_sites, status

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def sites() -> AsyncIterator[Sites]:
    async with open_sites() as opened:
        # Links of the tests lead to plain sites, since there is one certificate alone.
        yield opened


async def links_to(*urls: str, now: datetime) -> list[ResourceLink]:
    """A resource for each address."""
    resources = [await on_the_shelf(f"LINK-{number}", now=now, url=url) for number, url in enumerate(urls)]
    return [await ResourceLink.get(resource_id=resource.id) for resource in resources]


async def a_day_later(clock: Clock, **units: float) -> None:
    """Let time pass, of which the pace of hosts, which keeps real seconds, would know nothing."""
    clock.forward(**(units or {"days": 1}))
    await HostPace.all().delete()


async def test_every_link_of_a_resource_is_due_at_once_those_of_its_summary_too(clock: Clock) -> None:
    summary = "See also https://other.site.org/a and [this](https://third.site.org/b)."
    resource = await on_the_shelf(now=clock.now, summary=summary)
    found = await ResourceLink.filter(resource_id=resource.id).order_by("id").values_list("url", "host", "state", "check_at")
    assert found == [
        ("https://guide.site.org/cse", "guide.site.org", "waiting", clock.now),
        ("https://other.site.org/a", "other.site.org", "waiting", clock.now),
        ("https://third.site.org/b", "third.site.org", "waiting", clock.now),
    ]


@pytest.mark.whole
async def test_a_link_that_works_is_looked_at_again_in_a_week(clock: Clock, sites: Sites) -> None:
    [link] = await links_to("http://guide.site.org/", now=clock.now)
    assert await check_links(now=clock.now, network=sites.network) == 1
    await link.refresh_from_db()
    assert (link.state, link.outcome, link.status, link.checked_at, link.worked_at) == ("ok", "works", 200, clock.now, clock.now)
    assert (link.check_at, link.failures, link.held_until is None) == (clock.now + timedelta(days=7), 0, True)
    assert await check_links(now=clock.forward(days=6), network=sites.network) == 0
    assert await check_links(now=clock.forward(days=1), network=sites.network) == 1
    assert await LinkCheck.all().count() == 2


async def test_a_first_failure_is_not_yet_broken_and_three_days_of_them_are(clock: Clock, sites: Sites) -> None:
    [link] = await links_to("http://guide.site.org/", now=clock.now)
    sites.pages["guide.site.org"] = status(404)
    first, seen = clock.now, []
    for _ in range(4):
        await check_links(now=clock.now, network=sites.network)
        await link.refresh_from_db()
        seen.append((link.state, link.failures, link.failing_since))
        await a_day_later(clock)
    assert seen == [("failing", 1, first), ("failing", 2, first), ("broken", 3, first), ("broken", 4, first)]
    sites.pages.clear()
    await check_links(now=clock.now, network=sites.network)
    await link.refresh_from_db()
    assert (link.state, link.failures, link.failing_since is None, link.worked_at) == ("ok", 0, True, clock.now)


async def test_pressing_again_and_again_makes_nothing_broken(clock: Clock, sites: Sites) -> None:
    [link] = await links_to("http://guide.site.org/", now=clock.now)
    sites.pages["guide.site.org"] = status(500)
    for _ in range(5):
        await check_links(now=clock.now, network=sites.network)
        await a_day_later(clock, minutes=1)
        await look_again("LINK-0", by=SYSTEM, now=clock.now)
    await link.refresh_from_db()
    assert (link.state, link.failures) == ("failing", 5)


@pytest.mark.parametrize(("code", "outcome"), [(403, "refused"), (429, "busy")])
async def test_a_website_that_lets_no_machine_look_is_not_called_broken(code: int, outcome: str, clock: Clock, sites: Sites) -> None:
    [link] = await links_to("http://guide.site.org/", now=clock.now)
    sites.pages["guide.site.org"] = status(code)
    for _ in range(5):
        await check_links(now=clock.now, network=sites.network)
        await a_day_later(clock, days=8)
    await link.refresh_from_db()
    assert (link.state, link.outcome, link.failures) == ("unchecked", outcome, 0)


@pytest.mark.whole
async def test_a_link_that_moved_for_good_still_works_and_offers_its_new_address(clock: Clock, sites: Sites) -> None:
    [link] = await links_to("http://guide.site.org/old", now=clock.now)
    sites.pages["guide.site.org/old"] = moved("http://guide.site.org/new")
    await check_links(now=clock.now, network=sites.network)
    await link.refresh_from_db()
    assert (link.state, link.outcome, link.leads_to) == ("ok", "moved", "http://guide.site.org/new")
    assert await take_new_address("LINK-0", by=SYSTEM, now=clock.now) is True
    assert await take_new_address("LINK-0", by=SYSTEM, now=clock.now) is False
    resource = await Resource.get(code="LINK-0")
    versions = await ResourceVersion.filter(resource_id=resource.id).order_by("number").values_list("number", "url", "note")
    assert versions == [
        (1, "http://guide.site.org/old", ""),
        (2, "http://guide.site.org/new", "The address it moved to"),
    ]
    assert await ResourceLink.filter(resource_id=resource.id).values_list("url", "state") == [("http://guide.site.org/new", "waiting")]


async def test_what_was_found_raises_the_revision_that_kept_pages_watch(clock: Clock, sites: Sites) -> None:
    await links_to("http://guide.site.org/", now=clock.now)
    before = await Resource.get(code="LINK-0")
    await check_links(now=clock.now, network=sites.network)
    after = await Resource.get(code="LINK-0")
    assert (after.revision, after.changed_at) == (before.revision + 1, before.changed_at)


async def test_the_same_address_of_two_resources_is_asked_once(clock: Clock, sites: Sites) -> None:
    links = await links_to("http://guide.site.org/", "http://guide.site.org/", now=clock.now)
    assert await check_links(now=clock.now, network=sites.network) == 2
    assert len(sites.asked) == 1
    assert [(await ResourceLink.get(id=link.id)).state for link in links] == ["ok", "ok"]


async def test_links_of_a_withdrawn_resource_are_left_alone_until_it_is_back(clock: Clock, sites: Sites) -> None:
    await links_to("http://guide.site.org/", now=clock.now)
    await withdraw_resource("LINK-0", reason="Out of date", by=SYSTEM, now=clock.now)
    assert await check_links(now=clock.now, network=sites.network) == 0
    await bring_back("LINK-0", by=SYSTEM, now=clock.now)
    assert await check_links(now=clock.now, network=sites.network) == 1


async def test_a_link_that_the_desk_changes_while_it_is_looked_at_is_not_written_to(clock: Clock, sites: Sites) -> None:
    await links_to("http://guide.site.org/", now=clock.now)
    sites.delay = 0.3
    looking = asyncio.create_task(check_links(now=clock.now, network=sites.network))
    await asyncio.sleep(0.1)
    changed = BRIEFING.__class__(code="LINK-0", title="A link", kind="link", url="http://other.site.org/")
    await save_resource(changed, code="LINK-0", by=SYSTEM, now=clock.now)
    await looking
    assert await ResourceLink.all().values_list("url", "state") == [("http://other.site.org/", "waiting")]
    assert await LinkCheck.all().count() == 0


@pytest.mark.whole
async def test_when_no_website_answers_it_is_our_own_line_and_no_link_is_blamed(clock: Clock, sites: Sites) -> None:
    hosts = [f"site{number}.site.org" for number in range(6)]
    await links_to(*(f"http://{host}/" for host in hosts), now=clock.now)
    sites.names = {host: [[]] for host in hosts}
    assert await check_links(now=clock.now, network=sites.network) == 0
    assert set(await ResourceLink.all().values_list("state", "failures", "held_until")) == {("waiting", 0, None)}
    assert await check_links(now=clock.forward(minutes=14), network=sites.network) == 0
    sites.names[hosts[0]] = [["93.184.216.9"]]
    assert await check_links(now=clock.forward(minutes=1), network=sites.network) == 6
    assert sorted(await ResourceLink.all().values_list("state")) == [("failing",)] * 5 + [("ok",)]


async def test_what_another_worker_holds_is_left_to_it_until_it_must_have_died(clock: Clock, sites: Sites) -> None:
    [link] = await links_to("http://guide.site.org/", now=clock.now)
    await ResourceLink.filter(id=link.id).update(held_until=clock.now + timedelta(minutes=5))
    assert await check_links(now=clock.now, network=sites.network) == 0
    assert await check_links(now=clock.forward(minutes=6), network=sites.network) == 1


async def test_two_workers_share_the_links_and_look_at_each_once(clock: Clock, sites: Sites) -> None:
    await links_to(*(f"http://site{number}.site.org/" for number in range(30)), now=clock.now)
    looked = await asyncio.gather(*(check_links(now=clock.now, network=sites.network) for _ in range(2)))
    assert (sum(looked), len(sites.asked), await LinkCheck.all().count()) == (30, 30, 30)


def gaps(sites: Sites) -> dict[str, float]:
    """The shortest time between two requests to a host, for each that had two."""
    asked: dict[str, list[float]] = defaultdict(list)
    for host, _, at in sites.asked:
        asked[host].append(at)
    return {host: min(later - at for at, later in pairwise(ats)) for host, ats in asked.items() if len(ats) > 1}


@pytest.mark.whole
async def test_no_host_is_asked_more_than_once_a_second_by_two_workers_and_through_redirects(clock: Clock, sites: Sites) -> None:
    await links_to(*(f"http://a.site.org/{number}" for number in range(3)), "http://b.site.org/", "http://c.site.org/", now=clock.now)
    for host in ("b", "c"):
        sites.pages[f"{host}.site.org"] = moved("http://a.site.org/end")
    while await ResourceLink.filter(state="waiting").exists():
        await asyncio.gather(*(check_links(now=clock.now, network=sites.network) for _ in range(2)))
        await ResourceLink.filter(state="waiting").update(held_until=None)
    found = gaps(sites)
    assert len([host for host, _, _ in sites.asked if host == "a.site.org"]) == 5
    assert found["a.site.org"] >= 1.0


@pytest.mark.whole
async def test_five_hundred_links_are_looked_at_within_a_minute_and_no_host_more_than_once_a_second(
    clock: Clock, sites: Sites, db: TortoiseContext
) -> None:
    resource = await on_the_shelf(now=clock.now, url="http://first.site.org/")
    urls = [f"http://site{number % 125}.site.org/{number}" for number in range(499)]
    await ResourceLink.bulk_create(
        [ResourceLink(resource_id=resource.id, url=url, host=url.split("/")[2], check_at=clock.now) for url in urls]
    )
    began = time.monotonic()
    looked = 0
    while looked < 500 and time.monotonic() - began < 60:
        looked += await check_links(now=clock.now, network=sites.network)
    taken = time.monotonic() - began
    shortest = min(gaps(sites).values())
    assert (looked, len(sites.asked), taken < 60, shortest >= 1.0) == (500, 500, True, True), (taken, shortest)


@pytest.mark.whole
async def test_a_run_ends_in_time_and_leaves_the_rest_for_the_next(clock: Clock, sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marstraining.resources.actions.checking.RUN_SECONDS", 1.5)
    await links_to(*(f"http://a.site.org/{number}" for number in range(4)), now=clock.now)
    began = time.monotonic()
    assert await check_links(now=clock.now, network=sites.network) == 2
    assert time.monotonic() - began < 3
    assert await ResourceLink.filter(state="waiting", held_until__isnull=True, check_at=clock.now).count() == 2


async def test_old_looks_and_hosts_not_asked_for_a_day_are_forgotten(clock: Clock, sites: Sites) -> None:
    await links_to("http://guide.site.org/", now=clock.now)
    await check_links(now=clock.now, network=sites.network)
    await HostPace.all().update(free_at=0)
    assert await forget_old_checks(now=clock.forward(days=399)) == 0
    assert await forget_old_checks(now=clock.forward(days=2)) == 1
    assert (await LinkCheck.all().count(), await HostPace.all().count()) == (0, 0)
