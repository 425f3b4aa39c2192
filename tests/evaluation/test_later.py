"""Three months later: managers by letter, what was kept by the same people, the shift of the scale, and blocks that tell nobody apart."""

import json
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.viewer import Role
from marstraining.evaluation.actions import (
    answer_by_link,
    ask_managers,
    close_surveys,
    moderate_comment,
    remind_of_surveys,
    switch_managers,
)
from marstraining.evaluation.models import Block, BlockMember, Comment, ManagerCourse, Response, Survey
from marstraining.evaluation.queries.later import later_in, quotes_in, wave_of
from marstraining.evaluation.queries.results import result_of
from marstraining.evaluation.queries.surveys import survey_of_session
from marstraining.evaluation.rules.asking import CommentState, Mode, SurveyKind, quarter_of
from marstraining.evaluation.rules.later import BlockKind
from marstraining.messages.models import Message
from marstraining.people.models import Agency, Person, Position, RoleGrant
from tests import makers
from tests.conftest import Clock
from tests.evaluation.asked import OUTCOMES, Taught, a_taught_session, links_of
from tests.evaluation.later import USED, Answered, a_followed_session, a_later_form, a_managers_form, answered

pytest.importorskip("scipy")


def _quarter(clock: Clock) -> str:
    return quarter_of(clock.now - timedelta(days=2))


# ---- managers -----------------------------------------------------------------------------------------------------------


async def _with_leads(taught: Taught, *, leads: int) -> list[Person]:
    """Each learner works at a body of their own; so many of these have a lead."""
    found = []
    for number, learner in enumerate(taught.learners):
        agency = await makers.make_agency(f"Body {number}")
        await Position.create(person=learner, agency=agency, job_role="school_staff", starts_on=makers.LONG_AGO.date())
        if number < leads:
            found.append(await makers.make_person(f"Lead {number}", agency=agency, roles=(Role.AGENCY_LEAD,)))
    return found


