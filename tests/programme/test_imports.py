"""Importing courses and sessions: the reference files' columns, faults by row, nothing half done."""

from collections.abc import Mapping, Sequence
from datetime import date

from tortoise.context import TortoiseContext

from marstraining.core.imports import Fault, ImportOutcome, Row
from marstraining.core.viewer import SYSTEM
from marstraining.programme.actions import import_courses, import_sessions
from marstraining.programme.models import Course, Session, TrainingDay, Venue
from marstraining.programme.queries import course_facts
from tests.conftest import Clock

COURSE = {"code": "CP", "title": "Child Protection", "kind": "course", "delivery": "either", "audience_codes": "all"}
SESSION = {
    "code": "CP-1",
    "course": "CP",
    "date": "2027-03-02",
    "starts": "09:30",
    "ends": "12:30",
    "venue": "Hewson House",
    "delivery": "in person",
}


def _rows(*cells: Mapping[str, str]) -> Sequence[Row]:
    return [Row(number, row) for number, row in enumerate(cells, start=2)]


async def _courses(clock: Clock, *cells: Mapping[str, str]) -> ImportOutcome:
    return await import_courses(_rows(*cells), by=SYSTEM, now=clock.now)


async def _sessions(clock: Clock, *cells: Mapping[str, str]) -> ImportOutcome:
    return await import_sessions(_rows(*cells), by=SYSTEM, now=clock.now)


async def test_a_course_is_created_changed_and_left_as_it_is(db: TortoiseContext, clock: Clock) -> None:
    full = {**COURSE, "topics": "GCP2; county lines", "outcomes": "Recognise | Act", "capacity": "30", "priority": "yes", "needs": ""}
    assert await _courses(clock, full) == ImportOutcome(created=1)
    assert await _courses(clock, full) == ImportOutcome(unchanged=1)
    assert await _courses(clock, {**full, "capacity": "25"}) == ImportOutcome(changed=1)
    facts = await course_facts("CP", now=clock.now)
    assert facts.outcomes == ("Recognise", "Act")
    assert facts.topics == (("cce", "Child criminal exploitation"), ("gcp2", "Graded Care Profile 2"))
    assert (await Course.get(code="CP")).capacity == 25


async def test_a_column_that_a_file_leaves_out_keeps_what_is_stored(db: TortoiseContext, clock: Clock) -> None:
    await _courses(clock, {**COURSE, "outcomes": "Recognise", "topics": "neglect"})
    assert await _courses(clock, {"code": "CP", "title": "Child Protection (core)"}) == ImportOutcome(changed=1)
    facts = await course_facts("CP", now=clock.now)
    assert (facts.title, facts.outcomes, [slug for slug, _ in facts.topics]) == ("Child Protection (core)", ("Recognise",), ["neglect"])


async def test_a_prerequisite_may_stand_further_down_the_file(db: TortoiseContext, clock: Clock) -> None:
    advanced = {**COURSE, "code": "CP2", "title": "Advanced", "needs": "CP"}
    assert await _courses(clock, advanced, COURSE) == ImportOutcome(created=2)
    assert await _courses(clock, advanced, COURSE) == ImportOutcome(unchanged=2)
    assert (await course_facts("CP2", now=clock.now)).needs == (("CP", "Child Protection"),)


async def test_every_fault_of_a_courses_file_is_told_by_row_and_nothing_is_written(db: TortoiseContext, clock: Clock) -> None:
    outcome = await _courses(
        clock,
        COURSE,
        COURSE,
        {**COURSE, "code": "A", "kind": "party"},
        {**COURSE, "code": "B", "capacity": "many"},
        {**COURSE, "code": "C", "priority": "maybe"},
    )
    assert [(fault.row, fault.column) for fault in outcome.faults] == [(3, "code"), (4, "kind"), (5, "capacity"), (6, "priority")]
    assert await Course.all().count() == 0


async def test_an_unknown_prerequisite_undoes_the_whole_file(db: TortoiseContext, clock: Clock) -> None:
    outcome = await _courses(clock, COURSE, {**COURSE, "code": "CP2", "needs": "NOPE"})
    assert outcome.faults == (Fault(3, "needs", "There is no course with the code “NOPE”"),)
    assert await Course.all().count() == 0


async def test_rows_with_one_code_are_the_training_days_of_one_session(db: TortoiseContext, clock: Clock) -> None:
    await _courses(clock, COURSE)
    both = (SESSION, {**SESSION, "date": "2027-03-03"})
    assert await _sessions(clock, *both) == ImportOutcome(created=1)
    assert await _sessions(clock, *both) == ImportOutcome(unchanged=1)
    session = await Session.get(code="CP-1")
    days = await TrainingDay.filter(session_id=session.id).order_by("starts_at")
    assert [(day.day, day.starts, day.ends) for day in days] == [(date(2027, 3, 2), "09:30", "12:30"), (date(2027, 3, 3), "09:30", "12:30")]
    assert (session.state, session.starts_at, session.ends_at) == ("published", days[0].starts_at, days[1].ends_at)


