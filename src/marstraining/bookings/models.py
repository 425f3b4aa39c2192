"""Bookings and everything that hangs on one."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table
from marstraining.people.models import Agency, Person, SignInChallenge
from marstraining.programme.models import Session, TrainingDay

LIVE = "state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered')"


class Booking(Table):
    """A learner's booking of a session in one of the states of `rules.BookingState`.

    `agency` and `job_role` are frozen when it is made. `joined_at` with `id` orders the waiting list after `priority`
    (higher first). An invitation or a request for approval is to be answered by `answer_by`. `mode` is "room", "online" or ""
    where the session has one mode only.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="bookings", on_delete=fields.RESTRICT
    )
    session_id: int
    learner: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="bookings", db_index=True, on_delete=fields.RESTRICT
    )
    learner_id: int
    agency: fields.ForeignKeyNullableRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name="bookings", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    agency_id: int | None
    job_role = fields.CharField(max_length=20, default="")
    state = fields.CharField(max_length=12)
    mode = fields.CharField(max_length=6, default="")
    standby = fields.CharField(max_length=8, default="ask")
    priority = fields.SmallIntField(default=0)
    joined_at = UTCDatetimeField()
    offered_at = UTCDatetimeField(null=True)
    offer_expires_at = UTCDatetimeField(null=True)
    answer_by = UTCDatetimeField(null=True)
    answer_asked_again_at = UTCDatetimeField(null=True)
    standby_asked_at = UTCDatetimeField(null=True)
    standby_answered_at = UTCDatetimeField(null=True)
    is_coming = fields.BooleanField(null=True)
    kept_after_postponing = fields.BooleanField(null=True)
    made_by_id = fields.IntField(null=True)
    version = fields.IntField(default=0)
    nonce = fields.CharField(max_length=32)
    check_in_code = fields.CharField(max_length=8)
    mobile = fields.CharField(max_length=20, default="")
    answers: dict[str, object] = fields.JSONField(default=dict)
    terms_version = fields.CharField(max_length=12, default="")
    manager_name = fields.CharField(max_length=200, default="")
    manager_email = fields.CharField(max_length=254, default="")
    created_at = UTCDatetimeField()
    changed_at = UTCDatetimeField()
    revision = fields.IntField(default=0)

    class Meta:
        table = "bookings_booking"
        indexes = (Index(fields=("session", "state")), Index(fields=("state", "offer_expires_at")))
        constraints = (
            CheckConstraint(
                check="state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered', 'declined', 'lapsed', 'turned_down',"
                " 'withdrawn', 'cancelled', 'substituted', 'called_off')",
                name="bookings_booking_state",
            ),
            UniqueConstraint(fields=("session", "learner"), name="bookings_booking_live", condition=LIVE),
        )


class Transition(Table):
    """One change of a booking's state, never overwritten; `notice_hours` are working hours before the session."""

    id = fields.BigIntField(primary_key=True)
    booking: fields.ForeignKeyRelation[Booking] = fields.ForeignKeyField(
        "models.Booking", related_name="transitions", db_index=True, on_delete=fields.RESTRICT
    )
    booking_id: int
    from_state = fields.CharField(max_length=12, default="")
    to_state = fields.CharField(max_length=12)
    by_id = fields.IntField(null=True)
    by_role = fields.CharField(max_length=20)
    at = UTCDatetimeField()
    reason = fields.CharField(max_length=30, default="")
    notice_hours = fields.FloatField(null=True)

    class Meta:
        table = "bookings_transition"
        indexes = (Index(fields=("by_id", "at")),)


class Needs(Table):
    """Access and dietary answers, apart from the booking so that they can be guarded and erased 28 days after the session."""

    id = fields.IntField(primary_key=True)
    booking: fields.OneToOneRelation[Booking] = fields.OneToOneField("models.Booking", related_name="needs", on_delete=fields.RESTRICT)
    booking_id: int
    access = fields.TextField(default="")
    dietary = fields.TextField(default="")
    arrangement = fields.CharField(max_length=20, default="none")
    answered_at = UTCDatetimeField()

    class Meta:
        table = "bookings_needs"
        constraints = (
            CheckConstraint(check="arrangement IN ('none', 'to_arrange', 'arranged', 'alternative')", name="bookings_needs_arrangement"),
        )


