"""Drafts a migration from the models: `python -m marstraining.core.db.draft_migration [name]`; then read it.

While nothing is released the first migration is made anew from all models. The file `RELEASED` beside the migrations ends
that: from then on the difference to the last migration becomes the next numbered one.
"""

import asyncio
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tortoise.apps import Apps
from tortoise.context import TortoiseContext
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations.operations import AddField, CreateModel, Operation
from tortoise.migrations.schema_generator.operation_generator import OperationGenerator
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.migrations.writer import MigrationWriter

from marstraining.core.config import load_settings
from marstraining.core.db.editors import UnsafeMigrationError
from marstraining.core.db.migrations import load_migrations, migration_names, state_after
from marstraining.core.db.setup import APP, MODEL_MODULES, tortoise_config
from marstraining.core.paths import MIGRATIONS

RELEASED = "RELEASED"
FIRST = "0001_initial"


async def model_operations(folder: Path = MIGRATIONS, modules: Sequence[str] = MODEL_MODULES) -> list[Operation]:
    """What the migrations of a folder lack to give the models of these modules; empty when they agree."""
    return await _difference(await state_after(load_migrations(folder)), modules)


async def draft(folder: Path = MIGRATIONS, modules: Sequence[str] = MODEL_MODULES, *, name: str = "changes") -> Path | None:
    """Write the migration that is lacking and return its file; None, and nothing written, when none is."""
    names = migration_names(folder)
    is_released = (folder / RELEASED).exists()
    if is_released:
        operations = await model_operations(folder, modules)
        title, after = f"{len(names) + 1:04d}_{re.sub(r'[^a-z0-9]+', '_', name.lower())}", names[-1:]
    else:
        operations = await _difference(await state_after([]), modules)
        title, after = FIRST, ()
    if not operations:
        return None
    writer = MigrationWriter(title, APP, operations, dependencies=[(APP, last) for last in after], initial=not after)
    path, text = folder / f"{title}.py", _HEADING.format(title=title) + writer.as_string()
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return None
    path.write_text(text, encoding="utf-8")
    return path


_HEADING = '"""{title}: drafted from the models, then read."""\n\n'


async def _difference(old: State, modules: Sequence[str]) -> list[Operation]:
    async with TortoiseContext() as context:
        settings = load_settings({}, need_secret=False)
        await context.init(config=tortoise_config(settings, modules=modules), init_connections=False)
        new = State(models={}, apps=StateApps())
        apps: Apps | None = context.apps
        for label, models in (apps or {}).items():
            for model in models.values():
                new.models[label, model.__name__] = ModelState.make_from_model(label, model)
        for state in (*old.models.values(), *new.models.values()):
            # A model's docstring is for readers of the code; changing it is no migration.
            state.options.pop("table_description", None)
            state.description = ""
        return _untangled(OperationGenerator(old, new).generate(app_labels=[APP]))


def _untangled(operations: Sequence[Operation]) -> list[Operation]:
    """New tables after those that they refer to; where two refer to each other, a nullable key follows as a step of its own.

    Tortoise 1.1.9 puts such tables in alphabetical order and then makes them without the columns of their keys.
    """
    waiting = {operation.name: operation for operation in operations if isinstance(operation, CreateModel)}
    placed: list[Operation] = []
    later: list[Operation] = []
    while waiting:
        ready = [name for name, operation in waiting.items() if not _missing(operation, waiting)]
        if ready:
            placed += [waiting.pop(name) for name in ready]
            continue
        name = next((name for name, operation in waiting.items() if all(key.null for key in _missing(operation, waiting).values())), None)
        if name is None:
            raise UnsafeMigrationError(f"tables refer to each other in a ring without a key that may be empty: {', '.join(waiting)}")
        model = waiting[name]
        for field_name, key in _missing(model, waiting).items():
            model.fields = [(each, field) for each, field in model.fields if each not in {field_name, f"{field_name}_id"}]
            later.append(AddField(name, field_name, key))
    return [*placed, *later, *(operation for operation in operations if not isinstance(operation, CreateModel))]


def _missing(operation: CreateModel, waiting: Mapping[str, CreateModel]) -> dict[str, ForeignKeyFieldInstance[Any]]:
    """The foreign keys of a new table to other tables that are not made yet, by field."""
    return {
        name: field
        for name, field in operation.fields
        if isinstance(field, ForeignKeyFieldInstance)
        and (target := str(field.model_name).rpartition(".")[2]) in waiting
        and target != operation.name
    }


def main(arguments: Sequence[str]) -> int:
    """Draft, and say what was written."""
    path = asyncio.run(draft(name=arguments[0] if arguments else "changes"))
    sys.stdout.write(f"wrote {path}: read it before you commit it\n" if path else "the migrations agree with the models\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
