"""How far each agency lead has been told about their staff."""

from tortoise import fields

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Person


class Digest(Table):
    """The digests of one lead.

    What happened until `told_until` has been told. `looked_on` is the last day on which a digest was written or there was nothing to
    tell, `weekly_on` the last of these on which what comes once a week was told too. `nonce` makes the link that stops the
    letters, of which `token_hash` is the look-up.
    """

    id = fields.IntField(primary_key=True)
    person: fields.OneToOneRelation[Person] = fields.OneToOneField("models.Person", related_name=False, on_delete=fields.CASCADE)
    person_id: int
    told_until = UTCDatetimeField()
    looked_on = fields.DateField(null=True)
    weekly_on = fields.DateField()
    nonce = fields.CharField(max_length=32)
    token_hash = fields.CharField(max_length=64, null=True, unique=True)

    class Meta:
        table = "digests_digest"
