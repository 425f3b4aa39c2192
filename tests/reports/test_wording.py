"""The drafted sentence on confidence: its verbs by the interval, none under ten answers, "all courses" only where that is true."""

import json
from dataclasses import asdict

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.db import execute
from marstraining.evaluation.statistics import summarise
from marstraining.reports.actions import take_quarterly_snapshot
from tests import makers
from tests.conftest import Clock
from tests.reports.quarters import AT_DESK, QUARTER, said

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
