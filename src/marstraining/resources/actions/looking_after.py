"""What is done to a resource over the years: looked over, withdrawn, brought back, its links looked at again."""

from dataclasses import replace
from datetime import datetime

from marstraining.core.clock import today_of
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.resources.actions.saving import draft_of_resource, save_resource
from marstraining.resources.models import Resource
from marstraining.resources.rules import QualityNote, check_quality_note

_LONGEST_REASON = 300
_MOVED = "The address it moved to"


async def check_quality(code: str, note: QualityNote, *, by: Viewer, now: datetime) -> bool:
    """Note that somebody looked a resource over, and reviewed it where they say so. False where just that was noted already."""
    check_quality_note(note, on=today_of(now))
    async with transaction():
        resource_id = await _held(code)
        last = await rows(
            "SELECT checked_on, role, verdict, note FROM resources_quality_check WHERE resource_id = ?"
            " ORDER BY checked_on DESC, id DESC LIMIT 1",
            resource_id,
            dates=("checked_on",),
        )
        said = {"checked_on": note.checked_on, "role": note.role, "verdict": note.verdict.value, "note": note.note}
        is_new = not last or last[0] != said
        if is_new:
            await execute(
                "INSERT INTO resources_quality_check (resource_id, checked_on, role, verdict, note, at, by_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                resource_id, note.checked_on, note.role, note.verdict.value, note.note, now, by.person_id,
            )  # fmt: skip
        if note.is_reviewed:
            is_new |= bool(
                await execute(
                    "UPDATE resources_resource SET reviewed_on = ?, review_by = ? WHERE id = ?"
                    " AND (reviewed_on IS NULL OR reviewed_on <> ? OR review_by IS NULL OR review_by <> ?)",
                    note.checked_on,
                    note.review_by,
                    resource_id,
                    note.checked_on,
                    note.review_by,
                )
            )
        if is_new:
            await record("check_quality", by=by, now=now, subject_kind="resource", subject_id=resource_id)
    return is_new


async def withdraw_resource(code: str, *, reason: str, replaced_by: str = "", by: Viewer, now: datetime) -> bool:
    """Take a resource out of the library, for a reason that everybody reads; `replaced_by` is the code of what to use instead.

    Its address stays and says so; its file can no longer be had and its links are looked at no more. False where it was so already.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > _LONGEST_REASON:
        raise Refused(f"Say why, in {_LONGEST_REASON} characters or fewer. Readers see it.", code="reason", field="reason")
    async with transaction():
        resource_id = await _held(code)
        instead = await _instead(replaced_by, resource_id) if replaced_by else None
        done = await execute(
            "UPDATE resources_resource SET withdrawn_at = ?, withdrawn_reason = ?, replaced_by_id = ?"
            " WHERE id = ? AND withdrawn_at IS NULL",
            now, reason, instead, resource_id,
        )  # fmt: skip
        if done:
            await record("withdraw_resource", by=by, now=now, subject_kind="resource", subject_id=resource_id)
    return bool(done)


async def bring_back(code: str, *, by: Viewer, now: datetime) -> bool:
    """Put a withdrawn resource into the library again; its links are looked at at once. False where it was there."""
    async with transaction():
        resource_id = await _held(code)
        done = await execute(
            "UPDATE resources_resource SET withdrawn_at = NULL, withdrawn_reason = '', replaced_by_id = NULL, changed_at = ?"
            " WHERE id = ? AND withdrawn_at IS NOT NULL",
            now,
            resource_id,
        )
        if done:
            await execute("UPDATE resources_link SET check_at = ? WHERE resource_id = ?", now, resource_id)
            await record("bring_back_resource", by=by, now=now, subject_kind="resource", subject_id=resource_id)
    return bool(done)


async def look_again(code: str, *, by: Viewer, now: datetime) -> int:
    """Let the worker look at a resource's links next; how many there are. Nothing that is being looked at is looked at twice."""
    async with transaction():
        resource_id = await _held(code)
        asked = await execute("UPDATE resources_link SET check_at = ? WHERE resource_id = ? AND check_at > ?", now, resource_id, now)
        if asked:
            await record("look_again", by=by, now=now, subject_kind="resource", subject_id=resource_id)
    return asked


async def take_new_address(code: str, *, by: Viewer, now: datetime) -> bool:
    """Let a resource lead to where its address has moved for good, as its next version. False where it has not moved."""
    draft = await draft_of_resource(code)
    found = await rows(
        "SELECT l.leads_to FROM resources_link l JOIN resources_resource r ON r.id = l.resource_id"
        " WHERE r.code = ? AND l.url = r.url AND l.state = 'ok' AND l.leads_to <> ''",
        code,
    )
    if not found:
        return False
    moved = replace(draft, url=found[0]["leads_to"])
    _, is_changed = await save_resource(moved, code=code, note=_MOVED, by=by, now=now)
    return is_changed


async def _held(code: str) -> int:
    found = await rows("SELECT id FROM resources_resource WHERE code = ?", code)
    if not found or not await hold(Resource, found[0]["id"]):
        raise NotFound
    return int(found[0]["id"])


async def _instead(code: str, resource_id: int) -> int:
    found = await rows("SELECT id FROM resources_resource WHERE code = ? AND withdrawn_at IS NULL AND id <> ?", code, resource_id)
    if not found:
        raise Refused("Choose a resource that is in the library", code="replaced_by", field="replaced_by")
    return int(found[0]["id"])
