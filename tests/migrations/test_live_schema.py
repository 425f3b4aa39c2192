"""The schema that migrating makes is the one that the models ask for: nothing silently left out, on either database."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from tortoise.context import TortoiseContext
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from marstraining.core.db import rows
from marstraining.core.db.draft_migration import draft, model_operations
from marstraining.core.paths import MIGRATIONS

pytestmark = pytest.mark.whole

Columns = tuple[str, ...]


@dataclass
class Table:
    """What a table enforces, in words that both databases and the models can be put into."""

    columns: dict[str, bool] = field(default_factory=dict)  # name → may be empty
    uniques: set[Columns] = field(default_factory=set)
    partial: dict[str, Columns] = field(default_factory=dict)  # name → columns
    indexes: set[Columns] = field(default_factory=set)
    checks: set[str] = field(default_factory=set)
    keys: set[tuple[str, str, str]] = field(default_factory=set)  # column, table, on delete


def asked_for(model: type[Model]) -> Table:
    meta = model._meta  # noqa: SLF001
    table = Table()
    for name, column in meta.fields_db_projection.items():
        each = meta.fields_map[name]
        table.columns[column] = each.null
        if each.unique and not each.pk:
            table.uniques.add((column,))
        elif each.index and not each.pk:
            table.indexes.add((column,))

    def columns(names: tuple[str, ...] | list[str]) -> Columns:
        return tuple(meta.fields_map[name].source_field or name for name in names)

    table.uniques |= {columns(names) for names in meta.unique_together or ()}
    for index in meta.indexes or ():
        table.indexes.add(columns(list(index.field_names) if isinstance(index, Index) else list(index)))
    constraints = list(meta.constraints or ())
    uniques = [constraint for constraint in constraints if isinstance(constraint, UniqueConstraint)]
    table.checks = {constraint.name for constraint in constraints if isinstance(constraint, CheckConstraint)}
    table.partial = {str(constraint.name): columns(constraint.fields) for constraint in uniques if constraint.condition}
    table.uniques |= {columns(constraint.fields) for constraint in uniques if not constraint.condition}
    for each in meta.fields_map.values():
        if isinstance(each, ForeignKeyFieldInstance):
            target = each.related_model._meta.db_table  # noqa: SLF001
            table.keys.add((str(each.source_field), target, str(each.on_delete).rpartition(".")[2].replace("_", " ")))
    return table


async def live_sqlite(name: str) -> Table:
    table = Table()
    for row in await rows(f'PRAGMA table_info("{name}")'):
        table.columns[row["name"]] = not row["notnull"]
    for index in await rows(f'PRAGMA index_list("{name}")'):
        columns = tuple(row["name"] for row in await rows(f'PRAGMA index_info("{index["name"]}")'))
        if index["partial"]:
            table.partial[index["name"]] = columns
        elif index["unique"]:
            table.uniques.add(columns)
        else:
            table.indexes.add(columns)
    made = await rows("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", name)
    table.checks = set(re.findall(r'CONSTRAINT "(\w+)" CHECK', made[0]["sql"]))
    for key in await rows(f'PRAGMA foreign_key_list("{name}")'):
        table.keys.add((key["from"], key["table"], key["on_delete"]))
    return table


_ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


async def live_postgres(name: str) -> Table:
    table = Table()
    for row in await rows("SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = ?", name):
        table.columns[row["column_name"]] = row["is_nullable"] == "YES"
    indexes = await rows(
        "SELECT i.relname AS name, x.indisunique, x.indisprimary, x.indpred IS NOT NULL AS is_partial,"
        " ARRAY(SELECT a.attname::text FROM unnest(x.indkey) WITH ORDINALITY k(n, o)"
        " JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.n ORDER BY k.o) AS columns"
        " FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid WHERE t.relname = ?",
        name,
    )
    for index in indexes:
        if index["is_partial"]:
            table.partial[index["name"]] = tuple(index["columns"])
        elif index["indisunique"] and not index["indisprimary"]:
            table.uniques.add(tuple(index["columns"]))
        elif not index["indisprimary"]:
            table.indexes.add(tuple(index["columns"]))
    for row in await rows(
        "SELECT c.conname, c.contype::text AS kind, c.confdeltype::text AS action, f.relname AS target, a.attname AS column"
        " FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid LEFT JOIN pg_class f ON f.oid = c.confrelid"
        " LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1] WHERE t.relname = ? AND c.contype IN ('c', 'f')",
        name,
    ):
        if row["kind"] == "c":
            table.checks.add(row["conname"])
        else:
            table.keys.add((row["column"], row["target"], _ACTIONS[row["action"]]))
    return table


def models_of(db: TortoiseContext) -> Mapping[str, type[Model]]:
    assert db.apps is not None
    return db.apps["models"]


async def test_models_and_migrations_agree() -> None:
    lacking = [operation.describe() for operation in await model_operations()]
    assert lacking == [], "run `make migration`"


async def test_drafting_again_writes_nothing() -> None:
    before = {path.name: path.read_bytes() for path in MIGRATIONS.glob("*.py")}
    assert await draft() is None
    assert {path.name: path.read_bytes() for path in MIGRATIONS.glob("*.py")} == before


async def test_every_constraint_and_index_that_a_model_declares_is_live(db: TortoiseContext, dialect: str) -> None:
    look = live_sqlite if dialect == "sqlite" else live_postgres
    models = models_of(db)
    wanted = {model._meta.db_table: asked_for(model) for model in models.values()}  # noqa: SLF001
    assert len(wanted) > 30
    for name, table in wanted.items():
        assert (name, await look(name)) == (name, table)


async def test_no_table_is_there_that_no_model_asks_for(db: TortoiseContext, dialect: str) -> None:
    sql = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if dialect == "sqlite"
        else "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
    )
    live = {row["name"] for row in await rows(sql)}
    assert live == {model._meta.db_table for model in models_of(db).values()} | {"tortoise_migrations"}  # noqa: SLF001


async def test_every_foreign_key_has_an_index_to_find_its_rows_by(db: TortoiseContext) -> None:
    bare = []
    for model in models_of(db).values():
        table = asked_for(model)
        first_columns = {columns[0] for columns in (*table.indexes, *table.uniques, *table.partial.values())}
        bare += [f"{model.__name__}.{column}" for column, _, _ in table.keys if column not in first_columns]
    assert bare == []


async def test_no_index_is_what_another_begins_with(db: TortoiseContext) -> None:
    twice = []
    for model in models_of(db).values():
        table = asked_for(model)
        longer = {*table.indexes, *table.uniques}
        twice += [
            f"{model.__name__}: {index} and {other}"
            for index in table.indexes
            for other in longer
            if index != other and other[: len(index)] == index
        ]
    assert twice == []
