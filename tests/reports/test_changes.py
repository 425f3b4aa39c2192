"""What comes out otherwise than in the report before: of the same quarter, and of the quarter before it."""

import pytest

from marstraining.core.db import execute
from marstraining.core.viewer import Role, Viewer
from marstraining.reports.actions import take_quarterly_snapshot
from marstraining.reports.queries import report_of
from tests.conftest import Clock
from tests.reports.quarters import AT_DESK, QUARTER, a_booking, a_change, a_quarter, sections, tiles
from tests.reports.test_quarterly import taken

READER = Viewer(person_id=1, roles=frozenset({Role.BOARD_READER}))


@pytest.mark.usefixtures("db")
async def test_the_quarter_before_is_reckoned_anew_on_the_same_definitions(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    earlier = await taken(clock)
    await execute(
        "UPDATE attendance_mark SET mark = 'absent' WHERE session_id = ? AND person_id = ?", held.sessions[0].id, held.people[3].id
    )
    later = sections(await taken(clock, QUARTER.step(1)))["1"].blocks[0]
    notes = {tile.label: tile.notes[0] for tile in later.tiles}  # type: ignore[union-attr]  # the summary begins with tiles
    assert (notes["Attendances"], notes["Different people"]) == ("Quarter before: 34", "Quarter before: 3")
    again, changed = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.forward(days=1))
    assert [(one.key, one.measure, one.was, one.now) for one in changed] == [
        ("all", "attendances", "35", "34"), ("all", "people who attended", "4", "3"), ("all", "did not attend", "1", "2"),
        ("all", "places filled, per cent", "39%", "38%"),
        ("CP", "attendances", "5", "4"), ("CP", "people who attended", "4", "3"), ("CP", "did not attend", "1", "2"),
    ]  # fmt: skip
    report = await report_of(again.ref, viewer=READER)
    assert (report is not None and report.changed == changed, tiles(earlier)["Attendances"]) == (True, "35")


@pytest.mark.usefixtures("db")
async def test_any_mark_booking_or_answer_that_changes_a_figure_shows_as_a_difference_and_is_restated(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    first, second, _ = held.sessions
    for person in held.people:
        await a_booking(second, person)
    await a_change(held.course, answers=12, asked=20)
    await taken(clock)
    await execute("UPDATE attendance_mark SET mark = 'excused' WHERE session_id = ? AND mark = 'absent'", second.id)
    await execute("UPDATE attendance_mark SET mark = 'partial' WHERE session_id = ? AND person_id = ?", first.id, held.people[3].id)
    await execute("DELETE FROM bookings_booking WHERE learner_id = ?", held.people[0].id)
    await execute("DELETE FROM evaluation_summary")
    await a_change(held.course, answers=18, asked=20, by=1)
    later = await taken(clock, QUARTER.step(1))
    _, changed = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.forward(days=1))
    of_all = [
        ("attendances", "35", "34"), ("people who attended", "4", "3"), ("booked at the cut-off", "5", "4"),
        ("attended in part", "not held", "1"),
        ("did not attend", "1", "not held"), ("apologies", "not held", "1"), ("places filled, per cent", "39%", "38%"),
        ("did not attend, per cent of booked", "20%", "0%"), ("attendance rate, per cent", "20%", "25%"),
        ("change in confidence, 0 to 10", "+2.5", "+1.5"),
    ]  # fmt: skip
    assert [(one.measure, one.was, one.now) for one in changed if one.key == "all"] == of_all
    assert [(one["measure"], one["was"], one["now"]) for one in later.content["restated"]] == of_all
    own = [(one.measure, one.was, one.now) for one in changed if one.key == "CP"]
    assert own[-1] == ("change in confidence, 0 to 10", "+2.5", "+1.5")
    report = await report_of((await taken(clock)).ref, viewer=READER)
    assert report is not None
    assert len(report.changed) == len(changed) == len(of_all) + len(own)
