"""Answers three months later and managers' with n from 1 to 30, polled as they close; and who can be found out from all that is kept."""

import itertools
import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.context import TortoiseContext

from marstraining.core.db import rows
from marstraining.core.viewer import SYSTEM
from marstraining.evaluation.actions import close_surveys
from marstraining.evaluation.actions.asking import ask_readers, open_kind
from marstraining.evaluation.gate import FOR_A_MEAN, Matched, matched_blocks, pooled_choices, published_choices
from marstraining.evaluation.models import Block, BlockMember, Comment, Response, Summary, Survey
from marstraining.evaluation.queries.exports import Wanted, evaluation_rows
from marstraining.evaluation.queries.later import later_in, quotes_in, wave_of
from marstraining.evaluation.queries.results import Result, result_of, survey_lines
from marstraining.evaluation.queries.surveys import Reader, SurveyFacts, session_to_ask, survey_by_id, survey_of_session
from marstraining.evaluation.rules.answers import Given
from marstraining.evaluation.rules.asking import SurveyKind
from marstraining.evaluation.rules.instruments import InstrumentKind
from marstraining.evaluation.rules.later import BlockKind
from tests import makers
from tests.conftest import Clock
from tests.evaluation.asked import OUTCOMES
from tests.evaluation.later import USED, Answered, a_followed_session, a_later_form, a_managers_form, answered
from tests.evaluation.test_closing import _agreement, _is_sqlite, _secret

pytestmark = pytest.mark.whole

pytest.importorskip("scipy")
_QUARTER = "2025/26 Q4"


# ---- the gate's own arithmetic ------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 12), st.integers(0, 12)), max_size=15))
def test_pairs_are_ten_and_so_are_those_who_answered_once(closed: list[tuple[int, int, int]]) -> None:
    taken: list[int] = []
    for block in matched_blocks([Matched(number, *sizes) for number, sizes in enumerate(closed)]):
        taken += [one.survey for one in block]
        assert sum(one.pairs for one in block) >= FOR_A_MEAN
        assert all(
            rest == 0 or rest >= FOR_A_MEAN for rest in map(sum, zip(*((one.alone_before, one.alone_after) for one in block), strict=True))
        )
    assert len(taken) == len(set(taken))


@given(st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=1, max_size=5))
def test_counts_added_up_give_no_survey_away_by_those_that_show_their_own(surveys: list[list[int]]) -> None:
    members = [(dict(zip("abc", counts, strict=True)), sum(counts)) for counts in surveys]
    total = pooled_choices(members)
    if total is None:
        return
    hidden = [answers for counts, answers in members if answers and published_choices(counts, answers=answers) is None]
    assert sum(total.values()) >= FOR_A_MEAN
    assert not hidden or sum(hidden) == sum(total.values())


# ---- polled as they close -----------------------------------------------------------------------------------------------


def _form(kind: SurveyKind, rng: random.Random, number: int) -> Given:
    if kind is SurveyKind.MANAGER:
        return a_managers_form(rng.choice(("Yes", "Not yet", "I cannot say")), supervision=rng.choice(("Yes", "No")), changed=f"C{number}")
    barriers = rng.sample(("Time", "Workload", "Other agencies"), 2)
    return a_later_form(rng.randint(0, 10), used=rng.choice(USED), barriers=barriers, changed=f"C{number}")


async def open_surveys(clock: Clock, kind: SurveyKind, rng: random.Random) -> list[SurveyFacts]:
    """A survey for each n from 1 to 30, which n people have answered."""
    course = await makers.make_course("Neglect", outcomes=OUTCOMES)
    people = [await makers.make_person(f"Person {number}") for number in range(30)]
    readers = [Reader(one.id, one.name, str(one.email), None) for one in people]
    made = []
    for n in range(1, 31):
        session = await makers.make_session(course=course, starts=clock.now, hours=1, now=clock.now)
        asking = await session_to_ask(session.id)
        assert asking is not None
        number = await open_kind(asking, kind, closes_at=clock.now.replace(year=2027), now=clock.now)
        survey = await survey_by_id(number or 0)
        assert survey is not None
        await ask_readers(survey, readers[:n], InstrumentKind(kind.value), closes_at=clock.now.replace(year=2027), now=clock.now)
        await answered(survey, people[:n], [_form(kind, rng, n * 100 + one) for one in range(n)], clock=clock)
        made.append(survey)
    return made


