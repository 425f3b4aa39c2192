"""The append-only table of actions, and when each job of the worker last ended well."""

from tortoise import fields
from tortoise.indexes import Index

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table


class Entry(Table):
    """One action: actor and role as plain values, so that history outlives the account; ids only, never personal text."""

    id = fields.BigIntField(primary_key=True)
    at = UTCDatetimeField(db_index=True)
    actor_id = fields.IntField(null=True, db_index=True)
    actor_role = fields.CharField(max_length=30)
    action = fields.CharField(max_length=60)
    subject_kind = fields.CharField(max_length=40)
    subject_id = fields.BigIntField(null=True)
    detail: dict[str, object] = fields.JSONField(default=dict)

    class Meta:
        table = "history_entry"
        indexes = (Index(fields=("subject_kind", "subject_id")),)


class JobRun(Table):
    """One row for each job of the worker, whichever worker ran it last: `due_at` is when it should have ended well again."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=60, unique=True)
    ended_at = UTCDatetimeField(null=True)
    due_at = UTCDatetimeField()
    failing_since = UTCDatetimeField(null=True)

    class Meta:
        table = "history_job"
