"""Who asked to be told about new dates of a course."""

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.people.models import Person
from marstraining.programme.models import Course


class Subscription(Model):
    """A person's wish to hear of new dates of a course; `nonce` makes the unsubscribe link of its letters."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField("models.Person", related_name="subscriptions", db_index=True)
    person_id: int
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField("models.Course", related_name=False, db_index=True)
    course_id: int
    nonce = fields.CharField(max_length=32)
    created_at = UTCDatetimeField()
    ended_at = UTCDatetimeField(null=True)

    class Meta:
        table = "bulletins_subscription"
        constraints = (UniqueConstraint(fields=("person", "course"), name="bulletins_subscription_live", condition="ended_at IS NULL"),)
