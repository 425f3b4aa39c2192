"""What belongs together over the surveys of a session: two ratings of one person, and blocks of surveys that figures are made of."""

from collections.abc import Sequence
from enum import StrEnum
from statistics import fmean

from marstraining.core.values import frozen
from marstraining.evaluation.rules.answers import Answers, pairs_of
from marstraining.evaluation.rules.questions import Measure, Question, QuestionKind, Section, all_questions, as_statement

Rated = tuple[float, float]
_WHOLE = ""
"""Stands for all statements of a form that asks about them by one scale."""


class BlockKind(StrEnum):
    """What a block is of: answers three months later, managers' answers, confidence kept since the session, the shift of its scale."""

    FOLLOW_UP = "follow_up"
    MANAGER = "manager"
    KEPT = "kept"
    SHIFT = "shift"


class Half(StrEnum):
    """Which of the two ratings of a grid is meant; a scale has but one."""

    THEN = "then"
    NOW = "now"


@frozen
class Side:
    """The forms of one survey, each with the key of its pair ("" where it has none)."""

    sections: Sequence[Section]
    forms: Sequence[tuple[str, Answers]]
    half: Half = Half.NOW


@frozen
class Paired:
    """Ratings of the people who gave both, and how many forms of either side stand alone."""

    pairs: tuple[Rated, ...]
    alone_before: int
    alone_after: int


def statements_of(sections: Sequence[Section]) -> tuple[str, ...]:
    """The statements that a survey asks how confident somebody is about, in its order."""
    return tuple(dict.fromkeys(text for one in _confidence(sections) for text in one.statements))


def ratings(sections: Sequence[Section], answers: Answers, half: Half) -> dict[str, float]:
    """How confident somebody is, by statement: of a grid its half that is meant, of a scale its number."""
    found: dict[str, float] = {}
    for question in _confidence(sections):
        statements = [as_statement(text) for text in question.statements]
        if question.kind is QuestionKind.GRID:
            pairs = zip(statements, pairs_of(question, answers), strict=True)
            found |= {text: float(pair[half is Half.NOW]) for text, pair in pairs if pair is not None}
        elif isinstance(number := answers.get(question.key), int):
            found[statements[0] if statements else _WHOLE] = float(number)
    return found


def rating(sections: Sequence[Section], answers: Answers, half: Half = Half.NOW) -> float | None:
    """The mean over the statements, of a form that rates half of them at least (evaluation.md 4.4); None for others."""
    found = ratings(sections, answers, half)
    asked = sum(max(1, len(one.statements)) for one in _confidence(sections))
    return fmean(found.values()) if found and 2 * len(found) >= asked else None


def paired(before: Side, after: Side) -> Paired:
    """What the same people said in two surveys: each person's means over the statements that both surveys ask.

    Where one of them asks by a single scale, it is held against the mean of all statements of the other. Forms without a rating
    count on neither side.
    """
    asked = [frozenset(as_statement(text) for text in statements_of(side.sections)) for side in (before, after)]
    shared = asked[0] & asked[1]
    sides = [_rated(side, shared) for side in (before, after)]
    both = sides[0].keys() & sides[1].keys()
    pairs = tuple(sorted((sides[0][key], sides[1][key]) for key in both))
    alone = [sum(rating(side.sections, answers, side.half) is not None for _, answers in side.forms) for side in (before, after)]
    return Paired(pairs, max(0, alone[0] - len(pairs)), max(0, alone[1] - len(pairs)))


def _rated(side: Side, shared: frozenset[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for key, answers in side.forms:
        own = ratings(side.sections, answers, side.half)
        held = {text: value for text, value in own.items() if text in shared} if shared else own
        if key and held and 2 * len(held) >= max(1, len(shared)):
            found[key] = fmean(held.values())
    return found


def _confidence(sections: Sequence[Section]) -> list[Question]:
    kinds = {QuestionKind.GRID, QuestionKind.SCALE}
    return [one for one in all_questions(sections) if one.measure is Measure.CONFIDENCE and one.kind in kinds]


BANDS = ("0 to 3", "4 to 6", "7 to 8", "9 to 10")
_BAND_ENDS = (3.5, 6.5, 8.5)


def banded(values: Sequence[float]) -> dict[str, int]:
    """How many ratings fall in each band of the scale, after rounding to whole numbers, halves upwards."""
    counts = dict.fromkeys(BANDS, 0)
    for value in values:
        counts[BANDS[sum(value >= end for end in _BAND_ENDS)]] += 1
    return counts


def is_used(choice: str) -> bool:
    """Whether an answer to "have you used it" says that it was used."""
    return choice.casefold().startswith("yes")
