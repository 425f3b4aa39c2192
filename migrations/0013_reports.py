"""0013_reports: drafted from the models, then read.

Figures frozen as they stood, and what people wrote about them.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from marstraining.core.db.fields import UTCDatetimeField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0012_evaluation')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Snapshot',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('ref', fields.CharField(unique=True, max_length=10)),
                ('kind', fields.CharField(max_length=10)),
                ('year', fields.SmallIntField()),
                ('quarter', fields.SmallIntField(null=True)),
                ('scope', fields.CharField(default='', max_length=60)),
                ('as_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('content', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('content_hash', fields.CharField(max_length=64)),
                ('made_by_id', fields.IntField(null=True)),
            ],
            options={'table': 'reports_snapshot', 'app': 'models', 'indexes': [Index(fields=['kind', 'year', 'quarter', 'scope'])], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='Wording',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('snapshot', fields.ForeignKeyField('models.Snapshot', source_field='snapshot_id', db_index=True, db_constraint=True, to_field='id', related_name='wordings', on_delete=OnDelete.CASCADE)),
                ('place', fields.CharField(max_length=60)),
                ('text', fields.TextField(unique=False)),
                ('written_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('written_by_id', fields.IntField(null=True)),
                ('signed_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('signed_by_id', fields.IntField(null=True)),
            ],
            options={'table': 'reports_wording', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
    ]
