"""Taking hold of rows, one after the other or as they were read, on both databases."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.db import IntegrityError, Moved, execute, hold, hold_unseen, rows, together, transaction
from marstraining.core.db.sql import SeenRow
from marstraining.people.models import Person
from marstraining.programme.models import Venue
from tests import makers
from tests.statements import statements

ENTER = "INSERT INTO history_entry (at, actor_role, action, subject_kind, subject_id, detail) VALUES (?, 'desk', ?, 'x', ?, '{}')"
NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


async def make_venue(name: str) -> int:
    return (await Venue.create(ref=name[:10], name=name)).id


async def revisions() -> tuple[list[int], list[int]]:
    return [row.revision for row in await Venue.all().order_by("id")], [row.revision for row in await Person.all().order_by("id")]


async def entered() -> list[str]:
    return [row["action"] for row in await rows("SELECT action FROM history_entry ORDER BY id")]


async def enter(*words: str, unmoved: Sequence[SeenRow]) -> None:
    async with together(unmoved=unmoved):
        for word in words:
            await execute(ENTER, NOW, word, 1)


@pytest.mark.usefixtures("db")
async def test_who_holds_a_row_and_then_another_raises_the_revisions_of_both() -> None:
    venue, asha = await make_venue("Town hall"), await makers.make_person("Asha Patel")
    async with transaction():
        assert await hold(Venue, venue, and_then=(Person, asha.id))
    assert await revisions() == ([1], [1])
    async with transaction():
        assert not await hold(Venue, 999, and_then=(Person, asha.id))
    async with transaction():
        assert not await hold(Venue, venue, and_then=(Person, 999))
    assert (await revisions())[1] == [1]


@pytest.mark.usefixtures("db")
async def test_whoever_holds_a_row_unseen_finds_out_by_the_next_statement_and_holds_it_then() -> None:
    venue, asha = await make_venue("Town hall"), await makers.make_person("Asha Patel")
    async with transaction():
        await hold_unseen(Venue, venue, and_then=(Person, asha.id))
        assert await rows("SELECT revision FROM programme_venue WHERE id = ?", venue) == [{"revision": 1}]
    async with transaction():
        await hold_unseen(Venue, 999, and_then=(Person, asha.id))
        assert await rows("SELECT revision FROM programme_venue WHERE id = ?", 999) == []
    assert (await revisions())[0] == [1]


@pytest.mark.usefixtures("db")
async def test_two_who_hold_different_rows_and_then_the_same_wait_for_each_other() -> None:
    first, second, asha = await make_venue("first"), await make_venue("second"), await makers.make_person("Asha Patel")
    order: list[str] = []
    held = asyncio.Event()

    async def hold_first() -> None:
        async with transaction():
            assert await hold(Venue, first, and_then=(Person, asha.id))
            held.set()
            await asyncio.sleep(0.2)
            order.append("first")

    async def hold_second() -> None:
        await held.wait()
        async with transaction():
            assert await hold(Venue, second, and_then=(Person, asha.id))
            order.append("second")

    await asyncio.gather(hold_first(), hold_second())
    assert order == ["first", "second"]


async def test_writes_on_rows_as_they_were_read_are_made_and_hold_them(db: TortoiseContext, dialect: str) -> None:
    venue, asha = await make_venue("Town hall"), await makers.make_person("Asha Patel")
    async with statements(db) as heard:
        await enter("one", "two", unmoved=[(Venue, venue, 0), (Person, asha.id, 0)])
    assert (sorted(await entered()), await revisions()) == (["one", "two"], ([1], [1]))
    if dialect == "postgres":
        assert len(heard) == 1


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("moved", [(1, 0), (0, 1), (1, 1)], ids=["the first", "the second", "both"])
async def test_where_a_row_moved_nothing_is_written_and_nothing_held(moved: tuple[int, int]) -> None:
    venue, asha = await make_venue("Town hall"), await makers.make_person("Asha Patel")
    await Venue.filter(id=venue).update(revision=moved[0])
    await Person.filter(id=asha.id).update(revision=moved[1])
    with pytest.raises(Moved):
        await enter("one", unmoved=[(Venue, venue, 0), (Person, asha.id, 0)])
    assert (await entered(), await revisions()) == ([], ([moved[0]], [moved[1]]))


@pytest.mark.usefixtures("db")
async def test_a_row_that_is_gone_has_moved() -> None:
    with pytest.raises(Moved):
        await enter("one", unmoved=[(Venue, 999, 0)])
    assert await entered() == []


@pytest.mark.usefixtures("db")
async def test_a_broken_constraint_among_them_leaves_none_and_holds_nothing() -> None:
    venue = await make_venue("Town hall")
    with pytest.raises(IntegrityError):
        async with together(unmoved=[(Venue, venue, 0)]):
            await execute(ENTER, NOW, "one", 1)
            await execute("INSERT INTO programme_course_topic (course_id, topic_id) VALUES (?, ?)", 999, 999)
    assert (await entered(), await revisions()) == ([], ([0], []))


@pytest.mark.usefixtures("db")
async def test_of_many_who_read_the_same_one_writes() -> None:
    venue = await make_venue("Town hall")
    told = await asyncio.gather(*(enter(f"{n}", unmoved=[(Venue, venue, 0)]) for n in range(8)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in told) == ["Moved"] * 7 + ["NoneType"]
    assert (len(await entered()), await revisions()) == (1, ([1], []))


@pytest.mark.usefixtures("db")
async def test_who_waits_for_a_row_that_is_being_changed_finds_it_moved() -> None:
    venue = await make_venue("Town hall")
    held = asyncio.Event()

    async def change() -> None:
        async with transaction():
            await hold(Venue, venue)
            held.set()
            await asyncio.sleep(0.2)
            await execute(ENTER, NOW, "changed", 1)

    async def write() -> None:
        await held.wait()
        with pytest.raises(Moved):
            await enter("late", unmoved=[(Venue, venue, 0)])

    await asyncio.gather(change(), write())
    assert (await entered(), await revisions()) == (["changed"], ([1], []))


@pytest.mark.usefixtures("db")
async def test_rows_are_not_found_unmoved_inside_a_transaction() -> None:
    venue = await make_venue("Town hall")
    with pytest.raises(RuntimeError, match="outside a transaction"):
        async with transaction():
            await enter("one", unmoved=[(Venue, venue, 0)])
    assert (await entered(), await revisions()) == ([], ([0], []))
