"""`import`: a CSV file by its headings, all of it or nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from marstraining.attendance.actions import COLUMNS, import_attendance
from marstraining.bookings.actions import import_sessions
from marstraining.commands.database import opened
from marstraining.commands.terminal import complain, counting, reporting, say
from marstraining.core import clock
from marstraining.core.config import load_settings
from marstraining.core.db import transaction
from marstraining.core.errors import Refused
from marstraining.core.imports import Fault, ImportOutcome, Row
from marstraining.core.spreadsheet import USUAL, Limits, read_file
from marstraining.core.values import frozen
from marstraining.core.viewer import SYSTEM
from marstraining.people.actions import import_agencies, import_people
from marstraining.programme.actions import import_courses
from marstraining.resources.actions import import_resources
from marstraining.resources.import_rows import COLUMNS as RESOURCE_COLUMNS
from marstraining.resources.import_rows import REQUIRED as RESOURCE_REQUIRED
from marstraining.search.actions import import_glossary
from marstraining.search.actions.importing import COLUMNS as GLOSSARY_COLUMNS

_COURSE_COLUMNS = (
    "code", "title", "kind", "delivery", "audience_codes", "audience", "topics", "outcomes", "duration_minutes", "capacity", "priority",
    "visibility", "counts_as", "owner", "level", "summary", "content_note", "joining_text", "external_url", "needs", "meets_annex_c",
    "grants_accreditation",
)  # fmt: skip
_SESSION_COLUMNS = (
    "code", "course", "date", "starts", "ends", "venue", "delivery", "attended", "organisations", "counted_as", "date_basis", "notes",
)  # fmt: skip
# What other systems recorded over the years comes as one file.
_HISTORY = Limits(max_bytes=50_000_000, max_rows=100_000)


@frozen
class _Kind:
    """A kind of file: its columns, which of them must be there and filled, and the verb that writes its rows."""

    columns: Sequence[str]
    required: Sequence[str]
    action: Callable[..., Awaitable[ImportOutcome]]
    limits: Limits = USUAL
    tells_progress: bool = False


_KINDS = {
    "agencies": _Kind(
        ("code", "name", "sector", "parent", "is_vcse", "is_group", "email_domain", "notes"),
        ("code", "name", "sector"),
        partial(import_agencies, dry_run=False),
    ),
    "people": _Kind(("email", "name", "agency", "job_role", "roles", "staff_number"), ("email",), partial(import_people, dry_run=False)),
    "courses": _Kind(_COURSE_COLUMNS, ("code", "title", "kind"), import_courses),
    "sessions": _Kind(_SESSION_COLUMNS, ("code", "course", "date", "starts", "ends"), import_sessions),
    "resources": _Kind(RESOURCE_COLUMNS, RESOURCE_REQUIRED, import_resources),
    "glossary": _Kind(GLOSSARY_COLUMNS, ("expansion",), import_glossary),
    "attendance": _Kind(COLUMNS, ("name", "course", "date", "mark"), import_attendance, _HISTORY, tells_progress=True),
}


def import_file(kind: str, path: Path, dry_run: bool) -> int:  # noqa: FBT001 - the command's flag
    """0 with the counts on standard output; 1 with every fault on standard error, and nothing written."""
    known = _KINDS.get(kind)
    if known is None:
        raise Refused(f"“{kind}” cannot be imported: use {', '.join(_KINDS)}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    rows, faults = read_file(data, {column: column in known.required for column in known.columns}, limits=known.limits)
    outcome = asyncio.run(_import(known, rows, faults, dry_run=dry_run))
    for fault in outcome.faults:
        complain(str(fault))
    if outcome.faults:
        number = len(outcome.faults)
        complain(f"{path.name}: {number} fault{'s' if number > 1 else ''}. Nothing was imported.")
        return 1
    say(_counts(kind, outcome, dry_run=dry_run))
    return 0


class _Undone(Exception):  # noqa: N818 - leads out of the transaction, so that nothing is kept
    pass


async def _import(kind: _Kind, rows: Sequence[Row], faults: Sequence[Fault], *, dry_run: bool) -> ImportOutcome:
    """What the verb says; its faults stand beside those of reading, so that one sending back mends them all."""
    outcome = ImportOutcome(faults=tuple(faults))
    async with opened(load_settings(need_secret=False)):
        try:
            async with transaction():
                outcome = await _act(kind, rows)
                if dry_run or faults or outcome.faults:
                    raise _Undone
        except _Undone:
            pass
    return ImportOutcome(outcome.created, outcome.changed, outcome.unchanged, tuple(sorted({*faults, *outcome.faults})))


async def _act(kind: _Kind, rows: Sequence[Row]) -> ImportOutcome:
    if kind.tells_progress:
        with counting("Writing", len(rows)) as advance:
            return await kind.action(rows, advance=advance, by=SYSTEM, now=clock.now())
    with reporting() as report:
        report(f"Checking and writing {len(rows)} rows")
        return await kind.action(rows, by=SYSTEM, now=clock.now())


def _counts(kind: str, outcome: ImportOutcome, *, dry_run: bool) -> str:
    would = "Dry run, nothing written. " if dry_run else ""
    if not outcome.created and not outcome.changed:
        return f"{would}{kind}: nothing changed ({outcome.unchanged} as they were)."
    return f"{would}{kind}: {outcome.created} created, {outcome.changed} changed, {outcome.unchanged} unchanged."
