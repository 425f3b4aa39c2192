"""0011_files_and_lists: drafted from the models, then read.

What a virus scanner said of files that were sent in; lists that wait for somebody to say what their columns are, and what was said.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from marstraining.core.db.fields import UTCDatetimeField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0010_reminders')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ReportColumns',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('list_key', fields.CharField(unique=True, max_length=64)),
                ('headings', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('columns', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('by_id', fields.IntField(null=True)),
            ],
            options={'table': 'attendance_report_columns', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='UploadedFile',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('ref', fields.CharField(unique=True, max_length=10)),
                ('stored_as', fields.CharField(null=True, unique=True, max_length=64)),
                ('file_name', fields.CharField(max_length=200)),
                ('purpose', fields.CharField(default='', max_length=12)),
                ('size', fields.IntField()),
                ('state', fields.CharField(db_index=True, max_length=10)),
                ('threat', fields.CharField(default='', max_length=100)),
                ('person', fields.ForeignKeyField('models.Person', source_field='person_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('waiting_since', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('scanned_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('tries', fields.IntField(default=0)),
                ('next_try_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('last_error', fields.CharField(default='', max_length=200)),
                ('seen_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('seen_by_id', fields.IntField(null=True)),
            ],
            options={'table': 'uploads_file', 'app': 'models', 'constraints': [CheckConstraint(check="state IN ('unscanned', 'waiting', 'clean', 'infected', 'gone')", name='uploads_file_state')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='WaitingReport',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('ref', fields.CharField(unique=True, max_length=10)),
                ('session', fields.ForeignKeyField('models.Session', source_field='session_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('file_hash', fields.CharField(max_length=64)),
                ('file_name', fields.CharField(max_length=200)),
                ('list_key', fields.CharField(max_length=64)),
                ('stored_as', fields.CharField(unique=True, max_length=64)),
                ('at', UTCDatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('by_id', fields.IntField(null=True)),
            ],
            options={'table': 'attendance_waiting_report', 'app': 'models', 'constraints': [UniqueConstraint(fields=('session', 'file_hash'), name='attendance_waiting_report_once')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
    ]
