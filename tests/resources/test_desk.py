"""The library at the desk: what needs doing, adding with a file, versions, checks, withdrawing; and nobody else there."""

import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import httpx2
import pytest
from tortoise.context import TortoiseContext

from marstraining.core.config import Settings
from marstraining.core.viewer import SYSTEM, Role
from marstraining.people.models import Person
from marstraining.resources.actions import check_quality
from marstraining.resources.models import QualityCheck, Resource, ResourceLink, ResourceUse, ResourceVersion
from marstraining.resources.rules import QualityNote, Verdict
from tests import makers
from tests.conftest import Clock, Visitor
from tests.resources.shelf import PDF, a_file, on_the_shelf
from tests.resources.test_pages import said
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]


@pytest.fixture
async def desk(dee: Person, sign_in_as: SignInAs) -> Visitor:
    return await sign_in_as(dee)


async def upload(visitor: Visitor, path: str, content: bytes | None = PDF, *, name: str = "a.pdf", **fields: Any) -> httpx2.Response:
    page = (await visitor.get(path)).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    # An empty choice of a file is sent as a file without a name.
    files = {"file": (name, content, "application/octet-stream") if content is not None else ("", b"", "application/octet-stream")}
    return await visitor.http.post(path, data={"csrf_token": token, **fields}, files=files, headers={"Sec-Fetch-Site": "same-origin"})


async def test_the_list_shows_both_dates_of_every_resource_in_four_statements_whatever_its_length(
    desk: Visitor, clock: Clock, db: TortoiseContext
) -> None:
    counted = []
    for number in range(3):
        resource = await on_the_shelf(f"SPOT-{number}", now=clock.now, title=f"Spotlight {number}", kind="spotlight")
        await ResourceLink.filter(resource_id=resource.id).update(state="ok", outcome="works", checked_at=clock.now)
        await check_quality(f"SPOT-{number}", QualityNote(date(2026, 2, 2), "Nurse", Verdict.GOOD), by=SYSTEM, now=clock.now)
        async with statements(db) as heard:
            page = await desk.get("/desk/resources")
        counted.append(len(heard))
    assert counted == [4, 4, 4]
    assert said(page.text).count("Works 9 Mar 2026 2 Feb 2026") == 3


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("?needs=broken", ["Broken"]),
        ("?needs=unchecked", ["Unchecked"]),
        ("?needs=review", ["Late"]),
        ("?needs=quality", ["Never looked at"]),
        ("?state=withdrawn", ["Gone"]),
        ("?q=late", ["Late"]),
        ("?needs=nonsense&sort=-title", ["Unchecked", "Never looked at", "Late", "Broken"]),
        ("?sort=quality", ["Never looked at", "Broken", "Unchecked", "Late"]),
    ],
)
async def test_the_list_is_narrowed_to_what_needs_doing(
    desk: Visitor, clock: Clock, db: TortoiseContext, query: str, titles: list[str]
) -> None:
    today = clock.now.date()
    for number, title in enumerate(("Broken", "Unchecked", "Late", "Never looked at", "Gone")):
        code = f"R-{number}-X"
        await on_the_shelf(code, now=clock.now, title=title, review_by=today - timedelta(days=1) if title == "Late" else today)
        resource = await Resource.get(code=code)
        await ResourceLink.filter(resource_id=resource.id).update(state={0: "broken", 1: "unchecked"}.get(number, "ok"))
        if title != "Never looked at":
            await check_quality(code, QualityNote(today - timedelta(days=40 - number), "Nurse", Verdict.GOOD), by=SYSTEM, now=clock.now)
    await Resource.filter(title="Gone").update(withdrawn_at=clock.now, withdrawn_reason="Old")
    page = (await desk.get(f"/desk/resources{query}")).text
    assert re.findall(r'href="/desk/resources/R-[^"]*">([^<]*)</a>', page) == titles


