"""What people make of a report: its sentences, the actions it names, their signature under it."""

from collections.abc import Mapping
from datetime import date, datetime

from marstraining.core.clock import local, time_words
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.reports.queries import Written, drafts_of, last_written, signature_of
from marstraining.reports.rules import check_wording

_IS_SIGNED = "This report is signed off, so it stays as it is. Take the signature back first, and say why."
# Where the row stands that lifts a signature: no sentence has this place.
_REOPENED = "reopened"


async def write_wordings(ref: str, texts: Mapping[str, str], *, seen: int | None = None, by: Viewer, now: datetime) -> int:
    """Keep what a person made of drafted sentences, by place; figures are not theirs to change. How many were new.

    What reads as it did is not written again. `seen` is the number up to which the person had read what others wrote, None where
    nobody else can have written. NotFound for who is not at the desk and for a place that the report has not; Refused for an empty or a
    very long text, for a report that is signed off ("signed"), and where somebody wrote after `seen` ("changed").
    """
    snapshot_id = await _own(ref, by=by)
    async with transaction():
        await _hold_open(ref, snapshot_id)
        await _check_seen(ref, seen)
        reads = await drafts_of(ref)
        if set(texts) - {one.place for one in reads}:
            raise NotFound
        given = {one.place: check_wording(texts[one.place], one.place) for one in reads if one.place in texts}
        changed = {one.place: given[one.place] for one in reads if given.get(one.place, one.text) != one.text}
        for place, text in changed.items():
            await execute(
                "INSERT INTO reports_wording (snapshot_id, place, text, written_at, written_by_id) VALUES (?, ?, ?, ?, ?)",
                snapshot_id, place, text, now, by.person_id,
            )  # fmt: skip
        if changed:
            detail = {"ref": ref, "places": ", ".join(changed)}
            await record("report.reworded", by=by, now=now, subject_kind="report", subject_id=snapshot_id, detail=detail)
    return len(changed)


async def sign_off(ref: str, *, seen: int | None = None, by: Viewer, now: datetime) -> bool:
    """Say that the report as it reads now goes to the board; False where that was said already.

    `seen` as in `write_wordings`: who signs has read what they sign. NotFound for who is not at the desk.
    """
    snapshot_id = await _own(ref, by=by)
    async with transaction():
        await _hold(snapshot_id)
        if await signature_of(ref) is not None:
            return False
        await _check_seen(ref, seen)
        await execute(
            "INSERT INTO reports_wording (snapshot_id, place, text, written_at, written_by_id, signed_at, signed_by_id)"
            " VALUES (?, '', '', ?, ?, ?, ?)",
            snapshot_id, now, by.person_id, now, by.person_id,
        )  # fmt: skip
        await record("report.signed", by=by, now=now, subject_kind="report", subject_id=snapshot_id, detail={"ref": ref})
    return True


async def take_signature_back(ref: str, reason: str, *, by: Viewer, now: datetime) -> bool:
    """Make a signed report a draft again; False where it is one. Refused without a reason, NotFound for who is not at the desk."""
    snapshot_id = await _own(ref, by=by)
    said = " ".join(reason.split())
    if not said:
        raise Refused("Say why the signature is taken back", code="reason", field="reason")
    if len(said) > 500:
        raise Refused("The reason must be 500 characters or fewer", code="reason", field="reason")
    async with transaction():
        await _hold(snapshot_id)
        if await signature_of(ref) is None:
            return False
        await execute(
            "INSERT INTO reports_wording (snapshot_id, place, text, written_at, written_by_id) VALUES (?, ?, ?, ?, ?)",
            snapshot_id, _REOPENED, said, now, by.person_id,
        )  # fmt: skip
        await record("report.reopened", by=by, now=now, subject_kind="report", subject_id=snapshot_id, detail={"ref": ref})
    return True


async def name_action(ref: str, what: str, owner: str, due_on: date, *, by: Viewer, now: datetime) -> str:
    """Add to a report something that will be done; the value is its reference. The same added twice is one; Refused once it is signed."""
    snapshot_id = await _own(ref, by=by)
    async with transaction():
        await _hold_open(ref, snapshot_id)
        same = await rows(
            "SELECT ref FROM reports_action WHERE snapshot_id = ? AND what = ? AND owner = ? AND due_on = ? AND removed_at IS NULL",
            snapshot_id, what, owner, due_on,
        )  # fmt: skip
        if same:
            return str(same[0]["ref"])
        made = new_ref()
        await execute(
            "INSERT INTO reports_action (ref, snapshot_id, what, owner, due_on) VALUES (?, ?, ?, ?, ?)",
            made, snapshot_id, what, owner, due_on,
        )  # fmt: skip
        await record("report.action_named", by=by, now=now, subject_kind="report", subject_id=snapshot_id, detail={"action": made})
    return made


async def drop_action(ref: str, action: str, *, by: Viewer, now: datetime) -> None:
    """Take an action out of a draft; doing it twice is doing it once. Refused once the report is signed off."""
    snapshot_id = await _own(ref, by=by)
    async with transaction():
        await _hold_open(ref, snapshot_id)
        dropped = await execute(
            "UPDATE reports_action SET removed_at = ? WHERE ref = ? AND snapshot_id = ? AND removed_at IS NULL", now, action, snapshot_id
        )
        if dropped:
            await record("report.action_dropped", by=by, now=now, subject_kind="report", subject_id=snapshot_id, detail={"action": action})


async def finish_action(action: str, *, by: Viewer, now: datetime) -> bool:
    """Note that an action is done today; False where that was noted. NotFound for who is not at the desk and for no such action."""
    found = await rows("SELECT snapshot_id FROM reports_action WHERE ref = ? AND removed_at IS NULL", action) if by.is_desk else []
    if not found:
        raise NotFound
    async with transaction():
        done = await execute("UPDATE reports_action SET done_on = ? WHERE ref = ? AND done_on IS NULL", local(now).date(), action)
        if done:
            detail = {"action": action}
            await record("report.action_done", by=by, now=now, subject_kind="report", subject_id=found[0]["snapshot_id"], detail=detail)
    return bool(done)


async def _own(ref: str, *, by: Viewer) -> int:
    found = await rows("SELECT id FROM reports_snapshot WHERE ref = ? AND kind = 'quarterly'", ref) if by.is_desk else []
    if not found:
        raise NotFound
    return int(found[0]["id"])


async def _hold(snapshot_id: int) -> None:
    """Take hold of a report, so that what two people do to it comes one after the other."""
    await execute("UPDATE reports_snapshot SET ref = ref WHERE id = ?", snapshot_id)


async def _hold_open(ref: str, snapshot_id: int) -> None:
    await _hold(snapshot_id)
    if await signature_of(ref) is not None:
        raise Refused(_IS_SIGNED, code="signed")


async def _check_seen(ref: str, seen: int | None) -> None:
    last = await last_written(ref)
    if seen is not None and last.number != seen:
        raise Refused(_changed(last), code="changed", facts={"seen": last.number})


def _changed(last: Written) -> str:
    at = f" at {time_words(local(last.at).time())} on {local(last.at).day} {local(last.at):%B}" if last.at else ""
    return f"{last.name or 'Somebody'} changed these sentences{at}, after you opened this page. Read what they wrote, then save again."
