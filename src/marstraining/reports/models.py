"""Snapshots: figures as they stood, and what people wrote about them, kept apart."""

from tortoise import fields
from tortoise.indexes import Index

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table


class Snapshot(Table):
    """Figures of a period as at an instant; written once and never changed.

    `kind` is "annual" or "quarterly", `year` the first calendar year of the financial year, `quarter` 1 to 4 or None. `content_hash` is
    the SHA-256 of `content` without its dates. `scope` names what a narrower report is of: "", "agency:CODE", "course:CODE" or
    "area:CODE".
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    kind = fields.CharField(max_length=10)
    year = fields.SmallIntField()
    quarter = fields.SmallIntField(null=True)
    scope = fields.CharField(max_length=60, default="")
    as_at = UTCDatetimeField()
    content: dict[str, object] = fields.JSONField()
    content_hash = fields.CharField(max_length=64)
    made_by_id = fields.IntField(null=True)

    class Meta:
        table = "reports_snapshot"
        indexes = (Index(fields=("kind", "year", "quarter", "scope")),)


class Wording(Table):
    """What a person made of a drafted sentence of a snapshot's report, and who signed it off; figures are never in it to be changed.

    The latest row of a `place` counts; older ones stay.
    """

    id = fields.IntField(primary_key=True)
    snapshot: fields.ForeignKeyRelation[Snapshot] = fields.ForeignKeyField("models.Snapshot", related_name="wordings", db_index=True)
    snapshot_id: int
    place = fields.CharField(max_length=60)
    text = fields.TextField()
    written_at = UTCDatetimeField()
    written_by_id = fields.IntField(null=True)
    signed_at = UTCDatetimeField(null=True)
    signed_by_id = fields.IntField(null=True)

    class Meta:
        table = "reports_wording"
