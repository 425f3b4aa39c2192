"""Registers and their marks, meetings' reports, what trainers hand out and write after a session."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Agency, Person
from marstraining.programme.models import Course, Session, TrainingDay


class Mark(Table):
    """One mark of one learner for a training day (or the whole session when `training_day` is None).

    A correction is a new row; the row it replaces gets `superseded_at`. The agency is the learner's at the time. `reason` is one
    of `rules.ExcusedReason` or "not_admitted"; `arrived` and `left` are wall times in London, "" for the whole of the day;
    `taken_as` says in which capacity somebody was there, and only learners are counted as attendances. `tap` is the number that
    a device gave to the touch that made the mark, so that a touch sent twice is one mark.
    """

    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField("models.Session", related_name=False, on_delete=fields.RESTRICT)
    session_id: int
    training_day: fields.ForeignKeyNullableRelation[TrainingDay] = fields.ForeignKeyField(
        "models.TrainingDay", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    training_day_id: int | None
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField("models.Person", related_name="marks", db_index=True)
    person_id: int
    agency: fields.ForeignKeyNullableRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    agency_id: int | None
    mark = fields.CharField(max_length=10)
    minutes = fields.IntField(null=True)
    evidence = fields.CharField(max_length=20)
    reason = fields.CharField(max_length=20, default="")
    arrived = fields.CharField(max_length=5, default="")
    left = fields.CharField(max_length=5, default="")
    taken_as = fields.CharField(max_length=12, default="learner")
    tap = fields.CharField(max_length=36, null=True, unique=True)
    at = UTCDatetimeField()
    by_id = fields.IntField(null=True)
    superseded_at = UTCDatetimeField(null=True)

    class Meta:
        table = "attendance_mark"
        indexes = (Index(fields=("session", "mark")),)
        constraints = (
            CheckConstraint(check="mark IN ('attended', 'partial', 'absent', 'excused')", name="attendance_mark_word"),
            UniqueConstraint(
                fields=("session", "person"), name="attendance_mark_whole", condition="training_day_id IS NULL AND superseded_at IS NULL"
            ),
            UniqueConstraint(
                fields=("training_day", "person"),
                name="attendance_mark_day",
                condition="training_day_id IS NOT NULL AND superseded_at IS NULL",
            ),
        )


class Register(Table):
    """The register of one session: open until the trainer or the desk locks it. There is no row before somebody first opens it.

    Learners check themselves in by the codes that `check_in_nonce` gives rise to, between the two moments. The `told_` columns are
    when somebody was last asked to take it, so that each is asked once.
    """

    id = fields.IntField(primary_key=True)
    session: fields.OneToOneRelation[Session] = fields.OneToOneField("models.Session", related_name="register", on_delete=fields.RESTRICT)
    session_id: int
    opened_at = UTCDatetimeField()
    locked_at = UTCDatetimeField(null=True)
    locked_by_id = fields.IntField(null=True)
    told_trainers_at = UTCDatetimeField(null=True)
    told_desk_at = UTCDatetimeField(null=True)
    told_missed_at = UTCDatetimeField(null=True)
    check_in_nonce = fields.CharField(max_length=32, default="")
    check_in_from = UTCDatetimeField(null=True)
    check_in_until = UTCDatetimeField(null=True)
    revision = fields.IntField(default=0)

    class Meta:
        table = "attendance_register"


class MeetingReport(Table):
    """One report of Teams or Zoom that was read for a session: what it was and how much was in it, never the file itself."""

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="meeting_reports", on_delete=fields.RESTRICT
    )
    session_id: int
    file_hash = fields.CharField(max_length=64)
    file_name = fields.CharField(max_length=200)
    variant = fields.CharField(max_length=8)
    parser_version = fields.CharField(max_length=12)
    rows_read = fields.IntField()
    people_read = fields.IntField()
    notes: list[dict[str, object]] = fields.JSONField(default=list)
    at = UTCDatetimeField()
    by_id = fields.IntField(null=True)

    class Meta:
        table = "attendance_report"
        constraints = (UniqueConstraint(fields=("session", "file_hash"), name="attendance_report_once"),)


class WaitingReport(Table):
    """A file sent in for a session that is no known report and waits for somebody to say what its columns are.

    It lies in the folder of files under `stored_as` until then, for a day at most. `list_key` is the same for files with the same
    headings.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField("models.Session", related_name=False, on_delete=fields.RESTRICT)
    session_id: int
    file_hash = fields.CharField(max_length=64)
    file_name = fields.CharField(max_length=200)
    list_key = fields.CharField(max_length=64)
    stored_as = fields.CharField(max_length=64, unique=True)
    at = UTCDatetimeField(db_index=True)
    by_id = fields.IntField(null=True)

    class Meta:
        table = "attendance_waiting_report"
        constraints = (UniqueConstraint(fields=("session", "file_hash"), name="attendance_waiting_report_once"),)