async def test_managers_are_asked_where_the_desk_switched_it_on_and_get_one_letter(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    taught = await a_taught_session(clock.now, people=3)
    leads = await _with_leads(taught, leads=2)
    # Whoever leads two of those who came gets one letter, and nobody is asked about themselves alone.
    agency = await Agency.get(name="Body 0")
    await Position.create(person=taught.learners[2], agency=agency, job_role="school_staff", starts_on=makers.LONG_AGO.date())
    own = await makers.make_agency("Own")
    await Position.create(person=taught.learners[1], agency=own, job_role="school_staff", starts_on=makers.LONG_AGO.date())
    await RoleGrant.create(person=taught.learners[1], role=Role.AGENCY_LEAD, agency=own, granted_at=makers.LONG_AGO)
    clock.travel_to(taught.session.ends_at + timedelta(weeks=12, hours=1))
    assert await ask_managers(now=clock.now) == 0
    course = (
        await ManagerCourse.all().count(),
        await switch_managers(taught.course.code, is_on=True, by=makers.as_desk(dee), now=clock.now),
    )
    again = await switch_managers(taught.course.code, is_on=True, by=makers.as_desk(dee), now=clock.now)
    assert (course, again) == ((0, True), False)
    assert [await ask_managers(now=clock.now) for _ in range(2)] == [2, 0]
    assert sorted([one.address for one in await Message.filter(template="evaluation_asked")]) == sorted(str(one.email) for one in leads)
    survey = await survey_of_session(taught.session.id, SurveyKind.MANAGER)
    assert survey is not None
    assert (survey.mode, [one.key for section in survey.sections for one in section.questions]) == (
        Mode.ANONYMOUS, ["used", "supervision", "changed"],
    )  # fmt: skip
    letters = json.dumps([one.context for one in await Message.filter(template="evaluation_asked")])
    assert not any(learner.name in letters for learner in taught.learners)
    await answered(survey, leads[:1], [a_managers_form()], clock=clock)
    assert await remind_of_surveys(now=clock.forward(days=3)) == 1
    assert await switch_managers(taught.course.code, is_on=False, by=makers.as_desk(dee), now=clock.now) is True
    assert await ManagerCourse.all().count() == 0
    with pytest.raises(NotFound):
        await switch_managers("NIX", is_on=True, by=makers.as_desk(dee), now=clock.now)


async def test_a_manager_gets_no_second_letter_within_a_week_and_is_asked_once_it_is_over(
    db: TortoiseContext, clock: Clock, dee: Person
) -> None:
    course = await makers.make_course("Neglect", outcomes=OUTCOMES)
    first = await a_taught_session(clock.now, people=1, course=course)
    await _with_leads(first, leads=1)
    second = await a_taught_session(clock.now, people=0, course=course, ended=timedelta(hours=1))
    await makers.make_mark(second.session, first.learners[0])
    await switch_managers(course.code, is_on=True, by=makers.as_desk(dee), now=clock.now)
    clock.forward(weeks=12, hours=2)
    assert [await ask_managers(now=clock.now), await ask_managers(now=clock.forward(days=6))] == [1, 0]
    assert await ask_managers(now=clock.forward(days=1, hours=1)) == 1


async def test_what_managers_say_passes_the_gate_and_carries_no_key(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    taught = await a_taught_session(clock.now, people=12)
    leads = await _with_leads(taught, leads=12)
    await switch_managers(taught.course.code, is_on=True, by=makers.as_desk(dee), now=clock.now)
    clock.forward(weeks=12, hours=2)
    assert await ask_managers(now=clock.now) == 12
    survey = await survey_of_session(taught.session.id, SurveyKind.MANAGER)
    forms = [
        a_managers_form(used, changed="They ask the child first." if number == 0 else "")
        for number, used in enumerate(["Yes"] * 8 + ["Not yet"] * 3)
    ]
    await answered(survey, leads[:11], forms, clock=clock)
    await close_surveys(now=clock.forward(days=16))
    assert [one.pair_key for one in await Response.all()] == [""] * 11
    found = await later_in(_quarter(clock), BlockKind.MANAGER)
    assert found.gate is not None
    assert (found.gate.words, [(one.question, dict(one.counts)) for one in found.questions]) == (
        "11 of 12 (92%)",
        [("used", {"Yes": 8, "Not yet": 3, "I cannot say": 0}), ("supervision", {"Yes": 11, "No": 0})],
    )


# ---- the same people ----------------------------------------------------------------------------------------------------

_RATED = ((2, 3, 7, 6), (4, 3, 8, 8), (5, 4, 6, 7), (1, 1, 9, 7), (6, 5, 8, 8))


async def test_the_shift_of_a_year_agrees_with_scipy_and_stays_as_it_was_frozen(db: TortoiseContext, clock: Clock) -> None:
    from scipy import stats  # noqa: PLC0415 - a second of loading

    given = Answered(before=12, after=12, rated=_RATED)
    taught = await a_followed_session(clock, given, people=12)
    ended = quarter_of(taught.session.ends_at)
    wave = await wave_of(BlockKind.SHIFT, ended, "Shift")
    assert wave is not None
    before, then = [[_RATED[number % 5][place] for number in range(12)] for place in (0, 1)]
    expected = stats.ttest_rel(then, before)
    interval = expected.confidence_interval(0.95)
    one = wave.shown
    assert (one.change, one.low, one.high) == pytest.approx((sum(then) / 12 - sum(before) / 12, interval.low, interval.high))
    assert (one.gate.words, wave.sessions) == ("12 of 12 (100%)", 1)
    assert "12" not in wave.shift_words
    # Whatever becomes of the answers, the figure stays.
    await Response.all().delete()
    await close_surveys(now=clock.forward(days=400))
    assert await wave_of(BlockKind.SHIFT, ended, "Shift") == wave


async def test_confidence_kept_is_of_the_same_people_alone(db: TortoiseContext, clock: Clock) -> None:
    await a_followed_session(clock, Answered(before=11, after=11, follow_up=11, rated=_RATED), people=11)
    kept = await wave_of(BlockKind.KEPT, _quarter(clock), "Kept")
    assert kept is not None
    end, later = [[_RATED[number % 5][place] for number in range(11)] for place in (2, 3)]
    assert (kept.shown.then, kept.shown.now) == pytest.approx((sum(end) / 11, sum(later) / 11))
    assert (kept.shown.gate.up, kept.shown.gate.same, kept.shown.gate.down) == (2, 4, 5)
    # An earlier quarter does not know of it yet.
    assert await wave_of(BlockKind.KEPT, "2025/26 Q4", "Kept") is None


async def test_people_who_answered_twice_are_not_told_apart_from_a_few_who_did_not(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course("Neglect", outcomes=OUTCOMES)
    # Of fourteen three did not answer again: eleven pairs, and the difference would be three people.
    await a_followed_session(clock, Answered(before=14, after=14, follow_up=11), people=14, course=course)
    assert await wave_of(BlockKind.KEPT, _quarter(clock), "Kept") is None
    assert await Block.filter(kind="shift").count() == 1
    await a_followed_session(clock, Answered(before=22, after=22, follow_up=14), people=22, course=course)
    kept = await wave_of(BlockKind.KEPT, _quarter(clock), "Kept")
    assert kept is not None
    assert (kept.shown.gate.answers, kept.sessions) == (25, 2)


async def test_an_anonymous_session_gives_no_pairs(db: TortoiseContext, clock: Clock) -> None:
    await a_followed_session(clock, Answered(after=12, follow_up=12), people=12)
    assert await Block.filter(kind__in=("kept", "shift")).count() == 0
    found = await later_in(_quarter(clock), BlockKind.FOLLOW_UP)
    assert found.now is not None
    assert found.end is not None
    assert (dict(found.now.counts), dict(found.end.counts)) == (
        {"0 to 3": 0, "4 to 6": 12, "7 to 8": 0, "9 to 10": 0}, {"0 to 3": 0, "4 to 6": 0, "7 to 8": 12, "9 to 10": 0},
    )  # fmt: skip


async def test_the_lines_asked_again_are_those_of_the_session_although_the_course_was_changed(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course("Neglect", outcomes=OUTCOMES)
    taught = await a_followed_session(clock, Answered(after=1), people=1, course=course)
    survey = await survey_of_session(taught.session.id, SurveyKind.FOLLOW_UP)
    assert survey is not None
    asked = [one.statements for section in survey.sections for one in section.questions if one.key.startswith("confidence_now")]
    assert asked == [("recognise the signs of neglect",), ("share information lawfully",), ("use the threshold document",)]


async def test_answers_to_choose_from_come_in_the_order_of_the_form(db: TortoiseContext, clock: Clock) -> None:
    taught = await a_followed_session(clock, Answered(after=12, follow_up=12), people=12)
    survey = await survey_of_session(taught.session.id, SurveyKind.FOLLOW_UP)
    assert survey is not None
    result = await result_of(survey.id)
    found = await later_in(_quarter(clock), BlockKind.FOLLOW_UP)
    assert result is not None
    assert result.chosen[0].counts is not None
    assert [list(result.chosen[0].counts), list(found.questions[0].counts)] == [list(USED)] * 2


# ---- blocks and quotes --------------------------------------------------------------------------------------------------


async def test_small_follow_ups_are_counted_in_threes_and_large_ones_alone(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course("Neglect", outcomes=OUTCOMES)
    start = clock.now
    for number in (4, 4, 4, 12, 3):
        clock.travel_to(start)
        await a_followed_session(clock, Answered(after=number, follow_up=number), people=number, course=course)
    found = await later_in(_quarter(clock), BlockKind.FOLLOW_UP)
    assert sorted((one.surveys, one.answers) for one in await Block.filter(kind="follow_up")) == [(1, 12), (3, 12)]
    assert (found.closed, found.surveys, found.gate.words if found.gate else "") == (5, 4, "24 of 24 (100%)")
    assert await BlockMember.all().count() == 4
    assert await close_surveys(now=clock.now) == 0
    assert await Block.all().count() == 2


async def test_quotes_need_leave_a_look_and_enough_people_who_could_have_written_them(db: TortoiseContext, clock: Clock) -> None:
    forms = {
        number: a_later_form(used=USED[0], changed=f"Changed {number}.", quote=number != 5) if number < 7 else a_later_form(used=USED[2])
        for number in range(12)
    }
    course = await makers.make_course("Neglect", outcomes=OUTCOMES)
    start = clock.now
    await a_followed_session(clock, Answered(after=12, follow_up=12), people=12, course=course, forms=forms)
    quarter = _quarter(clock)
    assert await quotes_in(quarter) == ()
    for one in await Comment.all():
        await moderate_comment(
            one.id,
            CommentState.HIDDEN if one.text == "Changed 4." else CommentState.SHOWN,
            by=makers.as_desk(await makers.make_person("Di")),
            now=clock.now,
        )
    assert sorted(one.text for one in await quotes_in(quarter)) == [f"Changed {number}." for number in (0, 1, 2, 3, 6)]
    # Where four alone used it, what they wrote would be of four, although twelve answered.
    clock.travel_to(start)
    few = {
        number: a_later_form(used=USED[0], changed=f"Few {number}.") if number < 4 else a_later_form(used=USED[2]) for number in range(12)
    }
    await a_followed_session(clock, Answered(after=12, follow_up=12), people=12, course=course, forms=few)
    await Comment.filter(text__startswith="Few").update(state="shown")
    assert [one for one in await quotes_in(quarter) if one.text.startswith("Few")] == []
    assert len(await quotes_in(quarter, limit=3)) == 3


async def test_nothing_on_either_side_says_when_somebody_answered_later(db: TortoiseContext, clock: Clock) -> None:
    taught = await a_followed_session(clock, Answered(before=12, after=12, follow_up=12), people=12)
    tables = ("block", "block_member", "response", "comment", "manager_course")
    columns = {
        table: {name for row in await rows(f"SELECT * FROM evaluation_{table} LIMIT 1") for name in row if name.endswith(("_at", "_on"))}
        for table in tables
    }
    assert columns == {table: set() for table in tables}
    # The secret is gone with the last survey, and no key can be made again.
    assert await rows("SELECT 1 AS one FROM evaluation_secret WHERE session_id = ?", taught.session.id) == []
    assert len({one.pair_key for one in await Response.all()}) == 12
    keys = [one.pair_key for one in await Response.all()]
    for table in ("evaluation_invitation", "messages_letter", "history_entry", "evaluation_block", "evaluation_summary"):
        told = " ".join(str(value) for row in await rows(f"SELECT * FROM {table}") for value in row.values())
        assert not any(key in told for key in keys)


async def test_a_survey_that_is_counted_with_others_gets_no_later_figure_of_its_own(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course("Neglect", outcomes=OUTCOMES)
    start, taught = clock.now, []
    for _ in range(2):
        clock.travel_to(start)
        taught.append(await a_followed_session(clock, Answered(after=12, follow_up=6), people=12, course=course))
    surveys = [await Survey.get(session_id=one.session.id, kind="follow_up") for one in taught]
    assert await Block.filter(kind="follow_up", surveys=2).count() == 1
    links = await links_of(surveys[0].id)
    await Survey.filter(id=surveys[0].id).update(closed_at=None, closes_at=clock.now + timedelta(days=1))
    for number, learner in enumerate(taught[0].learners[6:12]):
        await answer_by_link(links[learner.id], a_later_form(), f"late-{number}", now=clock.now)
    await close_surveys(now=clock.forward(days=2))
    result = await result_of(surveys[0].id)
    assert result is not None
    assert (result.gate.answers, result.later) == (6, True)
