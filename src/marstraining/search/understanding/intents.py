"""What somebody wants, from what was said and what was found in it."""

import re
from dataclasses import replace

from marstraining.search import vocabulary
from marstraining.search.lexicon import Lexicon
from marstraining.search.rules import Intent, Slots
from marstraining.search.understanding.answers import Said, answered
from marstraining.search.understanding.patterns import INTENT_OF_COMMAND, saying, wishes
from marstraining.search.understanding.slots import ReadSlots, wishes_of
from marstraining.search.words import words_of

_FIRST = frozenset({Intent.THREAT, Intent.ABUSIVE})
# Of these nothing is narrowed: they ask for no training.
_WITHOUT_SLOTS = frozenset(
    {
        Intent.CONFIRM, Intent.DENY, Intent.UNSUBSCRIBE_ALL, Intent.FAQ, Intent.CONTACT_SPOC, Intent.HUMAN_HANDOFF, Intent.DATA_RIGHTS,
        Intent.HELP, Intent.GREET, Intent.THANKS, Intent.BACK, Intent.OFF_TOPIC, Intent.PRACTICE_ADVICE, Intent.OUT_OF_SCOPE_PERSONAL,
        Intent.UNCLEAR, Intent.ABUSIVE, Intent.THREAT, Intent.INJECTION, Intent.DEEP_LINK_INVALID,
    }
)  # fmt: skip


def intent_of(said: Said, read: ReadSlots, lexicon: Lexicon, *, expecting: str) -> tuple[Intent, Slots]:
    """The intent, and the slots that belong to it. `expecting` is "list", "scale" or "confirm" where such a question is open."""
    intent, slots = _decided(said, read, lexicon, expecting)
    if intent in _WITHOUT_SLOTS:
        return intent, Slots()
    if intent is Intent.DEFINE_TERM:
        return intent, Slots(term=slots.term)
    if intent is Intent.SUBSCRIBE:
        slots = replace(slots, channel=_channel(said.core), subscriptions=wishes_of(slots))
    return intent, slots


def _decided(said: Said, read: ReadSlots, lexicon: Lexicon, expecting: str) -> tuple[Intent, Slots]:
    slots = read.slots
    for find in (_command, _hostile, answered, _corrected, _personal):
        found = find(said, read, expecting)
        if found is not None:
            return found
    if said.is_injected:
        return (_finding(said, read) or Intent.INJECTION) if slots.topics else Intent.INJECTION, slots
    if _stops_a_topic(said, read):
        return Intent.UNSUBSCRIBE, slots
    for intent, pattern in wishes():
        match = pattern.search(said.core)
        if match is None or intent in _FIRST or not _holds(intent, match, said, read, lexicon):
            continue
        if intent is Intent.DEFINE_TERM:
            return intent, Slots(term=_term(match, lexicon, said))
        return intent, slots
    if said.is_negated and not (read.has_training_word and read.slots.topics):
        return Intent.DENY, slots
    found_intent = _finding(said, read)
    is_ours = bool(slots.topics or slots.types or read.has_training_word)
    if not is_ours and (saying("off topic").search(said.core) or (found_intent is None and read.has_plain_words)):
        return Intent.OFF_TOPIC, slots
    return found_intent or Intent.UNCLEAR, slots


def _command(said: Said, _read: ReadSlots, expecting: str) -> tuple[Intent, Slots] | None:
    if said.command == "stop":
        return (Intent.BACK if expecting else Intent.CANCEL_BOOKING if said.core == "cancel" else Intent.UNSUBSCRIBE_ALL), Slots()
    intent = INTENT_OF_COMMAND.get(said.command)
    return (intent, Slots()) if intent else None


def _hostile(said: Said, _read: ReadSlots, _expecting: str) -> tuple[Intent, Slots] | None:
    for intent, pattern in wishes():
        if intent in _FIRST and pattern.search(said.whole):
            return intent, Slots()
    return None


def _corrected(said: Said, read: ReadSlots, _expecting: str) -> tuple[Intent, Slots] | None:
    found = saying("correct").search(said.whole)
    slots = read.slots
    if found is None or not (slots.topics or slots.types or slots.dates or slots.audience or slots.mode or slots.venue):
        return None
    if found.groupdict().get("rest") and any(pattern.search(said.core) for intent, pattern in wishes() if intent is not Intent.DEFINE_TERM):
        return None
    return Intent.CORRECT, replace(slots, topics=_meant_topics(said, slots))


def _meant_topics(said: Said, slots: Slots) -> tuple[str, ...]:
    """Of "not neglect but CSE" and "CSE, not neglect" the one that was meant."""
    if (
        len(slots.topics) > 1
        and re.match(r"^(?:no |sorry )*not (?!.*\bnot\b)", said.whole)
        and "i meant" not in said.whole.split(" not ")[0]
    ):
        return slots.topics[::-1][:1]
    return slots.topics[:1]


