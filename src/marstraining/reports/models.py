"""Snapshots: figures as they stood, and what people wrote about them, kept apart."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

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


class Meeting(Table):
    """A meeting of the board: when, by when its paper is due, as at the end of which day its figures are, and of which quarter.

    `starts` is a wall time as "14:00" or "". `snapshot` is its paper, None before its figures were taken. `taking_until` is until when
    a process that takes them is left alone. `reminded_of` is the day on which the paper was due when its reminder was written. Removed
    meetings stay, with the reason.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    meets_on = fields.DateField()
    starts = fields.CharField(max_length=5, default="")
    paper_due_on = fields.DateField()
    cut_off_on = fields.DateField()
    year = fields.SmallIntField()
    quarter = fields.SmallIntField()
    place = fields.CharField(max_length=200, default="")
    note = fields.TextField(default="")
    snapshot: fields.ForeignKeyNullableRelation[Snapshot] = fields.ForeignKeyField(
        "models.Snapshot", related_name="meetings", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    snapshot_id: int | None
    taking_until = UTCDatetimeField(null=True)
    reminded_of = fields.DateField(null=True)
    removed_at = UTCDatetimeField(null=True)
    removed_reason = fields.CharField(max_length=500, default="")
    changed_at = UTCDatetimeField()
    revision = fields.IntField(default=0)

    class Meta:
        table = "reports_meeting"
        constraints = (
            CheckConstraint(check="cut_off_on < paper_due_on AND paper_due_on < meets_on", name="reports_meeting_order"),
            UniqueConstraint(fields=("meets_on",), name="reports_meeting_day", condition="removed_at IS NULL"),
            UniqueConstraint(fields=("year", "quarter"), name="reports_meeting_period", condition="removed_at IS NULL"),
        )


class BoardAction(Table):
    """Something that a report says will be done: by whom, by when, and on which day it was."""

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    snapshot: fields.ForeignKeyRelation[Snapshot] = fields.ForeignKeyField(
        "models.Snapshot", related_name="actions", db_index=True, on_delete=fields.RESTRICT
    )
    snapshot_id: int
    what = fields.CharField(max_length=300)
    owner = fields.CharField(max_length=120)
    due_on = fields.DateField()
    done_on = fields.DateField(null=True)
    removed_at = UTCDatetimeField(null=True)

    class Meta:
        table = "reports_action"
