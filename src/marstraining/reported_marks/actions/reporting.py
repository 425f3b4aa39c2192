"""Meeting reports of a session: kept as read, every entry settled by somebody, and only then written as marks."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from marstraining.attendance.actions.marking import Marked, mark_register, open_register
from marstraining.attendance.models import Register
from marstraining.attendance.rules import Became, MarkWord, NewMark
from marstraining.core.db import execute, execute_many, hold, rows, transaction
from marstraining.core.errors import Refused
from marstraining.core.tokens import new_ref
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.meeting_reports.kept import Times, joined, key_of, seconds_on, times_of
from marstraining.meeting_reports.matching import Match, match_people
from marstraining.meeting_reports.model import PARSER_VERSION, Booked, FileRead, Report
from marstraining.reported_marks import queries
from marstraining.reported_marks.queries import ReportEntry, ReportSession

_INSERT_FILE = (
    "INSERT INTO attendance_report (ref, session_id, file_hash, file_name, variant, parser_version, rows_read, people_read, notes, at,"
    " by_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_ENTRY = (
    'INSERT INTO attendance_reported_person (ref, session_id, "key", name, email, minutes, intervals, matched_by, became, person_id,'
    " confirmed_by, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 1)"
)
_UPDATE_ENTRY = "UPDATE attendance_reported_person SET minutes = ?, intervals = ?, revision = revision + 1 WHERE id = ?"
_MATCH_ENTRY = "UPDATE attendance_reported_person SET matched_by = ?, became = ?, person_id = ? WHERE id = ?"
# Stands behind the key of an entry that is there once more, for the next person in the same room.
_NEXT = "\t"


@frozen
class _Read:
    """One of a report's people as they are kept, and whom they were found to be."""

    key: str
    name: str
    email: str
    times: Times
    minutes: float
    match: Match


@frozen
class ReadReport:
    """What was read of some files, ready to be kept: their names, how many people each has, and the people."""

    report: Report
    names: tuple[str, ...]
    people_in: Mapping[int, int]
    people: tuple[_Read, ...]


def made_ready(session: ReportSession, report: Report, names: Sequence[str], booked: Sequence[Booked]) -> ReadReport:
    """Compare a report's people with those of the session. Of twenty thousand people it takes a second: call it in a thread."""
    people_in = Counter(file for person in report.people for file in {file for file, _ in person.rows})
    people = []
    for person, match in zip(report.people, match_people(report.people, booked), strict=True):
        times = times_of(person, report.days)
        key = key_of(person, report.files[person.rows[0][0]].sha256)
        people.append(_Read(key, person.name[:200], (person.email or "")[:254], times, _minutes(session, times), match))
    return ReadReport(report, tuple(names), people_in, tuple(people))


async def keep_reports(session: ReportSession, read: ReadReport, *, by: Viewer, now: datetime) -> int:
    """Keep what was read of new files until its marks are written; returns how many files were new.

    Times of the same person in files kept before are joined with it. Who was found by address or whole name is settled by that;
    everybody else stays for a person to settle. Neither file, participant ids, telephone numbers nor counts of reactions are kept.
    Refused where a part of the files was read meanwhile.
    """
    register = await open_register(session.id, now=now)
    async with transaction():
        await hold(Register, register.id)
        known = await queries.known_hashes(session.id)
        new = [number for number, file in enumerate(read.report.files) if file.sha256 not in known and not file.is_repeat]
        if not new:
            return 0
        if any(file.sha256 in known for file in read.report.files):
            raise Refused("One of these reports was read a moment ago. Look at what was read, then send the others.", code="changed")
        await execute_many(_INSERT_FILE, [_file(session, read, number, by=by, now=now) for number in new])
        await _keep_people(session, read)
        detail = {"files": len(new), "people": len(read.people)}
        await record("report.read", by=by, now=now, subject_kind="session", subject_id=session.id, detail=detail)
    return len(new)


def _file(session: ReportSession, read: ReadReport, number: int, *, by: Viewer, now: datetime) -> tuple[object, ...]:
    file: FileRead = read.report.files[number]
    notes = json.dumps([{"row": note.row, "text": note.text} for note in file.notes])
    return (
        new_ref(), session.id, file.sha256, read.names[number][:200], file.variant.value, str(PARSER_VERSION), file.records,
        read.people_in.get(number, 0), notes, now, by.person_id,
    )  # fmt: skip


