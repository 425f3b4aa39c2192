"""The command line: what it prints, how it ends, and that a refused file leaves nothing behind."""

import asyncio
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from marstraining.core import config
from marstraining.core.db import connect, rows, transaction
from marstraining.core.viewer import SYSTEM
from marstraining.demo.filling import REFERENCE
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people.models import SignIn
from marstraining.uploads.models import UploadedFile
from tests.conftest import SECRET_KEY, run_apart
from tests.makers import make_person
from tests.postgres import find_binaries
from tests.scanners import a_scanner
from tests.terminals import Terminal, write

pytestmark = pytest.mark.whole

_KINDS = [
    ("agencies", "agencies.csv", 20),
    ("courses", "courses.csv", 20),
    ("sessions", "sessions_2022_23.csv", 29),
    ("sessions", "sessions_upcoming.csv", 4),
    ("resources", "resources.csv", 25),
]


@pytest.fixture
def terminal(database_url: str, tmp_path: Path) -> Terminal:
    """A migrated database and its environment."""
    return Terminal(
        {
            "MARS_DATA_DIR": str(tmp_path),
            "MARS_DATABASE_URL": database_url,
            "MARS_SECRET_KEY": SECRET_KEY,
            "MARS_BASE_URL": "http://127.0.0.1:8000",
        }
    )


# ---- in a process of its own -----------------------------------------------------------------------------------------


