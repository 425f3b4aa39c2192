"""The numbered line of migrations on disk: found by folder, in a checkout and in a wheel alike, and checked to be a line."""

import importlib.util
import re
import sys
from collections.abc import Sequence
from copy import deepcopy
from itertools import groupby
from pathlib import Path
from typing import Any, cast

from tortoise.fields import Field
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import AddField, AlterField, CreateModel
from tortoise.migrations.schema_editor import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps

from marstraining.core.db.editors import PostgresEditor, SqliteEditor, UnsafeMigrationError
from marstraining.core.db.setup import APP
from marstraining.core.paths import MIGRATIONS

# A name that no folder on the path has: the files are loaded by where they lie, never by what is importable.
_PACKAGE = "marstraining_migrations"
_NUMBERED = re.compile(r"(\d{4})_[a-z0-9_]+")


def migration_names(folder: Path = MIGRATIONS) -> tuple[str, ...]:
    """Names in order, 0001 first; a gap, a fork or a file without a number is refused with UnsafeMigrationError."""
    names = sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))
    for number, name in enumerate(names, start=1):
        match = _NUMBERED.fullmatch(name)
        if match is None or int(match[1]) != number:
            raise UnsafeMigrationError(f"migrations must be numbered 0001, 0002 and so on, each once: {name} is number {number}")
    return tuple(names)


def load_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """The migrations in order, read afresh, since their operations keep state."""
    loaded: list[Migration] = []
    for name in migration_names(folder):
        path = folder / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"{_PACKAGE}.{name}", path)
        if spec is None or spec.loader is None:
            raise UnsafeMigrationError(f"{path} cannot be loaded")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        migration: Migration = module.Migration(name, APP)
        expected = [(APP, loaded[-1].name)] if loaded else []
        if list(migration.dependencies) != expected:
            raise UnsafeMigrationError(f"{name} must depend on the migration before it: {expected}")
        loaded.append(migration)
    return loaded


async def state_after(migrations: Sequence[Migration]) -> State:
    """The models as these migrations leave them; no database is asked."""
    state = State(models={}, apps=StateApps(default_connections={APP: "default"}))
    for migration in migrations:
        await apply(migration, state)
    return state


async def apply(migration: Migration, state: State, editor: BaseSchemaEditor | None = None) -> None:
    """Move `state` past a migration, and with an editor the database too, inside the caller's transaction.

    Tortoise 1.1.9 copies all models before each operation and builds each again whenever another refers to it, which takes
    seconds for forty tables; here tables that are made one after another enter the state together, and so do new and changed columns.
    """
    for kind, operations in groupby(migration.operations, type):
        if kind is CreateModel:
            await _create([operation for operation in operations if isinstance(operation, CreateModel)], state, editor)
            continue
        if kind is AddField:
            await _add_fields([operation for operation in operations if isinstance(operation, AddField)], state, editor)
            continue
        if kind is AlterField:
            await _alter_fields([operation for operation in operations if isinstance(operation, AlterField)], state, editor)
            continue
        for operation in operations:
            before = state if editor is None else state.clone()
            operation.state_forward(APP, state)
            if editor is not None:
                await operation.database_forward(APP, before, state, editor)
    state.validate_relations_initialized()


async def _create(operations: Sequence[CreateModel], state: State, editor: BaseSchemaEditor | None) -> None:
    for operation in operations:
        state.models[APP, operation.name] = ModelState.make_from_model(APP, operation.model)
    state.reload_models(list(state.models))
    for operation in operations:
        if editor is not None:
            await operation.database_forward(APP, state, state, editor)


async def _alter_fields(operations: Sequence[AlterField], state: State, editor: BaseSchemaEditor | None) -> None:
    before = state if editor is None else state.clone()
    changed: set[tuple[str, str]] = set()
    for operation in operations:
        if operation.name not in state.models[APP, operation.model_name].fields:
            raise UnsafeMigrationError(f"{operation.model_name} has no column {operation.name}")
        _put(operation, state, changed)
    state.reload_models(changed)
    for operation in operations:
        await operation.database_forward(APP, before, state, editor)


def _put(operation: AddField | AlterField, state: State, changed: set[tuple[str, str]]) -> None:
    """Give a model of the state a column, and note which models are to be made again for it."""
    state.models[APP, operation.model_name].fields[operation.name] = deepcopy(cast("Field[Any]", operation.field))
    changed.add((APP, operation.model_name))
    if isinstance(operation.field, ForeignKeyFieldInstance):
        changed.add(state.apps.split_reference(operation.field.model_name))


async def _add_fields(operations: Sequence[AddField], state: State, editor: BaseSchemaEditor | None) -> None:
    changed: set[tuple[str, str]] = set()
    added: dict[str, list[str]] = {}
    for operation in operations:
        if operation.name in state.models[APP, operation.model_name].fields:
            raise UnsafeMigrationError(f"{operation.model_name} has a column {operation.name} already")
        added.setdefault(operation.model_name, []).append(operation.name)
        _put(operation, state, changed)
    state.reload_models(changed)
    for model_name, names in added.items():
        model = state.apps.get_model(f"{APP}.{model_name}")
        if isinstance(editor, SqliteEditor | PostgresEditor):
            await editor.add_fields(model, names)
        elif editor is not None:
            for name in names:
                await editor.add_field(model, name)
