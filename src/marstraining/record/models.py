"""Completions and accreditations."""

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session


class Completion(Table):
    """A person completed a course on a day; `session` is None where it was learnt elsewhere."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField("models.Person", related_name="completions", db_index=True)
    person_id: int
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField(
        "models.Course", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    course_id: int
    session: fields.ForeignKeyNullableRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name=False, db_index=True, null=True, on_delete=fields.RESTRICT
    )
    session_id: int | None
    completed_on = fields.DateField()
    minutes = fields.IntField(null=True)
    source = fields.CharField(max_length=20)
    recorded_at = UTCDatetimeField()

    class Meta:
        table = "record_completion"
        constraints = (UniqueConstraint(fields=("person", "course", "completed_on"), name="record_completion_once"),)


class Accreditation(Table):
    """Leave to use a licensed tool or to train it, granted by a course."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField("models.Person", related_name="accreditations", db_index=True)
    person_id: int
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField(
        "models.Course", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    course_id: int
    granted_on = fields.DateField()
    expires_on = fields.DateField(null=True)
    ended_on = fields.DateField(null=True)

    class Meta:
        table = "record_accreditation"
