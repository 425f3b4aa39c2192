"""What answers something that was asked: yes, no, thanks, a number, the second one; and greetings."""

import re

from marstraining.core.values import frozen
from marstraining.search.rules import Intent, Slots
from marstraining.search.understanding.patterns import saying
from marstraining.search.understanding.slots import NUMBERS, ReadSlots

_ORDINALS = {
    "first": 1, "1st": 1, "top": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5,
    "last": -1, "bottom": -1, "next to last": -2,
}  # fmt: skip
_OF_TEN = re.compile(r"\b(?P<first>\d{1,2})\s?/\s?10\b")
_MOST = 10
# A number by itself is one of a list, as lists are short, unless something else is open.
_LIST = 5


@frozen
class Said:
    """A sentence as the patterns see it: `whole` in small letters, `core` without politeness and what was denied, `shown` as typed."""

    whole: str
    core: str
    shown: str
    command: str
    is_negated: bool
    is_injected: bool


def answered(said: Said, read: ReadSlots, expecting: str) -> tuple[Intent, Slots] | None:
    """The answer that a whole sentence is; None where it is none."""
    core = said.core or said.whole
    intent = _agreed(said, core)
    if intent is not None:
        return intent, Slots()
    return _numbered(said, core, expecting) or _picked(core, read)


def _agreed(said: Said, core: str) -> Intent | None:
    """Thanks, a greeting, yes or no. What was denied is never a yes."""
    if saying("thanks only").fullmatch(said.whole):
        return Intent.THANKS
    if saying("%greeting%").fullmatch(said.whole):
        return Intent.GREET
    is_twice = saying("yes twice").fullmatch(said.whole) and not saying("denied").search(said.whole)
    if not said.is_negated and (_is("%yes%", said, core) or is_twice):
        return Intent.CONFIRM
    if _is("%no%", said, core) or saying("no thanks").fullmatch(said.whole):
        return Intent.DENY
    return None


def _is(section: str, said: Said, core: str) -> bool:
    return bool(saying(section).fullmatch(said.whole) or saying(section).fullmatch(core))


def _numbered(said: Said, core: str, expecting: str) -> tuple[Intent, Slots] | None:
    """A score, or the place of something in a list: what a bare number is depends on what is open."""
    number = NUMBERS.get(core)
    if number is not None and number <= _MOST and expecting == "scale":
        return Intent.FEEDBACK_ANSWER, Slots(score=number)
    score = _score(core, said.shown)
    if score is not None and expecting != "list":
        return Intent.FEEDBACK_ANSWER, Slots(score=score)
    ordinal = saying("ordinal").match(core)
    if ordinal and (number is None or expecting == "list" or number <= _LIST):
        which = ordinal["which"]
        return Intent.SELECT, Slots(ordinal=_ORDINALS.get(which) or NUMBERS.get(which))
    return (Intent.FEEDBACK_ANSWER, Slots(score=number)) if number is not None and number <= _MOST else None


def _picked(core: str, read: ReadSlots) -> tuple[Intent, Slots] | None:
    """Whether it asks for more of what was listed, or for "the online one" of it."""
    if saying("more").match(core):
        return Intent.SELECT, Slots()
    return (Intent.SELECT, read.slots) if saying("pick").match(core) and not read.slots.types else None


def _score(core: str, shown: str) -> int | None:
    of_ten = _OF_TEN.search(shown)
    if of_ten and int(of_ten["first"]) <= _MOST:
        return int(of_ten["first"])
    after = saying("score after").search(core)
    if after:
        return NUMBERS.get(after["value"] or after["value_after"])
    found = saying("score").search(core)
    value = NUMBERS.get(found["first"] or found["said"] or found["of"]) if found else None
    return value if value is not None and value <= _MOST else None
