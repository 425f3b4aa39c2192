"""The ready-made surveys (evaluation.md 4.2), which the desk copies and changes into versions of its own."""

from collections.abc import Mapping
from enum import StrEnum

from marstraining.core.values import frozen
from marstraining.evaluation.rules.questions import Condition, Measure, Question, QuestionKind, Section

_AGREE = ("Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree")
_LOW, _HIGH = "Not at all", "Completely"


class InstrumentKind(StrEnum):
    """When and whom a survey asks."""

    AFTER = "after"
    SHORT = "short"
    BEFORE = "before"
    FOLLOW_UP = "follow_up"
    MANAGER = "manager"
    PARTNERSHIP = "partnership"


INSTRUMENT_WORDS = {
    InstrumentKind.AFTER: "After a course",
    InstrumentKind.SHORT: "After a briefing or forum, in short",
    InstrumentKind.BEFORE: "Before a session, so that answers before and after can be compared",
    InstrumentKind.FOLLOW_UP: "Three months later",
    InstrumentKind.MANAGER: "For managers, three months later",
    InstrumentKind.PARTNERSHIP: "Partnership survey",
}


@frozen
class Template:
    """A ready-made survey."""

    title: str
    sections: tuple[Section, ...]


def _reaction(key: str, text: str) -> Question:
    return Question(key, QuestionKind.SINGLE, text, measure=Measure.REACTION, choices=_AGREE)


_CONFIDENCE = Question(
    "confidence",
    QuestionKind.GRID,
    "How confident are you that you can …",
    "0 is not at all, 10 is completely. Answer each line twice.",
    Measure.CONFIDENCE,
    from_outcomes=True,
    low_label=_LOW,
    high_label=_HIGH,
)
_KNOWLEDGE = Question(
    "knowledge",
    QuestionKind.GRID,
    "How much do you know?",
    "0 is nothing, 10 is all you need.",
    Measure.KNOWLEDGE,
    statements=("my knowledge of this subject",),
    low_label="Nothing",
    high_label="All I need",
)
_SHORT_CONFIDENCE = Question(
    "confidence",
    QuestionKind.GRID,
    "How confident are you?",
    "0 is not at all, 10 is completely.",
    Measure.CONFIDENCE,
    statements=("putting what was said today into practice",),
    low_label=_LOW,
    high_label=_HIGH,
)
# The same lines as after the session, so that a person's answers can be held against each other.
_NOW_ONLY = Question(
    "confidence_now",
    QuestionKind.SCALE,
    "How confident are you today that you can …",
    "0 is not at all, 10 is completely.",
    Measure.CONFIDENCE,
    from_outcomes=True,
    low_label=_LOW,
    high_label=_HIGH,
)
_USED = ("Yes, with a family", "Yes, in a meeting or supervision", "Not yet", "I had no opportunity", "No")

