"""The library as everybody sees it, as an accredited person does, and as nobody else may."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.config import Settings
from marstraining.core.viewer import SYSTEM
from marstraining.core.web.headers import Headers
from marstraining.people.models import Person
from marstraining.record.models import Accreditation
from marstraining.resources.actions import check_quality, save_resource, withdraw_resource, write_uses
from marstraining.resources.models import Resource, ResourceLink, ResourceUse
from marstraining.resources.rules import QualityNote, Verdict
from tests import makers
from tests.conftest import Clock, Visitor
from tests.resources.shelf import BRIEFING, PDF, a_file, on_the_shelf
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
ATOM = "{http://www.w3.org/2005/Atom}"


def said(text: str) -> str:
    """The words of a page."""
    main = text.partition('id="main-content"')[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", main).replace("&#39;", "'").split())


async def accredit(person: Person, code: str = "GCP2") -> Accreditation:
    course = await makers.make_course("Graded Care Profile 2", code=code, grants_accreditation=True)
    return await Accreditation.create(person=person, course=course, granted_on=date(2025, 1, 6))


async def test_the_list_shows_what_it_is_and_when_both_were_checked(client: Visitor, clock: Clock, db: TortoiseContext) -> None:
    resource = await on_the_shelf(now=clock.now)
    await ResourceLink.filter(resource_id=resource.id).update(state="ok", checked_at=clock.now)
    await check_quality("7MB-CSE", QualityNote(date(2026, 2, 2), "Nurse", Verdict.GOOD), by=SYSTEM, now=clock.now)
    page = await client.get("/resources")
    assert page.status_code == 200
    assert (
        "Child sexual exploitation: learning from an event 7-minute briefing · All practitioners A link to guide.site.org"
        " Link checked 9 March 2026 · Quality checked 2 February 2026" in said(page.text)
    )


async def test_the_list_takes_two_statements_whatever_its_length(client: Visitor, clock: Clock, db: TortoiseContext) -> None:
    counted = []
    for number in range(3):
        await on_the_shelf(f"SPOT-{number}", now=clock.now, topics=("neglect", "early help"))
        async with statements(db) as heard:
            assert (await client.get("/resources")).status_code == 200
        counted.append(len(heard))
    assert counted == [2, 2, 2]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("", ["7MB-A", "KIT-B", "FORM-C"]),
        ("?q=NEGLECT", ["KIT-B"]),
        ("?q=toolkit+families", ["KIT-B"]),
        ("?q=100%25", []),
        ("?kind=form", ["FORM-C"]),
        ("?topic=cse", ["7MB-A"]),
        ("?audience=schools", ["7MB-A", "FORM-C"]),
        ("?audience=schools&kind=form", ["FORM-C"]),
        ("?topic=nothing", []),
        ("?kind=poem&audience=sailors&page=99&q=%00", ["7MB-A", "KIT-B", "FORM-C"]),
    ],
)
async def test_filters_narrow_by_words_kind_topic_and_audience(
    client: Visitor, clock: Clock, db: TortoiseContext, query: str, codes: list[str]
) -> None:
    await on_the_shelf("7MB-A", now=clock.now, title="A briefing")
    await on_the_shelf(
        "KIT-B", now=clock.now, title="B toolkit", kind="toolkit", summary="For families", topics=("neglect",), audience_codes=("health",)
    )
    await on_the_shelf("FORM-C", now=clock.now, title="C form", kind="form", topics=(), audience_codes=("schools",))
    page = await client.get(f"/resources{query}")
    assert re.findall(r'href="/resources/([A-Z0-9-]+)"', page.text) == codes
    if not codes:
        assert "No resources match" in said(page.text)
    if "poem" in query:
        assert "Choose the kind of resource from the list" in said(page.text)


async def test_a_resource_says_who_answers_for_it_and_how_every_check_went(
    client: Visitor, clock: Clock, db: TortoiseContext, settings: Settings
) -> None:
    await on_the_shelf(now=clock.now, file=a_file(settings.data_dir), review_by=date(2026, 3, 1))
    await ResourceLink.all().update(
        state="broken", outcome="gone", status=404, checked_at=clock.now, failing_since=clock.now - timedelta(days=3)
    )
    await check_quality("7MB-CSE", QualityNote(date(2026, 2, 2), "Named nurse", Verdict.CHANGES, "Old logo"), by=SYSTEM, now=clock.now)
    words = said((await client.get("/resources/7mb-cse")).text)
    for part in (
        "What we learnt, in seven minutes.",
        "Download (PDF, 1 KB)",
        "Try the link anyway",
        "From Children's MARS",
        "Looked after by Workforce development officer",
        "First review by 1 March 2026 (overdue)",
        "Quality Checked 2 February 2026 (Named nurse). They found something to change.",
        "Link Checked 9 March 2026. The page is not there. It has not worked since 6 March 2026.",
        "A link of this resource has stopped working.",
    ):
        assert part in words
    assert "Old logo" not in words
    assert (await client.get("/resources/NOT-THERE")).status_code == 404


@pytest.mark.parametrize("path", ["/resources", "/me/resources"])
async def test_a_worry_typed_into_the_box_leads_to_whom_to_ring(
    client: Visitor, clock: Clock, db: TortoiseContext, asha: Person, sign_in_as: SignInAs, path: str
) -> None:
    visitor = await sign_in_as(asha) if path.startswith("/me") else client
    told = await visitor.get(f"{path}?q=a+child+told+me+her+dad+hits+her&kind=form")
    assert (told.status_code, told.headers["location"]) == (303, "/search?help=child_at_risk")
    # Where it may be a worry, the numbers stand above what is found.
    maybe = await visitor.get(f"{path}?q=any+course+on+neglect%3F+the+kids+on+my+caseload+are+always+dirty")
    page = await visitor.get(maybe.headers["location"])
    assert "ring first and search afterwards" in page.text
    assert (await visitor.get(f"{path}?q=neglect")).status_code == 200


async def test_a_file_is_handed_out_to_save_and_never_to_be_shown(
    client: Visitor, clock: Clock, db: TortoiseContext, settings: Settings
) -> None:
    await on_the_shelf(now=clock.now, file=a_file(settings.data_dir, name='CSE "new" – é.pdf'))  # noqa: RUF001 - such names come
    answer = await client.get("/resources/7MB-CSE/file")
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''")
    assert (answer.headers["content-type"], answer.headers["x-content-type-options"], answer.headers["content-security-policy"]) == (
        "application/pdf", "nosniff", "sandbox; default-src 'none'",
    )  # fmt: skip
    link_alone = await on_the_shelf("LINK-1", now=clock.now)
    assert (await client.get(f"/resources/{link_alone.code}/file")).status_code == 404


async def test_a_link_leads_on_without_telling_where_from(client: Visitor, clock: Clock, db: TortoiseContext, settings: Settings) -> None:
    await on_the_shelf(now=clock.now)
    answer = await client.get("/resources/7MB-CSE/link")
    assert (answer.status_code, answer.headers["location"], answer.headers["referrer-policy"]) == (302, BRIEFING.url, "no-referrer")
    await on_the_shelf("FILE-1", now=clock.now, url="", file=a_file(settings.data_dir))
    assert (await client.get("/resources/FILE-1/link")).status_code == 404


async def test_what_asks_for_an_accreditation_is_there_for_its_holders_alone(
    client: Visitor, clock: Clock, db: TortoiseContext, settings: Settings, asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    held = await accredit(asha)
    await on_the_shelf("KIT-GCP2", now=clock.now, title="GCP2 tools", requires="GCP2", file=a_file(settings.data_dir), topics=("neglect",))
    addresses = [f"{root}/KIT-GCP2{rest}" for root in ("/resources", "/me/resources") for rest in ("", "/file", "/link")]
    holder, other, desk = await sign_in_as(asha), await sign_in_as(ben), await sign_in_as(dee)
    found = {name: [(await visitor.get(address)).status_code for address in addresses] for name, visitor in
             (("nobody", client), ("holder", holder), ("other", other), ("desk", desk))}  # fmt: skip
    assert found == {
        "nobody": [404, 404, 404, 303, 303, 303],
        "holder": [404, 404, 404, 200, 200, 302],
        "other": [404, 404, 404, 404, 404, 404],
        "desk": [404, 404, 404, 200, 200, 302],
    }
    for visitor, path, shown in (
        (client, "/resources", False), (holder, "/resources", False), (holder, "/me/resources", True), (other, "/me/resources", False),
        (client, "/resources/feed.xml", False), (client, "/sitemap.xml", False), (client, "/topics", False),
    ):  # fmt: skip
        assert (path, "KIT-GCP2" in (await visitor.get(path)).text) == (path, shown)
    assert (await holder.get("/me/resources/KIT-GCP2/file")).headers["cache-control"] == "no-store"
    for columns in ({"expires_on": date(2026, 3, 8)}, {"expires_on": None, "ended_on": date(2026, 3, 9)}):
        await Accreditation.filter(id=held.id).update(**columns)
        assert (await holder.get("/me/resources/KIT-GCP2")).status_code == 404


async def test_a_withdrawn_resource_says_so_and_offers_others_but_none_that_is_restricted(
    client: Visitor, clock: Clock, db: TortoiseContext, asha: Person
) -> None:
    await accredit(asha)
    await on_the_shelf(now=clock.now)
    await on_the_shelf("7MB-NEW", now=clock.now, title="The new briefing")
    await on_the_shelf("KIT-GCP2", now=clock.now, title="Licensed tools", requires="GCP2")
    await withdraw_resource("7MB-CSE", reason="The law has changed.", replaced_by="7MB-NEW", by=SYSTEM, now=clock.now)
    page = await client.get("/resources/7MB-CSE")
    words = said(page.text)
    assert page.status_code == 410
    assert "This resource was withdrawn on 9 March 2026 The law has changed. Use this instead: The new briefing" in words
    assert ("Licensed tools" in words, words.count("The new briefing"), "Other resources on this" in words) == (False, 1, False)
    assert "Open on" not in words
    assert [(await client.get(f"/resources/7MB-CSE/{rest}")).status_code for rest in ("file", "link")] == [404, 404]
    assert "7MB-CSE" not in (await client.get("/resources")).text
    await Resource.filter(code="7MB-CSE").update(replaced_by_id=(await Resource.get(code="KIT-GCP2")).id)
    assert "Licensed tools" not in (await client.get("/resources/7MB-CSE")).text


async def test_markup_in_what_the_desk_typed_stays_text(client: Visitor, clock: Clock, db: TortoiseContext) -> None:
    nasty = '<script>alert("x")</script>'
    await on_the_shelf(
        now=clock.now, title=nasty, summary=f"{nasty} [go](javascript:alert(1)) https://ok.site.org", audience=nasty, source=nasty
    )
    for path in ("/resources", "/resources/7MB-CSE", "/resources/feed.xml", "/topics/cse"):
        text = (await client.get(path)).text
        assert (path, "<script>alert" in text, 'href="javascript' in text) == (path, False, False)


# ---- the feed -------------------------------------------------------------------------------------------------------


async def test_the_feed_is_valid_atom_of_the_same_resources_as_the_list(client: Visitor, clock: Clock, db: TortoiseContext) -> None:
    await on_the_shelf(now=clock.now, summary="A & B <c>\x0b")
    await on_the_shelf("FORM-1", now=clock.forward(hours=1), kind="form", title="A form", topics=())
    answer = await client.get("/resources/feed.xml?kind=briefing7")
    root = ET.fromstring(answer.content)  # noqa: S314 - our own
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert [child.tag.removeprefix(ATOM) for child in root] == ["title", "id", "link", "link", "updated", "author", "entry"]
    assert root.findtext(f"{ATOM}id") == "http://127.0.0.1:8000/resources/feed.xml?kind=briefing7"
    entry = root.find(f"{ATOM}entry")
    assert entry is not None
    assert (entry.findtext(f"{ATOM}id"), entry.findtext(f"{ATOM}updated"), entry.findtext(f"{ATOM}published")) == (
        "http://127.0.0.1:8000/resources/7MB-CSE", "2026-03-09T10:00:00Z", "2026-03-09T10:00:00Z",
    )  # fmt: skip
    assert entry.findtext(f"{ATOM}summary") == "7-minute briefing. For: All practitioners.\nA & B <c>"
    assert [one.get("term") for one in entry.findall(f"{ATOM}category")] == ["briefing7", "cse"]
    whole = ET.fromstring((await client.get("/resources/feed.xml")).content)  # noqa: S314 - our own
    assert [one.findtext(f"{ATOM}title") for one in whole.findall(f"{ATOM}entry")] == [
        "Form: A form",
        f"7-minute briefing: {BRIEFING.title}",
    ]


async def test_who_has_the_feed_already_is_told_so(client: Visitor, clock: Clock, db: TortoiseContext) -> None:
    await on_the_shelf(now=clock.now)
    first = await client.get("/resources/feed.xml")
    again = await client.get("/resources/feed.xml", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await save_resource(replace(BRIEFING, title="Another title"), code="7MB-CSE", by=SYSTEM, now=clock.forward(days=1))
    assert (await client.get("/resources/feed.xml", headers={"If-None-Match": first.headers["etag"]})).status_code == 200


async def test_an_empty_library_has_a_list_and_a_valid_feed(client: Visitor, db: TortoiseContext) -> None:
    assert "Nothing is in the library yet." in said((await client.get("/resources")).text)
    root = ET.fromstring((await client.get("/resources/feed.xml")).content)  # noqa: S314 - our own
    assert root.findtext(f"{ATOM}updated") == "2000-01-01T00:00:00Z"


# ---- use ------------------------------------------------------------------------------------------------------------


async def test_openings_are_counted_by_day_without_saying_whose(
    client: Visitor, clock: Clock, db: TortoiseContext, settings: Settings, asha: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    resource = await on_the_shelf(now=clock.now, file=a_file(settings.data_dir))
    for _ in range(2):
        await client.get("/resources/7MB-CSE/file", headers=FIREFOX)
    await client.get("/resources/7MB-CSE/link", headers=FIREFOX)
    await (await sign_in_as(asha)).get("/me/resources/7MB-CSE/link", headers=FIREFOX)
    # None of these is somebody's use.
    await client.get("/resources/7MB-CSE", headers=FIREFOX)
    await client.http.head("/resources/7MB-CSE/file", headers=FIREFOX)
    await client.get("/resources/7MB-CSE/file", headers=FIREFOX | {"Sec-Purpose": "prefetch"})
    await client.get("/resources/7MB-CSE/file", headers={"User-Agent": "Googlebot/2.1"})
    await (await sign_in_as(dee)).get("/resources/7MB-CSE/file", headers=FIREFOX)
    assert await ResourceUse.all().count() == 0
    await write_uses()
    assert await ResourceUse.all().values_list("resource_id", "day", "opened", "packed") == [(resource.id, date(2026, 3, 9), 4, 0)]


async def test_kept_pages_are_the_same_for_everybody(
    app: Headers, client: Visitor, clock: Clock, asha: Person, sign_in_as: SignInAs
) -> None:
    await on_the_shelf(now=clock.now)
    visitor = await sign_in_as(asha)
    for path in ("/resources", "/resources/7MB-CSE", "/topics", "/topics/cse", "/resources/feed.xml"):
        assert (path, (await client.get(path)).content == (await visitor.get(path)).content) == (path, True)
        assert (path, app.kept.key_of(path, b"") is not None) == (path, True)
