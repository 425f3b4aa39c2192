"""The outbox and the addresses that bounced."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from marstraining.core.db.fields import MadeByDatabase, UTCDatetimeField
from marstraining.core.db.table import Table


class Message(Table):
    """One letter: one message to one person on one channel.

    `person_id` and `session_id` are plain numbers since letters stand below people and programme on the ladder.
    """

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True, db_default=MadeByDatabase.REF)
    key = fields.CharField(max_length=160, unique=True)
    template = fields.CharField(max_length=60)
    priority = fields.SmallIntField()
    channel = fields.CharField(max_length=10, default="email")
    address = fields.CharField(max_length=254)
    name = fields.CharField(max_length=200)
    fallback = fields.CharField(max_length=254, null=True)
    person_id = fields.IntField(null=True)
    session_id = fields.IntField(null=True, db_index=True)
    context: dict[str, object] = fields.JSONField(default=dict)
    tokens: dict[str, list[object]] = fields.JSONField(default=dict)
    calendar: list[dict[str, object]] = fields.JSONField(default=list)
    unsubscribe: list[object] | None = fields.JSONField(null=True)
    thread = fields.CharField(max_length=80, null=True, db_index=True)
    sequence = fields.IntField(default=0)
    message_id = fields.CharField(max_length=120)
    created_at = UTCDatetimeField()
    not_before = UTCDatetimeField(null=True)
    expires_at = UTCDatetimeField(null=True)
    state = fields.CharField(max_length=12, default="waiting")
    tries = fields.SmallIntField(default=0)
    first_try_at = UTCDatetimeField(null=True)
    next_try_at = UTCDatetimeField()
    lease_until = UTCDatetimeField(null=True)
    lease_by = fields.CharField(max_length=40, null=True)
    last_error = fields.CharField(max_length=500, default="")
    sent_at = UTCDatetimeField(null=True)
    erased_at = UTCDatetimeField(null=True)

    class Meta:
        table = "messages_letter"
        indexes = (Index(fields=("state", "priority", "next_try_at")), Index(fields=("person_id", "sent_at")))
        constraints = (
            CheckConstraint(
                check="state IN ('waiting', 'held', 'sending', 'sent', 'failed', 'missed', 'withdrawn')", name="messages_letter_state"
            ),
        )


class BouncedAddress(Table):
    """An address that a mail server refused for good, until the desk clears it; `letter` is the one it refused last."""

    id = fields.IntField(primary_key=True)
    address = fields.CharField(max_length=254, unique=True)
    letter: fields.ForeignKeyNullableRelation[Message] = fields.ForeignKeyField(
        "models.Message", related_name=False, null=True, on_delete=fields.SET_NULL, db_index=True
    )
    reason = fields.CharField(max_length=500)
    flagged_at = UTCDatetimeField()
    cleared_at = UTCDatetimeField(null=True)

    class Meta:
        table = "messages_bounced"


class DeliveryHealth(Table):
    """One row per channel: whether the server could be reached last time, for the desk's banner.

    `account` is the name that people find the channel by, as the bot's own name tells it: None for mail, and until a bot has run.
    """

    id = fields.IntField(primary_key=True)
    channel = fields.CharField(max_length=10, unique=True)
    failing_since = UTCDatetimeField(null=True)
    last_error = fields.CharField(max_length=500, default="")
    last_ok_at = UTCDatetimeField(null=True)
    account = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "messages_health"


class GoneChat(Table):
    """A chat that took no letter because its owner has blocked or left it, until whoever keeps the link has heard of it."""

    id = fields.IntField(primary_key=True)
    address = fields.CharField(max_length=254, unique=True)
    gone_at = UTCDatetimeField()

    class Meta:
        table = "messages_gone_chat"
