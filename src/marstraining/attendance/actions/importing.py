"""Verbs of the register: bringing in what other systems recorded."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from marstraining.attendance import queries
from marstraining.attendance.rules import AttendedRow, Evidence, MarkWord, read_day, read_mark, read_minutes
from marstraining.core.db import execute_many, transaction
from marstraining.core.errors import Refused
from marstraining.core.imports import Fault, ImportOutcome, Row
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.people.actions import add_managed_learner
from marstraining.people.actions.bringing_in import Incoming, bring_in_people, check_incoming
from marstraining.people.rules import normal_address

T = TypeVar("T")

COLUMNS = ("email", "name", "agency", "course", "date", "mark", "minutes", "provenance")
_SOURCE = "attendance"
# So many rows are compared and written at a time.
_AT_ONCE = 2_000
_MOST_SOURCES = 20
# Whoever a file brings in is a practitioner of some agency until the agency says more.
_UNKNOWN_JOB_ROLE = "multi_agency"


@frozen
class _Placed:
    """A row whose course, agency and training day are known."""

    read: AttendedRow
    course_id: int
    agency_id: int | None
    held: queries.HeldDay | None

    @property
    def day_id(self) -> int | None:
        """The training day a mark is for: none where the session has only one, since the mark is then the session's."""
        return self.held.day_id if self.held and len(self.held.day_ids) > 1 else None


@dataclass
class _Work:
    """What a lot of rows comes to, collected so that each table is written in one go; new rows as their values."""

    marks: list[tuple[object, ...]] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    completions: list[tuple[object, ...]] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def _nobody_watches(_: int) -> None:
    """What is told of how far an import is, where nobody asked."""


async def import_attendance(
    rows: Sequence[Row], *, advance: Callable[[int], None] = _nobody_watches, by: Viewer, now: datetime
) -> ImportOutcome:
    """Write marks, and completions of what was attended, from rows with the columns of `COLUMNS`; no letters are sent.

    All or nothing: with faults nothing is written. A lot of rows is written at a time, and `advance` is told how many. Unknown people
    are created with a position at the agency named; a row without e-mail is a learner whom the agency manages. Attendance with no
    session on that day is kept as a completion learnt elsewhere. A row that says what is already marked changes nothing; one that
    says otherwise supersedes the mark.
    """
    faults: list[Fault] = []
    read = [one for one in (_read(row, faults) for row in rows) if one]
    placed = await _place(read, faults)
    _check_repeats(placed, faults)
    if not faults:
        await _check_people(placed, faults)
    if faults:
        return ImportOutcome(faults=tuple(sorted(faults)))
    counts: Counter[str] = Counter()
    try:
        async with transaction():
            for start in range(0, len(placed), _AT_ONCE):
                lot = placed[start : start + _AT_ONCE]
                counts += await _write_lot(lot, by=by, now=now)
                advance(len(lot))
            if counts["created"] or counts["changed"]:
                sources = sorted({one.read.provenance for one in placed if one.read.provenance})
                marks = {word: counts[word] for word in ("created", "changed", "unchanged") if counts[word]}
                detail = {"marks": marks, "people": counts["people"], "provenance": sources[:_MOST_SOURCES]}
                await record("import_attendance", by=by, now=now, subject_kind="attendance", subject_id=None, detail=detail)
    except _Faulty as faulty:
        return ImportOutcome(faults=faulty.faults)
    return ImportOutcome(counts["created"], counts["changed"], counts["unchanged"])


async def _write_lot(placed: Sequence[_Placed], *, by: Viewer, now: datetime) -> Counter[str]:
    people, entered = await _people(placed, by=by, now=now)
    work = await _compare([(one, people[_who(one)]) for one in placed], now=now)
    await _write(work, now=now)
    return work.counts + Counter(people=entered)


class _Faulty(Exception):  # noqa: N818 - leads out of the transaction, so that it is undone
    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__()
        self.faults = faults


