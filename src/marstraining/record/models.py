"""Completions, what was learnt elsewhere, and accreditations."""

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marstraining.core.db.fields import MadeByDatabase, UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session


class Completion(Table):
    """A person completed a course on a day; `session` is None where it was learnt elsewhere."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField("models.Person", related_name="completions")
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
    """Leave to use a licensed tool or to train it, granted by a course; `used_on` is when its holder last said that they still use it.

    `used_before` is when they had said so the time before, so that a yes by mistake can be taken back. `asked_on` is when they were
    last asked by letter, whose link `nonce` makes; `answer`, "yes" or "no", is what they said last, on `answered_on`. `flagged_on` is
    since when it counts as without use.
    """

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
    ended_reason = fields.CharField(max_length=200, default="")
    session: fields.ForeignKeyNullableRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name=False, db_index=True, null=True, on_delete=fields.RESTRICT
    )
    session_id: int | None
    used_on = fields.DateField(null=True)
    used_before = fields.DateField(null=True)
    ref = fields.CharField(max_length=10, unique=True, db_default=MadeByDatabase.REF)
    nonce = fields.CharField(max_length=32, null=True)
    asked_on = fields.DateField(null=True)
    answer = fields.CharField(max_length=3, null=True)
    answered_on = fields.DateField(null=True)
    flagged_on = fields.DateField(null=True)
    revision = fields.IntField(default=0)

    class Meta:
        table = "record_accreditation"


class ExternalLearning(Table):
    """Something a person learnt elsewhere and put on their record, with the evidence they have of it.

    `counts_as` is the code of what it counts as for refresher rules, "" for nothing. The file lies outside the web root under
    `stored_as`, "" where there is none. `state` is added, confirmed or refused; only what is confirmed counts for rules.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="external_learning", db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int
    title = fields.CharField(max_length=200)
    provider = fields.CharField(max_length=200, default="")
    completed_on = fields.DateField()
    minutes = fields.IntField(null=True)
    is_participatory = fields.BooleanField(default=False)
    counts_as = fields.CharField(max_length=30, default="")
    state = fields.CharField(max_length=10, default="added")
    file_name = fields.CharField(max_length=200, default="")
    stored_as = fields.CharField(max_length=64, default="")
    content_type = fields.CharField(max_length=100, default="")
    at = UTCDatetimeField()
    decided_at = UTCDatetimeField(null=True)
    decided_by_id = fields.IntField(null=True)

    class Meta:
        table = "record_external"
        constraints = (CheckConstraint(check="state IN ('added', 'confirmed', 'refused')", name="record_external_state"),)
