"""Names as meetings show them, and the forms in which they are compared with those of bookings."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

# What meetings put behind a name about the account, in the languages met.
_TAGS = frozenset(
    (
        "external", "unverified", "guest", "host", "co-host", "me", "extern", "externe", "externo", "externa", "esterno", "esterna",
        "gast", "convidado", "convidada", "invitado", "invitada", "não verificado", "não verificada", "nicht überprüft",
    )
)  # fmt: skip
_PRONOUNS = re.compile(r"(?:she|he|they|her|him|them|ze|xe|it|any)(?:\s*[/|,]\s*[a-z]+)+|any pronouns", re.IGNORECASE)
_BEGINS_PRONOUN = frozenset("shtzxia")
_TELEPHONE = re.compile(r"(?=(?:[^\d]*\d){3})(?=(?:[^\d*x]*[\d*x]){5})[+\d*x().\-\s/]+", re.ASCII | re.IGNORECASE)
_NUMBER_INSIDE = re.compile(r"[+\d*](?:[().\-\s]*[\d*]){6,}", re.ASCII)
_BEGINS_NUMBER = frozenset("+*(0123456789xX")
_COMPANY = re.compile(r"\[([^\[\]]+)\]\s*(\S.*)")
# One to three words of letters on each side: "Patel, Asha Devi", but not "Town Hall, Room 2".
_WORDS = "[^\\W\\d_]+(?:['\u2019.\\-][^\\W\\d_]*)*"
_SURNAME_FIRST = re.compile(rf"({_WORDS}(?: {_WORDS}){{0,2}}), ?({_WORDS}(?: {_WORDS}){{0,2}})")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "rev", "revd", "sir"})
# Letters that have no decomposition and that people type as these.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"} | dict.fromkeys("'`\u2019\u02bc")
)
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff]+")
_LETTERS = re.compile(r"[^\W_]+")
# Of plain letters the same in one step: lower case, no apostrophes, all else between words.
_ASCII_WORDS = {code: None if chr(code) in "'`" else chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
_FULL_WIDTH = str.maketrans("\uff08\uff09", "()")
_LONGEST = 200


class Name(NamedTuple):
    """A name to show, whom it belongs to, and its forms for comparing, the likeliest first.

    `telephone` holds the digits of somebody who dialled in: the caller tells calls apart by it and then drops it.
    """

    shown: str
    company: str = ""
    keys: tuple[str, ...] = ()
    telephone: str = ""


@lru_cache(maxsize=4096)
def teams_name(raw: str) -> Name:
    """`Patel, Asha (External)`, `[Police] Ben Cole (Unverified)`, `Pat Kim (Council)`: name, and company from brackets."""
    text = _tidy(raw)
    company = ""
    while (parts := _last_bracket(text)) and parts[0]:
        text, inside = parts
        if not _is_tag(inside) and not company:
            company = _without_numbers(inside)
    prefixed = _COMPANY.fullmatch(text)
    if prefixed:
        company, text = _without_numbers(prefixed[1]), prefixed[2]
    return _named(text, company)


@lru_cache(maxsize=4096)
def zoom_name(raw: str) -> Name:
    """`015_Loki (Loki Laufeyson)`: the last balanced bracket holds the original name; what stands outside is compared too.

    Brackets with pronouns, a telephone number or "Guest" are no names.
    """
    text = _tidy(raw)
    while (parts := _last_bracket(text)) and parts[0]:
        outside, inside = parts
        if not _is_tag(inside) and not _is_telephone(inside):
            name = _named(inside, "")
            return Name(name.shown, "", _both(name.keys, _named(_without_tags(outside), "").keys), name.telephone)
        text = outside
    return _named(text, "")


def _both(keys: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Each once, in their order."""
    return keys if not others or keys == others else tuple(dict.fromkeys((*keys, *others)))


def plain_name(*parts: str) -> Name:
    """A name in columns of its own, such as first and last name."""
    return _named(_tidy(" ".join(parts)), "")


def _named(text: str, company: str) -> Name:
    if text[:1] in _BEGINS_NUMBER and _TELEPHONE.fullmatch(text):
        return Name("", telephone=re.sub(r"[^\d*x]", "", text.casefold()))
    text = _without_numbers(text)
    surname_first = _SURNAME_FIRST.fullmatch(text) if "," in text else None
    key = name_key(text)
    return Name(f"{surname_first[2]} {surname_first[1]}" if surname_first else text, company, (key,) if key else ())


def _is_telephone(text: str) -> bool:
    # A number holds no letter but x, so that most names are told by their first.
    return (not text[:1].isalpha() or text[0] in "xX") and _TELEPHONE.fullmatch(text) is not None


def _without_numbers(text: str) -> str:
    """A text without telephone numbers, wherever they stand in it."""
    if _NUMBER_INSIDE.search(text):
        text = " ".join(_NUMBER_INSIDE.sub(" ", text).split())
    return text.strip(" ,;:-")


def _tidy(text: str) -> str:
    """Composed letters, single spaces, no quotation marks around it, no controls, no marks of writing direction."""
    if text.isascii() and text.isprintable() and '"' not in text and "  " not in text:
        return text.strip()[:_LONGEST]
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_FULL_WIDTH)
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text if unicodedata.category(letter) != "Cf")
    return " ".join(text.split()).strip('" ')[:_LONGEST]


def _last_bracket(text: str) -> tuple[str, str] | None:
    """What stands before the bracket that ends a text, and in it; None where the text does not end in a balanced one."""
    if not text.endswith(")"):
        return None
    opening = text.rfind("(")
    if opening >= 0 and text.find(")", opening) == len(text) - 1:
        return text[:opening].strip(), text[opening + 1 : -1].strip()
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[place], 0)
        if depth == 0:
            return text[:place].strip(), text[place + 1 : -1].strip()
    return None


def _without_tags(text: str) -> str:
    while (parts := _last_bracket(text)) and parts[0] and _is_tag(parts[1]):
        text = parts[0]
    return text


def _is_tag(inside: str) -> bool:
    folded = inside.casefold()
    return not inside or folded in _TAGS or (folded[0] in _BEGINS_PRONOUN and _PRONOUNS.fullmatch(inside) is not None)


# ---- comparing ------------------------------------------------------------------------------------------------------


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name without case, accents, apostrophes, titles and punctuation."""
    words = name.translate(_ASCII_WORDS).split() if name.isascii() else _LETTERS.findall(_without_accents(name).translate(_PLAIN))
    if _TITLES.isdisjoint(words):
        return tuple(words)
    return tuple([word for word in words if word not in _TITLES] or words)


def _without_accents(name: str) -> str:
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", name).casefold())


def name_key(name: str) -> str:
    """One form for a name in both orders: "Patel, Asha Devi", "Asha Devi Patel" and "Patel Asha Devi" are the same.

    It is the smallest of the name's rotations, so that a surname of several words may stand in front or behind.
    """
    words = words_of(name)
    if len(words) < 2:
        return words[0] if words else ""
    if len(words) == 2:
        first, last = words
        return min(f"{first} {last}", f"{last} {first}")
    return min([" ".join(words[start:] + words[:start]) for start in range(len(words))])


def sorted_words(name: str) -> str:
    """The words in the alphabet's order, for telling how near two names are whatever their order."""
    return " ".join(sorted(words_of(name)))


def keys_of(names: Iterable[str]) -> tuple[str, ...]:
    """The keys of several names, each once, without empty ones."""
    return tuple(dict.fromkeys(key for name in names if (key := name_key(name))))
