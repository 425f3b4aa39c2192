"""The tokens of one sentence, read from a place on, and the words that names of days are made of."""

import re
from collections.abc import Sequence

from marstraining.uk_dates.days import Days, Span
from marstraining.uk_dates.tokens import Token

WEEKDAYS = {name: number for number, name in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))}
MONTHS = {
    name: number
    for number, name in enumerate(
        (
            "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
        ),
        start=1,
    )
}  # fmt: skip
SEASONS = {"spring", "summer", "autumn", "winter"}
NUMBERS = {
    name: number
    for number, name in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=1
    )
} | {"a": 1, "an": 1, "couple": 2, "few": 3}  # fmt: skip
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": -1}
# Words after which a bare name of a month, or a short form, is a date.
LEADING = frozenset(
    {
        "in", "on", "by", "from", "until", "before", "after", "during", "through", "throughout", "to", "since", "next", "this", "last",
        "early", "late", "mid", "for", "of", "end", "between", "around", "and", "or", "w/c", "following",
    }
)  # fmt: skip
# What makes "the May one" a month and "the 2nd session" a number.
DATED_NOUNS = frozenset(
    {
        "one",
        "ones",
        "session",
        "sessions",
        "date",
        "dates",
        "course",
        "courses",
        "briefing",
        "forum",
        "conference",
        "event",
        "training",
        "slot",
    }
)
ORDINAL_NOUNS = DATED_NOUNS | {
    "option", "options", "workshop", "result", "choice", "item", "link", "day",
    "time", "module", "part", "edition", "year", "century",
    "birthday", "floor", "half", "half_term", "week", "aid", "thing", "question", "page", "name", "line", "sector", "party", "hand",
}  # fmt: skip
AFTER_MODAL = frozenset(
    {"i", "we", "you", "he", "she", "they", "it", "be", "have", "not", "help", "seem", "well", "also", "or",
     "need", "want", "like", "sound",
     "look", "come", "cause", "include", "require", "take", "work", "my", "our", "as", "a", "the"}
)  # fmt: skip

Point = tuple[Span, int]


# Without one of these no day is named; most sentences have none, and are not looked at further.
SIGNS = frozenset(
    WEEKDAYS.keys() | MONTHS.keys() | SEASONS
    | {
        "today", "tonight", "tomorrow", "yesterday", "day", "days", "week", "weeks", "weekend", "fortnight", "month", "months", "year",
        "years", "term", "half_term", "quarter", "financial_year", "academic_year", "easter", "christmas", "christmas_eve", "new_year",
        "boxing_day", "good_friday", "easter_monday", "easter_weekend", "may_day", "bank_holiday", "w/c",
    }
)  # fmt: skip


class Reader:
    """Looks at the tokens of one sentence; every reading answers what it found and the place after it."""

    def __init__(self, tokens: Sequence[Token], days: Days) -> None:
        self.tokens = tokens
        self._words = [token.word for token in tokens]
        self.days = days
        # What is named at a place is asked for again and again, by every phrase that might hold it.
        self.seen: dict[int, Point | None] = {}

    def has_signs(self) -> bool:
        """Whether any day could be named at all."""
        return any(token.word in SIGNS or token.word[:1].isdecimal() for token in self.tokens)

    def word(self, place: int) -> str:
        return self._words[place] if 0 <= place < len(self._words) else ""

    def words(self, place: int, count: int) -> tuple[str, ...]:
        return tuple(self.word(place + step) for step in range(count))

    def skip(self, place: int, *passed: str) -> int:
        while self.word(place) in passed:
            place += 1
        return place

    def year_at(self, place: int) -> tuple[int | None, int]:
        word = self.word(place)
        if re.fullmatch(r"(?:19|20|21)\d\d", word):
            return int(word), place + 1
        return None, place
