"""With n from 1 to 30 answers, closed at each n, and late forms one by one: what any page, list, total or file shows stays within 4.5."""

import itertools
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from tortoise.context import TortoiseContext

from marstraining.conversation.actions import respond
from marstraining.conversation.rules import Channel, Event, EventKind, plain_lines
from marstraining.core.db import execute
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.evaluation.actions import close_surveys, enter_from_paper, open_survey
from marstraining.evaluation.models import Comment as Written
from marstraining.evaluation.models import Survey
from marstraining.evaluation.queries.exports import Wanted, evaluation_rows
from marstraining.evaluation.queries.results import Choice, course_lines, result_of, survey_lines, trend_of
from marstraining.evaluation.queries.surveys import SurveyFacts, survey_by_id
from marstraining.evaluation.rules.answers import Comment, Flag, Given
from marstraining.evaluation.rules.groups import group_section, with_groups
from marstraining.people.models import Person
from marstraining.programme.models import SessionTrainer
from tests import makers
from tests.conftest import Clock, Visitor
from tests.evaluation.asked import OUTCOMES, a_form, with_a_number

pytestmark = pytest.mark.whole

pytest.importorskip("scipy")


@dataclass
class _Seen:
    """What an onlooker who polls everything has seen so far: numbers of each survey and of the course's total, in their order."""

    surveys: dict[int, list[int | None]] = field(default_factory=dict)
    totals: list[int] = field(default_factory=list)
    chat: set[str] = field(default_factory=set)
    lines: dict[tuple[object, ...], list[tuple[int, object]]] = field(default_factory=dict)
    """Each statement, question, score and row of a file by itself: how many answered it, and what was said of them."""

    def note(self, survey_id: int, answers: int | None) -> None:
        known = self.surveys.setdefault(survey_id, [])
        if not known or known[-1] != answers:
            known.append(answers)

    def note_line(self, answers: object, told: object, *place: object) -> None:
        known = self.lines.setdefault(place, [])
        if isinstance(answers, int) and (not known or known[-1] != (answers, told)):
            known.append((answers, told))

    def check_lines(self) -> None:
        """No line ever told of a few more than before, nor anything else of the same many."""
        wrong = {
            place: known
            for place, known in self.lines.items()
            if any(later[0] - earlier[0] < 5 for earlier, later in itertools.pairwise(known))
        }
        assert wrong == {}


async def _add(survey: SurveyFacts, number: int, *, dee: Person, clock: Clock) -> None:
    form = a_form((number % 5, 4, 3), (number % 5 + number % 3, 6, 3))
    await enter_from_paper(survey, form, f"{survey.id}-{number}", by=makers.as_desk(dee), now=clock.now)


async def _ask_the_chat(seen: _Seen, dee: Person, *, clock: Clock) -> None:
    """What the chat says of results to who may see the most of them: the same whatever was answered, since it tells of none."""
    for text in ("how did the child protection course do", "feedback results", "how confident are people after child protection"):
        event = Event(Channel.COMMAND, "", EventKind.TEXT, text=text, viewer=makers.as_desk(dee))
        seen.chat.add("\n".join(line for reply in (await respond(event, now=clock.now)).replies for line in plain_lines(reply)))


async def _poll(seen: _Seen, surveys: list[SurveyFacts]) -> None:
    for survey in surveys:
        result = await result_of(survey.id)
        assert result is not None
        n = result.gate.answers
        seen.note(survey.id, n)
        for one in (result.course, *result.statements):
            assert (one.change is None) == (one.gate.answers is None or one.gate.answers < 10)
            cells = [cell for cell in (one.gate.up, one.gate.same, one.gate.down, one.gate.not_up) if cell is not None]
            assert one.gate.answers is None or one.gate.answers >= 10 or all(cell == 0 or cell >= 3 for cell in cells)
            assert one.gate.answers is not None or cells == []
            told = (one.then, one.now, one.low, one.high, one.gate.up, one.gate.same, one.gate.down, one.gate.at_top)
            seen.note_line(one.gate.answers, told, "line", survey.id, one.label)
        for each in result.chosen:
            assert each.counts is None or each.answers >= 5
            seen.note_line(None if each.counts is None else each.answers, each.counts, "chosen", survey.id, each.label)
        for number in result.numbered:
            assert (number.mean is None) == (number.gate.answers is None or number.gate.answers < 10)
            seen.note_line(number.gate.answers, number.mean, "number", survey.id, number.label)
        seen.note_line(n, result.flags, "flags", survey.id)
        seen.note_line(n, sorted(comment.text for comment in result.comments), "comments", survey.id)
        assert n is not None or (result.chosen, result.numbered, result.comments, result.flags) == ((), (), (), ())
    (line,) = await course_lines(Choice(), viewer=SYSTEM)
    if line.shown is not None:
        assert line.shown.gate.answers is not None
        if not seen.totals or seen.totals[-1] != line.shown.gate.answers:
            seen.totals.append(line.shown.gate.answers)
        quarters = [one.gate.answers or 0 for one in await trend_of(line.code)]
        assert sum(quarters) == line.shown.gate.answers
        assert all(one >= 10 for one in quarters)
        seen.note_line(line.shown.gate.answers, line.shown.words, "total")
    lines, _ = await survey_lines(viewer=SYSTEM)
    assert all(one.gate is not None for one in lines)
    for row in await evaluation_rows(Wanted(), viewer=SYSTEM):
        is_of_pairs = row["choice"] is None and row["measure"] in {"confidence", "knowledge", "course score"}
        assert (row["change"] is not None) == (is_of_pairs and isinstance(row["answers"], int) and row["answers"] >= 10)
        is_few = row["chosen"] is not None and row["answers"] < 10
        assert not is_few or all(cell == 0 or cell >= 3 for cell in (row["chosen"], row["answers"] - row["chosen"]))
        assert row["mean"] is None or row["answers"] >= 10
        said = {name: row[name] for name in row.keys() - {"responses", "asked", "few_replied", "held_back"}}
        seen.note_line(row["answers"], said, "file", row["session"], row["measure"], row["statement"], row["choice"])


