"""Reading in a process apart: the same answer, limits on size, memory and time, nothing left behind, any bytes at all."""

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marstraining.core.errors import Refused
from marstraining.meeting_reports import apart
from marstraining.meeting_reports.apart import read_apart
from marstraining.meeting_reports.model import LONGEST_SECONDS, Fault, NamedFile, TaughtDay
from marstraining.meeting_reports.reading import read_report, read_reports
from marstraining.meeting_reports.wire import report_from_json, report_to_json
from tests.meeting_reports.make_files import FILES, every_file
from tests.meeting_reports.readings import DAY, content
from tests.meeting_reports.test_report_files import AGAIN, CASES, Case

pytestmark = pytest.mark.whole

MADE = every_file()


def zoom_rows(number: int) -> bytes:
    head = "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest\n"
    row = "AP{0} (Asha Patel{0}),a{0}@example.org,11/14/2022 09:{1:02}:15 AM,11/14/2022 12:{1:02}:15 PM,180,Yes\n"
    return (head + "".join(row.format(n, n % 60) for n in range(number))).encode()


def teams_rows(number: int) -> bytes:
    text = MADE["t2_en_gb_utf16be.csv"].decode("utf-16")
    row = "Patel{0}, Asha (External)\t14/11/22, 09:{1:02}:52\t14/11/22, 12:{1:02}:12\t2h 59m 20s\ta{0}@example.org\tx\tPresenter\r\n"
    rows = "".join(row.format(n, n % 60) for n in range(number))
    return text.replace("Patel, Asha", rows + "Patel, Asha", 1).encode("utf-8")


def rows_of_their_own(number: int) -> bytes:
    """Nobody comes or goes at the same second as many others, and names are of letters, as in life."""
    head = "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest\n"
    row = "{name} Patel ({name} O'Neill),a{0}@example.org,11/14/2022 09:{1:02}:{2:02} AM,11/14/2022 12:{2:02}:{1:02} PM,{3},Yes\n"
    rows = (row.format(n, n % 59, n % 53, 180 + n % 53 - n % 59, name=f"Ash{_letters(n)}") for n in range(number))
    return (head + "".join(rows)).encode()


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + digit) for digit in (number % 26, number // 26 % 26, number // 676))


# ---- the same answer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_what_the_process_hands_over_is_the_report(case: Case) -> None:
    report = read_report(case.file, content(case.file), [case.day])
    assert report_from_json(json.loads(json.dumps(report_to_json(report)))) == report


async def test_the_process_apart_says_what_reading_says() -> None:
    files = [NamedFile(name, content(name)) for name in ("t2_first_of_two.csv", "t2_second_of_two.csv", "t2_first_of_two.csv")]
    assert await read_apart(files, [DAY]) == read_reports(files, [DAY])


async def test_the_process_apart_refuses_as_reading_does() -> None:
    with pytest.raises(Refused) as refused:
        await read_apart([NamedFile("/home/dee/Ma\u0000rs\ttrain.csv", content("fatal_picture.csv"))])
    assert (refused.value.code, refused.value.message.partition(",")[0]) == (Fault.NOT_A_REPORT, "“Marstrain.csv” is a PNG picture")


def test_what_the_process_loads_is_light() -> None:
    heavy = ("tortoise", "starlette", "jinja2", "rapidfuzz", "click", "asyncpg")
    loaded = f"import sys, marstraining.meeting_reports.child; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert done.stdout == "[]\n"


def test_the_application_holds_nothing_that_only_reports_and_workbooks_need() -> None:
    loaded = "import sys, marstraining.app; print([name for name in ('rapidfuzz', 'openpyxl', 'typst', 'rich') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert done.stdout == "[]\n"


# ---- limits ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [zoom_rows(20_000), teams_rows(19_990), rows_of_their_own(20_000)], ids=["zoom", "teams", "own"])
async def test_twenty_thousand_rows_are_previewed_within_two_seconds(data: bytes) -> None:
    tries: list[float] = []
    # Three tries, since a machine that does much else slows a process that needs memory more than it slows a bare loop.
    while not tries or (len(tries) < 3 and min(tries) >= 6):
        tries.append(await _times_of_a_bare_loop(data))
    assert min(tries) < 6


async def _times_of_a_bare_loop(data: bytes) -> float:
    """Seconds of the processor for a preview, as a multiple of a loop that takes a third of one on an idle machine."""
    before = _processor(resource.RUSAGE_SELF)
    sum(number * number for number in range(5_000_000))
    bare = _processor(resource.RUSAGE_SELF) - before
    before = _processor(resource.RUSAGE_CHILDREN) + _processor(resource.RUSAGE_SELF)
    report = await read_apart([NamedFile("big.csv", data)], [DAY])
    spent = _processor(resource.RUSAGE_CHILDREN) + _processor(resource.RUSAGE_SELF) - before
    assert len(report.people) > 19_900
    return spent / bare


def _processor(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"x" * 5_000_001, "“big.csv” is larger than 5 MB. Send the report of one session, as it was downloaded."),
        (zoom_rows(20_001), "The report has more than 20,000 rows. Send the report of one session, as it was downloaded."),
        (zoom_rows(30_000), "The report has more than 20,000 rows. Send the report of one session, as it was downloaded."),
        (
            zoom_rows(1) + b"," * 64 + b"x\n",
            f"Row 3 has more than 64 columns. {AGAIN}",
        ),
    ],
    ids=["bytes", "one row", "many rows", "columns"],
)
async def test_too_much_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        await read_apart([NamedFile("big.csv", data)])
    assert (refused.value.code, refused.value.message) == (Fault.TOO_LARGE, sentence)


