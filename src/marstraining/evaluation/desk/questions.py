"""A question as the builder's form shows it and reads it."""

import secrets
from collections.abc import Sequence

from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.core.web import Form
from marstraining.evaluation.rules.questions import (
    CHOICE_KINDS,
    KIND_WORDS,
    MEASURE_WORDS,
    Condition,
    Measure,
    Question,
    QuestionKind,
    Section,
    all_questions,
    check_sections,
)

FIRST_SECTION = "Your feedback"


@frozen
class Line:
    """A question and the heading it stands under."""

    section: str
    intro: str
    question: Question


def as_lines(sections: Sequence[Section]) -> tuple[Line, ...]:
    return tuple(Line(section.title, section.intro, question) for section in sections for question in section.questions)


def as_sections(lines: Sequence[Line]) -> tuple[Section, ...]:
    """Lines under their headings, in the order in which the headings first come."""
    by_title: dict[str, list[Line]] = {}
    for line in lines:
        by_title.setdefault(line.section, []).append(line)
    return tuple(Section(title, tuple(one.question for one in own), own[0].intro) for title, own in by_title.items())


def moved(lines: Sequence[Line], key: str, step: int) -> tuple[Line, ...]:
    """The lines with one of them a place earlier or later; at either end they stay as they are."""
    found = list(lines)
    place = next((number for number, one in enumerate(found) if one.question.key == key), None)
    if place is None or not 0 <= place + step < len(found):
        return tuple(found)
    other = found[place + step]
    if other.section != found[place].section:
        # Over a heading it goes under the other one, at its near end.
        found[place] = Line(other.section, other.intro, found[place].question)
        return tuple(found)
    found[place], found[place + step] = other, found[place]
    return tuple(found)


def fill(line: Line | None) -> Form:
    """The form of a question; an empty one for a new question."""
    if line is None:
        return Form.of(kind=QuestionKind.SCALE.value, measure=Measure.OTHER.value, section=FIRST_SECTION)
    one = line.question
    return Form.of(
        section=line.section,
        text=one.text,
        hint=one.hint,
        kind=one.kind.value,
        measure=one.measure.value,
        statements="\n".join(one.statements),
        from_outcomes=one.from_outcomes,
        choices="\n".join(one.choices),
        low_label=one.low_label,
        high_label=one.high_label,
        is_required=one.is_required,
        asks_to_quote=one.asks_to_quote,
        if_question=one.condition.question if one.condition else "",
        if_values="\n".join(one.condition.values) if one.condition else "",
    )


def read_line(form: Form, lines: Sequence[Line], key: str) -> Line | None:
    """The question that was filled in, under the key it has or a new one; None where something is to be mended."""
    kind = form.choice("kind", "the kind of question", [one.value for one in KIND_WORDS])
    measure = form.choice("measure", "what it tells of", [one.value for one in MEASURE_WORDS])
    text = form.text("text", "the question", max=300)
    section = form.text("section", "the heading it stands under", max=120)
    question = form.get("if_question")
    values = _lines(form.get("if_values"))
    if question and not values:
        form.fail("if_values", "Enter the answers after which it is asked, one on each line")
    if form.errors:
        return None
    found = Question(
        key=key or f"q{secrets.token_hex(4)}",
        kind=QuestionKind(kind),
        text=text,
        hint=form.text("hint", "the hint", required=False, max=300),
        measure=Measure(measure),
        statements=_lines(form.get("statements")) if kind == QuestionKind.GRID else (),
        from_outcomes=kind == QuestionKind.GRID and form.checkbox("from_outcomes"),
        choices=_lines(form.get("choices")) if QuestionKind(kind) in CHOICE_KINDS - {QuestionKind.YES_NO} else (),
        low_label=form.text("low_label", "the words at 0", required=False, max=60),
        high_label=form.text("high_label", "the words at 10", required=False, max=60),
        is_required=form.checkbox("is_required"),
        asks_to_quote=form.checkbox("asks_to_quote") and kind in {QuestionKind.SHORT, QuestionKind.LONG},
        condition=Condition(question, values) if question else None,
    )
    try:
        check_sections((Section("-", (*_before(lines, found.key, question), found)),))
    except Refused as refusal:
        form.refuse(refusal)
    return None if form.errors else Line(section, _intro(lines, section), found)


def _before(lines: Sequence[Line], key: str, question: str) -> tuple[Question, ...]:
    """The question that a condition names, without its own condition: what else stands before is looked at when all is saved."""
    named = [one for one in all_questions(as_sections(lines)) if one.key == question and one.key != key]
    return tuple(Question(one.key, one.kind, one.text, choices=one.choices) for one in named)


def _intro(lines: Sequence[Line], section: str) -> str:
    return next((line.intro for line in lines if line.section == section), "")


def _lines(typed: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(line.split())[:200] for line in typed.splitlines() if line.strip()))
