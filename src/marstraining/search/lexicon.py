"""The desk's lexicon as it is looked up: which words mean which topic, acronym, kind, audience, way of taking part or place."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from itertools import chain

from marstraining.core.values import frozen
from marstraining.search import vocabulary
from marstraining.search.words import Word, phrase_of, stem_of, words_of


@frozen
class Entry:
    """One line of the lexicon: an acronym or nothing, what it means in full, everyday words for the same, and its topic, if it has one."""

    acronym: str
    meaning: str
    also: tuple[str, ...] = ()
    topic: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.acronym, self.meaning, *self.also) if name)


class Sense(StrEnum):
    TYPE = "type"
    AUDIENCE = "audience"
    MODE = "mode"
    PLACE = "place"
    TOPIC = "topic"
    TERM = "term"


@frozen
class Meaning:
    """What a phrase stands for. `value` is a code, a slug or a place's name; of a term `alternatives` are all its names."""

    sense: Sense
    value: str
    alternatives: tuple[str, ...] = ()


@frozen
class Matched:
    """A phrase found in a sentence, from one word up to another."""

    start: int
    end: int
    meaning: Meaning


@dataclass(frozen=True)
class Lexicon:
    """Everything that words are looked up in, made once for each change of the lexicon or the index; it never changes.

    `topics` are labels by slug. `spelt` are words that a misspelt one may be taken for, each with how unlikely it is (0 the
    likeliest). `phrases` are meanings by stems; of several for the same stems all are kept, the first the likeliest.
    """

    entries: tuple[Entry, ...]
    topics: Mapping[str, str]
    phrases: Mapping[tuple[str, ...], tuple[Meaning, ...]]
    topic_names: Mapping[str, tuple[str, ...]]
    spelt: Mapping[str, int]
    longest: int
    definitions: Mapping[tuple[str, ...], Entry]
    mended: dict[str, str | None] = field(default_factory=dict, compare=False, repr=False)
    _stems: dict[str, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)
    _by_pair: dict[str, list[str]] = field(default_factory=dict, compare=False, repr=False)

    def matches(self, words: Sequence[Word], taken: Sequence[bool] = ()) -> Iterator[Matched]:
        """The phrases in a sentence from its start, the longest first at each place; what is `taken` is passed over."""
        place = 0
        while place < len(words):
            found = self._at(words, place, taken)
            if found is None:
                place += 1
            else:
                yield found
                place = found.end

    def _at(self, words: Sequence[Word], place: int, taken: Sequence[bool]) -> Matched | None:
        for end in range(min(place + self.longest, len(words)), place, -1):
            if taken and any(taken[place:end]):
                continue
            stems = tuple(word.stem for word in words[place:end])
            for meaning in self.phrases.get(stems, ()):
                if can_mean(words, place, end, meaning):
                    return Matched(place, end, meaning)
        return None

    def alike(self, word: str) -> Counter[str]:
        """Words of `spelt` by how many pairs of letters they share with this one."""
        for _ in self.sorting():
            pass
        return Counter(chain.from_iterable(self._by_pair.get(pair, ()) for pair in pairs_of(word)))

    def sorting(self) -> Iterator[None]:
        """Sorts `spelt` out by pairs of letters, in small steps, once: a long list would make the first misspelt word wait."""
        if self._by_pair:
            return
        by_pair: dict[str, list[str]] = {}
        for number, known in enumerate(self.spelt):
            for pair in pairs_of(known):
                by_pair.setdefault(pair, []).append(known)
            if number % _STEP == _STEP - 1:
                yield
        self._by_pair.update(by_pair)

    def stems_of_topic(self, slug: str) -> frozenset[str]:
        """The stems of all words that a topic's names are made of, but for those that say nothing."""
        if slug not in self._stems:
            stems = {stem for name in self.topic_names[slug] for stem in _stems_of(name)}
            self._stems[slug] = frozenset(stem for stem in stems if stem not in vocabulary.STOP_WORDS and stem not in _TOO_PLAIN)
        return self._stems[slug]

    def definition(self, term: str) -> Entry | None:
        """The line that explains an acronym or a phrase."""
        return self.definitions.get(phrase_of(term))


