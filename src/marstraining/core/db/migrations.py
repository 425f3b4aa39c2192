"""The numbered line of migrations on disk: found by folder, in a checkout and in a wheel alike, and checked to be a line."""

import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from marstraining.core.db.editors import UnsafeMigrationError
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
        await migration.apply(state, dry_run=True, schema_editor=None)
    return state
