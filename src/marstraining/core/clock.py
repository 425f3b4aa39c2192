"""The only place that knows what time it is; everything else takes `now`."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def _wall_clock() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _wall_clock


def now() -> datetime:
    """The present instant, in UTC."""
    return _source()


def passing_milliseconds() -> int:
    """Milliseconds as they really pass, whatever time the service is told that it is: for the pace of what goes out to others."""
    return int(_wall_clock().timestamp() * 1000)


def set_source(source: Callable[[], datetime] | None) -> None:
    """Take time from `source` (UTC instants) instead of the machine, or from the machine again with None; for tests."""
    global _source  # noqa: PLW0603 - the clock is the one piece of process-wide state
    _source = source or _wall_clock


def local(instant: datetime) -> datetime:
    """The Europe/London wall time of a UTC instant."""
    return instant.astimezone(LONDON)


def today() -> date:
    """The calendar date in London."""
    return local(now()).date()


def from_wall(day: date, at: time) -> datetime:
    """The UTC instant of a London wall time.

    A time that the spring clock change skips is refused with ValueError; one that the autumn change repeats is the first.
    """
    wall = datetime.combine(day, at, tzinfo=LONDON)
    instant = wall.astimezone(UTC)
    if instant.astimezone(LONDON).replace(tzinfo=None) != wall.replace(tzinfo=None):
        message = f"{at:%H:%M} on {day.day} {day:%B %Y} does not exist: the clocks go forward"
        raise ValueError(message)
    return instant


def time_words(at: time) -> str:
    """A time of day as in "9:30am", "2pm", "midday", "midnight"."""
    if at.minute == 0 and at.hour in {0, 12}:
        return "midday" if at.hour else "midnight"
    minutes = f":{at:%M}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"


def today_of(instant: datetime) -> date:
    """The calendar date in London at an instant."""
    return local(instant).date()
