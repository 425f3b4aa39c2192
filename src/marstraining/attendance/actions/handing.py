"""What trainers write after a session, and the files they hand out."""

from datetime import datetime

from marstraining.attendance.rules import FileKind
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.files import Stored
from marstraining.core.tokens import new_ref
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.programme.models import Session
from marstraining.uploads.actions import note_upload
from marstraining.uploads.rules import Purpose

_MOST_FILES = 40


@frozen
class NewReport:
    """What a trainer says of a session: never of a person; minutes None are not told."""

    room: str = ""
    technology: str = ""
    to_change: str = ""
    delivery_minutes: int | None = None
    preparation_minutes: int | None = None


@frozen
class NewFile:
    """A file that was stored; `for_course` makes it one of every session of the course."""

    title: str
    kind: FileKind
    file_name: str
    stored: Stored
    for_course: bool = False


async def write_session_report(session_id: int, report: NewReport, *, by: Viewer, now: datetime) -> None:
    """Keep a trainer's report; written again, it replaces what they wrote. Refused empty, and before the session has begun.

    Who trains the session is for the caller to know.
    """
    found = await rows("SELECT starts_at FROM programme_session WHERE id = ?", session_id, instants=("starts_at",))
    if not found or by.person_id is None:
        raise NotFound
    if report == NewReport():
        raise Refused("Say something about the session, or how long it took", code="empty", field="technology")
    if now < found[0]["starts_at"]:
        raise Refused("The session has not begun. Report on it afterwards.", code="not_begun")
    async with transaction():
        await execute(
            "INSERT INTO attendance_session_report (session_id, trainer_id, room, technology, to_change, delivery_minutes,"
            " preparation_minutes, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id, trainer_id) DO UPDATE SET"
            " room = excluded.room, technology = excluded.technology, to_change = excluded.to_change,"
            " delivery_minutes = excluded.delivery_minutes, preparation_minutes = excluded.preparation_minutes, at = excluded.at",
            session_id, by.person_id, report.room, report.technology, report.to_change, report.delivery_minutes,
            report.preparation_minutes, now,
        )  # fmt: skip
        await record("write_session_report", by=by, now=now, subject_kind="session", subject_id=session_id)


async def hand_out(session_id: int, new: NewFile, *, by: Viewer, now: datetime) -> int:
    """Put a file beside a session or its course; one of the same kind and title becomes its next version. Returns the version.

    Refused beyond 40 files of a session. Who may is for the caller to know.
    """
    async with transaction():
        if not await hold(Session, session_id):
            raise NotFound
        course_id = (await rows("SELECT course_id FROM programme_session WHERE id = ?", session_id))[0]["course_id"]
        of_session = None if new.for_course else session_id
        which, values = ("session_id IS NULL", ()) if new.for_course else ("session_id = ?", (session_id,))
        standing = await rows(
            f"SELECT id, kind, title, version FROM attendance_file WHERE course_id = ? AND {which} AND replaced_at IS NULL",
            course_id,
            *values,
        )
        before = next((row for row in standing if (row["kind"], row["title"]) == (new.kind, new.title)), None)
        if before is None and len(standing) >= _MOST_FILES:
            raise Refused("There are 40 files already. Take one back first.", code="many", field="file")
        if before is not None:
            await execute("UPDATE attendance_file SET replaced_at = ? WHERE id = ?", now, before["id"])
        version = before["version"] + 1 if before else 1
        await execute(
            "INSERT INTO attendance_file (ref, course_id, session_id, kind, title, version, file_name, stored_as, content_type, size,"
            " sha256, at, by_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            new_ref(), course_id, of_session, new.kind.value, new.title, version, new.file_name, new.stored.stored_as,
            new.stored.content_type, new.stored.size, new.stored.sha256, now, by.person_id,
        )  # fmt: skip
        await note_upload(new.stored.stored_as, new.file_name, Purpose.PACK, size=new.stored.size, by=by, now=now)
        detail: dict[str, object] = {"kind": new.kind.value, "version": version}
        await record("hand_out", by=by, now=now, subject_kind="session", subject_id=session_id, detail=detail)
    return version


async def take_back(session_id: int, ref: str, *, may_of_course: bool, by: Viewer, now: datetime) -> None:
    """Let a file stand no more; one of the course only where the caller `may_of_course`. NotFound for any other."""
    async with transaction():
        taken = await execute(
            "UPDATE attendance_file SET replaced_at = ? WHERE ref = ? AND replaced_at IS NULL"
            " AND (session_id = ? OR ? AND session_id IS NULL AND course_id = (SELECT course_id FROM programme_session WHERE id = ?))",
            now,
            ref,
            session_id,
            may_of_course,
            session_id,
        )
        if not taken:
            raise NotFound
        await record("take_back", by=by, now=now, subject_kind="session", subject_id=session_id)
