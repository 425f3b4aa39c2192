"""Keeping the board's calendar: adding meetings, one or a year of them, changing and removing them."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.core.clock import today_of
from marstraining.core.db import IntegrityError, execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.reports.queries import may_take
from marstraining.reports.queries.meetings import BoardMeeting, meeting_by_ref, meetings
from marstraining.reports.rules import MeetingDraft, meeting_faults

LONGEST_REASON = 500
_NO_PAPER = ", snapshot_id = NULL, taking_until = NULL"


async def add_meeting(draft: MeetingDraft, *, by: Viewer, now: datetime) -> str:
    """Put a meeting on the board's calendar; the value is its reference. Refused, by field, as `meeting_faults` says."""
    return (await add_meetings([draft], by=by, now=now))[0]


async def add_meetings(drafts: Sequence[MeetingDraft], *, by: Viewer, now: datetime) -> list[str]:
    """All of the meetings or, where one is refused, none; their references in the same order. The same sent twice is one."""
    if not may_take(by):
        raise NotFound
    refs: dict[MeetingDraft, str] = {}
    try:
        async with transaction():
            await _hold_calendar()
            known = {one.draft: one.ref for one in await meetings(viewer=by)}
            for draft in drafts:
                if draft not in known:
                    _check(draft, others=list(known), today_at=now)
                    known[draft] = await _insert(draft, by=by, now=now)
                refs[draft] = known[draft]
    except IntegrityError:
        # The constraints hold what nobody can take hold of: two people at an empty calendar.
        raise Refused("Somebody else has just added a meeting there. Look at the calendar, then try again.", code="changed") from None
    return [refs[draft] for draft in drafts]


async def change_meeting(ref: str, draft: MeetingDraft, *, seen: int, by: Viewer, now: datetime) -> bool:
    """Change a meeting; False where nothing is otherwise. `seen` is its revision as the person read it.

    With another quarter or data cut-off a draft of its paper is let go, and its figures are taken anew when the cut-off is past; the draft
    stays among the reports. Refused as `meeting_faults` says, and where somebody else changed it meanwhile ("changed").
    """
    async with transaction():
        held = await _held(ref, by=by)
        if held.draft == draft:
            return False
        if held.revision != seen:
            raise Refused(
                "Somebody else changed this meeting after you opened this page. Open it again, then make your change.", code="changed"
            )
        others = [one.draft for one in await meetings(viewer=by) if one.ref != ref]
        _check(draft, before=held.draft, is_signed=held.is_signed, others=others, today_at=now)
        is_other_paper = (draft.cut_off_on, draft.period) != (held.draft.cut_off_on, held.draft.period)
        await execute(
            "UPDATE reports_meeting SET meets_on = ?, starts = ?, paper_due_on = ?, cut_off_on = ?, year = ?, quarter = ?, place = ?,"
            f" note = ?, changed_at = ?, revision = revision + 1{_NO_PAPER if is_other_paper else ''} WHERE id = ?",
            *_values(draft), now, held.id,
        )  # fmt: skip
        await record("meeting.changed", by=by, now=now, subject_kind="meeting", subject_id=held.id, detail=_told(draft))
    return True


async def remove_meeting(ref: str, reason: str, *, by: Viewer, now: datetime) -> None:
    """Take a meeting off the calendar, with the reason; its paper stays among the reports. Refused for one that has taken place."""
    said = " ".join(reason.split())
    if not said:
        raise Refused("Say why the meeting is removed", code="reason", field="reason")
    if len(said) > LONGEST_REASON:
        raise Refused(f"The reason must be {LONGEST_REASON} characters or fewer", code="reason", field="reason")
    async with transaction():
        held = await _held(ref, by=by)
        if held.meets_on < today_of(now):
            raise Refused("This meeting has taken place, so it stays on record.", code="past")
        await execute(
            "UPDATE reports_meeting SET removed_at = ?, removed_reason = ?, changed_at = ?, revision = revision + 1 WHERE id = ?",
            now, said, now, held.id,
        )  # fmt: skip
        await record("meeting.removed", by=by, now=now, subject_kind="meeting", subject_id=held.id, detail={"meets_on": str(held.meets_on)})


async def _held(ref: str, *, by: Viewer) -> BoardMeeting:
    """The meeting, held until the transaction ends."""
    is_held = may_take(by) and await execute("UPDATE reports_meeting SET ref = ref WHERE ref = ?", ref)
    meeting = await meeting_by_ref(ref, viewer=by) if is_held else None
    if meeting is None:
        raise NotFound
    return meeting


async def _hold_calendar() -> None:
    """Two people who add meetings at once do it one after the other."""
    await execute("UPDATE reports_meeting SET revision = revision WHERE removed_at IS NULL")


def _check(
    draft: MeetingDraft, *, before: MeetingDraft | None = None, is_signed: bool = False, others: Sequence[MeetingDraft], today_at: datetime
) -> None:
    faults = meeting_faults(draft, before=before, is_signed=is_signed, others=others, today=today_of(today_at))
    for field, sentence in faults.items():
        raise Refused(sentence, code="meeting", field=field, facts={"faults": dict(faults)})


async def _insert(draft: MeetingDraft, *, by: Viewer, now: datetime) -> str:
    ref = new_ref()
    made = await rows(
        "INSERT INTO reports_meeting (ref, meets_on, starts, paper_due_on, cut_off_on, year, quarter, place, note, removed_reason,"
        " changed_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, 0) RETURNING id",
        ref, *_values(draft), now,
    )  # fmt: skip
    await record("meeting.added", by=by, now=now, subject_kind="meeting", subject_id=made[0]["id"], detail=_told(draft))
    return ref


def _values(draft: MeetingDraft) -> tuple[object, ...]:
    starts = f"{draft.starts:%H:%M}" if draft.starts else ""
    period = draft.period
    return (draft.meets_on, starts, draft.paper_due_on, draft.cut_off_on, period.year, period.quarter, draft.place, draft.note)


def _told(draft: MeetingDraft) -> dict[str, object]:
    days = {"meets_on": draft.meets_on, "paper_due_on": draft.paper_due_on, "cut_off_on": draft.cut_off_on}
    return {**{name: day.isoformat() for name, day in days.items()}, "period": draft.period.words}
