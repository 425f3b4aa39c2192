"""Files of courses and sessions, and who may have which; what trainers wrote after a session."""

from datetime import datetime

from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.programme.queries import run_by
from marstraining.uploads.rules import FileState

_COLUMNS = (
    "f.id, f.ref, f.kind, f.title, f.version, f.file_name, f.stored_as, f.content_type, f.size, f.at,"
    " CASE WHEN f.session_id IS NULL THEN 1 ELSE 0 END AS is_of_course, c.title AS course, u.state AS scan_state,"
    " d.starts_at AS session_at"
)
# Sessions that a file is of: one, or all of its course. Joins: attendance_file f.
_ITS = "(s.id = f.session_id OR f.session_id IS NULL AND s.course_id = f.course_id)"
_AS_TRAINER = (
    f"EXISTS (SELECT 1 FROM programme_trainer t JOIN programme_session s ON s.id = t.session_id WHERE {_ITS} AND t.person_id = ?"
    " AND t.state = 'accepted' AND (NOT t.is_contributor OR f.kind = 'running_order'))"
)
_AS_BOOKED = (
    "f.kind = 'pre_reading' AND EXISTS (SELECT 1 FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id"
    f" WHERE {_ITS} AND b.learner_id = ? AND b.state = 'confirmed' AND s.state <> 'called_off')"
)
_AS_ATTENDED = (
    "f.kind = 'handout' AND EXISTS (SELECT 1 FROM attendance_mark m JOIN programme_session s ON s.id = m.session_id"
    f" WHERE {_ITS} AND m.person_id = ? AND m.superseded_at IS NULL AND m.mark IN ('attended', 'partial'))"
)
_LEARNERS = f"({_AS_BOOKED} OR {_AS_ATTENDED})"


@frozen
class HandedFile:
    """A file that stands, with its course and, where it is of one session, when that begins.

    `scan_state` is what the virus scanner said, None where nothing is noted.
    """

    id: int
    ref: str
    kind: str
    title: str
    version: int
    file_name: str
    stored_as: str
    content_type: str
    size: int
    at: datetime
    is_of_course: bool
    course: str
    scan_state: FileState | None
    session_at: datetime | None


async def files_of(session_id: int) -> list[HandedFile]:
    """The files that stand of a session and of its course."""
    return await _files(f"f.replaced_at IS NULL AND EXISTS (SELECT 1 FROM programme_session s WHERE s.id = ? AND {_ITS})", session_id)


async def own_files(person_id: int) -> list[HandedFile]:
    """The pre-reading of what somebody is booked on, the handouts of what they attended, and the running order of what they speak at."""
    condition = f"({_LEARNERS} OR f.kind = 'running_order' AND {_AS_TRAINER})"
    return await _files(f"f.replaced_at IS NULL AND {condition}", person_id, person_id, person_id)


async def handed_file(ref: str, viewer: Viewer) -> HandedFile:
    """A file that stands, for those it is meant for: its trainers, those booked, those who attended, and who runs the session.

    NotFound for anybody else.
    """
    scope = run_by(viewer)
    found = await _files(
        f"f.replaced_at IS NULL AND f.ref = ? AND (({scope.sql.replace('s.id', 'f.id')}) OR {_AS_TRAINER} OR {_LEARNERS})",
        ref,
        *scope.params,
        *[viewer.person_id] * 3,
    )
    if not found:
        raise NotFound
    return found[0]


async def _files(condition: str, *values: object) -> list[HandedFile]:
    found = await rows(
        f"SELECT {_COLUMNS} FROM attendance_file f JOIN programme_course c ON c.id = f.course_id"
        " LEFT JOIN programme_session d ON d.id = f.session_id"
        f" LEFT JOIN uploads_file u ON u.stored_as = f.stored_as WHERE {condition}"
        " ORDER BY f.kind, lower(f.title), f.id",
        *values,
        instants=("at", "session_at"),
        flags=("is_of_course",),
    )
    return [HandedFile(**{**row, "scan_state": FileState(row["scan_state"]) if row["scan_state"] else None}) for row in found]


@frozen
class WrittenReport:
    """What a trainer wrote after a session; minutes None are not told."""

    trainer_id: int
    trainer: str
    room: str
    technology: str
    to_change: str
    delivery_minutes: int | None
    preparation_minutes: int | None
    at: datetime


async def session_reports(session_id: int) -> list[WrittenReport]:
    """The reports of a session's trainers, by name."""
    found = await rows(
        "SELECT r.trainer_id, p.name AS trainer, r.room, r.technology, r.to_change, r.delivery_minutes, r.preparation_minutes, r.at"
        " FROM attendance_session_report r JOIN people_person p ON p.id = r.trainer_id WHERE r.session_id = ? ORDER BY lower(p.name), p.id",
        session_id,
        instants=("at",),
    )
    return [WrittenReport(**row) for row in found]
