"""What a meeting's report is read against."""

from dataclasses import dataclass
from datetime import datetime

from marstraining.attendance.reports.model import Booked, TaughtDay
from marstraining.core.db import rows
from marstraining.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class ReportedSession:
    """What a meeting's report is read against: training days that were not cancelled, and who has a confirmed booking."""

    days: tuple[TaughtDay, ...]
    booked: tuple[Booked, ...]


async def reported_session(ref: str) -> ReportedSession:
    """The session of a reference, for its reports. Raises NotFound where there is none. Whole days count as taught."""
    days = await rows(
        "SELECT d.starts_at, d.ends_at, d.is_cancelled FROM programme_day d JOIN programme_session s ON s.id = d.session_id"
        " WHERE s.ref = ? ORDER BY d.starts_at",
        ref,
        instants=("starts_at", "ends_at"),
        flags=("is_cancelled",),
    )
    if not days:
        raise NotFound
    booked = await rows(
        "SELECT p.id, p.name, p.email, p.second_email FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id"
        " JOIN people_person p ON p.id = b.learner_id WHERE s.ref = ? AND b.state = 'confirmed' ORDER BY p.name, p.id",
        ref,
    )
    return ReportedSession(
        tuple(_taught(day["starts_at"], day["ends_at"]) for day in days if not day["is_cancelled"]),
        tuple(Booked(one["id"], one["name"], _filled(one["email"]), _filled(one["second_email"])) for one in booked),
    )


def _taught(starts_at: datetime, ends_at: datetime) -> TaughtDay:
    return TaughtDay(starts_at, ends_at, (ends_at - starts_at).total_seconds() / 60)


def _filled(address: str | None) -> tuple[str, ...]:
    return (address,) if address else ()
