"""What has a date of its own before a session starts, and where it goes when the session moves; plain values, without a clock."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, time

from marstraining.core.clock import LONDON, from_wall, local, today_of
from marstraining.core.values import frozen
from marstraining.core.working_time import WorkingCalendar

_NOON = time(12)


@frozen
class Deadlines:
    """The booking window as instants, the go or no-go day and the day for final numbers; None for what is not set."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    decide_by: date | None = None
    final_numbers_by: date | None = None

    def changed_to(self, other: "Deadlines") -> dict[str, date | datetime | None]:
        """What differs in `other`, by name."""
        return {one.name: getattr(other, one.name) for one in fields(self) if getattr(self, one.name) != getattr(other, one.name)}


def moved_with(was: Deadlines, *, old_start: datetime, new_start: datetime, calendar: WorkingCalendar) -> Deadlines:
    """The deadlines of a session that starts at `new_start` instead: each as many working days before the start as it was.

    The hour at which booking closes is kept, and what fell on the day itself falls on the new day. What lay after the start keeps
    its distance in days. Booking opens when it did, unless that would be after the new start or the new closing; then it moves too.
    """
    if old_start == new_start:
        return was

    def on_day(day: date) -> date:
        first, later = today_of(old_start), today_of(new_start)
        if day >= first:
            return later + (day - first)
        # From noon to noon, so that a day counts as a whole, whatever the hour of the start.
        distance = calendar.working_days_until(from_wall(day, _NOON), from_wall(first, _NOON))
        return today_of(calendar.working_days_before(from_wall(later, _NOON), distance))

    def at(instant: datetime) -> datetime:
        wall = local(instant)
        # Not `from_wall`: an hour that the clocks skip on the new day becomes the next one there is.
        moved = datetime.combine(on_day(wall.date()), wall.time(), tzinfo=LONDON).astimezone(UTC)
        return min(moved, new_start) if instant <= old_start else moved

    moved = replace(
        was,
        closes_at=at(was.closes_at) if was.closes_at else None,
        decide_by=on_day(was.decide_by) if was.decide_by else None,
        final_numbers_by=on_day(was.final_numbers_by) if was.final_numbers_by else None,
    )
    if was.opens_at and was.opens_at >= min(new_start, moved.closes_at or new_start):
        return replace(moved, opens_at=at(was.opens_at))
    return moved