async def test_too_many_files_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        await read_apart([NamedFile("a.csv", b"a")] * 21)
    assert (refused.value.code, refused.value.message) == (
        Fault.TOO_LARGE,
        "A session has at most 20 reports. Send only those of this session.",
    )


TOO_HARD = "The report takes too long to read. Send the report of one session, downloaded again and not opened in between."


async def test_a_process_that_is_not_done_in_time_is_killed() -> None:
    began = time.monotonic()
    with pytest.raises(Refused) as refused:
        await read_apart([NamedFile("big.csv", zoom_rows(20_000))], deadline=0.05)
    assert (refused.value.code, refused.value.message) == (Fault.TOO_LARGE, TOO_HARD)
    assert time.monotonic() - began < 5
    assert _children() == []


async def test_a_task_that_is_cancelled_leaves_no_process() -> None:
    task = asyncio.create_task(read_apart([NamedFile("big.csv", zoom_rows(20_000))]))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _children() == []


def _children() -> list[str]:
    """The readers that this process started and that still run."""
    mine = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == str(os.getpid()) and b"reports.child" in command:
            mine.append(folder.name)
    return mine


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Puts another program in the place of the reader: what stands behind its imports and its own way to tell of faults."""

    def put(rest: str) -> Path:
        program = tmp_path / "instead.py"
        imports = "import os, sys\nfrom marstraining.meeting_reports import apart\n"
        program.write_text(f"{imports}from marstraining.meeting_reports import child\n{rest}\n")
        monkeypatch.setattr(apart, "_CHILD", "instead")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
        return program

    return put


@pytest.mark.parametrize("lower", ["MEMORY_BYTES = 40_000_000", "CPU_SECONDS = 0"])
async def test_a_process_that_needs_more_than_is_allowed_ends_and_the_file_is_refused(child: Callable[[str], Path], lower: str) -> None:
    # The reader takes its limits as they are when it is loaded: this one loads it with lower ones.
    program = child(f"child.{lower}\nchild.main()")
    with pytest.raises(Refused) as refused:
        await read_apart([NamedFile("big.csv", zoom_rows(20_000))])
    assert (refused.value.code, refused.value.message) == (Fault.TOO_LARGE, TOO_HARD), program


async def test_a_process_apart_cannot_write_a_file(child: Callable[[str], Path], tmp_path: Path) -> None:
    file = tmp_path / "kept.txt"
    program = child(f"sys.excepthook = child._tell_place\nchild._limit()\nopen({str(file)!r}, 'w', buffering=1).write('Asha Patel\\n')")
    with pytest.raises(RuntimeError) as error:
        await read_apart([NamedFile("a.csv", content("z1_joins.csv"))])
    assert str(error.value) == f"the reader of reports failed: OSError at {program}:6"
    assert file.read_bytes() == b""


async def test_a_process_apart_knows_no_secret_and_tells_of_our_own_faults_without_what_was_in_the_file(
    child: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARS_SECRET_KEY", "kept")
    program = child("sys.excepthook = child._tell_place\nif 'MARS_SECRET_KEY' not in os.environ: raise ValueError('Asha Patel')")
    with pytest.raises(RuntimeError) as error:
        await read_apart([NamedFile("a.csv", content("z1_joins.csv"))])
    assert str(error.value) == f"the reader of reports failed: ValueError at {program}:5"


# ---- any bytes at all ------------------------------------------------------------------------------------------------------

FAULTS = set(Fault)


def outcome(data: bytes, days: tuple[TaughtDay, ...] = ()) -> str:
    """The word read, or the fault; anything else is a failure of the reader."""
    try:
        report = read_report("any.csv", data, days)
    except Refused as refused:
        return refused.code
    longest = 180 * 60 if report.days else 50 * LONGEST_SECONDS
    assert all(0 <= person.seconds <= longest + 0.001 for person in report.people)
    assert report_from_json(json.loads(json.dumps(report_to_json(report)))) == report
    return "read"


@given(st.binary(max_size=4000))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused_by_name(data: bytes) -> None:
    assert outcome(data) in FAULTS


@given(st.sampled_from(sorted(MADE)), st.data(), st.sampled_from([(), (DAY,)]))
def test_any_damage_to_a_report_is_read_or_refused_by_name(name: str, data: st.DataObject, days: tuple[TaughtDay, ...]) -> None:
    whole = MADE[name]
    first = data.draw(st.integers(0, len(whole)))
    last = data.draw(st.integers(first, min(len(whole), first + 60)))
    put = data.draw(
        st.binary(max_size=20) | st.sampled_from([b'"', b"\t", b"\n", b"\0", b",", b"\r\n\r\n", "\u0661".encode(), b"99999h", b"24:60"])
    )
    assert outcome(whole[:first] + put + whole[last:], days) in FAULTS | {"read"}


CELLS = st.text(max_size=12) | st.sampled_from(
    ["14/11/22, 09:30:00", "05/06/26 10:00", "9:30", "1h", "45m", "--", "Yes", "No", "a@b.example", "Joined"]
)


@given(st.lists(st.lists(CELLS, max_size=9), max_size=12), st.sampled_from(["\t", ",", ";"]), st.sampled_from([(), (DAY,)]))
@settings(deadline=None)
def test_any_cells_under_the_headings_of_a_report_are_read_or_refused_by_name(
    rows: list[list[str]], mark: str, days: tuple[TaughtDay, ...]
) -> None:
    headings = ["Name", "First join", "Last leave", "In-meeting duration", "Email", "Join time", "Attended"]
    text = "\n".join(mark.join(row) for row in [headings, *rows])
    assert outcome(text.encode("utf-8", "replace"), days) in FAULTS | {"read"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("2026-06-05T08:29:07Z"),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["attendanceRecords", "value", "attendanceIntervals", "identity", "displayName", "emailAddress", "joinDateTime",
                         "leaveDateTime", "durationInSeconds", "totalAttendanceInSeconds", "totalParticipantCount",
                         "meetingStartDateTime"]),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
@settings(deadline=None)
def test_any_json_is_read_or_refused_by_name(value: object) -> None:
    assert outcome(json.dumps(value).encode()) in FAULTS | {"read"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "“any.csv” is empty."),
        (b"\xff\xfe", "“any.csv” is empty."),
        (b"PK\x03\x04\x14\x00", "“any.csv” is an Excel workbook or another zipped file, not an attendance report."),
        (b"\xd0\xcf\x11\xe0\xa1", "“any.csv” is an old Excel or Word file, not an attendance report."),
        (b"\xff\xd8\xff\xe0", "“any.csv” is a JPEG picture, not an attendance report."),
        (b"%PDF-1.7", "“any.csv” is a PDF, not an attendance report."),
        (b"\0\0\0\x20ftypheic", "“any.csv” is a photograph or a recording, not an attendance report."),
        (b"\r\n<!DOCTYPE html>", "“any.csv” is a web page, perhaps the page that asks to sign in, not an attendance report."),
        (b"{\\rtf1", "“any.csv” is a text document, not an attendance report."),
        (b"[" * 100_000, "This is not an attendance report of Teams or Zoom: none of its rows has the headings of one."),
        (b"PKW,shopping\neggs,2\n", "This is not an attendance report of Teams or Zoom: none of its rows has the headings of one."),
        (b"email,name\na@x.example,Asha\n", "This is not an attendance report of Teams or Zoom: none of its rows has the headings of one."),
    ],
)
def test_what_is_no_report_is_said_to_be_what_it_is(data: bytes, said: str) -> None:
    with pytest.raises(Refused) as refused:
        read_report("any.csv", data)
    assert (refused.value.code, refused.value.message.partition(". ")[0] + ".") == (Fault.NOT_A_REPORT, said)


def test_every_file_is_there() -> None:
    assert sorted(path.name for path in FILES.iterdir() if path.suffix != ".md") == sorted(MADE)
