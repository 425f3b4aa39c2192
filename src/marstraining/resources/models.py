"""Resources with their topics, versions, links, quality checks and use."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.programme.models import Course, Topic


class Resource(Table):
    """Something practitioners read, use or hand on: a file, a link or both; its latest `ResourceVersion` is what a reader gets.

    `kind` is one of `rules.ResourceKind`; `audience` is in words, `audience_codes` as the programme has them. With `requires` it is
    only for who holds the accreditation that this course grants. `owner` and `source` are roles and organisations, never a person's
    name. `changed_at` is when its words or its version last changed, `revision` also rises when a check wrote something.
    A withdrawn one keeps its address, which says so and offers `replaced_by` and the like.
    """

    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=30, unique=True)
    title = fields.CharField(max_length=200)
    kind = fields.CharField(max_length=20)
    summary = fields.TextField(default="")
    audience = fields.CharField(max_length=300, default="")
    audience_codes: list[str] = fields.JSONField(default=list)
    url = fields.CharField(max_length=1000, default="")
    source = fields.CharField(max_length=200, default="")
    owner = fields.CharField(max_length=200, default="")
    requires: fields.ForeignKeyNullableRelation[Course] = fields.ForeignKeyField(
        "models.Course", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    requires_id: int | None
    reviewed_on = fields.DateField(null=True)
    review_by = fields.DateField(null=True)
    added_at = UTCDatetimeField(db_index=True)
    changed_at = UTCDatetimeField()
    withdrawn_at = UTCDatetimeField(null=True)
    withdrawn_reason = fields.CharField(max_length=300, default="")
    replaced_by: fields.ForeignKeyNullableRelation["Resource"] = fields.ForeignKeyField(
        "models.Resource", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    replaced_by_id: int | None
    revision = fields.IntField(default=0)

    class Meta:
        table = "resources_resource"


class ResourceTopic(Table):
    """A resource is about a topic."""

    id = fields.IntField(primary_key=True)
    resource: fields.ForeignKeyRelation[Resource] = fields.ForeignKeyField("models.Resource", related_name="topic_links")
    resource_id: int
    topic: fields.ForeignKeyRelation[Topic] = fields.ForeignKeyField(
        "models.Topic", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    topic_id: int

    class Meta:
        table = "resources_topic"
        constraints = (UniqueConstraint(fields=("resource", "topic"), name="resources_topic_once"),)


class ResourceVersion(Table):
    """What a resource was from `at` on: the address of its link, or a file that lies outside the web root under `stored_as`, or both.

    The one with the greatest `number` is current. `note` says what is new in it.
    """

    id = fields.IntField(primary_key=True)
    resource: fields.ForeignKeyRelation[Resource] = fields.ForeignKeyField(
        "models.Resource", related_name="versions", on_delete=fields.RESTRICT
    )
    resource_id: int
    number = fields.IntField()
    url = fields.CharField(max_length=1000, default="")
    file_name = fields.CharField(max_length=200, default="")
    stored_as = fields.CharField(max_length=64, default="")
    content_type = fields.CharField(max_length=100, default="")
    size = fields.IntField(default=0)
    sha256 = fields.CharField(max_length=64, default="")
    note = fields.CharField(max_length=300, default="")
    at = UTCDatetimeField()
    by_id = fields.IntField(null=True)

    class Meta:
        table = "resources_version"
        constraints = (UniqueConstraint(fields=("resource", "number"), name="resources_version_once"),)


class ResourceLink(Table):
    """An address outside that a resource leads to, by its link or in its summary, and how the last look at it went.

    `state` is one of `rules.LinkState`, `outcome` of `rules.Outcome`; `leads_to` is where a lasting redirect ends. The worker looks
    again at `check_at` and holds what it is looking at until `held_until`.
    """

    id = fields.IntField(primary_key=True)
    resource: fields.ForeignKeyRelation[Resource] = fields.ForeignKeyField(
        "models.Resource", related_name="links", on_delete=fields.CASCADE
    )
    resource_id: int
    url = fields.CharField(max_length=1000)
    host = fields.CharField(max_length=253)
    state = fields.CharField(max_length=10, default="waiting")
    outcome = fields.CharField(max_length=20, default="")
    status = fields.SmallIntField(null=True)
    leads_to = fields.CharField(max_length=1000, default="")
    checked_at = UTCDatetimeField(null=True)
    worked_at = UTCDatetimeField(null=True)
    failing_since = UTCDatetimeField(null=True)
    failures = fields.IntField(default=0)
    check_at = UTCDatetimeField()
    held_until = UTCDatetimeField(null=True)

    class Meta:
        table = "resources_link"
        indexes = (Index(fields=("check_at", "id")),)
        constraints = (
            UniqueConstraint(fields=("resource", "url"), name="resources_link_once"),
            CheckConstraint(check="state IN ('waiting', 'ok', 'failing', 'broken', 'unchecked')", name="resources_link_state"),
        )


class LinkCheck(Table):
    """One look at a link, kept for a year and a month."""

    id = fields.IntField(primary_key=True)
    link: fields.ForeignKeyRelation[ResourceLink] = fields.ForeignKeyField(
        "models.ResourceLink", related_name="checks", db_index=True, on_delete=fields.CASCADE
    )
    link_id: int
    at = UTCDatetimeField(db_index=True)
    outcome = fields.CharField(max_length=20)
    status = fields.SmallIntField(null=True)

    class Meta:
        table = "resources_link_check"


class HostPace(Table):
    """When a host may be asked again, in milliseconds since 1970: no worker asks one more than once a second."""

    id = fields.IntField(primary_key=True)
    host = fields.CharField(max_length=253, unique=True)
    free_at = fields.BigIntField()

    class Meta:
        table = "resources_pace"


class QualityCheck(Table):
    """A person looked a resource over on a day; `role` is what they are, for everybody to read, `by_id` who it was, for history."""

    id = fields.IntField(primary_key=True)
    resource: fields.ForeignKeyRelation[Resource] = fields.ForeignKeyField(
        "models.Resource", related_name="quality_checks", db_index=True, on_delete=fields.RESTRICT
    )
    resource_id: int
    checked_on = fields.DateField()
    role = fields.CharField(max_length=120)
    verdict = fields.CharField(max_length=12)
    note = fields.CharField(max_length=500, default="")
    at = UTCDatetimeField()
    by_id = fields.IntField(null=True)

    class Meta:
        table = "resources_quality_check"
        constraints = (CheckConstraint(check="verdict IN ('good', 'changes')", name="resources_quality_check_verdict"),)


class ResourceUse(Table):
    """How often a resource was opened on a day and taken away in a pack for a team meeting; nothing says by whom."""

    id = fields.IntField(primary_key=True)
    resource: fields.ForeignKeyRelation[Resource] = fields.ForeignKeyField("models.Resource", related_name=False)
    resource_id: int
    day = fields.DateField()
    opened = fields.IntField(default=0)
    packed = fields.IntField(default=0)

    class Meta:
        table = "resources_use"
        constraints = (UniqueConstraint(fields=("resource", "day"), name="resources_use_once"),)
