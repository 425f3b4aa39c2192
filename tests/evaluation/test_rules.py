"""Questions, ready-made surveys, who is asked when, and the words for a change: plain values."""

from datetime import datetime, timedelta

import pytest

from marstraining.core.clock import LONDON, local
from marstraining.core.errors import Refused
from marstraining.evaluation.rules.answers import Flag, flags_of, tally
from marstraining.evaluation.rules.asking import closes_at, default_instrument, has_follow_up, is_asked_too_often, pair_key, reminder_due
from marstraining.evaluation.rules.instruments import AFTER, SHORT, TEMPLATES, InstrumentKind
from marstraining.evaluation.rules.questions import (
    Condition,
    Question,
    QuestionKind,
    Section,
    as_statement,
    check_sections,
    for_course,
    sections_of,
)
from marstraining.evaluation.rules.wording import Verdict, all_improved, verdict

_NOON = datetime(2026, 3, 10, 12, tzinfo=LONDON)
_CHOICE = Question("used", QuestionKind.SINGLE, "Used it?", choices=("Yes", "No"))


@pytest.mark.parametrize("kind", list(InstrumentKind))
def test_ready_made_surveys_can_be_stored_and_read_again(kind: InstrumentKind) -> None:
    sections = TEMPLATES[kind].sections
    assert check_sections(sections) == sections
    assert sections_of([one.as_json() for one in sections]) == sections


def test_a_courses_outcomes_become_statements_and_a_grid_without_any_is_left_out() -> None:
    filled = for_course(AFTER.sections, ["Recognise neglect.", "DSL duties", "", *"abcdef"])
    assert filled[0].questions[0].statements == ("recognise neglect", "DSL duties", "a", "b", "c")
    assert [one.key for one in for_course(AFTER.sections, [])[0].questions] == ["knowledge"]


@pytest.mark.parametrize(("outcome", "statement"), [("Recognise it.", "recognise it"), ("GCP2 scoring", "GCP2 scoring"), ("A", "a")])
def test_an_outcome_as_a_statement(outcome: str, statement: str) -> None:
    assert as_statement(outcome) == statement


