"""What somebody wants, from what was said and what was found in it."""

import re
from dataclasses import dataclass, replace

from marstraining.search import vocabulary
from marstraining.search.lexicon import Lexicon
from marstraining.search.rules import Intent, Slots
from marstraining.search.understanding import patterns
from marstraining.search.understanding.slots import NUMBERS, ReadSlots, wishes
from marstraining.search.words import words_of

_FIRST = frozenset({Intent.THREAT, Intent.ABUSIVE})
_ORDINALS = {"first": 1, "1st": 1, "top": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5, "last": -1, "bottom": -1, "next to last": -2}  # fmt: skip
# Of these nothing is narrowed: they ask for no training.
_WITHOUT_SLOTS = frozenset(
    {
        Intent.CONFIRM, Intent.DENY, Intent.UNSUBSCRIBE_ALL, Intent.FAQ, Intent.CONTACT_SPOC, Intent.HUMAN_HANDOFF, Intent.DATA_RIGHTS,
        Intent.HELP, Intent.GREET, Intent.THANKS, Intent.BACK, Intent.OFF_TOPIC, Intent.PRACTICE_ADVICE, Intent.OUT_OF_SCOPE_PERSONAL,
        Intent.UNCLEAR, Intent.ABUSIVE, Intent.THREAT, Intent.INJECTION, Intent.DEEP_LINK_INVALID,
    }
)  # fmt: skip
_PERSON = re.compile(
    r"\b(?:has|is|did|does|was|will|have|can)\s+(?P<one>[A-Z][a-z'\u2019-]+)(?:\s+[A-Z][a-z'\u2019-]+)?\s+(?:\w+\s+){0,2}"
    r"(?:done|booked|completed|attended|got|passed|finished|registered|signed|coming|going|attending|due|attend|do|have|missing|trained|overdue|on|book)\b"
    r"|\b(?P<owner>[A-Z][a-z]+(?:\s+[A-Z][a-z]+)?)['\u2019]s\s+(?:\w+\s+)?(?:certificates?|bookings?|record|training|attendance|email|number|details|feedback|courses)\b"
    r"|\b(?:certificates?|bookings?|record|training|attendance|details|feedback)\s+(?:of|for)\s+(?P<of>[A-Z][a-z]+\s+[A-Z][a-z]+)\b"
)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence as the patterns see it: `whole` in small letters, `core` without politeness and what was denied, `shown` as typed."""

    whole: str
    core: str
    shown: str
    command: str
    is_negated: bool
    is_injected: bool


def intent_of(said: Said, read: ReadSlots, lexicon: Lexicon, *, expecting: str) -> tuple[Intent, Slots]:
    """The intent, and the slots that belong to it. `expecting` is "list", "scale" or "confirm" where such a question is open."""
    intent, slots = _decided(said, read, lexicon, expecting)
    if intent in _WITHOUT_SLOTS:
        return intent, Slots()
    if intent is Intent.DEFINE_TERM:
        return intent, Slots(term=slots.term)
    if intent is Intent.SUBSCRIBE:
        slots = replace(slots, channel=_channel(said.core), subscriptions=wishes(slots))
    return intent, slots


def _decided(said: Said, read: ReadSlots, lexicon: Lexicon, expecting: str) -> tuple[Intent, Slots]:
    slots = read.slots
    for find in (_command, _hostile, _answer, _corrected, _personal):
        found = find(said, read, expecting)
        if found is not None:
            return found
    if said.is_injected:
        return (_finding(said, read) or Intent.INJECTION) if slots.topics else Intent.INJECTION, slots
    for intent, pattern in patterns.ORDER:
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
    if not is_ours and (patterns.OFF_TOPIC.search(said.core) or (found_intent is None and read.has_plain_words)):
        return Intent.OFF_TOPIC, slots
    return found_intent or Intent.UNCLEAR, slots


def _command(said: Said, _read: ReadSlots, expecting: str) -> tuple[Intent, Slots] | None:
    if said.command == "stop":
        return (Intent.BACK if expecting else Intent.CANCEL_BOOKING if said.core == "cancel" else Intent.UNSUBSCRIBE_ALL), Slots()
    intent = patterns.INTENT_OF_COMMAND.get(said.command)
    return (intent, Slots()) if intent else None


def _hostile(said: Said, _read: ReadSlots, _expecting: str) -> tuple[Intent, Slots] | None:
    for intent, pattern in patterns.ORDER:
        if intent in _FIRST and pattern.search(said.whole):
            return intent, Slots()
    return None


def _answer(said: Said, read: ReadSlots, expecting: str) -> tuple[Intent, Slots] | None:
    """Yes, no, thanks, a number, the second one: what answers something, and greetings."""
    core = said.core or said.whole
    whole: tuple[tuple[re.Pattern[str], Intent], ...] = (
        (patterns.THANK_ALL, Intent.THANKS),
        (patterns.GREET, Intent.GREET),
        (patterns.YES, Intent.CONFIRM),
        (patterns.NO, Intent.DENY),
    )
    for pattern, intent in whole:
        if intent is Intent.CONFIRM and said.is_negated:
            continue
        if pattern.fullmatch(said.whole) or (pattern.fullmatch(core) and intent not in {Intent.THANKS, Intent.GREET}):
            return intent, Slots()
    is_denied = said.is_negated or bool(_DENIES.search(said.whole))
    if not is_denied and re.fullmatch(rf"{patterns.YES.pattern} .{{0,20}}{patterns.YES.pattern}", said.whole):
        return Intent.CONFIRM, Slots()
    if re.fullmatch(rf"{patterns.NO.pattern} .{{0,12}}{patterns.THANK.pattern}", said.whole):
        return Intent.DENY, Slots()
    number = NUMBERS.get(core)
    if number is not None and expecting == "scale" and number <= 10:
        return Intent.FEEDBACK_ANSWER, Slots(score=number)
    score = _score(core, said.shown)
    if score is not None and expecting != "list":
        return Intent.FEEDBACK_ANSWER, Slots(score=score)
    ordinal = patterns.ORDINAL.match(core)
    if ordinal and (number is None or expecting == "list" or number <= 5):
        which = ordinal["which"]
        return Intent.SELECT, Slots(ordinal=_ORDINALS.get(which) or NUMBERS.get(which))
    if number is not None and number <= 10:
        return Intent.FEEDBACK_ANSWER, Slots(score=number)
    if patterns.MORE.match(core):
        return Intent.SELECT, Slots()
    if patterns.PICK.match(core) and not read.slots.types:
        return Intent.SELECT, read.slots
    return None


def _corrected(said: Said, read: ReadSlots, _expecting: str) -> tuple[Intent, Slots] | None:
    found = patterns.CORRECT.search(said.whole)
    slots = read.slots
    if found is None or not (slots.topics or slots.types or slots.dates or slots.audience or slots.mode or slots.venue):
        return None
    if found.groupdict().get("rest") and any(
        pattern.search(said.core) for intent, pattern in patterns.ORDER if intent not in {Intent.DEFINE_TERM}
    ):
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


def _personal(said: Said, _read: ReadSlots, _expecting: str) -> tuple[Intent, Slots] | None:
    found = _PERSON.search(said.shown)
    if found is None:
        return None
    name = found["one"] or found["owner"] or found["of"]
    if name.split()[0].casefold() in _NO_NAMES:
        return None
    return Intent.OUT_OF_SCOPE_PERSONAL, Slots()


_NO_NAMES = vocabulary.STOP_WORDS | {
    "children", "mars", "teams", "zoom", "training", "course", "prevent", "everyone", "everybody", "anyone", "it's", "what", "today", "tomorrow",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "child", "early", "designated", "neglect", "domestic", "online",
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
    if intent in {Intent.FAQ, Intent.PRACTICE_ADVICE, Intent.SESSION_DETAIL}:
        return True
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
    slots = read.slots
    types = set(slots.types)
    if _is_next(said, read):
        return Intent.NEXT_SESSION
    if types & vocabulary.RESOURCE_TYPES and not types & vocabulary.TRAINING_TYPES:
        return Intent.FIND_RESOURCE
    if types & vocabulary.TRAINING_TYPES or (read.has_training_word and "workbook" not in types):
        return Intent.FIND_TRAINING
    if read.has_resource_word:
        return Intent.FIND_RESOURCE
    if "workbook" in types:
        return Intent.FIND_ANY
    if slots.dates or slots.time_from or slots.time_to or slots.weekdays or slots.mode or slots.venue or slots.has_places:
        return Intent.FIND_TRAINING
    if slots.topics or read.terms:
        return Intent.FIND_ANY
    if slots.audience:
        return Intent.FIND_TRAINING if _NEEDS.search(said.core) else Intent.FIND_ANY
    if _WHATS_ON.search(said.core):
        return Intent.FIND_TRAINING
    return Intent.FIND_ANY if read.has_known_words else None


_WHATS_ON = re.compile(
    r"^what(?: s|s| is)? (?:on|coming up|happening|available|new)\b|\bwhat have you got\b|\bwhat do you (?:offer|have|run)\b|\bwhich should i do\b|\bwhat should i do\b"
)
_NEEDS = re.compile(r"\b(?:need|needs|should|have to|must|required|mandatory)\b")


def _is_next(said: Said, read: ReadSlots) -> bool:
    """A standing series by its name alone, in the singular, asks for its next date: "safeguarding lead forum early years"."""
    slots = read.slots
    if slots.types != ("forum",) or slots.dates or slots.time_from or not (slots.topics or slots.audience):
        return False
    words = set(said.core.split())
    return "forum" in words and not words & {
        "any",
        "anything",
        "what",
        "which",
        "show",
        "find",
        "list",
        "all",
        "courses",
        "training",
        "about",
        "are",
    }


_DENIES = re.compile(r"\b(?:not|no|never|don t|won t|can t)\b")
_OF_TEN = re.compile(r"\b(?P<first>\d{1,2})\s?/\s?10\b")


def _score(core: str, shown: str) -> int | None:
    of_ten = _OF_TEN.search(shown)
    if of_ten and int(of_ten["first"]) <= 10:
        return int(of_ten["first"])
    after = patterns.AFTER_SCORE.search(core)
    if after:
        return NUMBERS.get(after["value"] or after["value_after"])
    found = patterns.SCORE.search(core)
    if not found:
        return None
    value = NUMBERS.get(found["first"] or found["said"] or found["of"])
    return value if value is not None and value <= 10 else None


def _channel(core: str) -> str:
    if re.search(r"\be ?mails?\b", core):
        return "email"
    return "chat" if re.search(r"\b(?:here|in (?:this )?chat|telegram|message me|text me)\b", core) else ""
