"""Certificates as they were issued, and what leads were told of accreditations that end."""

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session
from marstraining.record.models import Accreditation


class Certificate(Table):
    """One certificate with everything printed on it frozen in `facts`; `code` is what anybody may verify it by.

    A corrected name or mark withdraws it, and the new one `replaces` it. `is_partial` is one that the desk issued for partial attendance,
    for the reason kept beside it.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    code = fields.CharField(max_length=16, unique=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="certificates", db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField(
        "models.Course", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    course_id: int
    session: fields.ForeignKeyNullableRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="certificates", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    session_id: int | None
    name = fields.CharField(max_length=200)
    completed_on = fields.DateField()
    facts: dict[str, object] = fields.JSONField(default=dict)
    is_partial = fields.BooleanField(default=False)
    partial_reason = fields.CharField(max_length=300, default="")
    issued_at = UTCDatetimeField()
    issued_by_id = fields.IntField(null=True)
    withdrawn_at = UTCDatetimeField(null=True)
    withdrawn_reason = fields.CharField(max_length=300, default="")
    withdrawn_by_id = fields.IntField(null=True)
    replaces: fields.ForeignKeyNullableRelation["Certificate"] = fields.ForeignKeyField(
        "models.Certificate", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    replaces_id: int | None
    nonce = fields.CharField(max_length=32)

    class Meta:
        table = "certificates_certificate"
        constraints = (
            UniqueConstraint(
                fields=("session", "person"),
                name="certificates_certificate_valid",
                condition="session_id IS NOT NULL AND withdrawn_at IS NULL",
            ),
        )


class LeadTold(Table):
    """A lead was told that an accreditation of their staff ends, at that step of the reminders: no step is told twice."""

    id = fields.IntField(primary_key=True)
    accreditation: fields.ForeignKeyRelation[Accreditation] = fields.ForeignKeyField(
        "models.Accreditation", related_name=False, on_delete=fields.CASCADE
    )
    accreditation_id: int
    lead: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField("models.Person", related_name=False, db_index=True)
    lead_id: int
    step = fields.SmallIntField()
    told_on = fields.DateField()

    class Meta:
        table = "certificates_lead_told"
        constraints = (UniqueConstraint(fields=("accreditation", "lead", "step"), name="certificates_lead_told_once"),)