def _stops_a_topic(said: Said, read: ReadSlots) -> bool:
    """Whether all that is said is that a topic is to stop: "stop neglect", "no more CSE please"."""
    asks = saying("stop topic").match(said.core)
    if asks is None or not read.slots.topics or read.slots != Slots(topics=read.slots.topics):
        return False
    return all(word.folded in asks[0].split() for word in read.left)


def _personal(said: Said, _read: ReadSlots, _expecting: str) -> tuple[Intent, Slots] | None:
    found = saying("somebody").search(said.shown)
    if found is None:
        return None
    name = found["one"] or found["owner"] or found["of"]
    if name.split()[0].casefold() in _NO_NAMES:
        return None
    return Intent.OUT_OF_SCOPE_PERSONAL, Slots()


_NO_NAMES = vocabulary.STOP_WORDS | {
    "children", "mars", "teams", "zoom", "training", "course", "prevent", "everyone", "everybody", "anyone", "it's", "what",
    "today", "tomorrow",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "child", "early", "designated", "neglect",
    "domestic", "online",
}  # fmt: skip


def _holds(intent: Intent, match: re.Match[str], said: Said, read: ReadSlots, lexicon: Lexicon) -> bool:
    """Whether what a pattern found counts: "what is the weather" defines nothing, "keep me posted" needs something to be told of."""
    if intent is Intent.DEFINE_TERM:
        return bool(_term(match, lexicon, said))
    if intent is Intent.BOOK:
        return not said.is_negated
    if intent is Intent.CANCEL_BOOKING and said.is_negated and "cancel" in match[0]:
        return False
    if intent is Intent.NEXT_SESSION:
        return not _asks_for_reading(read)
    return True


def _asks_for_reading(read: ReadSlots) -> bool:
    return bool(set(read.slots.types) & vocabulary.RESOURCE_TYPES)


def _term(match: re.Match[str], lexicon: Lexicon, said: Said) -> str:
    """What is asked the meaning of, as the lexicon writes it; "" where it is nothing that has one."""
    found = next((value for value in match.groupdict().values() if value), "")
    typed = re.sub(r"^(?:an?|the) ", "", found.strip())
    if not typed:
        return ""
    entry = lexicon.definition(typed)
    if entry is not None:
        return entry.acronym if entry.acronym and entry.acronym.casefold() == typed else typed
    is_acronym = any(word.is_upper and word.folded == typed for word in words_of(said.shown)) and not said.shown.isupper()
    return typed.upper() if is_acronym else ""


def _finding(said: Said, read: ReadSlots) -> Intent | None:
    """Which of the finding intents: by the kind of thing asked for, else any; None where nothing is asked for."""
    return Intent.NEXT_SESSION if _is_next(said, read) else _by_kind(read) or _by_subject(said, read)


def _by_kind(read: ReadSlots) -> Intent | None:
    slots, types = read.slots, set(read.slots.types)
    if types & vocabulary.RESOURCE_TYPES and not types & vocabulary.TRAINING_TYPES:
        return Intent.FIND_RESOURCE
    if types & vocabulary.TRAINING_TYPES or (read.has_training_word and "workbook" not in types):
        return Intent.FIND_TRAINING
    if read.has_resource_word:
        return Intent.FIND_RESOURCE
    if "workbook" in types:
        return Intent.FIND_ANY
    is_dated = slots.dates or slots.time_from or slots.time_to or slots.weekdays or slots.mode or slots.venue or slots.has_places
    return Intent.FIND_TRAINING if is_dated else None


def _by_subject(said: Said, read: ReadSlots) -> Intent | None:
    slots = read.slots
    if slots.topics or read.terms:
        return Intent.FIND_ANY
    if slots.audience:
        return Intent.FIND_TRAINING if saying("needed").search(said.core) else Intent.FIND_ANY
    if saying("whats on").search(said.core):
        return Intent.FIND_TRAINING
    return Intent.FIND_ANY if read.has_known_words else None


_ASKING_FOR_MORE = frozenset(
    {"any", "anything", "what", "which", "show", "find", "list", "all", "courses", "training", "about", "are"}
)  # fmt: skip


def _is_next(said: Said, read: ReadSlots) -> bool:
    """A standing series by its name alone, in the singular, asks for its next date: "safeguarding lead forum early years"."""
    slots = read.slots
    if slots.types != ("forum",) or slots.dates or slots.time_from or not (slots.topics or slots.audience):
        return False
    words = set(said.core.split())
    return "forum" in words and not words & _ASKING_FOR_MORE


def _channel(core: str) -> str:
    if re.search(r"\be ?mails?\b", core):
        return "email"
    return "chat" if re.search(r"\b(?:here|in (?:this )?chat|telegram|message me|text me)\b", core) else ""
