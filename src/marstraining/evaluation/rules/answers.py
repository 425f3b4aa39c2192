"""What was answered: taken out of a form, judged for what is odd about it, and made into pairs and counts."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Any

from marstraining.core.values import frozen
from marstraining.evaluation.rules.questions import (
    CHOICE_KINDS,
    SCALE_HIGH,
    SCALE_LOW,
    Measure,
    Question,
    QuestionKind,
    Section,
    all_questions,
)

Answers = Mapping[str, Any]


class Flag(StrEnum):
    """What is odd about a form. It is counted and shown, and the form is never dropped for it."""

    SAME = "same"
    CEILING = "ceiling"
    HASTY = "hasty"


FLAG_WORDS = {
    Flag.SAME: "the same answer in every cell",
    Flag.CEILING: "at the top of the scale before and now",
    Flag.HASTY: "answered in under 20 seconds",
}


@frozen
class Comment:
    """Something written in a form, and whether it may be quoted without a name."""

    question: str
    text: str
    may_quote: bool


@frozen
class Given:
    """One form as it was filled in. Texts stand apart: they are looked at before anybody else sees them."""

    answers: Answers
    comments: tuple[Comment, ...] = ()
    flags: tuple[Flag, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.answers and not self.comments


def is_asked(question: Question, answers: Answers) -> bool:
    """Whether a question's condition is met by what was answered before it."""
    return question.condition is None or question.condition.is_met(answers.get(question.condition.question))


def flags_of(sections: Sequence[Section], answers: Answers, *, seconds: float | None) -> tuple[Flag, ...]:
    """What is odd about the answers; `seconds` is how long the form was open, None where that is not known.

    One pair of the same number is no pattern, but at the top of the scale it is the ceiling of a form that asks for one pair alone.
    """
    cells = [cell for pair in _grid_pairs(sections, answers) for cell in pair]
    asked = 2 * sum(len(one.statements) for one in all_questions(sections) if one.kind is QuestionKind.GRID)
    found = []
    if len(set(cells)) == 1 and len(cells) >= min(4, asked):
        if cells[0] == SCALE_HIGH:
            found.append(Flag.CEILING)
        elif len(cells) >= 4:
            found.append(Flag.SAME)
    if seconds is not None and 0 <= seconds < 20:
        found.append(Flag.HASTY)
    return tuple(found)


def _grid_pairs(sections: Sequence[Section], answers: Answers) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for question in all_questions(sections):
        if question.kind is QuestionKind.GRID:
            found += [pair for pair in pairs_of(question, answers) if pair is not None]
    return found


def pairs_of(question: Question, answers: Answers) -> list[tuple[int, int] | None]:
    """Before and now of each statement of a grid; None where either is missing."""
    given = answers.get(question.key)
    rows = given if isinstance(given, list) else []
    found: list[tuple[int, int] | None] = []
    for number in range(len(question.statements)):
        row = rows[number] if number < len(rows) and isinstance(rows[number], list) else []
        cells = [one for one in row if isinstance(one, int) and SCALE_LOW <= one <= SCALE_HIGH]
        found.append((cells[0], cells[1]) if len(row) == 2 and len(cells) == 2 else None)
    return found


@frozen
class Statement:
    """One line of a grid with everybody's complete pairs."""

    question: str
    measure: Measure
    text: str
    pairs: tuple[tuple[int, int], ...]


@frozen
class Counted:
    """A choice or scale with how often each answer was given; `answers` is how many answered it."""

    question: str
    measure: Measure
    text: str
    counts: Mapping[str, int]
    answers: int


@frozen
class Numbered:
    """A question for a number, with everybody's answers."""

    question: str
    measure: Measure
    text: str
    values: tuple[int, ...]


@frozen
class Grouped:
    """The course's pairs by the group that respondents named; under "" those of whoever named none."""

    question: str
    text: str
    pairs: Mapping[str, tuple[tuple[float, float], ...]]


@frozen
class Tally:
    """Everybody's answers to one survey, added up. How often a group was named is not among what is counted: few may have named it."""

    answers: int
    statements: tuple[Statement, ...] = ()
    counted: tuple[Counted, ...] = ()
    course_pairs: tuple[tuple[float, float], ...] = ()
    flags: Mapping[str, int] = field(default_factory=dict)
    grouped: tuple[Grouped, ...] = ()
    numbered: tuple[Numbered, ...] = ()


def tally(sections: Sequence[Section], forms: Sequence[Answers], flags: Sequence[Sequence[str]] = ()) -> Tally:
    """The answers of a survey added up.

    The course's pairs are each respondent's means over the confidence statements, of those who answered half of them at least
    (evaluation.md 4.4).
    """
    statements: list[Statement] = []
    counted: list[Counted] = []
    course = [_course_pair(sections, form) for form in forms]
    grouped: list[Grouped] = []
    numbered: list[Numbered] = []
    for question in all_questions(sections):
        if question.kind is QuestionKind.GRID:
            columns = [pairs_of(question, form) for form in forms]
            statements += [
                Statement(question.key, question.measure, text, tuple(pair for column in columns if (pair := column[number]) is not None))
                for number, text in enumerate(question.statements)
            ]
        elif question.measure is Measure.GROUP:
            grouped.append(_group(question, forms, course))
        elif question.kind in CHOICE_KINDS or question.kind is QuestionKind.SCALE:
            counted.append(_count(question, forms))
        elif question.kind is QuestionKind.NUMBER:
            values = tuple(value for form in forms if isinstance(value := form.get(question.key), int))
            numbered.append(Numbered(question.key, question.measure, question.text, values))
    told: dict[str, int] = {}
    for one in flags:
        for flag in one:
            told[flag] = told.get(flag, 0) + 1
    pairs = tuple(pair for pair in course if pair is not None)
    return Tally(len(forms), tuple(statements), tuple(counted), pairs, told, tuple(grouped), tuple(numbered))


def _count(question: Question, forms: Sequence[Answers]) -> Counted:
    is_scale = question.kind is QuestionKind.SCALE
    options = [str(number) for number in range(SCALE_LOW, SCALE_HIGH + 1)] if is_scale else list(question.options)
    counts = dict.fromkeys(options, 0)
    answered = 0
    for form in forms:
        given = form.get(question.key)
        chosen = given if isinstance(given, list) else [given]
        known = [str(one) for one in chosen if one is not None and str(one) in counts]
        answered += bool(known)
        for one in known:
            counts[one] += 1
    return Counted(question.key, question.measure, question.text, counts, answered)


def _group(question: Question, forms: Sequence[Answers], course: Sequence[tuple[float, float] | None]) -> Grouped:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ("", *question.options)}
    for form, pair in zip(forms, course, strict=True):
        named = form.get(question.key)
        if pair is not None:
            found[named if isinstance(named, str) and named in found else ""].append(pair)
    return Grouped(question.key, question.text, {name: tuple(pairs) for name, pairs in found.items()})


def _course_pair(sections: Sequence[Section], form: Answers) -> tuple[float, float] | None:
    grids = [one for one in all_questions(sections) if one.kind is QuestionKind.GRID and one.measure is Measure.CONFIDENCE]
    asked = sum(len(one.statements) for one in grids)
    pairs = [pair for grid in grids for pair in pairs_of(grid, form) if pair is not None]
    if not pairs or 2 * len(pairs) < asked:
        return None
    return sum(pair[0] for pair in pairs) / len(pairs), sum(pair[1] for pair in pairs) / len(pairs)
