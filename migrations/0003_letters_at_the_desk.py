"""0003_letters_at_the_desk: drafted from the models, then read.

Letters get a reference for addresses, which the database itself makes for those that are there and for those that an older
version writes meanwhile; they may be on hold; an address that bounced names its letter.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from marstraining.core.db.fields import MadeByDatabase
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0002_newcomers_by_code')]

    initial = False

    operations = [
        ops.AddField(
            model_name='BouncedAddress',
            name='letter',
            field=fields.ForeignKeyField('models.Message', source_field='letter_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL),
        ),
        ops.RemoveConstraint(
            model_name='Message',
            name='messages_letter_state',
            fields=None,
        ),
        ops.AddField(
            model_name='Message',
            name='ref',
            field=fields.CharField(unique=True, db_default=MadeByDatabase.REF, max_length=10),
        ),
        ops.AddConstraint(
            model_name='Message',
            constraint=CheckConstraint(check="state IN ('waiting', 'held', 'sending', 'sent', 'failed', 'missed', 'withdrawn')", name='messages_letter_state'),
        ),
    ]
