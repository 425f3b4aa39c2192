"""The quarterly report's figures: held against each other between pages, never nought for what nobody holds."""

import re

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.db import execute, rows
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role, Viewer
from marstraining.demo.filling import fill
from marstraining.evaluation.models import CourseArea
from marstraining.reports.actions import (
    drop_action,
    finish_action,
    name_action,
    sign_off,
    take_quarterly_snapshot,
    take_signature_back,
    write_wordings,
)
from marstraining.reports.document import Tiles
from marstraining.reports.queries import Frozen, drafts_of, last_written, report_of, signature_of, snapshots, wordings_of
from marstraining.reports.queries.board_actions import actions_of, open_actions
from marstraining.reports.rules import Period
from tests import makers
from tests.conftest import Clock
from tests.reports.quarters import AT_DESK, IN_QUARTER, QUARTER, a_booking, a_change, a_quarter, grid, said, sections, tiles
from tests.statements import statements

READER = Viewer(person_id=1, roles=frozenset({Role.BOARD_READER}))


async def taken(clock: Clock, period: Period = QUARTER, scope: str = "") -> Frozen:
    frozen, _ = await take_quarterly_snapshot(period, scope=scope, by=AT_DESK, now=clock.now)
    return frozen


def number(printed: str) -> int:
    return int(printed.replace(",", "")) if printed[0].isdigit() else 0


def check_feet(frozen: Frozen) -> None:
    """Every page that says how many sessions and attendances there were says the same."""
    by_course, summary = grid(frozen, "2"), tiles(frozen)
    *courses, total = by_course
    for head in total:
        if head != "Course":
            assert sum(number(row[head]) for row in courses) == number(total[head]), head
    assert (total["Run"], total["Attended"]) == (summary["Sessions run"], summary["Attendances"])
    ways = grid(frozen, "2", 1)
    assert sum(number(row["Sessions"]) for row in ways) == number(summary["Sessions run"])
    *organisations, everybody = grid(frozen, "3")
    assert sum(number(row["Attendances"]) for row in organisations) == number(everybody["Attendances"]) == number(summary["Attendances"])
    assert everybody["Different people"] == summary["Different people"]
    figures = {(one.key, one.measure): one.print for one in frozen.figures}
    assert [figures["all", measure] for measure in ("sessions held", "attendances", "people who attended")] == [
        summary["Sessions run"], summary["Attendances"], summary["Different people"],
    ]  # fmt: skip


@pytest.mark.usefixtures("db")
async def test_pages_agree_with_each_other_and_people_are_not_attendances(clock: Clock) -> None:
    await a_quarter(clock.now)
    frozen = await taken(clock)
    check_feet(frozen)
    summary = tiles(frozen)
    # Four came to the first session, one of them to the second too, and thirty are a number without names.
    assert (summary["Sessions run"], summary["Attendances"], summary["Different people"]) == ("3", "35", "4")
    assert [(row["Organisation"], row["Attendances"], row["Different people"]) for row in grid(frozen, "3")] == [
        ("Education, schools: 1 setting", "4", "3"), ("Isle Police", "1", "1"), ("Not told apart by organisation", "30", "not held"),
        ("All", "35", "4"),
    ]  # fmt: skip
    # 5 of 40 places at the course's sessions, 30 of 50 at the briefing.
    assert summary["Places filled"] == "39%"


@pytest.mark.usefixtures("db")
async def test_what_nobody_holds_is_never_nought(clock: Clock) -> None:
    await a_quarter(clock.now)
    frozen = await taken(clock)
    briefing, course, _ = grid(frozen, "2")
    assert (briefing["Booked"], briefing["Did not attend"], briefing["Attended"]) == ("not held", "not held", "30")
    assert (course["Did not attend"], course["In part"]) == ("1", "not held")
    summary = tiles(frozen)
    assert (summary["Did not attend"], summary["Change in confidence, 0 to 10"]) == ("Not held", "Not collected yet")
    for page in ("5", "6", "7", "8"):
        assert "not collected yet." in said(frozen, page)[0]


