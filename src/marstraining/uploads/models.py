"""Files that people sent in, and what the virus scanner said of them."""

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Person


class UploadedFile(Table):
    """A file that somebody sent in: what is known of it, who sent it and what for.

    `stored_as` is its name in the folder of files, None where it was read at once and never kept. `state` is one of
    `rules.FileState`, `threat` what the scanner found. It waits from `waiting_since` on; `tries` counts how often the scanner would
    not look at it, with its last words.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    stored_as = fields.CharField(max_length=64, null=True, unique=True)
    file_name = fields.CharField(max_length=200)
    purpose = fields.CharField(max_length=12, default="")
    size = fields.IntField()
    state = fields.CharField(max_length=10, db_index=True)
    threat = fields.CharField(max_length=100, default="")
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int | None
    at = UTCDatetimeField()
    waiting_since = UTCDatetimeField(null=True)
    scanned_at = UTCDatetimeField(null=True)
    tries = fields.IntField(default=0)
    next_try_at = UTCDatetimeField(null=True)
    last_error = fields.CharField(max_length=200, default="")
    seen_at = UTCDatetimeField(null=True)
    seen_by_id = fields.IntField(null=True)

    class Meta:
        table = "uploads_file"
        constraints = (CheckConstraint(check="state IN ('unscanned', 'waiting', 'clean', 'infected', 'gone')", name="uploads_file_state"),)
