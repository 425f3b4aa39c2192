"""Marks: who was there, on what evidence; never overwritten."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Agency, Person
from marstraining.programme.models import Session, TrainingDay


class Mark(Table):
    """One mark of one learner for a training day (or the whole session when `training_day` is None).

    A correction is a new row; the row it replaces gets `superseded_at`. The agency is the learner's at the time.
    """

    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField("models.Session", related_name=False, on_delete=fields.RESTRICT)
    session_id: int
    training_day: fields.ForeignKeyNullableRelation[TrainingDay] = fields.ForeignKeyField(
        "models.TrainingDay", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    training_day_id: int | None
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField("models.Person", related_name="marks", db_index=True)
    person_id: int
    agency: fields.ForeignKeyNullableRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    agency_id: int | None
    mark = fields.CharField(max_length=10)
    minutes = fields.IntField(null=True)
    evidence = fields.CharField(max_length=20)
    at = UTCDatetimeField()
    by_id = fields.IntField(null=True)
    superseded_at = UTCDatetimeField(null=True)

    class Meta:
        table = "attendance_mark"
        indexes = (Index(fields=("session", "mark")),)
        constraints = (
            CheckConstraint(check="mark IN ('attended', 'partial', 'absent', 'excused')", name="attendance_mark_word"),
            UniqueConstraint(
                fields=("session", "person"), name="attendance_mark_whole", condition="training_day_id IS NULL AND superseded_at IS NULL"
            ),
            UniqueConstraint(
                fields=("training_day", "person"),
                name="attendance_mark_day",
                condition="training_day_id IS NOT NULL AND superseded_at IS NULL",
            ),
        )
