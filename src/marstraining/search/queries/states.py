"""How booking stands for the dates that a page of results shows."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.bookings.queries import Places, places
from marstraining.core.clock import local
from marstraining.core.viewer import Viewer
from marstraining.programme.queries import SessionRow, sessions_by_ref, visible_to
from marstraining.programme.rules import Stage

_SAID = {
    Stage.CLOSED: "booking has closed",
    Stage.UNDER_WAY: "under way",
    Stage.POSTPONED: "postponed, new date to follow",
    Stage.CALLED_OFF: "called off",
    Stage.ELSEWHERE: "book with the organiser",
}


async def booking_states(refs: Sequence[str], *, viewer: Viewer, now: datetime) -> dict[str, str]:
    """By reference the words for each session that one cannot simply book: full, not open yet, closed. What has places is absent."""
    if not refs:
        return {}
    found = await sessions_by_ref(refs, scope=await visible_to(viewer, now=now))
    left = await places([row.id for row in found.values()], now=now)
    said = {ref: _said(row, left.get(row.id), now=now) for ref, row in found.items()}
    return {ref: words for ref, words in said.items() if words}


def _said(row: SessionRow, left: Places | None, *, now: datetime) -> str:
    stage = row.stage(now)
    if stage == Stage.OPEN and left is not None and left.is_full:
        return "full, with a waiting list" if row.is_list_open else "full"
    if stage == Stage.NOT_OPEN_YET and row.opens_at is not None:
        opens = local(row.opens_at)
        return f"booking opens on {opens.day} {opens:%B}"
    return _SAID.get(stage, "")
