"""What is frozen when a survey closes, what late forms change, pools and totals; and who can be found out from all of it."""

import random
from collections.abc import Sequence

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.db import rows
from marstraining.evaluation.actions import (
    answer_in_the_room,
    close_surveys,
    closing,
    enter_from_paper,
    enter_the_room,
    erase_old_answers,
    moderate_comment,
    open_survey,
)
from marstraining.evaluation.models import Comment, PoolMember, Response, Summary
from marstraining.evaluation.queries.comments import comments_to_look_at, queued_comments
from marstraining.evaluation.queries.results import result_of
from marstraining.evaluation.queries.surveys import SurveyFacts, survey_by_id
from marstraining.evaluation.rules.answers import Flag, Given
from marstraining.evaluation.rules.asking import CommentState
from marstraining.people.models import Person
from marstraining.programme.models import Course
from tests import makers
from tests.conftest import Clock
from tests.evaluation.asked import OUTCOMES, a_form, a_taught_session, an_asked_session, answer

pytest.importorskip("scipy")


async def _closed(clock: Clock, *, people: int, answers: int, course: Course) -> SurveyFacts:
    """A session of which so many answered; the clock is left where it was."""
    taught, survey = await an_asked_session(clock.now, people=people, course=course)
    await answer(survey, taught.learners[:answers], now=clock.now)
    return survey


async def _paper(survey_id: int, number: int, *, dee: Person, clock: Clock) -> None:
    survey = await survey_by_id(survey_id)
    assert survey is not None
    await enter_from_paper(survey, a_form(), f"paper-{survey_id}-{number}", by=makers.as_desk(dee), now=clock.now)


async def _current(survey_id: int) -> list[tuple[int, int]]:
    return [(one.step, one.answers) for one in await Summary.filter(survey_id=survey_id, is_current=True)]


