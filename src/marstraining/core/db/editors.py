"""Editors of the schema that lose nothing, and an operation that speaks each database's own SQL.

Tortoise 1.1.9 leaves out the constraints of a new model, knows no partial UNIQUE on SQLite, names indexes by fields where
columns are meant, and rebuilds SQLite tables without their indexes. Here a table that is rebuilt comes out exactly as one
that is made new.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.fields import Field
from tortoise.fields.relational import ForeignKeyFieldInstance, ManyToManyFieldInstance
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.operations import TortoiseOperation
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor, BaseSchemaEditor, SqliteSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.models import Model

Constraint = UniqueConstraint | CheckConstraint
Editor = BaseSchemaEditor | None


class UnsafeMigrationError(Exception):
    """A step that would lose rows or leave the database at odds with itself; nothing of its migration was kept."""


class _Complete(BaseSchemaEditor):
    """What both editors do: constraints with the table, indexes over columns, no comments in the database."""

    _model: type[Model] | None = None

    def _get_model_sql_data(self, model: type[Model]) -> Any:  # noqa: ANN401 - Tortoise's own value
        self._model = model
        try:
            return super()._get_model_sql_data(model)
        finally:
            self._model = None

    def _get_inner_statements(self) -> list[str]:
        statements: list[str] = list(super()._get_inner_statements())
        for constraint in _constraints(self._model):
            if isinstance(constraint, CheckConstraint):
                statements.append(self.CHECK_CONSTRAINT_CREATE_TEMPLATE.format(name=constraint.name, check=constraint.check))
            elif not constraint.condition and self._model is not None:
                columns = self._resolve_fields_to_columns(self._model, constraint.fields)
                name = self._constraint_name_for_model(self._model, UniqueConstraint(tuple(columns), constraint.name))
                statements.append(
                    self.UNIQUE_CONSTRAINT_CREATE_TEMPLATE.format(
                        index_name=name, fields=", ".join(self.quote(column) for column in columns)
                    )
                )
        return statements

    def _get_index_sql(  # noqa: PLR0917 - as Tortoise calls it
        self,
        model: type[Model],
        field_names: Sequence[str],
        safe: bool = False,  # noqa: FBT001, FBT002
        index_name: str | None = None,
        index_type: str | None = None,
        extra: str | None = None,
    ) -> str:
        columns = self._resolve_fields_to_columns(model, list(field_names))
        return super()._get_index_sql(model, columns, safe, index_name=index_name, index_type=index_type, extra=extra)

    def _index_name_for_model(self, model: type[Model], index: Index) -> str:
        if index.name:
            return index.name
        index.resolve_expressions(model)
        return self._generate_index_name("idx", model, self._resolve_fields_to_columns(model, list(index.field_names)))

    def _get_table_comment_sql(self, table: str, comment: str) -> str:  # noqa: ARG002
        return ""

    def _get_column_comment_sql(self, table: str, column: str, comment: str) -> str:  # noqa: ARG002
        return ""

    async def _alter_column_comment(self, model: type[Model], old_field: Field[Any], new_field: Field[Any]) -> None:
        pass

    async def create_model(self, model: type[Model]) -> None:
        if not model._meta._inited:  # noqa: SLF001
            # Tortoise would make the table without the columns of its foreign keys, and say nothing.
            raise UnsafeMigrationError(f"{model.__name__} refers to a table that is made after it")
        await super().create_model(model)
        for sql in self._partial_uniques(model):
            await self._run_sql(sql)

    def _partial_uniques(self, model: type[Model]) -> Iterable[str]:
        for constraint in _constraints(model):
            if isinstance(constraint, UniqueConstraint) and constraint.condition:
                columns = ", ".join(self.quote(column) for column in self._resolve_fields_to_columns(model, constraint.fields))
                table = self.quote(model._meta.db_table)  # noqa: SLF001
                yield f"CREATE UNIQUE INDEX {self.quote(_named(constraint))} ON {table} ({columns}) WHERE {constraint.condition}"

    def _default_sql(self, model: type[Model], field: Field[Any]) -> str | None:
        """The literal that fills a new column of rows that are there already; None where the model names no default."""
        default = field.default() if callable(field.default) else field.default
        if default is None:
            return None
        value = field.to_db_value(default, model)
        if isinstance(value, bool):
            return ("TRUE" if value else "FALSE") if self.DIALECT == "postgres" else str(int(value))
        return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


class PostgresEditor(_Complete, AsyncpgSchemaEditor):
    """PostgreSQL alters in place; rows that are there get a new column's default, and a new column its index."""

    async def add_fields(self, model: type[Model], names: Sequence[str]) -> None:
        """Several columns, one after the other."""
        for name in names:
            await self.add_field(model, name)

    async def add_field(self, model: type[Model], field_name: str) -> None:
        named = model._meta.fields_map[field_name]  # noqa: SLF001
        field = _column_field(model, named)
        fill = None if field is None or field.null or field.has_db_default() else self._default_sql(model, field)
        if field is None or fill is None:
            await super().add_field(model, field_name)
        else:
            table, column = self.quote(model._meta.db_table), self.quote(_column(field))  # noqa: SLF001
            kind = field.get_for_dialect(self.DIALECT, "SQL_TYPE")
            unique = " UNIQUE" if field.unique else ""
            await self._run_sql(f"ALTER TABLE {table} ADD COLUMN {column} {kind} NOT NULL{unique} DEFAULT {fill}")
            await self._run_sql(f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT")
        if field is not None and field.index and not field.unique:
            await self.add_index(model, Index(fields=(_column(field),)))


class SqliteEditor(_Complete, SqliteSchemaEditor):
    """SQLite cannot alter much: every change makes the table anew beside the old one, copies the rows, and takes its place."""

    async def _run_sql(self, sql: str) -> None:
        if self.collect_sql:
            await super()._run_sql(sql)
            return
        statement = ""
        for part in sql.split(";"):
            statement += part
            # A `;` inside a trigger or a text does not end the statement.
            if statement.strip() and sqlite3.complete_statement(statement + ";"):
                await self.client.execute_query(statement)
                statement = ""
            elif statement.strip():
                statement += ";"
        if statement.strip(" ;\n"):
            raise UnsafeMigrationError(f"a statement has no end: {statement[:80]}")

    async def add_field(self, model: type[Model], field_name: str) -> None:
        await self.add_fields(model, [field_name])

    async def add_fields(self, model: type[Model], names: Sequence[str]) -> None:
        """Several columns at once: the table is made anew once."""
        linked = [name for name in names if isinstance(model._meta.fields_map[name], ManyToManyFieldInstance)]  # noqa: SLF001
        for name in linked:
            await super().add_field(model, name)
        if len(linked) < len(names):
            await self._remake_table(model)

    async def _alter_field(self, model: type[Model], old_field: Field[Any], new_field: Field[Any]) -> None:
        if old_field.index != new_field.index and _but_for_the_index(old_field) == _but_for_the_index(new_field):
            index = Index(fields=(_column(new_field),))
            await (self.add_index(model, index) if new_field.index else self.remove_index(model, index))
            return
        await self._remake_table(model, alter_fields=[(old_field, new_field)])

    async def add_constraint(self, model: type[Model], constraint: Constraint) -> None:
        if isinstance(constraint, UniqueConstraint) and constraint.condition:
            only = [sql for sql in self._partial_uniques(model) if f"UNIQUE INDEX {self.quote(_named(constraint))} " in sql]
            await self._run_sql(only[0])
            return
        await self._remake_table(model)

    async def remove_constraint(self, model: type[Model], constraint: Constraint) -> None:
        if isinstance(constraint, UniqueConstraint) and constraint.condition:
            await self._run_sql(f"DROP INDEX {self.quote(_named(constraint))}")
            return
        await self._remake_table(model, without=constraint)

    async def rename_constraint(self, model: type[Model], old_constraint: Constraint, new_constraint: Constraint) -> None:
        if isinstance(old_constraint, UniqueConstraint) and old_constraint.condition:
            await self.remove_constraint(model, old_constraint)
            await self.add_constraint(model, new_constraint)
            return
        await self._remake_table(model)

    async def _remake_table(
        self,
        model: type[Model],
        create_field: Field[Any] | None = None,  # noqa: ARG002 - as Tortoise calls it
        delete_field: Field[Any] | None = None,
        alter_fields: Sequence[tuple[Field[Any], Field[Any]]] | None = None,
        *,
        without: Constraint | None = None,
    ) -> None:
        table = model._meta.db_table  # noqa: SLF001
        if (await self._values("PRAGMA foreign_keys"))[0]["foreign_keys"]:
            raise UnsafeMigrationError(f"{table} cannot be rebuilt while foreign keys are on: dropping it would delete what refers to it")
        before = await self._values(f'SELECT count(*) AS held FROM "{table}"')
        kept = await self._values(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL", table
        )
        sequence = await self._values("SELECT seq FROM sqlite_sequence WHERE name = ?", table)
        old_columns = [row["name"] for row in await self._values(f'PRAGMA table_info("{table}")')]
        gone = {_column(_column_field(model, delete_field) or delete_field)} if delete_field is not None else set()
        create, *indexes = self._statements(model, gone=gone, without=without)
        await self.client.execute_query(create.replace(f'CREATE TABLE "{table}"', f'CREATE TABLE "new__{table}"', 1))
        filled = self._copied(model, old_columns, alter_fields or (), gone)
        names, values = ", ".join(f'"{column}"' for column in filled), ", ".join(filled.values())
        await self.client.execute_query(f'INSERT INTO "new__{table}" ({names}) SELECT {values} FROM "{table}"')
        await self.client.execute_query(f'DROP TABLE "{table}"')
        await self.client.execute_query(f'ALTER TABLE "new__{table}" RENAME TO "{table}"')
        for row in sequence:
            await self.client.execute_query("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", [row["seq"], table])
        for sql in (*indexes, *(self._partial_uniques(model))):
            await self.client.execute_query(sql)
        await self._restore(table, kept, gone=gone, without=without, declared=self._declared(model))
        if (await self._values(f'SELECT count(*) AS held FROM "{table}"'))[0]["held"] != before[0]["held"]:
            raise UnsafeMigrationError(f"{table} lost rows while it was rebuilt")

    def _statements(self, model: type[Model], *, gone: set[str], without: Constraint | None) -> list[str]:
        """CREATE TABLE as for a new model, then its indexes, one statement each."""
        meta = model._meta  # noqa: SLF001
        projection, constraints, together = dict(meta.fields_db_projection), meta.constraints, meta.unique_together
        try:
            meta.fields_db_projection = {name: column for name, column in projection.items() if column not in gone}
            meta.constraints = tuple(each for each in constraints or () if each != without)
            if isinstance(without, UniqueConstraint):
                columns = self._resolve_fields_to_columns(model, without.fields)
                meta.unique_together = tuple(
                    each for each in together or () if self._resolve_fields_to_columns(model, tuple(each)) != columns
                )
            sql: str = self._get_model_sql_data(model).table_sql
        finally:
            meta.fields_db_projection, meta.constraints, meta.unique_together = projection, constraints, together
        create, *rest = sql.split(";\n")
        return [create.rstrip(";"), *(line.rstrip(";") for line in rest if line.strip())]

    def _copied(
        self, model: type[Model], old_columns: Sequence[str], altered: Iterable[tuple[Field[Any], Field[Any]]], gone: set[str]
    ) -> dict[str, str]:
        """For each column of the new table the expression over the old one that fills it."""
        was = {_column(new): _column(old) for old, new in altered}
        filled: dict[str, str] = {}
        for field_name, column in model._meta.fields_db_projection.items():  # noqa: SLF001
            if column in gone:
                continue
            field = model._meta.fields_map[field_name]  # noqa: SLF001
            source = was.get(column, column)
            default = None if field.null or field.has_db_default() else self._default_sql(model, field)
            if source in old_columns:
                filled[column] = f'"{source}"' if default is None else f'coalesce("{source}", {default})'
            elif default is not None:
                filled[column] = default
        return filled

    def _declared(self, model: type[Model]) -> set[str]:
        """Names of the indexes that the model asks for, whether by constraint, option or field."""
        meta = model._meta  # noqa: SLF001
        names = {_named(each) for each in _constraints(model) if isinstance(each, UniqueConstraint)}
        for index in meta.indexes or ():
            names.add(self._index_name_for_model(model, index if isinstance(index, Index) else Index(fields=tuple(index))))
        return names

    async def _restore(
        self, table: str, kept: Sequence[Mapping[str, Any]], *, gone: set[str], without: Constraint | None, declared: set[str]
    ) -> None:
        """Put back triggers, and indexes that a migration made by SQL of its own; what the model itself asks for is there."""
        there = {row["name"] for row in await self._values("SELECT name FROM sqlite_master WHERE tbl_name = ?", table)}
        for row in kept:
            name, sql = str(row["name"]), str(row["sql"])
            is_tortoise_index = name.startswith(("idx_", "uid_", "uidx_"))
            if name in there | declared or is_tortoise_index or (without is not None and name == _named(without)):
                continue
            if any(f'"{column}"' in sql for column in gone):
                continue
            await self.client.execute_query(sql)

    async def _values(self, sql: str, *params: object) -> Sequence[Mapping[str, Any]]:
        return await self.client.execute_query_dict(sql, list(params))


class DialectSQL(TortoiseOperation):
    """SQL that differs between the databases, run statement by statement: `{"sqlite": […], "postgres": […]}`.

    Nothing is split at `;`, so a trigger is one statement. Without `backward` it cannot be undone. The models know nothing
    of what it makes.
    """

    reduces_to_sql = True

    def __init__(self, forward: Mapping[str, Sequence[str]], backward: Mapping[str, Sequence[str]] | None = None) -> None:
        self.forward = forward
        self.backward = backward
        self.reversible = backward is not None

    def describe(self) -> str:
        return "Run SQL of each database"

    async def database_forward(self, app_label: str, old_state: State, new_state: State, state_editor: Editor = None) -> None:  # noqa: ARG002
        await self._run(state_editor, self.forward)

    async def database_backward(self, app_label: str, old_state: State, new_state: State, state_editor: Editor = None) -> None:  # noqa: ARG002
        if self.backward is None:
            raise UnsafeMigrationError("this step cannot be undone")
        await self._run(state_editor, self.backward)

    async def _run(self, editor: BaseSchemaEditor | None, statements: Mapping[str, Sequence[str]]) -> None:
        if editor is None:
            return
        for sql in statements[editor.client.capabilities.dialect]:
            if editor.collect_sql:
                editor.collected_sql.append(sql)
            elif editor.DIALECT == "postgres":
                await editor.client.execute_script(sql)
            else:
                await editor.client.execute_query(sql)


def editor_for(client: BaseDBAsyncClient) -> BaseSchemaEditor:
    """The editor of this connection's database, for use inside one transaction."""
    return SqliteEditor(client) if client.capabilities.dialect == "sqlite" else PostgresEditor(client)


def _but_for_the_index(field: Field[Any]) -> tuple[object, ...]:
    """All that a column is besides being indexed, its foreign key with it."""
    described = {name: value for name, value in field.describe(serializable=True).items() if name != "indexed"}
    key = field.reference
    target = (
        None if key is None else (getattr(key, "model_name", None), getattr(key, "on_delete", None), getattr(key, "db_constraint", None))
    )
    return described, target


def _constraints(model: type[Model] | None) -> Sequence[Constraint]:
    return () if model is None else tuple(getattr(model._meta, "constraints", None) or ())  # noqa: SLF001


def _named(constraint: Constraint) -> str:
    if not constraint.name:
        raise UnsafeMigrationError(f"a constraint has no name: {constraint}")
    return constraint.name


def _column(field: Field[Any]) -> str:
    return field.source_field or field.model_field_name


def _column_field(model: type[Model], field: Field[Any]) -> Field[Any] | None:
    """The field that holds the column: for a foreign key the one of its id, for many-to-many none."""
    if isinstance(field, ManyToManyFieldInstance):
        return None
    if isinstance(field, ForeignKeyFieldInstance):
        return model._meta.fields_map[field.source_field or f"{field.model_field_name}_id"]  # noqa: SLF001
    return field
