"""Plain statements, transactions, holding a row and seeing that something changed, on both databases."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from tortoise.context import TortoiseContext

from marstraining.core import db as house
from marstraining.core.db import (
    IntegrityError,
    OperationalError,
    execute,
    execute_many,
    hold,
    like_pattern,
    next_key,
    rows,
    stamp,
    together,
    transaction,
)
from marstraining.history.models import Entry
from marstraining.programme.models import Topic, Venue
from tests import makers
from tests.statements import statements

LONDON = ZoneInfo("Europe/London")
SUMMER_MORNING = datetime(2026, 7, 1, 9, 30, tzinfo=LONDON)

ENTER = "INSERT INTO history_entry (at, actor_role, action, subject_kind, subject_id, detail) VALUES (?, 'desk', ?, 'x', ?, '{}')"
VENUE = "INSERT INTO programme_venue (ref, name, is_online, {columns}revision) VALUES (?, ?, ?, {values}0) RETURNING id"
TOPIC = "INSERT INTO programme_topic (id, slug, label) VALUES (?, 'neglect', 'Neglect')"
TOPIC_OF = "INSERT INTO programme_course_topic (course_id, topic_id) VALUES (?, ?)"
TEXTS = ("address", "postcode", "directions", "parking", "access_notes", "contact")


async def make_venue(name: str) -> int:
    sql = VENUE.format(columns="".join(f"{text}, " for text in TEXTS) + "is_archived, ", values="'', " * len(TEXTS) + "?, ")
    made = await rows(sql, name[:10], name, False, False)
    return int(made[0]["id"])


async def venues() -> list[str]:
    return [row["name"] for row in await rows("SELECT name FROM programme_venue ORDER BY id")]


async def test_the_dialect_is_named(db: TortoiseContext, dialect: str) -> None:
    assert house.dialect() == dialect
    assert house.connection() is db.db("default")


async def test_instants_dates_and_flags_come_back_as_such(db: TortoiseContext) -> None:
    await execute(ENTER, SUMMER_MORNING, "one", 1)
    found = await rows(
        "SELECT at, subject_id, (subject_id = 1) AS is_first, actor_id FROM history_entry WHERE at = ?",
        SUMMER_MORNING,
        instants=("at",),
        flags=("is_first",),
    )
    assert found == [{"at": datetime(2026, 7, 1, 8, 30, tzinfo=UTC), "subject_id": 1, "is_first": True, "actor_id": None}]
    assert found[0]["at"].tzinfo is UTC


async def test_a_date_comes_back_as_a_date_and_nothing_as_nothing(db: TortoiseContext, dialect: str) -> None:
    day = "CAST(? AS DATE)" if dialect == "postgres" else "?"
    found = await rows(f"SELECT {day} AS day, NULL AS none", date(2026, 7, 1), dates=("day", "none"))
    assert found == [{"day": date(2026, 7, 1), "none": None}]


async def test_times_sort_by_instant_whatever_zone_they_were_given_in(db: TortoiseContext) -> None:
    given = [
        datetime(2026, 7, 1, 9, 0, tzinfo=LONDON),
        datetime(2026, 7, 1, 8, 0, 0, 500_000, tzinfo=UTC),
        datetime(2026, 7, 1, 8, 0, 1, tzinfo=UTC),
        datetime(2026, 7, 1, 9, 0, 2, tzinfo=LONDON),
    ]
    for number, at in enumerate(given):
        await execute(ENTER, at, "sorted", number)
    found = await rows("SELECT subject_id FROM history_entry WHERE at >= ? ORDER BY at", given[0])
    assert [row["subject_id"] for row in found] == [0, 1, 2, 3]


@pytest.mark.parametrize("run", [rows, execute])
async def test_a_naive_time_is_refused(run: Callable[..., Awaitable[object]], db: TortoiseContext) -> None:
    with pytest.raises(ValueError, match="needs its zone"):
        await run("SELECT ?", datetime(2026, 7, 1, 9, 30))  # noqa: DTZ001 - the fault under test
    with pytest.raises(ValueError, match="needs its zone"):
        await execute_many(ENTER, [(datetime(2026, 7, 1), "x", 1)])  # noqa: DTZ001


async def test_execute_says_how_many_rows_it_touched(db: TortoiseContext) -> None:
    for number in range(3):
        assert await execute(ENTER, SUMMER_MORNING, "counted", number) == 1
    assert await execute("UPDATE history_entry SET action = ? WHERE subject_id > ?", "again", 0) == 2
    assert await execute("UPDATE history_entry SET action = ? WHERE subject_id > ?", "again", 9) == 0
    assert await execute("DELETE FROM history_entry") == 3


async def test_many_rows_go_in_by_one_call_or_not_at_all(db: TortoiseContext) -> None:
    await execute_many(ENTER, ((SUMMER_MORNING, "many", number) for number in range(500)))
    assert await rows("SELECT count(*) AS held FROM history_entry") == [{"held": 500}]
    broken = [(SUMMER_MORNING, "many", 1), (SUMMER_MORNING, None, 2)]
    with pytest.raises(IntegrityError):
        await execute_many(ENTER, broken)
    with pytest.raises(IntegrityError):
        async with transaction():
            await execute_many(ENTER, broken)
    assert await rows("SELECT count(*) AS held FROM history_entry") == [{"held": 500}]


async def test_faults_of_the_database_have_one_name_on_both(db: TortoiseContext) -> None:
    await make_venue("Baths Hall")
    with pytest.raises(IntegrityError):
        await make_venue("Baths Hall")
    with pytest.raises(OperationalError) as wrong:
        await rows("SELECT nonsense FROM nowhere")
    assert not house.is_unavailable(wrong.value)
    assert house.is_unavailable(OperationalError("database is locked"))
    assert house.is_unavailable(ConnectionRefusedError())


async def test_what_a_transaction_wrote_is_undone_if_it_raises(db: TortoiseContext) -> None:
    async with transaction():
        await make_venue("kept")
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await make_venue("undone")
            raise ZeroDivisionError
    assert await venues() == ["kept"]


async def test_a_transaction_in_a_transaction_is_a_savepoint(db: TortoiseContext) -> None:
    async with transaction():
        await make_venue("outer")
        with pytest.raises(IntegrityError):
            async with transaction():
                await make_venue("inner")
                await make_venue("outer")
        async with transaction():
            await make_venue("second")
    assert await venues() == ["outer", "second"]


async def test_objects_and_statements_share_the_transaction(db: TortoiseContext) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await Entry.create(at=SUMMER_MORNING, actor_role="desk", action="object", subject_kind="x")
            assert await rows("SELECT action FROM history_entry") == [{"action": "object"}]
            raise ZeroDivisionError
    assert await Entry.all().count() == 0


async def test_holding_a_row_raises_its_revision(db: TortoiseContext) -> None:
    venue = await make_venue("held")
    async with transaction():
        assert await hold(Venue, venue)
        assert not await hold(Venue, venue + 1)
    assert await rows("SELECT revision FROM programme_venue") == [{"revision": 1}]


async def test_who_holds_a_row_makes_the_next_one_wait(db: TortoiseContext) -> None:
    venue = await make_venue("0")

    async def count_up() -> None:
        async with transaction():
            await hold(Venue, venue)
            found = await rows("SELECT postcode FROM programme_venue WHERE id = ?", venue)
            await asyncio.sleep(0)
            await execute("UPDATE programme_venue SET postcode = ? WHERE id = ?", str(int(found[0]["postcode"] or 0) + 1), venue)

    await asyncio.gather(*(count_up() for _ in range(20)))
    assert await rows("SELECT postcode, revision FROM programme_venue") == [{"postcode": "20", "revision": 20}]


async def test_a_stamp_changes_when_a_row_comes_changes_or_goes(db: TortoiseContext) -> None:
    tables = ("programme_venue", "programme_course")
    seen = [await stamp(tables), await stamp(tables)]
    assert seen == [((0, 0, 0), (0, 0, 0))] * 2
    first = await make_venue("a")
    seen.append(await stamp(tables))
    await hold(Venue, first)
    seen.append(await stamp(tables))
    await execute("DELETE FROM programme_venue")
    seen.append(await stamp(tables))
    await make_venue("b")
    await hold(Venue, first + 1)
    seen.append(await stamp(tables))
    assert seen[2:] == [((1, 0, first), (0, 0, 0)), ((1, 1, first), (0, 0, 0)), ((0, 0, 0), (0, 0, 0)), ((1, 1, first + 1), (0, 0, 0))]


async def test_a_task_of_the_servers_finds_the_database(db: TortoiseContext) -> None:
    assert await asyncio.create_task(venues(), context=contextvars.Context()) == []


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_sqlite_is_set_to_survive_a_power_cut(db: TortoiseContext, dialect: str) -> None:
    said = {
        name: next(iter((await rows(f"PRAGMA {name}"))[0].values()))
        for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
    }
    assert said == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 20, "foreign_keys": 1}


async def test_writes_together_are_one_statement_to_postgres_and_all_there_after(db: TortoiseContext, dialect: str) -> None:
    courses = [await makers.make_course(), await makers.make_course()]
    async with statements(db) as heard, transaction():
        key = int((await rows(f"SELECT {next_key(Topic)} AS key"))[0]["key"])
        async with together():
            await execute(TOPIC, key)
            for course in courses:
                await execute(TOPIC_OF, course.id, key)
    assert len(heard) == {"sqlite": 4, "postgres": 2}[dialect]
    assert [row["topic_id"] for row in await rows("SELECT topic_id FROM programme_course_topic")] == [key, key]
    assert (await Topic.create(slug="online", label="Online safety")).id == key + 1


async def test_an_error_among_writes_together_drops_them_all_and_none_is_read_there(db: TortoiseContext) -> None:
    with pytest.raises(RuntimeError):
        async with transaction(), together():
            await execute(ENTER, SUMMER_MORNING, "one", 1)
            await rows("SELECT 1 AS one")
    await execute(ENTER, SUMMER_MORNING, "two", 2)
    assert await rows("SELECT action FROM history_entry") == [{"action": "two"}]


async def test_a_broken_constraint_among_writes_together_leaves_none(db: TortoiseContext) -> None:
    with pytest.raises(IntegrityError):
        async with transaction(), together():
            await execute(ENTER, SUMMER_MORNING, "one", 1)
            await execute(TOPIC_OF, 999, 999)
            await execute(ENTER, SUMMER_MORNING, "two", 2)
    assert await Entry.all().count() == 0


async def test_writes_together_belong_to_the_transaction_within_a_transaction_that_they_were_asked_for_in(db: TortoiseContext) -> None:
    async with transaction():
        async with together():
            await execute(ENTER, SUMMER_MORNING, "before", 1)
        with pytest.raises(ZeroDivisionError):
            async with transaction():
                async with together():
                    await execute(ENTER, SUMMER_MORNING, "undone", 2)
                raise ZeroDivisionError
        async with transaction(), together():
            await execute(ENTER, SUMMER_MORNING, "kept", 3)
        with pytest.raises(IntegrityError):
            async with transaction(), together():
                await execute(TOPIC_OF, 999, 999)
                await execute("INSERT INTO programme_topic (id, slug, label) VALUES (NULL, NULL, NULL)")
        assert await rows("SELECT action FROM history_entry ORDER BY id") == [{"action": "before"}, {"action": "kept"}]
    assert await Entry.all().count() == 2


@pytest.mark.usefixtures("db")
async def test_lower_knows_every_letter_on_both_databases_and_a_pattern_takes_each_sign_for_itself() -> None:
    for name in ("Łódź", "100% online", "100 online", r"a\b"):
        await make_venue(name)

    async def found(typed: str) -> list[str]:
        sql = r"SELECT name FROM programme_venue WHERE lower(name) LIKE ? ESCAPE '\' ORDER BY id"
        return [row["name"] for row in await rows(sql, like_pattern(typed))]

    assert [await found(typed) for typed in ("ŁÓDŹ", "łódź", "0%", "A\\B", "1__ o")] == [["Łódź"], ["Łódź"], ["100% online"], [r"a\b"], []]
    assert (await rows("SELECT lower(NULL) AS found"))[0]["found"] is None