@pytest.mark.parametrize(
    ("questions", "why"),
    [
        ((), "Add at least one question"),
        ((_CHOICE, _CHOICE), "key of its own"),
        ((Question("one", QuestionKind.SINGLE, "Which?", choices=("Yes",)),), "2 to 12 answers"),
        ((Question("grid", QuestionKind.GRID, "How?"),), "at least one statement"),
        ((Question("why", QuestionKind.LONG, "Why?", condition=Condition("used", ("Yes",))), _CHOICE), "depends on an answer"),
        ((_CHOICE, Question("why", QuestionKind.LONG, "Why?", condition=Condition("used", ("Perhaps",)))), "depends on an answer"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(questions: tuple[Question, ...], why: str) -> None:
    with pytest.raises(Refused, match=why):
        check_sections((Section("One", questions),))


def test_reminders_are_due_once_each_at_nine_on_their_days() -> None:
    days = [_NOON + timedelta(days=number) for number in range(15)]
    assert [reminder_due(_NOON, [], now=day) for day in days] == [None] * 3 + [3] * 4 + [7] * 8
    assert reminder_due(_NOON, [days[3]], now=days[6]) is None
    assert reminder_due(_NOON, [days[3]], now=days[7]) == 7
    assert reminder_due(_NOON, [days[7]], now=days[14]) is None
    early = datetime(2026, 3, 13, 8, 59, tzinfo=LONDON)
    assert [reminder_due(_NOON, [], now=early + timedelta(minutes=wait)) for wait in (0, 1)] == [None, 3]


def test_a_survey_closes_at_midnight_after_its_fourteenth_day_over_the_clock_change() -> None:
    closes = local(closes_at(datetime(2026, 3, 20, 12, tzinfo=LONDON)))
    assert (closes.day, closes.month, closes.hour) == (4, 4, 0)


def test_what_is_asked_after_what() -> None:
    kinds = ("course", "briefing", "forum", "conference", "external", "webinar")
    assert [(default_instrument(kind).value, has_follow_up(kind)) for kind in kinds] == [
        ("after", True), ("short", False), ("short", False), ("after", True), ("after", False), ("after", False),
    ]  # fmt: skip
    asked = [_NOON - timedelta(days=6)]
    assert [is_asked_too_often(kind, asked, now=_NOON) for kind in (InstrumentKind.SHORT, InstrumentKind.AFTER)] == [True, False]


def test_a_pairs_key_says_nothing_without_its_secret() -> None:
    assert pair_key("a", 1) == pair_key("a", 1)
    assert len({pair_key("a", 1), pair_key("a", 2), pair_key("b", 1)}) == 3


def test_answers_are_added_up_and_half_a_grid_counts_from_half_its_lines() -> None:
    sections = for_course(AFTER.sections, ["One", "Two", "Three", "Four"])
    forms = [
        {"confidence": [[1, 5], [3, 7], [], []], "knowledge": [[2, 2]], "relevant": "Agree"},
        {"confidence": [[1, 5], [], [], []], "relevant": "Nonsense"},
        {},
    ]
    found = tally(sections, forms)
    assert [len(one.pairs) for one in found.statements] == [2, 1, 0, 0, 1]
    assert found.course_pairs == ((2.0, 6.0),)
    assert (found.answers, found.counted[0].counts["Agree"], found.counted[0].answers) == (3, 1, 1)


@pytest.mark.parametrize(
    ("cells", "seconds", "flags"),
    [
        ([[5, 5], [5, 5]], 60.0, (Flag.SAME,)),
        ([[10, 10], [10, 10]], None, (Flag.CEILING,)),
        ([[4, 5], [5, 6]], 19.9, (Flag.HASTY,)),
        ([[4, 5], [5, 6]], 20.0, ()),
    ],
)
def test_what_is_odd_about_a_form(cells: list[list[int]], seconds: float | None, flags: tuple[Flag, ...]) -> None:
    sections = for_course(AFTER.sections, ["One", "Two"])
    assert flags_of(sections, {"confidence": cells}, seconds=seconds) == flags


@pytest.mark.parametrize(("pair", "flags"), [([10, 10], (Flag.CEILING,)), ([5, 5], ()), ([0, 0], ()), ([9, 10], ()), ([], ())])
def test_the_short_form_has_a_ceiling_and_one_pair_is_no_pattern(pair: list[int], flags: tuple[Flag, ...]) -> None:
    assert flags_of(for_course(SHORT.sections, []), {"confidence": [pair]}, seconds=None) == flags


def test_one_line_of_several_at_the_top_is_no_ceiling() -> None:
    sections = for_course(AFTER.sections, ["One", "Two"])
    assert flags_of(sections, {"confidence": [[10, 10], []]}, seconds=None) == ()


@pytest.mark.parametrize(
    ("low", "high", "answers", "said"),
    [
        (0.1, 1.0, 10, Verdict.IMPROVED),
        (-0.1, 1.0, 10, Verdict.NO_CLEAR_CHANGE),
        (0.0, 1.0, 10, Verdict.NO_CLEAR_CHANGE),
        (-1.0, -0.1, 10, Verdict.FELL),
        (0.1, 1.0, 9, Verdict.UNSAID),
        (None, None, 30, Verdict.UNSAID),
    ],
)
def test_the_word_for_a_change(low: float | None, high: float | None, answers: int, said: Verdict) -> None:
    assert verdict(low, high, answers=answers) is said


def test_all_courses_improved_only_where_all_did() -> None:
    assert [all_improved(3, improved, held_back=held) for improved, held in ((2, 0), (3, 0), (3, 1))] == [
        "",
        "Confidence improved after all 3 courses with enough answers.",
        "Confidence improved after all 3 courses with enough answers. 1 more has too few answers to be published.",
    ]
