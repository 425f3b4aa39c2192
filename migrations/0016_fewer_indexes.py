"""0016_fewer_indexes: drafted from the models, then read. An index whose columns another one begins with only cost time at each write."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0015_board_meetings')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='AgencyHeadcount',
            name='session',
            field=fields.ForeignKeyField('models.Session', source_field='session_id', db_constraint=True, to_field='id', related_name='headcounts', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='Completion',
            name='person',
            field=fields.ForeignKeyField('models.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='completions', on_delete=OnDelete.CASCADE),
        ),
        ops.AlterField(
            model_name='CourseArea',
            name='course',
            field=fields.ForeignKeyField('models.Course', source_field='course_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE),
        ),
        ops.AlterField(
            model_name='CourseInstrument',
            name='course',
            field=fields.ForeignKeyField('models.Course', source_field='course_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE),
        ),
        ops.AlterField(
            model_name='CourseTopic',
            name='course',
            field=fields.ForeignKeyField('models.Course', source_field='course_id', db_constraint=True, to_field='id', related_name='topic_links', on_delete=OnDelete.CASCADE),
        ),
        ops.AlterField(
            model_name='InstrumentVersion',
            name='instrument',
            field=fields.ForeignKeyField('models.Instrument', source_field='instrument_id', db_constraint=True, to_field='id', related_name='versions', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='Invited',
            name='session',
            field=fields.ForeignKeyField('models.Session', source_field='session_id', db_constraint=True, to_field='id', related_name='invited', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='KnownDevice',
            name='person',
            field=fields.ForeignKeyField('models.Person', source_field='person_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='MeetingReport',
            name='session',
            field=fields.ForeignKeyField('models.Session', source_field='session_id', db_constraint=True, to_field='id', related_name='meeting_reports', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='Message',
            name='person_id',
            field=fields.IntField(null=True),
        ),
        ops.AlterField(
            model_name='Prerequisite',
            name='course',
            field=fields.ForeignKeyField('models.Course', source_field='course_id', db_constraint=True, to_field='id', related_name='prerequisites', on_delete=OnDelete.CASCADE),
        ),
        ops.AlterField(
            model_name='ResourceLink',
            name='resource',
            field=fields.ForeignKeyField('models.Resource', source_field='resource_id', db_constraint=True, to_field='id', related_name='links', on_delete=OnDelete.CASCADE),
        ),
        ops.AlterField(
            model_name='ResourceTopic',
            name='resource',
            field=fields.ForeignKeyField('models.Resource', source_field='resource_id', db_constraint=True, to_field='id', related_name='topic_links', on_delete=OnDelete.CASCADE),
        ),
        ops.AlterField(
            model_name='ResourceUse',
            name='resource',
            field=fields.ForeignKeyField('models.Resource', source_field='resource_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE),
        ),
        ops.AlterField(
            model_name='ResourceVersion',
            name='resource',
            field=fields.ForeignKeyField('models.Resource', source_field='resource_id', db_constraint=True, to_field='id', related_name='versions', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='SentEntry',
            name='person',
            field=fields.ForeignKeyField('models.Person', source_field='person_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='SessionReport',
            name='session',
            field=fields.ForeignKeyField('models.Session', source_field='session_id', db_constraint=True, to_field='id', related_name='trainer_reports', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='SessionTrainer',
            name='session',
            field=fields.ForeignKeyField('models.Session', source_field='session_id', db_constraint=True, to_field='id', related_name='trainers', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='WaitingReport',
            name='session',
            field=fields.ForeignKeyField('models.Session', source_field='session_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT),
        ),
    ]
