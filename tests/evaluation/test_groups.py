"""Where people come from: asked only where ten of each group came, optional, and stored as a group."""

import random
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.attendance.models import Register
from marstraining.core.errors import Refused
from marstraining.evaluation.actions import answer_by_link, ask_after_sessions, close_surveys
from marstraining.evaluation.models import Response, Summary
from marstraining.evaluation.queries.results import result_of
from marstraining.evaluation.queries.surveys import SurveyFacts, survey_of_session
from marstraining.evaluation.rules.groups import (
    ANOTHER_ORGANISATION,
    group_section,
    offered,
    role_group,
    with_groups,
)
from marstraining.evaluation.rules.instruments import AFTER
from marstraining.evaluation.rules.questions import Measure, Question, QuestionKind, Section, all_questions, check_sections
from marstraining.people.models import Person
from marstraining.people.rules import JOB_ROLES
from marstraining.programme.models import Course
from tests import makers
from tests.conftest import Clock, Visitor
from tests.evaluation.asked import OUTCOMES, a_form, links_of


@pytest.mark.parametrize(
    ("groups", "shown"),
    [
        (["A"] * 10 + ["B"] * 10, ("A", "B")),
        (["A"] * 10 + ["B"] * 9, ()),
        (["A"] * 10 + ["B"] * 9 + [""], ("A", ANOTHER_ORGANISATION)),
        (["A"] * 10 + ["B"] * 5 + ["C"] * 5, ("A", ANOTHER_ORGANISATION)),
        (["A"] * 10 + ["B"] * 10 + ["C"] * 9, ("A", "B")),
        (["A"] * 30, ()),
        ([""] * 30, ()),
        (["B"] * 9 + ["C"] * 9 + ["D"] * 9, ()),
        ([], ()),
    ],
)
def test_each_group_that_is_offered_has_ten_attendees(groups: list[str], shown: tuple[str, ...]) -> None:
    assert offered(groups, rest=ANOTHER_ORGANISATION) == shown


def test_twelve_choices_are_the_most_and_the_rest_stands_together() -> None:
    found = offered([f"Org {number:02}" for number in range(20) for _ in range(10)], rest=ANOTHER_ORGANISATION)
    assert (len(found), found[-1]) == (12, ANOTHER_ORGANISATION)


def test_every_job_role_has_a_kind_or_is_meant_to_have_none() -> None:
    assert [role for role in JOB_ROLES if not role_group(role)] == ["trainer_gcp2"]


def test_questions_are_optional_and_the_builder_cannot_ask_them() -> None:
    section = group_section(["A"] * 10 + ["B"] * 10, ["dsl"] * 10 + ["gp"] * 10)
    assert section is not None
    assert [(one.measure, one.is_required, one.choices) for one in section.questions] == [
        (Measure.GROUP, False, ("A", "B")),
        (Measure.GROUP, False, ("Designated Safeguarding Lead or deputy", "Health")),
    ]
    assert with_groups((*AFTER.sections, section), section) is None
    with pytest.raises(Refused, match="asked by itself"):
        check_sections([Section("One", (Question("a", QuestionKind.YES_NO, "Are you?", measure=Measure.GROUP),))])
    assert group_section(["A"] * 19, ["dsl"] * 19) is None


async def _a_session(clock: Clock, sizes: dict[str, int], *, course: Course | None = None) -> tuple[SurveyFacts, list[Person]]:
    """A session with so many learners of each organisation, schools' first, who are asked."""
    course = course or await makers.make_course("Child Protection", outcomes=OUTCOMES)
    session = await makers.make_session(course=course, now=clock.now, starts=clock.now.replace(hour=6))
    learners = []
    for name, number in sizes.items():
        agency = await makers.make_agency(name)
        for place in range(number):
            learner = await makers.make_person(
                f"{name} {place}", agency=agency, job_role="school_staff" if "School" in name else "health_1"
            )
            await makers.make_mark(session, learner, agency_id=agency.id)
            learners.append(learner)
    await Register.create(session=session, opened_at=session.starts_at, locked_at=clock.now)
    await ask_after_sessions(now=clock.now)
    survey = await survey_of_session(session.id)
    assert survey is not None
    return survey, learners


