"""Lists that are no known report: where they are found, what their columns look like, and what they say once somebody said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marstraining.core.clock import LONDON
from marstraining.core.errors import Refused
from marstraining.meeting_reports.apart import look_apart, read_apart
from marstraining.meeting_reports.columns import (
    Columns,
    FoundList,
    by_headings,
    check_columns,
    columns_from_json,
    columns_to_json,
    found_from_json,
    found_to_json,
)
from marstraining.meeting_reports.dates import Order
from marstraining.meeting_reports.lists import key_of
from marstraining.meeting_reports.model import Fault, NamedFile, Report, TaughtDay
from marstraining.meeting_reports.reading import look_at, read_report, read_reports
from tests.meeting_reports.make_files import every_file
from tests.meeting_reports.readings import DAY, people_of, session

SHEET = """Sign-in sheet
Venue;Hewson House;;;
Delegate;Organisation;Work email;Time in;Time out
Asha Patel;St Luke's School;A.Patel@example.org;09:25;12:35
"Cole, Ben";Humberside Police;;09.45;11:00
Eve Nobody;Council;;;
"""

UNKNOWN_LANGUAGE = (
    "1. Összegzés\nÉrtekezlet címe\tGyermekvédelem\nKezdés\t22.11.14. 9:29\n\n2. Résztvevők\nNév\tElső\tUtolsó\tE-mail-cím\n"
    "Asha Patel\t2022. 11. 14. 9:30:00\t2022. 11. 14. 12:30:00\ta@x.example\n\n3. Tevékenységek\nNév\tBe\tKi\n"
    "Asha Patel\t2022. 11. 14. 9:30:00\t2022. 11. 14. 12:30:00"
)


def look(text: str, *days: TaughtDay) -> FoundList:
    found = look_at(NamedFile("sheet.csv", text.encode()), days)
    assert found is not None
    return found


def read(text: str, columns: Columns, *days: TaughtDay) -> Report:
    return read_reports([NamedFile("sheet.csv", text.encode())], days or (DAY,), columns)


def notes(report: Report) -> list[tuple[int, str]]:
    return [(note.row, note.text) for note in report.files[0].notes]


def refused(text: str, columns: Columns | None = None, *days: TaughtDay) -> Refused:
    with pytest.raises(Refused) as refusal:
        read(text, columns, *days) if columns else look(text, *days)
    return refusal.value


# ---- finding the list ---------------------------------------------------------------------------------------------------


def test_a_venues_sheet_is_found_below_its_title_with_a_guess_at_every_column() -> None:
    found = look(SHEET)
    assert found.headings == ("Delegate", "Organisation", "Work email", "Time in", "Time out")
    assert found.examples[0] == ("Asha Patel", "St Luke's School", "A.Patel@example.org", "09:25", "12:35")
    assert (found.rows, found.guess, found.asks_order) == (3, Columns(name=0, email=2, joined=3, left=4), False)
    assert found.key == key_of(["DELEGATE", " organisation", "Work  Email", "Time in", "Time out"])
    assert found_from_json(found_to_json(found)) == found


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("Forename,Surname,Mail,Present?\nAsha,Patel,a@x.example,Yes", Columns(first_name=0, last_name=1, email=2, attended=3)),
        ("Who,Contact,Minutes\nAsha Patel,a@x.example,62.5", Columns(name=0, email=1, duration=2, is_minutes=True)),
        ("Wer\tWann\tBis\nAda Lang\t06.10.26, 18:01\t06.10.26, 19:00", Columns(name=0, joined=1, left=2)),
        ("Name|Agency|Signed in\nAsha Patel|School|AP", Columns(name=0)),
        ("Person,Stayed,Here\nAsha Patel,1h 20m,✓", Columns(name=0, duration=1, attended=2)),
        ("A,B\n1,2", Columns()),
        # Languages of which no report was seen: the summary above is narrower than the list, what follows is another list.
        (
            UNKNOWN_LANGUAGE,
            Columns(name=0, joined=1, left=2, email=3),
        ),
    ],
)
def test_columns_are_guessed_by_their_headings_and_by_what_stands_below_them(text: str, guess: Columns) -> None:
    assert look(text).guess == guess


@pytest.mark.parametrize("name", sorted(name for name in every_file() if not name.startswith("fatal")))
def test_no_known_report_is_taken_for_a_list_of_ones_own(name: str) -> None:
    assert look_at(NamedFile(name, every_file()[name])) is None


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("Name,Agency,In\n", Fault.NO_PARTICIPANTS, "The report has no list of participants, or nobody is on it."),
        ("Asha Patel,a@x.example,09:30\nBen Cole,b@x.example,09:30", Fault.NOT_A_REPORT, "This is not an attendance report"),
        ("Dear all,\nthe list follows.", Fault.NOT_A_REPORT, "This is not an attendance report"),
        ('Who,Agency,In\n"Asha,School,09:30\nBen,Police,09:30', Fault.UNCLOSED_QUOTE, "A quotation mark in row 2 is not closed"),
        ("Who,In\n" + "Asha,09:30\n" * 20_001, Fault.TOO_LARGE, "The report has more than 20,000 rows."),
        ("Who,In\nAsha" + "," * 64 + "x", Fault.TOO_LARGE, "Row 2 has more than 64 columns."),
        ("Who,In\n" + "\x01\x02,\x03\n" * 9, Fault.NOT_A_REPORT, "This is not an attendance report"),
    ],
    ids=["no rows", "no headings", "prose", "quote", "rows", "columns", "bytes"],
)
def test_what_is_fatal_stays_so(text: str, code: Fault, sentence: str) -> None:
    for refusal in (refused(text), refused(text, Columns(name=0, joined=1))):
        assert (refusal.code, refusal.message[: len(sentence)]) == (code, sentence)


def test_a_fatal_report_is_no_list_of_ones_own() -> None:
    made = every_file()
    assert [look_at(NamedFile(name, made[name])) for name in ("fatal_no_participants.csv", "fatal_unclosed_quote.csv")] == [None, None]
    with pytest.raises(Refused, match="is a PNG picture, not an attendance report"):
        look_at(NamedFile("fatal_picture.csv", made["fatal_picture.csv"]))


def test_who_registered_alone_is_nobody_who_came() -> None:
    text = "First Name,Last Name,Email,Registration Time,Registration Status\nAsha,Patel,a@x.example,01/11/22 08:00,Approved\n"
    assert look_at(NamedFile("a.csv", text.encode())) is None
    with pytest.raises(Refused) as refusal:
        read_report("a.csv", text.encode())
    assert (refusal.value.code, refusal.value.message) == (
        Fault.NO_PARTICIPANTS,
        "The report says who registered, and of nobody that they came. Download the attendance report when the event has ended.",
    )


# ---- reading it ----------------------------------------------------------------------------------------------------------

BY_TIME = Columns(name=0, email=2, joined=3, left=4)
NO_DATES = (0, "The report has no dates, so nothing shows that it is of this session.")
SAID = (0, "People are said to have attended, and not how long: each counts as there for the whole session.")


def test_a_sheet_of_times_is_read_like_a_report() -> None:
    report = read(SHEET, BY_TIME)
    assert report.files[0].variant == "own"
    assert people_of(report) == (
        ("Asha Patel", "a.patel@example.org", 180.0, "09:25:00-12:35:00"),
        ("Ben Cole", None, 75.0, "09:45:00-11:00:00"),
        ("Eve Nobody", None, 0.0, ""),
    )
    assert notes(report) == [NO_DATES, (6, "The row has neither times nor a duration: it counts as 0 minutes.")]


def test_who_is_ticked_was_there_for_the_whole_session_and_who_is_not_is_left_out() -> None:
    text = "Who,Here\nAsha Patel,yes\nBen Cole,NO\nDee Ward,✓\nEve Nobody,\nKai Late,maybe\n"
    report = read(text, Columns(name=0, attended=1))
    assert people_of(report) == (("Asha Patel", None, 180.0, ""), ("Dee Ward", None, 180.0, ""))
    assert [person.share for person in report.people] == [1.0, 1.0]
    assert notes(report) == [SAID, NO_DATES, (6, "The row says neither yes nor no to having attended and is not counted.")]


def test_everybody_on_a_list_can_be_said_to_have_been_there() -> None:
    report = read("Who,Agency\nAsha Patel,School\nBen Cole,Police\n", Columns(name=0, is_everybody=True))
    assert people_of(report) == (("Asha Patel", None, 180.0, ""), ("Ben Cole", None, 180.0, ""))


def test_times_count_where_they_are_there_and_the_rest_is_as_said() -> None:
    text = "Who,In,Out\nAsha Patel,09:30,10:30\nBen Cole,,\n"
    report = read(text, Columns(name=0, joined=1, left=2, is_everybody=True))
    assert people_of(report) == (("Asha Patel", None, 60.0, "09:30:00-10:30:00"), ("Ben Cole", None, 180.0, ""))


@pytest.mark.parametrize(
    ("cells", "is_minutes", "minutes"),
    [(("62.5", "90", "62,5"), True, [62.5, 90.0, 62.5]), (("1h 2m 30s", "1:30:00", "45m"), False, [62.5, 90.0, 45.0])],
)
def test_durations_are_minutes_or_words_as_said(cells: tuple[str, ...], is_minutes: bool, minutes: list[float]) -> None:  # noqa: FBT001
    names = ("Asha Patel", "Ben Cole", "Dee Ward")
    text = "Who;Stayed\n" + "".join(f"{name};{cell}\n" for name, cell in zip(names, cells, strict=True))
    report = read(text, Columns(name=0, duration=1, is_minutes=is_minutes))
    assert [person.minutes for person in report.people] == minutes


def test_first_and_last_names_in_columns_of_their_own_are_one_name() -> None:
    report = read("Surname,Known as,In\nPatel,Asha,09:30\n", Columns(first_name=1, last_name=0, joined=2))
    assert [(person.name, person.keys) for person in report.people] == [("Asha Patel", ("asha patel",))]
    report = read("Surname,In\nPatel,09:30\n", Columns(last_name=0, joined=1))
    assert [person.name for person in report.people] == ["Patel"]


def test_of_several_rows_each_is_a_stay() -> None:
    report = read("Who,In,Out\nAsha Patel,09:30,10:00\nPatel Asha,10:30,12:30\n", Columns(name=0, joined=1, left=2))
    assert people_of(report) == (("Asha Patel", None, 150.0, "09:30:00-10:00:00 10:30:00-12:30:00"),)


def test_without_the_sessions_time_a_yes_is_no_minutes() -> None:
    report = read_reports([NamedFile("a.csv", b"Who,Here\nAsha Patel,yes\n")], (), Columns(name=0, attended=1))
    assert people_of(report) == (("Asha Patel", None, 0.0, ""),)


# ---- dates ---------------------------------------------------------------------------------------------------------------

DATED = "Who,In\nAsha Patel,05/06/2026 09:30\n"
BOTH_DAYS = (session("2026-06-05"), session("2026-05-06"))
DATED_BY = Columns(name=0, joined=1)


def test_day_or_month_first_is_asked_only_where_nothing_shows_it() -> None:
    assert [look(DATED, *days).asks_order for days in ((), BOTH_DAYS, BOTH_DAYS[:1])] == [True, True, False]
    assert not look("Who,In\nAsha Patel,25/06/2026 09:30\n").asks_order
    assert not look("Who,In\nAsha Patel,25/06/2026 09:30\nBen Cole,06/25/2026 09:30\n").asks_order
    refusal = refused(DATED, DATED_BY, *BOTH_DAYS)
    assert (refusal.code, refusal.field) == (Fault.AMBIGUOUS_DATE, "order")


@pytest.mark.parametrize(("order", "day"), [(Order.DAY_FIRST, BOTH_DAYS[0]), (Order.MONTH_FIRST, BOTH_DAYS[1])])
def test_what_is_said_of_the_dates_is_how_they_are_read(order: Order, day: TaughtDay) -> None:
    assert read(DATED, replace(DATED_BY, order=order), *BOTH_DAYS).days == (day,)


def test_what_is_said_never_stands_against_the_file_or_the_session() -> None:
    said = replace(DATED_BY, order=Order.MONTH_FIRST)
    assert read(DATED, said, BOTH_DAYS[0]).days == BOTH_DAYS[:1]
    assert refused(DATED, said, session("2026-06-06")).code == Fault.SESSION_DATE_MISMATCH
    both = "Who,In\nAsha Patel,25/06/2026 09:30\nBen Cole,06/25/2026 09:30\n"
    assert (refused(both, said, BOTH_DAYS[0]).code, refused(both, said, BOTH_DAYS[0]).field) == (Fault.AMBIGUOUS_DATE, None)


# ---- what cannot be said --------------------------------------------------------------------------------------------------

HEADINGS = ("Who", "Agency", "In", "")


@pytest.mark.parametrize(
    ("columns", "field", "sentence"),
    [
        (Columns(joined=2), "name", "Select the column with names, or the one with email addresses"),
        (Columns(name=0), "attended", "Select a column that shows who was there, or say that everybody on this list was"),
        (Columns(name=0, left=2), "joined", "Select the column with times of joining too"),
        (Columns(name=0, email=0, joined=2), "email", "“Who” is selected for names already: a column holds one thing"),
        (Columns(name=3, joined=3), "joined", "“Column 4” is selected for names already: a column holds one thing"),
        (Columns(name=4, joined=2), "name", "Select a column of this file"),
    ],
)
def test_columns_that_do_not_say_who_was_there_are_refused_beside_the_field(columns: Columns, field: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_columns(columns, HEADINGS)
    assert (refusal.value.field, refusal.value.message) == (field, sentence)


@pytest.mark.parametrize(
    ("columns", "field", "sentence"),
    [
        (Columns(name=0, joined=1), "joined", "No cell of “Agency” is a time such as 09:30 or 14/11/2026 09:30: select another column"),
        (Columns(name=0, joined=2, left=3), "left", "“Empty” is empty: select another column for times of leaving"),
        (
            Columns(name=0, attended=1),
            "attended",
            "No cell of “Agency” says yes or no: select another column, or say that everybody on this list attended",
        ),
        (
            Columns(name=0, duration=2, is_minutes=True),
            "duration",
            "No cell of “In” is a number of minutes: select another column, or hours and minutes",
        ),
        (
            Columns(name=0, duration=1),
            "duration",
            "No cell of “Agency” is a duration such as 1h 20m or 1:20:00: select another column, or minutes",
        ),
    ],
)
def test_a_column_in_which_nothing_is_of_its_kind_is_refused_beside_the_field(columns: Columns, field: str, sentence: str) -> None:
    refusal = refused("Who,Agency,In,Empty,More\nAsha Patel,School,09:30,,x\n", columns)
    assert (refusal.code, refusal.field, refusal.message) == (Fault.WRONG_COLUMNS, field, sentence)


def test_columns_are_named_by_heading_or_number() -> None:
    assert by_headings({"name": "who", "joined": "3"}, HEADINGS) == Columns(name=0, joined=2)
    with pytest.raises(Refused, match=r"The file has no column “Left”\. Its columns are: Who, Agency, In"):
        by_headings({"left": "Left"}, HEADINGS)
    with pytest.raises(Refused, match="The file has more than one column “Who”"):
        by_headings({"name": "Who"}, ("Who", "who"))


def test_what_was_said_comes_back_and_what_is_beyond_a_files_width_does_not() -> None:
    columns = Columns(name=0, joined=2, is_everybody=True, order=Order.MONTH_FIRST)
    assert columns_from_json(columns_to_json(columns)) == columns
    assert columns_from_json({"name": 1, "joined": 7, "left": True, "email": "3", "order": "year first"}, width=3) == Columns(name=1)


# ---- apart, and any text at all -------------------------------------------------------------------------------------------


async def test_the_process_apart_finds_and_reads_lists_as_reading_does() -> None:
    files = [NamedFile("sheet.csv", SHEET.encode()), NamedFile("t2.csv", every_file()["t2_no_mark.csv"])]
    assert await look_apart(files, [DAY]) == [look(SHEET, DAY), None]
    assert await read_apart(files[:1], [DAY], BY_TIME) == read(SHEET, BY_TIME)
    with pytest.raises(Refused) as refusal:
        await read_apart(files[:1], [DAY], replace(BY_TIME, joined=1))
    assert (refusal.value.code, refusal.value.field) == (Fault.WRONG_COLUMNS, "joined")


def test_a_list_starts_when_its_first_person_came_and_is_of_the_session_or_refused() -> None:
    late = DAY.starts_at.astimezone(LONDON) + timedelta(days=1)
    text = f"Who,In\nAsha Patel,{datetime.combine(late, late.time()):%d/%m/%Y %H:%M}\n"
    assert refused(text, DATED_BY, DAY).code == Fault.SESSION_DATE_MISMATCH


CELLS = st.text(max_size=12) | st.sampled_from(["Who", "In", "14/11/22, 09:30:00", "9:30", "1h", "45", "--", "Yes", "No", "a@b.example"])
NUMBERS = st.none() | st.integers(0, 5)


@given(
    st.lists(st.lists(CELLS, max_size=6), max_size=8),
    st.sampled_from(["\t", ",", ";", "|"]),
    st.builds(Columns, name=NUMBERS, email=NUMBERS, joined=NUMBERS, left=NUMBERS, duration=NUMBERS, attended=NUMBERS,
              is_minutes=st.booleans(), is_everybody=st.booleans(), order=st.sampled_from([None, *Order])),
)  # fmt: skip
@settings(deadline=None)
def test_any_list_with_any_columns_is_read_or_refused_by_name(rows: list[list[str]], mark: str, columns: Columns) -> None:
    data = "\n".join(mark.join(row) for row in [["Who", "Agency", "In"], *rows]).encode("utf-8", "replace")
    assert outcome(lambda: look_at(NamedFile("any.csv", data), [DAY])) in {*Fault, "done"}
    assert outcome(lambda: read_reports([NamedFile("any.csv", data)], [DAY], columns)) in {*Fault, "done"}


def outcome(work: Callable[[], object]) -> str:
    """The word done, or the fault by which a file is refused; anything else is a failure of the reader."""
    try:
        done = work()
    except Refused as refused:
        return refused.code
    if isinstance(done, Report):
        assert all(0 <= person.seconds <= 180 * 60 + 0.001 for person in done.people)
    return "done"
