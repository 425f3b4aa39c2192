"""Verbs of the register: bringing in what other systems recorded."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from marstraining.attendance import queries
from marstraining.attendance.models import Mark
from marstraining.attendance.rules import AttendedRow, Evidence, MarkWord, read_day, read_mark, read_minutes
from marstraining.core.db import transaction
from marstraining.core.errors import Refused
from marstraining.core.imports import Fault, ImportOutcome, Row
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.people.actions import add_managed_learner, find_or_create_person, start_position
from marstraining.people.rules import normal_address
from marstraining.record.models import Completion

T = TypeVar("T")

COLUMNS = ("email", "name", "agency", "course", "date", "mark", "minutes", "provenance")
_SOURCE = "attendance"
# Whoever a file brings in is a practitioner of some agency until the agency says more.
_UNKNOWN_JOB_ROLE = "multi_agency"


@dataclass(frozen=True, slots=True)
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
    """What is to be written, collected so that each table is written in one statement."""

    marks: list[Mark] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


async def import_attendance(rows: Sequence[Row], *, by: Viewer, now: datetime) -> ImportOutcome:
    """Write marks, and completions of what was attended, from rows with the columns of `COLUMNS`; no letters are sent.

    All or nothing: with faults nothing is written. Unknown people are created with a position at the agency named; a row
    without e-mail is a learner whom the agency manages. Attendance with no session on that day is kept as a completion
    learnt elsewhere. A row that says what is already marked changes nothing; one that says otherwise supersedes the mark.
    """
    faults: list[Fault] = []
    read = [one for one in (_read(row, faults) for row in rows) if one]
    placed = await _place(read, faults)
    _check_repeats(placed, faults)
    if faults:
        return ImportOutcome(faults=tuple(sorted(faults)))
    try:
        async with transaction():
            people, created = await _people(placed, by=by, now=now)
            work = await _compare([(one, people[_who(one)]) for one in placed], now=now)
            await _write(work, now=now)
            if work.counts["created"] or work.counts["changed"]:
                sources = sorted({one.read.provenance for one in placed if one.read.provenance})
                detail = {"marks": dict(work.counts), "people": created, "provenance": sources}
                await record("import_attendance", by=by, now=now, subject_kind="attendance", subject_id=None, detail=detail)
    except _Faulty as faulty:
        return ImportOutcome(faults=faulty.faults)
    return ImportOutcome(work.counts["created"], work.counts["changed"], work.counts["unchanged"])


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


async def _people(placed: Sequence[_Placed], *, by: Viewer, now: datetime) -> tuple[dict[tuple[int | None, str], int], int]:
    """The person of each row, made where there is none yet, and how many were made."""
    people: dict[tuple[int | None, str], int] = {}
    people |= {(None, address): person for address, person in (await queries.person_ids(_addresses(placed))).items()}
    people |= await queries.managed_learner_ids(one.agency_id for one in placed if not one.read.address and one.agency_id)
    created = 0
    faults: list[Fault] = []
    for one in placed:
        if _who(one) in people:
            continue
        try:
            people[_who(one)] = await _add_person(one, by=by, now=now)
            created += 1
        except Refused as refusal:
            faults.append(Fault(one.read.row, refusal.field or "", refusal.message))
    if faults:
        raise _Faulty(tuple(faults))
    return people, created


async def _add_person(one: _Placed, *, by: Viewer, now: datetime) -> int:
    """Somebody nobody knew; Refused for a shared mailbox or an agency without a contact for its managed learners."""
    if one.read.address is None:
        added = await add_managed_learner(one.read.name, agency_id=one.agency_id or 0, job_role=_UNKNOWN_JOB_ROLE, by=by, now=now)
        return added.id
    added = await find_or_create_person(one.read.address, one.read.name, now=now, by=by)
    if one.agency_id:
        await start_position(added.id, one.agency_id, _UNKNOWN_JOB_ROLE, by=by, now=now, starts_on=one.read.day)
    return added.id


def _addresses(placed: Iterable[_Placed]) -> list[str]:
    return [one.read.address for one in placed if one.read.address]


async def _compare(placed: Sequence[tuple[_Placed, int]], *, now: datetime) -> _Work:
    """What has to be written, so that the tables say what the rows say."""
    marks = await queries.current_marks(person for _, person in placed)
    completions = await queries.completions(person for _, person in placed)
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


def _mark(one: _Placed, person_id: int, *, now: datetime) -> Mark:
    return Mark(
        session_id=one.held.session_id if one.held else None,
        training_day_id=one.day_id,
        person_id=person_id,
        agency_id=one.agency_id,
        mark=one.read.mark.value,
        minutes=one.read.minutes,
        evidence=Evidence.IMPORTED.value,
        at=now,
    )


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
            Completion(
                person_id=person_id,
                course_id=one.course_id,
                session_id=one.held.session_id if one.held else None,
                completed_on=key[2],
                minutes=one.read.minutes,
                source=_SOURCE if one.held else Evidence.IMPORTED.value,
                recorded_at=now,
            )
        )
    elif not is_complete and completions.get(key):
        work.withdrawn.append(completions.pop(key))


async def _write(work: _Work, *, now: datetime) -> None:
    if work.superseded:
        await Mark.filter(id__in=work.superseded).update(superseded_at=now)
    if work.withdrawn:
        await Completion.filter(id__in=work.withdrawn).delete()
    if work.marks:
        await Mark.bulk_create(work.marks)
    if work.completions:
        await Completion.bulk_create(work.completions)
