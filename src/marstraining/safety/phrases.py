"""Reading the gate's list of phrases, and finding them among the words of a text."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("phrases.txt")

# What a phrase's `~` may stand for.
_GAP = 3
_SHORTEST_SPELT = 7
_PREFIX_KEY = 2
# More than anybody types into a chat; the rest of a pasted text is about the same.
MOST_LETTERS = 8_000
_APOSTROPHES = str.maketrans("", "", "'\u2018\u2019\u02bc\u00b4`")
_WORD = re.compile(r"[a-z0-9]+")

Span = tuple[int, int]
Phrase = tuple[str, ...]
Listed = tuple[str, Phrase]


def words_of(text: str) -> list[str]:
    """The words of a text as phrases are written: small letters, no apostrophes, no accents, nothing invisible."""
    plain = unicodedata.normalize("NFKD", text[:MOST_LETTERS])
    shown = "".join(character for character in plain if unicodedata.category(character) not in {"Cf", "Mn"})
    return _WORD.findall(shown.casefold().translate(_APOSTROPHES))


def spans_of(words: Sequence[str]) -> Mapping[str, list[Span]]:
    """Where phrases of each section stand, as first word and the one after the last, in order.

    Of those of one section that begin at the same word it is the longest. A section of which there are none gives an empty list.
    """
    exact, begun = _index()
    found: dict[str, list[Span]] = defaultdict(list)
    for start, word in enumerate(words):
        longest: dict[str, int] = {}
        for section, phrase in (*exact.get(word, ()), *begun.get(word[:_PREFIX_KEY], ())):
            end = _match(phrase, words, start)
            if end > longest.get(section, 0):
                longest[section] = end
        for section, end in longest.items():
            found[section].append((start, end))
    return found


def _match(phrase: Phrase, words: Sequence[str], at: int) -> int:
    """The end of a phrase that begins at a word, 0 where it does not."""
    for number, part in enumerate(phrase):
        if part == "~":
            rest = phrase[number + 1 :]
            return max((_match(rest, words, at + gap) for gap in range(_GAP + 1) if at + gap < len(words)), default=0)
        if at >= len(words) or not _is_word(part, words[at]):
            return 0
        at += 1
    return at


def _is_word(part: str, word: str) -> bool:
    return word.startswith(part[:-1]) if part.endswith("*") else word == part


@cache
def sections() -> Mapping[str, Sequence[Phrase]]:
    """Every section of the list, its phrases as their words."""
    return _sections(FILE.read_text(encoding="utf-8"))


@cache
def _index() -> tuple[Mapping[str, Sequence[Listed]], Mapping[str, Sequence[Listed]]]:
    """The phrases by their first word, and those whose first word is open by its first letters."""
    exact: defaultdict[str, list[Listed]] = defaultdict(list)
    begun: defaultdict[str, list[Listed]] = defaultdict(list)
    for section, phrases in sections().items():
        for phrase in phrases:
            first = phrase[0]
            by = begun[first[:_PREFIX_KEY]] if first.endswith("*") else exact[first]
            by.append((section, phrase))
    return dict(exact), dict(begun)


def _sections(text: str) -> dict[str, list[Phrase]]:
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for raw in text.splitlines():
        line = raw.partition("#")[0].strip()
        if line.startswith("["):
            lines = found.setdefault(line.strip("[]"), [])
        else:
            lines.append(line)
    return {name: [tuple(entry.split()) for entry in " ".join(many).split(",") if entry.strip()] for name, many in found.items()}


def spelt_right(words: Sequence[str]) -> list[str]:
    """The words with slips of one letter (left out, doubled, swapped) mended in the longer words of grave phrases.

    A changed letter is not mended: "slipped" would become "slapped".
    """
    slips, known = _slips()
    return [word if len(word) < _SHORTEST_SPELT - 1 or word in known else slips.get(word, word) for word in words]


@cache
def _slips() -> tuple[Mapping[str, str], frozenset[str]]:
    named = ("grave", "crisis", "threats", "child_writing", "children", "outright")
    text = sections()
    known = frozenset(word for entries in text.values() for phrase in entries for word in phrase)
    wanted = {word for name in named for phrase in text[name] for word in phrase if len(word) >= _SHORTEST_SPELT and word.isalpha()}
    slips: dict[str, str] = {}
    for word in sorted(wanted):
        for slip in _slips_of(word):
            slips.setdefault(slip, word)
    return slips, known


def _slips_of(word: str) -> Iterator[str]:
    for at in range(1, len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at] + word[at:]
        if at + 1 < len(word):
            yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
