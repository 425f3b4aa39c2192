"""A lead with staff, and what they are told."""

import asyncio
from datetime import date, time
from typing import Any

from marstraining.bookings.actions import book_place
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.core.clock import from_wall
from marstraining.core.viewer import Role, Viewer
from marstraining.digests.actions import write_digests
from marstraining.messages.models import Message
from marstraining.people.models import Agency, Person
from marstraining.people.queries import viewer_for
from marstraining.programme.models import Session
from tests import makers
from tests.conftest import Clock

Told = dict[str, list[str]]


async def a_lead(agency: Agency, name: str = "Lena Lead") -> Person:
    return await makers.make_person(name, agency=agency, roles=(Role.AGENCY_LEAD,))


async def as_lead(person: Person) -> Viewer:
    viewer = await viewer_for(person.id)
    assert viewer is not None
    return viewer


async def booked(session: Session, person: Person, clock: Clock, **order: Any) -> Booking:
    made = await book_place(BookPlace(session_id=session.id, learner_id=person.id, **order), by=makers.as_learner(person), now=clock.now)
    return await Booking.get(id=made.id)


async def morning(clock: Clock, day: date, at: time = time(7, 30)) -> int:
    """The job at that time by three workers at once; how many letters it wrote."""
    clock.travel_to(from_wall(day, at))
    return sum(await asyncio.gather(*(write_digests(now=clock.now) for _ in range(3))))


async def digests(lead: Person | None = None) -> list[Told]:
    """What each letter says, by heading: who, and what is said of them."""
    found = await Message.filter(template="digest", **({"person_id": lead.id} if lead else {})).order_by("id")
    return [_told(letter.context) for letter in found]


def _told(context: Any) -> Told:
    return {
        section["heading"]: [f"{line['who']}: {line['said']}. {line['below']}" for line in section["lines"]]
        for section in context["sections"]
    }
