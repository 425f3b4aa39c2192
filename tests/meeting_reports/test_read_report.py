"""`read-report`: what it prints, in words and as JSON, how it ends, and whom it matches."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.models import Booking
from marstraining.core.clock import LONDON
from marstraining.core.config import Settings
from marstraining.core.errors import NotFound
from marstraining.core.tokens import new_ref
from marstraining.meeting_reports.model import Booked, TaughtDay
from marstraining.people.models import Person
from marstraining.programme.models import Session, TrainingDay
from marstraining.reported_marks.queries import ReportedSession, reported_session
from tests.conftest import Clock
from tests.makers import LONG_AGO, make_person, make_session
from tests.meeting_reports.make_files import FILES
from tests.statements import statements
from tests.terminals import Terminal

pytestmark = pytest.mark.whole

START = datetime(2022, 11, 14, 9, 30, tzinfo=LONDON)
HOURS = ("--starts", "2022-11-14T09:30", "--ends", "2022-11-14T12:30")


def read(*arguments: object) -> tuple[int, str, str]:
    """How the command ends and what it prints, with no settings at all."""
    result = Terminal({}).run("read-report", *arguments)
    return result.exit_code, result.stdout, result.stderr


def read_apart_from_here(*arguments: object, **environment: str) -> tuple[int, str, str]:
    """The same in a process of its own, which opens the test's database beside the test."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "marstraining", "read-report", *map(str, arguments)],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_report_is_told_in_words_without_any_database() -> None:
    code, said, complaint = read(FILES / "t2_en_gb_utf16be.csv", *HOURS)
    assert (code, complaint) == (0, "")
    assert said.splitlines() == [
        "Teams report T2, 14/11/2022 09:29: 3 people.",
        "Asha Patel  a.patel@example.org  178.1 minutes  99%  09:30 to 12:30",
        "Ben Cole  75.0 minutes  42%  09:45 to 11:00",
        "Dee Ward  dee@council.example  180.0 minutes  100%  09:29 to 12:31",
        "",
        "Row 7: The report says 151.1 minutes on average, and the rows come to 145.3.",
    ]
    assert read(FILES / "z2_misspelt.csv")[1].splitlines() == [
        "Zoom report Z2: 3 people.",
        "Asha Patel  a.patel@example.org  179.0 minutes",
        "Ben Cole  80.0 minutes",
        "Dee Ward  dee@council.example  200.0 minutes",
        "",
        "The report has no times of joining and leaving: the stated durations count, before and after the session too.",
    ]


def test_the_json_has_the_stable_form_and_minutes_are_cut_to_the_session() -> None:
    code, said, complaint = read(FILES / "t2_en_gb_utf16be.csv", *HOURS, "--json")
    assert (code, complaint) == (0, "")
    assert json.loads(said) == {
        "variant": "T2",
        "notes": [{"row": 7, "text": "The report says 151.1 minutes on average, and the rows come to 145.3."}],
        "people": [
            {
                "name": "Asha Patel",
                "email": "a.patel@example.org",
                "minutes": 178.1,
                "intervals": [
                    ["2022-11-14T09:30:52+00:00", "2022-11-14T10:40:00+00:00"],
                    ["2022-11-14T10:41:00+00:00", "2022-11-14T12:30:12+00:00"],
                ],
                "match": None,
            },
            {
                "name": "Ben Cole",
                "email": None,
                "minutes": 75.0,
                "intervals": [["2022-11-14T09:45:00+00:00", "2022-11-14T11:00:00+00:00"]],
                "match": None,
            },
            {
                "name": "Dee Ward",
                "email": "dee@council.example",
                "minutes": 180.0,
                "intervals": [["2022-11-14T09:29:07+00:00", "2022-11-14T12:31:40+00:00"]],
                "match": None,
            },
        ],
    }


def test_times_with_a_zone_are_taken_as_they_are() -> None:
    hours = ("--starts", "2026-10-25T00:30+01:00", "--ends", "2026-10-25T02:30+00:00")
    code, said, _ = read(FILES / "t4_clock_change.csv", *hours, "--json")
    assert (code, [person["minutes"] for person in json.loads(said)["people"]]) == (0, [180.0, 30.0])


