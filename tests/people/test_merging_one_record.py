"""What the one record of two that were merged says, where both said something."""

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.viewer import Role
from marstraining.people import actions
from marstraining.people.models import Person
from tests.conftest import STANDING_NOW
from tests.makers import as_desk, make_person

NOW = STANDING_NOW
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def dee(db: TortoiseContext) -> Person:
    return await make_person("Dee Marsh", roles=(Role.DESK,))


@pytest.mark.parametrize(
    ("kept", "dropped", "after"),
    [("left", "active", "active"), ("closed", "active", "active"), ("active", "left", "active"), ("closed", "left", "closed")],
)
async def test_a_person_is_active_where_either_record_was(dee: Person, kept: str, dropped: str, after: str) -> None:
    asha, twin = await make_person("Asha Patel", state=kept), await make_person("A. Patel", email="asha@home.example", state=dropped)
    await actions.merge_people(asha.id, twin.id, by=as_desk(dee), now=NOW)
    assert (await Person.get(id=asha.id)).state == after
    assert (await Person.get(id=twin.id)).state == "merged"
