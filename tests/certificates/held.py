"""A session that was held, with its register marked and locked."""

from datetime import UTC, datetime, timedelta
from typing import Any

from marstraining.attendance.actions import lock_register, mark_register
from marstraining.attendance.queries import taught_days
from marstraining.attendance.rules import MarkWord, NewMark
from marstraining.bookings.actions import book_place
from marstraining.bookings.rules import BookPlace
from marstraining.certificates.models import Certificate
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.people.models import Agency, Person, Position
from marstraining.programme.models import Course, Session
from tests import makers

STARTS = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
BEFORE = STARTS - timedelta(days=30)
AFTER = STARTS + timedelta(days=3)


async def held_session(*people: Person, course: Course | None = None, days: int = 1, starts: datetime = STARTS, **columns: Any) -> Session:
    """A session with everybody booked, in the past of `AFTER`; nobody is marked."""
    session = await makers.make_session(now=BEFORE, starts=starts, days=days, course=course, **columns)
    for person in people:
        post = await Position.get_or_none(person=person)
        wish = BookPlace(session_id=session.id, learner_id=person.id, agency_id=post.agency_id if post else None)
        await book_place(wish, by=makers.as_learner(person), now=starts - timedelta(days=30))
    return session


async def mark(session: Session, person: Person, *words: MarkWord, by: Viewer = SYSTEM, why: str = "", **more: Any) -> None:
    """Mark somebody on each training day; `why` for a register that is locked."""
    days = await taught_days(session.id)
    marks = [NewMark(person.id, day.id, word, **more) for day, word in zip(days, words, strict=True)]
    await mark_register(session.id, marks, why=why, by=by, now=days[-1].ends_at + timedelta(days=2))


async def lock(session: Session) -> None:
    days = await taught_days(session.id)
    await lock_register(session.id, leaves_unmarked=True, by=SYSTEM, now=days[-1].ends_at + timedelta(days=2))


async def certificates_of(person: Person) -> list[tuple[str, bool, str]]:
    """Name, whether it is valid, and why not, of each certificate in the order of issuing."""
    found = await Certificate.filter(person_id=person.id).order_by("id")
    return [(one.name, one.withdrawn_at is None, one.withdrawn_reason) for one in found]


async def a_school() -> Agency:
    return await makers.make_agency("St Luke's School")
