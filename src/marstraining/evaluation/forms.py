"""A survey as it was filled in: every question read by its kind, each fault a sentence beside its field."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from marstraining.core.web import Form
from marstraining.evaluation.rules.answers import Comment, Given, flags_of, is_asked
from marstraining.evaluation.rules.questions import SCALE_HIGH, SCALE_LOW, Question, QuestionKind, Section, all_questions, field_of

SCALE = tuple(str(number) for number in range(SCALE_LOW, SCALE_HIGH + 1))
URGENT = "This reads like a worry about somebody. Take it out of the form and ring one of the numbers above"
LONGEST_SHORT, LONGEST_LONG = 200, 2000
_MOST_NUMBER = 1_000_000


def read_survey(form: Form, sections: Sequence[Section], *, now: datetime) -> Given:
    """What was filled in; faults are a line of a grid with one half only, a text too long, a number that is none, what is required."""
    answers: dict[str, Any] = {}
    comments: list[Comment] = []
    for question in all_questions(sections):
        if not is_asked(question, answers):
            continue
        if question.is_text:
            most = LONGEST_SHORT if question.kind is QuestionKind.SHORT else LONGEST_LONG
            text = form.text(field_of(question), "your answer", required=question.is_required, max=most, multiline=True)
            if text:
                comments.append(Comment(question.key, text, may_quote=form.checkbox(f"{field_of(question)}-quote")))
            continue
        value = _value(form, question)
        if value not in (None, "", []):
            answers[question.key] = value
        elif question.is_required:
            form.fail(field_of(question), f"Answer “{question.text}”")
    given = Given(answers, tuple(comments), flags_of(sections, answers, seconds=_seconds(form, now=now)))
    if given.is_empty and not form.errors:
        form.fail(_first_field(sections), "Answer at least one question before you send the form")
    return given


def _first_field(sections: Sequence[Section]) -> str:
    """Where the first question is answered, which is what an empty form leads back to; "" where there is none."""
    question = next(iter(all_questions(sections)), None)
    if question is None:
        return ""
    return f"{field_of(question)}-0-then" if question.kind is QuestionKind.GRID else field_of(question)


def _value(form: Form, question: Question) -> Any:  # noqa: ANN401 - each kind of question has its own
    name = field_of(question)
    if question.kind is QuestionKind.GRID:
        return _grid(form, question)
    if question.kind is QuestionKind.SCALE:
        chosen = form.choice(name, "a number from 0 to 10", SCALE, required=False)
        return int(chosen) if chosen else None
    if question.kind is QuestionKind.NUMBER:
        return form.integer(name, "the number", required=False, min=0, max=_MOST_NUMBER)
    if question.kind is QuestionKind.SEVERAL:
        return list(form.choices(name, "answers from the list", question.options))
    return form.choice(name, "an answer from the list", question.options, required=False)


def _grid(form: Form, question: Question) -> list[list[int]] | None:
    rows: list[list[int]] = []
    for number in range(len(question.statements)):
        cells = [
            form.choice(f"{field_of(question)}-{number}-{half}", "a number from 0 to 10", SCALE, required=False) for half in ("then", "now")
        ]
        if cells[0] and not cells[1]:
            form.fail(f"{field_of(question)}-{number}-now", f"Line {number + 1}: choose a number for now too")
        elif cells[1] and not cells[0]:
            form.fail(f"{field_of(question)}-{number}-then", f"Line {number + 1}: choose a number for before today too")
        rows.append([int(cell) for cell in cells] if all(cells) else [])
    return rows if any(rows) else None


def _seconds(form: Form, *, now: datetime) -> float | None:
    began = form.get("began")
    return now.timestamp() - int(began) if began.isascii() and began.isdigit() and len(began) <= 11 else None
