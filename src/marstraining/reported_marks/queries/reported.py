"""What a meeting's report is read against."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.meeting_reports.model import Booked, TaughtDay


@frozen
class ReportedSession:
    """What a meeting's report is read against: training days that were not cancelled, and who has a confirmed booking."""

    days: tuple[TaughtDay, ...]
    booked: tuple[Booked, ...]


async def reported_session(ref: str) -> ReportedSession:
    """The session of a reference, for its reports. Raises NotFound where there is none. A course's breaks are not taught."""
    days = await rows(
        "SELECT d.starts_at, d.ends_at, d.is_cancelled, c.break_minutes FROM programme_day d JOIN programme_session s"
        " ON s.id = d.session_id JOIN programme_course c ON c.id = s.course_id WHERE s.ref = ? ORDER BY d.starts_at",
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
        tuple(taught(day["starts_at"], day["ends_at"], day["break_minutes"]) for day in days if not day["is_cancelled"]),
        tuple(booked_person(one) for one in booked),
    )


def taught(starts_at: datetime, ends_at: datetime, break_minutes: int) -> TaughtDay:
    """A training day with its minutes taught: those of the breaks are not, unless they would leave none."""
    minutes = (ends_at - starts_at).total_seconds() / 60
    return TaughtDay(starts_at, ends_at, minutes - break_minutes if minutes > break_minutes else minutes)


def booked_person(row: Mapping[str, Any]) -> Booked:
    """Somebody with their addresses, as matching takes them."""
    return Booked(row["id"], row["name"], _filled(row["email"]), _filled(row["second_email"]))


def _filled(address: str | None) -> tuple[str, ...]:
    return (address,) if address else ()
