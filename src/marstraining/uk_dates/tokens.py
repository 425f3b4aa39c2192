"""A sentence cut into the pieces that dates are written with: words, numbers, numeric dates, dashes."""

import re
from collections.abc import Sequence

from marstraining.core.values import frozen

_PIECE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}"  # 2026-06-12
    r"|\d{1,2}/\d{1,2}(?:/\d{2,4})?(?![\d/])"  # 12/06, 12/06/2026
    r"|\d{1,2}[.\-]\d{1,2}[.\-]\d{2,4}(?!\d)"  # 12.6.26, 12-06-2026
    r"|\d{4}\s?/\s?\d{2,4}(?!\d)"  # 2026/27
    r"|\d{1,2}[:.]\d{2}(?=\s?(?:am|pm)\b)|\d{1,2}:\d{2}"  # 9.30am, 14:00
    r"|\d+(?:st|nd|rd|th)?"
    r"|\bw\s?[/.]\s?[cb]\b\.?"  # w/c, w.c., w/b
    r"|[a-z]+(?:['\u2019][a-z]+)?"
    r"|[-\u2013\u2014&/]",
    re.IGNORECASE,
)
# What people write for the words of dates, and the word it stands for.
_VARIANTS = {
    "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday", "weds": "wednesday", "thu": "thursday", "thur": "thursday",
    "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday",
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june", "jul": "july", "aug": "august",
    "sep": "september", "sept": "september", "oct": "october", "nov": "november", "dec": "december",
    "tommorow": "tomorrow", "tommorrow": "tomorrow", "tomorow": "tomorrow", "tmrw": "tomorrow", "tomoz": "tomorrow", "2moro": "tomorrow",
    "tuseday": "tuesday", "tusday": "tuesday", "wensday": "wednesday", "wednsday": "wednesday", "wendsday": "wednesday",
    "thrusday": "thursday", "thursdy": "thursday", "firday": "friday", "fryday": "friday", "saterday": "saturday",
    "januray": "january", "janurary": "january", "febuary": "february", "feburary": "february", "apirl": "april", "agust": "august",
    "septmber": "september", "setember": "september", "octber": "october", "novmber": "november", "decmber": "december",
    "wk": "week", "wks": "weeks", "fortnights": "fortnight", "halfterm": "half_term", "xmas": "christmas", "eater": "easter",
    "wc": "w/c", "wb": "w/c", "bh": "bank_holiday", "til": "until", "till": "until", "thru": "through", "hols": "holidays",
    "holiday": "holidays", "vacation": "holidays", "nxt": "next",
}  # fmt: skip
# Abbreviations that are words or names of their own: a date only beside a number or after a word that leads to one.
SHORT_FORMS = frozenset({"mon", "wed", "sat", "sun", "mar", "jan", "jun", "dec", "fri", "sept", "sep", "nov"})
_COMPOUNDS = {
    ("half", "term"): "half_term",
    ("half", "terms"): "half_term",
    ("bank", "holidays"): "bank_holiday",
    ("week", "commencing"): "w/c",
    ("week", "beginning"): "w/c",
    ("week", "starting"): "w/c",
    ("new", "year"): "new_year",
    ("new", "years"): "new_year",
    ("good", "friday"): "good_friday",
    ("easter", "monday"): "easter_monday",
    ("easter", "sunday"): "easter",
    ("easter", "weekend"): "easter_weekend",
    ("boxing", "day"): "boxing_day",
    ("christmas", "day"): "christmas",
    ("christmas", "eve"): "christmas_eve",
    ("may", "day"): "may_day",
    ("financial", "year"): "financial_year",
    ("tax", "year"): "financial_year",
    ("academic", "year"): "academic_year",
    ("school", "year"): "academic_year",
    ("school", "holidays"): "school_holidays",
}
_DASHES = {"\u2013": "-", "\u2014": "-"}


@frozen
class Token:
    """A piece: `word` as it is read, `typed` as it was written, from `start` to `end` in the text."""

    word: str
    typed: str
    start: int
    end: int

    @property
    def is_capital(self) -> bool:
        return self.typed[:1].isupper()

    @property
    def is_short(self) -> bool:
        return self.typed.casefold() in SHORT_FORMS


def cut(text: str) -> list[Token]:
    """The pieces of a text in order; two words that are one thing are one piece."""
    single = [Token(_read(match[0]), match[0], match.start(), match.end()) for match in _PIECE.finditer(text)]
    return list(_joined(single, text))


def _read(typed: str) -> str:
    word = typed.casefold().replace("\u2019", "'")
    if re.fullmatch(r"w\s?[/.]\s?[cb]\.?", word):
        return "w/c"
    # Today's and Friday's are today and Friday.
    word = word.removesuffix("'s")
    return _VARIANTS.get(word) or _DASHES.get(word, word)


def _joined(tokens: Sequence[Token], text: str) -> list[Token]:
    found: list[Token] = []
    place = 0
    while place < len(tokens):
        token, following = tokens[place], tokens[place + 1 : place + 3]
        # "half-term", "half term" and "half - term" alike.
        skipped = 1 if following and following[0].word == "-" and len(following) > 1 else 0
        other = following[skipped] if len(following) > skipped else None
        joined = _COMPOUNDS.get((token.word, other.word)) if other else None
        if other and joined:
            found.append(Token(joined, text[token.start : other.end], token.start, other.end))
            place += 2 + skipped
        else:
            found.append(token)
            place += 1
    return found
