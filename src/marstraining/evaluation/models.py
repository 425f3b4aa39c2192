"""Surveys, whom they were sent to, what came back, and what was made of it.

Between an invitation and a response there is no key, and neither says when somebody answered (evaluation.md 4.3).
"""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session


class Instrument(Table):
    """A survey as the desk keeps it; what it asks is in its versions. `kind` is one of `rules.instruments.InstrumentKind`."""

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    kind = fields.CharField(max_length=12)
    title = fields.CharField(max_length=200)
    is_default = fields.BooleanField(default=False)
    is_archived = fields.BooleanField(default=False)
    revision = fields.IntField(default=0)

    class Meta:
        table = "evaluation_instrument"
        constraints = (UniqueConstraint(fields=("kind",), name="evaluation_instrument_default", condition="is_default"),)


class InstrumentVersion(Table):
    """The questions of an instrument as they stood; a change is a new version, so that old answers keep their questions."""

    id = fields.IntField(primary_key=True)
    instrument: fields.ForeignKeyRelation[Instrument] = fields.ForeignKeyField(
        "models.Instrument", related_name="versions", on_delete=fields.RESTRICT
    )
    instrument_id: int
    number = fields.IntField()
    sections: list[dict[str, Any]] = fields.JSONField(default=list)
    made_at = UTCDatetimeField()
    made_by_id = fields.IntField(null=True)

    class Meta:
        table = "evaluation_version"
        constraints = (UniqueConstraint(fields=("instrument", "number"), name="evaluation_version_number"),)