# So many words are sorted out in a millisecond.
_STEP = 200


def pairs_of(word: str) -> set[str]:
    """The pairs of neighbouring letters in a word, its first and last beside nothing."""
    edged = f"^{word}$"
    return {edged[place : place + 2] for place in range(len(edged) - 1)}


# Acronyms that are English words too: in small letters they mean the topic only where something beside them says so.
_ALSO_WORDS = frozenset({"send", "sen", "prevent", "mace", "aces", "pitstop", "eh", "da", "ap", "wt", "cin", "tra", "vpp", "cp", "cpp"})
_OBJECTS = frozenset(
    {
        "a", "abuse", "alerts", "all", "an", "another", "any", "anything", "certificate", "children", "copy", "details",
        "email", "emails", "harm", "her", "him", "info", "information", "invite", "it", "link", "links", "me", "more", "my",
        "neglect", "nudes", "out", "over", "pics", "pictures", "reminder", "reminders", "something", "that", "the", "them",
        "this", "through", "updates", "us", "your",
    }
)  # fmt: skip
_LED_AUDIENCE = frozenset({"for", "in", "as", "by"})
_PEOPLE_AFTER = frozenset(
    {
        "colleague", "course", "courses", "officer", "officers", "practitioner", "practitioners", "professional",
        "professionals", "session", "sessions", "settings", "staff", "team", "training", "worker", "workers",
    }
)  # fmt: skip


def can_mean(words: Sequence[Word], start: int, end: int, meaning: Meaning) -> bool:
    """Whether a phrase can stand for a meaning where it stands: "send me the link" is not about special needs."""
    if end - start != 1:
        return True
    word = words[start]
    before = words[start - 1].folded if start else ""
    after = words[end].folded if end < len(words) else ""
    if meaning.sense in {Sense.TOPIC, Sense.TERM} and word.folded in _ALSO_WORDS and not word.is_upper:
        if word.folded in {"send", "prevent"}:
            if before in {"to", "please", "can", "could", "you", "will"} or after in _OBJECTS:
                return False
            return start > 0 or end == len(words) or stem_of(after) in _TRAINING_STEMS
        return word.folded != "eh" or stem_of(after) in _TRAINING_STEMS
    if meaning.sense is Sense.AUDIENCE and word.stem in _TO_BE_LED:
        led = before in _LED_AUDIENCE or (before in {"my", "our", "a", "an"} and start > 1 and words[start - 2].folded in _LED_AUDIENCE)
        return led or after in _PEOPLE_AFTER
    return True


@lru_cache(maxsize=4096)
def _stems_of(name: str) -> tuple[str, ...]:
    # The desk's own words, taken apart again at each change of a lexicon; never what somebody asks, which is not to be kept.
    return phrase_of(name)


_TO_BE_LED = frozenset(stem_of(word) for word in vocabulary.AUDIENCES_TO_BE_LED)
_TRAINING_STEMS = frozenset(
    stem_of(word)
    for word in (*vocabulary.TRAINING_WORDS, *vocabulary.TYPE_WORDS, *vocabulary.RESOURCE_WORDS, "duty", "needs", "support", "code")
)


