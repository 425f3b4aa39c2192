"""The desk's lexicon, and words that nobody understood."""

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Person
from marstraining.programme.models import Topic


class LexiconEntry(Table):
    """A line of the lexicon: an acronym or "", what it means in full, a list of everyday words for the same, and its topic, if it has one.

    `key` is what makes a line the same when a glossary is imported again: its acronym, or without one its meaning, in small letters.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    key = fields.CharField(max_length=200, unique=True)
    acronym = fields.CharField(max_length=20, default="")
    meaning = fields.CharField(max_length=200)
    also: list[str] = fields.JSONField(default=list)
    topic: fields.ForeignKeyNullableRelation[Topic] = fields.ForeignKeyField(
        "models.Topic", related_name=False, null=True, db_index=True, on_delete=fields.SET_NULL
    )
    topic_id: int | None
    changed_at = UTCDatetimeField()
    changed_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name=False, null=True, db_index=True, on_delete=fields.SET_NULL
    )
    changed_by_id: int | None
    revision = fields.IntField(default=0)

    class Meta:
        table = "search_entry"


class UnknownWord(Table):
    """A single word of letters that nobody understood.

    Until three conversations have used it only `word_hash` stands for it, which nobody can read; then `word` is kept. `heard_by` are
    hashes of those conversations' keys, emptied with the third. `is_settled` where the desk has dealt with it or set it aside.
    """

    id = fields.IntField(primary_key=True)
    word_hash = fields.CharField(max_length=64)
    word = fields.CharField(max_length=40, default="")
    heard_by: list[str] = fields.JSONField(default=list)
    first_on = fields.DateField()
    last_on = fields.DateField(db_index=True)
    is_settled = fields.BooleanField(default=False)
    revision = fields.IntField(default=0)

    class Meta:
        table = "search_unknown_word"
        constraints = (UniqueConstraint(fields=("word_hash",), name="search_unknown_word_once"),)
