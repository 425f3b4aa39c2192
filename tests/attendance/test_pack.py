"""The pack: whose file is whose, what is taken and what is not, how it is served; and what trainers report."""

import asyncio
import io
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from marstraining.attendance.actions import NewFile, hand_out, mark_register
from marstraining.attendance.models import CourseFile, SessionReport
from marstraining.attendance.rules import FileKind, MarkWord, NewMark
from marstraining.core.config import Settings
from marstraining.core.errors import Refused
from marstraining.core.files import Stored, path_of, plain_name, store
from marstraining.core.viewer import SYSTEM, Role
from marstraining.core.web.dates import day
from marstraining.people.models import Person
from marstraining.programme.models import SessionTrainer
from tests import makers
from tests.attendance.registers import Held, a_held_session
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
PDF = b"%PDF-1.7\n%" + b"x" * 100


def office(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name in ("[Content_Types].xml", *names):
            package.writestr(name, "<x/>")
    return made.getvalue()


async def upload(visitor: Visitor, path: str, content: bytes = PDF, *, name: str = "slides.pdf", **fields: str) -> httpx2.Response:
    page = (await visitor.get(path)).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    data = {"csrf_token": token, "title": "Slides", "kind": "slides", **fields}
    files = {"file": (name, content, "application/octet-stream")}
    return await visitor.http.post(path, data=data, files=files, headers={"Sec-Fetch-Site": "same-origin"})


async def a_file(held: Held, kind: FileKind, settings: Settings, clock: Clock, *, for_course: bool = False) -> CourseFile:
    stored = await asyncio.to_thread(store, settings.data_dir, "a.pdf", io.BytesIO(PDF))
    new = NewFile(f"A {kind}", kind, "a.pdf", stored, for_course=for_course)
    await hand_out(held.session.id, new, by=SYSTEM, now=clock.now)
    return await CourseFile.all().order_by("-id").first() or CourseFile()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", PDF), ("A.PDF", PDF), ("a.png", b"\x89PNG\r\n\x1a\n1"), ("a.jpeg", b"\xff\xd8\xff\xe0"),
        ("a.docx", office("word/document.xml")),
        ("a.pptx", office("ppt/presentation.xml")), ("a.xlsx", office("xl/workbook.xml")),
    ],
)  # fmt: skip
def test_a_file_that_is_what_its_name_says_is_kept_out_of_sight(name: str, content: bytes, tmp_path: Path) -> None:
    stored = store(tmp_path, name, io.BytesIO(content))
    path = path_of(tmp_path, stored.stored_as)
    assert (path.read_bytes(), stored.size, path.stat().st_mode & 0o777, name in stored.stored_as) == (content, len(content), 0o600, False)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"<html>"), ("a.html", PDF), ("a.exe", b"MZ"), ("a", PDF), ("a.png", PDF), ("a.svg", b"<svg/>"), ("a.pdf", b""),
        ("a.docx", b"PK\x03\x04 no package"), ("a.docx", office("xl/workbook.xml")),
        ("a.docx", office("word/document.xml", "word/vbaProject.bin")),
        ("a.docm", office("word/document.xml")), ("a.pdf.exe", PDF), ("a.zip", office("x")),
    ],
)  # fmt: skip
def test_what_is_something_else_is_refused_and_leaves_nothing(name: str, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        store(tmp_path, name, io.BytesIO(content))
    assert list((tmp_path / "files").iterdir()) == []


def test_a_file_above_25_megabytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="smaller than 25MB"):
        store(tmp_path, "a.pdf", io.BytesIO(PDF + b"x" * 25 * 1024 * 1024))
    assert list((tmp_path / "files").iterdir()) == []


def test_a_name_keeps_its_last_part_alone() -> None:
    names = ("../../etc/passwd.pdf", "C:\\Users\\x\\Day 1.pdf", 'a"b\r\nX: y.pdf', "..", "Ł" * 300 + ".pptx")
    assert [plain_name(name) for name in names] == ["passwd.pdf", "Day 1.pdf", "a b X y.pdf", "", "Ł" * 116 + ".pptx"]