def _read(row: Row, faults: list[Fault]) -> AttendedRow | None:
    """The row understood, or None with a fault for each cell that cannot be."""
    cells = row.cells
    before = len(faults)
    for column, sentence in (("name", "The name is missing"), ("course", "The course is missing")):
        if not cells.get(column):
            faults.append(Fault(row.number, column, sentence))
    if not cells.get("email") and not cells.get("agency"):
        faults.append(Fault(row.number, "agency", "A learner without an email address needs the agency that manages them"))
    address = _understood(normal_address, row, "email", faults) if cells.get("email") else None
    day = _understood(read_day, row, "date", faults)
    mark = _understood(read_mark, row, "mark", faults)
    minutes = _understood(read_minutes, row, "minutes", faults)
    if len(faults) > before or day is None or mark is None:
        return None
    return AttendedRow(
        row=row.number,
        address=address,
        name=cells["name"],
        agency=cells.get("agency", ""),
        course=cells["course"],
        day=day,
        mark=mark,
        minutes=minutes,
        provenance=cells.get("provenance", ""),
    )


def _understood(read: Callable[[str], T], row: Row, column: str, faults: list[Fault]) -> T | None:
    try:
        return read(row.cells.get(column, ""))
    except Refused as refusal:
        faults.append(Fault(row.number, column, refusal.message))
        return None


async def _place(read: Sequence[AttendedRow], faults: list[Fault]) -> list[_Placed]:
    """Find each row's course, agency and training day; what is not there becomes a fault."""
    courses = await queries.course_ids(one.course for one in read)
    agencies = await queries.agency_ids()
    held = await queries.held_days(courses.values(), (one.day for one in read))
    placed = []
    for one in read:
        course_id = courses.get(one.course)
        agency_id = agencies.get(one.agency.casefold()) if one.agency else None
        days = held.get((course_id, one.day), []) if course_id else []
        if course_id is None:
            faults.append(Fault(one.row, "course", f"There is no course with the code {one.course}"))
        if one.agency and agency_id is None:
            faults.append(Fault(one.row, "agency", f"There is no organisation {one.agency}: import the organisations first"))
        if len(days) > 1:
            faults.append(Fault(one.row, "date", f"{one.course} ran more than once on {one.day}, so the row could mean either"))
        if course_id and not days and one.mark != MarkWord.ATTENDED:
            faults.append(Fault(one.row, "date", f"{one.course} has no session on {one.day} to mark “{one.mark}” on"))
        if course_id:
            placed.append(_Placed(one, course_id, agency_id, days[0] if days else None))
    return placed


def _check_repeats(placed: Sequence[_Placed], faults: list[Fault]) -> None:
    """One person is marked once for a day in one file."""
    seen: dict[tuple[object, ...], int] = {}
    for one in placed:
        key = (*_who(one), one.course_id, one.read.day)
        if key in seen:
            faults.append(Fault(one.read.row, "email", f"This repeats row {seen[key]}: the same person, course and date"))
        seen.setdefault(key, one.read.row)


def _who(one: _Placed) -> tuple[int | None, str]:
    """What tells people apart: the address, or agency and name where there is none."""
    return (None, one.read.address) if one.read.address else (one.agency_id, one.read.name.casefold())


async def _check_people(placed: Sequence[_Placed], faults: list[Fault]) -> None:
    """Whoever is not known yet must be somebody: not a shared mailbox, and with a name."""
    known = await queries.person_ids(_addresses(placed))
    seen: set[str] = set()
    for one in placed:
        address = one.read.address
        if address and address not in known and address not in seen:
            seen.add(address)
            try:
                check_incoming(address, one.read.name)
            except Refused as refusal:
                faults.append(Fault(one.read.row, refusal.field or "", refusal.message))


async def _people(placed: Sequence[_Placed], *, by: Viewer, now: datetime) -> tuple[dict[tuple[int | None, str], int], int]:
    """The person of each row, made where there is none yet, and how many were made."""
    people: dict[tuple[int | None, str], int] = {}
    people |= {(None, address): person for address, person in (await queries.person_ids(_addresses(placed))).items()}
    people |= await queries.managed_learner_ids(one.agency_id for one in placed if not one.read.address and one.agency_id)
    new: dict[tuple[int | None, str], _Placed] = {}
    for one in placed:
        if _who(one) not in people:
            new.setdefault(_who(one), one)
    incoming = [
        Incoming(one.read.address, one.read.name, one.agency_id, _UNKNOWN_JOB_ROLE, one.read.day)
        for one in new.values()
        if one.read.address
    ]
    try:
        if incoming:
            people |= {(None, address): person for address, person in (await bring_in_people(incoming, by=by, now=now)).items()}
    except Refused as refusal:
        raise _Faulty((Fault(placed[0].read.row, refusal.field or "", refusal.message),)) from refusal
    for who, one in new.items():
        if one.read.address is None:
            try:
                added = await add_managed_learner(one.read.name, agency_id=one.agency_id or 0, job_role=_UNKNOWN_JOB_ROLE, by=by, now=now)
            except Refused as refusal:
                raise _Faulty((Fault(one.read.row, refusal.field or "", refusal.message),)) from refusal
            people[who] = added.id
    return people, len(new)


