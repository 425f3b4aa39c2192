"""What a cell of an attendance file may say."""

from datetime import date

import pytest

from marstraining.attendance.rules import MarkWord, read_day, read_mark, read_minutes
from marstraining.core.errors import Refused


@pytest.mark.parametrize(
    ("typed", "mark"),
    [
        ("attended", MarkWord.ATTENDED),
        ("Present", MarkWord.ATTENDED),
        ("partial", MarkWord.PARTIAL),
        ("Did  not attend", MarkWord.ABSENT),
        ("DNA", MarkWord.ABSENT),
        ("apologies", MarkWord.EXCUSED),
    ],
)
def test_a_mark_is_read_in_the_words_of_the_page_and_of_other_systems(typed: str, mark: MarkWord) -> None:
    assert read_mark(typed) == mark


def test_an_unknown_mark_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(Refused) as refused:
        read_mark("maybe")
    assert refused.value.message == "“maybe” is not a mark: use attended, partial, absent or excused"


@pytest.mark.parametrize("typed", ["2026-03-01", "01/03/2026"])
def test_a_date_is_iso_or_day_first(typed: str) -> None:
    assert read_day(typed) == date(2026, 3, 1)


@pytest.mark.parametrize("typed", ["03/31/2026", "2026-02-30", "1 March", "2026-03-01T10:00"])
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        read_day(typed)
    assert refused.value.message == f"“{typed}” is not a date: write it like 2026-11-24 or 24/11/2026"


def test_no_minutes_are_not_nought_minutes() -> None:
    assert (read_minutes(""), read_minutes("0"), read_minutes("1440")) == (None, 0, 1440)


@pytest.mark.parametrize("typed", ["1441", "-1", "2h", "99999", "٣"])
def test_minutes_are_a_whole_number_within_a_day(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        read_minutes(typed)
    assert refused.value.message == f"“{typed}” is not a number of minutes: write a whole number from 0 to 1440"
