"""Whether a text may be about somebody at risk: how surely, and what kind of worry; the text itself goes no further."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from marstraining.core.values import frozen
from marstraining.safety.phrases import Span, spans_of, spelt_right, words_of


class Level(StrEnum):
    """How sure: `urgent` is answered by the signpost alone, `maybe` by the signpost and then what was asked for."""

    NONE = "none"
    MAYBE = "maybe"
    URGENT = "urgent"


class Kind(StrEnum):
    """Whom to ring depends on it."""

    CHILD_AT_RISK = "child_at_risk"
    STAFF_ALLEGATION = "staff_allegation"
    ADULT_IN_CRISIS = "adult_in_crisis"
    CHILD_WRITING = "child_writing"
    THREAT = "threat"


@frozen
class Verdict:
    """What the gate says of a text. It holds none of it."""

    level: Level
    kinds: tuple[Kind, ...] = ()


NOTHING = Verdict(Level.NONE)

# From which weight on. A word of training weighs against; see `_weigh`.
_URGENT_FROM = 5.0
_MAYBE_FROM = 3.0
_POINTED = 1.5  # from which on a word for a child means somebody particular
_SENTENCE = 5  # words that make more than a title
_OBJECT = 4  # words after a verb among which its child stands
_REACH = 5  # words after "worried about" within which somebody must be named

# "a boy", "my two girls", "one of the lads": what makes a word for a child somebody particular.
_POINTING = frozenset(
    (
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "my",
        "our",
        "his",
        "her",
        "their",
        "your",
        "another",
        "some",
        "one",
        "two",
        "three",
        "four",
        "five",
        "both",
    )
)
# What a title has none of.
_TELLS = frozenset(
    ("i", "im", "ive", "id", "we", "weve", "they", "is", "are", "was", "were", "has", "have", "had", "been", "gets", "got", "keeps")
)
_ONE = frozenset(("he", "she", "hes", "shes"))
_PLURALS = frozenset(
    (
        "children",
        "kids",
        "boys",
        "girls",
        "lads",
        "lasses",
        "teens",
        "teenagers",
        "pupils",
        "students",
        "infants",
        "babies",
        "people",
        "youngsters",
        "adolescents",
    )
)
_NUMBER = r"(?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)"
_AGE = re.compile(
    rf"\b(?:{_NUMBER} ?(?:yrs?|years?|y|months?|mths?|mth|weeks?|wks?|wk|days?) ?olds?|\d{{1,2}} ?yo|\d{{1,2}}yrs?|"
    rf"aged? {_NUMBER}|"
    rf"(?:baby|infant|toddler|boy|girl|lad|child|son|daughter) (?:of|is) {_NUMBER}|(?:he|she)(?:s| is) (?:only |just )?{_NUMBER})\b"
)
_CLASS = re.compile(r"\b(?:(?:year|yr) (?:1[0-3]|[1-9])|y(?:1[0-3]|[1-9])|reception class)\b")
_OWN_NUMBER = (
    r"(?:[7-9]|1[0-7]|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|in (?:year|yr) (?:1[0-3]|[1-9]))"
)
_NO_AGE = r"(?! (?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?|miles?|people|percent|of|and))"
_OWN_AGE = re.compile(rf"\b(?:im|i am) (?:only |just )?{_OWN_NUMBER}\b{_NO_AGE}")


# Whoever asks not to be told any more tells of nobody by that.
_ASKS_TO_STOP = re.compile(r"^(?:please |can you |could you )*stop (?:telling|sending|messaging|emailing|texting) (?:me|us)\b")


@frozen
class _Seen:
    """What was found in a text, in numbers."""

    child: float
    somebody: bool
    he_or_she: bool
    family: bool
    staff: bool
    grave: int
    signs: int
    telling: bool
    now: bool
    concern: bool
    outright: bool
    asking: bool
    training: int
    is_own_age: bool
    is_ordinary: bool
    is_sentence: bool
    length: int


def judge(text: str) -> Verdict:
    """The level and kinds of a text.

    Only whole phrases in it count, never a meaning; what nobody has listed passes as none, which is why every answer that did not
    understand carries the signpost as well.
    """
    words = spelt_right(words_of(text))
    if not words:
        return NOTHING
    found = spans_of(words)
    seen = _look(words, found)
    weight = _weigh(seen)
    if found["child_writing"] or _is_child(seen):
        return Verdict(Level.URGENT, (Kind.CHILD_WRITING, Kind.CHILD_AT_RISK))
    if found["crisis"]:
        return Verdict(Level.URGENT, (Kind.ADULT_IN_CRISIS,))
    kinds = (Kind.STAFF_ALLEGATION, Kind.CHILD_AT_RISK) if seen.staff else (Kind.CHILD_AT_RISK,)
    if weight >= _URGENT_FROM:
        return Verdict(Level.URGENT, kinds)
    if found["threats"]:
        return Verdict(Level.MAYBE, (Kind.THREAT,))
    return Verdict(Level.MAYBE, kinds) if weight >= _MAYBE_FROM or _is_about_somebody(seen) else NOTHING


def _is_child(seen: _Seen) -> bool:
    """Whether somebody of school age writes who is not asking for training."""
    return seen.is_own_age and not seen.is_ordinary and (not seen.training or bool(seen.grave or seen.signs or seen.asking))


def _is_about_somebody(seen: _Seen) -> bool:
    """Whether a sentence speaks of one child, of staff and a child, or of a family, and of nothing that this service does.

    Nobody has listed all that can happen to a child. Whoever tells of one here is shown the numbers first, and then what was found.
    """
    if seen.training or seen.is_ordinary or seen.length < _SENTENCE:
        return False
    if not (seen.is_sentence or seen.he_or_she or seen.telling):
        return seen.child >= _POINTED
    return seen.child > 0 or bool(seen.grave) or seen.he_or_she or ((seen.family or seen.somebody) and (seen.telling or seen.signs > 0))


def _look(words: Sequence[str], found: Mapping[str, Sequence[Span]]) -> _Seen:
    joined = " ".join(words)
    hidden = _places(found["not_children"])
    grave = _apart(sorted([*found["grave"], *_done_to(found, hidden)]))
    signs = [span for span in found["signs"] if not _overlaps(span, grave)]
    return _Seen(
        child=_child(words, joined, found, hidden),
        somebody=bool(found["somebody"]),
        he_or_she=not _ONE.isdisjoint(words),
        family=bool(found["family"]),
        staff=bool(found["staff"]),
        grave=len(grave),
        signs=len(_apart(signs)),
        telling=_tells(found["telling"], joined),
        now=bool(found["now"]),
        concern=_is_concern(words, found, hidden),
        outright=bool(found["outright"]) or _is_followed_by_somebody("report", found, hidden),
        asking=bool(found["asking"]),
        training=len(_apart(found["training"])),
        is_own_age=_OWN_AGE.search(joined) is not None,
        is_ordinary=bool(found["ordinary"]),
        is_sentence=not _TELLS.isdisjoint(words),
        length=len(words),
    )


def _tells(spans: Sequence[Span], joined: str) -> bool:
    asks = _ASKS_TO_STOP.match(joined)
    first = len(asks[0].split()) if asks else 0
    return any(start >= first for start, _ in spans)


def _weigh(seen: _Seen) -> float:
    """How much speaks for somebody at risk. Without harm, a worry or a plain request for the numbers nothing does."""
    if not (seen.grave or seen.signs or seen.concern or seen.outright):
        return 0.0
    whom = max(seen.child, 1.0 if seen.somebody else 0.0) + (1.0 if seen.family else 0.0) + (1.0 if seen.staff else 0.0)
    if not whom and not (seen.telling or seen.outright or seen.asking):
        return 0.0
    harm = (2.0 + min(seen.grave, 3) if seen.grave else 0.0) + 1.5 * min(seen.signs, 2)
    said = (1.5 if seen.telling else 0.0) + (0.5 if seen.now else 0.0) + (1.5 if seen.asking else 0.0)
    worry = (4.0 if seen.concern else 0.0) + (5.0 if seen.outright else 0.0)
    # Who writes of one child and of no training is hardly looking for any.
    against = 1.0 + min(seen.training, 3) if seen.training else -1.0 if seen.child >= 1 else 0.0
    return whom + harm + said + worry - against


def _child(words: Sequence[str], joined: str, found: Mapping[str, Sequence[Span]], hidden: frozenset[int]) -> float:
    """2 where a particular child is spoken of, 1 where perhaps one is, a quarter where children in general are."""
    if _AGE.search(joined):
        return 2.0
    best = 1.0 if _CLASS.search(joined) else 0.0
    for start, end in found["children"]:
        if start in hidden:
            continue
        before = words[max(0, start - 3) : start]
        is_pointed = any(word in _POINTING for word in before)
        is_many = words[end - 1] in _PLURALS
        best = max(best, 2.0 if is_pointed and not is_many else 1.5 if is_pointed else 0.25 if is_many else 1.0)
    return best


def _done_to(found: Mapping[str, Sequence[Span]], hidden: frozenset[int]) -> list[Span]:
    """What is done to a child, by a verb that a word for one follows."""
    children = {start for start, _ in found["children"]} - hidden
    return [(start, end) for start, end in found["done_to"] if any(end <= at < end + _OBJECT for at in children)]


def _is_concern(words: Sequence[str], found: Mapping[str, Sequence[Span]], hidden: frozenset[int]) -> bool:
    whole = any(" ".join(words[start:end]) in _WHOLE for start, end in found["concerns"])
    return whole or _is_followed_by_somebody("concerns", found, hidden)


def _is_followed_by_somebody(section: str, found: Mapping[str, Sequence[Span]], hidden: frozenset[int]) -> bool:
    whom = {start for name in ("children", "somebody", "staff", "family") for start, _ in found[name]} - hidden
    return any(any(end <= start < end + _REACH for start in whom) for _, end in found[section])


# Worries that need no object.
_WHOLE = frozenset(
    ("something going on at home", "something wrong at home", "not right at home", "problems at home", "trouble at home", "things at home")
)


def _places(spans: Sequence[Span]) -> frozenset[int]:
    return frozenset(place for start, end in spans for place in range(start, end))


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Spans that share no word, the first of those that do."""
    kept: list[Span] = []
    for span in spans:
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _overlaps(span: Span, others: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)
