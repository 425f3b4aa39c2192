"""Turns at one session: who waited for a refusal of the same wish gets it, everybody else has a turn of their own."""

import asyncio

import pytest

from marstraining.bookings.actions import book_place
from marstraining.bookings.actions.turns import turn
from marstraining.bookings.rules import BookPlace
from marstraining.core.errors import Refused
from tests import makers
from tests.conftest import Clock


async def _try(session_id: int, wants: str, *, code: str, got_in: list[str]) -> str:
    with pytest.raises(Refused, match=r"^No\.$") as caught:
        async with turn(session_id, wants=wants):
            got_in.append(wants)
            await asyncio.sleep(0.01)
            raise Refused("No.", code=code, facts={"is_list_open": True})
    assert caught.value.facts == {"is_list_open": True}
    return caught.value.code


async def test_who_waited_while_another_with_the_same_wish_was_refused_as_full_is_refused_without_a_turn() -> None:
    got_in: list[str] = []
    codes = await asyncio.gather(*(_try(1, wants, code="full", got_in=got_in) for wants in ("room", "room", "online", "room")))
    assert (codes, got_in) == (["full"] * 4, ["room", "online"])


async def test_another_refusal_speaks_for_nobody_else() -> None:
    got_in: list[str] = []
    codes = await asyncio.gather(*(_try(1, "room", code="clash", got_in=got_in) for _ in range(3)))
    assert (codes, got_in) == (["clash"] * 3, ["room"] * 3)


async def test_who_comes_after_the_refusal_looks_for_themselves() -> None:
    got_in: list[str] = []
    for _ in range(2):
        await _try(1, "room", code="full", got_in=got_in)
    assert got_in == ["room", "room"]


async def test_another_session_is_not_waited_for() -> None:
    got_in: list[int] = []
    async with turn(1, wants="room"):
        got_in.append(1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), turn(1, wants="online"):
                got_in.append(1)
        async with asyncio.timeout(1), turn(2, wants="room"):
            got_in.append(2)
    assert got_in == [1, 2]


@pytest.mark.usefixtures("db")
async def test_ten_at_once_for_two_places_are_two_bookings_and_eight_refusals(clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=2)
    people = [await makers.make_person(f"Learner {number}") for number in range(10)]
    answers = await asyncio.gather(
        *(book_place(BookPlace(session_id=session.id, learner_id=one.id), by=makers.as_learner(one), now=clock.now) for one in people),
        return_exceptions=True,
    )
    codes = [answer.code if isinstance(answer, Refused) else "booked" for answer in answers]
    assert sorted(codes) == ["booked"] * 2 + ["full"] * 8
