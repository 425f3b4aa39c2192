"""A survey as steps and its answers as a code: what any order of presses leads to, and that a button has room for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marstraining.evaluation.rules.instruments import TEMPLATES, InstrumentKind
from marstraining.evaluation.rules.questions import Condition, Measure, Question, QuestionKind, Section, for_course
from marstraining.evaluation.rules.steps import (
    MOST_STEPS,
    SKIPPED,
    answers_of,
    before,
    ended,
    fields_of,
    fits_buttons,
    given_of,
    has_more,
    read_code,
    settled,
    steps_of,
    symbol,
)

_OUTCOMES = ("Recognise the signs", "Share information")
_AFTER = for_course(TEMPLATES[InstrumentKind.AFTER].sections, _OUTCOMES)
_FOLLOW_UP = TEMPLATES[InstrumentKind.FOLLOW_UP].sections
_CONDITIONAL = (
    Section(
        "One",
        (
            Question("used", QuestionKind.YES_NO, "Used it?", is_required=True),
            Question("how", QuestionKind.SCALE, "How well?", condition=Condition("used", ("Yes",))),
            Question("again", QuestionKind.YES_NO, "Again?"),
        ),
    ),
)


def test_each_statement_is_asked_twice_and_what_words_answer_is_left_to_the_form() -> None:
    steps = steps_of(_AFTER)
    assert [step.field for step in steps[:6]] == [
        "q-confidence-0-then", "q-confidence-0-now", "q-confidence-1-then", "q-confidence-1-now", "q-knowledge-0-then", "q-knowledge-0-now",
    ]  # fmt: skip
    assert [step.question.key for step in steps[6:]] == [
        "relevant", "trainer_knowledge", "trainer_engaging", "pace", "venue", "recommend", "child_voice",
    ]  # fmt: skip
    # How sure somebody is of what they would do hangs on what they wrote.
    assert Measure.COMMITMENT not in {step.question.measure for step in steps}
    assert (has_more(_AFTER), has_more(_CONDITIONAL)) == (True, False)


@pytest.mark.parametrize("kind", list(InstrumentKind))
def test_ready_made_surveys_fit_buttons(kind: InstrumentKind) -> None:
    assert fits_buttons(for_course(TEMPLATES[kind].sections, _OUTCOMES * 3))


def test_a_survey_too_long_for_a_button_is_left_to_its_form() -> None:
    many = Section("Many", tuple(Question(f"q{number}", QuestionKind.SCALE, "How?") for number in range(MOST_STEPS + 1)))
    assert (fits_buttons((many,)), fits_buttons((Section("Text", (Question("t", QuestionKind.LONG, "Why?"),)),))) == (False, False)


def test_answers_are_those_of_a_form_and_half_a_line_is_none() -> None:
    steps = steps_of(_AFTER)
    code = f"4a{SKIPPED}{SKIPPED}3{SKIPPED}4"
    assert answers_of(steps, code) == {"confidence": [[4, 10], []], "relevant": "Strongly agree"}
    assert fields_of(steps, code)[:2] == [("q-confidence-0-then", "4"), ("q-confidence-0-now", "10")]
    assert given_of(_AFTER, "aaaaaa").flags == ("ceiling",)


def test_a_condition_that_is_not_met_is_passed_over() -> None:
    steps = steps_of(_CONDITIONAL)
    assert [settled(steps, code) for code in ("", "0", "1", "07")] == ["", "0", "1-", "07"]
    assert (before(steps, "1-"), before(steps, "")) == ("", None)
    # A code that says otherwise answers what was asked alone.
    assert answers_of(steps, "171") == {"used": "No", "again": "No"}


@pytest.mark.parametrize("code", ["z", "b", "----------------------------------------------------", "4 4", "5a5a5a5a5a5a5a5a"])
def test_a_code_that_no_press_led_to_is_none(code: str) -> None:
    assert read_code(steps_of(_AFTER), code) is None


@given(st.sampled_from([_AFTER, _FOLLOW_UP, _CONDITIONAL]), st.lists(st.integers(-2, 12), max_size=60))
def test_any_order_of_presses_ends_in_a_form(sections: tuple[Section, ...], pressed: list[int]) -> None:
    steps = steps_of(sections)
    code = settled(steps, "")
    for place in pressed:
        if len(code) == len(steps):
            break
        if place == -2:
            code = before(steps, code) or ""
            continue
        step = steps[len(code)]
        code += SKIPPED if place < 0 else symbol(place % len(step.options))
        code = settled(steps, code)
    assert len(code) <= len(steps) <= MOST_STEPS
    whole = ended(steps, code)
    assert (len(whole), read_code(steps, whole) is not None) == (len(steps), True)
    form = given_of(sections, whole)
    for question in (step.question for step in steps):
        answer = form.answers.get(question.key)
        if question.kind is QuestionKind.GRID:
            assert answer is None or all(len(row) in {0, 2} for row in answer)
        elif answer is not None:
            assert answer in question.options or question.kind is QuestionKind.SCALE
