"""Papers of the board's meetings: figures taken once the data cut-off is past, and who is told what about them."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from marstraining.core import config
from marstraining.core.clock import from_wall, local, time_words, today_of
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role, Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letters
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.reports.actions.taking import freeze, quarterly_content
from marstraining.reports.apart import take_apart
from marstraining.reports.queries import last_snapshot, may_take
from marstraining.reports.queries.meetings import BoardMeeting, meeting_by_ref, open_papers, papers_to_take
from marstraining.reports.rules import REMINDED_BEFORE, days_ahead, is_late, working_days_until

# So long a process that takes figures is left alone; one that failed is tried again after it.
_LEFT_ALONE = timedelta(minutes=10)
_ASKED_AT = time(9)


async def take_due_papers(*, now: datetime) -> int:
    """Take the figures of each meeting whose data cut-off is past, in a process of its own; how many it took. The worker's job.

    Safe to run twice and in many workers: one claims a meeting, for ten minutes, and what it takes is hung on the meeting only where
    nothing hangs there yet. A meeting that has taken place gets no paper any more.
    """
    taken = 0
    for meeting in await papers_to_take(today=today_of(now), now=now):
        claimed = await execute(
            "UPDATE reports_meeting SET taking_until = ? WHERE id = ? AND snapshot_id IS NULL AND removed_at IS NULL"
            " AND (taking_until IS NULL OR taking_until <= ?)",
            now + _LEFT_ALONE, meeting.id, now,
        )  # fmt: skip
        if claimed:
            try:
                await take_apart({"meeting": meeting.ref, "now": now.isoformat()})
                taken += 1
            except (NotFound, Refused):
                # Somebody removed the meeting, or gave it another cut-off, in the same moment.
                continue
    return taken


async def take_paper(ref: str, *, again: bool = False, by: Viewer, now: datetime) -> str:
    """Freeze the figures of a meeting's paper and tell the training team; the value is the report's reference.

    Once: where a report hangs on the meeting already it stands. By hand (`again`) another is made in its place, and nobody else is told.
    NotFound for no such meeting and for who may not take reports; Refused before the data cut-off is past, and for a paper that is
    signed off.
    """
    meeting = await meeting_by_ref(ref, viewer=by) if may_take(by) else None
    if meeting is None:
        raise NotFound
    if meeting.report and not again:
        return meeting.report
    _check_takable(meeting, today=today_of(now))
    content = await quarterly_content(meeting.draft.period, cut_off=meeting.draft.cut_off_on, now=now)
    async with transaction():
        # Whoever finds the meeting as it was read hangs the report on it; a second process finds it changed and leaves it.
        await execute("UPDATE reports_meeting SET ref = ref WHERE id = ?", meeting.id)
        held = await meeting_by_ref(ref, viewer=by)
        if held is None:
            raise NotFound
        if (held.draft.period, held.draft.cut_off_on, held.report, held.is_signed) != (
            meeting.draft.period, meeting.draft.cut_off_on, meeting.report, meeting.is_signed,
        ):  # fmt: skip
            return held.report
        before = await last_snapshot("quarterly", meeting.draft.period)
        frozen = await freeze("quarterly", meeting.draft.period, content, before=before, always=True, by=by, now=now)
        await execute(
            "UPDATE reports_meeting SET snapshot_id = (SELECT id FROM reports_snapshot WHERE ref = ?), taking_until = NULL WHERE id = ?",
            frozen.ref, meeting.id,
        )  # fmt: skip
        detail = {"ref": frozen.ref, "meets_on": meeting.meets_on.isoformat()}
        await record("meeting.paper_taken", by=by, now=now, subject_kind="meeting", subject_id=meeting.id, detail=detail)
        if not again:
            await queue_letters(await _letters("paper_taken", meeting, frozen.ref, now=now), now=now)
    return frozen.ref


def _check_takable(meeting: BoardMeeting, *, today: date) -> None:
    if meeting.is_signed:
        raise Refused("The paper of this meeting is signed off, so its figures stay. Take the signature back first.", code="signed")
    if meeting.draft.cut_off_on >= today:
        raise Refused(f"The data cut-off is {_said(meeting.draft.cut_off_on)}: figures are taken in the night after it.", code="ahead")


async def remind_of_papers(*, now: datetime) -> int:
    """Remind the training team, at 9am three working days before a paper is due, where nobody has signed it off; how many letters it wrote.

    The worker's job: once for each day on which a paper is due, made up for after a stop until the meeting; safe in many workers.
    """
    today = today_of(now)
    if local(now).time() < _ASKED_AT:
        return 0
    until = days_ahead(config.current().partnership.working_calendar, today, REMINDED_BEFORE)
    written = 0
    for meeting in await open_papers(until=until, today=today):
        async with transaction():
            # Whoever writes down the day writes the letters.
            if await execute(
                "UPDATE reports_meeting SET reminded_of = ? WHERE id = ? AND paper_due_on = ? AND removed_at IS NULL"
                " AND (reminded_of IS NULL OR reminded_of <> ?)",
                meeting.draft.paper_due_on, meeting.id, meeting.draft.paper_due_on, meeting.draft.paper_due_on,
            ):  # fmt: skip
                letters = await _letters("paper_reminder", meeting, meeting.report, now=now)
                await queue_letters(letters, now=now)
                written += len(letters)
    return written


async def _letters(template: str, meeting: BoardMeeting, report: str, *, now: datetime) -> list[Letter]:
    """The same letter to everybody at the desk; where nobody is, to the address that letters are answered to."""
    draft = meeting.draft
    key = f"{template.replace('_', '-')}-{meeting.id}-{report or 'none'}-{draft.paper_due_on}"
    context = _facts(meeting, report, now=now)
    return [
        Letter(
            key=f"{key}-{to.person_id or 'desk'}",
            template=template,
            to=to,
            priority=Priority.REMINDER,
            context={**context, "name": to.name},
            expires_at=from_wall(draft.meets_on, time()) + timedelta(days=1),
        )
        for to in await _desk()
    ]


async def _desk() -> list[Recipient]:
    found = await rows(
        "SELECT DISTINCT p.id, p.name, p.email FROM people_role_grant g JOIN people_person p ON p.id = g.person_id"
        " WHERE g.role = ? AND g.ended_at IS NULL AND p.state = 'active' AND p.email IS NOT NULL ORDER BY p.id",
        Role.DESK.value,
    )
    if found:
        return [Recipient(address=row["email"], name=row["name"], person_id=row["id"]) for row in found]
    partnership = config.current().partnership
    return [Recipient(address=partnership.reply_to, name=partnership.from_name)]


def _facts(meeting: BoardMeeting, report: str, *, now: datetime) -> Mapping[str, Any]:
    draft, today = meeting.draft, today_of(now)
    wall = local(now)
    return {
        "date": _said(draft.meets_on),
        "period": draft.period.words,
        "last_day": _weekday(draft.paper_due_on),
        "days": working_days_until(config.current().partnership.working_calendar, today, draft.paper_due_on),
        "cut_off": _said(draft.cut_off_on),
        "taken": f"{_said(wall.date())} at {time_words(wall.time())}",
        "is_late": is_late(draft.cut_off_on, now),
        "ref": report,
    }


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _weekday(day: date) -> str:
    return f"{day:%A} {_said(day)}"
