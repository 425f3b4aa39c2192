"""Many who ask the same at the same moment are answered by one reading, and nobody later by it."""

import asyncio

import pytest

from marstraining.core.at_once import read_once


async def test_who_asks_meanwhile_shares_the_answer_and_who_asks_later_does_not() -> None:
    readings = []

    async def read() -> int:
        readings.append(1)
        await asyncio.sleep(0)
        return len(readings)

    assert await asyncio.gather(*(read_once("a", read) for _ in range(200)), read_once("b", read)) == [2] * 200 + [2]
    assert (len(readings), await read_once("a", read)) == (2, 3)


async def test_what_goes_wrong_is_told_to_all_and_not_kept() -> None:
    async def fail() -> int:
        await asyncio.sleep(0)
        raise LookupError("nothing there")

    async def read() -> int:
        return 7

    told = await asyncio.gather(*(read_once("a", fail) for _ in range(3)), return_exceptions=True)
    assert [str(one) for one in told] == ["nothing there"] * 3
    assert await read_once("a", read) == 7


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def read() -> str:
        begun.set()
        await go_on.wait()
        return "read"

    first, second = (asyncio.create_task(read_once("a", read)) for _ in range(2))
    await begun.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    go_on.set()
    assert await second == "read"