async def test_each_kind_is_for_whom_it_says_and_nobody_else(settings: Settings, clock: Clock, sign_in_as: SignInAs, dee: Person) -> None:
    held = await a_held_session(clock.now, people=2)
    booked, came = held.learners
    await mark_register(
        held.session.id,
        [NewMark(came.id, held.days[0], MarkWord.ATTENDED), NewMark(booked.id, held.days[0], MarkWord.ABSENT)],
        by=makers.as_desk(dee),
        now=clock.now,
    )
    cora, stranger = await makers.make_person("Cora", roles=(Role.CONTRIBUTOR,)), await makers.make_person("Una")
    await SessionTrainer.create(session=held.session, person=cora, state="accepted", is_contributor=True, asked_at=clock.now)
    refs = {kind: (await a_file(held, kind, settings, clock)).ref for kind in FileKind}
    people = {"dee": dee, "tess": held.trainer, "cora": cora, "booked": booked, "came": came, "stranger": stranger}
    opened: dict[str, list[str]] = {}
    for name, person in people.items():
        visitor = await sign_in_as(person)
        opened[name] = [str(kind) for kind, ref in refs.items() if (await visitor.get(f"/files/{ref}")).status_code == 200]
        listed = (await visitor.get("/me/files")).text
        dated = f"Child Protection, {day(held.session.starts_at)}"
        assert (">Pre-reading<" in listed, dated in listed) == (name in {"booked", "came"}, name not in {"dee", "stranger"})
        assert [str(kind) for kind, ref in refs.items() if ref in listed] == (
            opened[name] if name in {"booked", "came", "cora"} else (["running_order"] if name == "tess" else [])
        )
    everything = [str(kind) for kind in FileKind]
    assert opened == {
        "dee": everything, "tess": everything, "cora": ["running_order"], "booked": ["pre_reading"], "came": ["pre_reading", "handout"],
        "stranger": [],
    }  # fmt: skip


async def test_a_file_of_the_course_is_for_those_of_all_its_sessions(settings: Settings, clock: Clock, sign_in_as: SignInAs) -> None:
    course = await makers.make_course()
    held, other = await a_held_session(clock.now, course=course), await a_held_session(clock.now, course=course)
    elsewhere = await a_held_session(clock.now)
    file = await a_file(held, FileKind.PRE_READING, settings, clock, for_course=True)
    for one, status in ((held, 200), (other, 200), (elsewhere, 404)):
        for person in (one.learners[0], one.trainer):
            assert (await (await sign_in_as(person)).get(f"/files/{file.ref}")).status_code == status


async def test_a_file_is_served_to_be_saved_and_never_run(settings: Settings, clock: Clock, sign_in_as: SignInAs, client: Visitor) -> None:
    held = await a_held_session(clock.now)
    visitor = await sign_in_as(held.trainer)
    answer = await upload(visitor, f"/teaching/{held.session.ref}/files", name='Day "1" – Łucja.pdf')  # noqa: RUF001
    assert answer.headers["location"] == f"/teaching/{held.session.ref}/files?done=added"
    file = await CourseFile.get(session_id=held.session.id)
    served = await visitor.get(f"/files/{file.ref}")
    assert (served.content, served.headers["content-type"], served.headers["x-content-type-options"]) == (PDF, "application/pdf", "nosniff")
    assert served.headers["content-disposition"].startswith("attachment; filename*=UTF-8''Day%20")
    assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (await client.get(f"/files/{file.ref}")).status_code == 303


async def test_the_same_words_again_make_the_next_version_and_the_old_one_is_gone(
    settings: Settings, clock: Clock, sign_in_as: SignInAs
) -> None:
    held = await a_held_session(clock.now)
    visitor, path = await sign_in_as(held.trainer), f"/teaching/{held.session.ref}/files"
    for content in (PDF, PDF + b"2"):
        assert (await upload(visitor, path, content)).status_code == 303
    first, second = await CourseFile.all().order_by("id")
    assert (first.version, second.version, first.replaced_at is None, second.replaced_at is None) == (1, 2, False, True)
    assert [(await visitor.get(f"/files/{one.ref}")).status_code for one in (first, second)] == [404, 200]
    assert "version 2" in (await visitor.get(path)).text
    assert (await visitor.post(f"{path}/take-back", {"file": second.ref}, seen=path)).status_code == 303
    assert "There are no files yet" in (await visitor.get(path)).text


