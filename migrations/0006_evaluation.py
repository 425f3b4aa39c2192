"""0006_evaluation: drafted from the models, then read."""

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
    dependencies = [('models', '0005_register_and_records')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CourseArea',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('course', fields.ForeignKeyField('models.Course', source_field='course_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('area', fields.CharField(max_length=120)),
                ('starts_on', fields.DateField()),
                ('ends_on', fields.DateField(null=True)),
            ],
            options={'table': 'evaluation_area', 'app': 'models', 'constraints': [UniqueConstraint(fields=('course', 'area', 'starts_on'), name='evaluation_area_once')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='Instrument',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('ref', fields.CharField(unique=True, max_length=10)),
                ('kind', fields.CharField(max_length=12)),
                ('title', fields.CharField(max_length=200)),
                ('is_default', fields.BooleanField(default=False)),
                ('is_archived', fields.BooleanField(default=False)),
                ('revision', fields.IntField(default=0)),
            ],
            options={'table': 'evaluation_instrument', 'app': 'models', 'constraints': [UniqueConstraint(fields=('kind',), name='evaluation_instrument_default', condition='is_default')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='PairSecret',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('session', fields.OneToOneField('models.Session', source_field='session_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('secret', fields.CharField(max_length=64)),
                ('until', UTCDatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'evaluation_secret', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='CourseInstrument',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('course', fields.ForeignKeyField('models.Course', source_field='course_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharField(max_length=12)),
                ('instrument', fields.ForeignKeyField('models.Instrument', source_field='instrument_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'evaluation_course_instrument', 'app': 'models', 'constraints': [UniqueConstraint(fields=('course', 'kind'), name='evaluation_course_instrument_once')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='InstrumentVersion',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('instrument', fields.ForeignKeyField('models.Instrument', source_field='instrument_id', db_index=True, db_constraint=True, to_field='id', related_name='versions', on_delete=OnDelete.RESTRICT)),
                ('number', fields.IntField()),
                ('sections', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('made_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('made_by_id', fields.IntField(null=True)),
            ],
            options={'table': 'evaluation_version', 'app': 'models', 'constraints': [UniqueConstraint(fields=('instrument', 'number'), name='evaluation_version_number')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='Survey',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('ref', fields.CharField(unique=True, max_length=10)),
                ('kind', fields.CharField(max_length=12)),
                ('mode', fields.CharField(max_length=12)),
                ('title', fields.CharField(max_length=200)),
                ('session', fields.ForeignKeyField('models.Session', source_field='session_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name='surveys', on_delete=OnDelete.RESTRICT)),
                ('version', fields.ForeignKeyField('models.InstrumentVersion', source_field='version_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('sections', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('chosen', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('opened_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('closes_at', UTCDatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('closed_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('is_asked_out', fields.BooleanField(default=False)),
                ('by_letter', fields.BooleanField(default=True)),
                ('asked', fields.IntField(null=True)),
                ('paper_asked', fields.IntField(default=0)),
                ('revision', fields.IntField(default=0)),
            ],
            options={'table': 'evaluation_survey', 'app': 'models', 'constraints': [CheckConstraint(check="mode IN ('anonymous', 'confidential')", name='evaluation_survey_mode'), UniqueConstraint(fields=('session', 'kind'), name='evaluation_survey_once', condition='session_id IS NOT NULL')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='Comment',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('survey', fields.ForeignKeyField('models.Survey', source_field='survey_id', db_constraint=True, to_field='id', related_name='comments', on_delete=OnDelete.RESTRICT)),
                ('question', fields.CharField(max_length=40)),
                ('text', fields.TextField(unique=False)),
                ('may_quote', fields.BooleanField(default=False)),
                ('state', fields.CharField(default='waiting', max_length=10)),
            ],
            options={'table': 'evaluation_comment', 'app': 'models', 'constraints': [CheckConstraint(check="state IN ('waiting', 'shown', 'hidden', 'set_aside')", name='evaluation_comment_state')], 'indexes': [Index(fields=['survey', 'state'])], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='Invitation',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('survey', fields.ForeignKeyField('models.Survey', source_field='survey_id', db_constraint=True, to_field='id', related_name='invitations', on_delete=OnDelete.RESTRICT)),
                ('person', fields.ForeignKeyField('models.Person', source_field='person_id', db_index=True, db_constraint=True, to_field='id', related_name='survey_invitations', on_delete=OnDelete.RESTRICT)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('nonce', fields.CharField(max_length=32)),
                ('sent_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('reminded_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('used', fields.BooleanField(default=False)),
                ('entries', fields.SmallIntField(default=0)),
            ],
            options={'table': 'evaluation_invitation', 'app': 'models', 'constraints': [UniqueConstraint(fields=('survey', 'person'), name='evaluation_invitation_once')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='Response',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('survey', fields.ForeignKeyField('models.Survey', source_field='survey_id', db_index=True, db_constraint=True, to_field='id', related_name='responses', on_delete=OnDelete.RESTRICT)),
                ('submission_id', fields.CharField(unique=True, max_length=64)),
                ('answers', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('flags', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('pair_key', fields.CharField(default='', max_length=64)),
            ],
            options={'table': 'evaluation_response', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='Summary',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('scope', fields.CharField(max_length=8)),
                ('survey', fields.ForeignKeyField('models.Survey', source_field='survey_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name='summaries', on_delete=OnDelete.RESTRICT)),
                ('course', fields.ForeignKeyField('models.Course', source_field='course_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('quarter', fields.CharField(default='', max_length=10)),
                ('step', fields.IntField(default=1)),
                ('is_current', fields.BooleanField(default=True)),
                ('answers', fields.IntField()),
                ('asked', fields.IntField(null=True)),
                ('surveys', fields.IntField(default=1)),
                ('measures', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'evaluation_summary', 'app': 'models', 'constraints': [CheckConstraint(check="scope IN ('survey', 'pool', 'course', 'quarter')", name='evaluation_summary_scope'), UniqueConstraint(fields=('survey', 'step'), name='evaluation_summary_step', condition='survey_id IS NOT NULL')], 'indexes': [Index(fields=['scope', 'is_current'])], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='PoolMember',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('pool', fields.ForeignKeyField('models.Summary', source_field='pool_id', db_index=True, db_constraint=True, to_field='id', related_name='members', on_delete=OnDelete.RESTRICT)),
                ('survey', fields.OneToOneField('models.Survey', source_field='survey_id', db_constraint=True, to_field='id', related_name='pool', on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'evaluation_pool_member', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
    ]
