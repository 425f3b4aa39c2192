"""Keeping places of a session for an agency or a sector, and letting them go when their time comes."""

from datetime import datetime

from marstraining.bookings.actions import steps
from marstraining.bookings.actions.waiting import pass_on
from marstraining.bookings.queries import session_row
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.history.actions import record
from marstraining.people.rules import SECTORS
from marstraining.programme.models import Session

_MOST = 10_000


async def keep_places(
    session_id: int,
    *,
    agency_id: int | None = None,
    sector: str = "",
    floor: int | None = None,
    cap: int | None = None,
    release_days: int | None = None,
    by: Viewer,
    now: datetime,
) -> int:
    """Keep at least `floor` places for an agency with its branches, or for a sector, and give it at most `cap`; the allocation's number.

    A floor is let go `release_days` working days before the session, or never where None. Refused with neither number, with both an
    agency and a sector or neither, with a floor above the cap or above the places there are, and for whom places are kept already.
    Nobody who is booked loses a place (booking.md, Agencies 1).
    """
    if (agency_id is None) == (not sector) or (sector and sector not in SECTORS):
        raise Refused("Choose an organisation or a sector, not both.", code="whose", field="agency")
    _check_numbers(floor, cap, release_days)
    async with transaction():
        await hold(Session, session_id)
        session = await session_row(session_id)
        if session is None:
            raise NotFound
        if floor and session.capacity.session is not None and floor > session.capacity.session:
            raise Refused(f"The session has only {session.capacity.session} places.", code="floor", field="floor")
        taken = await rows(
            "SELECT id FROM bookings_allocation WHERE session_id = ? AND (agency_id = ? OR (sector <> '' AND sector = ?))",
            session_id, agency_id, sector,
        )  # fmt: skip
        if taken:
            raise Refused("Places are kept for them already. Take those away first.", code="there_already", field="agency")
        calendar = steps.working_calendar()
        release_at = None if release_days is None or not floor else calendar.working_days_before(session.starts_at, release_days)
        made = await rows(
            "INSERT INTO bookings_allocation (session_id, agency_id, sector, floor, cap, release_at)"
            " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            session_id, agency_id, sector, floor, cap, release_at,
        )  # fmt: skip
        detail = {"agency": agency_id, "sector": sector, "floor": floor, "cap": cap}
        await record("keep_places", by=by, now=now, subject_kind="session", subject_id=session_id, detail=detail)
    return int(made[0]["id"])


def _check_numbers(floor: int | None, cap: int | None, release_days: int | None) -> None:
    if floor is None and cap is None:
        raise Refused("Enter how many places are kept, how many they may have at most, or both.", code="numbers", field="floor")
    for number, field in ((floor, "floor"), (cap, "cap"), (release_days, "release")):
        if number is not None and not 0 <= number <= _MOST:
            raise Refused("Enter a number of 0 or more.", code="numbers", field=field)
    if floor is not None and cap is not None and floor > cap:
        raise Refused("No more places can be kept than they may have at most.", code="numbers", field="floor")


async def let_places_go(session_id: int, allocation_id: int, *, by: Viewer, now: datetime) -> None:
    """Take an allocation away; what it kept is anybody's at once, and the list comes first."""
    async with transaction():
        await hold(Session, session_id)
        if not await execute("DELETE FROM bookings_allocation WHERE id = ? AND session_id = ?", allocation_id, session_id):
            raise NotFound
        await record("let_places_go", by=by, now=now, subject_kind="session", subject_id=session_id)
        session = await session_row(session_id)
        if session:
            await pass_on(session, by=by, now=now)


async def release_allocations(*, now: datetime) -> int:
    """The job: where a floor's time has come, what it kept passes to the list. Returns how many floors were let go."""
    due = await rows(
        "SELECT id, session_id FROM bookings_allocation WHERE release_at <= ? AND released_at IS NULL ORDER BY session_id, id", now
    )
    for row in due:
        async with transaction():
            await hold(Session, row["session_id"])
            if not await execute("UPDATE bookings_allocation SET released_at = ? WHERE id = ? AND released_at IS NULL", now, row["id"]):
                continue
            session = await session_row(row["session_id"])
            if session:
                await pass_on(session, by=SYSTEM, now=now)
    return len(due)
