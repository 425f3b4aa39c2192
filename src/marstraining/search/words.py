"""Sentences cut into words to be matched: cleaned of what is no text, folded, and each with its stem."""

import re
import unicodedata

from marstraining.core.values import frozen

_TAG = re.compile(r"<[^<>]{0,200}>")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_LONGEST = 500
# What ends like a plural and is none: without it the news would be new.
_PLURALS = {"children": "child", "women": "woman", "midwives": "midwife", "babies": "baby"}
_NO_PLURALS = frozenset({"news", "always", "series", "perhaps", "teams", "whereas"})


@frozen
class Word:
    """A word of a sentence: as it was typed, folded, and the stem that plurals share."""

    typed: str
    folded: str
    stem: str

    @property
    def is_upper(self) -> bool:
        """Whether it is written as acronyms are."""
        return len(self.typed) > 1 and self.typed[:2].isupper()

    @property
    def is_capital(self) -> bool:
        return self.typed[:1].isupper()


def cleaned(text: str) -> str:
    """The text without tags, control and direction characters, in composed form, at most 500 characters of it."""
    plain = _TAG.sub(" ", unicodedata.normalize("NFKC", text[: 4 * _LONGEST]))
    visible = "".join(" " if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co"} else one for one in plain)
    return " ".join(visible.split())[:_LONGEST]


def words_of(text: str) -> list[Word]:
    """The words of a text in order; hyphens part them."""
    return [word_of(match[0]) for match in _WORD.finditer(text)]


def word_of(typed: str) -> Word:
    folded = _unaccented(typed.casefold().replace("\u2019", "'"))
    return Word(typed, folded, stem_of(folded))


def phrase_of(text: str) -> tuple[str, ...]:
    """The stems of a phrase, as it is looked up."""
    return tuple(word.stem for word in words_of(text))


def stem_of(folded: str) -> str:
    """The word without a possessive or plural ending; nothing more, since what is matched is few and known."""
    word = folded.removesuffix("'s").replace("'", "")
    if word in _NO_PLURALS:
        return word
    if word in _PLURALS:
        return _PLURALS[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]
    return word


def _unaccented(word: str) -> str:
    if word.isascii():
        return word
    return "".join(one for one in unicodedata.normalize("NFKD", word) if not unicodedata.combining(one))