@pytest.mark.parametrize(
    ("file", "hours", "fault"),
    [
        ("t2_ambiguous_date.csv", (), "AMBIGUOUS_DATE"),
        ("t2_wrong_session_date.csv", HOURS, "SESSION_DATE_MISMATCH"),
        ("fatal_unclosed_quote.csv", (), "UNCLOSED_QUOTE"),
        ("fatal_no_participants.csv", (), "NO_PARTICIPANTS"),
        ("fatal_picture.csv", (), "NOT_A_REPORT"),
    ],
)
def test_a_fatal_file_ends_with_one_and_names_its_fault(file: str, hours: tuple[str, ...], fault: str) -> None:
    code, said, complaint = read(FILES / file, *hours, "--json")
    assert (code, said, complaint.partition(": ")[0], complaint.count("\n")) == (1, "", fault, 1)


def test_a_file_that_is_too_large_or_not_there_ends_with_one(tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * 5_000_001)
    assert read(large) == (
        1,
        "",
        "TOO_LARGE: “large.csv” is larger than 5 MB. Send the report of one session, as it was downloaded.\n",
    )
    assert read(tmp_path / "none.csv") == (1, "", f"{tmp_path / 'none.csv'} cannot be read: No such file or directory\n")


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--starts", "2022-11-14T09:30"),
        ("--starts", "soon", "--ends", "2022-11-14T12:30"),
        ("--starts", "2022-11-14T12:30", "--ends", "2022-11-14T09:30"),
        ("--session", "ABC", *HOURS),
    ],
)
def test_wrong_usage_ends_with_two(wrong: tuple[str, ...]) -> None:
    file = () if not wrong else (FILES / "z1_joins.csv",)
    code, said, _ = read(*file, *wrong)
    assert (code, said) == (2, "")


# ---- a list of one's own -------------------------------------------------------------------------------------------------


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "sheet.csv"
    path.write_text("Delegate,School,In,Stay\nAsha Patel,St Luke's,09:30,62.5\nBen Cole,Police,10:00,90\n")
    return path


def test_a_list_of_ones_own_is_told_how_to_be_read_and_then_is(sheet: Path) -> None:
    assert read(sheet, *HOURS) == (
        1,
        "",
        (
            "NOT_A_REPORT: This is no known report. Say what its columns are:"
            ' --column name="Delegate" --column joined="In" (columns: 1 Delegate, 2 School, 3 In, 4 Stay)\n'
        ),
    )
    assert read(sheet, *HOURS, "--column", "name=delegate", "--column", "minutes=4")[1].splitlines()[:3] == [
        "List: 2 people.",
        "Asha Patel  62.5 minutes  35%",
        "Ben Cole  90.0 minutes  50%",
    ]
    code, said, _ = read(sheet, *HOURS, "--column", "name=1", "--everybody", "--order", "day-first", "--json")
    assert (code, [person["minutes"] for person in json.loads(said)["people"]], json.loads(said)["variant"]) == (0, [180.0, 180.0], "own")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--column", "name=Who"), "WRONG_COLUMNS: The file has no column “Who”. Its columns are: Delegate, School, In, Stay"),
        (("--column", "name=1"), "WRONG_COLUMNS: Select a column that shows who was there, or say that everybody on this list was"),
    ],
)
def test_columns_that_are_wrong_end_with_one_and_say_why(options: tuple[str, ...], sentence: str, sheet: Path) -> None:
    assert read(sheet, *HOURS, *options) == (1, "", f"{sentence}\n")


def test_a_known_report_has_its_own_columns() -> None:
    assert read(FILES / "z1_joins.csv", "--column", "name=1")[2] == "WRONG_COLUMNS: This is a known report: read it without --column.\n"


