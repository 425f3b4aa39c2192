"""Periods of the financial year, how figures are printed, and what changed between two snapshots."""

from datetime import date

import pytest

from marstraining.core.errors import Refused
from marstraining.reports.rules import Change, Figure, Period, changes, content_hash, printed, read_year


@pytest.mark.parametrize(
    ("period", "first", "last", "words"),
    [
        (Period(2022), date(2022, 4, 1), date(2023, 3, 31), "2022/23"),
        (Period(1999), date(1999, 4, 1), date(2000, 3, 31), "1999/00"),
        (Period(2022, 1), date(2022, 4, 1), date(2022, 6, 30), "quarter 1 of 2022/23"),
        (Period(2022, 2), date(2022, 7, 1), date(2022, 9, 30), "quarter 2 of 2022/23"),
        (Period(2022, 3), date(2022, 10, 1), date(2022, 12, 31), "quarter 3 of 2022/23"),
        (Period(2023, 4), date(2024, 1, 1), date(2024, 3, 31), "quarter 4 of 2023/24"),
    ],
)
def test_a_financial_year_begins_in_april(period: Period, first: date, last: date, words: str) -> None:
    assert (period.first, period.last, period.words) == (first, last, words)


@pytest.mark.parametrize(
    ("day", "period"),
    [
        (date(2022, 4, 1), Period(2022, 1)),
        (date(2022, 12, 31), Period(2022, 3)),
        (date(2023, 1, 1), Period(2022, 4)),
        (date(2023, 3, 31), Period(2022, 4)),
    ],
)
def test_each_day_falls_in_the_quarter_that_holds_it(day: date, period: Period) -> None:
    assert (Period.holding(day), period.first <= day <= period.last) == (period, True)


def test_quarters_step_over_years_and_years_by_years() -> None:
    assert [Period(2022, 3).step(n) for n in (-3, -4, 1, 2)] == [Period(2021, 4), Period(2021, 3), Period(2022, 4), Period(2023, 1)]
    assert Period(2022).step(-1) == Period(2021)


@pytest.mark.parametrize(("typed", "year"), [("2022/23", 2022), (" 1999/00 ", 1999)])
def test_a_year_is_read_as_it_is_printed(typed: str, year: int) -> None:
    assert read_year(typed) == year


@pytest.mark.parametrize("typed", ["", "2022", "2022/24", "22/23", "2022-23", "٢٠٢٢/٢٣x"])
def test_what_is_no_financial_year_is_refused(typed: str) -> None:
    with pytest.raises(Refused, match="write it like 2022/23"):
        read_year(typed)


def test_nothing_held_is_never_printed_as_nought() -> None:
    assert [printed(1679), printed(0), printed(152, words="over 150"), printed(None, standing="not collected yet")] == [
        "1,679", "0", "over 150", "not collected yet",
    ]  # fmt: skip


def figure(key: str, measure: str, value: int | None, said: str | None = None, as_at: str = "2026-01-01") -> Figure:
    return Figure(key, key, measure, value, said or printed(value), "computed", as_at)


def test_changes_are_told_by_key_and_measure_and_behind_rounded_words() -> None:
    before = [figure("a", "attendances", 10), figure("a", "people who attended", 8), figure("c", "people who attended", 152, "over 150")]
    after = [figure("a", "attendances", 11), figure("a", "people who attended", 8), figure("c", "people who attended", 151, "over 150")]
    assert changes(before, after) == (
        Change("a", "attendances", "a", "10", "11"),
        Change("c", "people who attended", "c", "152", "151"),
    )


def test_the_same_figures_have_the_same_hash_whenever_they_were_taken() -> None:
    early, late = ({"figures": [{"key": "a", "value": 1, "as_at": day}]} for day in ("2026-01-01", "2026-02-01"))
    other = {"figures": [{"key": "a", "value": 2, "as_at": "2026-01-01"}]}
    assert (content_hash(early) == content_hash(late), content_hash(early) == content_hash(other)) == (True, False)
