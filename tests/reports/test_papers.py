"""Papers of meetings: taken once after their cut-off in a process of their own, told and reminded of, as files of their meeting."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import docx as python_docx
import pytest
from pypdf import PdfReader

from marstraining.core import config
from marstraining.core.db import execute, rows
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.people.models import Person
from marstraining.reports.actions import (
    add_meeting,
    remind_of_papers,
    remove_meeting,
    sign_off,
    take_due_papers,
    take_paper,
    take_quarterly_snapshot,
)
from marstraining.reports.apart import asked_by, take_apart
from marstraining.reports.paper import document_of
from marstraining.reports.queries import report_of, snapshot_of
from marstraining.reports.queries.meetings import BoardMeeting, meeting_by_ref
from tests import makers
from tests.conftest import Clock, Visitor
from tests.reports.quarters import AT_DESK, QUARTER, a_meeting, a_quarter, grid, sections, tiles
from tests.reports.test_quarterly import check_feet

pytestmark = pytest.mark.whole

SignInAs = Callable[[Person], Awaitable[Visitor]]
READER = Viewer(person_id=1, roles=frozenset({Role.BOARD_READER}))
AFTER_CUT_OFF = datetime(2026, 3, 12, 0, 1, tzinfo=UTC)


async def held(ref: str) -> BoardMeeting:
    found = await meeting_by_ref(ref, viewer=AT_DESK)
    assert found is not None
    return found


async def letters() -> list[tuple[str, str]]:
    found = await rows("SELECT template, address FROM messages_letter WHERE template LIKE 'paper%' ORDER BY id")
    return [(row["template"], row["address"]) for row in found]


@pytest.mark.usefixtures("db")
async def test_the_worker_takes_the_figures_once_in_the_night_after_the_cut_off_and_tells_the_desk(clock: Clock, dee: Person) -> None:
    await a_quarter(clock.now)
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    assert await take_due_papers(now=datetime(2026, 3, 11, 23, 59, tzinfo=UTC)) == 0
    assert await take_due_papers(now=AFTER_CUT_OFF) == 1
    meeting = await held(ref)
    frozen = await snapshot_of(meeting.report, viewer=READER)
    assert frozen is not None
    check_feet(frozen)
    assert (frozen.as_at, tiles(frozen)["Attendances"], frozen.content["cut_off"]) == (AFTER_CUT_OFF, "35", "2026-03-11")
    assert await letters() == [("paper_taken", "dee@council.example")]
    # Again, after a restart, and long after: nothing more.
    assert [await take_due_papers(now=AFTER_CUT_OFF + timedelta(minutes=minutes)) for minutes in (0, 1, 60)] == [0, 0, 0]
    assert (len(await rows("SELECT id FROM reports_snapshot")), len(await letters())) == (1, 1)


@pytest.mark.usefixtures("db")
async def test_several_workers_at_once_take_one_paper(clock: Clock, dee: Person) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    taken = await asyncio.gather(*(take_due_papers(now=AFTER_CUT_OFF) for _ in range(3)))
    assert (sorted(taken), len(await rows("SELECT id FROM reports_snapshot"))) == ([0, 0, 1], 1)
    # Two processes that came past the claim, as after a stop in its middle: the second finds the first one's report.
    refs = await asyncio.gather(*(take_paper(ref, by=SYSTEM, now=AFTER_CUT_OFF) for _ in range(3)))
    assert ({*refs} == {(await held(ref)).report}, await letters()) == (True, [("paper_taken", dee.email)])


@pytest.mark.usefixtures("db")
async def test_processes_that_all_take_a_paper_leave_one_report_and_one_letter(clock: Clock, dee: Person) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    refs = await asyncio.gather(*(take_paper(ref, by=SYSTEM, now=AFTER_CUT_OFF) for _ in range(4)))
    assert (len({*refs}), len(await rows("SELECT id FROM reports_snapshot")), await letters()) == (1, 1, [("paper_taken", dee.email)])


@pytest.mark.usefixtures("db")
async def test_what_a_stopped_worker_had_claimed_is_taken_ten_minutes_later(clock: Clock) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    await execute("UPDATE reports_meeting SET taking_until = ?", AFTER_CUT_OFF + timedelta(minutes=10))
    assert [await take_due_papers(now=AFTER_CUT_OFF + timedelta(minutes=minutes)) for minutes in (9, 10)] == [0, 1]
    assert (await held(ref)).taking_until is None


@pytest.mark.usefixtures("db")
async def test_a_worker_that_was_down_takes_it_late_and_the_report_and_the_letter_say_so(clock: Clock, dee: Person) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    late = datetime(2026, 3, 16, 9, 30, tzinfo=UTC)
    assert (await held(ref)).state(late.date()) == "late"
    assert await take_due_papers(now=late) == 1
    report = await report_of((await held(ref)).report, viewer=READER)
    assert report is not None
    document = document_of(report, config.current())
    assert (document.as_at, document.late) == (
        "16 March 2026 at 9:30am",
        "The data cut-off was 11 March 2026: what was changed between then and the taking of these figures is in them.",
    )
    [letter] = await rows("SELECT context FROM messages_letter WHERE template = 'paper_taken'")
    context = letter["context"] if isinstance(letter["context"], dict) else json.loads(letter["context"])
    assert (context["is_late"], context["days"]) == (True, 2)


@pytest.mark.usefixtures("db")
async def test_a_meeting_that_is_over_or_was_removed_gets_no_paper(clock: Clock) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    assert await take_due_papers(now=datetime(2026, 3, 28, 9, tzinfo=UTC)) == 0
    await remove_meeting(ref, "Called off", by=AT_DESK, now=clock.now)
    assert await take_due_papers(now=AFTER_CUT_OFF) == 0


@pytest.mark.usefixtures("db")
async def test_a_mark_changed_after_the_cut_off_changes_nothing_in_the_paper_and_shows_in_the_next(clock: Clock) -> None:
    quarter = await a_quarter(clock.now)
    first = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    paper = await take_paper(first, by=SYSTEM, now=AFTER_CUT_OFF)
    before = await snapshot_of(paper, viewer=READER)
    await execute(
        "UPDATE attendance_mark SET mark = 'absent' WHERE session_id = ? AND person_id = ?", quarter.sessions[0].id, quarter.people[3].id
    )
    assert await snapshot_of(paper, viewer=READER) == before
    # In the next of the same period …
    again, changed = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=AFTER_CUT_OFF + timedelta(days=1))
    check_feet(again)
    assert ("all", "attendances", "35", "34") in [(one.key, one.measure, one.was, one.now) for one in changed]
    # … and in the next meeting's, which reckons the quarter before anew on the same definitions.
    then = a_meeting(meets_on=date(2026, 6, 26), paper_due_on=date(2026, 6, 18), cut_off_on=date(2026, 6, 4), period=QUARTER.step(1))
    second = await add_meeting(then, by=AT_DESK, now=clock.now)
    following = await take_paper(second, by=SYSTEM, now=datetime(2026, 6, 4, 23, 5, tzinfo=UTC))
    frozen, report = await snapshot_of(following, viewer=READER), await report_of(following, viewer=READER)
    assert frozen is not None
    assert report is not None
    notes = {tile.label: tile.notes[0] for tile in sections(frozen)["1"].blocks[0].tiles}  # type: ignore[union-attr]  # it begins with tiles
    assert notes["Attendances"] == "Quarter before: 34"
    [annex] = [one for one in document_of(report, config.current()).sections if one.number == "Annex C"]
    assert [block.rows for block in annex.blocks if hasattr(block, "rows")] == [
        (
            ("All courses", "Attendances", "35", "34"), ("All courses", "People who attended", "4", "3"),
            ("All courses", "Did not attend", "1", "2"), ("All courses", "Places filled, per cent", "39%", "38%"),
        )
    ]  # fmt: skip


@pytest.mark.usefixtures("db")
async def test_a_draft_taken_to_look_ahead_was_not_reported_and_is_not_said_to_be(clock: Clock) -> None:
    quarter = await a_quarter(clock.now)
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    ahead, _ = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.now)
    await execute("UPDATE attendance_mark SET mark = 'absent' WHERE person_id = ?", quarter.people[3].id)
    first = await report_of(await take_paper(ref, by=SYSTEM, now=AFTER_CUT_OFF), viewer=READER)
    await sign_off(ahead.ref, by=AT_DESK, now=clock.now)
    second = await report_of((await held(ref)).report, viewer=READER)
    assert first is not None
    assert second is not None
    assert (first.changed, [one.now for one in second.changed if one.key == "all"]) == ((), ["34", "3", "2", "38%"])


@pytest.mark.usefixtures("db")
async def test_what_runs_on_the_day_after_the_cut_off_has_not_run_yet(clock: Clock) -> None:
    course = await makers.make_course("Early Help", code="EH")
    for day in (11, 12):
        starts = datetime(2026, 3, day, 9, 30, tzinfo=UTC)
        await makers.make_session(course=course, starts=starts, now=clock.now, imported_headcount=5)
    ref = await add_meeting(a_meeting(period=QUARTER.step(1)), by=AT_DESK, now=clock.now)
    frozen = await snapshot_of(await take_paper(ref, by=SYSTEM, now=AFTER_CUT_OFF), viewer=READER)
    assert frozen is not None
    [row, _] = grid(frozen, "2")
    assert (row["Planned"], row["Run"], row["Attended"]) == ("2", "1", "5")


@pytest.mark.usefixtures("db")
async def test_figures_are_not_taken_ahead_nor_again_once_signed(clock: Clock) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    with pytest.raises(Refused, match="The data cut-off is 11 March 2026"):
        await take_paper(ref, by=AT_DESK, now=clock.now)
    first = await take_paper(ref, by=SYSTEM, now=AFTER_CUT_OFF)
    second = await take_paper(ref, again=True, by=AT_DESK, now=AFTER_CUT_OFF + timedelta(hours=1))
    assert ((await held(ref)).report, first != second) == (second, True)
    await sign_off(second, by=AT_DESK, now=AFTER_CUT_OFF + timedelta(hours=2))
    with pytest.raises(Refused, match="signed off, so its figures stay"):
        await take_paper(ref, again=True, by=AT_DESK, now=AFTER_CUT_OFF + timedelta(hours=3))


# ---- reminders ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("db")
async def test_the_desk_is_reminded_once_three_working_days_before_and_not_of_what_is_signed_off(clock: Clock, dee: Person) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    report = await take_paper(ref, by=SYSTEM, now=AFTER_CUT_OFF)
    # Due on Wednesday the 18th: three working days before is Friday the 13th, from 9am.
    early = [datetime(2026, 3, 12, 12, tzinfo=UTC), datetime(2026, 3, 13, 8, 59, tzinfo=UTC)]
    assert [await remind_of_papers(now=at) for at in early] == [0, 0]
    times = [datetime(2026, 3, day, 9, tzinfo=UTC) for day in (13, 13, 16)]
    assert [await remind_of_papers(now=at) for at in times] == [1, 0, 0]
    assert (await letters())[1:] == [("paper_reminder", dee.email)]
    await execute("UPDATE reports_meeting SET reminded_of = NULL")
    await sign_off(report, by=AT_DESK, now=clock.now)
    assert await remind_of_papers(now=times[-1]) == 0


@pytest.mark.usefixtures("db")
async def test_where_nobody_is_at_the_desk_letters_go_where_they_are_answered(clock: Clock) -> None:
    await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    made = await asyncio.gather(*(remind_of_papers(now=datetime(2026, 3, 13, 9, tzinfo=UTC)) for _ in range(3)))
    assert (sorted(made), await letters()) == ([0, 0, 1], [("paper_reminder", config.current().partnership.reply_to)])


# ---- the process --------------------------------------------------------------------------------------------------------


def test_neither_the_worker_nor_the_web_loads_statistics_typesetting_or_word_files() -> None:
    asked = "import marstraining.app, marstraining.worker, sys; print(sorted({'scipy', 'numpy', 'typst', 'docx'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)  # noqa: S603 - our own modules
    assert said.stdout.strip() == "[]"


@pytest.mark.usefixtures("db")
async def test_the_process_answers_refusals_as_they_are_and_a_fault_is_one(clock: Clock) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    with pytest.raises(Refused, match="The data cut-off is"):
        await take_apart({"meeting": ref, "now": clock.now.isoformat()})
    with pytest.raises(NotFound):
        await take_apart({"meeting": ref, "by": asked_by(READER), "now": AFTER_CUT_OFF.isoformat()})
    with pytest.raises(RuntimeError, match="the report's process failed"):
        await take_apart({"meeting": ref})
    with pytest.raises(TimeoutError):
        await take_apart({"meeting": ref, "now": AFTER_CUT_OFF.isoformat()}, deadline=0.01)
    assert (await held(ref)).report == ""


# ---- pages and files ----------------------------------------------------------------------------------------------------


async def test_every_format_names_the_meeting_and_its_date(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    await a_quarter(clock.now)
    meeting = await add_meeting(a_meeting(starts=datetime(2026, 3, 27, 14, tzinfo=UTC).time()), by=AT_DESK, now=clock.now)
    ref = await take_paper(meeting, by=SYSTEM, now=AFTER_CUT_OFF)
    visitor = await sign_in_as(dee)
    said, as_at = "Paper for the meeting of 27 March 2026", "the end of 11 March 2026, the data cut-off"
    page = (await visitor.get(f"/board/reports/{ref}")).text
    assert (said in page, as_at in page) == (True, True)
    word = python_docx.Document(BytesIO((await visitor.get(f"/board/reports/{ref}.docx")).content))
    cells = {cell.text for cell in word.tables[0]._cells}  # noqa: SLF001 - python-docx has no other name for all of them
    assert (said in "\n".join(one.text for one in word.paragraphs), {"27 March 2026, 2pm, Civic Centre", as_at} <= cells) == (True, True)
    read = PdfReader(BytesIO((await visitor.get(f"/board/reports/{ref}.pdf")).content))
    root: Any = read.trailer["/Root"]
    text = " ".join(read.pages[0].extract_text().split())
    assert (said in text, as_at in text, root["/MarkInfo"]["/Marked"]) == (True, True, True)
    data = json.loads((await visitor.get(f"/board/reports/{ref}.json")).text)
    assert data["meeting"] == {
        "meets_on": "2026-03-27", "paper_due_on": "2026-03-18", "data_cut_off": "2026-03-11", "place": "Civic Centre",
    }  # fmt: skip


async def test_the_boards_page_says_how_far_the_paper_is_and_by_whom_it_was_signed(clock: Clock, sign_in_as: SignInAs) -> None:
    clock.travel_to(AFTER_CUT_OFF - timedelta(days=1))
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    people = [await makers.make_person(name, roles=(role,)) for name, role in (("Dee Ward", Role.DESK), ("Rae", Role.BOARD_READER))]

    async def board(person: Person) -> str:
        return (await (await sign_in_as(person)).get("/board")).text

    assert "in the night after the data cut-off, and the training team gets an email" in await board(people[0])
    clock.travel_to(datetime(2026, 3, 14, 9, tzinfo=UTC))
    late = await board(people[0])
    assert ("Figures are late" in late, "Take the figures now" in late, "Take the figures now" in await board(people[1])) == (
        True,
        True,
        False,
    )
    visitor = await sign_in_as(people[0])
    taken = await visitor.post(f"/board/meetings/{ref}/take", seen="/board")
    report = (await held(ref)).report
    assert taken.headers["location"] == f"/board/reports/{report}?done=taken"
    assert ("Word it and sign it off" in await board(people[0]), "Read the paper" in await board(people[1])) == (True, True)
    await sign_off(report, by=makers.as_desk(people[0]), now=clock.now)
    for person in people:
        assert "by Dee Ward, 14 March 2026" in await board(person)
    refused = await visitor.post(f"/board/meetings/{ref}/take", seen="/board")
    assert (refused.status_code, "signed off, so its figures stay" in refused.text) == (422, True)
    clock.travel_to(datetime(2026, 4, 1, 9, tzinfo=UTC))
    assert ("Past meetings" in await board(people[1]), "No meeting is on the board" in await board(people[1])) == (True, True)