async def test_today_counts_what_needs_doing_for_the_desk_alone(desk: Visitor, clock: Clock, sign_in_as: SignInAs) -> None:
    await on_the_shelf(now=clock.now, review_by=date(2026, 3, 1))
    await ResourceLink.all().update(state="broken")
    words = said((await desk.get("/desk")).text)
    assert "1 resource with a broken link 1 resource to review 1 resource due a quality check" in words
    administrator = await sign_in_as(await makers.make_person("Ada Admin", roles=(Role.ADMINISTRATOR,)))
    assert "resource" not in said((await administrator.get("/desk")).text)
    assert (await administrator.get("/desk/resources")).status_code == 404


async def test_the_list_is_taken_away_with_everything_in_it(desk: Visitor, clock: Clock) -> None:
    await on_the_shelf(now=clock.now, review_by=date(2027, 1, 1))
    await ResourceLink.all().update(state="broken", outcome="gone", checked_at=clock.now)
    await check_quality("7MB-CSE", QualityNote(date(2026, 2, 2), "Nurse", Verdict.GOOD), by=SYSTEM, now=clock.now)
    lines = (await desk.get("/desk/resources?export=csv")).text.splitlines()
    assert lines[0].removeprefix("\ufeff") == (
        "Resource,Code,Kind,Source,Owner,Link,What the last look found,Link checked,Quality checked,Quality checked by,Reviewed,Review by,"
        "Used in 90 days,Only for accreditation,Web address,File"
    )
    assert lines[1].startswith(
        "Child sexual exploitation: learning from an event,7MB-CSE,7-minute briefing,Children's MARS,Workforce development officer,Broken,"
        "The page is not there,9 Mar 2026,2 Feb 2026,Nurse,,1 Jan 2027,0,"
    )


async def test_a_resource_is_added_with_a_file_and_a_code_made_from_its_title(desk: Visitor, clock: Clock, settings: Settings) -> None:
    answer = await upload(desk, "/desk/resources/new", title="Neglect: a guide", kind="briefing7", topics="neglect\nearly help", code="")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/resources/7MB-NEGLECT-A-GUIDE?done=added")
    page = await desk.get(answer.headers["location"])
    assert "The resource is in the library." in said(page.text)
    version = await ResourceVersion.all().get()
    assert (version.file_name, version.content_type, version.size) == ("a.pdf", "application/pdf", len(PDF))
    assert (await desk.get("/resources/7MB-NEGLECT-A-GUIDE/file")).content == PDF


