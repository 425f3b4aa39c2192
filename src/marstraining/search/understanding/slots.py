"""What narrows the wish: topic, kind, audience, way of taking part, place and numbers, out of the words that are no dates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from marstraining.core.values import frozen
from marstraining.search import vocabulary
from marstraining.search.lexicon import Lexicon, Sense
from marstraining.search.rules import Slots, Wish
from marstraining.search.typos import is_known
from marstraining.search.understanding.patterns import saying
from marstraining.search.words import Word
from marstraining.uk_dates import ReadDates

NUMBERS = {
    name: number for number, name in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"))
} | {str(number): number for number in range(101)}  # fmt: skip
_UNITS = {"minute": "PT{}M", "hour": "PT{}H", "day": "P{}D", "week": "P{}W", "month": "P{}M"}

# Words of somebody who has not said yet what they want.
_FILLERS = frozenset(
    {"think", "maybe", "idea", "really", "rather", "question", "confused", "forgot", "idk", "dunno", "yeah", "like", "sort", "bit", "lot"}
)


@frozen
class ReadSlots:
    """What the words filled, the words that are left to rank by, and the names of terms that have no topic of their own.

    `has_other_words` where there is one that is not of a plain wish. `has_known_words` where a word that is left is one of the index or
    the lexicon, `has_plain_words` where one is English.
    """

    slots: Slots
    left: tuple[Word, ...]
    terms: tuple[tuple[str, ...], ...] = ()
    has_training_word: bool = False
    has_resource_word: bool = False
    has_plain_briefing: bool = False
    has_other_words: bool = False
    has_known_words: bool = False
    has_plain_words: bool = False


@dataclass
class _Filled:
    """The fields while the words are gone through."""

    topics: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    terms: list[tuple[str, ...]] = field(default_factory=list)
    audience: str = ""
    mode: str = ""
    venue: str = ""


def read_slots(words: Sequence[Word], read: ReadDates, lexicon: Lexicon, *, said: str) -> ReadSlots:
    """The slots of a sentence: `words` are those that are no dates, mended; `said` is the whole of it in small letters."""
    filled = _Filled()
    taken = [False] * len(words)
    for found in lexicon.matches(words):
        meaning = found.meaning
        if meaning.sense is Sense.TOPIC:
            filled.topics.append(meaning.value)
        elif meaning.sense is Sense.TERM:
            filled.terms.append(meaning.alternatives)
        elif meaning.sense is Sense.TYPE:
            filled.types.append(meaning.value)
        elif meaning.sense is Sense.AUDIENCE:
            filled.audience = filled.audience or meaning.value
        elif meaning.sense is Sense.MODE:
            filled.mode = filled.mode or meaning.value
        else:
            filled.venue = filled.venue or meaning.value
        taken[found.start : found.end] = [True] * (found.end - found.start)
    stems = {word.folded for word in words}
    is_short = bool(stems & vocabulary.SHORT_WORDS) and not {"course", "courses"} & stems
    briefing = _is_plain_briefing(words, filled)
    types = tuple(dict.fromkeys(kind for kind in filled.types if not (briefing and kind == "forum")))
    if is_short and not set(types) & vocabulary.RESOURCE_TYPES:
        types = vocabulary.SHORT_READS
    slots = Slots(
        topics=tuple(dict.fromkeys(filled.topics)),
        types=types,
        audience=filled.audience,
        mode=filled.mode,
        dates=read.dates,
        time_from=read.times.time_from,
        time_to=read.times.time_to,
        weekdays=read.times.weekdays,
        venue=filled.venue,
        places=_number(saying("number of places").search(said)),
        has_places=any(f" {phrase} " in f" {said} " for phrase in vocabulary.PLACES_LEFT_WORDS),
        offset=_offset(said),
    )
    untaken = [word for word, is_taken in zip(words, taken, strict=True) if not is_taken]
    left = tuple(word for word in untaken if _is_content(word))
    return ReadSlots(
        slots,
        left,
        terms=tuple(dict.fromkeys(filled.terms)),
        has_training_word=bool(stems & vocabulary.TRAINING_WORDS),
        has_resource_word=bool(stems & vocabulary.RESOURCE_WORDS),
        has_plain_briefing=briefing,
        has_other_words=any(word.folded not in vocabulary.WISH_WORDS and not word.folded.isdecimal() for word in untaken),
        has_known_words=any(lexicon.spelt.get(word.folded) in {0, 2} for word in left),
        has_plain_words=any(word.folded not in _FILLERS and is_known(word, lexicon) for word in left),
    )


def wishes_of(slots: Slots) -> tuple[Wish, ...]:
    """What a subscription is to: each topic named, or the kinds."""
    if slots.topics:
        kind = slots.types[0] if len(slots.types) == 1 else ""
        return tuple(Wish(topic, kind) for topic in slots.topics)
    return tuple(Wish(type=kind) for kind in slots.types)


def _is_plain_briefing(words: Sequence[Word], filled: _Filled) -> bool:
    """Whether "briefing" may be one to read or one to attend: only Designated Safeguarding Leads have briefings that are held."""
    stems = {word.stem for word in words}
    return "briefing" in stems and "forum" in filled.types and not stems & {"forum", "network", "meeting"} and "dsl" not in filled.topics


def _is_content(word: Word) -> bool:
    folded = word.folded
    return (
        len(folded) > 1
        and folded not in vocabulary.STOP_WORDS
        and folded.replace("'", "") not in vocabulary.STOP_WORDS
        and folded not in vocabulary.TRAINING_WORDS
        and folded not in vocabulary.RESOURCE_WORDS
        and folded not in vocabulary.SHORT_WORDS
        and not folded.isdecimal()
    )


def _number(found: re.Match[str] | None) -> int | None:
    return NUMBERS.get(found["many"]) if found else None


def _offset(said: str) -> str:
    found = saying("long before").search(said)
    if not found:
        return ""
    if found["eve"]:
        return "P1D"
    many, unit = found["many"], found["unit"]
    if many == "half an":
        return "PT30M"
    return _UNITS[unit].format(NUMBERS.get(many, 1) if many not in {"a", "an", "the"} else 1)
