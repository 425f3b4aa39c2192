"""Learning elsewhere: added by a learner with evidence, confirmed or refused by the desk."""

from datetime import date, datetime

from marstraining.core import config
from marstraining.core.clock import today_of
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.coverage.evidence import Evidence, drop_evidence, keep_evidence
from marstraining.history.actions import record
from marstraining.people.models import Person
from marstraining.uploads.actions import forget_upload, note_upload
from marstraining.uploads.rules import Purpose

MOST_ENTRIES = 100
_INSERT = (
    "INSERT INTO record_external (ref, person_id, title, provider, completed_on, minutes, is_participatory, counts_as, state, file_name,"
    " stored_as, content_type, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'added', ?, ?, ?, ?)"
)


@frozen
class NewLearning:
    """What somebody says they learnt elsewhere; `counts_as` is a code that rules know, "" for nothing in particular."""

    title: str
    provider: str
    completed_on: date
    minutes: int | None
    is_participatory: bool
    counts_as: str = ""


async def add_external(new: NewLearning, evidence: Evidence | None, *, by: Viewer, now: datetime) -> str:
    """Put something learnt elsewhere on one's own record; gives its reference. It counts for rules once the desk has confirmed it.

    Refuses a day that has not come, and more than a hundred entries. The file is written before the row, and goes with it.
    """
    if by.person_id is None:
        raise NotFound
    if new.completed_on > today_of(now):
        raise Refused("The date must be today or in the past", code="future", field="completed_on")
    settings = config.current()
    stored_as = await keep_evidence(evidence, settings) if evidence else ""
    ref = new_ref()
    try:
        async with transaction():
            await hold(Person, by.person_id)
            [counted] = await rows("SELECT count(*) AS n FROM record_external WHERE person_id = ?", by.person_id)
            if counted["n"] >= MOST_ENTRIES:
                raise Refused(f"Your record has {MOST_ENTRIES} entries already. Remove one before you add another.", code="many")
            await execute(
                _INSERT,
                ref, by.person_id, new.title, new.provider, new.completed_on, new.minutes, new.is_participatory, new.counts_as,
                evidence.name if evidence else "", stored_as, evidence.content_type if evidence else "", now,
            )  # fmt: skip
            if evidence:
                await note_upload(stored_as, evidence.name, Purpose.EVIDENCE, size=len(evidence.data), by=by, now=now)
            await record("add_external", by=by, now=now, subject_kind="person", subject_id=by.person_id)
    except BaseException:
        await drop_evidence(stored_as, settings)
        raise
    return ref


async def remove_external(ref: str, *, by: Viewer, now: datetime) -> None:
    """Take one's own entry off the record with its file. Refused once the desk has confirmed it, since rules count it."""
    async with transaction():
        removed = await rows(
            "DELETE FROM record_external WHERE ref = ? AND person_id = ? AND state <> 'confirmed' RETURNING stored_as", ref, by.person_id
        )
        if removed:
            await forget_upload(removed[0]["stored_as"])
            await record("remove_external", by=by, now=now, subject_kind="person", subject_id=by.person_id)
        elif await rows("SELECT id FROM record_external WHERE ref = ? AND person_id = ?", ref, by.person_id):
            raise Refused("The training team has confirmed this. Ask them if it is wrong.", code="confirmed")
        else:
            raise NotFound
    await drop_evidence(removed[0]["stored_as"], config.current())


async def decide_external(ref: str, person_id: int, *, is_confirmed: bool, counts_as: str, by: Viewer, now: datetime) -> None:
    """Confirm something learnt elsewhere as counting as a code ("" for hours alone), or refuse it; the desk may change its mind."""
    async with transaction():
        touched = await execute(
            "UPDATE record_external SET state = ?, counts_as = ?, decided_at = ?, decided_by_id = ? WHERE ref = ? AND person_id = ?",
            "confirmed" if is_confirmed else "refused",
            counts_as,
            now,
            by.person_id,
            ref,
            person_id,
        )
        if not touched:
            raise NotFound
        action = "confirm_external" if is_confirmed else "refuse_external"
        await record(action, by=by, now=now, subject_kind="person", subject_id=person_id)
