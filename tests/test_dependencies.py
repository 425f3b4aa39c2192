"""Whatever the service loads comes with it: the lock of a serving machine names it, not only the one of its developers."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import pytest

from marstraining.core.paths import MIGRATIONS

ROOT = MIGRATIONS.parent


def imported() -> Iterator[tuple[str, str]]:
    """The first name of each thing imported, and the file that does."""
    for folder in (ROOT / "src" / "marstraining", ROOT / "bots", MIGRATIONS):
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    names = [node.module or ""]
                else:
                    continue
                yield from ((name.partition(".")[0], path.relative_to(ROOT).as_posix()) for name in names)


@pytest.mark.whole
def test_every_library_that_is_imported_is_in_the_lock_of_a_serving_machine() -> None:
    locked = {name.lower() for name in re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)}
    known = packages_distributions()
    missing = {
        f"{name} in {path}"
        for name, path in imported()
        if name not in sys.stdlib_module_names | {"marstraining", "bots"}
        and not any(re.sub(r"[-_.]+", "-", one).lower() in locked for one in known.get(name, ()))
    }
    assert sorted(missing) == []
