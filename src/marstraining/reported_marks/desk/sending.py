"""Files that are sent in for a session's register: known reports are read, lists of one's own are put aside."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from starlette.datastructures import UploadFile

from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.meeting_reports.apart import MAX_FILES, look_apart, read_apart
from marstraining.meeting_reports.columns import Columns, FoundList
from marstraining.meeting_reports.model import Fault, NamedFile, Report, TaughtDay
from marstraining.reported_marks import queries
from marstraining.reported_marks.actions.lists import put_aside
from marstraining.reported_marks.actions.reporting import ReadReport, keep_reports, made_ready
from marstraining.reported_marks.queries import ReportSession
from marstraining.reported_marks.queries.lists import waiting_lists
from marstraining.uploads.actions import check_at_once
from marstraining.uploads.rules import Purpose

T = TypeVar("T")
# What a file is refused with that can be a list of somebody's own.
_PERHAPS_A_LIST = frozenset({Fault.NOT_A_REPORT, Fault.NO_PARTICIPANTS})


@frozen
class Taken:
    """What came of files: how many reports were kept, and the references of lists that wait for their columns."""

    kept: int = 0
    waiting: tuple[str, ...] = ()


async def take(session: ReportSession, uploads: Sequence[UploadFile], day_id: str, *, by: Viewer) -> Taken:
    """Read files that are new in a process apart and keep what they say; lists of one's own are put aside.

    Refused, with nothing kept, where one of them is neither, cannot be read, or is not found clean by the virus scanner.
    """
    if len(uploads) > MAX_FILES:
        raise Refused(f"Send at most {MAX_FILES} files at once.")
    known = await queries.known_hashes(session.id)
    waits = {one.file_hash: one.ref for one in await waiting_lists(session.id, sent_by=None)}
    files = [NamedFile(upload.filename or "", await upload.read()) for upload in uploads]
    hashes = {file: hashlib.sha256(file.data).hexdigest() for file in files}
    again = tuple(dict.fromkeys(waits[digest] for digest in hashes.values() if digest in waits))
    new = [file for file in files if hashes[file] not in known and hashes[file] not in waits]
    if not new:
        return Taken(waiting=again)
    for file in new:
        await check_at_once(file.data, shown(file.name), Purpose.REPORT, by=by, now=clock.now())
    report, reports, lists = await _told(new, days_of(session, day_id))
    kept = await _keep(session, report, reports, by=by) if report else 0
    now = clock.now()
    refs = [await put_aside(session.id, shown(file.name), file.data, hashes[file], found, by=by, now=now) for file, found in lists]
    return Taken(kept, tuple(dict.fromkeys([*again, *refs])))


async def _told(
    files: Sequence[NamedFile], days: Sequence[TaughtDay]
) -> tuple[Report | None, Sequence[NamedFile], Sequence[tuple[NamedFile, FoundList]]]:
    """What the known reports among some files say, those files, and the lists of one's own among them."""
    try:
        return await _read(files, days), files, ()
    except Refused as refusal:
        reports, lists = await _sorted_out(files, days) if refusal.code in _PERHAPS_A_LIST else (files, [])
        if not lists:
            await _name_fault(files, lambda some: _read(some, days))
            raise
    report = await _naming(reports, lambda some: _read(some, days)) if reports else None
    return report, reports, lists


def days_of(session: ReportSession, day_id: str) -> list[TaughtDay]:
    """The training days that files can be of: all, or the one that was selected."""
    return [day.taught for day in session.days if day_id in {"", str(day.id)}]


async def read_lists(files: Sequence[NamedFile], days: Sequence[TaughtDay], columns: Columns) -> Report:
    """What lists with such columns say together; refused as `take` refuses."""
    return await _read(files, days, columns)


async def ready(session: ReportSession, report: Report, names: Sequence[str]) -> ReadReport:
    """A report with its people compared with those of the session."""
    booked = [one.addresses for one in await queries.on_session(session.id)]
    # In the time that this takes the service answers others.
    return await asyncio.to_thread(made_ready, session, report, names, booked)


def shown(name: str) -> str:
    """A file's own name as a person may see it."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:80].strip() or "report.csv"


async def _keep(session: ReportSession, report: Report, files: Sequence[NamedFile], *, by: Viewer) -> int:
    return await keep_reports(session, await ready(session, report, [shown(file.name) for file in files]), by=by, now=clock.now())


async def _read(files: Sequence[NamedFile], days: Sequence[TaughtDay], columns: Columns | None = None) -> Report:
    report = await read_apart(files, days, columns)
    if len(report.days) > 1 and any(file.starts_at is None for file in report.files):
        raise Refused("A report has no dates. Select the training day that it is of, and send it alone.", code="day", field="day")
    return report


async def _sorted_out(
    files: Sequence[NamedFile], days: Sequence[TaughtDay]
) -> tuple[Sequence[NamedFile], Sequence[tuple[NamedFile, FoundList]]]:
    """The known reports, and the lists of one's own; refused with the name of a file that is neither."""
    found = await _naming(files, lambda some: look_apart(some, days))
    pairs = list(zip(files, found, strict=True))
    return [file for file, one in pairs if one is None], [(file, one) for file, one in pairs if one is not None]


async def _naming(files: Sequence[NamedFile], work: Callable[[Sequence[NamedFile]], Awaitable[T]]) -> T:
    """What comes of some files; where they are refused, with the name of the one at fault."""
    try:
        return await work(files)
    except Refused:
        await _name_fault(files, work)
        raise


async def _name_fault(files: Sequence[NamedFile], work: Callable[[Sequence[NamedFile]], Awaitable[object]]) -> None:
    """Raise the refusal of the first of several files that is refused alone."""
    if len(files) == 1:
        return
    for file in files:
        try:
            await work([file])
        except Refused as refusal:
            name = shown(file.name)
            message = refusal.message if name in refusal.message else f"“{name}”: {refusal.message}"
            raise Refused(f"{message} None of the files was kept.", code=refusal.code) from refusal
