"""A survey one button at a time: its questions as steps, and everything answered so far as a short code that a button can carry.

The code has one character for each step. It is all there is: whoever asks the next question needs nothing that was stored.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from marstraining.core.values import frozen
from marstraining.evaluation.rules.answers import Given, flags_of, is_asked
from marstraining.evaluation.rules.questions import (
    SCALE_HIGH,
    SCALE_LOW,
    Measure,
    Question,
    QuestionKind,
    Section,
    all_questions,
    field_of,
)

SKIPPED = "-"
_SYMBOLS = "0123456789abc"
# What a button has room for beside the survey's reference; a survey with more steps is answered on its form.
MOST_STEPS = 50
_PRESSED = frozenset({QuestionKind.GRID, QuestionKind.SCALE, QuestionKind.SINGLE, QuestionKind.YES_NO})


class Half(StrEnum):
    """Which half of a grid's line a step asks for; nothing where it is no grid."""

    THEN = "then"
    NOW = "now"
    NONE = ""


@frozen
class Step:
    """One thing to press: a question, and of a grid one half of one of its statements."""

    question: Question
    statement: int = 0
    half: Half = Half.NONE

    @property
    def is_scale(self) -> bool:
        return self.question.kind in {QuestionKind.GRID, QuestionKind.SCALE}

    @property
    def options(self) -> tuple[str, ...]:
        """What can be pressed, in order; the place of each is its symbol."""
        return tuple(str(number) for number in range(SCALE_LOW, SCALE_HIGH + 1)) if self.is_scale else self.question.options

    @property
    def can_skip(self) -> bool:
        return not self.question.is_required

    @property
    def field(self) -> str:
        """The name of its field on the survey's form."""
        name = field_of(self.question)
        return f"{name}-{self.statement}-{self.half.value}" if self.half else name


def steps_of(sections: Sequence[Section]) -> tuple[Step, ...]:
    """What of a survey buttons can answer, in its order.

    What several answers or words answer is left to the form, and so is how sure somebody is of what they wrote there.
    """
    found: list[Step] = []
    for question in all_questions(sections):
        if question.kind not in _PRESSED or question.measure is Measure.COMMITMENT:
            continue
        if question.kind is QuestionKind.GRID:
            found += [Step(question, number, half) for number in range(len(question.statements)) for half in (Half.THEN, Half.NOW)]
        else:
            found.append(Step(question))
    return tuple(found)


def fits_buttons(sections: Sequence[Section]) -> bool:
    """Whether a survey can be answered by buttons at all."""
    return 0 < len(steps_of(sections)) <= MOST_STEPS


def has_more(sections: Sequence[Section]) -> bool:
    """Whether the form asks what no button can answer."""
    pressed = {step.question.key for step in steps_of(sections)}
    return any(question.key not in pressed for question in all_questions(sections))


def symbol(place: int) -> str:
    """What stands in a code for the option of that place."""
    return _SYMBOLS[place]


def read_code(steps: Sequence[Step], code: str) -> dict[int, int] | None:
    """The places of the options that were pressed, by number of step; None for a code that these steps cannot have led to."""
    if len(code) > len(steps):
        return None
    found: dict[int, int] = {}
    for number, character in enumerate(code):
        if character == SKIPPED:
            continue
        place = _SYMBOLS.find(character)
        if not 0 <= place < len(steps[number].options):
            return None
        found[number] = place
    return found


def answers_of(steps: Sequence[Step], code: str) -> dict[str, Any]:
    """The answers of a code as a form would give them: of a grid's line both halves or nothing. ValueError for no such code."""
    places = read_code(steps, code)
    if places is None:
        raise ValueError("no code of these steps")
    answers: dict[str, Any] = {}
    for number, step in enumerate(steps):
        if number not in places or not is_asked(step.question, answers):
            continue
        key, place = step.question.key, places[number]
        if step.half is Half.NONE:
            answers[key] = place if step.is_scale else step.options[place]
        elif step.half is Half.NOW and number - 1 in places:
            rows = answers.setdefault(key, [[] for _ in step.question.statements])
            rows[step.statement] = [places[number - 1], place]
    return answers


def settled(steps: Sequence[Step], code: str) -> str:
    """The code with what need not be asked passed over: the second half of a line that was skipped, a condition that is not met."""
    while len(code) < len(steps):
        step = steps[len(code)]
        if not (step.half is Half.NOW and code.endswith(SKIPPED)) and is_asked(step.question, answers_of(steps, code)):
            return code
        code += SKIPPED
    return code


def before(steps: Sequence[Step], code: str) -> str | None:
    """The code at the question before, None at the first."""
    for end in range(len(code) - 1, -1, -1):
        if settled(steps, code[:end]) == code[:end]:
            return code[:end]
    return None


def ended(steps: Sequence[Step], code: str) -> str:
    """The code with everything that is still to be asked skipped."""
    return code.ljust(len(steps), SKIPPED)


def given_of(sections: Sequence[Section], code: str) -> Given:
    """A form of what was pressed. How long it took is not known, since nothing notes when somebody began."""
    answers = answers_of(steps_of(sections), code)
    return Given(answers, (), flags_of(sections, answers, seconds=None))


def fields_of(steps: Sequence[Step], code: str) -> list[tuple[str, str]]:
    """What was pressed as fields of the survey's form."""
    places = read_code(steps, code) or {}
    return [(steps[number].field, steps[number].options[place]) for number, place in places.items()]
