"""Understands a sentence to the chat or the search box; knows no database, no channel and no clock."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from marstraining.core.clock import local
from marstraining.core.partnership import SchoolCalendar
from marstraining.search.lexicon import Lexicon
from marstraining.search.rules import Correction, Intent, Understood
from marstraining.search.typos import is_known, mend
from marstraining.search.understanding.answers import Said
from marstraining.search.understanding.describing import filters_of
from marstraining.search.understanding.intents import intent_of
from marstraining.search.understanding.patterns import COMMANDS, saying
from marstraining.search.understanding.slots import ReadSlots, read_slots
from marstraining.search.words import Word, cleaned, word_of, words_of
from marstraining.uk_dates import read_dates

__all__ = ["understand"]

_CLAUSES = re.compile(r"[.,;!?]+|\bbut\b", re.IGNORECASE)
_MOST_OFFERED = 3
_SOMEBODY = frozenset({"he", "she", "they", "him", "her", "them", "his", "hers", "their", "theirs", "himself", "herself", "themselves"})


def understand(
    text: str,
    *,
    now: datetime,
    lexicon: Lexicon,
    calendar: SchoolCalendar,
    expecting: str = "",
    mends: bool = True,
    is_search: bool = False,
) -> Understood:
    """What a sentence asks for.

    `now` is an instant, by which dates are read in London. `expecting` is "list", "scale" or "confirm" while such a question is open:
    only then is a bare number an answer to it. With `mends` false misspelt words are taken as they are. `is_search` is for a search box:
    what narrows counts there whatever else the sentence asks for. Nothing is refused and nothing is kept: any text gives an answer, at
    worst `UNCLEAR`. Sentences about a child at risk are not looked for here; the gate of `safety` comes before.
    """
    shown = cleaned(text)
    if saying("deep link").match(shown):
        return Understood(Intent.DEEP_LINK_INVALID)
    read = read_dates(shown, today=local(now).date(), calendar=calendar)
    mending = _Mending(lexicon if mends else None)
    whole = mending.said(shown)
    core, is_negated = _core(shown, mending)
    words = [mending.word(word) for word in words_of(read.rest)]
    filled = read_slots(words, read, lexicon, said=whole)
    command = COMMANDS.get(core) or COMMANDS.get(whole, "")
    said = Said(whole, core, shown, command, is_negated=is_negated, is_injected=bool(saying("injection").search(text[:2000])))
    intent, slots = intent_of(said, filled, lexicon, expecting=expecting)
    if is_search:
        slots = replace(filled.slots, term=slots.term)
    is_about_somebody = not _SOMEBODY.isdisjoint(whole.split())
    possible = () if slots.topics else _topics_possible(filled, lexicon)
    return Understood(
        intent=intent,
        slots=slots,
        names_training=_names_training(filled, is_about_somebody=is_about_somebody),
        is_about_somebody=is_about_somebody,
        words=tuple(dict.fromkeys(word.folded for word in filled.left)),
        terms=filled.terms,
        corrections=tuple(Correction(typed, meant) for typed, meant in mending.corrections.items()),
        filters=filters_of(slots, lexicon.topics),
        unknown=_unknown(words, lexicon),
        topics_possible=possible,
        is_sure=bool(slots.topics or not possible),
        is_negated=is_negated,
        is_ambiguous_case=bool(saying("case").search(whole)),
        command=command,
    )


class _Mending:
    """Mends the words of one sentence and keeps which it has mended; without a lexicon it leaves all as they are."""

    def __init__(self, lexicon: Lexicon | None) -> None:
        self._lexicon = lexicon
        self.corrections: dict[str, str] = {}

    def word(self, word: Word) -> Word:
        meant = mend(word, self._lexicon) if self._lexicon else None
        if meant is None:
            return word
        if len(word.folded) > 2 and meant.replace("'", "") != word.folded:
            self.corrections[word.folded] = meant
        return word_of(meant)

    def said(self, text: str) -> str:
        """A text as patterns see it: mended words in small letters with single spaces between, apostrophes too."""
        return " ".join(self.word(word).folded.replace("'", " ") for word in words_of(text))


def _core(shown: str, mending: _Mending) -> tuple[str, bool]:
    """The sentence without politeness and without what is denied in it, and whether anything was."""
    kept, is_negated = [], False
    for clause in _CLAUSES.split(shown):
        said = mending.said(clause)
        denied = saying("negated").search(said)
        if denied:
            is_negated = True
            said = said[: denied.start()].strip()
            if said in {"i", "please", "no", "we"}:
                said = ""
        if said:
            kept.append(said)
    core = " ".join(kept)
    stripped = saying("polite").sub("", core).strip()
    stripped = saying("polite").sub("", stripped).strip()
    return stripped or core, is_negated


def _names_training(filled: ReadSlots, *, is_about_somebody: bool) -> bool:
    """Whether all of it can be a wish: a subject is one, and so are a kind, a day, a place and whom it is for, with nothing beside them."""
    if filled.slots.topics or filled.terms:
        return True
    if filled.slots.types or filled.has_training_word or filled.has_resource_word:
        return not (is_about_somebody and filled.left)
    return not filled.has_other_words


def _unknown(words: Sequence[Word], lexicon: Lexicon) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(word.folded for word in words if word.folded.isalpha() and len(word.folded) > 2 and not is_known(word, lexicon))
    )


def _topics_possible(filled: ReadSlots, lexicon: Lexicon) -> tuple[tuple[str, str], ...]:
    """Up to three topics that a word left over is part of the name of, those with the most such words first."""
    stems = {word.stem for word in filled.left}
    if not stems:
        return ()
    counted = [(sum(stem in lexicon.stems_of_topic(slug) for stem in stems), slug) for slug in lexicon.topics]
    best = sorted((pair for pair in counted if pair[0]), key=lambda pair: (-pair[0], pair[1]))
    return tuple((slug, lexicon.topics[slug]) for _, slug in best[:_MOST_OFFERED])
