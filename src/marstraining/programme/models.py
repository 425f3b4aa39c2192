"""Courses, sessions, training days, venues and who trains."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Agency, Person


class Topic(Table):
    """A subject that courses and resources share."""

    id = fields.IntField(primary_key=True)
    slug = fields.CharField(max_length=60, unique=True)
    label = fields.CharField(max_length=120)

    class Meta:
        table = "programme_topic"


class Course(Table):
    """Something taught; it is run as sessions.

    `outcomes` and `audience_codes` are lists; `questions` are the course's own booking questions
    ({"key", "label", "kind": "text" | "yes_no" | "choice", "choices", "required"}). `capacity` None means no limit is usual.
    `attended_share` and `partial_share` are the shares of the minutes taught from which a meeting's report speaks for attended and
    for partial, None for the usual ones; `break_minutes` a day are not taught. Who comes `last_admission_minutes` after the start
    is no longer let in. An accreditation that the course grants lasts `accreditation_months`, None for good.
    """

    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=30, unique=True)
    title = fields.CharField(max_length=200)
    kind = fields.CharField(max_length=20)
    level = fields.CharField(max_length=60, default="")
    delivery = fields.CharField(max_length=12, default="either")
    summary = fields.TextField(default="")
    audience = fields.CharField(max_length=300, default="")
    audience_codes: list[str] = fields.JSONField(default=list)
    outcomes: list[str] = fields.JSONField(default=list)
    content_note = fields.TextField(default="")
    joining_text = fields.TextField(default="")
    duration_minutes = fields.IntField(null=True)
    capacity = fields.IntField(null=True)
    is_priority = fields.BooleanField(default=False)
    access = fields.CharField(max_length=12, default="public")
    counts_as = fields.CharField(max_length=30, default="")
    meets_annex_c = fields.BooleanField(default=False)
    grants_accreditation = fields.BooleanField(default=False)
    accreditation_months = fields.SmallIntField(null=True)
    is_participatory = fields.BooleanField(default=True)
    attended_share = fields.FloatField(null=True)
    partial_share = fields.FloatField(null=True)
    break_minutes = fields.SmallIntField(default=0)
    last_admission_minutes = fields.SmallIntField(null=True)
    owner = fields.CharField(max_length=200, default="")
    owner_agency: fields.ForeignKeyNullableRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name="owned_courses", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    owner_agency_id: int | None
    needs_approval = fields.BooleanField(default=False)
    needs_manager_agreement = fields.BooleanField(default=False)
    questions: list[dict[str, object]] = fields.JSONField(default=list)
    external_url = fields.CharField(max_length=500, default="")
    is_archived = fields.BooleanField(default=False)
    revision = fields.IntField(default=0)

    class Meta:
        table = "programme_course"


class CourseTopic(Table):
    """A course is about a topic."""

    id = fields.IntField(primary_key=True)
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField("models.Course", related_name="topic_links")
    course_id: int
    topic: fields.ForeignKeyRelation[Topic] = fields.ForeignKeyField("models.Topic", related_name=False, db_index=True)
    topic_id: int

    class Meta:
        table = "programme_course_topic"
        constraints = (UniqueConstraint(fields=("course", "topic"), name="programme_course_topic_once"),)


class Prerequisite(Table):
    """A course that must be completed before another may be booked."""

    id = fields.IntField(primary_key=True)
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField("models.Course", related_name="prerequisites")
    course_id: int
    needs: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField("models.Course", related_name=False, db_index=True)
    needs_id: int

    class Meta:
        table = "programme_prerequisite"
        constraints = (UniqueConstraint(fields=("course", "needs"), name="programme_prerequisite_once"),)


class Venue(Table):
    """A place, with what one needs to find and enter it."""

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    name = fields.CharField(max_length=200, unique=True)
    address = fields.TextField(default="")
    postcode = fields.CharField(max_length=10, default="")
    directions = fields.TextField(default="")
    parking = fields.TextField(default="")
    access_notes = fields.TextField(default="")
    capacity = fields.IntField(null=True)
    contact = fields.CharField(max_length=300, default="")
    is_online = fields.BooleanField(default=False)
    is_archived = fields.BooleanField(default=False)
    revision = fields.IntField(default=0)

    class Meta:
        table = "programme_venue"


class Session(Table):
    """One dated running of a course. `starts_at` and `ends_at` are those of its first and last training day.

    `capacity` None means no limit. `capacity_room` and `capacity_online` apply to hybrid sessions. `access` and `title`
    empty mean as the course has them. `revision` rises with every change and is what writers take hold of.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    code = fields.CharField(max_length=60, null=True, unique=True)
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField(
        "models.Course", related_name="sessions", db_index=True, on_delete=fields.RESTRICT
    )
    course_id: int
    title = fields.CharField(max_length=200, default="")
    state = fields.CharField(max_length=12, default="draft")
    access = fields.CharField(max_length=12, default="")
    audience_codes: list[str] = fields.JSONField(default=list)
    delivery = fields.CharField(max_length=12)
    venue: fields.ForeignKeyNullableRelation[Venue] = fields.ForeignKeyField(
        "models.Venue", related_name="sessions", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    venue_id: int | None
    arrangement = fields.CharField(max_length=10, default="none")
    final_numbers_by = fields.DateField(null=True)
    has_catering = fields.BooleanField(default=False)
    starts_at = UTCDatetimeField(db_index=True)
    ends_at = UTCDatetimeField(db_index=True)
    capacity = fields.IntField(null=True)
    capacity_room = fields.IntField(null=True)
    capacity_online = fields.IntField(null=True)
    minimum_numbers = fields.IntField(null=True)
    decide_by = fields.DateField(null=True)
    decided_at = UTCDatetimeField(null=True)
    opens_at = UTCDatetimeField(null=True)
    closes_at = UTCDatetimeField(null=True)
    publish_at = UTCDatetimeField(null=True)
    is_list_open = fields.BooleanField(default=True)
    is_promotion_on = fields.BooleanField(default=True)
    offer_hours = fields.IntField(null=True)
    reserves_while_asked = fields.BooleanField(default=False)
    joining_link = fields.CharField(max_length=1000, default="")
    joining_note = fields.TextField(default="")
    external_url = fields.CharField(max_length=500, default="")
    is_headcount_only = fields.BooleanField(default=False)
    imported_headcount = fields.IntField(null=True)
    organisations_represented = fields.IntField(null=True)
    counted_as = fields.CharField(max_length=12, default="named")
    date_basis = fields.CharField(max_length=12, default="")
    notes = fields.TextField(default="")
    series = fields.CharField(max_length=40, default="", db_index=True)
    called_off_reason = fields.CharField(max_length=300, default="")
    moved_to: fields.ForeignKeyNullableRelation["Session"] = fields.ForeignKeyField(
        "models.Session", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    moved_to_id: int | None
    published_at = UTCDatetimeField(null=True)
    changed_at = UTCDatetimeField()
    revision = fields.IntField(default=0)

    class Meta:
        table = "programme_session"
        indexes = (Index(fields=("state", "starts_at")),)
        constraints = (
            CheckConstraint(check="state IN ('draft', 'published', 'postponed', 'called_off')", name="programme_session_state"),
            CheckConstraint(check="capacity IS NULL OR capacity >= 0", name="programme_session_capacity"),
            CheckConstraint(check="ends_at > starts_at", name="programme_session_order"),
        )


class TrainingDay(Table):
    """One date within a session: wall time in Europe/London and the instants that follow from it.

    `uid` never changes while the day lives; `sequence` rises when time, place, link or state changes and at nothing else
    (calendar_and_letters.md, iCalendar 1).
    """

    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="days", db_index=True, on_delete=fields.RESTRICT
    )
    session_id: int
    uid = fields.CharField(max_length=80, unique=True)
    day = fields.DateField()
    starts = fields.CharField(max_length=5)
    ends = fields.CharField(max_length=5)
    starts_at = UTCDatetimeField(db_index=True)
    ends_at = UTCDatetimeField()
    sequence = fields.IntField(default=0)
    changed_at = UTCDatetimeField()
    is_cancelled = fields.BooleanField(default=False)

    class Meta:
        table = "programme_day"
        constraints = (CheckConstraint(check="ends_at > starts_at", name="programme_day_order"),)


class SessionTrainer(Table):
    """A person asked to train a session, and the answer."""

    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="trainers", on_delete=fields.RESTRICT
    )
    session_id: int
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="trains", db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int
    agency: fields.ForeignKeyNullableRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    agency_id: int | None
    is_contributor = fields.BooleanField(default=False)
    state = fields.CharField(max_length=10, default="asked")
    asked_at = UTCDatetimeField()
    answered_at = UTCDatetimeField(null=True)

    class Meta:
        table = "programme_trainer"
        constraints = (
            CheckConstraint(check="state IN ('asked', 'accepted', 'declined')", name="programme_trainer_state"),
            UniqueConstraint(fields=("session", "person"), name="programme_trainer_once"),
        )


class AgencyHeadcount(Table):
    """How many came from an agency to a session where no names are held."""

    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="headcounts", on_delete=fields.RESTRICT
    )
    session_id: int
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    agency_id: int
    number = fields.IntField()

    class Meta:
        table = "programme_headcount"
        constraints = (UniqueConstraint(fields=("session", "agency"), name="programme_headcount_once"),)


class Invited(Table):
    """A person invited to a session that is by invitation."""

    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="invited", on_delete=fields.RESTRICT
    )
    session_id: int
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int

    class Meta:
        table = "programme_invited"
        constraints = (UniqueConstraint(fields=("session", "person"), name="programme_invited_once"),)
