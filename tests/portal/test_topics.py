"""A topic gathers what there is on it, and its pack holds files, links and dates."""

import io
import zipfile
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.config import Settings
from marstraining.core.files import path_of
from marstraining.core.viewer import SYSTEM
from marstraining.people.models import Person
from marstraining.portal.pages import topics as topics_module
from marstraining.portal.pages.metrics import _read
from marstraining.programme.actions import save_course
from marstraining.programme.models import Course
from marstraining.programme.rules import CourseDraft
from marstraining.resources.actions import check_quality, withdraw_resource, write_uses
from marstraining.resources.models import ResourceLink, ResourceUse, ResourceVersion
from marstraining.resources.rules import QualityNote, Verdict
from tests import makers
from tests.conftest import Clock, Visitor
from tests.resources.shelf import PDF, a_file, on_the_shelf
from tests.resources.test_pages import FIREFOX, said
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]


@pytest.fixture
async def shelf(db: TortoiseContext, clock: Clock, settings: Settings) -> None:
    """Neglect with a briefing, a Spotlight, a toolkit, a course with a date, and what must not be seen."""
    course_id, _ = await save_course(
        CourseDraft("NEG", "Neglect day", kind="course", topics=("neglect",)), code=None, by=SYSTEM, now=clock.now
    )
    hidden = CourseDraft("HID", "Hidden day", kind="course", topics=("neglect",), access="invited")
    await save_course(hidden, code=None, by=SYSTEM, now=clock.now)
    await makers.make_session(course=await Course.get(id=course_id), now=clock.now)
    topic = ("neglect",)
    await on_the_shelf("2MB-N", now=clock.now, kind="briefing2", title="In two minutes", file=a_file(settings.data_dir), topics=topic)
    await on_the_shelf("SPOT-N", now=clock.now, kind="spotlight", title="Spotlight on neglect", topics=topic)
    await on_the_shelf(
        "KIT-N", now=clock.now, kind="toolkit", title="Tools", file=a_file(settings.data_dir, content=b"%PDF-kit"), topics=topic
    )
    await on_the_shelf("KIT-X", now=clock.now, title="Licensed tools", requires="NEG", file=a_file(settings.data_dir), topics=topic)
    await on_the_shelf("OLD-N", now=clock.now, title="Old paper", file=a_file(settings.data_dir), topics=topic)
    await withdraw_resource("OLD-N", reason="Old", by=SYSTEM, now=clock.now)
    await ResourceLink.all().update(state="ok", checked_at=clock.now)
    await check_quality("KIT-N", QualityNote(date(2026, 2, 2), "Nurse", Verdict.GOOD), by=SYSTEM, now=clock.now)


async def test_a_topic_gathers_courses_briefings_spotlights_and_tools_in_three_statements(
    client: Visitor, shelf: None, db: TortoiseContext
) -> None:
    async with statements(db) as heard:
        page = await client.get("/topics/neglect")
    words = said(page.text)
    order = ["Neglect day", "Next on Friday 8 May 2026", "Briefings", "In two minutes", "In the Spotlight", "Spotlight on neglect", "Tools"]
    assert [words.index(part) for part in order] == sorted(words.index(part) for part in order)
    assert [part for part in ("Hidden day", "Licensed tools", "Old paper") if part in words] == []
    assert ("2 files (1 KB) and a page with every link" in words, len(heard)) == (True, 3)
    assert (await client.get("/topics/nothing")).status_code == 404


async def test_topics_are_listed_with_how_much_there_is(client: Visitor, shelf: None) -> None:
    assert said((await client.get("/topics")).text).endswith("Neglect 3 resources, 1 course")


async def test_a_topic_with_nothing_that_everybody_may_see_is_not_there(client: Visitor, clock: Clock, db: TortoiseContext) -> None:
    await makers.make_course(code="GCP2")
    await on_the_shelf("KIT-X", now=clock.now, requires="GCP2", topics=("secret tools",))
    assert (await client.get("/topics/secret_tools")).status_code == 404
    assert "No topics have been set yet" in said((await client.get("/topics")).text)


async def test_the_pack_is_one_zip_of_files_and_a_page_of_links_and_dates(client: Visitor, shelf: None) -> None:
    answer = await client.get("/topics/neglect/team-meeting-pack.zip")
    assert (answer.headers["content-type"], answer.headers["content-disposition"]) == (
        "application/zip", 'attachment; filename="team-meeting-pack-neglect.zip"',
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
        assert pack.testzip() is None
        assert pack.namelist() == ["Start here.html", "2MB-N briefing.pdf", "KIT-N briefing.pdf"]
        assert (pack.read("2MB-N briefing.pdf"), pack.read("KIT-N briefing.pdf")) == (PDF, b"%PDF-kit")
        contents = pack.read("Start here.html").decode()
    for part in (
        '<a href="2MB-N%20briefing.pdf">In two minutes</a>',
        '<a href="https://guide.site.org/cse">Spotlight on neglect</a>',
        "Link checked 9 March 2026 · Quality checked 2 February 2026",
        '<a href="http://127.0.0.1:8000/courses/NEG">Neglect day</a>',
        "Made on 9 March 2026",
        "01724 296500",
    ):
        assert part in contents
    assert [part for part in ("Hidden day", "Licensed tools", "Old paper") if part in contents] == []


async def test_files_that_are_gone_or_too_many_stand_in_the_contents_by_their_addresses(
    client: Visitor, shelf: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await ResourceVersion.filter(resource__code="2MB-N").get()
    path_of(settings.data_dir, version.stored_as).unlink()
    with zipfile.ZipFile(io.BytesIO((await client.get("/topics/neglect/team-meeting-pack.zip")).content)) as pack:
        assert pack.namelist() == ["Start here.html", "briefing.pdf"]
        assert '<a href="https://guide.site.org/cse">In two minutes</a>' in pack.read("Start here.html").decode()
    monkeypatch.setattr(topics_module, "MOST_BYTES", 4)
    with zipfile.ZipFile(io.BytesIO((await client.get("/topics/neglect/team-meeting-pack.zip")).content)) as pack:
        assert pack.namelist() == ["Start here.html"]


async def test_a_pack_counts_once_for_each_of_its_files_and_a_look_for_none(
    client: Visitor, shelf: None, dee: Person, sign_in_as: SignInAs
) -> None:
    address = "/topics/neglect/team-meeting-pack.zip"
    await client.get(address, headers=FIREFOX)
    looked = await client.http.head(address, headers=FIREFOX)
    await (await sign_in_as(dee)).get(address, headers=FIREFOX)
    await client.get(address, headers={"User-Agent": "Wget/1.2"})
    await write_uses()
    counted = await ResourceUse.all().order_by("resource__code").values_list("resource__code", "opened", "packed")
    assert (looked.status_code, counted) == (200, [("2MB-N", 0, 1), ("KIT-N", 0, 1)])


async def test_links_of_resources_are_told_to_the_collector_by_how_they_stand(clock: Clock, db: TortoiseContext) -> None:
    await on_the_shelf(now=clock.now)
    await on_the_shelf("TWO", now=clock.now)
    await ResourceLink.filter(resource__code="TWO").update(state="broken", failing_since=clock.now - timedelta(days=3))
    assert (await _read(now=clock.now)).links == {"waiting": 1, "broken": 1}
