"""Where else somebody could go: the next date of a course that they could book."""

from datetime import datetime

from marstraining.bookings.queries.places import places
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.programme.queries import SessionRow, sessions_of_course, visible_to
from marstraining.programme.rules import SessionState, Stage

_UNCOUNTED = frozenset({Stage.ELSEWHERE, Stage.NO_BOOKING})
_OPEN = _UNCOUNTED | {Stage.OPEN}


@frozen
class NextDate:
    """Another session of the same course. Where nothing can be booked now, `opens_at` or `is_full` says why."""

    ref: str
    starts_at: datetime
    opens_at: datetime | None = None
    is_full: bool = False
    is_list_open: bool = False
    is_counted: bool = True

    @property
    def has_places(self) -> bool:
        """Whether places are known to be left; nobody knows it of what is booked elsewhere or without names."""
        return self.is_counted and not self.is_full and self.opens_at is None


async def next_date_of(course_id: int, session_id: int, *, viewer: Viewer, now: datetime) -> NextDate | None:
    """The earliest other session of the course that `viewer` could book now; else one that opens later, else one that is full.

    Those that they have a booking for or train are left out. None where no other is published.
    """
    taken = await _taken_by(viewer, course_id)
    coming = [
        row
        for row in await sessions_of_course(course_id, now=now, scope=await visible_to(viewer, now=now))
        if row.state == SessionState.PUBLISHED and row.id != session_id and row.id not in taken and row.starts_at > now
    ]
    left = await places([row.id for row in coming], now=now)
    full = {session_id for session_id, found in left.items() if found.is_full}
    ranked = [(rank, row) for row in coming if (rank := _rank(row, is_full=row.id in full, now=now)) is not None]
    if not ranked:
        return None
    rank, row = min(ranked, key=lambda one: (one[0], one[1].starts_at))
    return NextDate(
        row.ref,
        row.starts_at,
        opens_at=row.opens_at if rank == 1 else None,
        is_full=rank == 2,
        is_list_open=row.is_list_open,
        is_counted=row.stage(now) not in _UNCOUNTED,
    )


@frozen
class OfferedDate:
    """A place of a course that is offered to somebody."""

    booking_ref: str
    starts_at: datetime
    expires_at: datetime


async def offered_dates(course_id: int, person_id: int, *, now: datetime) -> list[OfferedDate]:
    """The places of a course that are offered to somebody at the moment, soonest session first."""
    found = await rows(
        "SELECT b.ref, s.starts_at, b.offer_expires_at FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id"
        " WHERE s.course_id = ? AND b.learner_id = ? AND b.state = 'offered' AND b.offer_expires_at > ? ORDER BY s.starts_at",
        course_id,
        person_id,
        now,
        instants=("starts_at", "offer_expires_at"),
    )
    return [OfferedDate(row["ref"], row["starts_at"], row["offer_expires_at"]) for row in found]


def _rank(row: SessionRow, *, is_full: bool, now: datetime) -> int | None:
    """0 what has places now, 1 what opens later, 2 what is full; None what nobody can book any more."""
    stage = row.stage(now)
    if stage == Stage.NOT_OPEN_YET:
        return 1
    if stage not in _OPEN:
        return None
    return 2 if is_full and stage == Stage.OPEN else 0


async def _taken_by(viewer: Viewer, course_id: int) -> frozenset[int]:
    if viewer.person_id is None:
        return frozenset()
    found = await rows(
        "SELECT s.id FROM programme_session s WHERE s.course_id = ? AND (EXISTS (SELECT 1 FROM bookings_booking b"
        " WHERE b.session_id = s.id AND b.learner_id = ? AND b.state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered'))"
        " OR EXISTS (SELECT 1 FROM programme_trainer r WHERE r.session_id = s.id AND r.person_id = ? AND r.state <> 'declined'))",
        course_id,
        viewer.person_id,
        viewer.person_id,
    )
    return frozenset(row["id"] for row in found)
