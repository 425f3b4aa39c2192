"""Days, times, places and filters in the words of a reply, in London's wall time."""

from collections.abc import Sequence
from datetime import date, datetime, time

from marstraining.core.clock import local, time_words
from marstraining.programme.place import place_of
from marstraining.programme.rules import Delivery


def day_words(day: date) -> str:
    """As in "Wednesday 18 March 2026"."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def short_day(day: date) -> str:
    """As in "Wed 18 March"."""
    return f"{day:%a} {day.day} {day:%B}"


def moment_words(instant: datetime) -> str:
    """As in "10am on Wednesday 18 March 2026"."""
    at = local(instant)
    return f"{time_words(at.time())} on {day_words(at.date())}"


def span_words(starts: str, ends: str) -> str:
    """Two wall times "09:30" and "12:30" as "9:30am to 12:30pm"."""
    return f"{time_words(time.fromisoformat(starts))} to {time_words(time.fromisoformat(ends))}"


def when_words(days: Sequence[tuple[date, str, str]]) -> list[str]:
    """Each training day with its times."""
    return [f"{day_words(day)}, {span_words(starts, ends)}" for day, starts, ends in days]


def place_words(delivery: str, venue: str, address: str = "") -> str:
    """Where a session is, with the address of its venue if that is asked for."""
    named = venue if delivery == Delivery.ONLINE else ", ".join(part for part in (venue, address) if part)
    return place_of(delivery, named)


def plural(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"


def listed(words: Sequence[str]) -> str:
    """As in "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
