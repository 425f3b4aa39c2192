from datetime import date

import pytest

from marstraining.certificates.rules import (
    Facts,
    Held,
    Standing,
    add_months,
    check_reason,
    first_name,
    grouped,
    hours_words,
    read_code,
    reminder_due,
    standing_of,
    time_words,
)
from marstraining.core.errors import Refused

CODE = "0123456789abcdef"
TODAY = date(2026, 3, 9)


@pytest.mark.parametrize(
    "typed",
    [
        "0123456789abcdef", "0123 4567 89AB CDEF", "o123-4567-89ab-cdef", " OI23\t4567\u201389ab_cdef ", "0L23.4567.89ab.cdef",
    ],
)  # fmt: skip
def test_a_code_is_read_with_or_without_groups_in_either_case_and_with_what_is_misread_on_paper(typed: str) -> None:
    assert read_code(typed) == CODE


@pytest.mark.parametrize("typed", ["", "0123", CODE + "0", "u123456789abcdef", "0123456789abcde!", "\u0661" * 16, "' OR 1=1 --"])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_a_code_is_printed_in_groups_of_four_and_read_back() -> None:
    assert grouped(CODE) == "0123 4567 89AB CDEF"
    assert read_code(grouped(CODE)) == CODE


@pytest.mark.parametrize(
    ("held", "standing"),
    [
        ([], Standing.VALID),
        ([Held(None, None)], Standing.VALID),
        ([Held(TODAY, None)], Standing.VALID),
        ([Held(date(2026, 3, 8), None)], Standing.EXPIRED),
        ([Held(date(2026, 3, 8), None), Held(date(2028, 1, 1), None)], Standing.VALID),
        ([Held(date(2028, 1, 1), TODAY)], Standing.WITHDRAWN),
        ([Held(None, date(2025, 1, 1)), Held(date(2026, 3, 8), None)], Standing.EXPIRED),
    ],
)
def test_a_certificate_is_valid_for_good_but_its_accreditation_runs_out_or_is_ended(held: list[Held], standing: Standing) -> None:
    assert standing_of(is_withdrawn=False, held=held, on=TODAY) == standing
    assert standing_of(is_withdrawn=True, held=held, on=TODAY) == Standing.WITHDRAWN


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2024, 2, 29), 24, date(2026, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 15), 36, date(2029, 12, 15)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(day: date, months: int, then: date) -> None:
    assert add_months(day, months) == then


@pytest.mark.parametrize(("left", "step"), [(91, None), (90, 90), (45, 90), (30, 30), (8, 30), (7, 7), (1, 7), (0, 0), (-1, None)])
def test_the_reminder_due_is_the_latest_whose_day_has_come(left: int, step: int | None) -> None:
    assert reminder_due(date.fromordinal(TODAY.toordinal() + left), on=TODAY) == step


def test_hours_in_words() -> None:
    assert [hours_words(minutes) for minutes in (None, 0, 1, 60, 150, 361)] == [
        "", "", "1 minute", "1 hour", "2 hours 30 minutes", "6 hours 1 minute",
    ]  # fmt: skip


def test_only_the_first_name_is_told() -> None:
    assert [first_name(name) for name in ("Asha Patel", "Prince", "")] == ["Asha", "Prince", ""]


def test_a_reason_is_one_line_and_there_is_one() -> None:
    assert check_reason(" Agreed\nwith  Dee ") == "Agreed with Dee"
    for typed in ("", " \n", "x" * 301):
        with pytest.raises(Refused):
            check_reason(typed)


def test_facts_come_back_as_they_were_kept() -> None:
    facts = Facts(
        name="Zoë", course_code="CP", course_title="Child Protection", level="", mode="Online", minutes=None, outcomes=("One", "Two"),
        delivered_by=(), organisation="", meets_annex_c=False, completed_on=TODAY, issued_by="MARS",
    )  # fmt: skip
    assert Facts.from_json(facts.as_json()) == facts


@pytest.mark.parametrize(
    ("minutes", "course_minutes", "words"),
    [
        (352, 360, "5 hours 52 minutes"),
        (0, 360, "0 minutes"),
        (None, 360, "About 6 hours, the course’s length"),  # noqa: RUF001 - as printed
        (None, 0, "Not known"),
        (None, None, "Not known"),
    ],
)
def test_a_time_is_what_was_recorded_or_about_the_courses_length_and_says_which(
    minutes: int | None, course_minutes: int | None, words: str
) -> None:
    assert time_words(minutes, course_minutes) == words
