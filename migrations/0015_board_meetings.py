"""0015_board_meetings: drafted from the models, then read.

The board's calendar, and the actions that its papers name.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from marstraining.core.db.fields import UTCDatetimeField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0014_follow_up')]

    initial = False

    operations = [
        ops.CreateModel(
            name='BoardAction',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('ref', fields.CharField(unique=True, max_length=10)),
                ('snapshot', fields.ForeignKeyField('models.Snapshot', source_field='snapshot_id', db_index=True, db_constraint=True, to_field='id', related_name='actions', on_delete=OnDelete.RESTRICT)),
                ('what', fields.CharField(max_length=300)),
                ('owner', fields.CharField(max_length=120)),
                ('due_on', fields.DateField()),
                ('done_on', fields.DateField(null=True)),
                ('removed_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'reports_action', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='Meeting',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('ref', fields.CharField(unique=True, max_length=10)),
                ('meets_on', fields.DateField()),
                ('starts', fields.CharField(default='', max_length=5)),
                ('paper_due_on', fields.DateField()),
                ('cut_off_on', fields.DateField()),
                ('year', fields.SmallIntField()),
                ('quarter', fields.SmallIntField()),
                ('place', fields.CharField(default='', max_length=200)),
                ('note', fields.TextField(default='', unique=False)),
                ('snapshot', fields.ForeignKeyField('models.Snapshot', source_field='snapshot_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name='meetings', on_delete=OnDelete.RESTRICT)),
                ('taking_until', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('reminded_of', fields.DateField(null=True)),
                ('removed_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('removed_reason', fields.CharField(default='', max_length=500)),
                ('changed_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('revision', fields.IntField(default=0)),
            ],
            options={'table': 'reports_meeting', 'app': 'models', 'constraints': [CheckConstraint(check='cut_off_on < paper_due_on AND paper_due_on < meets_on', name='reports_meeting_order'), UniqueConstraint(fields=('meets_on',), name='reports_meeting_day', condition='removed_at IS NULL'), UniqueConstraint(fields=('year', 'quarter'), name='reports_meeting_period', condition='removed_at IS NULL')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
    ]
