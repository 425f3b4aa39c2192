"""Calendars as people have them: khal fed by vdirsyncer, and ical.js in Chromium, read what is served and agree with the database."""

import asyncio
import hashlib
import os
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from marstraining.bookings.actions import book_place
from marstraining.bookings.actions.feeds import rotate_feed
from marstraining.bookings.rules import BookPlace
from marstraining.core.clock import from_wall
from marstraining.programme.actions import add_day
from marstraining.programme.models import Session, TrainingDay
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.browser.conftest import Site
from tests.conftest import Clock

pytestmark = pytest.mark.browser

VENDORED = Path(__file__).parent / "vendor" / "ical.js"
PROGRAMMES = Path(sys.executable).parent
BEFORE_BOTH = datetime(2027, 3, 1, 10, 0, tzinfo=UTC)
MORNING, EVENING = (time(9, 30), time(12, 30)), (time(18, 0), time(20, 0))
# The clocks change on Sunday 28 March and on Sunday 31 October 2027, both at one o'clock UTC.
SPRING = ((date(2027, 3, 26), MORNING), (date(2027, 3, 28), EVENING), (date(2027, 3, 29), MORNING))
AUTUMN = ((date(2027, 10, 29), MORNING), (date(2027, 10, 31), MORNING), (date(2027, 11, 1), MORNING))
IN_UTC = {
    "2027-03-26T09:30", "2027-03-28T17:00", "2027-03-29T08:30", "2027-10-29T08:30", "2027-10-31T09:30", "2027-11-01T09:30",
}  # fmt: skip

# What a page with ical.js makes of a feed: each entry's UID, start and end as instants, and SEQUENCE.
READ_WITH_ICAL_JS = """async (address) => {
  const ICAL = (await import('/ical.min.js')).default;
  const answer = await fetch(address);
  const calendar = new ICAL.Component(ICAL.parse(await answer.text()));
  return calendar.getAllSubcomponents('vevent').map((entry) => {
    const event = new ICAL.Event(entry);
    const instant = (at) => at.toJSDate().toISOString().slice(0, 16);
    return [event.uid, instant(event.startDate), instant(event.endDate), event.sequence];
  });
}"""

Spans = dict[str, tuple[str, str]]


@dataclass
class Feeds:
    """The served addresses that carry both sessions, and the sessions."""

    site: Site
    spring: Session
    autumn: Session
    addresses: dict[str, str] = field(default_factory=dict)


@pytest_asyncio.fixture
async def feeds(clock: Clock, site: Site) -> Feeds:
    """Two sessions of three days, each around a change of the clocks, both booked by Asha, who has a feed of her own."""
    clock.travel_to(BEFORE_BOTH)
    spring, autumn = [await _session(days) for days in (SPRING, AUTUMN)]
    by = makers.as_learner(site.asha)
    for session in (spring, autumn):
        await book_place(BookPlace(session_id=session.id, learner_id=site.asha.id), by=by, now=clock.now)
    token = await rotate_feed(site.asha.id, by=by, now=clock.now)
    addresses = {
        "programme": "/calendar/programme.ics",
        "personal": f"/calendar/{token}.ics",
        "spring": f"/sessions/{spring.ref}.ics",
        "autumn": f"/sessions/{autumn.ref}.ics",
    }
    return Feeds(site, spring, autumn, addresses)


async def _session(days: tuple[tuple[date, tuple[time, time]], ...]) -> Session:
    (day, (starts, _)), *later = days
    session = await makers.make_session(course=await makers.make_course("Forum"), starts=from_wall(day, starts), now=BEFORE_BOTH)
    for day, (starts, ends) in later:
        await makers.make_day(session, starts_at=from_wall(day, starts), ends_at=from_wall(day, ends))
    await Session.filter(id=session.id).update(ends_at=from_wall(*_last(days)))
    return session


def _last(days: tuple[tuple[date, tuple[time, time]], ...]) -> tuple[date, time]:
    return days[-1][0], days[-1][1][1]


async def stored(*sessions: Session) -> Spans:
    """Each training day's UID with its start and end in UTC, as the database holds them."""
    found = await TrainingDay.filter(session_id__in=[session.id for session in sessions]).values("uid", "starts_at", "ends_at")
    return {row["uid"]: (f"{row['starts_at']:%Y-%m-%dT%H:%M}", f"{row['ends_at']:%Y-%m-%dT%H:%M}") for row in found}


