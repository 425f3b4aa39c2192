"""0004_when_jobs_ran: drafted from the models, then read.

When each job of the worker last ended well, for whoever watches over the service.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from marstraining.core.db.fields import UTCDatetimeField
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0003_letters_at_the_desk')]

    initial = False

    operations = [
        ops.CreateModel(
            name='JobRun',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(unique=True, max_length=60)),
                ('ended_at', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('due_at', UTCDatetimeField(auto_now=False, auto_now_add=False)),
                ('failing_since', UTCDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'history_job', 'app': 'models', 'pk_attr': 'id'},
            bases=['Model'],
        ),
    ]
