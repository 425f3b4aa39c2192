"""Changing tables that hold rows: rows, what refers to them, indexes, triggers and numbers all stay."""

from pathlib import Path
from typing import Any

import pytest

from marstraining.core.config import Settings
from marstraining.core.db import IntegrityError, OperationalError, connect, execute, migrate, rows
from marstraining.core.db.editors import UnsafeMigrationError
from tests.conftest import make_settings
from tests.migrations.line import PARENTS_AND_CHILDREN, write_migration
from tests.migrations.test_live_schema import Table, live_postgres, live_sqlite

pytestmark = pytest.mark.whole


@pytest.fixture
def empty(empty_database_url: str, tmp_path: Path) -> Settings:
    return make_settings(tmp_path, empty_database_url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_migration(tmp_path / "line", "0001_initial", PARENTS_AND_CHILDREN)
    return tmp_path / "line"


async def fill(settings: Settings) -> None:
    async with connect(settings):
        await execute(
            "INSERT INTO line_parent (name, town, state) VALUES ('a', 'Brigg', 'on'), ('b', 'Brigg', 'off'), ('c', 'Epworth', 'on')"
        )
        await execute("INSERT INTO line_child (parent_id, place) SELECT id, 1 FROM line_parent")
        await execute("INSERT INTO line_child (parent_id, place) SELECT id, 2 FROM line_parent")


async def look(
    settings: Settings, dialect: str, sql: str = "SELECT * FROM line_parent ORDER BY id"
) -> tuple[list[dict[str, Any]], int, Table, Table]:
    async with connect(settings):
        live = live_sqlite if dialect == "sqlite" else live_postgres
        children = (await rows("SELECT count(*) AS held FROM line_child"))[0]["held"]
        return await rows(sql), children, await live("line_parent"), await live("line_child")


PARENT = Table(
    columns={"id": False, "name": False, "town": False, "state": False},
    uniques={("name",), ("town", "name")},
    partial={"line_parent_one_on": ("town",)},
    indexes={("town",), ("state", "town")},
    checks={"line_parent_state"},
)
CHILD = Table(
    columns={"id": False, "parent_id": False, "place": False},
    uniques={("parent_id", "place")},
    indexes={("parent_id",), ("parent_id", "place")},
    keys={("parent_id", "line_parent", "CASCADE")},
)
ROWS = [
    {"id": 1, "name": "a", "town": "Brigg", "state": "on"},
    {"id": 2, "name": "b", "town": "Brigg", "state": "off"},
    {"id": 3, "name": "c", "town": "Epworth", "state": "on"},
]


async def test_a_new_table_has_all_that_its_model_declares(empty: Settings, folder: Path, dialect: str) -> None:
    await migrate(empty, folder=folder)
    await fill(empty)
    assert await look(empty, dialect) == (ROWS, 6, PARENT, CHILD)
    async with connect(empty):
        with pytest.raises(IntegrityError):
            await execute("INSERT INTO line_parent (name, town, state) VALUES ('d', 'Brigg', 'on')")
        with pytest.raises(IntegrityError):
            await execute("INSERT INTO line_parent (name, town, state) VALUES ('d', 'Brigg', 'half')")


def changed(**parts: Any) -> Table:
    return Table(**{**PARENT.__dict__, **parts})


CHANGES = {
    "alter a field to be empty": (
        "ops.AlterField(model_name='Parent', name='state', field=fields.CharField(max_length=10, null=True)),",
        ROWS,
        changed(columns={**PARENT.columns, "state": True}),
    ),
    "alter a field to have an index": (
        "ops.AlterField(model_name='Parent', name='state', field=fields.CharField(max_length=10, db_index=True)),",
        ROWS,
        changed(indexes={*PARENT.indexes, ("state",)}),
    ),
    "alter a field to be empty and have an index": (
        "ops.AlterField(model_name='Parent', name='state', field=fields.CharField(max_length=10, null=True, db_index=True)),",
        ROWS,
        changed(columns={**PARENT.columns, "state": True}, indexes={*PARENT.indexes, ("state",)}),
    ),
    "alter a field to lose its index": (
        "ops.AlterField(model_name='Parent', name='town', field=fields.CharField(max_length=30)),",
        ROWS,
        changed(indexes=PARENT.indexes - {("town",)}),
    ),
    "add a field with a default": (
        "ops.AddField(model_name='Parent', name='note', field=fields.CharField(max_length=9, default=\"it's\", db_index=True)),",
        [{**row, "note": "it's"} for row in ROWS],
        changed(columns={**PARENT.columns, "note": False}, indexes={*PARENT.indexes, ("note",)}),
    ),
    "add a field that is true or false": (
        "ops.AddField(model_name='Parent', name='is_open', field=fields.BooleanField(default=True)),",
        [{**row, "is_open": 1} for row in ROWS],
        changed(columns={**PARENT.columns, "is_open": False}),
    ),
    "add a reference": (
        (
            "ops.AddField(model_name='Parent', name='heir', field="
            "fields.ForeignKeyField('models.Child', related_name=False, null=True, db_index=True, on_delete=fields.SET_NULL)),"
        ),
        [{**row, "heir_id": None} for row in ROWS],
        changed(
            columns={**PARENT.columns, "heir_id": True},
            indexes={*PARENT.indexes, ("heir_id",)},
            keys={("heir_id", "line_child", "SET NULL")},
        ),
    ),
    "remove a check": (
        "ops.RemoveConstraint(model_name='Parent', name='line_parent_state'),",
        ROWS,
        changed(checks=set()),
    ),
    "add a check": (
        "ops.AddConstraint(model_name='Parent', constraint=CheckConstraint(check=\"town <> ''\", name='line_parent_town')),",
        ROWS,
        changed(checks={"line_parent_state", "line_parent_town"}),
    ),
    "remove a unique of several": (
        "ops.RemoveConstraint(model_name='Parent', fields=['town', 'name']),",
        ROWS,
        changed(uniques={("name",)}),
    ),
    "add a unique": (
        "ops.AddConstraint(model_name='Parent', constraint=UniqueConstraint(fields=('state', 'name'), name='line_parent_both')),",
        ROWS,
        changed(uniques={*PARENT.uniques, ("state", "name")}),
    ),
    "remove a partial unique": (
        "ops.RemoveConstraint(model_name='Parent', name='line_parent_one_on'),",
        ROWS,
        changed(partial={}),
    ),
    "add a partial unique": (
        (
            "ops.AddConstraint(model_name='Parent', constraint="
            "UniqueConstraint(fields=('name',), name='line_parent_off', condition=\"state = 'off'\")),"
        ),
        ROWS,
        changed(partial={**PARENT.partial, "line_parent_off": ("name",)}),
    ),
    "remove an index": (
        "ops.RemoveIndex(model_name='Parent', fields=['state', 'town']),",
        ROWS,
        changed(indexes={("town",)}),
    ),
    "rename a check": (
        "ops.RenameConstraint(model_name='Parent', old_name='line_parent_state', new_name='line_parent_word'),",
        ROWS,
        changed(checks={"line_parent_word"}),
    ),
}


@pytest.mark.parametrize("change", list(CHANGES))
async def test_a_change_keeps_rows_children_and_everything_else(change: str, empty: Settings, folder: Path, dialect: str) -> None:
    operations, expected_rows, expected_parent = CHANGES[change]
    await migrate(empty, folder=folder)
    await fill(empty)
    write_migration(folder, "0002_change", operations)
    assert await migrate(empty, folder=folder) == ["0002_change"]
    assert await look(empty, dialect) == (expected_rows, 6, expected_parent, CHILD)


async def test_removing_a_field_takes_what_stood_on_it_alone(empty: Settings, folder: Path, dialect: str) -> None:
    await migrate(empty, folder=folder)
    await fill(empty)
    write_migration(
        folder,
        "0002_stateless",
        """
        ops.RemoveConstraint(model_name="Parent", name="line_parent_state"),
        ops.RemoveConstraint(model_name="Parent", name="line_parent_one_on"),
        ops.RemoveIndex(model_name="Parent", fields=["state", "town"]),
        ops.RemoveField(model_name="Parent", name="state"),
        """,
    )
    await migrate(empty, folder=folder)
    left = [{key: value for key, value in row.items() if key != "state"} for row in ROWS]
    expected = Table(columns={"id": False, "name": False, "town": False}, uniques=PARENT.uniques, indexes={("town",)})
    assert await look(empty, dialect) == (left, 6, expected, CHILD)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_triggers_and_hand_made_indexes_come_back_and_numbers_are_not_given_twice(
    empty: Settings, folder: Path, dialect: str
) -> None:
    write_migration(
        folder,
        "0002_by_hand",
        """
        DialectSQL({"postgres": [], "sqlite": [
            "CREATE INDEX line_parent_by_hand ON line_parent (lower(name))",
            "CREATE TRIGGER line_parent_kept BEFORE UPDATE ON line_parent BEGIN SELECT raise(ABORT, 'kept; as it was'); END",
        ]}),
        """,
    )
    await migrate(empty, folder=folder)
    await fill(empty)
    async with connect(empty):
        await execute("DELETE FROM line_parent WHERE id = 3")
    write_migration(folder, "0003_change", CHANGES["add a field with a default"][0])
    await migrate(empty, folder=folder)
    async with connect(empty):
        made = {row["name"] for row in await rows("SELECT name FROM sqlite_master WHERE name LIKE 'line_parent_%'")}
        assert made == {"line_parent_by_hand", "line_parent_kept", "line_parent_one_on"}
        with pytest.raises(IntegrityError, match="kept; as it was"):
            await execute("UPDATE line_parent SET name = 'z'")
        await execute("INSERT INTO line_parent (name, town, state, note) VALUES ('d', 'Winterton', 'on', '')")
        assert await rows("SELECT max(id) AS newest FROM line_parent") == [{"newest": 4}]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DELETE FROM line_child WHERE place = 2", "0002_loses changed the rows of line_child from 6 to 3"),
        ("DELETE FROM line_parent WHERE id = 1", "0002_loses changed the rows of line_parent from 3 to 2"),
    ],
)
async def test_a_migration_that_loses_rows_is_undone(statement: str, sentence: str, empty: Settings, folder: Path, dialect: str) -> None:
    if dialect == "postgres" and "line_parent" in statement:
        sentence = "0002_loses changed the rows of line_"
    await migrate(empty, folder=folder)
    await fill(empty)
    path = write_migration(folder, "0002_loses", f'ops.RunSQL("{statement}"),')
    with pytest.raises(UnsafeMigrationError) as refused:
        await migrate(empty, folder=folder)
    assert str(refused.value).startswith(sentence)
    assert await look(empty, dialect) == (ROWS, 6, PARENT, CHILD)
    path.write_text(path.read_text().replace("    operations", "    changes_rows = ('line_child', 'line_parent')\n    operations"))
    if "line_child" in statement:
        assert await migrate(empty, folder=folder) == ["0002_loses"]
        assert (await look(empty, dialect))[1] == 3


