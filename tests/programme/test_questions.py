"""A course's booking questions: typed one a line, stored, read back, refused where they cannot be."""

import pytest

from marstraining.core.errors import Refused
from marstraining.programme.questions import Question, as_lines, as_stored, questions_of, read_lines

LINES = "Which phase? | Primary | Secondary *\nHave you used the tool? | Yes | No\nWho is your line manager?"


def test_lines_become_questions_and_questions_the_same_lines() -> None:
    asked = read_lines(LINES)
    assert [(one.label, one.kind, one.options, one.required) for one in asked] == [
        ("Which phase?", "choice", ("Primary", "Secondary"), True),
        ("Have you used the tool?", "yes_no", ("Yes", "No"), False),
        ("Who is your line manager?", "text", (), False),
    ]
    assert as_lines(asked) == LINES
    assert questions_of(as_stored(asked)) == asked


def test_a_question_that_was_there_keeps_its_key_whatever_its_choices() -> None:
    known = (Question(key="phase", label="Which phase?"),)
    assert [one.key for one in read_lines("Which phase? | Early years | Primary", known=known)] == ["phase"]


def test_empty_lines_and_repeats_are_no_questions() -> None:
    assert [one.label for one in read_lines("\n  \nA?\nA? | x | y\n|")] == ["A?"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\n".join(f"Question {number}?" for number in range(11)), "Ask at most 10 questions"),
        ("w" * 201, "A question must be 200 characters or fewer"),
        ("Which? | only", "has one choice only"),
        ("Which? | " + "w" * 81 + " | x", "may have at most 12 choices of 80 characters or fewer"),
    ],
)
def test_what_cannot_be_asked_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refusal:
        read_lines(text)
    assert refusal.value.field == "questions"
