"""Every variant of a report and every fatal one, by the files beside this: exact people, minutes, times, notes."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from marstraining.core.clock import local
from marstraining.core.errors import Refused
from marstraining.meeting_reports.model import Fault, NamedFile, TaughtDay
from marstraining.meeting_reports.reading import read_reports
from marstraining.meeting_reports.wire import report_to_json
from tests.meeting_reports.make_files import FILES, every_file
from tests.meeting_reports.readings import DAY, Person, content, people_of, read, session

STATED = "There is no joining time: the stated duration counts."
UNTIL_SESSION = "There is no leaving time: counted until the session ended."
DIALLED_IN = "Joined by telephone: the number is left out. Match it by hand."
APART = "Another of the same name was there at the same time, and neither has an email address: kept apart. Match them by hand."
NO_DATES = "The report has no dates, so nothing shows that it is of this session."
AVERAGE = "The report says 151.1 minutes on average, and the rows come to 145.3."


@dataclass(frozen=True)
class Case:
    file: str
    variant: str
    people: tuple[Person, ...]
    notes: tuple[tuple[int, str], ...] = ()
    day: TaughtDay = DAY


ASHA: Person = ("Asha Patel", "a.patel@example.org", 178.1, "09:30:52-10:40:00 10:41:00-12:30:12")
BEN: Person = ("Ben Cole", None, 75.0, "09:45:00-11:00:00")
DEE: Person = ("Dee Ward", "dee@council.example", 180.0, "09:29:07-12:31:40")

CASES = (
    Case(
        "t0_last_left_missing.csv",
        "T0",
        (
            ("Dee Ward", None, 180.0, "09:20:00-12:30:00"),
            ("Asha Patel", None, 178.6, "09:31:02-12:29:40"),
            ("Ben Cole", None, 170.0, "09:35:00-10:00:00 10:05:00-12:30:00"),
        ),
        ((2, UNTIL_SESSION), (6, UNTIL_SESSION)),
    ),
    Case("t0_day_first.csv", "T0", (("Asha Patel", None, 180.0, "09:30:00-12:30:00"), ("Ben Cole", None, 140.0, "09:40:00-12:00:00"))),
    Case("t1_two_joins.csv", "T1", (("Asha Patel", "a.patel@example.org", 174.4, "09:30:52-10:00:14 10:05:00-12:30:00"), DEE)),
    Case(
        "t1_comma_resaved.csv",
        "T1",
        (
            ("Asha Patel", "a.patel@example.org", 179.0, "09:31:00-12:30:00"),
            ("Dee Ward", "dee@council.example", 180.0, "09:29:00-12:31:00"),
        ),
    ),
    Case("t2_en_gb_utf16be.csv", "T2", (ASHA, BEN, DEE), ((7, AVERAGE),)),
    Case("t2_en_us_utf16le.csv", "T2", (ASHA, BEN, DEE)),
    Case("t2_no_mark.csv", "T2", (ASHA, BEN, DEE), ((7, AVERAGE),)),
    Case("t2_title_over_lines.csv", "T2", (ASHA, DEE)),
    Case("t2_narrow_space.csv", "T2", (ASHA, BEN, DEE)),
    Case("t2_resaved_dates_torn.csv", "T2", (ASHA, BEN, DEE)),
    Case(
        "t2e_short_rows.csv",
        "T2e",
        (ASHA, BEN, ("Riley Short", "riley.short@example.org", 0.0, "")),
        ((12, "The row has neither times nor a duration: it counts as 0 minutes."),),
    ),
    Case(
        "t2_telephones.csv",
        "T2",
        (
            ("Telephone 1", None, 178.0, "09:32:00-12:30:00"),
            ("Telephone 2", None, 60.0, "09:40:00-10:40:00"),
            ("Carla Diaz", "carla@example.org", 180.0, "09:30:00-12:30:00"),
        ),
        ((3, "The report says 5 participants and lists 3."), (10, DIALLED_IN), (11, DIALLED_IN)),
    ),
    Case(
        "t2_same_name_twice.csv",
        "T2",
        (
            ("Dana Twin", None, 90.0, "09:30:00-11:00:00"),
            ("Dana Twin", None, 150.0, "10:00:00-12:30:00"),
            ("Casey Guest", None, 178.0, "09:31:00-10:00:00 10:01:00-12:30:00"),
        ),
        ((10, APART), (11, APART)),
    ),
    Case(
        "t2_guest_and_signed_in.csv",
        "T2",
        (
            ("Asha Patel", "a.patel@example.org", 180.0, "09:30:00-12:30:00"),
            ("Lee Wong", "lee.wong@example.org", 150.0, "09:30:00-10:00:00 10:30:00-12:30:00"),
        ),
        ((11, "Not signed in, and of the same name as row 10: counted with it."),),
    ),
    Case(
        "t2_no_email_but_upn.csv",
        "T2",
        (
            ("Noor Hussain", None, 180.0, "09:30:00-12:30:00"),
            ("Kai Invalid", None, 180.0, "09:30:00-12:30:00"),
            ("Zoë O'Neill-Müller", "zoe@example.org", 30.0, ""),
        ),
        ((11, "The email address cannot be one and is left out."), (12, STATED)),
    ),
    Case(
        "t2_hall_of_twelve.csv",
        "T2",
        (
            ("Baysgarth House - Hall", "hall@baysgarth.example", 180.0, "09:30:00-12:30:00"),
            ("Dee Ward", "dee@council.example", 180.0, "09:30:00-12:30:00"),
        ),
    ),
    Case("t2_day_is_month.csv", "T2", (ASHA, BEN), day=session("2026-05-05")),
    Case(
        "t2_first_of_two.csv",
        "T2",
        (("Asha Patel", "a.patel@example.org", 91.3, "09:30:52-11:02:10"),),
        ((0, "The meeting ended at 11:02, before the session was to end. If it was restarted, add its other report."),),
    ),
    Case(
        "t2_second_of_two.csv",
        "T2",
        (("Asha Patel", "a.patel@example.org", 80.0, "11:10:00-12:30:00"),),
        ((0, "The meeting began at 11:09, after the session had begun. If it was restarted, add its other report."),),
    ),
    Case(
        "t3_portuguese.csv",
        "T3",
        (
            ("Davi Rocha", "davi@example.org", 178.1, "09:30:00-11:00:00 11:01:55-12:30:00"),
            ("Elisa Melo", None, 45.0, "10:10:00-10:55:00"),
        ),
    ),
    Case(
        "t3_german.csv",
        "T3",
        (("Ada Lang", "ada@example.org", 59.0, "18:01:00-19:00:00"),),
        day=session("2026-10-06", "18:00", "19:00"),
    ),
    Case(
        "t4_clock_change.csv",
        "T4",
        (("Asha Patel", None, 165.0, "00:30:00-02:30:00"), ("Ben Cole", None, 30.0, "01:15:00-01:45:00")),
        day=session("2026-10-25", "00:45", "02:30"),
    ),
    Case("t5_webinar.csv", "T5", (("Asha Patel", "a.patel@example.org", 180.0, "09:30:00-12:30:00"),)),
    Case(
        "t5_attended.csv",
        "T5",
        (("Asha Patel", "a.patel@example.org", 180.0, ""), ("Kai Late", "kai@example.org", 180.0, "")),
        ((0, "People are said to have attended, and not how long: each counts as there for the whole session."),),
    ),
    Case("t5_registrations_and_times.csv", "T5", (("Asha Patel", "a.patel@example.org", 90.0, "09:30:00-11:00:00"),)),
    Case(
        "t6_graph.json",
        "T6",
        (
            ("Asha Patel", "a.patel@example.org", 166.7, "09:31:00-10:31:00 10:40:00-12:26:40"),
            ("Ben Cole", None, 30.0, ""),
        ),
        (
            (0, "The report says 3 participants and lists 2."),
            (3, "The row has neither a name nor an email address and is not counted."),
        ),
        session("2026-06-05"),
    ),
    Case(
        "z1_joins.csv",
        "Z1",
        (
            ("Asha Patel", "a.patel@example.org", 178.1, "09:31:00-10:40:08 10:41:00-12:30:00"),
            ("Ben Cole # Police", None, 75.0, "09:45:15-11:00:15"),
            ("Dee Ward", "dee@council.example", 180.0, "09:20:00-12:35:00"),
        ),
    ),
    Case(
        "z1n_waiting_room.csv",
        "Z1n",
        (("Asha Patel", "a.patel@example.org", 180.0, "09:29:10-12:30:00"), ("Telephone 1", None, 150.0, "09:30:00-12:00:00")),
        ((2, "Time in the waiting room is not counted."), (4, DIALLED_IN)),
    ),
    Case(
        "z1_times_only.csv",
        "Z1",
        (("Asha Patel", "a.patel@example.org", 179.0, "09:31:00-12:30:00"), ("Ben Cole", None, 0.0, "23:50:00-00:10:00")),
        ((0, NO_DATES), (3, "There only before the session began or after it ended: counts as 0 minutes.")),
    ),
    Case(
        "z2_misspelt.csv",
        "Z2",
        (("Asha Patel", "a.patel@example.org", 179.0, ""), ("Ben Cole", None, 80.0, ""), ("Dee Ward", "dee@council.example", 180.0, "")),
        (
            (0, NO_DATES),
            (0, "The report has no times of joining and leaving: the stated durations count, before and after the session too."),
        ),
    ),
    Case(
        "z3_resaved.csv",
        "Z3",
        (("Asha Patel", "a.patel@example.org", 179.0, "09:31:00-12:30:00"), ("Ben Cole", None, 30.0, "10:00:00-10:30:00")),
    ),
    Case(
        "z3o_combined.csv",
        "Z3o",
        (("Asha Patel", "a.patel@example.org", 179.0, "09:31:00-12:30:00"), ("Ben Cole", None, 30.0, "10:00:00-10:30:00")),
    ),
    Case(
        "z5_no_shows.csv",
        "Z5",
        (
            ("Dee Ward", "dee@council.example", 180.0, "09:25:00-12:35:00"),
            ("Tom Trainer", "tom@example.org", 180.0, "09:28:00-12:31:00"),
            ("Asha Patel", "a.patel@example.org", 179.0, "09:30:00-10:30:00 10:31:00-12:30:00"),
        ),
    ),
    Case(
        "z5_tabs.csv",
        "Z5",
        (("Asha Patel", "a.patel@example.org", 180.0, "09:30:00-12:30:00"), ("Telephone 1", None, 60.0, "09:40:00-10:40:00")),
        ((11, DIALLED_IN),),
    ),
)


def test_the_folder_holds_what_is_made_and_each_file_has_its_line() -> None:
    made = every_file()
    assert {path.name: path.read_bytes() for path in FILES.iterdir() if path.suffix != ".md"} == made
    told = (FILES / "README.md").read_text(encoding="utf-8")
    assert [name for name in made if f"`{Path(name).stem}`" not in told] == []
    assert sorted({case.file for case in CASES} | FATAL | {"t2_ambiguous_date.csv", "t2_wrong_session_date.csv"}) == sorted(made)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_each_variant_gives_its_people_minutes_times_and_notes(case: Case) -> None:
    report = read(case.file, case.day)
    file = report.files[0]
    assert (file.variant, people_of(report)) == (case.variant, case.people)
    assert tuple((note.row, note.text) for note in file.notes) == case.notes
    assert report.days == (case.day,)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_no_note_and_no_result_holds_a_number_a_participant_id_or_engagement(case: Case) -> None:
    said = json.dumps(report_to_json(read(case.file, case.day))).casefold()
    assert [
        word for word in ("441724", "900456", "tenant.example", "presenter", "organiser", "engagement", "united kingdom") if word in said
    ] == []


# ---- fatal -------------------------------------------------------------------------------------------------------------

FATAL = {"fatal_unclosed_quote.csv", "fatal_no_participants.csv", "fatal_picture.csv"}
AGAIN = "Download the report from Teams or Zoom again as a CSV file, and send it without opening it first."


@pytest.mark.parametrize(
    ("file", "fault", "sentence"),
    [
        (
            "fatal_unclosed_quote.csv",
            Fault.UNCLOSED_QUOTE,
            f"A quotation mark in row 10 is not closed where it should be, so the rows after it cannot be told apart. {AGAIN}",
        ),
        (
            "fatal_no_participants.csv",
            Fault.NO_PARTICIPANTS,
            (
                "The report has no list of participants, or nobody is on it. Download the report again when the meeting has ended,"
                " with Teams or Zoom set to English."
            ),
        ),
        ("fatal_picture.csv", Fault.NOT_A_REPORT, f"“fatal_picture.csv” is a PNG picture, not an attendance report. {AGAIN}"),
        (
            "t2_wrong_session_date.csv",
            Fault.SESSION_DATE_MISMATCH,
            (
                "This report is of a meeting on 21 November 2022, and the session is on 14 November 2022. Check that it is the right"
                " file and the right session."
            ),
        ),
    ],
)
def test_a_fatal_file_is_refused_by_its_fault_and_says_how_to_mend_it(file: str, fault: Fault, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        read(file, DAY)
    assert (refused.value.code, refused.value.message) == (fault, sentence)


# ---- the day and the month ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2026-06-05", "2026-05-06"])
def test_an_ambiguous_file_is_read_as_the_date_of_its_session(day: str) -> None:
    report = read("t2_ambiguous_date.csv", session(day))
    assert people_of(report) == (ASHA, BEN)
    assert {f"{local(person.spans[0].start):%Y-%m-%d}" for person in report.people} == {day}


def test_an_ambiguous_file_without_a_session_stops() -> None:
    with pytest.raises(Refused) as refused:
        read("t2_ambiguous_date.csv")
    assert (refused.value.code, refused.value.message) == (
        Fault.AMBIGUOUS_DATE,
        (
            "The dates of this report can be read as 5 June 2026 or 6 May 2026. Choose the session that it belongs to; if you have,"
            " this report does not fit its date: check that it is the right file."
        ),
    )


def test_an_ambiguous_file_whose_date_matches_neither_reading_stops_with_a_sentence() -> None:
    with pytest.raises(Refused) as refused:
        read("t2_ambiguous_date.csv", session("2026-06-06"))
    assert (refused.value.code, refused.value.message) == (
        Fault.SESSION_DATE_MISMATCH,
        (
            "This report is of a meeting on 5 June 2026 or 6 May 2026, and the session is on 6 June 2026. Check that it is the right"
            " file and the right session."
        ),
    )


def test_a_file_on_the_fifth_of_may_needs_no_session_to_be_read() -> None:
    assert people_of(read("t2_day_is_month.csv")) == (("Asha Patel", "a.patel@example.org", 178.3, ASHA[3]), BEN)


def test_the_right_date_at_another_time_of_day_is_another_meeting() -> None:
    with pytest.raises(Refused) as refused:
        read("t2_en_gb_utf16be.csv", session("2022-11-14", "13:30", "16:30"))
    assert (refused.value.code, refused.value.message) == (
        Fault.SESSION_DATE_MISMATCH,
        (
            "This report is of a meeting on 14 November 2022 from 09:29 to 12:31, and the session is on 14 November 2022 from 13:30"
            " to 16:30. Check that it is the right file and the right session."
        ),
    )


def test_of_two_training_days_the_one_of_the_report_counts() -> None:
    days = (session("2022-11-07"), DAY)
    report = read("t2_en_gb_utf16be.csv", *days)
    assert (report.days, [round(person.share or 0, 3) for person in report.people]) == ((DAY,), [0.99, 0.417, 1.0])


# ---- the night of the clock change -------------------------------------------------------------------------------------


def test_the_night_of_the_clock_change_is_exact_in_a_file_in_utc() -> None:
    report = read("t4_clock_change.csv")
    asha, ben = report.people
    assert [(local(start).isoformat(), local(end).isoformat()) for start, end in asha.spans] == [
        ("2026-10-25T00:30:00+01:00", "2026-10-25T02:30:00+00:00")
    ]
    assert (asha.minutes, ben.minutes) == (180.0, 30.0)


# ---- several files -----------------------------------------------------------------------------------------------------


def test_two_reports_of_one_session_are_joined() -> None:
    names = ("t2_first_of_two.csv", "t2_second_of_two.csv")
    report = read_reports([NamedFile(name, content(name)) for name in names], [DAY])
    assert people_of(report) == (("Asha Patel", "a.patel@example.org", 171.3, "09:30:52-11:02:10 11:10:00-12:30:00"),)
    assert report.people[0].rows == ((0, 10), (1, 10))
    assert [file.is_repeat for file in report.files] == [False, False]


def test_the_same_file_again_adds_nothing() -> None:
    once = read("t2_en_gb_utf16be.csv", DAY)
    data = content("t2_en_gb_utf16be.csv")
    twice = read_reports([NamedFile("a.csv", data), NamedFile("copy of a.csv", data)], [DAY])
    assert twice.people == once.people
    assert [(file.sha256, file.is_repeat) for file in twice.files] == [(once.files[0].sha256, False), (once.files[0].sha256, True)]
    assert [note.text for note in twice.files[1].notes] == ["This file is the same as another: it adds nothing."]


def test_a_report_keeps_the_meetings_own_figures_as_stated() -> None:
    file = read("t2_en_gb_utf16be.csv", DAY).files[0]
    assert (file.records, file.stated_people, file.stated_average_minutes) == (3, 3, 151.1)
    assert [f"{local(moment):%H:%M:%S}" for moment in (file.starts_at, file.ends_at) if moment] == ["09:29:07", "12:31:40"]