async def test_a_reference_to_nothing_is_undone(empty: Settings, folder: Path, dialect: str) -> None:
    await migrate(empty, folder=folder)
    await fill(empty)
    write_migration(folder, "0002_dangles", 'ops.RunSQL("UPDATE line_child SET parent_id = 99 WHERE id = 1"),')
    with pytest.raises((UnsafeMigrationError, IntegrityError)):
        await migrate(empty, folder=folder)
    assert await look(empty, dialect) == (ROWS, 6, PARENT, CHILD)


async def test_a_check_that_rows_break_is_undone(empty: Settings, folder: Path, dialect: str) -> None:
    await migrate(empty, folder=folder)
    await fill(empty)
    add = "ops.AddConstraint(model_name='Parent', constraint=CheckConstraint(check=\"town = 'Brigg'\", name='line_parent_brigg')),"
    write_migration(folder, "0002_strict", add)
    with pytest.raises((IntegrityError, OperationalError)):
        await migrate(empty, folder=folder)
    assert await look(empty, dialect) == (ROWS, 6, PARENT, CHILD)


async def test_a_table_that_refers_to_a_later_one_is_refused_rather_than_made_without_its_column(empty: Settings, tmp_path: Path) -> None:
    child_first = PARENTS_AND_CHILDREN[PARENTS_AND_CHILDREN.index('    ops.CreateModel(\n        name="Child"') :]
    write_migration(tmp_path / "wrong", "0001_initial", child_first)
    with pytest.raises(UnsafeMigrationError, match="Child refers to a table that is made after it"):
        await migrate(empty, folder=tmp_path / "wrong")
