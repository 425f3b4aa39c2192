"""Files that people send in and a real little scanner: nothing that it has not found clean is served or read, and who must know is told."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
from tortoise.context import TortoiseContext

from marstraining.app import all_routes
from marstraining.attendance.models import CourseFile, MeetingReport, WaitingReport
from marstraining.core import config
from marstraining.core.config import Settings
from marstraining.core.files import path_of, quarantined, write
from marstraining.core.viewer import Role
from marstraining.core.web.guards import BODY_LIMIT
from marstraining.core.web.headers import Headers
from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.uploads.actions import hold_back_unscanned, scan_waiting_files
from marstraining.uploads.models import UploadedFile
from marstraining.uploads.rules import next_try
from tests import makers
from tests.attendance.registers import Held, a_held_session
from tests.conftest import Clock, Visitor
from tests.reported_marks.reported import SignInAs, words_in
from tests.scanners import EICAR, Scanner, a_scanner
from tests.statements import statements
from tests.uploads.sending import BAD, PDF, a_pack_file, aged, files, letters, lying, some_evidence, upload


@pytest_asyncio.fixture
async def scanner(app: Headers, settings: Settings) -> AsyncIterator[Scanner]:
    async with a_scanner() as listening:
        config.use(replace(settings, scan_url=listening.url))
        yield listening


@pytest.fixture
async def session(db: TortoiseContext, clock: Clock) -> Held:
    return await a_held_session(clock.now)


@pytest.fixture
async def trainer(session: Held, sign_in_as: SignInAs) -> Visitor:
    return await sign_in_as(session.trainer)


# ---- files that are kept -----------------------------------------------------------------------------------------------


async def test_a_trainers_file_is_nobodys_until_it_is_found_clean(
    scanner: Scanner, trainer: Visitor, session: Held, settings: Settings, clock: Clock
) -> None:
    file = await a_pack_file(trainer, session, PDF)
    assert lying(settings) == [f"quarantine/{file.stored_as}"]
    page = f"/teaching/{session.session.ref}/files"
    shown = (await trainer.get(page)).text
    assert (f"/files/{file.ref}" in shown, "Being checked" in shown) == (False, True)
    answer = await trainer.get(f"/files/{file.ref}")
    assert (answer.status_code, PDF in answer.content) == (409, False)
    assert "This file is still being checked for viruses. Try again in a few minutes." in answer.text
    assert await scan_waiting_files(now=clock.now) == 1
    assert (await trainer.get(f"/files/{file.ref}")).content == PDF
    assert f"/files/{file.ref}" in (await trainer.get(page)).text
    assert (lying(settings), scanner.scanned) == ([file.stored_as], [PDF])
    assert await files() == [("a.pdf", "pack", "clean", "", session.trainer.id)]
    assert (await scan_waiting_files(now=clock.now), await letters()) == (0, [])


async def test_a_trainers_file_with_a_virus_is_removed_its_row_says_so_and_who_must_know_is_told(
    scanner: Scanner, trainer: Visitor, session: Held, settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    await Person.filter(id=session.trainer.id).update(email="tess@council.example")
    file = await a_pack_file(trainer, session, BAD)
    assert await scan_waiting_files(now=clock.now) == 1
    assert lying(settings) == []
    assert await files() == [("a.pdf", "pack", "infected", "Eicar-Test-Signature", session.trainer.id)]
    answer = await trainer.get(f"/files/{file.ref}")
    assert (answer.status_code, "A virus was found in this file, so it was removed." in answer.text) == (409, True)
    assert "Virus found, removed" in (await trainer.get(f"/teaching/{session.session.ref}/files")).text
    reply_to = settings.partnership.reply_to
    assert await letters() == [("file_infected_desk", reply_to), ("file_infected", "tess@council.example")]
    [told] = await Message.filter(template="file_infected")
    assert (told.context["file_name"], told.context["threat"]) == ("a.pdf", "Eicar-Test-Signature")
    desk = await sign_in_as(dee)
    assert "1 file with a virus, removed" in words_in((await desk.get("/desk")).text)
    listed = words_in((await desk.get("/desk/uploads")).text)
    assert "a.pdf File of a session, from Tess Trainer" in listed
    assert "A virus was found: Eicar-Test-Signature . The file is removed and nobody could open it." in listed
    uploaded = await UploadedFile.get()
    answer = await desk.post("/desk/uploads/seen", {"file": uploaded.ref}, seen="/desk/uploads")
    assert answer.headers["location"] == "/desk/uploads?done=seen"
    assert "Nothing to look into" in (await desk.get("/desk/uploads")).text
    assert "with a virus" not in (await desk.get("/desk")).text
    assert (await desk.post("/desk/uploads/seen", {"file": uploaded.ref}, seen="/desk")).status_code == 303
    assert (await desk.post("/desk/uploads/seen", {"file": "0" * 10}, seen="/desk")).status_code == 404
    told_in_history = [row["action"] for row in await Entry.filter(subject_kind="file").order_by("id").values("action")]
    assert told_in_history == ["virus_found", "look_into_file"]


async def test_evidence_is_its_owners_and_the_desks_only_once_it_is_clean(
    scanner: Scanner, asha: Person, dee: Person, sign_in_as: SignInAs, settings: Settings, clock: Clock
) -> None:
    visitor, desk = await sign_in_as(asha), await sign_in_as(dee)
    entry = await some_evidence(visitor, PDF)
    paths = [f"/me/record/external/{entry.ref}/file", f"/desk/people/{asha.ref}/record/external/{entry.ref}/file"]
    assert [(await who.get(path)).status_code for who, path in zip((visitor, desk), paths, strict=True)] == [409, 409]
    for who, path in ((visitor, "/me/record"), (desk, f"/desk/people/{asha.ref}/record")):
        shown = words_in((await who.get(path)).text)
        assert "being checked for viruses" in shown
    await scan_waiting_files(now=clock.now)
    assert [(await who.get(path)).content for who, path in zip((visitor, desk), paths, strict=True)] == [PDF, PDF]
    bad = await some_evidence(visitor, BAD)
    await scan_waiting_files(now=clock.now)
    assert (await visitor.get(f"/me/record/external/{bad.ref}/file")).status_code == 409
    assert "a virus was found in it, so it was removed" in words_in((await visitor.get("/me/record")).text)
    assert "Ask them for a clean copy before you decide." in words_in((await desk.get(f"/desk/people/{asha.ref}/record")).text)
    assert lying(settings) == [entry.stored_as]
    assert await letters() == [("file_infected_desk", settings.partnership.reply_to), ("file_infected", "asha@stlukes.example")]


async def test_an_entry_that_goes_takes_its_file_out_of_quarantine_with_it(
    scanner: Scanner, asha: Person, sign_in_as: SignInAs, settings: Settings, clock: Clock
) -> None:
    visitor = await sign_in_as(asha)
    entry = await some_evidence(visitor, PDF)
    await visitor.post(f"/me/record/external/{entry.ref}/remove", seen="/me/record")
    assert (lying(settings), await files(), await scan_waiting_files(now=clock.now)) == ([], [], 0)


async def test_without_a_scanner_files_are_there_at_once(trainer: Visitor, session: Held, settings: Settings, clock: Clock) -> None:
    path = f"/teaching/{session.session.ref}/files"
    answer = await upload(trainer, path, PDF, title="Slides", kind="slides")
    assert answer.headers["location"] == f"{path}?done=added"
    file = await CourseFile.get()
    assert (await trainer.get(f"/files/{file.ref}")).content == PDF
    assert (lying(settings), await files()) == ([file.stored_as], [("a.pdf", "pack", "unscanned", "", session.trainer.id)])
    assert (await scan_waiting_files(now=clock.now), await hold_back_unscanned(now=clock.now)) == (0, 0)


# ---- when the scanner is away, or will not ------------------------------------------------------------------------------


async def test_while_the_scanner_is_away_files_wait_the_desk_is_told_and_they_are_scanned_when_it_is_back(
    trainer: Visitor, session: Held, settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    async with a_scanner() as gone:
        config.use(replace(settings, scan_url=gone.url))
        file = await a_pack_file(trainer, session, PDF)
    assert await scan_waiting_files(now=clock.now) == 0
    assert lying(settings) == [f"quarantine/{file.stored_as}"]
    desk = await sign_in_as(dee)
    assert "not checked for viruses" not in (await desk.get("/desk")).text
    clock.forward(minutes=16)
    assert "1 file not checked for viruses" in words_in((await desk.get("/desk")).text)
    assert "Waiting to be checked for viruses since" in words_in((await desk.get("/desk/uploads")).text)
    async with a_scanner() as back:
        config.use(replace(settings, scan_url=back.url))
        assert await scan_waiting_files(now=clock.now) == 1
    assert lying(settings) == [file.stored_as]
    assert "not checked for viruses" not in (await desk.get("/desk")).text


@pytest.mark.parametrize("answer", [b"", b"stream: PERHAPS\0"])
async def test_what_is_not_understood_is_not_clean_and_does_not_keep_other_files_waiting(
    answer: bytes, scanner: Scanner, trainer: Visitor, session: Held, settings: Settings, clock: Clock
) -> None:
    odd, good = await a_pack_file(trainer, session, PDF + b"odd", "Odd"), await a_pack_file(trainer, session, PDF, "Good")
    scanner.answers = lambda data: answer if b"odd" in data else b"stream: OK\0"
    assert await scan_waiting_files(now=clock.now) == 1
    assert lying(settings) == sorted([good.stored_as, f"quarantine/{odd.stored_as}"])
    [row] = await UploadedFile.filter(stored_as=odd.stored_as)
    assert (row.state, row.tries, row.next_try_at) == ("waiting", 1, clock.now + timedelta(minutes=1))
    seen = len(scanner.scanned)
    await scan_waiting_files(now=clock.forward(seconds=30))
    assert len(scanner.scanned) == seen
    scanner.answers = None
    assert await scan_waiting_files(now=clock.forward(minutes=1)) == 1
    assert lying(settings) == sorted([good.stored_as, odd.stored_as])


async def test_a_file_that_the_scanner_will_not_have_waits_and_says_why(
    scanner: Scanner, trainer: Visitor, session: Held, settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    scanner.most = 50
    await a_pack_file(trainer, session, PDF)
    assert await scan_waiting_files(now=clock.now) == 0
    clock.forward(minutes=20)
    listed = words_in((await (await sign_in_as(dee)).get("/desk/uploads")).text)
    assert "The scanner says: INSTREAM size limit exceeded ." in listed


def test_a_file_is_tried_again_later_and_later_and_hourly_at_last(clock: Clock) -> None:
    waits = [round((next_try(tries, now=clock.now) - clock.now).total_seconds() / 60) for tries in (1, 2, 3, 7, 8, 500)]
    assert waits == [1, 2, 4, 60, 60, 60]


async def test_a_scanner_that_takes_too_long_leaves_the_file_in_quarantine(
    scanner: Scanner, trainer: Visitor, session: Held, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marstraining.core.scanner.scan.__kwdefaults__", {"deadline": 0.2})
    scanner.answers = lambda _: None
    file = await a_pack_file(trainer, session, PDF)
    assert await scan_waiting_files(now=clock.now) == 0
    assert lying(settings) == [f"quarantine/{file.stored_as}"]


# ---- kills, crowds, and files of which no row tells ----------------------------------------------------------------------


async def test_two_workers_at_once_tell_of_a_virus_once(
    scanner: Scanner, trainer: Visitor, session: Held, settings: Settings, clock: Clock
) -> None:
    await a_pack_file(trainer, session, BAD)
    assert sum(await asyncio.gather(*(scan_waiting_files(now=clock.now) for _ in range(3)))) == 1
    assert (lying(settings), len(await letters())) == ([], 2)


async def test_a_worker_that_was_stopped_between_noting_and_removing_removes_when_it_is_back(
    scanner: Scanner, trainer: Visitor, session: Held, settings: Settings, clock: Clock
) -> None:
    file = await a_pack_file(trainer, session, BAD)
    await UploadedFile.filter(stored_as=file.stored_as).update(state="infected", threat="Eicar-Test-Signature")
    assert await scan_waiting_files(now=clock.now) == 0
    assert (lying(settings), scanner.scanned, await letters()) == ([], [], [])


async def test_a_worker_that_was_stopped_between_letting_out_and_noting_holds_back_and_scans_again(
    scanner: Scanner, trainer: Visitor, session: Held, settings: Settings, clock: Clock
) -> None:
    file = await a_pack_file(trainer, session, PDF)
    quarantined(settings.data_dir, file.stored_as).rename(path_of(settings.data_dir, file.stored_as))
    aged(path_of(settings.data_dir, file.stored_as), clock.now - timedelta(hours=1))
    assert await hold_back_unscanned(now=clock.now) == 1
    assert await scan_waiting_files(now=clock.now) == 1
    assert (lying(settings), (await UploadedFile.get()).state) == ([file.stored_as], "clean")


async def test_a_scanner_that_is_set_later_looks_at_every_file_that_there_is(
    trainer: Visitor, session: Held, asha: Person, sign_in_as: SignInAs, settings: Settings, clock: Clock
) -> None:
    path = f"/teaching/{session.session.ref}/files"
    await upload(trainer, path, BAD, title="Slides", kind="slides")
    before = write(settings.data_dir, io.BytesIO(PDF))
    for name in lying(settings):
        aged(settings.data_dir / "files" / name, clock.now - timedelta(hours=1))
    async with a_scanner() as scanner:
        config.use(replace(settings, scan_url=scanner.url))
        assert await hold_back_unscanned(now=clock.now) == 2
        assert [name.partition("/")[0] for name in lying(settings)] == ["quarantine", "quarantine"]
        assert await scan_waiting_files(now=clock.now) == 2
        assert (lying(settings), len(scanner.scanned)) == ([before], 2)
        assert await hold_back_unscanned(now=clock.now) == 0
    assert sorted(await files(), key=str) == [
        ("A file without a name", "", "clean", "", None),
        ("a.pdf", "pack", "infected", "Eicar-Test-Signature", session.trainer.id),
    ]


async def test_a_file_whose_entry_is_just_being_written_is_left_for_the_next_run(
    scanner: Scanner, db: TortoiseContext, clock: Clock
) -> None:
    settings = config.current()
    name = write(settings.data_dir, io.BytesIO(PDF))
    aged(quarantined(settings.data_dir, name), clock.now)
    assert (await scan_waiting_files(now=clock.now), await files()) == (0, [])
    assert await scan_waiting_files(now=clock.forward(minutes=11)) == 1
    assert await files() == [("A file without a name", "", "clean", "", None)]


async def test_a_row_whose_file_lies_nowhere_waits_no_more(
    scanner: Scanner, trainer: Visitor, session: Held, settings: Settings, clock: Clock
) -> None:
    file = await a_pack_file(trainer, session, PDF)
    quarantined(settings.data_dir, file.stored_as).unlink()
    assert (await scan_waiting_files(now=clock.now), await hold_back_unscanned(now=clock.now)) == (0, 0)
    assert await hold_back_unscanned(now=clock.forward(minutes=11)) == 1
    assert (await UploadedFile.get()).state == "gone"
    assert (await trainer.get(f"/files/{file.ref}")).status_code == 404


# ---- files that are read at once ------------------------------------------------------------------------------------------


async def test_an_attendance_report_is_scanned_before_it_is_read(
    scanner: Scanner, trainer: Visitor, session: Held, settings: Settings, dee: Person, sign_in_as: SignInAs
) -> None:
    path = f"/teaching/{session.session.ref}/reports"
    report = b"Name,Time\nAsha,09:30\n"
    answer = await upload(trainer, path, report + EICAR, "r.csv")
    assert answer.status_code == 422
    assert "“r.csv” holds a virus (Eicar-Test-Signature). It was not read and nothing of it is kept." in words_in(answer.text)
    assert (await WaitingReport.all().count(), await MeetingReport.all().count(), lying(settings)) == (0, 0, [])
    await upload(trainer, path, report + EICAR, "r.csv")
    assert await files() == [("r.csv", "report", "infected", "Eicar-Test-Signature", session.trainer.id)]
    assert await letters() == [("file_infected_desk", settings.partnership.reply_to)]
    listed = words_in((await (await sign_in_as(dee)).get("/desk/uploads")).text)
    assert "r.csv Attendance report, from Tess Trainer" in listed
    scanner.answers = lambda _: b"stream: PERHAPS\0"
    answer = await upload(trainer, path, report, "r.csv")
    assert "“r.csv” was not read. Files are checked for viruses first, and the scanner does not answer" in words_in(answer.text)
    scanner.answers = lambda _: b"stream: too large ERROR\0"
    assert "the scanner does not take this one: tell the training team" in words_in((await upload(trainer, path, report, "r.csv")).text)
    scanner.answers = None
    assert "/reports/columns/" in (await upload(trainer, path, report, "r.csv")).headers["location"]
    [waits] = await WaitingReport.all()
    # It was found clean before it was put aside, so it need not wait.
    assert lying(settings) == [waits.stored_as]
    assert (await UploadedFile.get(stored_as=waits.stored_as)).state == "clean"


async def test_a_list_of_people_is_scanned_before_it_is_read(scanner: Scanner, dee: Person, sign_in_as: SignInAs) -> None:
    desk = await sign_in_as(dee)
    course = await makers.make_course("Child Protection", code="CP")
    fields = {"course": course.code}
    answer = await upload(desk, "/agency/check", b"a@x.example\n" + EICAR, "list.csv", **fields)
    assert "“list.csv” holds a virus (Eicar-Test-Signature)." in words_in(answer.text)
    assert await files() == [("list.csv", "list", "infected", "Eicar-Test-Signature", dee.id)]
    answer = await upload(desk, "/agency/check", b"a@x.example\n", "list.csv", **fields)
    assert (answer.status_code, "a@x.example" in answer.text) == (200, True)
    assert len(scanner.scanned) == 2


def test_every_route_that_takes_files_is_one_of_those_looked_at_here() -> None:
    taking = {route.path for route in all_routes() if route.body_limit > BODY_LIMIT}
    assert taking == {
        "/agency/check", "/agency/check/file", "/desk/resources/new", "/desk/resources/{code}/file", "/desk/sessions/{ref}/files",
        "/desk/sessions/{ref}/reports", "/me/record/external", "/teaching/{ref}/files", "/teaching/{ref}/reports",
    }  # fmt: skip


# ---- who may --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 3])
async def test_the_desks_list_asks_the_same_statements_however_long_it_is(
    number: int, scanner: Scanner, db: TortoiseContext, asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    for count in range(number):
        await UploadedFile.create(
            ref=f"{count:010}", file_name="a.pdf", size=1, state="infected", threat="X", person=asha, at=clock.now, scanned_at=clock.now
        )
    desk = await sign_in_as(dee)
    async with statements(db) as heard:
        await desk.get("/desk/uploads")
    assert len(heard) == 3
    stranger = await sign_in_as(await makers.make_person("Tom", roles=(Role.TRAINER,)))
    assert (await stranger.get("/desk/uploads")).status_code == 404
