"""What was read of a session's meeting reports: its files, the people in them, and what they propose for the register."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from marstraining.attendance.queries.registers import register_of, standing_marks
from marstraining.attendance.rules import Became, Evidence, Thresholds
from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.viewer import Viewer
from marstraining.meeting_reports.kept import as_attendee
from marstraining.meeting_reports.matching import match_people
from marstraining.meeting_reports.model import Variant
from marstraining.programme.queries.scope import run_by
from marstraining.reported_marks.queries.proposals import (
    OnSession,
    Preview,
    ReportDay,
    ReportEntry,
    ReportFile,
    ReportSession,
    proposed_marks,
)
from marstraining.reported_marks.queries.reported import booked_person, taught

# Nobody settles more in one sitting, and comparing names takes a while.
_MOST_COMPARED = 50


async def report_session(ref: str, *, viewer: Viewer, teaches: bool) -> ReportSession:
    """The session if `viewer` runs it or, with `teaches`, has accepted to train it; else NotFound, as where it is not published."""
    scope = run_by(viewer)
    condition, values = (scope.sql, scope.params)
    if teaches:
        condition = (
            "EXISTS (SELECT 1 FROM programme_trainer t WHERE t.session_id = s.id AND t.person_id = ? AND t.state = 'accepted'"
            " AND NOT t.is_contributor)"
        )
        values = (viewer.person_id,)
    found = await rows(
        "SELECT s.id, s.ref, CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, s.state, s.delivery, s.starts_at, s.ends_at,"
        " c.attended_share, c.partial_share, c.break_minutes, d.id AS day_id, d.day, d.starts_at AS day_starts_at, d.ends_at AS day_ends_at"
        " FROM programme_session s JOIN programme_course c ON c.id = s.course_id"
        " JOIN programme_day d ON d.session_id = s.id AND d.is_cancelled = ?"
        f" WHERE s.ref = ? AND s.state = 'published' AND ({condition}) ORDER BY d.starts_at, d.id",
        False,
        ref,
        *values,
        instants=("starts_at", "ends_at", "day_starts_at", "day_ends_at"),
        dates=("day",),
    )
    if not found:
        raise NotFound
    first = found[0]
    register = await register_of(first["id"])
    return ReportSession(
        **{name: first[name] for name in ("id", "ref", "title", "state", "delivery", "starts_at", "ends_at")},
        days=tuple(
            ReportDay(row["day_id"], row["day"], taught(row["day_starts_at"], row["day_ends_at"], row["break_minutes"])) for row in found
        ),
        thresholds=thresholds_of(first["attended_share"], first["partial_share"]),
        is_locked=register is not None and register.is_locked,
    )


def thresholds_of(attended: float | None, partial: float | None) -> Thresholds:
    """A course's own shares, or the usual ones where it says none."""
    usual = Thresholds()
    whole = attended if attended is not None else usual.attended
    return Thresholds(attended=whole, partial=min(partial if partial is not None else usual.partial, whole))


async def known_hashes(session_id: int) -> dict[str, str]:
    """The files that were read for a session already: their names by their SHA-256."""
    found = await rows("SELECT file_hash, file_name FROM attendance_report WHERE session_id = ?", session_id)
    return {row["file_hash"]: row["file_name"] for row in found}


async def on_session(session_id: int) -> list[OnSession]:
    """Who has a confirmed place, and who trains, by name."""
    found = await rows(
        "SELECT p.id, p.name, p.email, p.second_email, coalesce(a.name, '') AS agency, 0 AS is_trainer FROM bookings_booking b"
        " JOIN people_person p ON p.id = b.learner_id LEFT JOIN people_agency a ON a.id = b.agency_id"
        " WHERE b.session_id = ? AND b.state = 'confirmed'"
        " UNION ALL SELECT p.id, p.name, p.email, p.second_email, '', 1 FROM programme_trainer t JOIN people_person p ON p.id = t.person_id"
        " WHERE t.session_id = ? AND t.state = 'accepted' ORDER BY 2, 1",
        session_id,
        session_id,
    )
    return [OnSession(row["id"], row["name"], row["agency"], bool(row["is_trainer"]), booked_person(row)) for row in found]


async def report_entries(session_id: int, people: Sequence[OnSession], *, only: str = "") -> list[ReportEntry]:
    """The people of a session's reports in the order in which they were read, or `only` the one of that reference.

    Names near to theirs are looked for among `people`, for the first fifty whom nobody was found for.
    """
    found = await rows(
        'SELECT e.id, e.ref, e."key", e.name, e.email, e.minutes, e.intervals, e.became, e.matched_by, e.person_id, e.confirmed_by,'
        " e.settled_at, e.revision, coalesce(p.name, '') AS person FROM attendance_reported_person e"
        f" LEFT JOIN people_person p ON p.id = e.person_id WHERE e.session_id = ?{' AND e.ref = ?' if only else ''} ORDER BY e.id",
        session_id,
        *([only] if only else []),
    )
    entries = [_entry(row) for row in found]
    names = {one.id: one.name for one in people}
    open_ones = [entry for entry in entries if entry.is_open][:_MOST_COMPARED]
    matches = match_people([as_attendee(entry.name, entry.email) for entry in open_ones], [one.addresses for one in people])
    near = {
        entry.id: tuple((one, names[one]) for one in dict.fromkeys([*([match.booked_id] if match.booked_id else []), *match.suggested_ids]))
        for entry, match in zip(open_ones, matches, strict=True)
    }
    return [replace(entry, suggested=near.get(entry.id, ())) for entry in entries]


async def preview(session: ReportSession) -> Preview:
    """What was read of the session's reports and what it comes to, as it stands now."""
    files = await report_files(session.id)
    people = await on_session(session.id)
    entries = await report_entries(session.id, people)
    standing = await standing_marks(session.id)
    return Preview(tuple(files), tuple(entries), tuple(proposed_marks(session, people, entries, standing)), _evidence(files))


def _evidence(files: Sequence[ReportFile]) -> Evidence:
    """What marks stand on that all files of a session propose together."""
    variants = {file.variant for file in files}
    if variants == {Variant.OWN}:
        return Evidence.LIST
    return Evidence.ZOOM if variants and all(variant.startswith("Z") for variant in variants - {Variant.OWN}) else Evidence.TEAMS


async def report_files(session_id: int) -> list[ReportFile]:
    """The files read for a session, the first first."""
    found = await rows(
        "SELECT id, file_hash, file_name, variant, rows_read, people_read, notes, at FROM attendance_report WHERE session_id = ?"
        " ORDER BY id",
        session_id,
        instants=("at",),
    )
    return [ReportFile(**{**row, "notes": tuple(json.loads(row["notes"]))}) for row in found]


def _entry(row: Mapping[str, Any]) -> ReportEntry:
    return ReportEntry(
        id=row["id"],
        ref=row["ref"],
        key=row["key"],
        name=row["name"],
        email=row["email"],
        minutes=row["minutes"],
        intervals=row["intervals"],
        became=Became(row["became"]),
        matched_by=row["matched_by"],
        person_id=row["person_id"],
        person=row["person"],
        confirmed_by=row["confirmed_by"],
        is_settled=row["settled_at"] is not None,
        revision=row["revision"],
    )
