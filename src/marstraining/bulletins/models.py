"""Who asked to be told about new dates of a course."""

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Person
from marstraining.programme.models import Course


class Subscription(Table):
    """A person's wish to hear of new dates of a course.

    `nonce` makes the link that stops the letters, of which `token_hash` is the look-up. Dates published until `told_until`
    need no letter any more.
    """

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField("models.Person", related_name="subscriptions", db_index=True)
    person_id: int
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField("models.Course", related_name=False, db_index=True)
    course_id: int
    nonce = fields.CharField(max_length=32)
    token_hash = fields.CharField(max_length=64, null=True, unique=True)
    told_until = UTCDatetimeField()
    created_at = UTCDatetimeField()
    ended_at = UTCDatetimeField(null=True)

    class Meta:
        table = "bulletins_subscription"
        constraints = (UniqueConstraint(fields=("person", "course"), name="bulletins_subscription_live", condition="ended_at IS NULL"),)
