"""The report polled after each follow-up that closes, n from 1 to 30: page 8, whole and narrow, gives nobody away (Done when 3)."""

import random
import re

import pytest

from marstraining.core.db import rows
from marstraining.evaluation.actions import close_surveys
from marstraining.evaluation.gate import FOR_A_MEAN
from marstraining.evaluation.models import Comment, Survey
from marstraining.evaluation.rules.asking import SurveyKind
from marstraining.reports.actions import take_quarterly_snapshot
from marstraining.reports.document import Grid, Quotes, Section
from marstraining.reports.queries import Frozen
from marstraining.reports.rules import Period
from tests.conftest import Clock
from tests.evaluation.test_later_disclosure import open_surveys
from tests.reports.quarters import AT_DESK, sections

pytestmark = pytest.mark.whole

pytest.importorskip("scipy")
_QUARTER = Period(2025, 4)


async def _page_8(clock: Clock, scope: str = "") -> Section:
    frozen: Frozen
    frozen, _ = await take_quarterly_snapshot(_QUARTER, scope=scope, by=AT_DESK, now=clock.now)
    return sections(frozen)["8"]


def _sizes(page: Section) -> dict[str, int]:
    """How many answers each table of a page is of, by its words without the number."""
    found: dict[str, int] = {}
    for block in page.blocks:
        if isinstance(block, Grid) and (said := re.search(r"\((\d+) answers?\)$", block.caption)):
            found[block.caption[: said.start()]] = int(said[1])
            if "several" not in block.caption:
                assert sum(int(row[1]) for row in block.rows) == int(said[1])
    return found


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("kind", [SurveyKind.FOLLOW_UP, SurveyKind.MANAGER])
async def test_a_report_after_each_closing_grows_by_ten_or_not_at_all(kind: SurveyKind, clock: Clock) -> None:
    rng = random.Random(9)
    surveys = await open_surveys(clock, kind, rng)
    code = (await rows("SELECT code FROM programme_course"))[0]["code"]
    numbers = [one.id for one in surveys]
    rng.shuffle(numbers)
    was: dict[str, int] = {}
    for place, number in enumerate(numbers):
        await Survey.filter(id=number).update(closes_at=clock.forward(minutes=1))
        await close_surveys(now=clock.now)
        await Comment.all().update(state="shown")
        if place % 3:
            continue
        page = await _page_8(clock)
        for caption, answers in _sizes(page).items():
            assert answers >= FOR_A_MEAN
            assert answers - was.get(caption, 0) == 0 or answers - was.get(caption, 0) >= FOR_A_MEAN
            was[caption] = answers
        assert all(len(block.quotes) <= 6 for block in page.blocks if isinstance(block, Quotes))
        (lines,) = [block.rows for block in (await _page_8(clock, f"course:{code}")).blocks if isinstance(block, Grid)]
        for _, replied, used in lines:
            said = re.match(r"(\d+) of", replied)
            assert (said is None) == (replied == "fewer than 5 responses")
            counts = [int(one) for one in re.findall(r": (\d+)", used)]
            assert said is not None or counts == []
            assert not counts or sum(counts) >= FOR_A_MEAN or all(one == 0 or one >= 3 for one in counts)
    assert min(was.values()) >= sum(range(10, 20))