async def _keep_people(session: ReportSession, read: ReadReport) -> None:
    people = {one.id: one for one in await queries.on_session(session.id)}
    before: dict[str, list[ReportEntry]] = {}
    for entry in await queries.report_entries(session.id, ()):
        before.setdefault(entry.key.partition(_NEXT)[0], []).append(entry)
    added, changed, matched = [], [], []
    for one in read.people:
        is_found = one.match.by is not None and one.match.booked_id in people
        became = Became.UNMATCHED if not is_found else Became.TRAINER if people[one.match.booked_id or 0].is_trainer else Became.MATCHED
        found = (one.match.by.value if is_found and one.match.by else "", became.value, one.match.booked_id if is_found else None)
        for entry in before.get(one.key, ()):
            times = joined(entry.times, one.times)
            changed.append((_minutes(session, times), json.dumps(times), entry.id))
            if entry.is_open and is_found:
                matched.append((*found, entry.id))
        if one.key not in before:
            added.append((new_ref(), session.id, one.key, one.name, one.email, one.minutes, json.dumps(one.times), *found))
    await execute_many(_UPDATE_ENTRY, changed)
    await execute_many(_MATCH_ENTRY, matched)
    await execute_many(_INSERT_ENTRY, added)


def _minutes(session: ReportSession, times: Times) -> float:
    return round(sum(seconds_on(day.taught, [times]) for day in session.days) / 60, 1)


@frozen
class Written:
    """What came of writing: marks written and left as they were, and entries that nobody has settled."""

    marks: Marked
    in_tray: int


async def write_reported_marks(
    session: ReportSession,
    *,
    stamp: str,
    marks_absent: bool = False,
    replaces: bool = False,
    why: str = "",
    by: Viewer,
    now: datetime,
) -> Written:
    """Write the marks that the reports propose, in one transaction; who was there too short is left for a person to mark.

    Marks that a person made stand, unless `replaces`. With `marks_absent` those booked who are in no report are marked as not having
    attended, once every entry is settled. Refused where something changed since the preview with that `stamp` was shown, and on
    a locked register as marking is.
    """
    register = await open_register(session.id, now=now)
    async with transaction():
        await hold(Register, register.id)
        preview = await queries.preview(session)
        if preview.stamp != stamp:
            raise Refused("Something here changed since you looked. Check the marks again, then write them.", code="changed")
        if not preview.files:
            raise Refused("No report was read yet.", code="no_report")
        if marks_absent and preview.tray:
            raise Refused("Say first who the people in the report are that nobody was found for.", code="tray", field="absent")
        marks = []
        for one in preview.marks:
            word = one.word
            if word and (one.does == "write" or (replaces and one.does == "kept")):
                marks.append(NewMark(one.person_id, one.day_id, word, preview.evidence, minutes=one.minutes, taken_as=one.taken_as))
            elif marks_absent and one.does == "absent":
                marks.append(NewMark(one.person_id, one.day_id, MarkWord.ABSENT, preview.evidence, taken_as=one.taken_as))
        marked = await mark_register(session.id, marks, why=why, by=by, now=now)
        await execute(
            "UPDATE attendance_reported_person SET settled_at = ?, settled_by_id = ? WHERE session_id = ? AND settled_at IS NULL"
            " AND became <> 'unmatched'",
            now,
            by.person_id,
            session.id,
        )
        detail = {"written": marked.written, "in_tray": len(preview.tray), "files": len(preview.files)}
        await record("report.written", by=by, now=now, subject_kind="session", subject_id=session.id, detail=detail)
    return Written(marked, len(preview.tray))


async def forget_reports(session_id: int, *, by: Viewer, now: datetime) -> int:
    """Forget everything read of a session's reports; marks written from them stand. Returns how many files there were."""
    async with transaction():
        await execute("DELETE FROM attendance_reported_person WHERE session_id = ?", session_id)
        gone = await rows("DELETE FROM attendance_report WHERE session_id = ? RETURNING id", session_id)
        if gone:
            await record("report.forgotten", by=by, now=now, subject_kind="session", subject_id=session_id, detail={"files": len(gone)})
    return len(gone)