def _addresses(placed: Iterable[_Placed]) -> list[str]:
    return [one.read.address for one in placed if one.read.address]


async def _compare(placed: Sequence[tuple[_Placed, int]], *, now: datetime) -> _Work:
    """What has to be written, so that the tables say what the rows say."""
    people = [person for _, person in placed]
    marks = await queries.current_marks(people, (one.held.session_id for one, _ in placed if one.held))
    completions = await queries.completions(people, (one.course_id for one, _ in placed))
    work = _Work()
    for one, person_id in placed:
        if one.held is None:
            known = (person_id, one.course_id, one.read.day) in completions
            work.counts["unchanged" if known else "created"] += 1
        else:
            key = (one.held.session_id, one.day_id, person_id)
            known_mark = marks.get(key)
            if known_mark and (known_mark.mark, known_mark.minutes) == (one.read.mark.value, one.read.minutes):
                work.counts["unchanged"] += 1
                continue
            work.counts["changed" if known_mark else "created"] += 1
            if known_mark:
                work.superseded.append(known_mark.id)
            work.marks.append(_mark(one, person_id, now=now))
            marks[key] = queries.KnownMark(0, one.read.mark.value, one.read.minutes)
        _complete(work, one, person_id, marks, completions, now=now)
    return work


def _mark(one: _Placed, person_id: int, *, now: datetime) -> tuple[object, ...]:
    session_id = one.held.session_id if one.held else None
    mark = (one.read.mark.value, one.read.minutes, Evidence.IMPORTED.value)
    return (session_id, one.day_id, person_id, one.agency_id, *mark, now)


def _complete(
    work: _Work,
    one: _Placed,
    person_id: int,
    marks: Mapping[tuple[int, int | None, int], queries.KnownMark],
    completions: dict[tuple[int, int, date], int],
    *,
    now: datetime,
) -> None:
    """A course is completed by attending every training day of its session; a mark taken back takes that back."""
    key = (person_id, one.course_id, one.held.last_day if one.held else one.read.day)
    if one.held and len(one.held.day_ids) > 1:
        days = [marks.get((one.held.session_id, day_id, person_id)) for day_id in one.held.day_ids]
        is_complete = all(day and day.mark == MarkWord.ATTENDED for day in days)
    else:
        is_complete = one.read.mark == MarkWord.ATTENDED
    if is_complete and key not in completions:
        completions[key] = 0
        work.completions.append(
            (
                person_id,
                one.course_id,
                one.held.session_id if one.held else None,
                key[2],
                one.read.minutes,
                _SOURCE if one.held else Evidence.IMPORTED.value,
                now,
            )
        )
    elif not is_complete and completions.get(key):
        work.withdrawn.append(completions.pop(key))


async def _write(work: _Work, *, now: datetime) -> None:
    await execute_many("UPDATE attendance_mark SET superseded_at = ? WHERE id = ?", [(now, mark) for mark in work.superseded])
    await execute_many("DELETE FROM record_completion WHERE id = ?", [(completion,) for completion in work.withdrawn])
    await execute_many(
        'INSERT INTO attendance_mark (session_id, training_day_id, person_id, agency_id, mark, minutes, evidence, reason, arrived, "left",'
        " taken_as, at) VALUES (?, ?, ?, ?, ?, ?, ?, '', '', '', 'learner', ?)",
        work.marks,
    )
    await execute_many(
        "INSERT INTO record_completion (person_id, course_id, session_id, completed_on, minutes, source, recorded_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        work.completions,
    )
