"""0009_conversations: drafted from the models, then read.

Where conversations stand, which events were answered, how often what happened, and which numbers the desk made sure of.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from marstraining.core.db.fields import UTCDatetimeField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0008_lexicon_and_unknown_words')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ContactCheck',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('code', fields.CharField(db_index=True, max_length=40)),
                ('number', fields.CharField(max_length=30)),
                ('checked_on', fields.DateField()),
                ('checked_by_id', fields.IntField()),
                ('at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'conversation_contact_check', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='Dialogue',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('channel', fields.CharField(max_length=10)),
                ('key_hash', fields.CharField(max_length=64)),
                ('person', fields.ForeignKeyField('models.Person', source_field='person_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('state', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('version', fields.IntField(default=0)),
                ('started_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('seen_at', UTCDatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'conversation_dialogue', 'app': 'models', 'constraints': [UniqueConstraint(fields=('channel', 'key_hash'), name='conversation_dialogue_key')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='TakenEvent',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('channel', fields.CharField(max_length=10)),
                ('event', fields.CharField(max_length=64)),
                ('taken_at', UTCDatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'conversation_event', 'app': 'models', 'constraints': [UniqueConstraint(fields=('channel', 'event'), name='conversation_event_once')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='Tally',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('day', fields.DateField()),
                ('word', fields.CharField(max_length=30)),
                ('number', fields.IntField(default=0)),
            ],
            options={'table': 'conversation_tally', 'app': 'models', 'constraints': [UniqueConstraint(fields=('day', 'word'), name='conversation_tally_day')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
    ]