class _Onlooker:
    """Who polls everything after each closing, and takes what single surveys show by themselves away from every total."""

    def __init__(self, kind: BlockKind, surveys: Sequence[SurveyFacts]) -> None:
        self.kind = kind
        self.surveys = surveys
        self.totals: list[int] = [0]
        self.was: dict[str, int] = {}

    async def look(self) -> None:
        results = [await result_of(one.id) for one in self.surveys]
        for result in results:
            if result is not None and result.gate.answers is None:
                assert (result.chosen, result.comments, result.flags) == ((), (), ())
        found = await later_in(_QUARTER, self.kind)
        total = (found.gate.answers if found.gate else 0) or 0
        assert total == 0 or total >= FOR_A_MEAN
        assert total == self.totals[-1] or total - self.totals[-1] >= FOR_A_MEAN
        self.totals.append(total)
        told = await _told_by_block()
        alone = [(told.get(one.id, set()), _alone(result)) for one, result in zip(self.surveys, results, strict=True)]
        for question in found.questions:
            known = sum(one[question.text][1] for keys, one in alone if question.question in keys and question.text in one)
            assert question.answers - known == 0 or question.answers - known >= FOR_A_MEAN
            # What came in since the last look is as large.
            came = question.answers - self.was.get(question.question, 0)
            assert came == 0 or came >= FOR_A_MEAN
            self.was[question.question] = question.answers
        for spread in (found.now, found.end):
            assert spread is None or sum(spread.counts.values()) == spread.answers >= FOR_A_MEAN
        open_to_trainers = {comment.text for result in results if result is not None for comment in result.comments}
        assert {one.text for one in await quotes_in(_QUARTER)} <= open_to_trainers
        lines, _ = await survey_lines(viewer=SYSTEM)
        assert all(one.gate is None or one.gate.answers is None or one.gate.answers >= 5 for one in lines)
        for row in await evaluation_rows(Wanted(), viewer=SYSTEM):
            assert not isinstance(row["responses"], int) or row["responses"] >= 5


async def _told_by_block() -> dict[int, set[str]]:
    """Of which questions the totals tell, by survey: those that its block tells of."""
    keys = {block.id: {one["question"] for one in block.measures["questions"]} for block in await Block.all()}
    return {one.survey_id: keys[one.block_id] for one in await BlockMember.all()}


def _alone(result: Result | None) -> dict[str, tuple[Mapping[str, int], int]]:
    chosen = result.chosen if result else ()
    return {one.label: (one.counts, one.answers) for one in chosen if one.counts is not None}


@pytest.mark.parametrize("kind", [SurveyKind.FOLLOW_UP, SurveyKind.MANAGER])
async def test_closing_one_by_one_shows_nothing_of_a_few_in_any_total(kind: SurveyKind, db: TortoiseContext, clock: Clock) -> None:
    rng = random.Random(3)
    surveys = await open_surveys(clock, kind, rng)
    numbers = [one.id for one in surveys]
    rng.shuffle(numbers)
    onlooker = _Onlooker(BlockKind(kind.value), surveys)
    await onlooker.look()
    for number in numbers:
        await Survey.filter(id=number).update(closes_at=clock.forward(minutes=1))
        assert await close_surveys(now=clock.now) == 1
        await Comment.all().update(state="shown")
        await onlooker.look()
    sizes = {one.id: n for n, one in enumerate(surveys, start=1)}
    for block in await Block.all():
        own = [sizes[one.survey_id] for one in await BlockMember.filter(block_id=block.id)]
        assert sum(own) == block.answers >= FOR_A_MEAN
        assert len(own) == 1 or (len(own) >= 3 and max(own) < 5) or 5 <= min(own) <= max(own) < FOR_A_MEAN
    assert onlooker.totals[-1] >= sum(range(10, 31))
    # Nobody was asked twice, so nothing is said of the same people.
    assert [await wave_of(one, _QUARTER, "") for one in (BlockKind.KEPT, BlockKind.SHIFT)] == [None, None]


