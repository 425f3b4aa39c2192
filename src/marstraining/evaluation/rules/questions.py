"""What a survey asks: questions of eight kinds in sections, with conditions; as plain values and as they are stored."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from marstraining.core.errors import Refused
from marstraining.core.values import frozen

MOST_SECTIONS, MOST_QUESTIONS, MOST_CHOICES = 12, 40, 12
SCALE_LOW, SCALE_HIGH = 0, 10
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


class QuestionKind(StrEnum):
    GRID = "grid"
    SCALE = "scale"
    SINGLE = "single"
    SEVERAL = "several"
    YES_NO = "yes_no"
    NUMBER = "number"
    SHORT = "short"
    LONG = "long"


KIND_WORDS = {
    QuestionKind.GRID: "Before and now, on a scale",
    QuestionKind.SCALE: "Scale",
    QuestionKind.SINGLE: "One of several answers",
    QuestionKind.SEVERAL: "Several answers",
    QuestionKind.YES_NO: "Yes or no",
    QuestionKind.NUMBER: "Number",
    QuestionKind.SHORT: "Short text",
    QuestionKind.LONG: "Long text",
}
TEXT_KINDS = frozenset({QuestionKind.SHORT, QuestionKind.LONG})
CHOICE_KINDS = frozenset({QuestionKind.SINGLE, QuestionKind.SEVERAL, QuestionKind.YES_NO})


class Measure(StrEnum):
    """What a question tells of, where figures are made of it."""

    CONFIDENCE = "confidence"
    KNOWLEDGE = "knowledge"
    REACTION = "reaction"
    INTENTION = "intention"
    COMMITMENT = "commitment"
    CHILD_VOICE = "child_voice"
    USED = "used"
    BARRIERS = "barriers"
    CHANGED = "changed"
    USEFUL = "useful"
    IMPROVE = "improve"
    OTHER = "other"


MEASURE_WORDS = {
    Measure.CONFIDENCE: "Confidence",
    Measure.KNOWLEDGE: "Knowledge",
    Measure.REACTION: "What people thought of it",
    Measure.INTENTION: "What people will do differently",
    Measure.COMMITMENT: "How sure they are to do it",
    Measure.CHILD_VOICE: "The child’s voice, and diversity",  # noqa: RUF001 - an apostrophe as printed
    Measure.USED: "Used since",
    Measure.BARRIERS: "What stood in the way",
    Measure.CHANGED: "What changed for a child or family",
    Measure.USEFUL: "What was most useful",
    Measure.IMPROVE: "What to improve",
    Measure.OTHER: "Something else",
}


@frozen
class Condition:
    """A question is asked only where another before it was answered with one of these."""

    question: str
    values: tuple[str, ...]

    def is_met(self, given: object) -> bool:
        chosen = given if isinstance(given, (list, tuple)) else [given]
        return any(str(value) in self.values for value in chosen if value is not None)


@frozen
class Question:
    """One question. `statements` are the rows of a grid; with `from_outcomes` they are the course's outcomes when a survey is opened.

    `choices` are the answers of a choice, in order. A text with `asks_to_quote` has a box that allows quoting without a name.
    """

    key: str
    kind: QuestionKind
    text: str
    hint: str = ""
    measure: Measure = Measure.OTHER
    statements: tuple[str, ...] = ()
    from_outcomes: bool = False
    choices: tuple[str, ...] = ()
    low_label: str = ""
    high_label: str = ""
    is_required: bool = False
    asks_to_quote: bool = False
    condition: Condition | None = None

    @property
    def is_text(self) -> bool:
        return self.kind in TEXT_KINDS

    @property
    def options(self) -> tuple[str, ...]:
        return ("Yes", "No") if self.kind is QuestionKind.YES_NO else self.choices

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The answers to choose from, each with its words, which are the same."""
        return tuple((one, one) for one in self.options)

    def as_json(self) -> dict[str, Any]:
        stored: dict[str, Any] = {"key": self.key, "kind": self.kind.value, "text": self.text, "measure": self.measure.value}
        for name in ("hint", "low_label", "high_label"):
            if getattr(self, name):
                stored[name] = getattr(self, name)
        for name in ("statements", "choices"):
            if getattr(self, name):
                stored[name] = list(getattr(self, name))
        for name in ("from_outcomes", "is_required", "asks_to_quote"):
            if getattr(self, name):
                stored[name] = True
        if self.condition:
            stored["condition"] = {"question": self.condition.question, "values": list(self.condition.values)}
        return stored


