"""0014_follow_up: drafted from the models, then read."""

from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0013_reports')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Block',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('kind', fields.CharField(max_length=10)),
                ('quarter', fields.CharField(max_length=10)),
                ('answers', fields.IntField()),
                ('asked', fields.IntField()),
                ('surveys', fields.IntField()),
                ('measures', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'evaluation_block', 'app': 'models', 'constraints': [CheckConstraint(check="kind IN ('follow_up', 'manager', 'kept', 'shift')", name='evaluation_block_kind')], 'indexes': [Index(fields=['kind', 'quarter'])], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='ManagerCourse',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('course', fields.OneToOneField('models.Course', source_field='course_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'evaluation_manager_course', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='BlockMember',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('block', fields.ForeignKeyField('models.Block', source_field='block_id', db_index=True, db_constraint=True, to_field='id', related_name='members', on_delete=OnDelete.RESTRICT)),
                ('survey', fields.ForeignKeyField('models.Survey', source_field='survey_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharField(max_length=10)),
            ],
            options={'table': 'evaluation_block_member', 'app': 'models', 'constraints': [UniqueConstraint(fields=('survey', 'kind'), name='evaluation_block_member_once')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
    ]
