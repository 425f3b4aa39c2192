"""Dialogue files: one story each, played by the tests and published as the list of what the chat understands.

A story begins with lines `name: value` (`title`, `who`, and others that only its player reads). Under `published`, parted by " / ", stand
the sentences of it that are published as examples; a story without them is for tests alone. After a blank line stand its steps:
`>` what somebody writes, `*` the label of the button they press, `!` a voice message or file; below each what is expected: `<` the kind
of the answer, `|` words that stand in it, `-` words that do not, `+` the label of a button.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from marstraining.core.paths import DIALOGUES
from marstraining.core.values import frozen

# The headings of the published list, in order.
GROUPS = (
    "Finding training and resources",
    "Booking",
    "Your own bookings and record",
    "Being told of what is new",
    "Help and people",
)
_TOLD = (">", "*", "!")
_EXPECTED = ("<", "|", "-", "+")


@frozen
class Step:
    """One thing that somebody does, and what is expected of the answer, as (mark, words) in order."""

    mark: str
    told: str
    expected: tuple[tuple[str, str], ...]


@frozen
class Story:
    """One dialogue."""

    name: str
    title: str
    head: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]

    def value(self, name: str, default: str = "") -> str:
        """What the head says under a name."""
        return dict(self.head).get(name, default)

    @property
    def examples(self) -> list[str]:
        """What is published of it: no past dates, no rudeness, nothing that only a test would write."""
        return [one.strip() for one in self.value("published").split(" / ") if one.strip()]

    @property
    def said(self) -> list[str]:
        """What is written or pressed in it, as a reader sees it."""
        return [step.told if step.mark == ">" else f"[{step.told}]" for step in self.steps if step.mark != "!"]


def read_story(path: Path) -> Story:
    """A dialogue file; ValueError for a line that is none of those."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    named = []
    for written in head.splitlines():
        name, colon, value = written.partition(":")
        if not colon:
            raise ValueError(f"{path.name}: {written!r} is no line of a head")
        named.append((name.strip(), value.strip()))
    return Story(path.stem, dict(named).get("title", path.stem), tuple(named), tuple(_steps(path.name, body.splitlines())))


def _steps(name: str, lines: Sequence[str]) -> list[Step]:
    steps: list[Step] = []
    for written in lines:
        mark, words = written[:1], written[1:].strip()
        if mark in _TOLD:
            steps.append(Step(mark, words, ()))
        elif mark in _EXPECTED and mark and steps:
            last = steps[-1]
            steps[-1] = Step(last.mark, last.told, (*last.expected, (mark, words)))
        elif mark.strip() and mark != "#":
            raise ValueError(f"{name}: {written!r} is no line of a story")
    return steps


@cache
def published_stories() -> tuple[Story, ...]:
    """The stories that have examples, by group and name."""
    stories = (read_story(path) for path in sorted(DIALOGUES.glob("*.txt")))
    return tuple(sorted((story for story in stories if story.examples), key=lambda one: (_place(one), one.name)))


def _place(story: Story) -> int:
    group = story.value("group")
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)
