"""0007_resources: drafted from the models, then read.

The resource library: resources with topics, versions, links and their checks, quality checks, and how often each is used.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from marstraining.core.db.fields import UTCDatetimeField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0006_channels_and_topics')]

    initial = False

    operations = [
        ops.CreateModel(
            name='HostPace',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('host', fields.CharField(unique=True, max_length=253)),
                ('free_at', fields.BigIntField()),
            ],
            options={'table': 'resources_pace', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='Resource',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('code', fields.CharField(unique=True, max_length=30)),
                ('title', fields.CharField(max_length=200)),
                ('kind', fields.CharField(max_length=20)),
                ('summary', fields.TextField(default='', unique=False)),
                ('audience', fields.CharField(default='', max_length=300)),
                ('audience_codes', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('url', fields.CharField(default='', max_length=1000)),
                ('source', fields.CharField(default='', max_length=200)),
                ('owner', fields.CharField(default='', max_length=200)),
                ('requires', fields.ForeignKeyField('models.Course', source_field='requires_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('reviewed_on', fields.DateField(null=True)),
                ('review_by', fields.DateField(null=True)),
                ('added_at', UTCDatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('changed_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('withdrawn_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('withdrawn_reason', fields.CharField(default='', max_length=300)),
                ('replaced_by', fields.ForeignKeyField('models.Resource', source_field='replaced_by_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('revision', fields.IntField(default=0)),
            ],
            options={'table': 'resources_resource', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='QualityCheck',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('resource', fields.ForeignKeyField('models.Resource', source_field='resource_id', db_index=True, db_constraint=True, to_field='id', related_name='quality_checks', on_delete=OnDelete.RESTRICT)),
                ('checked_on', fields.DateField()),
                ('role', fields.CharField(max_length=120)),
                ('verdict', fields.CharField(max_length=12)),
                ('note', fields.CharField(default='', max_length=500)),
                ('at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('by_id', fields.IntField(null=True)),
            ],
            options={'table': 'resources_quality_check', 'app': 'models', 'constraints': [CheckConstraint(check="verdict IN ('good', 'changes')", name='resources_quality_check_verdict')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='ResourceLink',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('resource', fields.ForeignKeyField('models.Resource', source_field='resource_id', db_index=True, db_constraint=True, to_field='id', related_name='links', on_delete=OnDelete.CASCADE)),
                ('url', fields.CharField(max_length=1000)),
                ('host', fields.CharField(max_length=253)),
                ('state', fields.CharField(default='waiting', max_length=10)),
                ('outcome', fields.CharField(default='', max_length=20)),
                ('status', fields.SmallIntField(null=True)),
                ('leads_to', fields.CharField(default='', max_length=1000)),
                ('checked_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('worked_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('failing_since', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('failures', fields.IntField(default=0)),
                ('check_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('held_until', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'resources_link', 'app': 'models', 'constraints': [UniqueConstraint(fields=('resource', 'url'), name='resources_link_once'), CheckConstraint(check="state IN ('waiting', 'ok', 'failing', 'broken', 'unchecked')", name='resources_link_state')], 'indexes': [Index(fields=['check_at', 'id'])], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='ResourceTopic',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('resource', fields.ForeignKeyField('models.Resource', source_field='resource_id', db_index=True, db_constraint=True, to_field='id', related_name='topic_links', on_delete=OnDelete.CASCADE)),
                ('topic', fields.ForeignKeyField('models.Topic', source_field='topic_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'resources_topic', 'app': 'models', 'constraints': [UniqueConstraint(fields=('resource', 'topic'), name='resources_topic_once')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='ResourceUse',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('resource', fields.ForeignKeyField('models.Resource', source_field='resource_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('day', fields.DateField()),
                ('opened', fields.IntField(default=0)),
                ('packed', fields.IntField(default=0)),
            ],
            options={'table': 'resources_use', 'app': 'models', 'constraints': [UniqueConstraint(fields=('resource', 'day'), name='resources_use_once')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='ResourceVersion',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('resource', fields.ForeignKeyField('models.Resource', source_field='resource_id', db_index=True, db_constraint=True, to_field='id', related_name='versions', on_delete=OnDelete.RESTRICT)),
                ('number', fields.IntField()),
                ('url', fields.CharField(default='', max_length=1000)),
                ('file_name', fields.CharField(default='', max_length=200)),
                ('stored_as', fields.CharField(default='', max_length=64)),
                ('content_type', fields.CharField(default='', max_length=100)),
                ('size', fields.IntField(default=0)),
                ('sha256', fields.CharField(default='', max_length=64)),
                ('note', fields.CharField(default='', max_length=300)),
                ('at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('by_id', fields.IntField(null=True)),
            ],
            options={'table': 'resources_version', 'app': 'models', 'constraints': [UniqueConstraint(fields=('resource', 'number'), name='resources_version_once')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='LinkCheck',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('link', fields.ForeignKeyField('models.ResourceLink', source_field='link_id', db_index=True, db_constraint=True, to_field='id', related_name='checks', on_delete=OnDelete.CASCADE)),
                ('at', UTCDatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('outcome', fields.CharField(max_length=20)),
                ('status', fields.SmallIntField(null=True)),
            ],
            options={'table': 'resources_link_check', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
    ]
