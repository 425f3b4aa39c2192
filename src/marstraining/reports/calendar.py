"""The board's meetings as calendar entries: a meeting for who reads its papers, the day a paper is due for the training team."""

from datetime import date, datetime, time, timedelta

from marstraining.core import config
from marstraining.core.clock import from_wall, today_of
from marstraining.core.icalendar_writer import Entry
from marstraining.core.viewer import Viewer
from marstraining.reports.queries.meetings import BoardMeeting, meetings

# Where nobody entered how long a meeting lasts.
_LASTS = timedelta(hours=2)
_PAST_SHOWN = timedelta(days=180)
_DAY = timedelta(days=1)


async def board_entries(viewer: Viewer, *, now: datetime) -> list[Entry]:
    """What of the board's calendar belongs into somebody's own; nothing for who reads no reports, in one or two statements.

    A meeting that was removed stays CANCELLED until its day is past.
    """
    today = today_of(now)
    kept = [one for one in await meetings(viewer=viewer) if one.meets_on >= today - _PAST_SHOWN]
    removed = [one for one in await meetings(viewer=viewer, are_removed=True) if one.meets_on >= today]
    entries = [_meeting(one) for one in (*kept, *removed)]
    if viewer.is_desk:
        entries += [_due(one) for one in (*kept, *removed)]
    return entries


def _meeting(meeting: BoardMeeting) -> Entry:
    draft = meeting.draft
    starts = from_wall(draft.meets_on, draft.starts) if draft.starts else _midnight(draft.meets_on)
    address = f"{config.current().base_url}/board"
    return Entry(
        uid=f"board-meeting-{meeting.ref}",
        starts_at=starts,
        ends_at=starts + _LASTS if draft.starts else _midnight(draft.meets_on + _DAY),
        title=f"{config.current().partnership.short_name} board meeting",
        description=f"The paper on training reports {draft.period.words}: {address}",
        location=draft.place,
        url=address,
        sequence=meeting.revision,
        changed_at=meeting.changed_at,
        status="CANCELLED" if meeting.removed_at else "CONFIRMED",
        is_all_day=draft.starts is None,
    )


def _due(meeting: BoardMeeting) -> Entry:
    draft, base = meeting.draft, config.current().base_url
    address = f"{base}/board/reports/{meeting.report}" if meeting.report else f"{base}/board"
    return Entry(
        uid=f"board-paper-{meeting.ref}",
        starts_at=_midnight(draft.paper_due_on),
        ends_at=_midnight(draft.paper_due_on + _DAY),
        title=f"Board paper due: {draft.period.words}",
        description=f"For the meeting of {draft.meets_on.day} {draft.meets_on:%B %Y}. Its figures are as at the end of"
        f" {draft.cut_off_on.day} {draft.cut_off_on:%B %Y}: {address}",
        location="",
        url=address,
        sequence=meeting.revision,
        changed_at=meeting.changed_at,
        status="CANCELLED" if meeting.removed_at else "CONFIRMED",
        is_all_day=True,
    )


def _midnight(day: date) -> datetime:
    return from_wall(day, time())