async def test_what_cannot_be_taken_is_said_beside_the_field_and_trainers_hand_out_for_their_session_alone(
    settings: Settings, clock: Clock, sign_in_as: SignInAs, asha: Person, dee: Person
) -> None:
    held = await a_held_session(clock.now)
    visitor, path = await sign_in_as(held.trainer), f"/teaching/{held.session.ref}/files"
    wrong = await upload(visitor, path, b"<html>", name="a.pdf")
    assert (wrong.status_code, "must be a PDF, a Word" in wrong.text) == (422, True)
    assert (await upload(visitor, path, title="", name="a.pdf")).status_code == 422
    assert list((settings.data_dir / "files").iterdir()) == []
    assert (await upload(visitor, path, for_course="yes")).status_code == 303
    assert (await CourseFile.get()).session_id == held.session.id
    assert (await upload(await sign_in_as(asha), path)).status_code in {404, 409}
    of_course = await a_file(held, FileKind.SLIDES, settings, clock, for_course=True)
    assert (await visitor.post(f"{path}/take-back", {"file": of_course.ref}, seen=path)).status_code == 404
    desk = f"/desk/sessions/{held.session.ref}/files"
    assert (await (await sign_in_as(dee)).post(f"{desk}/take-back", {"file": of_course.ref}, seen=desk)).status_code == 303


async def test_a_file_whose_row_is_refused_is_not_left_behind(settings: Settings, clock: Clock, sign_in_as: SignInAs) -> None:
    held = await a_held_session(clock.now)
    for number in range(40):
        new = NewFile(f"File {number}", FileKind.SLIDES, "a.pdf", Stored(f"s{number}", "application/pdf", 1, "0"))
        await hand_out(held.session.id, new, by=SYSTEM, now=clock.now)
    full = await upload(await sign_in_as(held.trainer), f"/teaching/{held.session.ref}/files", title="One more")
    assert (full.status_code, "40 files already" in full.text, list((settings.data_dir / "files").iterdir())) == (422, True, [])


async def test_a_trainer_reports_once_and_again_and_the_desk_reads_it(
    clock: Clock, sign_in_as: SignInAs, dee: Person, asha: Person
) -> None:
    held = await a_held_session(clock.now)
    visitor, path = await sign_in_as(held.trainer), f"/teaching/{held.session.ref}/report"
    assert (await visitor.post(path)).status_code == 422
    assert "must be a whole number" in (await visitor.post(path, {"room": "Cold", "delivery_minutes": "long"})).text
    for room in ("Cold", "Cold, and no blinds"):
        fields = {"room": room, "delivery_minutes": "180", "preparation_minutes": "240"}
        assert (await visitor.post(path, fields)).headers["location"] == f"{path}?done=reported"
    assert await SessionReport.all().values("room", "delivery_minutes") == [{"room": "Cold, and no blinds", "delivery_minutes": 180}]
    assert "Cold, and no blinds" in (await visitor.get(path)).text
    shown = (await (await sign_in_as(dee)).get(f"/desk/sessions/{held.session.ref}/trainer-reports")).text
    assert ("Cold, and no blinds" in shown, "240 minutes" in shown) == (True, True)
    for address in (path, f"/desk/sessions/{held.session.ref}/trainer-reports"):
        assert (await (await sign_in_as(asha)).get(address)).status_code == 404
    coming = await a_held_session(clock.now, starts=clock.now + timedelta(hours=3))
    early, here = await sign_in_as(coming.trainer), f"/teaching/{coming.session.ref}"
    shown = (await early.get(f"{here}/report")).text
    assert ("has not begun" in shown, "How was the technology?" in shown, f'href="{here}/report"' in (await early.get(here)).text) == (
        True, False, False,
    )  # fmt: skip
    refused = await early.post(f"{here}/report", {"room": "Fine"}, seen=here)
    assert (refused.status_code, "has not begun" in refused.text) == (422, True)
    clock.travel_to(coming.session.starts_at)
    assert f'href="{here}/report"' in (await early.get(here)).text


async def test_a_report_of_an_online_session_is_not_asked_about_the_room(clock: Clock, sign_in_as: SignInAs) -> None:
    held = await a_held_session(clock.now, delivery="online")
    shown = (await (await sign_in_as(held.trainer)).get(f"/teaching/{held.session.ref}/report")).text
    assert ("How was the room?" in shown, "How was the technology?" in shown) == (False, True)
