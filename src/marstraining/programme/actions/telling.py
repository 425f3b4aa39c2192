"""A session in the words of the letters that the programme writes: what, when and where."""

from marstraining.core.clock import local, time_words
from marstraining.core.db import rows
from marstraining.programme.models import Session
from marstraining.programme.place import place_of
from marstraining.programme.queries import Day, training_days


async def session_words(session: Session) -> dict[str, object]:
    """The title, the training days that stand and the place, by those names."""
    found = await rows(
        "SELECT c.title, coalesce(v.name, '') AS venue FROM programme_session s JOIN programme_course c ON c.id = s.course_id"
        " LEFT JOIN programme_venue v ON v.id = s.venue_id WHERE s.id = ?",
        session.id,
    )
    return {
        "title": session.title or found[0]["title"],
        "days": await standing_days(session.id),
        "place": place_of(session.delivery, found[0]["venue"]),
    }


async def standing_days(session_id: int) -> list[str]:
    """The training days that stand, each in words."""
    return [_day_words(day) for day in await training_days(session_id) if not day.is_cancelled]


def _day_words(day: Day) -> str:
    starts, ends = (time_words(local(instant).time()) for instant in (day.starts_at, day.ends_at))
    return f"{day.day:%A} {day.day.day} {day.day:%B %Y}, {starts} to {ends}"