@pytest.mark.parametrize(
    ("content", "name", "fields", "sentence"),
    [
        (None, "", {"title": "A"}, "Add a file or enter a web address"),
        (b"<html><script>", "a.pdf", {"title": "A"}, "The selected file must be a PDF, a Word, PowerPoint or Excel file"),
        (PDF, "a.exe", {"title": "A"}, "The selected file must be a PDF, a Word, PowerPoint or Excel file"),
        (PDF, "a.pdf", {"title": ""}, "Enter the title"),
        (PDF, "a.pdf", {"title": "A", "url": "http://10.0.0.1/"}, "Enter a web address in the correct format"),
        (PDF, "a.pdf", {"title": "A", "code": "a b"}, "The code must be 3 to 30 capital letters"),
        (PDF, "a.pdf", {"title": "A", "requires": "NOTHING"}, "There is no course with the code “NOTHING”"),
        (PDF, "a.pdf", {"title": "A", "kind": "poem"}, "Select what kind of resource it is"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_nothing_of_the_file_is_left(
    desk: Visitor, clock: Clock, settings: Settings, content: bytes | None, name: str, fields: dict[str, str], sentence: str
) -> None:
    answer = await upload(desk, "/desk/resources/new", content, name=name, **{"kind": "form", "code": "FORM-1", "owner": "Kept", **fields})
    assert (answer.status_code, sentence in said(answer.text), 'value="Kept"' in answer.text) == (422, True, True)
    folder = settings.data_dir / "files"
    assert (await Resource.all().count(), list(folder.iterdir()) if folder.is_dir() else []) == (0, [])


async def test_a_resource_is_changed_and_keeps_its_code(desk: Visitor, clock: Clock) -> None:
    await on_the_shelf(now=clock.now)
    page = await desk.get("/desk/resources/7MB-CSE/edit")
    assert 'name="code"' not in page.text
    fields = {"title": "New title", "kind": "spotlight", "url": "https://guide.site.org/cse", "audience_codes": "schools", "code": "OTHER"}
    for done in ("saved", "unchanged"):
        answer = await desk.post("/desk/resources/7MB-CSE/edit", fields)
        assert answer.headers["location"] == f"/desk/resources/7MB-CSE?done={done}"
    resource = await Resource.get(code="7MB-CSE")
    assert (resource.title, resource.kind, resource.audience_codes) == ("New title", "spotlight", ["schools"])
    wrong = await desk.post(
        "/desk/resources/7MB-CSE/edit", fields | {"review_by-day": "31", "review_by-month": "2", "review_by-year": "2027"}
    )
    assert (wrong.status_code, "must be a real date" in wrong.text) == (422, True)


async def test_a_new_version_replaces_the_file_and_the_earlier_one_is_the_desks(
    desk: Visitor, client: Visitor, clock: Clock, settings: Settings
) -> None:
    await on_the_shelf(now=clock.now, file=a_file(settings.data_dir))
    answer = await upload(desk, "/desk/resources/7MB-CSE/file", b"%PDF-2", name="b.pdf", note="New law")
    assert answer.headers["location"] == "/desk/resources/7MB-CSE?done=version"
    assert (await client.get("/resources/7MB-CSE/file")).content == b"%PDF-2"
    assert (await desk.get("/desk/resources/7MB-CSE/versions/1")).content == PDF
    assert [(await desk.get(f"/desk/resources/7MB-CSE/versions/{number}")).status_code for number in ("3", "x")] == [404, 404]
    assert "Version 2: New law" in said((await client.get("/resources/7MB-CSE")).text)
    twice = await upload(desk, "/desk/resources/7MB-CSE/file", b"%PDF-2", name="b.pdf", note="New law")
    assert (twice.headers["location"], len(list((settings.data_dir / "files").iterdir()))) == ("/desk/resources/7MB-CSE?done=unchanged", 2)
    nothing = await upload(desk, "/desk/resources/7MB-CSE/file", None)
    assert (nothing.status_code, "Select a file" in nothing.text) == (422, True)


async def test_a_quality_check_is_noted_with_its_day_and_role(desk: Visitor, clock: Clock, dee: Person) -> None:
    await on_the_shelf(now=clock.now)
    day = {"checked_on-day": "8", "checked_on-month": "3", "checked_on-year": "2026"}
    wrong = await desk.post("/desk/resources/7MB-CSE/check", day | {"role": "Nurse", "verdict": "changes"})
    assert (wrong.status_code, "Say what needs to change" in wrong.text) == (422, True)
    unsaid = await desk.post("/desk/resources/7MB-CSE/check", day | {"role": "Nurse", "verdict": "good", "is_reviewed": "yes"})
    assert (unsaid.status_code, "Enter the day of the next review" in unsaid.text) == (422, True)
    for done in ("checked", "noted"):
        answer = await desk.post("/desk/resources/7MB-CSE/check", day | {"role": "Nurse", "verdict": "good"})
        assert answer.headers["location"] == f"/desk/resources/7MB-CSE?done={done}"
    assert await QualityCheck.all().values_list("checked_on", "role", "by_id") == [(date(2026, 3, 8), "Nurse", dee.id)]
    assert "Checked 8 March 2026 (Nurse)." in said((await desk.get("/resources/7MB-CSE")).text)


async def test_withdrawing_asks_why_and_bringing_back_undoes_it(desk: Visitor, clock: Clock) -> None:
    await on_the_shelf(now=clock.now)
    await on_the_shelf("7MB-NEW", now=clock.now, title="New")
    wrong = await desk.post("/desk/resources/7MB-CSE/withdraw", {"reason": ""})
    assert (wrong.status_code, "Say why" in wrong.text) == (422, True)
    done = await desk.post("/desk/resources/7MB-CSE/withdraw", {"reason": "Old law", "replaced_by": "7MB-NEW"})
    assert done.headers["location"] == "/desk/resources/7MB-CSE?done=withdrawn"
    assert "Readers are led to New" in said((await desk.get("/desk/resources/7MB-CSE")).text)
    back = await desk.post("/desk/resources/7MB-CSE/back", seen="/desk/resources/7MB-CSE")
    assert (back.status_code, (await desk.get("/resources/7MB-CSE")).status_code) == (303, 200)


async def test_links_are_looked_at_again_and_a_moved_one_is_followed_by_a_press(desk: Visitor, clock: Clock) -> None:
    await on_the_shelf(now=clock.now)
    moved = {"state": "ok", "outcome": "moved", "status": 200, "leads_to": "https://guide.site.org/new", "checked_at": clock.now}
    await ResourceLink.all().update(**moved, check_at=clock.now + timedelta(days=7))
    page = said((await desk.get("/desk/resources/7MB-CSE")).text)
    assert "It works, at a new address. It has moved for good to https://guide.site.org/new" in page
    await desk.post("/desk/resources/7MB-CSE/look-again", seen="/desk/resources/7MB-CSE")
    assert (await ResourceLink.all().get()).check_at == clock.now
    followed = await desk.post("/desk/resources/7MB-CSE/new-address", seen="/desk/resources/7MB-CSE")
    assert followed.headers["location"] == "/desk/resources/7MB-CSE?done=moved"
    assert (await Resource.get(code="7MB-CSE")).url == "https://guide.site.org/new"


async def test_use_is_shown_by_month(desk: Visitor, clock: Clock) -> None:
    resource = await on_the_shelf(now=clock.now)
    for day, opened in ((date(2026, 3, 8), 3), (date(2026, 3, 1), 2), (date(2026, 2, 28), 1), (date(2025, 2, 1), 99)):
        await ResourceUse.create(resource_id=resource.id, day=day, opened=opened, packed=1)
    words = said((await desk.get("/desk/resources/7MB-CSE")).text)
    assert "March 2026 5 2 February 2026 1 1 Counted by day" in words


async def test_history_names_the_resource(desk: Visitor, clock: Clock) -> None:
    await on_the_shelf(now=clock.now)
    assert "Added a resource" in said((await desk.get("/desk/history/resource/7MB-CSE")).text)
    assert 'href="/desk/resources/7MB-CSE"' in (await desk.get("/desk/history?kind=resource")).text


@pytest.mark.parametrize("role", [None, Role.TRAINER, Role.AGENCY_LEAD, Role.PARTNER_ORGANISER, Role.BOARD_READER])
async def test_nobody_else_finds_or_changes_anything_here(role: Role | None, clock: Clock, sign_in_as: SignInAs) -> None:
    await on_the_shelf(now=clock.now)
    agency = await makers.make_agency("Their School")
    visitor = await sign_in_as(await makers.make_person("Rory Role", agency=agency, roles=(role,) if role else ()))
    root = "/desk/resources/7MB-CSE"
    looked = [
        (await visitor.get(path)).status_code for path in ("/desk/resources", "/desk/resources/new", root, f"{root}/edit", f"{root}/check")
    ]
    sent = [
        (await visitor.http.post(path, data={"reason": "x"}, headers={"Sec-Fetch-Site": "same-origin"})).status_code
        for path in (f"{root}/withdraw", f"{root}/look-again", f"{root}/back", f"{root}/edit", "/desk/resources/new")
    ]
    assert (looked, sent, await Resource.filter(withdrawn_at__isnull=True).count()) == ([404] * 5, [404] * 5, 1)
