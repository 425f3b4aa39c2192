"""0006_channels_and_topics: drafted from the models, then read.

Telegram chats of people with the links that connect them, chats that are gone, and wishes to hear of a topic.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from marstraining.core.db.fields import UTCDatetimeField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0005_register_and_records')]

    initial = False

    operations = [
        ops.CreateModel(
            name='GoneChat',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('address', fields.CharField(unique=True, max_length=254)),
                ('gone_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'messages_gone_chat', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='TelegramLink',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('models.Person', source_field='person_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('chat_id', fields.BigIntField(null=True)),
                ('wants_bookings', fields.BooleanField(default=False)),
                ('wants_reminders', fields.BooleanField(default=False)),
                ('wants_updates', fields.BooleanField(default=False)),
                ('wants_account', fields.BooleanField(default=False)),
                ('linked_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_why', fields.CharField(default='', max_length=12)),
            ],
            options={'table': 'people_telegram_link', 'app': 'models', 'constraints': [UniqueConstraint(fields=('person',), name='people_telegram_link_person', condition='ended_at IS NULL'), UniqueConstraint(fields=('chat_id',), name='people_telegram_link_chat', condition='ended_at IS NULL'), CheckConstraint(check='(ended_at IS NULL) = (chat_id IS NOT NULL)', name='people_telegram_link_chat_known')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='TelegramToken',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('models.Person', source_field='person_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('wants_bookings', fields.BooleanField(default=False)),
                ('wants_reminders', fields.BooleanField(default=False)),
                ('wants_updates', fields.BooleanField(default=False)),
                ('wants_account', fields.BooleanField(default=False)),
                ('created_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('used_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'people_telegram_token', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='TopicRequest',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('address', fields.CharField(db_index=True, max_length=254)),
                ('topic', fields.ForeignKeyField('models.Topic', source_field='topic_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('is_at_once', fields.BooleanField(default=False)),
                ('nonce', fields.CharField(max_length=32)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('created_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('used_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'bulletins_topic_request', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='TopicSubscription',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('models.Person', source_field='person_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name='topic_subscriptions', on_delete=OnDelete.CASCADE)),
                ('address', fields.CharField(null=True, max_length=254)),
                ('topic', fields.ForeignKeyField('models.Topic', source_field='topic_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('is_at_once', fields.BooleanField(default=False)),
                ('nonce', fields.CharField(max_length=32)),
                ('token_hash', fields.CharField(null=True, unique=True, max_length=64)),
                ('told_until', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('created_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'bulletins_topic_subscription', 'app': 'models', 'constraints': [UniqueConstraint(fields=('person', 'topic'), name='bulletins_topic_subscription_person', condition='ended_at IS NULL'), UniqueConstraint(fields=('address', 'topic'), name='bulletins_topic_subscription_address', condition='ended_at IS NULL'), CheckConstraint(check='(person_id IS NULL) <> (address IS NULL)', name='bulletins_topic_subscription_whose')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.AddField(
            model_name='DeliveryHealth',
            name='account',
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddIndex(
            model_name='Message',
            index=Index(fields=['person_id', 'sent_at']),
        ),
    ]