def make_lexicon(
    entries: Iterable[Entry],
    *,
    topics: Mapping[str, str],
    topic_names: Mapping[str, Sequence[str]],
    places: Iterable[str] = (),
    index_words: Iterable[str] = (),
) -> Lexicon:
    """A lexicon of the desk's entries, of topics with the other names they go by, of places, and of the words of what is indexed."""
    labelled = {_stems_of(label): slug for slug, label in topics.items()}
    kept = tuple(_with_topic(entry, labelled) for entry in entries)
    phrases: dict[tuple[str, ...], list[Meaning]] = defaultdict(list)
    for sense, words in (
        (Sense.TYPE, vocabulary.TYPE_WORDS),
        (Sense.AUDIENCE, vocabulary.AUDIENCE_WORDS),
        (Sense.MODE, vocabulary.MODE_WORDS),
    ):
        for words_of_it, code in words.items():
            phrases[_stems_of(words_of_it)].append(Meaning(sense, code))
    names = _names_of_topics(kept, topics, topic_names)
    for slug, own in names.items():
        for name in own:
            _add(phrases, name, Meaning(Sense.TOPIC, slug))
    for entry in kept:
        if not entry.topic:
            meaning = Meaning(Sense.TERM, entry.acronym or entry.meaning, entry.names)
            for name in entry.names:
                _add(phrases, name, meaning)
    for place in {*places, *vocabulary.TOWNS}:
        _add(phrases, place, Meaning(Sense.PLACE, place))
    return Lexicon(
        entries=kept,
        topics=dict(topics),
        phrases={stems: tuple(meanings) for stems, meanings in phrases.items()},
        topic_names=names,
        spelt=_spelt(phrases, kept, index_words),
        longest=max((len(stems) for stems in phrases), default=1),
        definitions={_stems_of(name): entry for entry in reversed(kept) for name in reversed(entry.names) if not _is_plain(_stems_of(name))}
        | {_stems_of(entry.acronym): entry for entry in reversed(kept) if entry.acronym},
    )


def _with_topic(entry: Entry, labelled: Mapping[tuple[str, ...], str]) -> Entry:
    """The line with the topic that one of its names is the label of, where the desk has chosen none."""
    if entry.topic:
        return entry
    found = next((labelled[stems] for name in entry.names if (stems := _stems_of(name)) in labelled), "")
    return replace(entry, topic=found) if found else entry


def _names_of_topics(
    entries: Sequence[Entry], topics: Mapping[str, str], topic_names: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    names: dict[str, list[str]] = {slug: [label, *topic_names.get(slug, ())] for slug, label in topics.items()}
    for entry in entries:
        if entry.topic in names:
            names[entry.topic].extend(entry.names)
    return {slug: tuple(dict.fromkeys(own)) for slug, own in names.items()}


def _add(phrases: dict[tuple[str, ...], list[Meaning]], name: str, meaning: Meaning) -> None:
    stems = _stems_of(name)
    if stems and (name.isupper() or not _is_plain(stems)) and meaning not in phrases[stems]:
        phrases[stems].append(meaning)


def _is_plain(stems: tuple[str, ...]) -> bool:
    """Whether a word says too little to mean something: "conference" and "plan" may stand beside an acronym, and still mean themselves."""
    return len(stems) == 1 and (stems[0] in vocabulary.STOP_WORDS or stems[0] in _TOO_PLAIN or stems in _TYPES)


_TYPES = frozenset(phrase_of(words) for words in vocabulary.TYPE_WORDS)
_TOO_PLAIN = frozenset({"plan", "contact", "safeguarding", "training", "hospital", "other"})


def _spelt(phrases: Mapping[tuple[str, ...], Sequence[Meaning]], entries: Sequence[Entry], index_words: Iterable[str]) -> dict[str, int]:
    """Words that a misspelt one may be taken for: those of the lexicon first, then those that sentences are made of, then the index's."""
    spelt = dict.fromkeys(vocabulary.STOP_WORDS, 3)
    spelt |= {word: 2 for word in index_words if len(word) > 3}
    spelt |= dict.fromkeys(vocabulary.SENTENCE_WORDS, 1)
    spelt |= dict.fromkeys(vocabulary.TRAINING_WORDS | vocabulary.RESOURCE_WORDS, 0)
    full = {word.folded for name in (*vocabulary.TYPE_WORDS, *vocabulary.AUDIENCE_WORDS, *vocabulary.MODE_WORDS) for word in words_of(name)}
    full |= {word.folded for entry in entries for name in entry.names for word in words_of(name)}
    full |= {stem for stems, meanings in phrases.items() if meanings[0].sense is not Sense.TYPE for stem in stems}
    return spelt | {word: 0 for word in full if len(word) > 2 and not word.isdecimal()}