async def test_groups_are_asked_once_the_register_shows_ten_of_each(db: TortoiseContext, clock: Clock) -> None:
    survey, _ = await _a_session(clock, {"Isle School": 12, "Isle Trust": 6, "Isle Surgery": 5})
    asked = {one.key: one.choices for one in all_questions(survey.sections) if one.measure is Measure.GROUP}
    assert asked == {
        "about_organisation": ("Isle School", ANOTHER_ORGANISATION),
        "about_role": ("Health", "School or college staff or governor"),
    }
    assert await ask_after_sessions(now=clock.now) == 0


@pytest.mark.parametrize(
    ("kind", "sizes"), [("course", {"Isle School": 12, "Isle Trust": 9}), ("briefing", {"School A": 10, "Trust B": 10})]
)
async def test_a_small_session_and_a_briefing_ask_for_no_groups(
    db: TortoiseContext, clock: Clock, kind: str, sizes: dict[str, int]
) -> None:
    survey, _ = await _a_session(clock, sizes, course=await makers.make_course("Small", kind=kind, outcomes=OUTCOMES))
    assert [one.key for one in all_questions(survey.sections) if one.measure is Measure.GROUP] == []


async def test_a_form_says_its_group_and_the_result_shows_it_to_the_desk(client: Visitor, clock: Clock) -> None:
    pytest.importorskip("scipy")
    survey, learners = await _a_session(clock, {"Isle School": 14, "Isle Trust": 14})
    links = await links_of(survey.id)
    page = (await client.get(f"/evaluation/{links[learners[0].id]}")).text
    assert "Which organisation do you come from?" in page
    assert "a group is shown only where ten people of it and ten others have answered" in page
    await client.post(
        f"/evaluation/{links[learners[0].id]}",
        {"submission": "s", "q-confidence-0-then": "4", "q-confidence-0-now": "8", "q-confidence-1-then": "4", "q-confidence-1-now": "8",
         "q-about_organisation": "Isle School"},
    )  # fmt: skip
    assert (await Response.get()).answers["about_organisation"] == "Isle School"
    forged = await client.post(f"/evaluation/{links[learners[1].id]}", {"submission": "t", "q-about_organisation": "My own words"})
    assert (forged.status_code, await Response.all().count()) == (422, 1)
    for place, learner in enumerate(learners[1:], start=1):
        group = "Isle School" if place < 14 else "Isle Trust" if place < 26 else None
        named: dict[str, Any] = {"about_organisation": group} if group else {}
        await answer_by_link(links[learner.id], a_form(**named), f"s{place}", now=clock.now)
    await close_surveys(now=clock.forward(days=16))
    result = await result_of(survey.id)
    assert result is not None
    # Two said nothing: they and the smaller group would follow from the rest, so that alone the larger is shown.
    assert [[(line.label, line.gate.answers) for line in table.lines] for table in result.groups] == [[("Isle School", 14)]]


async def test_nothing_of_hidden_groups_is_frozen(db: TortoiseContext, clock: Clock) -> None:
    pytest.importorskip("scipy")
    survey, learners = await _a_session(clock, {"Isle School": 14, "Isle Trust": 14})
    links = await links_of(survey.id)
    random.Random(3).shuffle(learners)
    for place, learner in enumerate(learners[:18]):
        await answer_by_link(
            links[learner.id], a_form(about_organisation="Isle School" if place < 9 else "Isle Trust"), f"s{place}", now=clock.now
        )
    await close_surveys(now=clock.forward(days=16))
    assert "Isle" not in str((await Summary.get(survey_id=survey.id)).measures)
