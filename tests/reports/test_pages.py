"""The board's reports as pages and files: who sees them, who takes and words them, what each format says."""

import json
import re
from collections.abc import Awaitable, Callable
from html import unescape
from io import BytesIO
from typing import Any

import docx as python_docx
import httpx2
import pytest
from pypdf import PdfReader

from marstraining.core.viewer import Role
from marstraining.people.models import Person
from marstraining.reports.actions import take_annual_snapshot, take_quarterly_snapshot
from marstraining.reports.rules import Period
from tests import makers
from tests.conftest import Clock, Visitor
from tests.reports.quarters import AT_DESK, QUARTER, a_change, a_quarter

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def a_report(clock: Clock) -> str:
    held = await a_quarter(clock.now)
    await a_change(held.course, answers=12, asked=20)
    frozen, _ = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.now)
    return frozen.ref


async def a_reader() -> Person:
    return await makers.make_person("Rae Reader", roles=(Role.BOARD_READER,))


@pytest.mark.whole
async def test_the_desk_takes_a_report_words_it_and_signs_it_off(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    await a_quarter(clock.now)
    visitor = await sign_in_as(dee)
    assert "No report yet" in (await visitor.get("/board")).text
    taken = await visitor.post("/board", {"period": "2025-3", "scope": ""})
    address = taken.headers["location"].partition("?")[0]
    assert (taken.status_code, taken.headers["location"].endswith("?done=taken")) == (303, True)
    again = await visitor.post("/board", {"period": "2025-3", "scope": ""})
    assert again.headers["location"] == f"{address}?done=taken"
    page = (await visitor.get(address)).text
    assert ("Nobody has signed it off yet" in page, "Sign off this report" in page, "Quarter 3 of 2025/26" in page) == (True, True, True)
    form = await visitor.get(f"{address}/words")
    drafted = "In quarter 3 of 2025/26, 3 sessions ran, with 35 attendances, by 4 different people where names are held."
    assert unescape(form.text).count(drafted) == 2
    written = {
        "summary": "A busy quarter.", "know-1": "One.", "know-2": "Two <b>.", "know-3": "Three.", "decisions": "To note it.",
        "you-said": "Said.", "risks": "None.", "actions": "None.",
    }  # fmt: skip
    saved = await save(visitor, address, written)
    assert (saved.status_code, saved.headers["location"]) == (303, f"{address}?done=worded")
    page = (await visitor.get(address)).text
    assert ("A busy quarter." in page, "Two &lt;b&gt;." in page, drafted in page) == (True, True, False)
    signed = await visitor.post(f"{address}/sign", {"seen": hidden(page, "seen")}, seen=address)
    assert (signed.status_code, "Signed off</strong> by Dee Ward on 9 March 2026" in (await visitor.get(address)).text) == (303, True)
    stays = await visitor.get(f"{address}/words")
    assert ("so it stays as it is" in stays.text, "<textarea" in stays.text) == (True, False)
    late = await visitor.post(f"{address}/words", written | {"risks": "Typed in another tab."}, seen="/board")
    assert (late.status_code, "signed off, so it stays" in late.text, "Typed in another tab." in late.text) == (422, True, True)
    unsaid = await visitor.post(f"{address}/reopen", {"reason": ""}, seen=address)
    assert (unsaid.status_code, "Say why the signature is taken back" in unsaid.text) == (422, True)
    back = await visitor.post(f"{address}/reopen", {"reason": "A trainer has left"}, seen=address)
    assert (back.status_code, "Nobody has signed it off yet" in (await visitor.get(address)).text) == (303, True)
    refused = await save(visitor, address, written | {"risks": ""})
    assert (refused.status_code, "Enter a sentence" in refused.text, "A busy quarter." in refused.text) == (422, True, True)


def hidden(page: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


async def save(visitor: Visitor, address: str, written: dict[str, str]) -> httpx2.Response:
    """Send sentences as the page does that was just opened."""
    opened = await visitor.get(f"{address}/words")
    return await visitor.post(f"{address}/words", {"seen": hidden(opened.text, "seen"), **written})


WRITTEN = {
    "summary": "A busy quarter.", "know-1": "One.", "know-2": "Two.", "know-3": "Three.", "decisions": "To note it.",
    "you-said": "Said.", "risks": "None.", "actions": "None.",
}  # fmt: skip


async def test_of_two_tabs_the_second_keeps_what_was_typed_shows_what_the_other_wrote_and_then_saves(
    clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    address = f"/board/reports/{await a_report(clock)}"
    dees, anns = await sign_in_as(dee), await sign_in_as(await makers.make_person("Ann Lee", roles=(Role.DESK,)))
    seen = hidden((await dees.get(f"{address}/words")).text, "seen")
    await save(anns, address, WRITTEN | {"risks": "Written by Ann."})
    second = await dees.post(f"{address}/words", {"seen": seen, **WRITTEN, "risks": "Written by Dee."})
    text = unescape(second.text)
    assert (second.status_code, "Ann Lee changed these sentences at 10am on 9 March" in text) == (422, True)
    assert ("Written by Dee.</textarea>" in text, "<strong>Written by Ann.</strong>" in text, text.count("As it reads now")) == (
        True,
        True,
        1,
    )
    again = await dees.post(f"{address}/words", {"seen": hidden(text, "seen"), **WRITTEN, "risks": "Of both."})
    assert (again.status_code, "Of both." in (await anns.get(address)).text) == (303, True)
    unread = await anns.post(f"{address}/sign", {"seen": seen}, seen=address)
    assert (unread.status_code, "Read what they wrote" in unread.text, "Nobody has signed it off yet" in unread.text) == (422, True, True)


async def test_actions_stand_in_the_report_with_owner_and_day_and_on_the_boards_page_until_they_are_done(
    clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    address = f"/board/reports/{await a_report(clock)}"
    visitor, reader = await sign_in_as(dee), await sign_in_as(await a_reader())
    day = {"due_on-day": "1", "due_on-month": "5", "due_on-year": "2026"}
    empty = await visitor.post(f"{address}/actions", {"what": "Find a trainer", **day}, seen=f"{address}/words")
    assert (empty.status_code, "Enter who will do it" in empty.text, 'value="Find a trainer"' in empty.text) == (422, True, True)
    past = await visitor.post(f"{address}/actions", {"what": "x", "owner": "y", **day, "due_on-year": "2025"}, seen=f"{address}/words")
    assert (past.status_code, "must be 9 March 2026 or later" in past.text) == (422, True)
    made = await visitor.post(f"{address}/actions", {"what": "Find a trainer", "owner": "Ann Lee", **day}, seen=f"{address}/words")
    assert made.status_code == 303
    page = (await reader.get(address)).text
    assert ("Find a trainer" in page, "1 May 2026" in page, "none is written yet." in page.partition("Actions, each")[2][:60]) == (
        True,
        True,
        False,
    )
    board = await visitor.get("/board")
    assert ("Actions not done yet" in board.text, "Ann Lee" in board.text, "/board/actions/done" in (await reader.get("/board")).text) == (
        True, True, False,
    )  # fmt: skip
    found = re.search(r'name="action" value="([^"]*)"', board.text)
    assert found is not None
    done = await visitor.post("/board/actions/done", {"action": found[1]}, seen="/board")
    assert (done.status_code, "Actions not done yet" in (await visitor.get("/board")).text) == (303, False)
    assert (await reader.post("/board/actions/done", {"action": found[1]}, seen="/me/account")).status_code == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"period": "", "scope": ""}, "Select the period"),
        ({"period": "2031-1", "scope": ""}, "Select the period"),
        ({"period": "2025-3", "scope": "course:NIX"}, "Select what it covers"),
        ({"period": "2025", "scope": "course:CP"}, "Annual figures cover the whole programme"),
    ],
)
async def test_what_is_no_report_is_refused_in_a_sentence(
    clock: Clock, dee: Person, sign_in_as: SignInAs, fields: dict[str, str], said: str
) -> None:
    await a_quarter(clock.now)
    answer = await (await sign_in_as(dee)).post("/board", fields)
    assert (answer.status_code, said in unescape(answer.text)) == (422, True)


