"""The sheet to sign and the badges: tagged, fitting their page, with names and organisations and nothing more."""

import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pypdf
import pypdfium2
import pytest

from marstraining.attendance.sheets import Printed, attendance_sheet, badge_sheet
from marstraining.history.models import Entry
from marstraining.people.models import Person
from tests.attendance.registers import a_held_session
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
A4 = (595, 842)
STARTS = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
NAMES = [("Łucja Żółkiewska", "St Luke’s School"), ("= #panic() $x$ *bold* 名前", "Isle [School]"), ("A" * 70, "B" * 90)]  # noqa: RUF001


def printed(*, days: int = 1, people: int = 30) -> Printed:
    spans = [(STARTS + timedelta(days=number), STARTS + timedelta(days=number, hours=3)) for number in range(days)]
    names = (NAMES + [(f"Learner {number}", "Humberside Police") for number in range(people)])[:people]
    return Printed("Child Protection: #let", "Hewson House", "Children’s MARS", ["Tess Trainer (Council)"], spans, names)  # noqa: RUF001


def pages_of(pdf: bytes) -> tuple[pypdf.PdfReader, list[str]]:
    read = pypdf.PdfReader(io.BytesIO(pdf))
    return read, [page.extract_text() for page in read.pages]


@pytest.mark.parametrize(("days", "people"), [(1, 30), (2, 18), (5, 25), (1, 0)])
async def test_the_sheet_is_tagged_a4_and_names_everybody_with_a_box_for_each_day(days: int, people: int) -> None:
    read, texts = pages_of(await attendance_sheet(printed(days=days, people=people)))
    root = cast("Any", read.root_object)
    assert (root["/MarkInfo"]["/Marked"], "/StructTreeRoot" in root, root["/Lang"]) == (True, True, "en-GB")
    sizes = {(round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in read.pages}
    assert sizes == {A4 if days <= 3 else A4[::-1]}
    whole = " ".join(" ".join(texts).split())
    for words in ("Without a booking", "Tess Trainer (Council)", *(["Tue 10 Mar"] if days > 1 else ["Signature"])):
        assert words in whole
    if people:
        assert ("Łucja Żółkiewska" in whole, "#panic()" in whole, f"Learner {people - 4}" in whole) == (True, True, True)


async def test_a_usual_group_fits_one_sheet_with_lines_for_walk_ins() -> None:
    for days in (1, 2):
        ordinary = replace(printed(days=days), people=[(f"Learner {number}", "Humberside Police") for number in range(20)])
        assert len(pages_of(await attendance_sheet(ordinary))[1]) == 1


@pytest.mark.parametrize("pdf", ["sheet", "badges"])
async def test_nothing_runs_over_the_edge_of_the_paper(pdf: str) -> None:
    made = await (attendance_sheet if pdf == "sheet" else badge_sheet)(printed(days=2))
    document = pypdfium2.PdfDocument(made)
    for number in range(len(document)):
        page = document[number]
        bitmap = page.render(scale=1, grayscale=True)
        rows = [bytes(bitmap.buffer)[line * bitmap.stride :][: bitmap.width] for line in range(bitmap.height)]
        margin = 20  # points
        edges = [row[:margin] + row[-margin:] for row in rows] + rows[:margin] + rows[-margin:]
        assert all(set(edge) <= {255} for edge in edges)


async def test_badges_stand_ten_on_a_page() -> None:
    read, texts = pages_of(await badge_sheet(printed(people=23)))
    assert (len(read.pages), "Łucja Żółkiewska" in texts[0], cast("Any", read.root_object)["/MarkInfo"]["/Marked"]) == (3, True, True)


async def test_trainers_and_the_desk_print_and_that_they_did_is_kept(clock: Clock, asha: Person, dee: Person, sign_in_as: SignInAs) -> None:
    held = await a_held_session(clock.now, people=2, days=2)
    for kind in ("sheet", "badges"):
        answer = await (await sign_in_as(held.trainer)).get(f"/teaching/{held.session.ref}/print/{kind}")
        assert (answer.status_code, answer.headers["content-type"], answer.content[:5]) == (200, "application/pdf", b"%PDF-")
        assert "Learner 1" in " ".join(pages_of(answer.content)[1])
        assert (await (await sign_in_as(dee)).get(f"/desk/sessions/{held.session.ref}/print/{kind}")).status_code == 200
        assert (await (await sign_in_as(asha)).get(f"/teaching/{held.session.ref}/print/{kind}")).status_code == 404
    assert (await (await sign_in_as(held.trainer)).get(f"/teaching/{held.session.ref}/print/everything")).status_code == 404
    assert await Entry.filter(action="export").count() == 4
