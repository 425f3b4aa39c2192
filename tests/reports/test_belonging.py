"""Which sessions a report is of: a session has one quarter on every page, and belongs to an area from a day to a day."""

from datetime import date, datetime, timedelta

import pytest

from marstraining.attendance.models import Register
from marstraining.evaluation.actions import ask_after_sessions, close_surveys
from marstraining.evaluation.models import CourseArea
from marstraining.evaluation.queries.surveys import survey_of_session
from marstraining.reports.actions import take_quarterly_snapshot
from marstraining.reports.document import Grid
from marstraining.reports.queries import Frozen
from marstraining.reports.rules import Period
from tests import makers
from tests.conftest import Clock
from tests.evaluation.asked import OUTCOMES, an_asked_session, answer
from tests.reports.quarters import AT_DESK, IN_QUARTER, QUARTER, a_quarter, grid, sections, tiles

pytest.importorskip("scipy")


async def taken(clock: Clock, period: Period, scope: str = "") -> Frozen:
    frozen, _ = await take_quarterly_snapshot(period, scope=scope, by=AT_DESK, now=clock.now)
    return frozen


def asked(frozen: Frozen) -> list[str]:
    return [block.caption for block in sections(frozen)["Annex A"].blocks if isinstance(block, Grid) and ", version " in block.caption]


@pytest.mark.usefixtures("db")
async def test_a_session_over_the_turn_of_a_quarter_has_its_feedback_where_its_attendances_are(clock: Clock) -> None:
    clock.travel_to(datetime.fromisoformat("2026-04-02T10:00:00+00:00"))
    first_day = datetime.fromisoformat("2026-03-31T08:30:00+00:00")
    course = await makers.make_course("Two days", outcomes=OUTCOMES)
    session = await makers.make_session(course=course, starts=first_day, days=2, now=clock.now)
    learners = [await makers.make_person(f"Learner {number}") for number in range(12)]
    for learner in learners:
        await makers.make_mark(session, learner)
    await Register.create(session=session, opened_at=first_day, locked_at=clock.now)
    await ask_after_sessions(now=clock.now)
    survey = await survey_of_session(session.id)
    assert survey is not None
    await answer(survey, learners, now=clock.now)
    clock.forward(days=16)
    await close_surveys(now=clock.now)
    own, after = await taken(clock, Period(2025, 4)), await taken(clock, Period(2026, 1))
    found = [(tiles(one)["Attendances"], tiles(one)["Change in confidence, 0 to 10"], len(asked(one))) for one in (own, after)]
    assert found == [("12", "+3.0", 1), ("0", "not collected yet", 0)]


@pytest.mark.usefixtures("db")
async def test_an_areas_report_counts_each_courses_sessions_from_its_own_day_to_its_own_day(clock: Clock) -> None:
    held = await a_quarter(clock.now)
    # The course's first session is on 5 November and its second on the 19th; the briefing is on the 25th, and is planned in January again.
    await CourseArea.create(course=held.course, area="Neglect", starts_on=date(2025, 11, 6), ends_on=date(2025, 11, 19))
    await CourseArea.create(course=held.briefing, area="Neglect", starts_on=date(2025, 11, 26))
    for day in (4, 8):
        await makers.make_session(course=held.briefing, starts=clock.now + timedelta(days=7 * day), now=clock.now)
    await makers.make_session(course=held.course, starts=clock.now + timedelta(days=28), now=clock.now)
    frozen = await taken(clock, QUARTER, "area:Neglect")
    summary = tiles(frozen)
    assert (summary["Sessions run"], summary["Attendances"], summary["Different people"]) == ("1", "1", "1")
    assert [(row["Course"], row["Run"]) for row in grid(frozen, "2")] == [("Child Protection", "1"), ("All courses", "1")]
    assert [(row["Course"], row["Planned"]) for row in grid(frozen, "11")] == [("Briefing", "2")]
    # What belonged to it in the quarter before is counted there, whatever belongs to it now.
    later = await taken(clock, QUARTER.step(1), "area:Neglect")
    assert sections(later)["1"].blocks[0].tiles[1].notes[0] == "Quarter before: 1"  # type: ignore[union-attr]  # the summary begins with tiles


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("since", "told"), [(date(2025, 11, 1), "+3.0"), (date(2025, 11, 6), "not published")])
async def test_answers_of_a_course_that_belongs_for_a_part_of_the_quarter_are_not_split(since: date, told: str, clock: Clock) -> None:
    course = await makers.make_course("Neglect", outcomes=OUTCOMES)
    for days in (0, 14):
        clock.travel_to(IN_QUARTER + timedelta(days=days))
        taught, survey = await an_asked_session(clock.now, people=12, course=course)
        await answer(survey, taught.learners, now=clock.now)
    clock.forward(days=16)
    await close_surveys(now=clock.now)
    await CourseArea.create(course=course, area="Neglect", starts_on=since)
    frozen = await taken(clock, QUARTER, "area:Neglect")
    assert tiles(frozen)["Change in confidence, 0 to 10"] == told
    points = [block.items for block in sections(frozen)["7"].blocks if hasattr(block, "items")]
    why = "Neglect: belongs to the area for a part of the quarter, and answers are counted for the whole of it"
    assert points == ([] if told == "+3.0" else [(why,)])