async def test_closing_at_each_number_of_answers_and_late_forms_one_by_one(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    course = await makers.make_course("Child Protection", outcomes=OUTCOMES)
    surveys: list[SurveyFacts] = []
    for n in range(1, 31):
        session = await makers.make_session(course=course, starts=clock.now, hours=1, now=clock.now, is_headcount_only=True)
        session.imported_headcount = 32
        await session.save()
        survey = await open_survey(session.id, now=clock.now)
        for number in range(n):
            await _add(survey, number, dee=dee, clock=clock)
        assert await result_of(survey.id) is None
        surveys.append(survey)
    assert await course_lines(Choice(), viewer=SYSTEM) == []
    await close_surveys(now=clock.forward(days=20))
    surveys = [found for one in surveys if (found := await survey_by_id(one.id)) is not None]
    seen = _Seen()
    await _ask_the_chat(seen, dee, clock=clock)
    said_at_first = set(seen.chat)
    await _poll(seen, surveys)
    for late in range(6):
        for survey in surveys[:12]:
            await _add(survey, 100 + late, dee=dee, clock=clock)
        await close_surveys(now=clock.now)
        await _poll(seen, surveys)
        await _ask_the_chat(seen, dee, clock=clock)
    assert seen.chat == said_at_first
    seen.check_lines()
    assert await Survey.filter(closed_at=None).count() == 0
    for answers in seen.surveys.values():
        known = [n for n in answers if n is not None]
        assert all(later - earlier >= 5 for earlier, later in itertools.pairwise(known))
    assert all(later - earlier >= 5 for earlier, later in itertools.pairwise(seen.totals))
    # What is shown of single surveys and what totals hold never leaves a few over.
    with_mean = sum(answers[-1] or 0 for answers in seen.surveys.values() if (answers[-1] or 0) >= 10)
    assert seen.totals[-1] - with_mean == 0 or seen.totals[-1] - with_mean >= 10


def _partly(rng: random.Random, number: int) -> Given:
    """A form of which its writer filled in some lines and left out others."""
    grid = [[number % 8, number % 8 + rng.randint(0, 2)] if rng.random() < 0.6 else [] for _ in OUTCOMES]
    answers: dict[str, object] = {"relevant": rng.choice(("Agree", "Disagree"))} if rng.random() < 0.7 else {}
    answers |= {"commitment": rng.randint(0, 10)} if rng.random() < 0.3 else {}
    answers |= {"years": rng.randint(0, 40)} if rng.random() < 0.5 else {}
    answers |= {"confidence": grid} if any(grid) and rng.random() < 0.6 else {}
    comments = (Comment("useful", f"Thought {number}", may_quote=True),) if rng.random() < 0.5 else ()
    return Given(answers or {"recommend": "Yes"}, comments, flags=(Flag.HASTY,) if rng.random() < 0.3 else ())


async def test_late_forms_that_leave_lines_out_give_no_line_away(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    rng = random.Random(17)
    course = await makers.make_course("Child Protection", outcomes=OUTCOMES)
    surveys: list[SurveyFacts] = []
    for n in (4, 5, 8, 10, 11, 14, 20):
        session = await makers.make_session(course=course, starts=clock.now, hours=1, now=clock.now, is_headcount_only=True)
        session.imported_headcount = 32
        await session.save()
        survey = await open_survey(session.id, now=clock.now)
        await with_a_number(survey)
        for number in range(n):
            await _add(survey, number, dee=dee, clock=clock)
            await enter_from_paper(survey, _partly(rng, number), f"{survey.id}-part-{number}", by=makers.as_desk(dee), now=clock.now)
        surveys.append(survey)
    await close_surveys(now=clock.forward(days=20))
    surveys = [found for one in surveys if (found := await survey_by_id(one.id)) is not None]
    seen = _Seen()
    await Written.all().update(state="shown")
    await _poll(seen, surveys)
    for late in range(18):
        for survey in surveys:
            await enter_from_paper(survey, _partly(rng, late), f"{survey.id}-late-{late}", by=makers.as_desk(dee), now=clock.now)
        await close_surveys(now=clock.now)
        # Whatever the training team lets be shown, at once.
        await Written.all().update(state="shown")
        await _poll(seen, surveys)
    seen.check_lines()
    # The lines did grow, so that there was something to give away.
    grown = [place[0] for place, known in seen.lines.items() if len(known) > 1]
    assert (grown.count("line") > 5, grown.count("comments") > 2, grown.count("number") > 1) == (True, True, True)
    assert all(later - earlier >= 5 for earlier, later in itertools.pairwise(seen.totals))


# ---- groups -------------------------------------------------------------------------------------------------------------

_AGENCIES = ["Isle School"] * 15 + ["Isle Police"] * 15
_ROLES = ["dsl"] * 12 + ["health_1"] * 8 + ["gp"] * 5 + ["governor"] * 5
_SECTION = group_section(_AGENCIES, _ROLES)


def _grouped(number: int) -> Given:
    """A form whose writer says where they come from, the third of every five nothing."""
    agency = {2: None}.get(number % 5, "Isle School" if number % 2 else "Isle Police")
    role = "Health" if number % 3 == 0 else "Designated Safeguarding Lead or deputy" if number % 3 == 1 else None
    named = {key: value for key, value in (("about_organisation", agency), ("about_role", role)) if value}
    return a_form((number % 5, 4, 3), (number % 5 + number % 3, 6, 3), **named)


async def _poll_groups(surveys: list[SurveyFacts], seen: dict[tuple[int, str], int], *, viewer: Viewer, desk: Visitor) -> None:
    rows_of = await evaluation_rows(Wanted(), viewer=viewer)
    for survey in surveys:
        result = await result_of(survey.id)
        assert result is not None
        page = (await desk.get(f"/desk/evaluation/{survey.ref}")).text
        assert ("By where people come from" in page) == bool(result.groups)
        told = [row for row in rows_of if row["session"] == survey.session_ref and row["measure"] == "course score of a group"]
        assert [(row["statement"], row["answers"]) for row in told] == [
            (line.label, line.gate.answers) for table in result.groups for line in table.lines
        ]
        # How often a group was named is no question like others.
        assert [
            one.label for one in result.chosen if one.label in {"Which organisation do you come from?", "Which is nearest to your role?"}
        ] == []
        for table in result.groups:
            total = result.course.gate.answers or 0
            numbers = [line.gate.answers or 0 for line in table.lines]
            assert all(number >= 10 and total - number >= 10 for number in numbers)
            assert total - sum(numbers) == 0 or total - sum(numbers) >= 5
            for line in table.lines:
                assert seen.setdefault((survey.id, line.label), line.gate.answers or 0) == line.gate.answers


async def test_a_group_is_shown_by_no_page_or_file_unless_it_and_the_others_are_ten(
    clock: Clock, dee: Person, sign_in_as: Callable[[Person], Awaitable[Visitor]]
) -> None:
    assert _SECTION is not None
    course = await makers.make_course("Child Protection", outcomes=OUTCOMES)
    surveys: list[SurveyFacts] = []
    for n in range(1, 31):
        session = await makers.make_session(course=course, starts=clock.now, hours=1, now=clock.now, is_headcount_only=True)
        session.imported_headcount = 40
        await session.save()
        survey = await open_survey(session.id, now=clock.now)
        sections = with_groups(survey.sections, _SECTION)
        assert sections is not None
        await execute("UPDATE evaluation_survey SET sections = ? WHERE id = ?", json.dumps([one.as_json() for one in sections]), survey.id)
        for number in range(n):
            await enter_from_paper(survey, _grouped(number), f"{survey.id}-{number}", by=makers.as_desk(dee), now=clock.now)
        surveys.append(survey)
    await close_surveys(now=clock.forward(days=20))
    desk = await sign_in_as(dee)
    surveys = [found for one in surveys if (found := await survey_by_id(one.id)) is not None]
    seen: dict[tuple[int, str], int] = {}
    await _poll_groups(surveys, seen, viewer=makers.as_desk(dee), desk=desk)
    assert {label for _, label in seen} == {"Isle School", "Isle Police", "Health", "Designated Safeguarding Lead or deputy"}
    for late in range(6):
        for survey in surveys[16:]:
            await enter_from_paper(survey, _grouped(late), f"{survey.id}-late-{late}", by=makers.as_desk(dee), now=clock.now)
        await close_surveys(now=clock.now)
        await _poll_groups(surveys, seen, viewer=makers.as_desk(dee), desk=desk)
    # Trainers see no groups at all.
    trainer = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))
    await SessionTrainer.create(session_id=surveys[-1].session_id, person=trainer, state="accepted", asked_at=clock.now)
    own = await evaluation_rows(Wanted(), viewer=Viewer(person_id=trainer.id, roles=frozenset({Role.TRAINER})))
    assert (bool(own), [row for row in own if row["measure"] == "course score of a group"]) == (True, [])
    page = (await (await sign_in_as(trainer)).get(f"/teaching/{surveys[-1].session_ref}/feedback")).text
    assert ("Isle School" in page, "Confidence and knowledge" in page) == (False, True)
