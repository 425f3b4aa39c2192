"""Lists that are no known report, at the desk and for trainers: put aside, their columns said, read, remembered, forgotten."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tortoise.context import TortoiseContext

from marstraining.attendance.models import Mark, MeetingReport, ReportColumns, ReportedPerson, WaitingReport
from marstraining.attendance.queries import taught_days
from marstraining.core.config import Settings
from marstraining.core.db import execute
from marstraining.core.viewer import Role
from marstraining.history.models import Entry
from marstraining.meeting_reports.lists import found_list
from marstraining.people.models import Person
from marstraining.programme.models import Session
from marstraining.reported_marks.actions.lists import forget_left_lists
from marstraining.reported_marks.desk.columns import _choices
from marstraining.uploads.models import UploadedFile
from tests import makers
from tests.conftest import Clock, Visitor
from tests.meeting_reports.readings import content
from tests.reported_marks.reported import AFTER, SignInAs, held, stamp_in, trained_by, words_in
from tests.statements import statements

pytestmark = pytest.mark.whole

SHEET = (
    "Sign-in sheet\nDelegate,School,Work email,Time in,Time out\nAsha Patel,St Luke's,a.patel@example.org,09:30,12:30\n"
    "Ben Cole,Police,,09:45,11:00\n"
)
LATER = "Delegate,School,Work email,Time in,Time out\nDee Ward,Council,dee@council.example,09:30,12:30\n"
TICKED = "Who;Here\nAsha Patel;Yes\nBen Cole;No\n"


@pytest.fixture
async def patel(db: TortoiseContext, clock: Clock) -> Person:
    clock.travel_to(AFTER)
    return await makers.make_person("Asha Patel", email="a.patel@example.org")


@pytest.fixture
async def desk(patel: Person, dee: Person, sign_in_as: SignInAs) -> Visitor:
    return await sign_in_as(dee)


async def send(visitor: Visitor, root: str, *files: tuple[str, str | bytes], **fields: str) -> httpx2.Response:
    page = await visitor.get(f"{root}/reports")
    found = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    data = {"csrf_token": found[1] if found else "", **fields}
    sent = [("files", (name, text if isinstance(text, bytes) else text.encode(), "text/csv")) for name, text in files]
    return await visitor.http.post(f"{root}/reports", data=data, files=sent, headers={"Sec-Fetch-Site": "same-origin"})


def root(session: Session) -> str:
    return f"/desk/sessions/{session.ref}"


def selected(text: str) -> dict[str, str]:
    """What the selects and radios of a page show."""
    found: dict[str, str] = {}
    for name, inner in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', inner)
        found[name] = chosen[1] if chosen else ""
    found |= dict(re.findall(r'name="(\w+)" type="radio" value="([^"]*)" checked', text))
    return {name: value for name, value in found.items() if value}


def lying(settings: Settings) -> list[Path]:
    folder = settings.data_dir / "files"
    return sorted(folder.iterdir()) if folder.is_dir() else []


async def people() -> list[tuple[Any, ...]]:
    return [(one.name, one.became, one.minutes) for one in await ReportedPerson.all().order_by("id")]


async def test_a_venues_sheet_is_put_aside_shown_with_a_guess_read_and_written_as_marks(
    desk: Visitor, patel: Person, settings: Settings
) -> None:
    ben = await makers.make_person("Ben Cole", email="ben@police.example")
    session = await held(patel, ben, delivery="in person")
    answer = await send(desk, root(session), ("sheet.csv", SHEET))
    [waits] = await WaitingReport.all()
    path = f"{root(session)}/reports/columns/{waits.ref}"
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?day=")
    shown = (await desk.get(path)).text
    assert selected(shown) == {"name": "0", "email": "2", "joined": "3", "left": "4", "unit": "words"}
    for words in (
        "sheet.csv is not a Teams or Zoom report that we know. It is a list of 2 rows.",
        "What the columns look like is selected below.",
        "Delegate Asha Patel | Ben Cole",
        "Work email a.patel@example.org | empty",
    ):
        assert words in words_in(shown)
    assert "What comes first in its dates?" not in shown
    listed = words_in((await desk.get(f"{root(session)}/reports")).text)
    assert "Waiting for you to say what the columns are sheet.csv Sent on" in listed
    assert (await people(), await Mark.all().count()) == ([], 0)
    answer = await desk.post(path, selected(shown))
    assert answer.headers["location"] == f"{root(session)}/reports?done=read"
    preview = await desk.get(answer.headers["location"])
    assert "sheet.csv List, columns as said 2 2" in words_in(preview.text)
    assert "Asha Patel By email 180 (100%) Attended No mark yet" in words_in(preview.text)
    assert (await WaitingReport.all().count(), lying(settings), await UploadedFile.all().count()) == (0, [], 0)
    reports = f"{root(session)}/reports"
    await desk.post(f"{reports}/write", {"stamp": stamp_in(preview.text)}, seen=reports)
    assert [(mark.person_id, mark.mark, mark.minutes, mark.evidence) for mark in await Mark.all()] == [(patel.id, "attended", 180, "list")]
    assert [(row["action"], row["detail"]) for row in await Entry.filter(action__startswith="report.col").values("action", "detail")] == [
        ("report.columns", {"files": 1, "columns": ["email", "joined", "left", "name"]})
    ]


async def test_who_is_ticked_is_proposed_as_having_attended_the_whole(desk: Visitor, patel: Person) -> None:
    session = await held(patel, course={"attended_share": 1.0, "break_minutes": 30})
    path = (await send(desk, root(session), ("ticks.csv", TICKED))).headers["location"]
    assert selected((await desk.get(path)).text) == {"name": "0", "attended": "1", "unit": "words"}
    await desk.post(path, {"name": "0", "attended": "1"})
    assert "Asha Patel By name 180 (100%) Attended No mark yet" in words_in((await desk.get(f"{root(session)}/reports")).text)
    assert await people() == [("Asha Patel", "matched", 180.0)]


async def test_everybody_on_a_list_can_be_said_to_have_attended(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    path = (await send(desk, root(session), ("who.csv", "Who,Where\nAsha Patel,School\nBen Cole,Police\n"))).headers["location"]
    await desk.post(path, {"name": "0", "attended": "everybody"})
    assert await people() == [("Asha Patel", "matched", 180.0), ("Ben Cole", "unmatched", 180.0)]
    assert (await ReportColumns.get()).columns == {"name": 0, "is_everybody": True}


async def test_what_was_said_is_selected_for_the_next_file_with_the_same_headings_and_can_be_changed(
    desk: Visitor, patel: Person, dee: Person, clock: Clock
) -> None:
    session = await held(patel)
    path = (await send(desk, root(session), ("sheet.csv", SHEET))).headers["location"]
    await desk.post(path, {"email": "2", "joined": "3"})
    other = await held(patel)
    clock.forward(hours=1)
    again = (await send(desk, root(other), ("later.csv", LATER.replace("Work email", "WORK  EMAIL")))).headers["location"]
    shown = (await desk.get(again)).text
    assert selected(shown) == {"email": "2", "joined": "3", "unit": "words"}
    assert "Dee Ward said on 15 November 2022 what the columns of files with these headings are." in words_in(shown)
    await desk.post(again, {"name": "0", "joined": "3", "left": "4"})
    [kept] = await ReportColumns.all()
    assert (kept.columns, kept.by_id, kept.at) == ({"name": 0, "joined": 3, "left": 4}, dee.id, clock.now)
    assert kept.headings == ["Delegate", "School", "WORK EMAIL", "Time in", "Time out"]


async def test_files_with_the_same_headings_are_read_together_and_others_come_next(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    sent = (("sheet.csv", SHEET), ("z.csv", content("z1_joins.csv")), ("later.csv", LATER), ("ticks.csv", TICKED))
    first = (await send(desk, root(session), *sent)).headers["location"]
    assert first.endswith("&done=read")
    assert [(one.file_name, one.variant) for one in await MeetingReport.all()] == [("z.csv", "Z1")]
    shown = (await desk.get(first)).text
    assert "What you say here is also taken for later.csv , which has the same headings." in words_in(shown)
    assert "The reports among the files are read." in shown
    second = (await desk.post(first, selected(shown))).headers["location"]
    assert sorted(one.file_name for one in await MeetingReport.all()) == ["later.csv", "sheet.csv", "z.csv"]
    [left] = await WaitingReport.all()
    assert (left.file_name, second) == ("ticks.csv", f"{root(session)}/reports/columns/{left.ref}")


async def test_what_was_chosen_is_kept_when_something_is_wrong_and_each_fault_stands_beside_its_field(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    path = (await send(desk, root(session), ("sheet.csv", SHEET))).headers["location"]
    cases: list[tuple[dict[str, str], str, str]] = [
        ({"joined": "3"}, "name", "Select the column with names, or the one with email addresses"),
        ({"name": "0"}, "attended", "Select a column that shows who was there, or say that everybody on this list was"),
        ({"name": "0", "email": "0", "joined": "3"}, "email", "“Delegate” is selected for names already"),
        ({"name": "0", "joined": "1"}, "joined", "No cell of “School” is a time such as 09:30"),
        ({"name": "0", "duration": "3"}, "unit", "Select how durations are written"),
        ({"name": "0", "duration": "3", "unit": "minutes"}, "duration", "No cell of “Time in” is a number of minutes"),
        ({"name": "9", "joined": "3"}, "name", "Select the column with names"),
    ]
    for fields, field, sentence in cases:
        answer = await desk.post(path, fields)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert sentence in words_in(answer.text)
        kept = {name: value for name, value in fields.items() if value != "9"}
        assert {name: value for name, value in selected(answer.text).items() if name in fields} == kept
    assert (await people(), await WaitingReport.all().count(), await ReportColumns.all().count()) == ([], 1, 0)


async def test_day_or_month_first_is_asked_where_the_dates_leave_it_open_and_nowhere_else(desk: Visitor, patel: Person) -> None:
    session = await held(patel, days=2)
    days = await taught_days(session.id)
    # The session is moved so that both readings are one of its days: 10 November and 11 October.
    await _move(days[0].id, "2022-11-10")
    await _move(days[1].id, "2022-10-11")
    text = "Who,In,Out\nAsha Patel,10/11/2022 09:30,10/11/2022 12:30\n"
    path = (await send(desk, root(session), ("dated.csv", text))).headers["location"]
    shown = (await desk.get(path)).text
    assert "What comes first in its dates?" in shown
    answer = await desk.post(path, {"name": "0", "joined": "1", "left": "2"})
    assert (answer.status_code, 'id="order-error"' in answer.text) == (422, True)
    assert "can be read as 10 November 2022 or 11 October 2022. Select which comes first" in words_in(answer.text)
    await desk.post(path, {"name": "0", "joined": "1", "left": "2", "order": "MONTH_FIRST"})
    [person] = await ReportedPerson.all()
    assert person.intervals[0][0].startswith("2022-10-11T")
    assert (await ReportColumns.get()).columns["order"] == "month first"


async def _move(day_id: int, day: str) -> None:
    starts = datetime.fromisoformat(f"{day}T09:30:00+00:00")
    values = (starts.date(), starts, starts + timedelta(hours=3), day_id)
    await execute("UPDATE programme_day SET day = ?, starts_at = ?, ends_at = ? WHERE id = ?", *values)


async def test_a_list_of_another_date_is_refused_as_a_report_is(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    path = (await send(desk, root(session), ("dated.csv", "Who,In\nAsha Patel,21/11/2022 09:30\n"))).headers["location"]
    answer = await desk.post(path, {"name": "0", "joined": "1"})
    assert answer.status_code == 422
    assert "This report is of a meeting on 21 November 2022, and the session is on 14 November 2022." in words_in(answer.text)
    assert selected(answer.text)["joined"] == "1"


async def test_a_list_without_dates_of_a_session_of_two_days_needs_its_day(desk: Visitor, patel: Person) -> None:
    session = await held(patel, days=2)
    second = (await taught_days(session.id))[1]
    path = (await send(desk, root(session), ("sheet.csv", SHEET))).headers["location"]
    answer = await desk.post(path, {"name": "0", "joined": "3", "left": "4"})
    assert "A report has no dates. Select the training day that it is of" in words_in(answer.text)
    await desk.post(path, {"name": "0", "joined": "3", "left": "4", "day": str(second.id)})
    assert [one.intervals[0][0][:10] for one in await ReportedPerson.all().order_by("id")] == ["2022-11-15", "2022-11-15"]


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("fatal_picture.csv", content("fatal_picture.csv"), "“fatal_picture.csv” is a PNG picture"),
        ("a.csv", "Who,In\n", "The report has no list of participants, or nobody is on it."),
        ("a.csv", 'Who,School,In\n"Asha,St Luke,09:30\n', "A quotation mark in row 2 is not closed"),
        ("a.csv", "Dear Dee,\nplease find the list\n", "This is not an attendance report of Teams or Zoom"),
        ("a.csv", "Who,In\n" + "Asha,09:30\n" * 20_001, "The report has more than 20,000 rows."),
        ("a.csv", "x" * 5_000_001, "“a.csv” is larger than 5 MB."),
    ],
    ids=["picture", "no rows", "quote", "prose", "rows", "size"],
)
async def test_what_is_fatal_is_refused_and_never_put_aside(
    name: str, data: str | bytes, sentence: str, desk: Visitor, patel: Person, settings: Settings
) -> None:
    session = await held(patel)
    answer = await send(desk, root(session), (name, data))
    assert answer.status_code == 422
    assert sentence in words_in(answer.text)
    assert (await WaitingReport.all().count(), lying(settings)) == (0, [])


async def test_of_several_files_one_that_is_nothing_is_named_and_none_is_kept(desk: Visitor, patel: Person, settings: Settings) -> None:
    session = await held(patel)
    sent = (("sheet.csv", SHEET), ("p.csv", content("fatal_picture.csv")), ("z.csv", content("z1_joins.csv")))
    answer = await send(desk, root(session), *sent)
    assert "“p.csv” is a PNG picture" in words_in(answer.text)
    assert "None of the files was kept." in answer.text
    assert (await WaitingReport.all().count(), await MeetingReport.all().count(), lying(settings)) == (0, 0, [])


async def test_the_same_file_waits_once_and_once_read_adds_nothing(desk: Visitor, patel: Person, settings: Settings) -> None:
    session = await held(patel)
    path = (await send(desk, root(session), ("sheet.csv", SHEET))).headers["location"]
    assert (await send(desk, root(session), ("copy of sheet.csv", SHEET))).headers["location"] == path
    assert len(lying(settings)) == 1
    await desk.post(path, {"name": "0", "joined": "3"})
    assert (await send(desk, root(session), ("sheet.csv", SHEET))).headers["location"].endswith("?done=known")
    again = await desk.post(path, {"name": "0", "joined": "3"}, seen=f"{root(session)}/reports")
    assert again.headers["location"] == f"{root(session)}/reports?done=gone"
    assert len(await people()) == 2


async def test_a_file_can_be_done_without_and_goes_by_itself_after_a_day(
    desk: Visitor, patel: Person, settings: Settings, clock: Clock
) -> None:
    session = await held(patel)
    path = (await send(desk, root(session), ("sheet.csv", SHEET))).headers["location"].partition("?")[0]
    answer = await desk.post(f"{path}/drop", seen=path)
    assert answer.headers["location"] == f"{root(session)}/reports?done=dropped"
    assert (await WaitingReport.all().count(), lying(settings)) == (0, [])
    path = (await send(desk, root(session), ("sheet.csv", SHEET))).headers["location"].partition("?")[0]
    assert await forget_left_lists(now=clock.now + timedelta(hours=23)) == 0
    assert await forget_left_lists(now=clock.now + timedelta(hours=25)) == 1
    assert (await WaitingReport.all().count(), await UploadedFile.all().count(), lying(settings)) == (0, 0, [])
    assert (await desk.get(path)).headers["location"] == f"{root(session)}/reports?done=gone"
    await send(desk, root(session), ("sheet.csv", SHEET))
    await desk.post(f"{root(session)}/reports/forget", seen=f"{root(session)}/reports")
    assert lying(settings) == [] or await MeetingReport.all().count() == 0


async def test_a_trainer_names_the_columns_of_files_of_their_own_and_nobody_else_finds_them(
    patel: Person, asha: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    tess, tom = [await makers.make_person(name, roles=(Role.TRAINER,)) for name in ("Tess Trainer", "Tom Trainer")]
    session = await held(patel)
    for trainer in (tess, tom):
        await trained_by(session, trainer)
    teaching, visitor = f"/teaching/{session.ref}", await sign_in_as(tess)
    path = (await send(visitor, teaching, ("sheet.csv", SHEET))).headers["location"].partition("?")[0]
    assert "a.patel@example.org" in (await visitor.get(path)).text
    colleague, desk = await sign_in_as(tom), await sign_in_as(dee)
    # A colleague sees neither the file's rows nor that there is one: addresses of learners are not theirs to see.
    assert (await colleague.get(path)).headers["location"] == f"{teaching}/reports?done=gone"
    assert (await colleague.post(f"{path}/drop", seen=f"{teaching}/reports")).headers["location"] == f"{teaching}/reports?done=gone"
    assert "sheet.csv" not in (await colleague.get(f"{teaching}/reports")).text
    assert "a.patel@example.org" in (await desk.get(path.replace("/teaching/", "/desk/sessions/"))).text
    stranger = await sign_in_as(asha)
    for address in (path, path.replace("/teaching/", "/desk/sessions/")):
        assert (await stranger.get(address)).status_code == 404
    elsewhere = await held()
    assert (await desk.get(f"{root(elsewhere)}/reports/columns/{path.rpartition('/')[2]}")).headers["location"].endswith("?done=gone")
    await visitor.post(path, {"name": "0", "joined": "3"})
    assert ("Asha Patel", "matched", 180.0) in await people()


@pytest.mark.parametrize("rows", [1, 3])
async def test_the_page_asks_the_same_statements_however_long_the_list_is(
    rows: int, db: TortoiseContext, desk: Visitor, patel: Person
) -> None:
    session = await held(patel)
    text = "Who,Here\n" + "".join(f"Learner {'ABC'[number]},yes\n" for number in range(rows))
    path = (await send(desk, root(session), ("a.csv", text))).headers["location"]
    async with statements(db) as heard:
        await desk.get(path)
    assert len(heard) == 6


def test_two_columns_of_one_heading_are_told_apart() -> None:
    found = found_list("Delegate,Time,Time,\nAsha Patel,09:30,12:30,x\n")
    assert _choices(found) == {"0": "Delegate", "1": "Time (column 2)", "2": "Time (column 3)"}
