"""Mends a misspelt word, but only one that nobody knows: the lexicon, the index and English are asked first."""

from math import ceil, floor
from operator import itemgetter

from marstraining.search.english import is_name, is_word
from marstraining.search.lexicon import Lexicon, pairs_of
from marstraining.search.words import Word

# What people type for short or without looking; none of these is an English word.
_USUAL = {
    "wat": "what", "wot": "what", "hwo": "how", "hw": "how", "teh": "the", "adn": "and", "u": "you", "ur": "your", "r": "are",
    "pls": "please",
    "plz": "please", "thx": "thanks", "thnx": "thanks", "cos": "because", "abt": "about", "bk": "book", "cpd": "cpd", "sesh": "session",
    "safgarding": "safeguarding", "safegaurding": "safeguarding", "sfeguarding": "safeguarding", "wht": "what", "bok": "book",
    "wen": "when", "whn": "when", "wher": "where",
    "havent": "haven't", "dont": "don't", "cant": "can't", "wont": "won't", "isnt": "isn't", "im": "i'm", "ive": "i've", "whats": "what's",
    "whens": "when's", "wheres": "where's", "whos": "who's", "id": "id", "doesnt": "doesn't", "didnt": "didn't",
}  # fmt: skip
_MOST_KEPT = 2000
# Costs are fractions: two that are equal may differ by this.
_ROUNDING = 1e-9
# One change breaks so many pairs of letters at most; who shares fewer is not worth comparing.
_BROKEN = 3


def mend(word: Word, lexicon: Lexicon) -> str | None:
    """The word that a misspelt one was meant to be; None where it is known as it is, or nothing is near enough.

    At most 1, 2 or 3 changes for up to 4, up to 8 and more letters (Damerau-Levenshtein: letters changed, left out, added, or two
    exchanged); a word with the same first letter is favoured.
    """
    typed = word.folded
    if typed in lexicon.mended:
        return lexicon.mended[typed]
    if len(lexicon.mended) > _MOST_KEPT:
        lexicon.mended.clear()
    found = lexicon.mended[typed] = _mended(word, lexicon)
    return found


def is_known(word: Word, lexicon: Lexicon) -> bool:
    """Whether the lexicon, the index or English have a word."""
    folded = word.folded.replace("'", "")
    return folded in lexicon.spelt or word.stem in lexicon.spelt or is_word(folded) or (word.stem,) in lexicon.phrases


def _mended(word: Word, lexicon: Lexicon) -> str | None:
    typed = word.folded
    usual = _USUAL.get(typed)
    if usual:
        return usual if usual != typed else None
    if not (typed.isalpha() and typed.isascii()) or len(typed) < 4 or is_known(word, lexicon):
        return None
    # Short capitals are acronyms, which all lie near each other.
    limit = 1 if len(typed) <= 4 or (word.is_upper and len(typed) < 7) else 2 if len(typed) <= 8 else 3
    found = _nearest(typed, lexicon, limit)
    if found is None:
        return None
    meant, changes = found
    # A name is no misspelt word, unless one letter turns it into a word of ours.
    if changes > 1 and (is_name(typed) or (word.is_capital and not word.typed.isupper())):
        return None
    return meant


def _nearest(typed: str, lexicon: Lexicon, limit: int) -> tuple[str, int] | None:
    """The likeliest word and how many changes lead to it: the fewest, though one with another first letter counts as two and a half."""
    pairs = len(pairs_of(typed))
    least = max(pairs - _BROKEN * limit, 2)
    best: tuple[float, str, int] | None = None
    # Who shares most comes first: once a word is near, hardly any other need be compared letter by letter.
    for candidate, shared in sorted(lexicon.alike(typed).items(), key=itemgetter(1), reverse=True):
        if shared < least:
            break
        longer = abs(len(candidate) - len(typed))
        if longer > limit:
            continue
        is_other = candidate[0] != typed[0]
        beyond = 1.5 * is_other + 0.25 * lexicon.spelt[candidate] + 0.1 * longer
        most = 1 if is_other else limit
        if best is not None:
            most = min(most, floor(best[0] - beyond + _ROUNDING))
        if ceil((pairs - shared) / _BROKEN) > most:
            continue
        changes = distance(typed, candidate, most)
        if changes > most:
            continue
        if best is None or (changes + beyond, candidate) < best[:2]:
            best = (changes + beyond, candidate, changes)
    return (best[1], best[2]) if best else None


def distance(one: str, other: str, limit: int) -> int:
    """How many letters are changed, left out, added or exchanged with their neighbour; more than `limit` is told as `limit` + 1."""
    if one == other:
        return 0
    far = limit + 1
    two_before: list[int] = []
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        # What lies further from the middle than the limit cannot come back to it.
        first, last = max(1, row - limit), min(len(other), row + limit)
        present = [row if first == 1 else far] + [far] * len(other)
        for column in range(first, last + 1):
            against = other[column - 1]
            cost = min(before[column] + 1, present[column - 1] + 1, before[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                cost = min(cost, two_before[column - 2] + 1)
            present[column] = cost
        if min(present) > limit and min(before) > limit:
            return far
        two_before, before = before, present
    return min(before[-1], far)
