"""A small programme around Monday 9 March 2026 for conversations: courses of the reference case with dates, and a shelf of resources."""

import csv
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from marstraining.bookings.actions import book_place, cancel_booking, join_list
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.core.clock import from_wall
from marstraining.core.viewer import SYSTEM
from marstraining.demo import folder
from marstraining.people.models import Person
from marstraining.programme.models import Course, CourseTopic, Session, Topic, Venue
from marstraining.programme.topics import topic_of
from marstraining.search.actions import seed_lexicon
from tests import makers
from tests.resources.shelf import on_the_shelf

REFERENCE = Path(folder.__file__).parent / "reference"
LAST_MONTH = datetime.fromisoformat("2026-02-02T09:00:00+00:00")
# Code, London date and time, hours, more of the session.
SESSIONS: tuple[tuple[str, date, time, float, dict[str, Any]], ...] = (
    ("CP", date(2026, 3, 18), time(9, 30), 6, {"venue": "Civic Centre, Scunthorpe", "capacity": 20}),
    ("CP", date(2026, 5, 12), time(9, 30), 6, {"venue": "Civic Centre, Scunthorpe", "capacity": 20}),
    ("CP", date(2026, 6, 16), time(9, 30), 6, {"delivery": "online", "capacity": 30}),
    ("GCP2", date(2026, 3, 25), time(9, 30), 3, {"venue": "Hewson House, Brigg", "capacity": 12}),
    ("GCP2", date(2026, 4, 22), time(13, 0), 3, {"venue": "Hewson House, Brigg", "capacity": 12}),
    ("DSL-SCH", date(2026, 3, 17), time(14, 0), 2, {"venue": "Civic Centre, Scunthorpe", "capacity": 60}),
    ("DSL-EY", date(2026, 3, 24), time(13, 0), 2, {"delivery": "online", "capacity": 40}),
    ("CPVA", date(2026, 3, 10), time(10, 0), 3, {"delivery": "online", "capacity": 25, "joining_link": "https://teams.example/cpva"}),
    ("SD", date(2026, 4, 14), time(9, 30), 3, {"delivery": "online", "capacity": 1}),
    ("EHF", date(2026, 3, 13), time(13, 30), 2, {"delivery": "hybrid", "venue": "Civic Centre, Scunthorpe", "capacity": None,
        "capacity_room": 5, "capacity_online": 20}),
    ("EHF", date(2026, 3, 20), time(13, 30), 2, {"delivery": "online", "capacity": 40}),
    ("CONF-MARS", date(2026, 6, 24), time(9, 0), 7, {"venue": "Baths Hall, Scunthorpe", "capacity": 150}),
    ("PROFCUR", date(2026, 4, 28), time(9, 30), 3, {"delivery": "online", "external_url": "https://events.example/curiosity"}),
)  # fmt: skip
RESOURCES = (
    ("7MB-CSE", "Child sexual exploitation: learning from the Line of Sight event", "briefing7", ("CSE",)),
    ("7MB-CCE", "Child criminal exploitation: learning from the Line of Sight event", "briefing7", ("CCE",)),
    ("2MB-NEGLECT", "Neglect", "briefing2", ("neglect",)),
    ("KIT-NEGLECT", "Family help toolkit: neglect", "toolkit", ("neglect",)),
    ("SPOT-DADS", "In the Spotlight: working and engaging with fathers and male carers", "spotlight", ("fathers",)),
    ("INFO-PF", "Private fostering: what to do", "infosheet", ("private_fostering",)),
    ("FORM-LADO", "Referral to the Local Authority Designated Officer", "form", ("allegations",)),
)
_TOPICS = {
    "CP": ("child_protection",), "GCP2": ("neglect", "gcp2"), "DSL-SCH": ("dsl",), "DSL-EY": ("dsl",), "EHF": ("early_help",),
    "CPVA": ("child_to_parent_violence",), "SD": ("strategy_discussions",), "CONF-MARS": ("risk_outside_home",),
    "PROFCUR": ("professional_curiosity",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """The sessions by course code, soonest first."""

    sessions: dict[str, list[Session]] = field(default_factory=dict)

    def ref(self, code: str, number: int = 0) -> str:
        return self.sessions[code][number].ref


async def make_world(*, now: datetime) -> World:
    """Put the programme and the shelf into the database."""
    courses = await _courses()
    venues: dict[str, Venue] = {}
    world = World()
    for code, day, at, hours, more in SESSIONS:
        columns = dict(more)
        name = columns.pop("venue", "")
        if name and name not in venues:
            venues[name] = await makers.make_venue(name, address="Ashby Road", postcode="DN16 1AB")
        session = await makers.make_session(
            course=courses[code], starts=from_wall(day, at), hours=hours, now=now, venue=venues.get(name), **columns
        )
        world.sessions.setdefault(code, []).append(session)
    await seed_lexicon(now=now)
    for code, title, kind, topics in RESOURCES:
        await on_the_shelf(code, now=LAST_MONTH, title=title, kind=kind, topics=topics, url=f"https://guide.site.org/{code.lower()}")
    return world


async def _courses() -> dict[str, Course]:
    made = {}
    with (REFERENCE / "courses.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["code"] not in _TOPICS:
                continue
            course = await makers.make_course(
                row["title"], code=row["code"], kind=row["kind"], audience=row["audience"], audience_codes=row["audience_codes"].split(";")
            )
            for slug in _TOPICS[row["code"]]:
                topic, _ = await Topic.get_or_create(slug=slug, defaults={"label": topic_of(slug)[1]})
                await CourseTopic.create(course=course, topic=topic)
            made[row["code"]] = course
    return made


async def fill(session: Session, *, now: datetime) -> None:
    """Somebody else takes the last places of a session."""
    for number in range(session.capacity or 0):
        person = await makers.make_person(f"Filler {number}")
        await book_place(BookPlace(session_id=session.id, learner_id=person.id), by=SYSTEM, now=now)


async def booked(person: Person, session: Session, *, now: datetime) -> str:
    """A place for somebody; its reference."""
    made = await book_place(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=now)
    return made.ref


async def waiting(person: Person, session: Session, *, now: datetime) -> str:
    """Somebody on the list of a session that others have filled; the reference of their booking."""
    await fill(session, now=now)
    made = await join_list(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=now)
    return made.ref


async def offered(person: Person, session: Session, *, now: datetime) -> str:
    """The same once a place came free and is offered to them."""
    ref = await waiting(person, session, now=now)
    taken = await Booking.filter(session_id=session.id, state="confirmed").first()
    if taken is not None:
        await cancel_booking(taken.id, by=SYSTEM, now=now)
    return ref