async def test_a_board_reader_reads_and_changes_nothing_and_for_others_there_is_nothing(
    clock: Clock, asha: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    ref = await a_report(clock)
    reader = await sign_in_as(await a_reader())
    listed = (await reader.get("/board")).text
    assert (f"/board/reports/{ref}" in listed, "Make a report" in listed, 'href="/desk' in listed) == (True, False, False)
    page = (await reader.get(f"/board/reports/{ref}")).text
    assert ("Sign off" in page, "Change its sentences" in page) == (False, False)
    statuses = [
        (await reader.get(f"/board/reports/{ref}/words")).status_code,
        (await reader.post("/board", {"period": "2025-3"}, seen="/me/account")).status_code,
        (await reader.post(f"/board/reports/{ref}/sign", seen="/me/account")).status_code,
        (await reader.get("/board/reports/nothing")).status_code,
        (await reader.get(f"/board/reports/{ref}.exe")).status_code,
    ]
    assert statuses == [404] * 5
    trainer = await makers.make_person("Tess Trainer", roles=(Role.TRAINER, Role.AGENCY_LEAD), agency=await makers.make_agency("Elsewhere"))
    for other in (await sign_in_as(asha), await sign_in_as(trainer)):
        paths = ("/board", f"/board/reports/{ref}", *(f"/board/reports/{ref}.{ending}" for ending in ("pdf", "docx", "json")))
        assert [(await other.get(path)).status_code for path in paths] == [404] * 5


@pytest.mark.whole
async def test_every_format_says_the_same(clock: Clock, sign_in_as: SignInAs) -> None:
    ref = await a_report(clock)
    reader = await sign_in_as(await a_reader())
    pdf, word, data = [await reader.get(f"/board/reports/{ref}.{ending}") for ending in ("pdf", "docx", "json")]
    names = [one.headers["content-disposition"] for one in (pdf, word, data)]
    assert names == [f'attachment; filename="training-report-2025-3-{ref}.{ending}"' for ending in ("pdf", "docx", "json")]
    read = PdfReader(BytesIO(pdf.content))
    root: Any = read.trailer["/Root"]
    assert (root["/MarkInfo"]["/Marked"], "/StructTreeRoot" in root, root["/Lang"]) == (True, True, "en-GB")
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfuaid:part(>|=\")1", metadata) is not None
    text = "\n".join(one.extract_text() for one in read.pages)
    file = python_docx.Document(BytesIO(word.content))
    headings = [one.text for one in file.paragraphs if one.style.name.startswith("Heading 2")]  # type: ignore[union-attr]  # every paragraph has one
    content = json.loads(data.text)
    titles = [f"{one['number']} {one['title']}" for one in content["pages"]]
    assert (headings, len(titles), [title for title in titles if title not in text]) == (titles, 13, [])
    cells = {cell.text for table in file.tables for row in table.rows for cell in row.cells}
    figures = {(one["key"], one["measure"]): one["print"] for one in content["figures"]}
    assert figures["all", "attendances"] == "35"
    assert ({"35", "12 of 20 (60%)", "not held"} <= cells, "12 of 20 (60%)" in text, content["content_hash"][:12] in str(cells)) == (
        True, True, True,
    )  # fmt: skip
    repeated = [table for table in file.tables if "tblHeader" in table._tbl.xml]  # noqa: SLF001 - what Word repeats
    assert len(repeated) == len(file.tables) - 1


async def test_annual_figures_are_shown_and_have_no_sentences(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    frozen, _ = await take_annual_snapshot(Period(2022), by=AT_DESK, now=clock.now)
    visitor = await sign_in_as(dee)
    page = (await visitor.get(f"/board/reports/{frozen.ref}")).text
    assert ("not collected yet" in page, "over 200" in page, "Sign off" in page) == (True, True, False)
    assert (await visitor.get(f"/board/reports/{frozen.ref}/words")).status_code == 404
    assert (await visitor.post(f"/board/reports/{frozen.ref}/sign", seen="/board")).status_code == 404
    files = [await visitor.get(f"/board/reports/{frozen.ref}.{ending}") for ending in ("pdf", "docx", "json")]
    assert [one.status_code for one in files] == [200] * 3
