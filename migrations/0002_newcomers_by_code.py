"""0002_newcomers_by_code: a newcomer's request is a sign-in challenge with a session beside it. Drafted from the models, then read.

The table of requests is made anew: a request lives for an hour, and its letter's link then says to ask again.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0001_initial')]

    initial = False

    operations = [
        ops.AddField(
            model_name='SignInChallenge',
            name='purpose',
            field=fields.CharField(default='sign_in', max_length=20),
        ),
        ops.DeleteModel(name='BookingRequest'),
        ops.CreateModel(
            name='BookingRequest',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('challenge', fields.OneToOneField('models.SignInChallenge', source_field='challenge_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('session', fields.ForeignKeyField('models.Session', source_field='session_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('name', fields.CharField(max_length=200)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('agency_typed', fields.CharField(default='', max_length=200)),
                ('job_role', fields.CharField(default='', max_length=20)),
                ('mode', fields.CharField(default='', max_length=6)),
            ],
            options={'table': 'bookings_request', 'app': 'models', 'pk_attr': 'id'},
            bases=['Model'],
        ),
    ]
