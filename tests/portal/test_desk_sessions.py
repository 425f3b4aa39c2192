"""The training team's list of sessions: narrowed, sorted, paged, taken away; as many statements whatever is listed."""

import csv
import io
import re
from collections.abc import Awaitable, Callable
from datetime import date, time, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import book_place
from marstraining.bookings.rules import BookPlace
from marstraining.core.clock import from_wall
from marstraining.people.models import Person
from marstraining.programme.models import Session
from tests import makers
from tests.conftest import Clock, Visitor
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def _session(clock: Clock, title: str, day: date, **columns: object) -> Session:
    session = await makers.make_session(course=await makers.make_course(title), starts=from_wall(day, time(9, 30)), now=clock.now)
    await Session.filter(id=session.id).update(**columns) if columns else None
    return session


def _titles(page: str) -> list[str]:
    return re.findall(r'href="/desk/sessions/[0-9a-z]{10}">([^<]*)<', page)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Draft", "Neglect", "Off"]),
        ("?when=past", ["Past"]),
        ("?when=all&sort=-starts", ["Off", "Neglect", "Draft", "Past"]),
        ("?state=draft", ["Draft"]),
        ("?q=neg", ["Neglect"]),
        ("?from=2026-06-02&to=2026-06-02", ["Neglect"]),
        ("?delivery=online", []),
        ("?series=0123456789", ["Draft"]),
        ("?sort=title", ["Draft", "Neglect", "Off"]),
    ],
)
async def test_the_list_is_narrowed_and_sorted(dee: Person, sign_in_as: SignInAs, clock: Clock, query: str, titles: list[str]) -> None:
    await _session(clock, "Past", date(2026, 3, 2))
    await _session(clock, "Draft", date(2026, 6, 1), state="draft", series="0123456789")
    await _session(clock, "Neglect", date(2026, 6, 2))
    await _session(clock, "Off", date(2026, 6, 3), state="called_off")
    assert _titles((await (await sign_in_as(dee)).get(f"/desk/sessions{query}")).text) == titles


async def test_the_list_takes_as_many_statements_for_one_row_as_for_three(
    db: TortoiseContext, dee: Person, asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    desk = await sign_in_as(dee)
    counts = []
    for number in range(3):
        session = await _session(clock, "Neglect", date(2026, 6, 1) + timedelta(days=number))
        await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
        async with statements(db) as heard:
            page = await desk.get("/desk/sessions")
        assert len(_titles(page.text)) == number + 1
        counts.append(len(heard))
    assert counts == [counts[0]] * 3


async def test_what_is_not_counted_here_is_not_nought(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    course = await makers.make_course("Elsewhere", external_url="https://elsewhere.example")
    await makers.make_session(course=course, now=clock.now, external_url="https://elsewhere.example", capacity=None)
    await makers.make_session(course=await makers.make_course("Asked for"), now=clock.now, access="invited")
    answer = await (await sign_in_as(dee)).get("/desk/sessions?export=csv")
    found = {row["Session"]: row for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))}
    assert [(found["Elsewhere"][name]) for name in ("State", "Booked", "Places")] == ["Elsewhere", "", ""]
    assert [(found["Asked for"][name]) for name in ("State", "Booked", "Places")] == ["By invitation", "0", "20"]


async def test_a_session_of_the_past_whose_people_were_only_counted_shows_their_number(
    dee: Person, asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    await _session(clock, "Counted", date(2026, 3, 2), imported_headcount=32)
    await _session(clock, "Nobody", date(2026, 3, 2))
    booked = await _session(clock, "Booked", date(2026, 6, 2), imported_headcount=9)
    await book_place(BookPlace(session_id=booked.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    desk = await sign_in_as(dee)
    page = (await desk.get("/desk/sessions?when=all")).text
    assert ("32 came" in page, "9 came" in page) == (True, False)
    answer = await desk.get("/desk/sessions?when=all&export=csv")
    found = {row["Session"]: row for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))}
    assert {name: (row["Booked"], row["Came, by number"]) for name, row in found.items()} == {
        "Counted": ("0", "32"),
        "Nobody": ("0", ""),
        "Booked": ("1", "9"),
    }


async def test_the_list_is_taken_away(dee: Person, asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await _session(clock, "Neglect", date(2026, 6, 2))
    await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    line = (await (await sign_in_as(dee)).get("/desk/sessions?export=csv")).text.splitlines()[1]
    assert line.startswith("2026-06-02 09:30,Neglect,")
    assert line.endswith(",Open,In person,,1,20,,,")


async def test_the_list_is_for_those_who_run_sessions(asha: Person, sign_in_as: SignInAs) -> None:
    assert (await (await sign_in_as(asha)).get("/desk/sessions")).status_code == 404
