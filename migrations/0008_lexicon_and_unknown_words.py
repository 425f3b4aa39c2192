"""0008_lexicon_and_unknown_words: drafted from the models, then read.

The desk's lexicon, and words that nobody understood: two new tables, nothing else.
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
    dependencies = [('models', '0007_resources')]

    initial = False

    operations = [
        ops.CreateModel(
            name='LexiconEntry',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('ref', fields.CharField(unique=True, max_length=10)),
                ('key', fields.CharField(unique=True, max_length=200)),
                ('acronym', fields.CharField(default='', max_length=20)),
                ('meaning', fields.CharField(max_length=200)),
                ('also', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('topic', fields.ForeignKeyField('models.Topic', source_field='topic_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('changed_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('changed_by', fields.ForeignKeyField('models.Person', source_field='changed_by_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('revision', fields.IntField(default=0)),
            ],
            options={'table': 'search_entry', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='UnknownWord',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('word_hash', fields.CharField(max_length=64)),
                ('word', fields.CharField(default='', max_length=40)),
                ('heard_by', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('first_on', fields.DateField()),
                ('last_on', fields.DateField(db_index=True)),
                ('is_settled', fields.BooleanField(default=False)),
                ('revision', fields.IntField(default=0)),
            ],
            options={'table': 'search_unknown_word', 'app': 'models', 'constraints': [UniqueConstraint(fields=('word_hash',), name='search_unknown_word_once')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
    ]