@pytest.mark.usefixtures("db")
async def test_a_list_of_who_attended_does_not_say_that_nobody_stayed_away_or_walked_in(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    await execute("DELETE FROM attendance_mark WHERE mark = 'absent'")
    heads = ("Booked", "In part", "Did not attend", "Walked in", "Cancelled late", "Waiting")
    _, course, everything = grid(await taken(clock), "2")
    assert [course[head] for head in heads] == [everything[head] for head in heads] == ["not held"] * 6
    # One of the two sessions holds bookings now, and a nought of it is none of both.
    await a_booking(held.sessions[0], held.people[0])
    frozen = await taken(clock)
    _, course, everything = grid(frozen, "2")
    assert [course[head] for head in heads] == [everything[head] for head in heads] == ["1", *["not held"] * 5]
    await a_booking(held.sessions[1], held.people[0])
    _, course, everything = grid(await taken(clock), "2")
    # Of the briefing thirty are held without names, so that the course's nought is not everybody's.
    assert ([course[head] for head in heads], [everything[head] for head in heads]) == (
        ["2", *["0"] * 5], ["2", *["not held"] * 5],
    )  # fmt: skip
    figures = {(one.key, one.measure): one.print for one in (await taken(clock)).figures}
    assert (figures["all", "did not attend"], figures["CP", "did not attend"]) == ("not held", "0")


@pytest.mark.usefixtures("db")
async def test_only_numbers_without_names_are_no_people_rather_than_nobody(clock: Clock) -> None:
    course = await makers.make_course("Briefing", code="BR")
    await makers.make_session(course=course, starts=IN_QUARTER, now=clock.now, imported_headcount=12)
    summary = tiles(await taken(clock))
    assert (summary["Attendances"], summary["Different people"]) == ("12", "Not held")


@pytest.mark.usefixtures("db")
async def test_before_the_first_session_on_record_nothing_is_held_and_after_it_a_quarter_without_one_is_nought(clock: Clock) -> None:
    await a_quarter(clock.now)

    async def beside(period: Period) -> set[tuple[str, ...]]:
        first = sections(await taken(clock, period))["1"].blocks[0]
        assert isinstance(first, Tiles)
        return {tile.notes for tile in first.tiles if tile.label in {"Sessions run", "Attendances", "Different people"}}

    assert await beside(QUARTER) == {("Quarter before: not held", "Same quarter a year ago: not held")}
    clock.forward(days=40)
    assert await beside(QUARTER.step(2)) == {("Quarter before: 0", "Same quarter a year ago: not held")}


@pytest.mark.usefixtures("db")
async def test_a_quarter_without_a_session_says_so(clock: Clock) -> None:
    frozen = await taken(clock)
    assert said(frozen, "1")[0] == "No session ran in quarter 3 of 2025/26."
    assert (tiles(frozen)["Attendances"], tiles(frozen)["Different people"], tiles(frozen)["Places filled"]) == ("0", "0", "Not held")


@pytest.mark.whole
@pytest.mark.usefixtures("db")
async def test_the_demos_reference_quarters_add_up(clock: Clock) -> None:
    await fill(now=clock.now, report=lambda _line: None)
    for quarter in (1, 2, 3, 4):
        check_feet(await taken(clock, Period(2022, quarter)))
    attended = [number(tiles(await taken(clock, Period(2022, quarter)))["Attendances"]) for quarter in (1, 2, 3, 4)]
    annual = grid(await taken(clock, Period(2022, 3)), "2")[-1]["Attended"]
    assert (attended[2], sum(attended) > attended[2]) == (number(annual), True)


@pytest.mark.usefixtures("db")
async def test_a_small_change_of_confidence_is_nought_without_a_sign(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    pairs = [(5.0, 4.0), (4.0, 5.0)] * 10 + [(5.0, 4.5)]
    await a_change(held.course, answers=0, asked=30, pairs=pairs)
    frozen = await taken(clock)
    assert tiles(frozen)["Change in confidence, 0 to 10"] == "0.0"
    assert re.findall(r"-0\.0*(?![0-9])", str(frozen.content)) == []


@pytest.mark.usefixtures("db")
async def test_confidence_passes_the_gate_and_names_who_is_not_published(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    await a_change(held.course, answers=12, asked=20)
    await a_change(held.briefing, answers=4, asked=30)
    frozen = await taken(clock)
    shown = grid(frozen, "7")
    assert [(row["Course"], row["Replied"], row["More confident"]) for row in shown] == [
        ("Child Protection", "12 of 20 (60%)", "12 (100%)")
    ]
    assert tiles(frozen)["Change in confidence, 0 to 10"] == "+2.5"
    assert [row["Course"] for row in grid(frozen, "Annex B")] == ["Child Protection"]
    points = [block.items for block in sections(frozen)["7"].blocks if hasattr(block, "items")]
    assert (len(points), points[0][0].startswith("Briefing: ")) == (1, True)
    # Four answers are fewer than five: not even their number leaves.
    assert "4 of 30" not in str(frozen.content)


@pytest.mark.usefixtures("db")
async def test_a_narrower_report_is_of_its_course_organisation_or_area_alone(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    await CourseArea.create(course=held.briefing, area="Neglect", starts_on=QUARTER.first)
    course, police, area = [await taken(clock, scope=scope) for scope in ("course:CP", "agency:IPOL", "area:Neglect")]
    assert [tiles(one)["Attendances"] for one in (course, police, area)] == ["5", "1", "30"]
    assert [one.content["of"] for one in (course, police, area)] == [
        "course: Child Protection",
        "organisation: Isle Police",
        "area: Neglect",
    ]
    assert ("Places filled" in tiles(police), said(police, "7")) == (False, ["Confidence: only in the report of the whole programme."])
    for scope in ("course:NIX", "agency:NIX", "area:Nix", "nonsense"):
        with pytest.raises(NotFound):
            await taken(clock, scope=scope)
    assert sorted(one.of for one in await snapshots(viewer=READER)) == ["Child Protection", "Isle Police", "Neglect"]


@pytest.mark.usefixtures("db")
async def test_an_organisation_of_whom_nobody_came_or_was_booked_counts_nought_where_others_are_on_record(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    code = (await rows("SELECT code FROM people_agency WHERE name = 'Isle Probation'"))[0]["code"]
    for session in held.sessions[:2]:
        await a_booking(session, held.people[0])
    frozen = await taken(clock, scope=f"agency:{code}")
    summary = tiles(frozen)
    assert (summary["Attendances"], summary["Different people"], summary["Did not attend"]) == ("0", "0", "Not held")
    briefing, course, _ = grid(frozen, "2")
    assert [course[head] for head in ("Booked", "Attended", "In part", "Did not attend", "Walked in")] == ["0"] * 5
    # Of thirty without names nobody can say how many were theirs.
    assert [briefing[head] for head in ("Booked", "Attended", "Did not attend")] == ["not held"] * 3
    figures = {(one.key, one.measure): one.print for one in frozen.figures}
    assert (figures["CP", "people who attended"], figures["BR", "people who attended"]) == ("0", "not held")


@pytest.mark.usefixtures("db")
async def test_only_the_training_team_takes_words_and_signs_and_never_ahead_of_time(clock: Clock) -> None:
    frozen = await taken(clock)
    with pytest.raises(NotFound):
        await take_quarterly_snapshot(QUARTER, by=READER, now=clock.now)
    with pytest.raises(NotFound):
        await write_wordings(frozen.ref, {"risks": "None."}, by=READER, now=clock.now)
    with pytest.raises(NotFound):
        await sign_off(frozen.ref, by=READER, now=clock.now)
    with pytest.raises(Refused, match="has not begun yet"):
        await taken(clock, Period(2027, 1))


@pytest.mark.usefixtures("db")
async def test_words_stand_apart_from_figures(clock: Clock) -> None:
    frozen = await taken(clock)
    drafted = {one.place: one.text for one in await drafts_of(frozen.ref)}
    assert await write_wordings(frozen.ref, drafted, by=AT_DESK, now=clock.now) == 0
    assert await write_wordings(frozen.ref, {"risks": " A trainer leaves in May. "}, by=AT_DESK, now=clock.now) == 1
    assert await wordings_of(frozen.ref) == {"risks": "A trainer leaves in May."}
    with pytest.raises(NotFound):
        await write_wordings(frozen.ref, {"figure": "9"}, by=AT_DESK, now=clock.now)
    for text in ("  ", "a" * 2001):
        with pytest.raises(Refused):
            await write_wordings(frozen.ref, {"risks": text}, by=AT_DESK, now=clock.now)
    report = await report_of(frozen.ref, viewer=READER)
    assert report is not None
    assert report.frozen == frozen


@pytest.mark.usefixtures("db")
async def test_a_signed_report_stays_until_its_signature_is_taken_back_with_a_reason(clock: Clock) -> None:
    ref = (await taken(clock)).ref
    assert (await sign_off(ref, by=AT_DESK, now=clock.now), await sign_off(ref, by=AT_DESK, now=clock.now)) == (True, False)
    with pytest.raises(Refused, match="signed off, so it stays"):
        await write_wordings(ref, {"risks": "A trainer leaves in May."}, by=AT_DESK, now=clock.now)
    with pytest.raises(Refused, match="signed off, so it stays"):
        await name_action(ref, "Find a trainer", "Dee", clock.now.date(), by=AT_DESK, now=clock.now)
    with pytest.raises(Refused, match="Say why"):
        await take_signature_back(ref, " ", by=AT_DESK, now=clock.now)
    with pytest.raises(NotFound):
        await take_signature_back(ref, "An error", by=READER, now=clock.now)
    assert (await wordings_of(ref), await signature_of(ref) is not None) == ({}, True)
    assert await take_signature_back(ref, "A trainer has left", by=AT_DESK, now=clock.now) is True
    assert await take_signature_back(ref, "A trainer has left", by=AT_DESK, now=clock.now) is False
    assert (await signature_of(ref), await write_wordings(ref, {"risks": "One."}, by=AT_DESK, now=clock.now)) == (None, 1)


@pytest.mark.usefixtures("db")
async def test_two_who_write_at_once_do_not_overwrite_each_other_and_nobody_signs_what_they_have_not_read(clock: Clock) -> None:
    ref = (await taken(clock)).ref
    opened = (await last_written(ref)).number
    assert await write_wordings(ref, {"risks": "From the first tab."}, seen=opened, by=AT_DESK, now=clock.now) == 1
    with pytest.raises(Refused, match=r"changed these sentences at 10am on 9 March"):
        await write_wordings(ref, {"risks": "From the second tab."}, seen=opened, by=AT_DESK, now=clock.now)
    with pytest.raises(Refused, match="changed these sentences"):
        await sign_off(ref, seen=opened, by=AT_DESK, now=clock.now)
    read = (await last_written(ref)).number
    assert (await wordings_of(ref))["risks"] == "From the first tab."
    assert await write_wordings(ref, {"risks": "Both."}, seen=read, by=AT_DESK, now=clock.now) == 1
    assert await sign_off(ref, seen=(await last_written(ref)).number, by=AT_DESK, now=clock.now) is True


@pytest.mark.usefixtures("db")
async def test_what_people_wrote_of_no_figure_and_a_drafts_actions_come_along_when_figures_are_taken_again(clock: Clock) -> None:
    await a_quarter(clock.now)
    first = await taken(clock)
    await write_wordings(first.ref, {"risks": "One.", "know-1": "Few came."}, by=AT_DESK, now=clock.now)
    await write_wordings(first.ref, {"risks": "A trainer leaves in May."}, by=AT_DESK, now=clock.now)
    await name_action(first.ref, "Find a trainer", "Dee Ward", clock.now.date(), by=AT_DESK, now=clock.now)
    await execute("UPDATE attendance_mark SET mark = 'absent'")
    clock.forward(days=1)
    second = await taken(clock)
    assert (second.ref != first.ref, await wordings_of(second.ref)) == (True, {"risks": "A trainer leaves in May."})
    assert [(one.what, one.report) for one in await open_actions(viewer=READER)] == [("Find a trainer", second.ref)]


@pytest.mark.usefixtures("db")
async def test_actions_have_an_owner_and_a_day_and_are_done_once(clock: Clock) -> None:
    ref = (await taken(clock)).ref
    made = await name_action(ref, "Find a trainer", "Dee Ward", clock.now.date(), by=AT_DESK, now=clock.now)
    assert await name_action(ref, "Find a trainer", "Dee Ward", clock.now.date(), by=AT_DESK, now=clock.now) == made
    other = await name_action(ref, "Write to schools", "Ann Lee", clock.now.date(), by=AT_DESK, now=clock.now)
    await drop_action(ref, other, by=AT_DESK, now=clock.now)
    await drop_action(ref, other, by=AT_DESK, now=clock.now)
    assert [one.what for one in await actions_of(ref)] == ["Find a trainer"]
    with pytest.raises(NotFound):
        await finish_action(made, by=READER, now=clock.now)
    assert [await finish_action(made, by=AT_DESK, now=clock.now) for _ in range(2)] == [True, False]
    assert (await open_actions(viewer=READER), [one.done_on for one in await actions_of(ref)]) == ([], [clock.now.date()])


async def test_statements_do_not_grow_with_courses(db: TortoiseContext, clock: Clock) -> None:
    await a_quarter(clock.now)
    # A report that is taken again and comes out otherwise takes over what was written in the one before.
    await taken(clock)
    await execute("UPDATE attendance_mark SET mark = 'partial' WHERE person_id = (SELECT max(person_id) FROM attendance_mark)")
    async with statements(db) as at_two:
        await taken(clock)
    for course in range(3):
        made = await makers.make_course(f"Course {course}")
        await makers.make_mark(await makers.make_session(course=made, starts=IN_QUARTER, now=clock.now), await makers.make_person("Cy"))
    async with statements(db) as at_five:
        await taken(clock)
    assert len(at_two) == len(at_five)