class ReportColumns(Table):
    """What was last said of the columns of lists with the same headings: `columns` as `meeting_reports.columns` writes them."""

    id = fields.IntField(primary_key=True)
    list_key = fields.CharField(max_length=64, unique=True)
    headings: list[str] = fields.JSONField(default=list)
    columns: dict[str, object] = fields.JSONField(default=dict)
    at = UTCDatetimeField()
    by_id = fields.IntField(null=True)

    class Meta:
        table = "attendance_report_columns"


class ReportedPerson(Table):
    """Somebody in the reports of a session, with the minutes of all its files together, and what became of the entry.

    `intervals` are pairs of UTC instants in ISO form, already clipped to the session; `became` is one of `rules.Became`. Of a dial-in the
    number is not kept. The person is whoever it was matched with; a room's entry may stand for several, each a row of its own.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="reported_people", db_index=True, on_delete=fields.RESTRICT
    )
    session_id: int
    key = fields.CharField(max_length=300)
    name = fields.CharField(max_length=200)
    email = fields.CharField(max_length=254, default="")
    minutes = fields.FloatField()
    intervals: list[list[str]] = fields.JSONField(default=list)
    matched_by = fields.CharField(max_length=12, default="")
    became = fields.CharField(max_length=12, default="unmatched")
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int | None
    confirmed_by = fields.CharField(max_length=200, default="")
    settled_at = UTCDatetimeField(null=True)
    settled_by_id = fields.IntField(null=True)
    revision = fields.IntField(default=0)

    class Meta:
        table = "attendance_reported_person"


class SessionReport(Table):
    """What a trainer writes after a session: the room, the technology, what to change, and the time it took in minutes."""

    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="trainer_reports", on_delete=fields.RESTRICT
    )
    session_id: int
    trainer: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    trainer_id: int
    room = fields.TextField(default="")
    technology = fields.TextField(default="")
    to_change = fields.TextField(default="")
    delivery_minutes = fields.IntField(null=True)
    preparation_minutes = fields.IntField(null=True)
    at = UTCDatetimeField()

    class Meta:
        table = "attendance_session_report"
        constraints = (UniqueConstraint(fields=("session", "trainer"), name="attendance_session_report_once"),)


class CourseFile(Table):
    """A file of a course, or of one session of it, for its trainers, for those booked or for those who attended.

    `kind` is one of `rules.FileKind`. A new version is a new row; the one before gets `replaced_at`. The file itself lies outside the
    web root under `stored_as`, a random name.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField(
        "models.Course", related_name="files", db_index=True, on_delete=fields.RESTRICT
    )
    course_id: int
    session: fields.ForeignKeyNullableRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="files", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    session_id: int | None
    kind = fields.CharField(max_length=16)
    title = fields.CharField(max_length=200)
    version = fields.IntField(default=1)
    file_name = fields.CharField(max_length=200)
    stored_as = fields.CharField(max_length=64, unique=True)
    content_type = fields.CharField(max_length=100)
    size = fields.IntField()
    sha256 = fields.CharField(max_length=64)
    at = UTCDatetimeField()
    by_id = fields.IntField(null=True)
    replaced_at = UTCDatetimeField(null=True)

    class Meta:
        table = "attendance_file"


class ScheduledExport(Table):
    """An export that leaves by letter to everyone with a role, each week, month or quarter; `filters` are the command's own."""

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    kind = fields.CharField(max_length=20)
    filters: dict[str, str] = fields.JSONField(default=dict)
    role = fields.CharField(max_length=20)
    every = fields.CharField(max_length=8)
    next_at = UTCDatetimeField(db_index=True)
    made_by_id = fields.IntField(null=True)
    ended_at = UTCDatetimeField(null=True)
    revision = fields.IntField(default=0)

    class Meta:
        table = "attendance_scheduled_export"
