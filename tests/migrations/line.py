"""Throw-away migrations in a folder, and the settings to run them with."""

import textwrap
from pathlib import Path

HEAD = """
from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from marstraining.core.db.editors import DialectSQL
"""

PARENTS_AND_CHILDREN = """
    ops.CreateModel(
        name="Parent",
        fields=[
            ("id", fields.IntField(generated=True, primary_key=True)),
            ("name", fields.CharField(max_length=50, unique=True)),
            ("town", fields.CharField(max_length=50, db_index=True)),
            ("state", fields.CharField(max_length=10)),
        ],
        options={
            "table": "line_parent", "app": "models", "pk_attr": "id", "unique_together": (("town", "name"),),
            "indexes": [Index(fields=["state", "town"])],
            "constraints": [
                CheckConstraint(check="state IN ('on', 'off')", name="line_parent_state"),
                UniqueConstraint(fields=("town",), name="line_parent_one_on", condition="state = 'on'"),
            ],
        },
    ),
    ops.CreateModel(
        name="Child",
        fields=[
            ("id", fields.IntField(generated=True, primary_key=True)),
            ("parent", fields.ForeignKeyField("models.Parent", related_name="children", on_delete=fields.CASCADE, db_index=True)),
            ("place", fields.IntField()),
        ],
        options={
            "table": "line_child", "app": "models", "pk_attr": "id", "indexes": [Index(fields=["parent", "place"])],
            "constraints": [UniqueConstraint(fields=("parent", "place"), name="line_child_once")],
        },
    ),
"""


def write_migration(folder: Path, name: str, operations: str, *, extra: str = "", head: str = "") -> Path:
    """Write one migration that depends on the last in the folder."""
    folder.mkdir(exist_ok=True)
    before = sorted(path.stem for path in folder.glob("*.py"))
    after = [("models", before[-1])] if before else []
    path = folder / f"{name}.py"
    body = textwrap.indent(textwrap.dedent(operations).strip(), " " * 8)
    path.write_text(
        f"{HEAD}{head}\n\nclass Migration(migrations.Migration):\n    dependencies = {after!r}\n{extra}    operations = [\n{body}\n    ]\n"
    )
    return path