@frozen
class Section:
    """Questions under one heading; a long form shows how many sections there are."""

    title: str
    questions: tuple[Question, ...]
    intro: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"title": self.title, "intro": self.intro, "questions": [one.as_json() for one in self.questions]}


def sections_of(stored: Sequence[Mapping[str, Any]]) -> tuple[Section, ...]:
    """Sections as they were stored."""
    return tuple(Section(one["title"], tuple(_question_of(each) for each in one["questions"]), one.get("intro", "")) for one in stored)


def _question_of(stored: Mapping[str, Any]) -> Question:
    condition = stored.get("condition")
    return Question(
        key=stored["key"],
        kind=QuestionKind(stored["kind"]),
        text=stored["text"],
        hint=stored.get("hint", ""),
        measure=Measure(stored.get("measure", "other")),
        statements=tuple(stored.get("statements", ())),
        from_outcomes=bool(stored.get("from_outcomes")),
        choices=tuple(stored.get("choices", ())),
        low_label=stored.get("low_label", ""),
        high_label=stored.get("high_label", ""),
        is_required=bool(stored.get("is_required")),
        asks_to_quote=bool(stored.get("asks_to_quote")),
        condition=Condition(condition["question"], tuple(condition["values"])) if condition else None,
    )


def all_questions(sections: Sequence[Section]) -> Iterator[Question]:
    """Every question in the order of the form."""
    for section in sections:
        yield from section.questions


def check_sections(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Sections as they may be stored. Refused where one has no questions, a key stands twice, or a condition looks ahead."""
    if not sections or not any(section.questions for section in sections):
        raise Refused("Add at least one question.", code="empty")
    if len(sections) > MOST_SECTIONS or sum(len(section.questions) for section in sections) > MOST_QUESTIONS:
        raise Refused(f"A survey has {MOST_SECTIONS} sections and {MOST_QUESTIONS} questions at most.", code="long")
    before: dict[str, Question] = {}
    for question in all_questions(sections):
        _check(question, before)
        before[question.key] = question
    return tuple(section for section in sections if section.questions)


def _check(question: Question, before: Mapping[str, Question]) -> None:
    if not _KEY.fullmatch(question.key) or question.key in before:
        raise Refused("Each question needs a key of its own, of small letters and numbers.", code="key", facts={"question": question.key})
    if not question.text.strip():
        raise Refused("A question has no words.", code="text", facts={"question": question.key})
    if question.kind in {QuestionKind.SINGLE, QuestionKind.SEVERAL} and not 2 <= len(question.choices) <= MOST_CHOICES:
        raise Refused(f"“{question.text}” needs 2 to {MOST_CHOICES} answers to choose from.", code="choices")
    if question.kind is QuestionKind.GRID and not (question.statements or question.from_outcomes):
        raise Refused(f"“{question.text}” needs at least one statement.", code="statements")
    condition = question.condition
    if condition is None:
        return
    asked = before.get(condition.question)
    if asked is None or asked.kind not in CHOICE_KINDS or not condition.values or set(condition.values) - set(asked.options):
        raise Refused(f"“{question.text}” depends on an answer that no question before it has.", code="condition")


def for_course(sections: Sequence[Section], outcomes: Sequence[str]) -> tuple[Section, ...]:
    """The sections as one survey asks them: a grid that takes the course's outcomes has them as its statements, five at most.

    A grid for which there is none is left out; the knowledge pair stands then alone.
    """
    statements = tuple(as_statement(one) for one in outcomes if one.strip())[:5]
    found = []
    for section in sections:
        questions = tuple(_filled(one, statements) for one in section.questions if not one.from_outcomes or statements)
        if questions:
            found.append(Section(section.title, questions, section.intro))
    return tuple(found)


def _filled(question: Question, statements: tuple[str, ...]) -> Question:
    if not question.from_outcomes:
        return question
    return _question_of({**question.as_json(), "statements": list(statements), "from_outcomes": False})


def as_statement(outcome: str) -> str:
    """An outcome as it stands after "How confident are you that you can": without its full stop, in lower case but for names."""
    words = " ".join(outcome.split()).rstrip(".;")
    is_name = len(words) > 1 and (words[1].isupper() or words[1].isdigit())
    return words if is_name else words[:1].lower() + words[1:]
