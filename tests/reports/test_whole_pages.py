"""What each page must say (evaluation.md 4.7): rates with their definition, who is new, settings by name only in the annex apart."""

import json
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from marstraining.core import config
from marstraining.core.viewer import Role
from marstraining.people.models import Person, Position
from marstraining.reports.actions import sign_off, write_wordings
from marstraining.reports.document import Grid, Text, Tiles
from marstraining.reports.paper import document_of
from marstraining.reports.queries import Frozen, report_of
from marstraining.reports.queries.quality import coverage_on
from tests import makers
from tests.conftest import Clock, Visitor
from tests.reports.quarters import AT_DESK, IN_QUARTER, a_booking, a_change, a_quarter, grid, said, sections
from tests.reports.test_quarterly import READER, taken

SignInAs = Callable[[Person], Awaitable[Visitor]]


def points(frozen: Frozen, number: str) -> list[tuple[str, ...]]:
    return [block.items for block in sections(frozen)[number].blocks if hasattr(block, "items")]


def captions(frozen: Frozen, number: str) -> list[str]:
    return [block.caption for block in sections(frozen)[number].blocks if isinstance(block, Grid)]


async def agency_of(person: Person) -> int:
    return (await Position.get(person_id=person.id)).agency_id


@pytest.mark.usefixtures("db")
async def test_the_tile_of_confidence_says_how_many_replied_of_how_many(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    await a_change(held.course, answers=12, asked=20)
    await a_change(await makers.make_course("Neglect"), answers=18, asked=40, by=3)
    (block,) = [one for one in sections(await taken(clock))["1"].blocks if isinstance(one, Tiles)]
    assert block.tiles[-1].notes[0] == "30 of 60 replied (50%); courses from +2.5 to +3.5"


@pytest.mark.usefixtures("db")
async def test_the_attendance_rate_is_of_those_booked_at_the_cut_off_and_says_so(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    without = await taken(clock)
    assert "not collected yet" in sections(without)["2"].blocks[2].empty  # type: ignore[union-attr]  # a table
    for person in held.people[:4]:
        await a_booking(held.sessions[1], person)
    frozen = await taken(clock)
    # Of the other session nobody knows who was booked, so its four who came are in no rate.
    assert [list(row.values()) for row in grid(frozen, "2", 2)] == [
        ["Child Protection", "4", "1", "25%"], ["All courses", "4", "1", "25%"],
    ]  # fmt: skip
    assert said(frozen, "2")[0].startswith("The attendance rate is those who attended of those booked")


@pytest.mark.usefixtures("db")
async def test_organisations_are_new_only_where_earlier_attendances_are_held(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    assert "New organisations: not collected yet" in " ".join(said(await taken(clock), "3"))
    before = await makers.make_session(course=held.course, starts=IN_QUARTER - timedelta(days=90), now=clock.now)
    other = await makers.make_agency("Isle Fire")
    await makers.make_mark(before, await makers.make_person("Fred Fire"), agency_id=other.id)
    frozen = await taken(clock)
    assert ("Isle Police", "Education, schools: 1 setting") in points(frozen, "3")
    await makers.make_mark(before, held.people[3], agency_id=await agency_of(held.people[3]))
    assert ("Education, schools: 1 setting",) in points(await taken(clock), "3")


@pytest.mark.usefixtures("db")
async def test_a_conference_is_on_page_4_and_what_is_only_a_number_names_no_setting(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    frozen = await taken(clock)
    assert "No conference ran in this quarter." in said(frozen, "4")
    assert [row["Represented"] for row in grid(frozen, "4")] == ["not held"]
    conference = await makers.make_course("Conference", code="CO", kind="conference")
    session = await makers.make_session(course=conference, starts=IN_QUARTER, now=clock.now)
    await makers.make_agency("Absent School")
    await makers.make_mark(session, held.people[0], agency_id=await agency_of(held.people[0]))
    frozen = await taken(clock)
    assert captions(frozen, "4")[1] == "Settings represented at this quarter’s conferences"  # noqa: RUF001 - as printed
    assert [list(row.values()) for row in grid(frozen, "4", 1)] == [["Education, schools", "2", "1", "50%"]]
    assert "Themes of comments, and how many named each: not collected yet." in said(frozen, "9")


async def test_settings_not_represented_are_named_apart_from_the_report_to_the_board_and_the_desk_alone(
    clock: Clock, asha: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    held = await a_quarter(clock.now)
    school = await agency_of(held.people[0])
    await makers.make_agency("Absent School")
    early = await makers.make_agency("Absent Nursery", sector="Early years")
    assert early.is_in_area
    await makers.make_mark(held.sessions[2], held.people[0], agency_id=school)
    frozen = await taken(clock)
    assert [row["Represented"] for row in grid(frozen, "4")] == ["0", "1"]
    address = f"/board/reports/{frozen.ref}"
    for reader in (dee, await makers.make_person("Rae Reader", roles=(Role.BOARD_READER,))):
        visitor = await sign_in_as(reader)
        page = (await visitor.get(f"{address}/restricted")).text
        assert [name in page for name in ("Absent School", "Absent Nursery", "Isle School", "0 of 1 setting had")] == [
            True,
            True,
            False,
            True,
        ]
        assert "Official-Sensitive: for members of the board" in page
        report = (await visitor.get(address)).text
        assert (f"{address}/restricted" in report, "Absent" in report) == (True, False)
        assert "Absent" not in (await visitor.get(f"{address}.json")).text
    trainer = await makers.make_person("Tess Trainer", roles=(Role.TRAINER, Role.AGENCY_LEAD), agency=await makers.make_agency("Elsewhere"))
    for other in (asha, trainer):
        assert (await (await sign_in_as(other)).get(f"{address}/restricted")).status_code == 404
    narrow = await taken(clock, scope="course:CP")
    assert (narrow.content["restricted"], "Absent" in json.dumps(frozen.content["sections"] + frozen.content["paper"])) == ([], False)
    assert (await (await sign_in_as(dee)).get(f"/board/reports/{narrow.ref}/restricted")).status_code == 404


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("day", "first"), [(date(2022, 12, 31), "2023-01"), (date(2022, 12, 30), "2022-12")])
async def test_who_falls_due_is_told_from_the_month_of_the_following_day(day: date, first: str) -> None:
    months = list((await coverage_on(day)).due)
    assert (months[0], len(months)) == (first, 6)


@pytest.mark.usefixtures("db")
async def test_a_signed_report_asks_nobody_to_write_anything(clock: Clock) -> None:
    await a_quarter(clock.now)
    frozen = await taken(clock)

    async def sentences() -> str:
        report = await report_of(frozen.ref, viewer=READER)
        assert report is not None
        document = document_of(report, config.current())
        return " ".join(block.text for page in (*document.sections, *document.paper) for block in page.blocks if isinstance(block, Text))

    draft = await sentences()
    assert ("You said, we did: nothing is written yet." in draft, "Risks: none is written yet." in draft) == (True, True)
    await write_wordings(frozen.ref, {"risks": "Two trainers leave."}, by=AT_DESK, now=clock.now)
    await sign_off(frozen.ref, by=AT_DESK, now=clock.now)
    signed = await sentences()
    assert ("written yet" in signed, "You said" in signed, "Two trainers leave." in signed) == (False, False, True)
    assert signed.count("No actions were agreed in this report.") == 2
