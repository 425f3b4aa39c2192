"""Importing resources: the reference file as it is, again without a change, and every fault by its row."""

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from marstraining.core.imports import Fault, ImportOutcome, Row
from marstraining.core.spreadsheet import read_file
from marstraining.core.viewer import SYSTEM
from marstraining.demo.filling import REFERENCE, reference_rows
from marstraining.resources.actions import draft_of_resource, import_resources
from marstraining.resources.import_rows import COLUMNS, REQUIRED
from marstraining.resources.models import QualityCheck, Resource, ResourceLink, ResourceVersion
from tests import makers
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("db")
ROW = {"code": "7MB-CSE", "title": "CSE", "kind": "7 minute briefing", "url": "https://www.example.org/cse"}


async def _import(clock: Clock, *cells: Mapping[str, str]) -> ImportOutcome:
    return await import_resources([Row(number, row) for number, row in enumerate(cells, start=2)], by=SYSTEM, now=clock.now)


async def test_the_reference_file_gives_its_25_resources_and_again_changes_nothing(clock: Clock) -> None:
    await makers.make_course("Graded Care Profile 2", code="GCP2")
    rows = reference_rows("resources.csv")
    assert await import_resources(rows, by=SYSTEM, now=clock.now) == ImportOutcome(created=25)
    assert await import_resources(rows, by=SYSTEM, now=clock.now) == ImportOutcome(unchanged=25)
    restricted = await Resource.filter(requires_id__isnull=False).values_list("code")
    assert (restricted, await ResourceLink.all().count(), await ResourceVersion.all().count()) == ([("KIT-GCP2",)], 25, 25)
    found = await draft_of_resource("APP-DADPAD")
    assert (found.kind, found.audience_codes, found.topics) == ("link", ("all", "parents"), ("Babies", "Engaging fathers and male carers"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
async def test_the_file_is_read_however_a_spreadsheet_saved_it(clock: Clock, encoding: str) -> None:
    await makers.make_course("Graded Care Profile 2", code="GCP2")
    text = 'code;title;kind;topics\r\n7MB-X;Caf\u00e9 talks;Spotlight;"neglect; early help"\r\n'.encode(encoding)
    rows, faults = read_file(text, {column: column in REQUIRED for column in COLUMNS})
    assert faults == ()
    outcome = await import_resources(
        [Row(one.number, {**one.cells, "url": "https://www.example.org/"}) for one in rows], by=SYSTEM, now=clock.now
    )
    found = await draft_of_resource("7MB-X")
    assert (outcome.created, found.title, found.topics) == (1, "Caf\u00e9 talks", ("Early help", "Neglect"))


async def test_columns_that_a_file_leaves_out_keep_what_is_stored(clock: Clock) -> None:
    await _import(clock, ROW | {"summary": "Read it", "owner": "Nurse", "topics": "neglect", "audience": "School staff"})
    assert await _import(clock, {"code": "7mb-cse", "title": "CSE, again", "kind": ""}) == ImportOutcome(changed=1)
    found = await draft_of_resource("7MB-CSE")
    assert (found.title, found.kind, found.summary, found.owner, found.topics, found.audience_codes) == (
        "CSE, again", "briefing7", "Read it", "Nurse", ("Neglect",), ("schools",),
    )  # fmt: skip


async def test_dates_of_review_and_of_a_quality_check_come_with_the_file(clock: Clock) -> None:
    dated = ROW | {
        "reviewed_on": "2026-01-05",
        "review_by": "2027-01-05",
        "quality_checked_on": "2026-02-01",
        "quality_checked_by": "Nurse",
    }
    assert await _import(clock, dated) == ImportOutcome(created=1)
    assert await _import(clock, dated) == ImportOutcome(unchanged=1)
    resource = await Resource.get(code="7MB-CSE")
    assert (resource.reviewed_on, resource.review_by) == (date(2026, 1, 5), date(2027, 1, 5))
    assert await QualityCheck.all().values_list("checked_on", "role", "verdict") == [(date(2026, 2, 1), "Nurse", "good")]


async def test_every_fault_is_told_by_its_row_and_nothing_is_written(clock: Clock) -> None:
    outcome = await _import(
        clock,
        ROW,
        ROW,
        ROW | {"code": "A--B"},
        ROW | {"code": "KIND-1", "kind": "poem"},
        ROW | {"code": "URL-1", "url": "http://127.0.0.1/"},
        ROW | {"code": "DATE-1", "review_by": "5/1/2027"},
        ROW | {"code": "FUTURE-1", "quality_checked_on": "2027-01-05"},
        ROW | {"code": "AUD-1", "audience_codes": "sailors"},
        ROW | {"code": "LONG-1", "owner": "x" * 201},
        {"code": "TITLE-1", "title": "", "kind": "form"},
    )
    assert [(fault.row, fault.column) for fault in outcome.faults] == [
        (3, "code"), (4, "code"), (5, "kind"), (6, "url"), (7, "review_by"), (8, "quality_checked_on"),
        (9, "audience_codes"), (10, "owner"), (11, "title"),
    ]  # fmt: skip
    assert (outcome.faults[0].message, await Resource.all().count()) == ("The code “7MB-CSE” is already in row 2", 0)


async def test_what_only_the_database_knows_is_a_fault_by_row_too_and_all_is_undone(clock: Clock) -> None:
    outcome = await _import(
        clock,
        ROW,
        ROW | {"code": "KIT-X", "requires_accreditation": "NOTHING"},
        {"code": "EMPTY", "title": "Nothing in it", "kind": "form"},
    )
    assert outcome.faults == (
        Fault(3, "requires_accreditation", "There is no course with the code “NOTHING”"),
        Fault(4, "url", "Add a file or enter a web address"),
    )
    assert await Resource.all().count() == 0


def test_the_reference_file_is_the_published_one() -> None:
    rows: Sequence[Row] = reference_rows("resources.csv")
    assert (len(rows), (REFERENCE / "resources.csv").is_file()) == (25, True)