@pytest.mark.parametrize(
    "wrong",
    [
        ("--column", "name"), ("--column", "who=1"), ("--column", "name="), ("--everybody",), ("--order", "day-first"),
        ("--column", "name=1", "--order", "year-first"), ("--column", "minutes=1", "--column", "duration=2"),
    ],
)  # fmt: skip
def test_columns_typed_in_another_form_are_wrong_usage(wrong: tuple[str, ...], sheet: Path) -> None:
    assert read(sheet, *wrong)[:2] == (2, "")


# ---- against the bookings of a session -----------------------------------------------------------------------------------


async def booked(session: Session, person: Person, state: str = "confirmed") -> None:
    columns: dict[str, Any] = {"nonce": "n", "check_in_code": "c", "joined_at": LONG_AGO, "created_at": LONG_AGO, "changed_at": LONG_AGO}
    await Booking.create(ref=new_ref(), session=session, learner=person, state=state, **columns)


async def test_a_session_is_read_with_its_days_and_confirmed_bookings_in_two_statements(db: TortoiseContext, clock: Clock) -> None:
    session = await make_session(now=clock.now, starts=START, days=3)
    await TrainingDay.filter(session=session, day="2022-11-15").update(is_cancelled=True)
    for count, (name, state) in enumerate((("Asha", "confirmed"), ("Ben", "waiting"), ("Cy", "cancelled"), ("Dot", "confirmed"))):
        person = await make_person(name, email=f"{name.casefold()}@x.example", second_email=f"{name.casefold()}@home.example")
        await booked(session, person, state)
        if count in {0, 3}:
            async with statements(db) as heard:
                found = await reported_session(session.ref)
            assert len(heard) == 2
    learners = {person.name: person.id for person in await Person.all()}
    assert found == ReportedSession(
        days=tuple(TaughtDay(START + timedelta(days=day), START + timedelta(days=day, hours=3), 180.0) for day in (0, 2)),
        booked=tuple(
            Booked(learners[name], name, (f"{name.casefold()}@x.example",), (f"{name.casefold()}@home.example",))
            for name in ("Asha", "Dot")
        ),
    )
    with pytest.raises(NotFound):
        await reported_session("NOSUCHREF0")


async def test_people_are_matched_with_the_bookings_of_the_session(
    db: TortoiseContext, settings: Settings, database_url: str, clock: Clock, tmp_path: Path
) -> None:
    session = await make_session(now=clock.now, starts=START)
    await booked(session, await make_person("Asha P", email="asha@school.example", second_email="a.patel@example.org"))
    await booked(session, await make_person("Cole Ben", email="ben@police.example"))
    await booked(session, await make_person("Dee Word", email="dw@council.example"))
    environment = {"MARS_DATA_DIR": str(tmp_path), "MARS_DATABASE_URL": database_url}
    code, said, complaint = read_apart_from_here(FILES / "t2_en_gb_utf16be.csv", "--session", session.ref, "--json", **environment)
    assert (code, complaint) == (0, "")
    assert [(person["name"], person["minutes"], person["match"]) for person in json.loads(said)["people"]] == [
        ("Asha Patel", 178.1, "alias_email"),
        ("Ben Cole", 75.0, "name"),
        ("Dee Ward", 180.0, None),
    ]
    words = read_apart_from_here(FILES / "t2_en_gb_utf16be.csv", "--session", session.ref, **environment)[1].splitlines()
    assert words[1:4] == [
        "Asha Patel  a.patel@example.org  178.1 minutes  99%  09:30 to 12:30  matched by their other email",
        "Ben Cole  75.0 minutes  42%  09:45 to 11:00  matched by name",
        "Dee Ward  dee@council.example  180.0 minutes  100%  09:29 to 12:31  not matched, but somebody with a name like it is booked",
    ]
    assert read_apart_from_here(FILES / "t2_wrong_session_date.csv", "--session", session.ref, **environment)[0] == 1
    assert read_apart_from_here(FILES / "z1_joins.csv", "--session", "NOSUCHREF0", **environment) == (
        1,
        "",
        "There is nothing of that name.\n",
    )
