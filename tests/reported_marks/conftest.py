"""Who is there in the tests of reports at the desk."""

import pytest
from tortoise.context import TortoiseContext

from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock, Visitor
from tests.reported_marks.reported import AFTER, SignInAs


@pytest.fixture
async def patel(db: TortoiseContext, clock: Clock) -> Person:
    """Asha as the reports know her."""
    clock.travel_to(AFTER)
    return await makers.make_person("Asha Patel", email="a.patel@example.org")


@pytest.fixture
async def cole(db: TortoiseContext) -> Person:
    return await makers.make_person("Ben Cole", email="ben@police.example")


@pytest.fixture
async def desk(patel: Person, dee: Person, sign_in_as: SignInAs) -> Visitor:
    return await sign_in_as(dee)
