"""How people say what they want: patterns read from sayings.txt beside this file, each made when it is first needed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path

from marstraining.search.rules import Intent

_WORD = r"\b"
_FILE = Path(__file__).with_name("sayings.txt")
# Those of other sections are looked for in the order of the file.
_WITH_CASE = frozenset({"injection", "deep link"})

# Whole messages that always work, whatever is asked at the moment.
COMMANDS: Mapping[str, str] = {
    "help": "help",
    "menu": "menu",
    "main menu": "menu",
    "back": "back",
    "go back": "back",
    "stop": "stop",
    "cancel": "stop",
    "quit": "stop",
    "exit": "stop",
    "end": "stop",
    "start again": "start_again",
    "start over": "start_again",
    "restart": "start_again",
    "start": "start_again",
    "person": "person",
    "human": "person",
    "privacy": "privacy",
}
INTENT_OF_COMMAND: Mapping[str, Intent] = {
    "help": Intent.HELP,
    "menu": Intent.HELP,
    "back": Intent.BACK,
    "start_again": Intent.HELP,
    "person": Intent.HUMAN_HANDOFF,
    "privacy": Intent.DATA_RIGHTS,
}


@cache
def saying(section: str) -> re.Pattern[str]:
    """The pattern of a section: any of its lines."""
    sections = _sections()
    pattern = _any_of(sections[section])
    for name, lines in sections.items():
        if name.startswith("%"):
            pattern = pattern.replace(name, f"(?:{'|'.join(lines)})")
    return re.compile(pattern, re.IGNORECASE | re.DOTALL if section in _WITH_CASE else 0)


@cache
def intents() -> tuple[Intent, ...]:
    """The intents that have sayings of their own, in the order in which they are looked for."""
    known = {intent.value: intent for intent in Intent}
    return tuple(known[section] for section in _sections() if section in known)


@cache
def wishes() -> tuple[tuple[Intent, re.Pattern[str]], ...]:
    """Each intent with its pattern, in order."""
    return tuple((intent, saying(intent.value)) for intent in intents())


def preparing() -> Iterator[None]:
    """Makes every pattern, one at each step: together they take a tenth of a second, for which nobody should wait."""
    for section in _sections():
        saying(section)
        yield


def _any_of(lines: Iterable[str]) -> str:
    """A pattern for any of these lines. What begins a word says so once, or the beginnings that many lines share are tried line by line."""
    parts = []
    for is_word, run in groupby(lines, key=lambda line: line.startswith(_WORD)):
        joined = "|".join(line.removeprefix(_WORD) for line in run)
        parts.append(f"{_WORD}(?:{joined})" if is_word else joined)
    return "|".join(parts)


@cache
def _sections() -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]") and not line.startswith("[^"):
            lines = sections[line[1:-1]] = []
        elif line and not line.startswith("#"):
            lines.append(line)
    return sections
