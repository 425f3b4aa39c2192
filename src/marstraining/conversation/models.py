"""Where each conversation stands, in codes and references: no table here has room for a sentence."""

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Person


class Dialogue(Table):
    """One conversation on one channel.

    `key_hash` is a keyed hash of the channel's own name for it, of use to nobody who lacks the key. `state` is a `rules.State` in
    JSON; whoever writes it raises `version` from the one they read. `person` is whom the state speaks of: nobody else is shown it.
    """

    id = fields.IntField(primary_key=True)
    channel = fields.CharField(max_length=10)
    key_hash = fields.CharField(max_length=64)
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name=False, null=True, db_index=True
    )
    person_id: int | None
    state: dict[str, object] = fields.JSONField(default=dict)
    version = fields.IntField(default=0)
    started_at = UTCDatetimeField()
    seen_at = UTCDatetimeField(db_index=True)

    class Meta:
        table = "conversation_dialogue"
        constraints = (UniqueConstraint(fields=("channel", "key_hash"), name="conversation_dialogue_key"),)


class TakenEvent(Table):
    """The name of an event that was answered, so that one sent twice is answered once; kept for a day."""

    id = fields.BigIntField(primary_key=True)
    channel = fields.CharField(max_length=10)
    event = fields.CharField(max_length=64)
    taken_at = UTCDatetimeField(db_index=True)

    class Meta:
        table = "conversation_event"
        constraints = (UniqueConstraint(fields=("channel", "event"), name="conversation_event_once"),)


class Tally(Table):
    """How often something happened on a day in London, by a word of ours: signposts by level, answers found useful or not."""

    id = fields.IntField(primary_key=True)
    day = fields.DateField()
    word = fields.CharField(max_length=30)
    number = fields.IntField(default=0)

    class Meta:
        table = "conversation_tally"
        constraints = (UniqueConstraint(fields=("day", "word"), name="conversation_tally_day"),)


class ContactCheck(Table):
    """That the desk made sure of a number of the partnership's file on a day. A number that is changed there is unchecked again."""

    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=40, db_index=True)
    number = fields.CharField(max_length=30)
    checked_on = fields.DateField()
    checked_by_id = fields.IntField()
    at = UTCDatetimeField()

    class Meta:
        table = "conversation_contact_check"