async def test_a_summary_is_frozen_and_late_forms_change_it_only_in_fives(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    survey = await _closed(clock, people=14, answers=10, course=await makers.make_course(outcomes=OUTCOMES))
    await close_surveys(now=clock.forward(days=16))
    assert await _current(survey.id) == [(1, 10)]
    for number in range(7):
        await _paper(survey.id, number, dee=dee, clock=clock)
        await close_surveys(now=clock.now)
        assert await _current(survey.id) == [(1, 10) if number < 4 else (2, 15)]
    assert await Response.all().count() == 17


async def test_late_forms_count_line_by_line_and_no_line_for_a_few(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    course = await makers.make_course(outcomes=OUTCOMES)
    taught, asked = await an_asked_session(clock.now, people=20, course=course)
    await answer(asked, taught.learners[:10], now=clock.now, forms=[a_form(pace="Agree")] * 10)
    await close_surveys(now=clock.forward(days=16))
    before = await Summary.get(survey_id=asked.id)
    total = (await Summary.get(scope="course")).measures
    survey = await survey_by_id(asked.id)
    assert survey is not None
    # Five come late, of whom one filled in the grid and rated the pace; all five found it relevant.
    forms = [a_form((9, 9, 9), (2, 2, 2), pace="Disagree", relevant="Agree"), *([Given({"relevant": "Agree"}, flags=(Flag.HASTY,))] * 4)]
    for number, form in enumerate(forms):
        await enter_from_paper(survey, form, f"late-{number}", by=makers.as_desk(dee), now=clock.now)
    await close_surveys(now=clock.now)
    after = await Summary.get(survey_id=survey.id, is_current=True)
    assert (before.answers, after.step, after.answers) == (10, 2, 15)
    for name in ("statements", "course", "pairs", "flags"):
        assert after.measures[name] == before.measures[name]
    counted = {one["question"]: (one["counts"], one["answers"]) for one in after.measures["counted"]}
    assert (counted["pace"][0]["Disagree"], counted["pace"][1], counted["relevant"][1]) == (0, 10, 5)
    assert (await Summary.get(scope="course")).measures == total
    result = await result_of(survey.id)
    assert result is not None
    assert (result.gate.answers, result.course.gate.answers, result.later) == (15, 10, True)
    # Five later the lines have gained enough, each by itself; the course's score waits for the last of its statements.
    for number in range(5):
        form = Given({"confidence": [[1, 8], [2, 8], [3, 8] if number else []], "relevant": "Agree"})
        await enter_from_paper(survey, form, f"later-{number}", by=makers.as_desk(dee), now=clock.now)
    await close_surveys(now=clock.now)
    last = await Summary.get(survey_id=survey.id, is_current=True)
    assert [one["summary"]["n"] for one in last.measures["statements"]] == [16, 16, 15, 10]
    assert (last.measures["course"]["n"], len(last.measures["pairs"]), last.measures["flags"]) == (16, 16, {})


async def test_what_late_forms_say_waits_until_they_are_counted(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    desk = makers.as_desk(dee)
    taught, asked = await an_asked_session(clock.now, people=20)
    await answer(asked, taught.learners[:10], now=clock.now, forms=[a_form(useful="In time")] * 10)
    await close_surveys(now=clock.forward(days=16))
    survey = await survey_by_id(asked.id)
    assert survey is not None
    texts = ["The trainer was late", "", "", "The boy called Liam Smith was in our example", ""]
    for number, text in enumerate(texts):
        queued = [await queued_comments(state, viewer=desk) for state in (CommentState.WAITING, CommentState.SET_ASIDE)]
        # What may be about a child goes to the coordinator at once.
        assert [len(one) for one, _ in queued] == [10, number // 4]
        assert (await comments_to_look_at(viewer=desk))[CommentState.WAITING] == 10
        await enter_from_paper(survey, a_form(useful=text), f"late-{number}", by=desk, now=clock.now)
        if number < 4:
            await close_surveys(now=clock.now)
    aside = (await queued_comments(CommentState.SET_ASIDE, viewer=desk))[0][0]
    await moderate_comment(aside.id, CommentState.SHOWN, by=desk, now=clock.now)
    await Comment.all().update(state="shown")
    before = await result_of(survey.id)
    assert before is not None
    assert {one.text for one in before.comments} == {"In time"}
    assert (await queued_comments(CommentState.SHOWN, viewer=desk))[1] == 10
    await close_surveys(now=clock.now)
    after = await result_of(survey.id)
    assert after is not None
    assert (after.gate.answers, len(after.comments)) == (15, 12)
    assert (await queued_comments(CommentState.SHOWN, viewer=desk))[1] == 12
    assert await Comment.filter(id__gt=1 << 52).count() == 0


async def test_a_course_score_waits_for_a_statement_that_does(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    survey = await _closed(clock, people=20, answers=10, course=await makers.make_course(outcomes=OUTCOMES))
    await close_surveys(now=clock.forward(days=16))
    for number in range(5):
        found = await survey_by_id(survey.id)
        assert found is not None
        form = Given({"confidence": [[1, 8], [2, 8], [3, 8] if number else []], "knowledge": [[1, 9]]})
        await enter_from_paper(found, form, f"late-{number}", by=makers.as_desk(dee), now=clock.now)
    await close_surveys(now=clock.now)
    last = await Summary.get(survey_id=survey.id, is_current=True)
    assert [one["summary"]["n"] for one in last.measures["statements"]] == [15, 15, 10, 15]
    # With the score of fifteen, what the one said who left the third line out would follow.
    assert (last.measures["course"]["n"], len(last.measures["pairs"])) == (10, 10)


async def test_small_surveys_are_pooled_for_good_and_totals_are_made_of_blocks(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    course = await makers.make_course(outcomes=OUTCOMES)
    surveys = [await _closed(clock, people=20, answers=answers, course=course) for answers in (20, 7, 4, 6, 4, 1)]
    await close_surveys(now=clock.forward(days=16))
    pools = sorted([(one.answers, one.surveys) for one in await Summary.filter(scope="pool")])
    assert pools == [(13, 2)]
    total = await Summary.get(scope="course")
    assert (total.answers, total.surveys) == (33, 3)
    # A late form of a pooled survey changes nothing that anybody sees.
    for number in range(9):
        await _paper(surveys[1].id, number, dee=dee, clock=clock)
    await close_surveys(now=clock.now)
    assert await _current(surveys[1].id) == [(1, 7)]
    assert await PoolMember.all().count() == 2


async def test_what_late_forms_of_a_pooled_survey_say_is_read_in_fives(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    course = await makers.make_course(outcomes=OUTCOMES)
    surveys = [await _closed(clock, people=20, answers=6, course=course) for _ in range(2)]
    await close_surveys(now=clock.forward(days=16))
    survey = await survey_by_id(surveys[0].id)
    assert survey is not None
    desk = makers.as_desk(dee)
    before = await Summary.get(survey_id=survey.id)
    read: list[int] = []
    for number in range(12):
        await enter_from_paper(survey, a_form(useful=f"Good {number}" if number % 4 else ""), f"late-{number}", by=desk, now=clock.now)
        # The worker comes late once, so that the second time six are read.
        if number != 9:
            await close_surveys(now=clock.now)
        read.append((await queued_comments(CommentState.WAITING, viewer=desk))[1])
        await Comment.all().update(state="shown")
        result = await result_of(survey.id)
        assert result is not None
        assert (result.gate.answers, result.later, result.is_pooled) == (6, True, True)
        read[-1] += len(result.comments)
        await Comment.all().update(state="waiting")
    # Each is in both lists: three of the first five have words, and five of the next six.
    assert read == [0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 16, 16]
    after = await Summary.get(survey_id=survey.id)
    assert {**after.measures, "late_read": None} == {**before.measures, "late_read": None}


async def test_surveys_with_a_few_late_forms_keep_no_other_from_being_summed_up(
    db: TortoiseContext, clock: Clock, dee: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "_AT_ONCE", 1)
    course = await makers.make_course(outcomes=OUTCOMES)
    surveys = [await _closed(clock, people=10, answers=answers, course=course) for answers in (6, 6, 10, 10)]
    clock.forward(days=16)
    for _ in surveys:
        await close_surveys(now=clock.now)
    assert await PoolMember.all().count() == 2
    for survey in surveys:
        await _paper(survey.id, 1, dee=dee, clock=clock)
    last = await _closed(clock, people=10, answers=10, course=course)
    await close_surveys(now=clock.forward(days=16))
    assert await _current(last.id) == [(1, 10)]


async def test_odd_forms_are_counted_and_none_is_dropped(db: TortoiseContext, clock: Clock) -> None:
    taught, survey = await an_asked_session(clock.now, people=11)
    forms = [a_form()] * 9 + [a_form((10, 10, 10), (10, 10, 10)), Given({}, flags=(Flag.HASTY,))]
    await answer(survey, taught.learners, now=clock.now, forms=forms)
    await close_surveys(now=clock.forward(days=16))
    summary = await Summary.get(survey_id=survey.id)
    assert (summary.answers, summary.measures["flags"], summary.measures["course"]["n"]) == (11, {"hasty": 1}, 10)
    assert (summary.measures["course"]["same"], summary.measures["course"]["at_top"]) == (1, 1)


async def test_answers_go_after_three_years_and_what_they_came_to_stays(db: TortoiseContext, clock: Clock) -> None:
    survey = await _closed(clock, people=5, answers=5, course=await makers.make_course(outcomes=OUTCOMES))
    await close_surveys(now=clock.forward(days=16))
    assert await erase_old_answers(now=clock.forward(days=1000)) == 0
    assert await erase_old_answers(now=clock.forward(days=120)) == 5
    await close_surveys(now=clock.now)
    assert await _current(survey.id) == [(1, 5)]


# ---- who can be found out -----------------------------------------------------------------------------------------------


def _agreement(order: Sequence[int], truth: Sequence[int]) -> int:
    return sum(one == other for one, other in zip(order, truth, strict=True))


@pytest.mark.whole
async def test_answers_match_people_no_better_than_chance(db: TortoiseContext, clock: Clock) -> None:
    """Given all tables, the order of rows as the database keeps them, and who was invited and sat in which order (Done when 3)."""
    rng = random.Random(7)
    taught, survey = await an_asked_session(clock.now, people=200)
    # Everybody's answer carries their own number, as a truth that an onlooker does not have.
    sat = list(taught.learners)
    rng.shuffle(sat)
    forms = [a_form(secret=learner.id) for learner in sat]
    await answer(survey, sat, now=clock.now, forms=forms)
    await close_surveys(now=clock.forward(days=16))
    physical = "rowid" if (await rows("SELECT 1 AS one"))[0] and _is_sqlite(db) else "ctid"
    responses = await rows(f"SELECT * FROM evaluation_response WHERE survey_id = ? ORDER BY {physical}", survey.id)
    by_number = sorted(responses, key=lambda row: int(row["id"]))
    invitations = await rows(f"SELECT * FROM evaluation_invitation WHERE survey_id = ? ORDER BY {physical}", survey.id)
    by_key = await rows("SELECT * FROM evaluation_invitation WHERE survey_id = ? ORDER BY id", survey.id)
    by_nonce = await rows("SELECT * FROM evaluation_invitation WHERE survey_id = ? ORDER BY nonce", survey.id)
    by_submission = await rows("SELECT * FROM evaluation_response WHERE survey_id = ? ORDER BY submission_id", survey.id)
    people = {
        "invited": [one.id for one in taught.learners],
        "sat": [one.id for one in sat],
        "kept": [row["person_id"] for row in invitations],
        "key": [row["person_id"] for row in by_key],
        "nonce": [row["person_id"] for row in by_nonce],
        "letters": [row["person_id"] for row in await rows("SELECT person_id FROM messages_letter ORDER BY id")],
    }
    answers = {"kept": responses, "number": by_number, "submission": by_submission}
    # By chance each order agrees with any other in one place on average; in nine or more once in a million times.
    found = {(name, order): _agreement(people[name], [_secret(row) for row in answers[order]]) for name in people for order in answers}
    backwards = {
        (name, order): _agreement(people[name][::-1], [_secret(row) for row in answers[order]]) for name in people for order in answers
    }
    assert max(found.values()) < 9
    assert max(backwards.values()) < 9
    # No value of one side stands on the other, in letters or in history.
    values = {str(value) for row in responses for key, value in row.items() if key in {"id", "submission_id"}}
    for table in ("evaluation_invitation", "messages_letter", "history_entry"):
        told = " ".join(str(value) for row in await rows(f"SELECT * FROM {table}") for value in row.values())
        assert not any(value in told for value in values)


@pytest.mark.whole
async def test_forms_from_the_room_match_people_no_better_than_chance_and_nothing_stays_of_who_is_not_on_the_list(
    db: TortoiseContext, clock: Clock
) -> None:
    """As above, for a room in which every fifth person typed an address that we do not know."""
    rng = random.Random(23)
    taught = await a_taught_session(clock.now, people=200)
    survey = await open_survey(taught.session.id, now=clock.now)
    sat = list(taught.learners)
    rng.shuffle(sat)
    for number, learner in enumerate(sat):
        typed = str(learner.email) if number % 5 else f"private-{number}@example.org"
        given = await enter_the_room(survey.ref, typed, network="192.0.2.1", now=clock.now)
        await answer_in_the_room(survey.ref, given, a_form(secret=learner.id, useful="Thought"), network="192.0.2.1", now=clock.now)
    await close_surveys(now=clock.forward(days=32))
    physical = "rowid" if _is_sqlite(db) else "ctid"
    orders = [
        [_secret(row) for row in await rows(f"SELECT * FROM evaluation_response WHERE survey_id = ? ORDER BY {order}", survey.id)]
        for order in (physical, "id", "submission_id")
    ]
    people = [
        [row["person_id"] for row in await rows(f"SELECT * FROM evaluation_invitation WHERE survey_id = ? ORDER BY {order}", survey.id)]
        for order in (physical, "id", "nonce", "person_id", "token_hash")
    ]
    on_the_list = [one.id for number, one in enumerate(sat) if number % 5]
    assert [sorted(one) for one in orders] == [sorted(on_the_list)] * 3
    found = [_agreement(way, order) for order in orders for own in (*people, on_the_list) for way in (own, own[::-1])]
    assert max(found) < 9
    assert await Comment.all().count() == 160


def _is_sqlite(db: TortoiseContext) -> bool:
    client = db.db("default")
    return bool(client.capabilities.dialect == "sqlite")


def _secret(row: dict[str, object]) -> int:
    return int(str(row["answers"]).split('"secret": ')[1].split("}", maxsplit=1)[0].split(",", maxsplit=1)[0])


async def test_with_the_order_kept_the_same_test_would_find_everybody(db: TortoiseContext, clock: Clock) -> None:
    """The onlooker of the test above is no fool: given rows numbered in the order of answering, everybody is found."""
    taught, survey = await an_asked_session(clock.now, people=20)
    await answer(survey, taught.learners, now=clock.now, forms=[a_form(secret=one.id) for one in taught.learners])
    numbered = sorted(await rows("SELECT answers FROM evaluation_response WHERE survey_id = ?", survey.id), key=_secret)
    assert _agreement([one.id for one in taught.learners], [_secret(row) for row in numbered]) == 20
