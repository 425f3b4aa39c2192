"""Resources from a file: added or changed by their codes, all of them or none."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.core.clock import today_of
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import Refused
from marstraining.core.imports import Fault, ImportOutcome, Row
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.resources.actions.looking_after import check_quality
from marstraining.resources.actions.saving import draft_of_resource, save_resource
from marstraining.resources.import_rows import Reading, ReadResource

# What a file calls the fields that a verb refuses by.
_COLUMN_OF = {"requires": "requires_accreditation"}


class _Faulty(Exception):  # noqa: N818 - carries faults out of a transaction, which is then undone
    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)


async def import_resources(file_rows: Sequence[Row], *, by: Viewer, now: datetime) -> ImportOutcome:
    """Add or change resources by code; columns that a file leaves out keep what is stored. Every fault is reported by row.

    Links are looked at by the worker afterwards. A file once added at the desk stays; importing the same file again changes nothing.
    """
    codes = [row["code"] for row in await rows("SELECT code FROM resources_resource")]
    wanted = {row.cells.get("code", "").upper() for row in file_rows}
    stored = {code: await draft_of_resource(code) for code in codes if code in wanted}
    reading = Reading()
    found = reading.resources(file_rows, stored, on=today_of(now))
    if reading.faults:
        return ImportOutcome(faults=tuple(sorted(reading.faults)))
    numbers = {row.cells["code"].upper(): row.number for row in file_rows}
    created = changed = 0
    faults: list[Fault] = []
    try:
        async with transaction():
            for code, one in found.items():
                try:
                    is_changed = await _write(one, is_new=code not in stored, by=by, now=now)
                except Refused as refusal:
                    faults.append(Fault(numbers[code], _COLUMN_OF.get(refusal.field or "", refusal.field or ""), refusal.message))
                else:
                    created += code not in stored
                    changed += is_changed and code in stored
            if faults:
                raise _Faulty(faults)
            if created or changed:
                detail = {"created": created, "changed": changed}
                await record("import_resources", by=by, now=now, subject_kind="library", subject_id=None, detail=detail)
    except _Faulty as faulty:
        return ImportOutcome(faults=tuple(sorted(faulty.faults)))
    return ImportOutcome(created, changed, len(found) - created - changed)


async def _write(one: ReadResource, *, is_new: bool, by: Viewer, now: datetime) -> bool:
    code = one.draft.code
    _, is_changed = await save_resource(one.draft, code=None if is_new else code, by=by, now=now)
    if one.reviewed_on is not None:
        is_changed |= bool(
            await execute(
                "UPDATE resources_resource SET reviewed_on = ?, revision = revision + 1 WHERE code = ?"
                " AND (reviewed_on IS NULL OR reviewed_on <> ?)",
                one.reviewed_on,
                code,
                one.reviewed_on,
            )
        )
    if one.checked is not None and not await _was_checked(one):
        is_changed |= await check_quality(code, one.checked, by=by, now=now)
    return is_changed


async def _was_checked(one: ReadResource) -> bool:
    """Whether a check of that day or a later one is noted already: a file tells of the last one it knew."""
    day = one.checked.checked_on if one.checked else None
    found = await rows(
        "SELECT q.id FROM resources_quality_check q JOIN resources_resource r ON r.id = q.resource_id"
        " WHERE r.code = ? AND q.checked_on >= ? LIMIT 1",
        one.draft.code,
        day,
    )
    return bool(found)