async def test_figures_of_the_same_people_grow_by_ten_and_leave_none_or_ten(db: TortoiseContext, clock: Clock) -> None:
    rng = random.Random(5)
    course = await makers.make_course("Neglect", outcomes=OUTCOMES)
    start, seen = clock.now, {BlockKind.KEPT: [0], BlockKind.SHIFT: [0]}
    for people in (6, 12, 9, 14, 12, 16, 8):
        clock.travel_to(start)
        sizes = sorted((rng.randint(people // 2, people) for _ in range(3)), reverse=True)
        await a_followed_session(clock, Answered(before=sizes[0], after=sizes[1], follow_up=sizes[2]), people=people, course=course)
        for kind, known in seen.items():
            wave = await wave_of(kind, "2026/27 Q4" if kind is BlockKind.KEPT else "2025/26 Q4", "")
            if wave is not None and wave.shown.gate.answers is not None:
                known.append(wave.shown.gate.answers)
    for kind, known in seen.items():
        assert all(later == earlier or later - earlier >= FOR_A_MEAN for earlier, later in itertools.pairwise(known))
        assert known[-1] >= FOR_A_MEAN
        for block in await Block.filter(kind=kind.value):
            taken = await BlockMember.filter(block_id=block.id).values_list("survey_id", flat=True)
            alone = [one.measures["paired"] for one in await Summary.filter(survey_id__in=taken, is_current=True)]
            for side in ("alone_before", "alone_after"):
                rest = sum(one[side] for one in alone)
                assert rest == 0 or rest >= FOR_A_MEAN


# ---- who can be found out -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SurveyKind.FOLLOW_UP, SurveyKind.MANAGER])
async def test_later_answers_match_people_no_better_than_chance(kind: SurveyKind, db: TortoiseContext, clock: Clock) -> None:
    """The onlooker of test_closing.py, on forms three months later, which have a key, and on managers', which have none (Done when 3)."""
    rng = random.Random(11)
    taught = await a_followed_session(clock, Answered(before=60, after=60), people=200)
    if kind is SurveyKind.FOLLOW_UP:
        # The same survey, open for a second time with the secret that belongs to it.
        await Survey.filter(kind="follow_up").update(closed_at=None, closes_at=clock.now.replace(year=2027))
        await rows(
            "INSERT INTO evaluation_secret (session_id, secret, until) VALUES (?, ?, ?) RETURNING id",
            taught.session.id, f"{taught.session.id:064}", clock.now,
        )  # fmt: skip
    else:
        asking = await session_to_ask(taught.session.id)
        assert asking is not None
        await open_kind(asking, kind, closes_at=clock.now.replace(year=2027), now=clock.now)
    survey = await survey_of_session(taught.session.id, kind)
    assert survey is not None
    readers = [Reader(one.id, one.name, str(one.email), None) for one in taught.learners]
    await ask_readers(survey, readers, InstrumentKind(kind.value), closes_at=survey.closes_at, now=clock.now)
    sat = list(taught.learners)
    rng.shuffle(sat)
    await answered(survey, sat, [Given({"secret": one.id}) for one in sat], clock=clock)
    await Survey.filter(id=survey.id).update(closes_at=clock.now)
    await close_surveys(now=clock.forward(days=1))
    assert await rows("SELECT 1 AS one FROM evaluation_secret") == []
    assert len({one.pair_key for one in await Response.filter(survey_id=survey.id)}) == (200 if kind is SurveyKind.FOLLOW_UP else 1)
    physical = "rowid" if _is_sqlite(db) else "ctid"
    responses = [
        [_secret(row) for row in await rows(f"SELECT * FROM evaluation_response WHERE survey_id = ? ORDER BY {order}", survey.id)]
        for order in (physical, "id", "submission_id", *(("pair_key",) if kind is SurveyKind.FOLLOW_UP else ()))
    ]
    people = [
        [row["person_id"] for row in await rows(f"SELECT * FROM evaluation_invitation WHERE survey_id = ? ORDER BY {order}", survey.id)]
        for order in (physical, "id", "nonce", "person_id", "token_hash")
    ] + [[one.id for one in sat]]
    # By chance each order agrees with any other in one place on average; in nine or more once in a million times.
    found = [_agreement(way, secrets) for order in people for way in (order, order[::-1]) for secrets in responses]
    assert max(found) < 9
