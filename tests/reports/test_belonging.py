"""Which sessions a report is of: a session has one quarter on every page, and belongs to an area from a day to a day."""

from dataclasses import asdict
from datetime import date, datetime, timedelta

import pytest

from marstraining.attendance.models import Register
from marstraining.evaluation.actions import ask_after_sessions, close_surveys
from marstraining.evaluation.models import CourseArea, PoolMember, Summary
from marstraining.evaluation.queries.surveys import SurveyFacts, survey_of_session
from marstraining.evaluation.statistics import summarise
from marstraining.programme.models import Course, Session
from marstraining.reports.actions import take_quarterly_snapshot
from marstraining.reports.document import Grid
from marstraining.reports.queries import Frozen
from marstraining.reports.rules import Period
from tests import makers
from tests.conftest import Clock
from tests.evaluation.asked import OUTCOMES, a_form, an_asked_session, answer
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
    assert found == [("12", "+3.0", 1), ("0", "Not collected yet", 0)]


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
@pytest.mark.parametrize(("since", "told"), [(date(2025, 11, 1), "+3.0"), (date(2025, 11, 6), "Not published")])
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


async def _few_in_two_quarters(clock: Clock) -> tuple[Course, list[SurveyFacts]]:
    """A session at the end of September and one at the beginning of October, six answers of each, of opposite changes."""
    course = await makers.make_course("Neglect", outcomes=OUTCOMES)
    surveys = []
    for day, form in (("2026-09-24", a_form((9, 9, 9), (3, 3, 3))), ("2026-10-06", a_form((4, 4, 4), (8, 8, 8)))):
        clock.travel_to(datetime.fromisoformat(f"{day}T15:00:00+00:00"))
        taught, survey = await an_asked_session(clock.now, people=12, course=course)
        await answer(survey, taught.learners[:6], now=clock.now, forms=[form] * 6)
        surveys.append(survey)
    await close_surveys(now=clock.forward(days=20))
    return course, surveys


def _confidence(frozen: Frozen) -> tuple[str, list[str]]:
    points = [item for block in sections(frozen)["7"].blocks if hasattr(block, "items") for item in block.items]
    return tiles(frozen)["Change in confidence, 0 to 10"], points


@pytest.mark.usefixtures("db")
async def test_few_answers_are_taken_together_within_their_quarter_alone(clock: Clock) -> None:
    course, _ = await _few_in_two_quarters(clock)
    await CourseArea.create(course=course, area="Neglect", starts_on=date(2026, 10, 1))
    why = "Neglect: too few answers to be shown yet: they are kept until sessions of the course in the quarter have enough together"
    reports = ((Period(2026, 2), ""), (Period(2026, 3), ""), (Period(2026, 3), "area:Neglect"))
    for period, scope in reports:
        assert _confidence(await taken(clock, period, scope)) == ("Not published", [why])
    # A second session of the quarter makes them enough, also for the area that the course belongs to from the quarter's first day.
    taught, survey = await an_asked_session(clock.now, people=12, course=course)
    await answer(survey, taught.learners[:6], now=clock.now)
    await close_surveys(now=clock.forward(days=20))
    assert [_confidence(await taken(clock, period, scope))[0] for period, scope in reports] == ["Not published", "+3.5", "+3.5"]


@pytest.mark.usefixtures("db")
async def test_answers_that_were_taken_together_over_two_quarters_are_published_for_neither(clock: Clock) -> None:
    course, surveys = await _few_in_two_quarters(clock)
    own = [(await Summary.get(survey_id=one.id)).measures for one in surveys]
    # As they once were, in the quarter of the last.
    measures = {"course": asdict(summarise([(9, 3)] * 6 + [(4, 8)] * 6, (0, 10), 24)), "pairs": own[0]["pairs"] + own[1]["pairs"]}
    pool = await Summary.create(
        scope="pool", course=course, quarter="2026/27 Q3", answers=12, asked=24, surveys=2, measures=measures, survey=None
    )
    for one in surveys:
        await PoolMember.create(pool=pool, survey_id=one.id)
    taught, survey = await an_asked_session(clock.now, people=12, course=course)
    await answer(survey, taught.learners, now=clock.now)
    await close_surveys(now=clock.forward(days=20))
    assert {(one.scope, one.quarter, one.answers) for one in await Summary.filter(survey=None)} == {
        ("pool", "", 12),
        ("course", "", 24),
        ("quarter", "2026/27 Q3", 12),
    }
    assert _confidence(await taken(clock, Period(2026, 3))) == ("+3.0", [])
    why = "Neglect: counted together with sessions of another quarter, so in the course’s figure of all quarters alone"  # noqa: RUF001
    assert _confidence(await taken(clock, Period(2026, 2))) == ("Not published", [why])


@pytest.mark.usefixtures("db")
async def test_totals_that_were_stored_in_another_quarter_are_made_anew_once(clock: Clock) -> None:
    clock.travel_to(datetime.fromisoformat("2026-03-20T15:00:00+00:00"))
    course = await makers.make_course("Two days", outcomes=OUTCOMES)
    for number in (12, 6, 6):
        taught, survey = await an_asked_session(clock.now, people=12, course=course)
        await answer(survey, taught.learners[:number], now=clock.now)
    await close_surveys(now=clock.forward(days=16))
    right = {(one.scope, one.quarter, one.answers) for one in await Summary.filter(survey=None)}
    assert right == {("course", "", 24), ("quarter", "2025/26 Q4", 24), ("pool", "2025/26 Q4", 12)}
    # By the last day, as they were once made, and without what they were made of.
    for one in await Summary.filter(scope__in=["quarter", "pool"]):
        one.quarter, one.measures = "2026/27 Q1", {name: value for name, value in one.measures.items() if name != "members"}
        await one.save()
    await close_surveys(now=clock.forward(days=1))
    assert {(one.scope, one.quarter, one.answers) for one in await Summary.filter(survey=None)} == right
    shown = [tiles(await taken(clock, period))["Change in confidence, 0 to 10"] for period in (Period(2025, 4), Period(2026, 1))]
    assert shown == ["+3.0", "Not collected yet"]
    # From then on they stay, until a session's day is put right.
    kept = {one.id for one in await Summary.all()}
    await close_surveys(now=clock.forward(days=1))
    assert {one.id for one in await Summary.all()} == kept
    day = datetime.fromisoformat("2026-04-01T09:00:00+00:00")
    await Session.filter(id=survey.session_id).update(starts_at=day, ends_at=day + timedelta(hours=3))
    await close_surveys(now=clock.forward(days=1))
    assert {(one.scope, one.quarter, one.answers) for one in await Summary.filter(survey=None)} == {
        ("course", "", 24),
        ("quarter", "2025/26 Q4", 12),
        ("pool", "", 12),
    }