AFTER = Template(
    "After a course",
    (
        Section("You, before today and now", (_CONFIDENCE, _KNOWLEDGE)),
        Section(
            "The training",
            (
                _reaction("relevant", "The training is relevant to my role"),
                _reaction("trainer_knowledge", "The trainers knew their subject"),
                _reaction("trainer_engaging", "The trainers involved us"),
                _reaction("pace", "The pace was right"),
                _reaction("venue", "The venue or the technology was right"),
                Question("recommend", QuestionKind.YES_NO, "Would you recommend it to a colleague?", measure=Measure.REACTION),
                Question(
                    "child_voice",
                    QuestionKind.SINGLE,
                    "The training kept the child’s voice, and the diversity of families, at its centre",  # noqa: RUF001 - an apostrophe as printed
                    measure=Measure.CHILD_VOICE,
                    choices=_AGREE,
                ),
            ),
        ),
        Section(
            "What comes next",
            (
                Question(
                    "intention",
                    QuestionKind.LONG,
                    "What is one thing that you will do differently?",
                    measure=Measure.INTENTION,
                    asks_to_quote=True,
                ),
                Question(
                    "commitment",
                    QuestionKind.SCALE,
                    "How sure are you that you will do it?",
                    "0 is not at all, 10 is completely.",
                    Measure.COMMITMENT,
                    low_label=_LOW,
                    high_label=_HIGH,
                ),
                Question("useful", QuestionKind.LONG, "What was most useful?", measure=Measure.USEFUL, asks_to_quote=True),
                Question("improve", QuestionKind.LONG, "What should we improve?", measure=Measure.IMPROVE, asks_to_quote=True),
            ),
        ),
    ),
)
SHORT = Template(
    "After a briefing or forum",
    (
        Section(
            "Your feedback",
            (
                _SHORT_CONFIDENCE,
                Question("useful", QuestionKind.LONG, "What will you take away from it?", measure=Measure.USEFUL, asks_to_quote=True),
            ),
        ),
    ),
)
BEFORE = Template("Before a session", (Section("Where you stand, in less than a minute", (_NOW_ONLY,)),))
FOLLOW_UP = Template(
    "Three months later",
    (
        Section(
            "Since the training",
            (
                Question("used", QuestionKind.SINGLE, "Have you used what you learnt?", measure=Measure.USED, choices=_USED),
                Question(
                    "changed",
                    QuestionKind.LONG,
                    "What changed for a child or a family?",
                    "Say nothing that would tell who they are.",
                    Measure.CHANGED,
                    asks_to_quote=True,
                    condition=Condition("used", _USED[:2]),
                ),
                Question(
                    "barriers",
                    QuestionKind.SEVERAL,
                    "What stood in the way?",
                    measure=Measure.BARRIERS,
                    choices=(
                        "Nothing",
                        "Time",
                        "Workload",
                        "My manager’s support",  # noqa: RUF001 - an apostrophe as printed
                        "Other agencies",
                        "No such case came",
                        "I need more training",
                    ),
                ),
                _NOW_ONLY,
                Question(
                    "knowledge_now",
                    QuestionKind.SCALE,
                    "How much do you know about this subject today?",
                    "0 is nothing, 10 is all you need.",
                    Measure.KNOWLEDGE,
                    low_label="Nothing",
                    high_label="All I need",
                ),
            ),
        ),
    ),
)
MANAGER = Template(
    "For managers, three months later",
    (
        Section(
            "What you see at work",
            (
                Question(
                    "used",
                    QuestionKind.SINGLE,
                    "Do you see what the training taught used in practice?",
                    "Of everybody of yours who came, taken together.",
                    Measure.USED,
                    choices=("Yes", "Not yet", "I cannot say"),
                ),
                Question(
                    "supervision",
                    QuestionKind.YES_NO,
                    "Has it been spoken about in supervision or in a team meeting?",
                    measure=Measure.SUPPORT,
                ),
                Question(
                    "changed",
                    QuestionKind.LONG,
                    "What do you see done differently?",
                    "Name nobody who came, and no child or family.",
                    Measure.CHANGED,
                    asks_to_quote=True,
                ),
            ),
        ),
    ),
)
PARTNERSHIP = Template(
    "Partnership survey",
    (
        Section(
            "Your organisation",
            (
                Question(
                    "confident",
                    QuestionKind.SCALE,
                    "How well does safeguarding training meet your organisation’s needs?",  # noqa: RUF001 - an apostrophe as printed
                    measure=Measure.OTHER,
                    low_label=_LOW,
                    high_label=_HIGH,
                ),
                Question("missing", QuestionKind.LONG, "What training is missing?", measure=Measure.IMPROVE, asks_to_quote=True),
            ),
        ),
    ),
)

TEMPLATES: Mapping[InstrumentKind, Template] = {
    InstrumentKind.AFTER: AFTER,
    InstrumentKind.SHORT: SHORT,
    InstrumentKind.BEFORE: BEFORE,
    InstrumentKind.FOLLOW_UP: FOLLOW_UP,
    InstrumentKind.MANAGER: MANAGER,
    InstrumentKind.PARTNERSHIP: PARTNERSHIP,
}
