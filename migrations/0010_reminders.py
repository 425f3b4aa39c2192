"""0010_reminders: drafted from the models, then read.

Digests for agency leads; what leads were told of accreditations that end; whether a licensed tool is still used. Rows that are there
and those that the version before writes meanwhile get a reference for each accreditation from the database itself.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from marstraining.core.db.fields import MadeByDatabase, UTCDatetimeField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0009_conversations')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Digest',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.OneToOneField('models.Person', source_field='person_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('told_until', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('looked_on', fields.DateField(null=True)),
                ('weekly_on', fields.DateField()),
                ('nonce', fields.CharField(max_length=32)),
                ('token_hash', fields.CharField(null=True, unique=True, max_length=64)),
            ],
            options={'table': 'digests_digest', 'app': 'models', 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.CreateModel(
            name='LeadTold',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('accreditation', fields.ForeignKeyField('models.Accreditation', source_field='accreditation_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('lead', fields.ForeignKeyField('models.Person', source_field='lead_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('step', fields.SmallIntField()),
                ('told_on', fields.DateField()),
            ],
            options={'table': 'certificates_lead_told', 'app': 'models', 'constraints': [UniqueConstraint(fields=('accreditation', 'lead', 'step'), name='certificates_lead_told_once')], 'pk_attr': 'id'},
            bases=['Table'],
        ),
        ops.AddField(
            model_name='Accreditation',
            name='answer',
            field=fields.CharField(null=True, max_length=3),
        ),
        ops.AddField(
            model_name='Accreditation',
            name='answered_on',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Accreditation',
            name='asked_on',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Accreditation',
            name='flagged_on',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Accreditation',
            name='nonce',
            field=fields.CharField(null=True, max_length=32),
        ),
        ops.AddField(
            model_name='Accreditation',
            name='ref',
            field=fields.CharField(unique=True, db_default=MadeByDatabase.REF, max_length=10),
        ),
        ops.AddField(
            model_name='Accreditation',
            name='used_before',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Person',
            name='digest_choice',
            field=fields.CharField(null=True, max_length=8),
        ),
        ops.AddField(
            model_name='RefresherRule',
            name='flag_months',
            field=fields.SmallIntField(null=True),
        ),
    ]
