"""Which sessions a report is of: a session has one quarter on every page, and belongs to an area from a day to a day."""

from datetime import datetime

import pytest

from marstraining.attendance.models import Register
from marstraining.evaluation.actions import ask_after_sessions, close_surveys
from marstraining.evaluation.queries.surveys import survey_of_session
from marstraining.reports.actions import take_quarterly_snapshot
from marstraining.reports.document import Grid
from marstraining.reports.queries import Frozen
from marstraining.reports.rules import Period
from tests import makers
from tests.conftest import Clock
from tests.evaluation.asked import OUTCOMES, answer
from tests.reports.quarters import AT_DESK, sections, tiles

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
