"""The board's calendar: its meetings, each with how far its paper is."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.reports.queries.snapshots import may_read
from marstraining.reports.rules import MeetingDraft, PaperState, Period, paper_state

# The latest wording of a report says whether it is signed: whatever is written after a signature lifts it.
_LAST = "(SELECT w.id FROM reports_wording w WHERE w.snapshot_id = m.snapshot_id ORDER BY w.id DESC LIMIT 1)"
_FROM = (
    " FROM reports_meeting m LEFT JOIN reports_snapshot s ON s.id = m.snapshot_id"
    f" LEFT JOIN reports_wording l ON l.id = {_LAST} LEFT JOIN people_person p ON p.id = l.signed_by_id"
)
_COLUMNS = (
    "m.id, m.ref, m.meets_on, m.starts, m.paper_due_on, m.cut_off_on, m.year, m.quarter, m.place, m.note, m.taking_until, m.reminded_of,"
    " m.removed_at, m.removed_reason, m.changed_at, m.revision, s.ref AS report, s.as_at, l.signed_at, p.name AS signed_by"
)
_INSTANTS = ("taking_until", "removed_at", "changed_at", "as_at", "signed_at")
_DATES = ("meets_on", "paper_due_on", "cut_off_on", "reminded_of")
# A paper that somebody still has to sign off, as a condition on `m`.
OPEN_PAPER = f"m.removed_at IS NULL AND NOT EXISTS (SELECT 1 FROM reports_wording w WHERE w.id = {_LAST} AND w.signed_at IS NOT NULL)"


@frozen
class BoardMeeting:
    """A meeting as it stands; `report` is the reference of its paper, "" before its figures were taken at `as_at`."""

    id: int
    ref: str
    draft: MeetingDraft
    report: str
    as_at: datetime | None
    signed_at: datetime | None
    signed_by: str
    taking_until: datetime | None
    reminded_of: date | None
    removed_at: datetime | None
    removed_reason: str
    changed_at: datetime
    revision: int

    @property
    def meets_on(self) -> date:
        return self.draft.meets_on

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None

    def state(self, today: date) -> PaperState:
        """How far its paper is."""
        return paper_state(
            has_report=bool(self.report),
            is_signed=self.is_signed,
            cut_off_on=self.draft.cut_off_on,
            meets_on=self.draft.meets_on,
            today=today,
        )


async def meetings(*, viewer: Viewer, are_removed: bool = False, limit: int = 200) -> list[BoardMeeting]:
    """The latest meetings in the order of their days, or those that were removed, in one statement; nothing for who reads no reports."""
    if not may_read(viewer):
        return []
    where = f" WHERE m.removed_at IS {'NOT NULL' if are_removed else 'NULL'}"
    return sorted(await _found(f"{where} ORDER BY m.meets_on DESC, m.id DESC LIMIT ?", limit), key=lambda one: (one.meets_on, one.id))


async def meeting_by_ref(ref: str, *, viewer: Viewer) -> BoardMeeting | None:
    """The meeting of that reference, None where there is none, or it was removed, or the viewer reads no reports."""
    found = await _found(" WHERE m.ref = ? AND m.removed_at IS NULL", ref) if may_read(viewer) else []
    return found[0] if found else None


async def meeting_of_report(ref: str) -> BoardMeeting | None:
    """The meeting whose paper a report is."""
    found = await _found(" WHERE s.ref = ? AND m.removed_at IS NULL", ref)
    return found[0] if found else None


async def papers_to_take(*, today: date, now: datetime) -> list[BoardMeeting]:
    """Meetings to come whose data cut-off is past, without figures, and that no process is at work on; the next due first."""
    return await _found(
        " WHERE m.removed_at IS NULL AND m.snapshot_id IS NULL AND m.cut_off_on < ? AND m.meets_on >= ?"
        " AND (m.taking_until IS NULL OR m.taking_until <= ?) ORDER BY m.paper_due_on, m.id",
        today, today, now,
    )  # fmt: skip


async def open_papers(*, until: date, today: date) -> list[BoardMeeting]:
    """Meetings to come whose paper is due by a day, or was, and is not signed off; the next due first."""
    return await _found(f" WHERE {OPEN_PAPER} AND m.paper_due_on <= ? AND m.meets_on >= ? ORDER BY m.paper_due_on, m.id", until, today)


async def _found(rest: str, *values: object) -> list[BoardMeeting]:
    return [_meeting(row) for row in await rows(f"SELECT {_COLUMNS}{_FROM}{rest}", *values, instants=_INSTANTS, dates=_DATES)]


def _meeting(row: Mapping[str, Any]) -> BoardMeeting:
    draft = MeetingDraft(
        meets_on=row["meets_on"],
        paper_due_on=row["paper_due_on"],
        cut_off_on=row["cut_off_on"],
        period=Period(row["year"], row["quarter"]),
        starts=time.fromisoformat(row["starts"]) if row["starts"] else None,
        place=row["place"],
        note=row["note"],
    )
    return BoardMeeting(
        id=row["id"],
        ref=row["ref"],
        draft=draft,
        report=row["report"] or "",
        as_at=row["as_at"],
        signed_at=row["signed_at"],
        signed_by=row["signed_by"] or "",
        taking_until=row["taking_until"],
        reminded_of=row["reminded_of"],
        removed_at=row["removed_at"],
        removed_reason=row["removed_reason"],
        changed_at=row["changed_at"],
        revision=row["revision"],
    )
