"""The drafted sentence on confidence: its verbs by the interval, none under ten answers, "all courses" only where that is true."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.db import execute
from marstraining.evaluation.actions import close_surveys
from marstraining.evaluation.statistics import summarise
from marstraining.reports.actions import take_quarterly_snapshot
from tests import makers
from tests.conftest import Clock
from tests.evaluation.asked import OUTCOMES, an_asked_session, answer
from tests.reports.quarters import AT_DESK, IN_QUARTER, QUARTER, said, sections, tiles

pytest.importorskip("scipy")

_UP = [(3.0, 5.0), (4.0, 5.0)] * 6
_DOWN = [(5.0, 3.0), (5.0, 4.0)] * 6
_EITHER_WAY = [(4.0, 5.0), (5.0, 4.0)] * 6
_FEW = _UP[:9]


async def _sentence(clock: Clock, **courses: list[tuple[float, float]]) -> str:
    """What the report says of courses by their titles, each with the pairs that its learners gave."""
    for title, pairs in courses.items():
        course = await makers.make_course(title)
        measures = json.dumps({"course": asdict(summarise(pairs, (0, 10), 20))})
        await execute(
            "INSERT INTO evaluation_summary (scope, course_id, quarter, step, is_current, answers, asked, surveys, measures)"
            " VALUES ('quarter', ?, '2025/26 Q3', 1, ?, ?, 20, 1, ?)",
            course.id, True, len(pairs), measures,
        )  # fmt: skip
    frozen, _ = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.now)
    return next(text for text in said(frozen, "1") if text.startswith(("Confidence", "No course", "Too few")))


async def test_an_interval_above_below_and_across_nought_has_its_own_word(db: TortoiseContext, clock: Clock) -> None:
    told = await _sentence(clock, Above=_UP, Below=_DOWN, Across=_EITHER_WAY)
    assert told == "Confidence by course: Above: improved; Across: no clear change; Below: fell."


async def test_under_ten_answers_there_is_no_verb(db: TortoiseContext, clock: Clock) -> None:
    assert await _sentence(clock, Few=_FEW) == "No course has enough replies for an average of confidence this quarter."


async def test_all_courses_improved_names_those_that_are_not_published(db: TortoiseContext, clock: Clock) -> None:
    told = await _sentence(clock, One=_UP, Two=_UP, Small=_FEW, Smaller=_UP[:6])
    assert told.startswith("Confidence improved after all 2 courses with enough answers.")
    assert told.endswith(" Not published: Small, Smaller.")


@pytest.mark.parametrize("other", [_DOWN, _EITHER_WAY])
async def test_all_courses_is_not_said_where_one_did_not_improve(
    db: TortoiseContext, clock: Clock, other: list[tuple[float, float]]
) -> None:
    told = await _sentence(clock, One=_UP, Two=_UP, Other=other)
    assert ("all" in told, told.count("improved")) == (False, 2)


_TAKEN_EARLY = datetime.fromisoformat("2026-01-05T09:00:00+00:00")


async def _asked_on(clock: Clock, day: datetime, title: str, *, answers: int) -> None:
    clock.travel_to(day)
    taught, survey = await an_asked_session(clock.now, people=12, course=await makers.make_course(title, outcomes=OUTCOMES))
    await answer(survey, taught.learners[:answers], now=clock.now)


async def test_courses_still_open_or_not_asked_are_named_and_page_7_says_why(db: TortoiseContext, clock: Clock) -> None:
    for title in ("One", "Two"):
        await _asked_on(clock, IN_QUARTER, title, answers=12)
    await _asked_on(clock, IN_QUARTER + timedelta(days=45), "Late in the quarter", answers=12)
    for title, day in (("Missed", IN_QUARTER), ("No register yet", IN_QUARTER + timedelta(days=48))):
        await makers.make_session(course=await makers.make_course(title), starts=day, now=clock.now)
    await makers.make_session(course=await makers.make_course("Elsewhere", kind="external"), starts=IN_QUARTER, now=clock.now)
    clock.travel_to(_TAKEN_EARLY - timedelta(days=2))
    await close_surveys(now=clock.now)
    frozen, _ = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.now)
    names = "Late in the quarter, Missed, No register yet"
    assert f"Confidence improved after all 2 courses with enough answers. Not published: {names}." in said(frozen, "1")
    (points,) = [block.items for block in sections(frozen)["7"].blocks if hasattr(block, "items")]
    assert points == (
        "Late in the quarter: still open, until 3 January 2026",
        "Missed: nobody was asked",
        "No register yet: not asked yet, until the register is taken",
    )
    clock.travel_to(_TAKEN_EARLY)
    await close_surveys(now=clock.now)
    later, _ = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.now)
    assert "Confidence improved after all 3 courses with enough answers. Not published: Missed, No register yet." in said(later, "1")


async def test_while_every_survey_is_open_nothing_says_that_too_few_replied(db: TortoiseContext, clock: Clock) -> None:
    await _asked_on(clock, IN_QUARTER, "Only", answers=12)
    frozen, _ = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.now)
    assert "Confidence is not published yet: answers are still to come." in said(frozen, "1")
    assert tiles(frozen)["Change in confidence, 0 to 10"] == "Not published"
    assert "Too few" not in str(frozen.content["sections"])
