"""A page past the end of a list shows its last rows, never that there is nothing."""

from collections.abc import Awaitable, Callable

import pytest

from marstraining.bookings.actions import book_place
from marstraining.bookings.rules import BookPlace
from marstraining.core.viewer import Role
from marstraining.people.models import Person, RoleGrant
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]


@pytest.mark.parametrize(
    "path",
    [
        "/desk/people", "/desk/sessions", "/desk/courses", "/desk/venues", "/desk/history", "/desk/letters", "/desk/agencies",
        "/desk/sessions/{session}", "/desk/people/{person}/bookings",
        "/desk/history/session/{session}", "/agency/staff", "/agency/bookings",
    ],
)  # fmt: skip
async def test_a_page_past_the_end_shows_what_the_last_page_does(
    path: str, asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, venue=await makers.make_venue())
    reader = dee
    if path.startswith("/agency"):
        agency = await makers.make_agency("Riverside Nursery")
        reader = await makers.make_person("Lea Dunn", agency=agency)
        await RoleGrant.create(person=reader, role=Role.AGENCY_LEAD, agency=agency, granted_at=clock.now)
    for person in {asha, reader}:
        await book_place(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=clock.now)
    visitor = await sign_in_as(reader)
    path = path.format(session=session.ref, person=asha.ref)
    first, beyond = await visitor.get(path), await visitor.get(f"{path}?page=7")
    assert first.text.count("<tr") > 1
    assert (beyond.status_code, beyond.text.count("<tr")) == (200, first.text.count("<tr"))