async def test_a_day_that_is_inserted_shifts_no_other(db: TortoiseContext, clock: Clock) -> None:
    await _courses(clock, COURSE)
    await _sessions(clock, SESSION, {**SESSION, "date": "2027-03-04"})
    before = {day.day: (day.uid, day.sequence) for day in await TrainingDay.all()}
    assert await _sessions(clock, SESSION, {**SESSION, "date": "2027-03-03"}, {**SESSION, "date": "2027-03-04"}) == ImportOutcome(changed=1)
    after = {day.day: (day.uid, day.sequence) for day in await TrainingDay.all()}
    assert {day: after[day] for day in before} == before
    assert len(after) == 3


async def test_a_moved_day_keeps_its_uid_and_rises(db: TortoiseContext, clock: Clock) -> None:
    await _courses(clock, COURSE)
    await _sessions(clock, SESSION)
    uid = (await TrainingDay.get()).uid
    await _sessions(clock, {**SESSION, "starts": "10:00"})
    day = await TrainingDay.get()
    assert (day.uid, day.starts, day.sequence) == (uid, "10:00", 1)


async def test_figures_and_venues_come_along(db: TortoiseContext, clock: Clock) -> None:
    await _courses(clock, COURSE)
    await _sessions(
        clock,
        {**SESSION, "attended": "188", "organisations": "19", "counted_as": "headcount", "date_basis": "assumed", "notes": "groups"},
        {**SESSION, "code": "CP-2", "venue": "Microsoft Teams", "delivery": "online"},
    )
    first = await Session.get(code="CP-1")
    assert (first.imported_headcount, first.organisations_represented, first.counted_as, first.date_basis, first.notes) == (
        188,
        19,
        "headcount",
        "assumed",
        "groups",
    )
    assert [(venue.name, venue.is_online) for venue in await Venue.all().order_by("name")] == [
        ("Hewson House", False),
        ("Microsoft Teams", True),
    ]


async def test_every_fault_of_a_sessions_file_is_told_by_row_and_nothing_is_written(db: TortoiseContext, clock: Clock) -> None:
    await _courses(clock, COURSE)
    outcome = await _sessions(
        clock,
        SESSION,
        {**SESSION, "code": "CP-2", "date": "2027-03-28", "starts": "01:30"},
        {**SESSION, "code": "CP-3", "course": "NOPE"},
        {**SESSION, "code": "CP-4", "date": "31/02/2027"},
        {**SESSION, "code": "CP-5", "ends": "09:00"},
        {**SESSION, "code": "CP-6", "starts": "half nine"},
        {**SESSION, "code": ""},
        {**SESSION, "venue": "Elsewhere"},
        {**SESSION, "code": "CP-9", "attended": "-3"},
    )
    assert [f"Row {fault.row}: {fault.message}" for fault in outcome.faults] == [
        "Row 3: The time 01:30 on 28 March 2027 does not exist: the clocks go forward",
        "Row 4: There is no course with the code “NOPE”",
        "Row 5: “31/02/2027” is not a date like 2027-03-28",
        "Row 6: The end time must be after the start time",
        "Row 7: “half nine” is not a time like 09:30",
        "Row 8: The code must have 1 to 60 characters",
        "Row 9: The venue differs from row 2, which has the same code",
        "Row 10: “-3” is not a whole number from 0 to 1,000,000",
    ]
    assert (await Session.all().count(), await Venue.all().count()) == (0, 0)


async def test_a_time_with_an_offset_is_no_wall_clock_time_and_all_three_cells_of_a_day_are_checked_at_once(
    db: TortoiseContext, clock: Clock
) -> None:
    await _courses(clock, COURSE)
    outcome = await _sessions(
        clock,
        {**SESSION, "starts": "09:30+02:00", "ends": "12:30Z"},
        {**SESSION, "code": "CP-2", "date": "31 June", "starts": "25:00", "ends": "noon"},
        {**SESSION, "code": "CP-3", "starts": "09:30+02:00"},
    )
    assert [(fault.row, fault.column, fault.message) for fault in outcome.faults] == [
        (2, "ends", "“12:30Z” is not a time like 09:30"),
        (2, "starts", "“09:30+02:00” is not a time like 09:30"),
        (3, "date", "“31 June” is not a date like 2027-03-28"),
        (3, "ends", "“noon” is not a time like 09:30"),
        (3, "starts", "“25:00” is not a time like 09:30"),
        (4, "starts", "“09:30+02:00” is not a time like 09:30"),
    ]
    assert await Session.all().count() == 0


async def test_two_rows_for_one_day_are_a_fault(db: TortoiseContext, clock: Clock) -> None:
    await _courses(clock, COURSE)
    outcome = await _sessions(clock, SESSION, SESSION)
    assert outcome.faults == (Fault(2, "date", "Two training days overlap on 2 March 2027"),)
