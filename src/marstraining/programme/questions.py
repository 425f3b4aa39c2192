"""The booking questions of a course: as they are stored, as the desk types them, and what answers one."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from marstraining.core.errors import Refused
from marstraining.core.values import frozen

TEXT, YES_NO, CHOICE = "text", "yes_no", "choice"
MOST_QUESTIONS = 10
MOST_CHOICES = 12
LONGEST_QUESTION = 200
LONGEST_CHOICE = 80
LONGEST_ANSWER = 300
_YES_NO = ("Yes", "No")
_REQUIRED = "*"


@frozen
class Question:
    """One question; `key` names its answer for good, so that the words may be put right. `choices` only where the kind is choice."""

    key: str
    label: str
    kind: str = TEXT
    choices: tuple[str, ...] = ()
    required: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """What can be answered; empty where anything can."""
        return _YES_NO if self.kind == YES_NO else self.choices

    @property
    def shown(self) -> Mapping[str, str]:
        """The options as a form's choices: each stands for itself."""
        return {option: option for option in self.options}


def questions_of(stored: Iterable[Mapping[str, object]]) -> tuple[Question, ...]:
    """Questions from a course's column."""
    return tuple(
        Question(
            key=str(one["key"]),
            label=str(one["label"]),
            kind=str(one.get("kind", TEXT)),
            choices=tuple(str(choice) for choice in _listed(one.get("choices"))),
            required=bool(one.get("required")),
        )
        for one in stored
    )


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


def as_stored(questions: Iterable[Question]) -> list[dict[str, object]]:
    """The column's value."""
    return [
        {"key": one.key, "label": one.label, "kind": one.kind, "choices": list(one.choices), "required": one.required} for one in questions
    ]


def as_lines(questions: Iterable[Question]) -> str:
    """Questions as the desk types them: one a line, choices after a vertical line, a star at the end where an answer is needed."""
    return "\n".join(" | ".join((one.label, *one.options)) + (f" {_REQUIRED}" if one.required else "") for one in questions)


def read_lines(text: str, *, known: Iterable[Question] = ()) -> tuple[Question, ...]:
    """Questions from such lines; one whose words were there before keeps its key. Refuses too many and too long ones."""
    keys = {one.label: one.key for one in known}
    found: dict[str, Question] = {}
    for line in text.splitlines():
        typed = line.strip()
        required = typed.endswith(_REQUIRED)
        label, *choices = (" ".join(part.split()) for part in typed.removesuffix(_REQUIRED).split("|"))
        if label:
            found[label] = _checked(keys.get(label) or _new_key(label), label, [one for one in choices if one], required=required)
    if len(found) > MOST_QUESTIONS:
        raise _refusal(f"Ask at most {MOST_QUESTIONS} questions")
    return tuple(found.values())


def _checked(key: str, label: str, choices: Sequence[str], *, required: bool) -> Question:
    if len(label) > LONGEST_QUESTION:
        raise _refusal(f"A question must be {LONGEST_QUESTION} characters or fewer: “{label[:40]}…”")
    if len(choices) > MOST_CHOICES or any(len(choice) > LONGEST_CHOICE for choice in choices):
        raise _refusal(f"“{label[:40]}” may have at most {MOST_CHOICES} choices of {LONGEST_CHOICE} characters or fewer")
    if len(choices) == 1:
        raise _refusal(f"“{label[:40]}” has one choice only: give two or more, or none")
    kind = YES_NO if tuple(choices) == _YES_NO else CHOICE if choices else TEXT
    return Question(key=key, label=label, kind=kind, choices=() if kind == YES_NO else tuple(dict.fromkeys(choices)), required=required)


def _refusal(sentence: str) -> Refused:
    return Refused(sentence, code="questions", field="questions")


def _new_key(label: str) -> str:
    return f"q{hashlib.sha256(label.encode()).hexdigest()[:10]}"