def test_a_folder_with_nothing_in_it_is_enough_to_migrate_and_import(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "MARS_DATA_DIR": str(tmp_path / "data")}

    def mars(*arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "marstraining", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    agencies = str(REFERENCE / "agencies.csv")
    database = tmp_path / "data" / "marstraining.sqlite3"
    assert mars("import", "agencies", agencies) == (1, "", f"There is no database at {database} yet: run `marstraining migrate`.\n")
    assert mars("migrate")[0] == 0
    assert mars("import", "agencies", agencies) == (
        0,
        "Checking and writing 20 rows\nagencies: 20 created, 0 changed, 0 unchanged.\n",
        "",
    )
    assert mars("import")[0] == 2


def test_help_loads_none_of_the_service() -> None:
    loaded = "import sys, marstraining.__main__; print([name for name in ('tortoise', 'starlette', 'jinja2') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert done.stdout == "[]\n"


# ---- import ----------------------------------------------------------------------------------------------------------


def test_each_reference_file_is_imported_and_the_second_time_nothing_changes(terminal: Terminal) -> None:
    for kind, name, number in _KINDS:
        assert terminal.done("import", kind, REFERENCE / name).splitlines()[-1] == f"{kind}: {number} created, 0 changed, 0 unchanged."
    for kind, name, number in _KINDS:
        assert terminal.done("import", kind, REFERENCE / name).splitlines()[-1] == f"{kind}: nothing changed ({number} as they were)."


def test_a_dry_run_writes_nothing(terminal: Terminal) -> None:
    for _ in range(2):
        said = terminal.done("import", "agencies", REFERENCE / "agencies.csv", "--dry-run").splitlines()[-1]
        assert said == "Dry run, nothing written. agencies: 20 created, 0 changed, 0 unchanged."


def test_people_and_attendance_are_imported(terminal: Terminal, tmp_path: Path) -> None:
    for kind, name, _ in _KINDS:
        terminal.done("import", kind, REFERENCE / name)
    people = write(tmp_path, "people.csv", "email,name,agency,job_role,roles\nasha@stlukes.example,Asha Begum,STLUKES,dsl,agency_lead\n")
    assert terminal.done("import", "people", people).splitlines()[-1] == "people: 1 created, 0 changed, 0 unchanged."
    attendance = write(
        tmp_path,
        "attendance.csv",
        "email;name;agency;course;date;mark;minutes;provenance\r\n"
        "asha@stlukes.example;Asha Begum;STLUKES;DSL-SCH;2022-05-10;attended;118;register\r\n"
        "new@stlukes.example;Zoë Field;STLUKES;DSL-SCH;10/05/2022;apologies;;register\r\n".encode("cp1252"),
    )
    assert terminal.done("import", "attendance", attendance).splitlines()[-1] == "attendance: 2 created, 0 changed, 0 unchanged."
    assert terminal.done("import", "attendance", attendance).splitlines()[-1] == "attendance: nothing changed (2 as they were)."


_SESSION_HEADINGS = "code,course,date,starts,ends,venue,delivery\n"
_GOOD_SESSION = "CP-1,CP,2027-03-02,09:30,15:30,Hall,in person\n"


@pytest.mark.parametrize(
    ("kind", "text", "faults"),
    [
        pytest.param(
            "courses",
            "code,title,kind\nAA,First,course\nAA,Again,course\n",
            ["Row 3, code: The code “AA” is already in row 2"],
            id="a duplicate code",
        ),
        pytest.param(
            "sessions",
            f"{_SESSION_HEADINGS}{_GOOD_SESSION}CP-2,CP,30/02/2027,09:30,15:30,Hall,in person\n",
            ["Row 3, date: “30/02/2027” is not a date like 2027-03-28"],
            id="a bad date",
        ),
        pytest.param(
            "sessions",
            f"{_SESSION_HEADINGS}{_GOOD_SESSION}CP-2,CP,2027-03-28,01:30,04:00,Hall,in person\n",
            ["Row 3, starts: The time 01:30 on 28 March 2027 does not exist: the clocks go forward"],
            id="a time that the clock change skips",
        ),
        pytest.param(
            "agencies",
            "code,name,sector,colour\nA1,One,Health,blue\n",
            ["Row 1: The column colour is not known here: use code, name, sector, parent, is_vcse, is_group, email_domain, notes"],
            id="an unknown column",
        ),
        pytest.param(
            "agencies",
            b"\xef\xbb\xbfcode,name,sector\nA1,One,Health\nA2,Tw\xff\xfeo,Health\n",
            ["Row 3, name: A character here cannot be read. Save the file as CSV UTF-8."],
            id="bytes that cannot be decoded",
        ),
        pytest.param(
            "agencies",
            "code,name,sector\nA1,One,Health\nA2,Two,Health,and,more\n",
            ["Row 3: This row has 5 cells but there are 3 headings. Put a cell with a comma in quotation marks."],
            id="a row too long",
        ),
        pytest.param(
            "agencies",
            "code,name\nA1,One\n",
            ["Row 1, sector: This column is missing. Check the headings in the first row."],
            id="a missing column",
        ),
        pytest.param(
            "attendance",
            "name,course,date,mark,email\nAsha,CP,2027-13-01,here,asha@x.example\n",
            [
                "Row 2, date: “2027-13-01” is not a date: write it like 2026-11-24 or 24/11/2026",
                "Row 2, mark: “here” is not a mark: use attended, partial, absent or excused",
            ],
            id="two faults in one row",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_said_by_row_and_nothing_is_written(
    terminal: Terminal, tmp_path: Path, kind: str, text: str | bytes, faults: list[str]
) -> None:
    terminal.done("import", "courses", REFERENCE / "courses.csv")
    path = write(tmp_path, "file.csv", text)
    assert terminal.refused("import", kind, path) == [
        *faults,
        f"file.csv: {len(faults)} fault{'s' if len(faults) > 1 else ''}. Nothing was imported.",
    ]
    good = {
        "agencies": "code,name,sector\nA1,One,Health\n",
        "sessions": f"{_SESSION_HEADINGS}{_GOOD_SESSION}",
        "courses": "code,title,kind\nAA,First,course\n",
    }
    if kind in good:
        said = terminal.done("import", kind, write(tmp_path, "good.csv", good[kind])).splitlines()[-1]
        assert said == f"{kind}: 1 created, 0 changed, 0 unchanged."


def test_a_kind_or_a_file_that_is_not_there_is_refused_in_a_sentence(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.refused("import", "cats", REFERENCE / "agencies.csv") == [
        "“cats” cannot be imported: use agencies, people, courses, sessions, resources, glossary, attendance"
    ]
    assert terminal.refused("import", "people", tmp_path / "none.csv") == [
        f"{tmp_path / 'none.csv'} cannot be read: No such file or directory"
    ]


# ---- people ----------------------------------------------------------------------------------------------------------


def test_the_first_administrator_is_added_and_signs_in_by_a_printed_link(terminal: Terminal) -> None:
    terminal.done("import", "agencies", REFERENCE / "agencies.csv")
    added = terminal.done(
        "person", "add", "ruth@childrenandfamilies.example", "--name", "Ruth Ainsley", "--agency", "NLC-CF", "--role", "administrator"
    )
    assert added == "Added ruth@childrenandfamilies.example with the role administrator.\n"
    link = terminal.done("sign-in-link", "ruth@childrenandfamilies.example")
    assert link.startswith("http://127.0.0.1:8000/sign-in/l/")


def test_an_unknown_role_agency_or_address_is_refused_in_a_sentence(terminal: Terminal) -> None:
    roles = "learner, agency_lead, trainer, contributor, partner_organiser, desk, administrator, board_reader"
    assert terminal.refused("person", "add", "a@b.example", "--name", "A", "--role", "king") == [f"“king” is not a role: use {roles}"]
    assert terminal.refused("person", "add", "a@b.example", "--name", "A B", "--agency", "NO") == [
        "There is no organisation with the code NO. Import the organisations first."
    ]
    assert terminal.refused("sign-in-link", "nobody@b.example") == ["Nobody has the email address nobody@b.example."]


# ---- check, routes, export -------------------------------------------------------------------------------------------


def test_check_says_what_is_right_and_what_is_worth_knowing(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.done("check").splitlines() == [
        "ok     The configuration can be read.",
        "ok     The database is up to date and can be written to.",
        f"note   No mail server is set: letters are collected in {tmp_path / 'mail'}.",
        "note   No virus scanner is set (MARS_SCAN_URL), so files that people send in are not checked for viruses.",
        "note   Telegram is not set up, so letters go by email only.",
        "note   There is no second factor yet: whoever reads a member of staff's email can sign in as them.",
    ]


def test_check_names_what_is_wrong(terminal: Terminal, tmp_path: Path) -> None:
    behind = terminal.run("check", MARS_DATABASE_URL=f"sqlite://{tmp_path / 'none.sqlite3'}", MARS_SMTP_URL="smtp://127.0.0.1:1")
    assert behind.exit_code == 1
    assert behind.stderr.splitlines() == [
        f"wrong  There is no database at {tmp_path / 'none.sqlite3'}: run `marstraining migrate`.",
        "wrong  The mail server 127.0.0.1 does not take our letters: [Errno 111] Connection refused",
    ]
    misset = terminal.run("check", MARS_SECRET_KEY="short")
    assert (misset.exit_code, misset.stderr) == (
        1,
        "wrong  MARS_SECRET_KEY is too short: give it 32 random characters or more\n",
    )


async def _a_file_waits(environment: dict[str, str], *, minutes: int) -> None:
    since = datetime.now(UTC) - timedelta(minutes=minutes)
    async with connect(config.load_settings(environment)):
        await UploadedFile.create(ref="0" * 10, file_name="a.pdf", size=1, state="waiting", at=since, waiting_since=since)


async def test_check_asks_the_virus_scanner_and_says_what_waits_for_it(terminal: Terminal) -> None:
    async with a_scanner() as scanner:
        there = await asyncio.to_thread(terminal.run, "check", MARS_SCAN_URL=scanner.url)
        assert (there.exit_code, f"ok     The virus scanner at {scanner.url} answers." in there.stdout) == (0, True)
        assert "No virus scanner is set" not in there.stdout
        run_apart(lambda: _a_file_waits(terminal.environment, minutes=20))
        late = await asyncio.to_thread(terminal.run, "check", MARS_SCAN_URL=scanner.url)
    assert late.exit_code == 1
    assert re.fullmatch(
        r"wrong  1 file waits to be checked for viruses, the oldest since \d\d/\d\d/\d{4} \d\d:\d\d: is the worker running\?\n", late.stderr
    )
    away = terminal.run("check", MARS_SCAN_URL=scanner.url).stderr.splitlines()
    assert away[1].startswith(f"wrong  The virus scanner at {scanner.url} does not answer, so files that people send in cannot be opened: ")
    unset = terminal.run("check").stderr
    assert unset == (
        "wrong  1 file waits to be checked for viruses, and MARS_SCAN_URL is not set: nobody can open them until a scanner has seen them.\n"
    )


def test_every_route_is_listed_with_who_may_use_it(terminal: Terminal) -> None:
    table = json.loads(terminal.done("routes", "--json"))
    assert [row for row in table if row["who"] == "undeclared"] == []
    assert {"methods": ["GET", "HEAD"], "path": "/programme", "who": "anyone"} in [
        {name: row[name] for name in ("methods", "path", "who")} for row in table
    ]


def test_attendance_that_is_exported_can_be_imported_again(terminal: Terminal, tmp_path: Path) -> None:
    for kind, name, _ in _KINDS:
        terminal.done("import", kind, REFERENCE / name)
    rows = "email,name,agency,course,date,mark,minutes\nasha@stlukes.example,Asha Begum,STLUKES,DSL-SCH,2022-05-10,attended,118\n"
    terminal.done("import", "attendance", write(tmp_path, "attendance.csv", rows))
    out = tmp_path / "out.csv"
    assert (
        terminal.done("export", "attendance", "--out", out, "--course", "DSL-SCH", "--from", "2022-05-01") == f"1 rows written to {out}.\n"
    )
    assert out.read_text(encoding="utf-8-sig").splitlines() == [
        "email,name,agency,course,date,mark,minutes,provenance",
        "asha@stlukes.example,Asha Begum,STLUKES,DSL-SCH,2022-05-10,attended,118,imported",
    ]
    assert terminal.done("import", "attendance", out).splitlines()[-1] == "attendance: nothing changed (1 as they were)."
    assert terminal.done("export", "bookings", "--out", tmp_path / "none.xlsx") == f"0 rows written to {tmp_path / 'none.xlsx'}.\n"
    for name in ("none.csv", "none.xlsx"):
        assert terminal.done("export", "evaluation", "--out", tmp_path / name) == f"0 rows written to {tmp_path / name}.\n"
    refused = terminal.refused("export", "evaluation", "--out", tmp_path / "none.csv", "--agency", "POL")
    assert refused == ["Feedback is not told apart by organisation: leave --agency out"]
    assert terminal.refused("export", "bookings", "--out", tmp_path / "none.txt") == ["The file's name must end in .csv or .xlsx"]


# ---- backup and restore ----------------------------------------------------------------------------------------------


async def _check_one_backup_is_noted(environment: dict[str, str]) -> None:
    async with connect(config.load_settings(environment)):
        noted = await rows("SELECT actor_role, subject_kind FROM history_entry WHERE action = 'backup'")
    assert noted == [{"actor_role": SYSTEM.acting_role, "subject_kind": "database"}]


async def _write_a_letter_and_sign_in(environment: dict[str, str]) -> None:
    settings = config.load_settings(environment)
    config.use(settings)
    async with connect(settings), transaction():
        now = datetime.now(UTC)
        person = await make_person("Asha Begum")
        await queue_letter(Letter("k", "sign_in", Recipient("a@x.example", "Asha"), Priority.SIGN_IN), now=now)
        until = now + timedelta(hours=1)
        await SignIn.create(token_hash="h", person=person, csrf="c", created_at=now, last_seen_at=now, expires_at=until, idle_minutes=60)


async def _look_at_letters(found: list[tuple[str, str]], environment: dict[str, str]) -> None:
    async with connect(config.load_settings(environment)):
        found += [(row["state"], row["last_error"]) for row in await rows("SELECT state, last_error FROM messages_letter")]


def test_a_backup_is_restored_with_letters_on_hold_and_nobody_signed_in(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{find_binaries()}/bin{os.pathsep}{os.environ['PATH']}")
    terminal.done("import", "agencies", REFERENCE / "agencies.csv")
    run_apart(lambda: _write_a_letter_and_sign_in(terminal.environment))
    copy = tmp_path / "copy.backup"
    assert terminal.done("backup", copy).splitlines()[-2].startswith(f"Backed up to {copy}")
    assert terminal.refused("backup", copy)[-1] == f"{copy} is there already: choose another name."
    run_apart(lambda: _check_one_backup_is_noted(terminal.environment))
    terminal.done("person", "add", "late@x.example", "--name", "Late Comer")
    assert terminal.done("restore", copy).splitlines()[-2] == f"Restored from {copy}: 1 letter on hold, 1 sign-in ended."
    found: list[tuple[str, str]] = []
    run_apart(lambda: _look_at_letters(found, terminal.environment))
    assert found == [("held", "On hold since a backup was restored")]
    assert terminal.refused("sign-in-link", "late@x.example") == ["Nobody has the email address late@x.example."]
    assert (
        terminal.done("import", "agencies", REFERENCE / "agencies.csv").splitlines()[-1] == "agencies: nothing changed (20 as they were)."
    )


# PostgreSQL's own programs check their files.
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_what_is_no_backup_is_refused_before_anything_is_touched(terminal: Terminal, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite3"
    sqlite3.connect(other).execute("CREATE TABLE cats (name)").connection.close()
    damaged = tmp_path / "damaged.sqlite3"
    shutil.copyfile(tmp_path / "marstraining.sqlite3", damaged)
    damaged.write_bytes(damaged.read_bytes()[:30_000])
    terminal.done("import", "agencies", REFERENCE / "agencies.csv")
    assert terminal.refused("restore", other)[-1] == f"{other} is not a backup of this program."
    assert terminal.refused("restore", damaged)[-1].startswith(f"{damaged} is ")
    assert terminal.refused("restore", tmp_path / "none")[-1] == f"There is no file {tmp_path / 'none'}."
    assert (
        terminal.done("import", "agencies", REFERENCE / "agencies.csv").splitlines()[-1] == "agencies: nothing changed (20 as they were)."
    )


# ---- ask --------------------------------------------------------------------------------------------------------------


def test_ask_says_what_is_understood_as_json_and_stores_nothing(terminal: Terminal) -> None:
    for kind, name, _ in _KINDS:
        terminal.done("import", kind, REFERENCE / name)
    told = json.loads(terminal.done("ask", "7 minute briefing on CSE", "--now", "2026-03-09T10:00", "--json"))
    assert list(told) == ["safety", "intent", "slots", "answer_type", "replies", "buttons"]
    assert (told["safety"], told["intent"], told["answer_type"]) == ("none", "find_resource", "single_result")
    assert told["slots"] == {"topic": "cse", "type": ["briefing7"]}
    assert "Child sexual exploitation: learning from the Line of Sight event" in told["replies"][0]
    worried = json.loads(terminal.done("ask", "a child told me her dad hits her", "--json"))
    assert (worried["safety"], worried["intent"], worried["answer_type"]) == ("urgent", "safety_urgent", "safety_signpost")
    again = json.loads(terminal.done("ask", "7 minute briefing on CSE", "--now", "2026-03-09T10:00:00+00:00", "--json"))
    assert again == told


def test_ask_as_somebody_answers_as_to_them_and_refuses_an_address_that_nobody_has(terminal: Terminal) -> None:
    for kind, name, _ in _KINDS:
        terminal.done("import", kind, REFERENCE / name)
    terminal.done("person", "add", "asha@stlukes.example", "--name", "Asha Begum", "--agency", "STLUKES")
    assert "You have nothing booked." in terminal.done("ask", "what have I booked", "--as", "asha@stlukes.example")
    assert "I need to know who you are" in terminal.done("ask", "what have I booked")
    assert terminal.refused("ask", "help", "--as", "nobody@stlukes.example") == ["Nobody has the address nobody@stlukes.example."]
    assert terminal.run("ask", "help", "--now", "tomorrow").exit_code == 2
