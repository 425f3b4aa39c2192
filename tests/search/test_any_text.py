"""Any text at all, on any day: an answer, never an error, and ranges that are in order."""

from datetime import UTC, date, datetime, time

from hypothesis import given
from hypothesis import strategies as st

from marstraining.core.partnership import load_partnership
from marstraining.search.rules import Intent
from marstraining.search.understanding import understand
from marstraining.uk_dates import read_dates
from marstraining.uk_dates.reader import SIGNS
from tests.search.lexicons import default_lexicon

CALENDAR = load_partnership().calendar
_PIECES = [
    *sorted(SIGNS),
    "in", "on", "by", "the", "next", "last", "this", "before", "after", "between", "and", "or", "to", "from", "until", "end", "of", "first",
    "half", "early", "mid", "a", "few", "12", "31", "30th", "1st", "29/02", "12/06", "31/04/2027", "2026/27", "2027", "99", "0", "-", "/",
    "neglect", "book", "not", "don't", "training", "for", "schools", "afternoon", "9.30am", "w/c", "half", "term", "bank", "holiday",
]  # fmt: skip
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
SENTENCES = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(_PIECES), max_size=9).map(" ".join))


@given(SENTENCES, DAYS)
def test_dates_of_any_text_are_in_order(text: str, today: date) -> None:
    read = read_dates(text, today=today, calendar=CALENDAR)
    if read.dates is not None and read.dates.end is not None:
        assert read.dates.start <= read.dates.end or read.dates.end < today


@given(SENTENCES, DAYS, st.sampled_from(["", "list", "scale", "confirm"]))
def test_any_text_is_understood_as_something(text: str, today: date, expecting: str) -> None:
    now = datetime.combine(today, time(10), tzinfo=UTC)
    understood = understand(text, now=now, lexicon=default_lexicon(), calendar=CALENDAR, expecting=expecting)
    assert understood.intent in Intent
    assert all(understood.without(chosen.name).slots != understood.slots for chosen in understood.filters)
    assert understood.slots.as_json() == {name: value for name, value in understood.slots.as_json().items() if value not in ("", [], None)}