class BookingRequest(Table):
    """A newcomer's wish to book, waiting 60 minutes for the button in their letter; it holds no place.

    Address, link, code and how they are answered stand in its challenge, with which it is forgotten a day later.
    """

    id = fields.IntField(primary_key=True)
    challenge: fields.OneToOneRelation[SignInChallenge] = fields.OneToOneField(
        "models.SignInChallenge", related_name=False, on_delete=fields.CASCADE
    )
    challenge_id: int
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    session_id: int
    name = fields.CharField(max_length=200)
    agency: fields.ForeignKeyNullableRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    agency_id: int | None
    agency_typed = fields.CharField(max_length=200, default="")
    job_role = fields.CharField(max_length=20, default="")
    mode = fields.CharField(max_length=6, default="")

    class Meta:
        table = "bookings_request"


class LedgerEntry(Table):
    """A late cancellation or an absence, by agency; charging is off (rules.md 5.5), so it only informs."""

    id = fields.IntField(primary_key=True)
    booking: fields.ForeignKeyRelation[Booking] = fields.ForeignKeyField(
        "models.Booking", related_name="ledger", db_index=True, on_delete=fields.RESTRICT
    )
    booking_id: int
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    session_id: int
    agency: fields.ForeignKeyNullableRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    agency_id: int | None
    kind = fields.CharField(max_length=20)
    reason = fields.CharField(max_length=30, default="")
    notice_hours = fields.FloatField(null=True)
    is_excused = fields.BooleanField(default=False)
    waived_at = UTCDatetimeField(null=True)
    waived_by_id = fields.IntField(null=True)
    waived_reason = fields.CharField(max_length=200, default="")
    by_id = fields.IntField(null=True)
    at = UTCDatetimeField()

    class Meta:
        table = "bookings_ledger"


class Allocation(Table):
    """Places of a session kept for an agency with its branches, or for a sector: at least `floor`, at most `cap`, None for no such limit.

    A floor holds its unused places until `release_at`; then they are anybody's (booking.md, Agencies 1).
    """

    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="allocations", db_index=True, on_delete=fields.RESTRICT
    )
    session_id: int
    agency: fields.ForeignKeyNullableRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    agency_id: int | None
    sector = fields.CharField(max_length=80, default="")
    floor = fields.IntField(null=True)
    cap = fields.IntField(null=True)
    release_at = UTCDatetimeField(null=True)
    released_at = UTCDatetimeField(null=True)

    class Meta:
        table = "bookings_allocation"
        constraints = (
            CheckConstraint(check="floor IS NULL OR floor >= 0", name="bookings_allocation_floor"),
            CheckConstraint(check="cap IS NULL OR cap >= 0", name="bookings_allocation_cap"),
            CheckConstraint(check="(agency_id IS NULL) <> (sector = '')", name="bookings_allocation_whose"),
        )


class SentEntry(Table):
    """Which sequence of a training day's calendar entry a person was last sent; one row per person and day."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField("models.Person", related_name=False, on_delete=fields.RESTRICT)
    person_id: int
    training_day: fields.ForeignKeyRelation[TrainingDay] = fields.ForeignKeyField(
        "models.TrainingDay", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    training_day_id: int
    sequence = fields.IntField()
    is_cancelled = fields.BooleanField(default=False)
    sent_at = UTCDatetimeField()

    class Meta:
        table = "bookings_sent_entry"
        constraints = (UniqueConstraint(fields=("person", "training_day"), name="bookings_sent_entry_once"),)


class CalendarToken(Table):
    """A personal feed's address; only the hash is kept, and it opens nothing else."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int
    token_hash = fields.CharField(max_length=64, unique=True)
    created_at = UTCDatetimeField()
    last_used_at = UTCDatetimeField(null=True)
    ended_at = UTCDatetimeField(null=True)

    class Meta:
        table = "bookings_calendar_token"
