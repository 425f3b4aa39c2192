"""What tests of the public pages share."""

from collections.abc import Awaitable, Callable
from datetime import date, time
from typing import Any

from marstraining.core.clock import from_wall
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def session_of(clock: Clock, title: str = "Neglect", day: date = date(2026, 6, 9), **columns: Any) -> Session:
    course: Course = columns.pop("course", None) or await makers.make_course(title)
    return await makers.make_session(course=course, starts=from_wall(day, time(9, 30)), now=clock.now, **columns)