class CourseInstrument(Table):
    """Which instrument a course is evaluated with, where it is not the usual one; one for each kind."""

    id = fields.IntField(primary_key=True)
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField("models.Course", related_name=False)
    course_id: int
    kind = fields.CharField(max_length=12)
    instrument: fields.ForeignKeyRelation[Instrument] = fields.ForeignKeyField(
        "models.Instrument", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    instrument_id: int

    class Meta:
        table = "evaluation_course_instrument"
        constraints = (UniqueConstraint(fields=("course", "kind"), name="evaluation_course_instrument_once"),)


class CourseArea(Table):
    """A course belongs to an area that the partnership shines a light on for a year, from a day to a day."""

    id = fields.IntField(primary_key=True)
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField("models.Course", related_name=False)
    course_id: int
    area = fields.CharField(max_length=120)
    starts_on = fields.DateField()
    ends_on = fields.DateField(null=True)

    class Meta:
        table = "evaluation_area"
        constraints = (UniqueConstraint(fields=("course", "area", "starts_on"), name="evaluation_area_once"),)


class ManagerCourse(Table):
    """A course of whose sessions the leads of those who came are asked too, three months later; the desk switches it on."""

    id = fields.IntField(primary_key=True)
    course: fields.OneToOneRelation[Course] = fields.OneToOneField("models.Course", related_name=False)
    course_id: int

    class Meta:
        table = "evaluation_manager_course"


class Survey(Table):
    """One asking of one instrument, with the questions as they were asked.

    `kind` is one of `rules.asking.SurveyKind`, `mode` one of `Mode`. `chosen` are the codes of the agencies and the sectors that a
    partnership survey goes to. `asked` is how many were asked, fixed when it closes; None while it is open. `by_letter` False is a
    survey that is given on paper.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    kind = fields.CharField(max_length=12)
    mode = fields.CharField(max_length=12)
    title = fields.CharField(max_length=200)
    session: fields.ForeignKeyNullableRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="surveys", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    session_id: int | None
    version: fields.ForeignKeyRelation[InstrumentVersion] = fields.ForeignKeyField(
        "models.InstrumentVersion", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    version_id: int
    sections: list[dict[str, Any]] = fields.JSONField(default=list)
    chosen: dict[str, list[str]] = fields.JSONField(default=dict)
    opened_at = UTCDatetimeField()
    closes_at = UTCDatetimeField(db_index=True)
    closed_at = UTCDatetimeField(null=True)
    is_asked_out = fields.BooleanField(default=False)
    by_letter = fields.BooleanField(default=True)
    asked = fields.IntField(null=True)
    paper_asked = fields.IntField(default=0)
    revision = fields.IntField(default=0)

    class Meta:
        table = "evaluation_survey"
        constraints = (
            CheckConstraint(check="mode IN ('anonymous', 'confidential')", name="evaluation_survey_mode"),
            UniqueConstraint(fields=("session", "kind"), name="evaluation_survey_once", condition="session_id IS NOT NULL"),
        )


class PairSecret(Table):
    """The secret that joins one person's answers over the surveys of a session; deleted when the last of them closes."""

    id = fields.IntField(primary_key=True)
    session: fields.OneToOneRelation[Session] = fields.OneToOneField("models.Session", related_name=False, on_delete=fields.RESTRICT)
    session_id: int
    secret = fields.CharField(max_length=64)
    until = UTCDatetimeField(db_index=True)

    class Meta:
        table = "evaluation_secret"


class Invitation(Table):
    """Somebody who is asked. `used` is the only trace of an answer; `entries` counts how often the room's form was opened."""

    id = fields.BigIntField(primary_key=True)
    survey: fields.ForeignKeyRelation[Survey] = fields.ForeignKeyField(
        "models.Survey", related_name="invitations", on_delete=fields.RESTRICT
    )
    survey_id: int
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="survey_invitations", db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int
    token_hash = fields.CharField(max_length=64, unique=True)
    nonce = fields.CharField(max_length=32)
    sent_at = UTCDatetimeField(null=True)
    reminded_at = UTCDatetimeField(null=True)
    used = fields.BooleanField(default=False)
    entries = fields.SmallIntField(default=0)

    class Meta:
        table = "evaluation_invitation"
        constraints = (UniqueConstraint(fields=("survey", "person"), name="evaluation_invitation_once"),)


class Response(Table):
    """One form that came back. Its `id` is drawn at random whenever it is written.

    `pair_key` joins the forms of one person where the mode is confidential.
    """

    id = fields.BigIntField(primary_key=True)
    survey: fields.ForeignKeyRelation[Survey] = fields.ForeignKeyField(
        "models.Survey", related_name="responses", db_index=True, on_delete=fields.RESTRICT
    )
    survey_id: int
    submission_id = fields.CharField(max_length=64, unique=True)
    answers: dict[str, Any] = fields.JSONField(default=dict)
    flags: list[str] = fields.JSONField(default=list)
    pair_key = fields.CharField(max_length=64, default="")

    class Meta:
        table = "evaluation_response"


class Comment(Table):
    """Something written in a form, apart from its other answers. Nobody sees it before the survey closes.

    `id` is drawn at random; that of a late form's lies above `rules.late.HELD_ABOVE` until a summary counts the form.
    """

    id = fields.BigIntField(primary_key=True)
    survey: fields.ForeignKeyRelation[Survey] = fields.ForeignKeyField("models.Survey", related_name="comments", on_delete=fields.RESTRICT)
    survey_id: int
    question = fields.CharField(max_length=40)
    text = fields.TextField()
    may_quote = fields.BooleanField(default=False)
    state = fields.CharField(max_length=10, default="waiting")

    class Meta:
        table = "evaluation_comment"
        indexes = (Index(fields=("survey", "state")),)
        constraints = (CheckConstraint(check="state IN ('waiting', 'shown', 'hidden', 'set_aside')", name="evaluation_comment_state"),)


class Summary(Table):
    """What was made of a closed survey, of a pool of small ones, or of a course's blocks; frozen, and never made from again.

    `scope` is "survey", "pool", "course" or "quarter"; `quarter` as in "2026/27 Q1". `step` counts the summaries of a survey, each of
    which adds enough answers to the one before. `measures` are as `actions.closing` writes them; the gate stands before all reading.
    """

    id = fields.IntField(primary_key=True)
    scope = fields.CharField(max_length=8)
    survey: fields.ForeignKeyNullableRelation[Survey] = fields.ForeignKeyField(
        "models.Survey", related_name="summaries", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    survey_id: int | None
    course: fields.ForeignKeyNullableRelation[Course] = fields.ForeignKeyField(
        "models.Course", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    course_id: int | None
    quarter = fields.CharField(max_length=10, default="")
    step = fields.IntField(default=1)
    is_current = fields.BooleanField(default=True)
    answers = fields.IntField()
    asked = fields.IntField(null=True)
    surveys = fields.IntField(default=1)
    measures: dict[str, Any] = fields.JSONField(default=dict)

    class Meta:
        table = "evaluation_summary"
        indexes = (Index(fields=("scope", "is_current")),)
        constraints = (
            CheckConstraint(check="scope IN ('survey', 'pool', 'course', 'quarter')", name="evaluation_summary_scope"),
            UniqueConstraint(fields=("survey", "step"), name="evaluation_summary_step", condition="survey_id IS NOT NULL"),
        )


class PoolMember(Table):
    """A survey with too few answers of its own that was taken into a pool, for good."""

    id = fields.IntField(primary_key=True)
    pool: fields.ForeignKeyRelation[Summary] = fields.ForeignKeyField(
        "models.Summary", related_name="members", db_index=True, on_delete=fields.RESTRICT
    )
    pool_id: int
    survey: fields.OneToOneRelation[Survey] = fields.OneToOneField("models.Survey", related_name="pool", on_delete=fields.RESTRICT)
    survey_id: int

    class Meta:
        table = "evaluation_pool_member"


class Block(Table):
    """Closed surveys whose answers are added up together, for good: what the programme's figures are sums of.

    `kind` is one of `rules.later.BlockKind`, `quarter` as in "2026/27 Q1". `answers` of `asked` are forms of surveys asked three months
    later, or pairs of one person's ratings; `measures` are as `actions.blocks` writes them, and the gate stands before all reading.
    """

    id = fields.IntField(primary_key=True)
    kind = fields.CharField(max_length=10)
    quarter = fields.CharField(max_length=10)
    answers = fields.IntField()
    asked = fields.IntField()
    surveys = fields.IntField()
    measures: dict[str, Any] = fields.JSONField(default=dict)

    class Meta:
        table = "evaluation_block"
        indexes = (Index(fields=("kind", "quarter")),)
        constraints = (CheckConstraint(check="kind IN ('follow_up', 'manager', 'kept', 'shift')", name="evaluation_block_kind"),)


class BlockMember(Table):
    """A survey that was taken into a block, once for each kind of block."""

    id = fields.IntField(primary_key=True)
    block: fields.ForeignKeyRelation[Block] = fields.ForeignKeyField(
        "models.Block", related_name="members", db_index=True, on_delete=fields.RESTRICT
    )
    block_id: int
    survey: fields.ForeignKeyRelation[Survey] = fields.ForeignKeyField("models.Survey", related_name=False, on_delete=fields.RESTRICT)
    survey_id: int
    kind = fields.CharField(max_length=10)

    class Meta:
        table = "evaluation_block_member"
        constraints = (UniqueConstraint(fields=("survey", "kind"), name="evaluation_block_member_once"),)
