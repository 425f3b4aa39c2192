"""A session of the day that the synthetic reports are of, with people booked on it, and sending reports in."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx2

from marstraining.bookings.actions.walk_ins import confirm_walk_in
from marstraining.core.viewer import SYSTEM
from marstraining.people.models import Person
from marstraining.programme.models import Session, SessionTrainer
from tests import makers
from tests.conftest import Visitor
from tests.meeting_reports.readings import content

SignInAs = Callable[[Person], Awaitable[Visitor]]
STARTS = datetime(2022, 11, 14, 9, 30, tzinfo=UTC)
AFTER = datetime(2022, 11, 15, 9, 0, tzinfo=UTC)


async def held(*booked: Person, days: int = 1, course: dict[str, Any] | None = None, **columns: Any) -> Session:
    """Child Protection, 14 November 2022, 09:30 to 12:30, online, with places for these people."""
    made = await makers.make_course("Child Protection: core", **(course or {}))
    columns.setdefault("delivery", "online")
    session = await makers.make_session(course=made, starts=STARTS, days=days, now=STARTS, **columns)
    for person in booked:
        await confirm_walk_in(session.id, person.id, agency_id=None, by=SYSTEM, now=STARTS)
    return session


async def trained_by(session: Session, person: Person, *, state: str = "accepted", speaks: bool = False) -> None:
    await SessionTrainer.create(session=session, person=person, state=state, is_contributor=speaks, asked_at=STARTS)


async def send(visitor: Visitor, root: str, *names: str, **fields: str) -> httpx2.Response:
    """Send files of the synthetic ones, or other bytes as `name:text`, all in one form."""
    page = await visitor.get(f"{root}/reports")
    found = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    files = [("files", (name, content(name), "text/csv")) for name in names]
    data = {"csrf_token": found[1] if found else "", **fields}
    return await visitor.http.post(f"{root}/reports", data=data, files=files, headers={"Sec-Fetch-Site": "same-origin"})


def stamp_in(text: str) -> str:
    found = re.search(r'name="stamp" value="([^"]*)"', text)
    assert found
    return found[1]


def words_in(text: str) -> str:
    """A page's words without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", text.partition("<main")[2].partition("</main>")[0]).split())
