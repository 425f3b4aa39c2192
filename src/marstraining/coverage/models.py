"""Refresher rules as data, each in force from a day to a day."""

from tortoise import fields
from tortoise.indexes import Index

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table


class RefresherRule(Table):
    """What a rule asks of whoever holds one of its job roles, between two days, the last included.

    `kind` is one of `rules.RuleKind`: renew within `months`; so many `minutes` in a window of `months`, of which at least
    `participatory_share` (0 to 1) with others; once; or ask every `months` whether a licensed tool is still used, and flag it
    after `flag_months` without use. `counts_as` lists the codes that courses and external learning count as.
    `grace_days` follow a due date before it is missed. A change of a rule is a new row with the same `code`; `rank` orders rules of
    one family, of which only the highest need be kept up.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    code = fields.CharField(max_length=20)
    title = fields.CharField(max_length=200)
    kind = fields.CharField(max_length=10)
    job_roles: list[str] = fields.JSONField(default=list)
    counts_as: list[str] = fields.JSONField(default=list)
    months = fields.SmallIntField(null=True)
    flag_months = fields.SmallIntField(null=True)
    minutes = fields.IntField(null=True)
    participatory_share = fields.FloatField(default=0.0)
    grace_days = fields.SmallIntField(default=0)
    family = fields.CharField(max_length=20, default="")
    rank = fields.SmallIntField(default=0)
    applies_from = fields.DateField()
    applies_until = fields.DateField(null=True)
    source = fields.CharField(max_length=300)
    confidence = fields.CharField(max_length=10)
    is_on = fields.BooleanField(default=True)
    changed_at = UTCDatetimeField()
    changed_by_id = fields.IntField(null=True)

    class Meta:
        table = "coverage_rule"
        indexes = (Index(fields=("code", "applies_from")),)
