"""Who asked to be told about new dates of a course, or about new dates and resources on a topic."""

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Person
from marstraining.programme.models import Course, Topic


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


class TopicSubscription(Table):
    """A wish to hear of new dates and resources on a topic: of a person, or of an address without an account, which confirmed it.

    `is_at_once` tells of each news within minutes, outside quiet hours, instead of once a day. `nonce`, `token_hash` and
    `told_until` are as in `Subscription`.
    """

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="topic_subscriptions", null=True, db_index=True
    )
    person_id: int | None
    address = fields.CharField(max_length=254, null=True)
    topic: fields.ForeignKeyRelation[Topic] = fields.ForeignKeyField("models.Topic", related_name=False, db_index=True)
    topic_id: int
    is_at_once = fields.BooleanField(default=False)
    nonce = fields.CharField(max_length=32)
    token_hash = fields.CharField(max_length=64, null=True, unique=True)
    told_until = UTCDatetimeField()
    created_at = UTCDatetimeField()
    ended_at = UTCDatetimeField(null=True)

    class Meta:
        table = "bulletins_topic_subscription"
        constraints = (
            UniqueConstraint(fields=("person", "topic"), name="bulletins_topic_subscription_person", condition="ended_at IS NULL"),
            UniqueConstraint(fields=("address", "topic"), name="bulletins_topic_subscription_address", condition="ended_at IS NULL"),
            CheckConstraint(check="(person_id IS NULL) <> (address IS NULL)", name="bulletins_topic_subscription_whose"),
        )


class TopicRequest(Table):
    """An address that asked to hear of a topic and has not yet confirmed, by the button of the letter sent to it, that it wants to."""

    id = fields.IntField(primary_key=True)
    address = fields.CharField(max_length=254, db_index=True)
    topic: fields.ForeignKeyRelation[Topic] = fields.ForeignKeyField("models.Topic", related_name=False, db_index=True)
    topic_id: int
    is_at_once = fields.BooleanField(default=False)
    nonce = fields.CharField(max_length=32)
    token_hash = fields.CharField(max_length=64, unique=True)
    created_at = UTCDatetimeField()
    expires_at = UTCDatetimeField()
    used_at = UTCDatetimeField(null=True)

    class Meta:
        table = "bulletins_topic_request"