async def expected(feeds: Feeds) -> dict[str, Spans]:
    """What each address should give."""
    spring, autumn = await stored(feeds.spring), await stored(feeds.autumn)
    return {"programme": spring | autumn, "personal": spring | autumn, "spring": spring, "autumn": autumn}


async def insert_a_day(feeds: Feeds, *, now: datetime) -> str:
    """Add Saturday 27 March between the days of the spring session; its UID."""
    day_id = await add_day(feeds.spring.id, DayPlan(date(2027, 3, 27), *MORNING), by=makers.as_desk(feeds.site.dee), now=now)
    return (await TrainingDay.get(id=day_id)).uid


class Clients:
    """vdirsyncer and khal with settings and files of their own in one folder."""

    def __init__(self, folder: Path, feeds: Feeds) -> None:
        self.folder = folder
        self.feeds = feeds
        settings = [f'[general]\nstatus_path = "{folder / "status"}"\n']
        calendars = []
        for name, path in feeds.addresses.items():
            self.files(name).mkdir(parents=True)
            address = feeds.site.base_url + path
            settings.append(
                f'[pair {name}]\na = "{name}_served"\nb = "{name}_kept"\ncollections = null\n'
                f'[storage {name}_served]\ntype = "http"\nurl = "{address}"\n'
                f'[storage {name}_kept]\ntype = "filesystem"\npath = "{self.files(name)}"\nfileext = ".ics"\n'
            )
            calendars.append(f"[[{name}]]\npath = {self.files(name)}\nreadonly = True\n")
        (folder / "vdirsyncer.conf").write_text("\n".join(settings), encoding="utf-8")
        # A calendar that shows UTC says which instant it understood.
        (folder / "khal.conf").write_text(
            "[calendars]\n"
            + "".join(calendars)
            + f"[sqlite]\npath = {folder / 'khal.db'}\n[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\n"
            + "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
            + "datetimeformat = %Y-%m-%dT%H:%M\nlongdatetimeformat = %Y-%m-%dT%H:%M\n",
            encoding="utf-8",
        )

    def files(self, name: str) -> Path:
        return self.folder / "calendars" / name

    async def sync(self) -> None:
        await self._run("vdirsyncer", "--config", str(self.folder / "vdirsyncer.conf"), "discover")
        await self._run("vdirsyncer", "--config", str(self.folder / "vdirsyncer.conf"), "sync")

    async def listed(self, name: str) -> list[tuple[str, ...]]:
        """The starts and ends in UTC that khal shows of one calendar around both changes.

        By time alone: vdirsyncer gives each entry of a served calendar a UID of its own, the hash of its content.
        """
        shown: list[tuple[str, ...]] = []
        for first, last in (("2027-03-20", "2027-04-05"), ("2027-10-20", "2027-11-05")):
            text = await self._run(
                "khal", "--config", str(self.folder / "khal.conf"), "list", "--include-calendar", name, "--day-format", "",
                "--format", "{start-long-full} {end-long-full}", first, last,
            )  # fmt: skip
            shown += [tuple(line.split()) for line in text.splitlines() if line]
        return sorted(shown)

    def kept(self) -> dict[str, dict[str, bytes]]:
        """The files that vdirsyncer keeps of each calendar: one for each entry, named after its content but for stamps and UID."""
        return {name: {path.name: path.read_bytes() for path in self.files(name).glob("*.ics")} for name in self.feeds.addresses}

    async def _run(self, programme: str, *words: str) -> str:
        environment = {**os.environ, "HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        process = await asyncio.create_subprocess_exec(
            str(PROGRAMMES / programme), *words, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        said, complained = await process.communicate()
        assert process.returncode == 0, f"{programme}: {complained.decode()}"
        return said.decode()


async def read_in_chromium(browser: Browser, feeds: Feeds) -> dict[str, dict[str, tuple[str, str, int]]]:
    """What ical.js makes of each address, in a browser on another continent."""
    context = await browser.new_context(base_url=feeds.site.base_url, timezone_id="America/New_York")
    await context.route("**/ical.min.js", lambda route: route.fulfill(path=VENDORED / "ical.min.js", content_type="text/javascript"))
    page = await context.new_page()
    await page.goto("/calendar")
    read = {name: await page.evaluate(READ_WITH_ICAL_JS, address) for name, address in feeds.addresses.items()}
    await context.close()
    return {name: {uid: (starts, ends, sequence) for uid, starts, ends, sequence in entries} for name, entries in read.items()}


def around_the_changes(entries: dict[str, tuple[str, str, int]]) -> Spans:
    return {uid: (starts, ends) for uid, (starts, ends, _) in entries.items() if starts in IN_UTC}


def test_the_vendored_client_is_the_published_one() -> None:
    sums = [line.split() for line in (VENDORED / "SHA256SUMS").read_text(encoding="ascii").splitlines()]
    assert [[hashlib.sha256((VENDORED / name).read_bytes()).hexdigest(), name] for _, name in sums] == sums


async def test_the_sessions_stand_either_side_of_both_clock_changes(feeds: Feeds) -> None:
    days = await stored(feeds.spring, feeds.autumn)
    assert {starts for starts, _ in days.values()} == IN_UTC


async def test_khal_with_vdirsyncer_agrees_with_the_database_on_every_instant(feeds: Feeds, tmp_path: Path) -> None:
    clients = Clients(tmp_path / "clients", feeds)
    await clients.sync()
    shown = {name: await clients.listed(name) for name in feeds.addresses}
    assert shown == {name: sorted(spans.values()) for name, spans in (await expected(feeds)).items()}


async def test_ical_js_agrees_with_the_database_on_every_instant(feeds: Feeds, chromium: Browser) -> None:
    read = await read_in_chromium(chromium, feeds)
    assert {name: around_the_changes(entries) for name, entries in read.items()} == await expected(feeds)


async def test_an_unchanged_feed_is_answered_304_and_a_changed_one_in_full(feeds: Feeds, clock: Clock) -> None:
    async with httpx2.AsyncClient(base_url=feeds.site.base_url) as http:
        first = {name: await http.get(path) for name, path in feeds.addresses.items()}
        by_tag = {name: {"If-None-Match": answer.headers["etag"]} for name, answer in first.items()}
        by_time = {name: {"If-Modified-Since": answer.headers["last-modified"]} for name, answer in first.items()}

        async def statuses(conditions: dict[str, dict[str, str]]) -> dict[str, int]:
            return {name: (await http.get(path, headers=conditions[name])).status_code for name, path in feeds.addresses.items()}

        assert await statuses(by_tag) == dict.fromkeys(feeds.addresses, 304)
        # A session that leaves a feed leaves no date behind, so only the tag can say that nothing changed.
        assert await statuses(by_time) == dict.fromkeys(feeds.addresses, 200)
        await insert_a_day(feeds, now=clock.forward(hours=1))
        assert await statuses(by_tag) == {**dict.fromkeys(feeds.addresses, 200), "autumn": 304}


async def test_an_inserted_training_day_is_all_that_is_new_to_vdirsyncer_and_khal(feeds: Feeds, clock: Clock, tmp_path: Path) -> None:
    clients = Clients(tmp_path / "clients", feeds)
    await clients.sync()
    before = clients.kept()
    await insert_a_day(feeds, now=clock.forward(hours=1))
    await clients.sync()
    after = clients.kept()
    assert {name: set(files) - set(after[name]) for name, files in before.items()} == {name: set() for name in feeds.addresses}
    assert {name: len(files) - len(before[name]) for name, files in after.items()} == {**dict.fromkeys(feeds.addresses, 1), "autumn": 0}
    shown = {name: await clients.listed(name) for name in feeds.addresses}
    assert shown == {name: sorted(spans.values()) for name, spans in (await expected(feeds)).items()}


async def test_uids_and_sequences_of_the_others_survive_inserting_a_training_day(feeds: Feeds, chromium: Browser, clock: Clock) -> None:
    read = await read_in_chromium(chromium, feeds)
    uid = await insert_a_day(feeds, now=clock.forward(hours=1))
    added = {uid: ("2027-03-27T09:30", "2027-03-27T12:30", 0)}
    again = await read_in_chromium(chromium, feeds)
    assert again == {name: entries if name == "autumn" else entries | added for name, entries in read.items()}
