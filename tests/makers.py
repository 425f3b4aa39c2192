"""Short ways to put rows on the table: each makes one thing, with everything a test does not care about filled in."""

import itertools
from datetime import date, datetime, time, timedelta
from typing import Any

from marstraining.attendance.models import Mark
from marstraining.core.clock import from_wall, local
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Role, Viewer
from marstraining.people.models import Agency, Person, Position, RoleGrant
from marstraining.programme.models import Course, Session, TrainingDay, Venue
from marstraining.record.models import Completion

_numbers = itertools.count(1)
LONG_AGO = datetime.fromisoformat("2025-01-06T09:00:00+00:00")


async def make_agency(name: str = "St Luke's School", *, sector: str = "Education, schools", **columns: Any) -> Agency:
    columns.setdefault("code", f"A{next(_numbers)}")
    return await Agency.create(name=name, sector=sector, **columns)


async def make_person(
    name: str,
    *,
    email: str | None = "",
    agency: Agency | None = None,
    job_role: str = "school_staff",
    roles: tuple[Role, ...] = (),
    **columns: Any,
) -> Person:
    """A person; without `email` one is made up from the name, and None makes a managed learner."""
    if email == "":
        email = f"{name.split(maxsplit=1)[0].casefold()}{next(_numbers)}@example.org"
    person = await Person.create(ref=new_ref(), name=name, email=email, created_at=LONG_AGO, **columns)
    if agency is not None:
        await Position.create(person=person, agency=agency, job_role=job_role, starts_on=date(2025, 1, 6))
    for role in roles:
        await RoleGrant.create(person=person, role=role, agency=agency if role == Role.AGENCY_LEAD else None, granted_at=LONG_AGO)
    return person


async def make_course(title: str = "Child Protection", **columns: Any) -> Course:
    columns.setdefault("code", f"C{next(_numbers)}")
    columns.setdefault("kind", "course")
    columns.setdefault("audience_codes", ["all"])
    return await Course.create(title=title, **columns)


async def make_venue(name: str = "", **columns: Any) -> Venue:
    return await Venue.create(ref=new_ref(), name=name or f"Venue {next(_numbers)}", **columns)


async def make_session(
    *,
    course: Course | None = None,
    starts: datetime | None = None,
    hours: float = 3.0,
    days: int = 1,
    now: datetime,
    **columns: Any,
) -> Session:
    """A published session in person, by default at 09:30 London time 60 days from `now`, each further training day the day after."""
    course = course or await make_course()
    first = starts or from_wall(local(now).date() + timedelta(days=60), time(9, 30))
    columns.setdefault("state", "published")
    columns.setdefault("delivery", "in person")
    columns.setdefault("capacity", 20)
    columns.setdefault("published_at", LONG_AGO)
    spans = [_day_span(first, hours, later) for later in range(days)]
    session = await Session.create(
        ref=new_ref(), course=course, starts_at=spans[0][0], ends_at=spans[-1][1], changed_at=LONG_AGO, **columns
    )
    for starts_at, ends_at in spans:
        await make_day(session, starts_at=starts_at, ends_at=ends_at)
    return session


def _day_span(first: datetime, hours: float, later: int) -> tuple[datetime, datetime]:
    wall = local(first)
    starts_at = from_wall(wall.date() + timedelta(days=later), wall.time())
    return starts_at, starts_at + timedelta(hours=hours)


async def make_day(session: Session, *, starts_at: datetime, ends_at: datetime, **columns: Any) -> TrainingDay:
    wall, end = local(starts_at), local(ends_at)
    return await TrainingDay.create(
        session=session, uid=f"day-{next(_numbers)}-{new_ref()}", day=wall.date(), starts=f"{wall:%H:%M}", ends=f"{end:%H:%M}",
        starts_at=starts_at, ends_at=ends_at, changed_at=LONG_AGO, **columns,
    )  # fmt: skip


async def complete(person: Person, course: Course, *, on: date) -> Completion:
    return await Completion.create(person=person, course=course, completed_on=on, source="imported", recorded_at=LONG_AGO)


async def make_mark(session: Session, person: Person, mark: str = "attended", **columns: Any) -> Mark:
    return await Mark.create(session=session, person=person, mark=mark, evidence="manual", at=LONG_AGO, **columns)


def as_learner(person: Person) -> Viewer:
    return Viewer(person_id=person.id, roles=frozenset({Role.LEARNER}), name=person.name)


def as_desk(person: Person) -> Viewer:
    return Viewer(person_id=person.id, roles=frozenset({Role.LEARNER, Role.DESK}), name=person.name, is_stepped_up=True)
