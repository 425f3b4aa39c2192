"""Persons, agencies, positions, roles; sign-in challenges, sign-ins and what limits them."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marstraining.core.db.fields import UTCDatetimeField
from marstraining.core.db.table import Table


class Agency(Table):
    """A body that learners work for, in a tree of real settings (trust → school)."""

    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=30, unique=True)
    name = fields.CharField(max_length=200)
    sector = fields.CharField(max_length=80)
    parent: fields.ForeignKeyNullableRelation["Agency"] = fields.ForeignKeyField(
        "models.Agency", related_name="branches", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    parent_id: int | None
    is_vcse = fields.BooleanField(default=False)
    is_group = fields.BooleanField(default=False)
    is_one_person = fields.BooleanField(default=False)
    is_in_area = fields.BooleanField(default=True)
    email_domain = fields.CharField(max_length=120, default="", db_index=True)
    urn = fields.CharField(max_length=20, default="")
    ofsted_number = fields.CharField(max_length=20, default="")
    charity_number = fields.CharField(max_length=20, default="")
    contact_name = fields.CharField(max_length=200, default="")
    contact_email = fields.CharField(max_length=254, default="")
    contact_phone = fields.CharField(max_length=40, default="")
    notes = fields.TextField(default="")
    state = fields.CharField(max_length=12, default="listed")
    suggested_by: fields.ForeignKeyNullableRelation["Person"] = fields.ForeignKeyField(
        "models.Person", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    suggested_by_id: int | None
    merged_into: fields.ForeignKeyNullableRelation["Agency"] = fields.ForeignKeyField(
        "models.Agency", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    merged_into_id: int | None
    opened_on = fields.DateField(null=True)
    closed_on = fields.DateField(null=True)
    revision = fields.IntField(default=0)

    class Meta:
        table = "people_agency"
        constraints = (CheckConstraint(check="state IN ('listed', 'suggested', 'closed', 'merged')", name="people_agency_state"),)


class Person(Table):
    """Somebody who learns, teaches, leads or runs the programme; `email` is stored lower-case and is None for managed learners.

    `digest_choice` is one of `rules.DigestChoice`, None where a lead has chosen nothing yet.
    """

    id = fields.IntField(primary_key=True)
    ref = fields.CharField(max_length=10, unique=True)
    name = fields.CharField(max_length=200)
    email = fields.CharField(max_length=254, null=True, unique=True)
    second_email = fields.CharField(max_length=254, null=True, unique=True)
    state = fields.CharField(max_length=12, default="active")
    managed_by: fields.ForeignKeyNullableRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name="managed_learners", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    managed_by_id: int | None
    merged_into: fields.ForeignKeyNullableRelation["Person"] = fields.ForeignKeyField(
        "models.Person", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    merged_into_id: int | None
    calendar_choice = fields.CharField(max_length=12, default="invitations")
    has_discreet_titles = fields.BooleanField(default=False)
    digest_choice = fields.CharField(max_length=8, null=True)
    kept_access_needs = fields.TextField(null=True)
    kept_dietary_needs = fields.TextField(null=True)
    created_at = UTCDatetimeField()
    last_signed_in_at = UTCDatetimeField(null=True)
    revision = fields.IntField(default=0)

    class Meta:
        table = "people_person"
        constraints = (
            CheckConstraint(check="state IN ('active', 'left', 'closed', 'merged')", name="people_person_state"),
            CheckConstraint(check="calendar_choice IN ('invitations', 'feed')", name="people_person_calendar"),
        )


class Position(Table):
    """A person's post at an agency, from a date to a date; two at once are ordinary."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="positions", db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name="positions", db_index=True, on_delete=fields.RESTRICT
    )
    agency_id: int
    job_role = fields.CharField(max_length=20)
    staff_number = fields.CharField(max_length=40, default="")
    area = fields.CharField(max_length=120, default="")
    starts_on = fields.DateField()
    ends_on = fields.DateField(null=True)

    class Meta:
        table = "people_position"


class RoleGrant(Table):
    """A role held by a person from the moment it was granted until it ended; agency roles name their agency."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="grants", db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int
    role = fields.CharField(max_length=20)
    agency: fields.ForeignKeyNullableRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name="grants", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    agency_id: int | None
    granted_at = UTCDatetimeField()
    granted_by_id = fields.IntField(null=True)
    ended_at = UTCDatetimeField(null=True)

    class Meta:
        table = "people_role_grant"


class ContactNote(Table):
    """What the desk noted about a person or an agency: a call, a promise."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="notes", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int | None
    agency: fields.ForeignKeyNullableRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", related_name="contact_notes", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    agency_id: int | None
    text = fields.TextField()
    by_id = fields.IntField(null=True)
    at = UTCDatetimeField()

    class Meta:
        table = "people_contact_note"


class SignInChallenge(Table):
    """One asked-for letter with a link and a code, both derived from `nonce`; only their hashes can be looked up.

    `purpose` is what its button does besides signing in: nothing ("sign_in"), or a newcomer's booking ("finish_booking"). `person` is
    None while the address is unknown. `cookie_hash` ties the link to the browser that asked; it is empty for a link that the
    desk minted, which works in any browser.
    """

    id = fields.IntField(primary_key=True)
    address = fields.CharField(max_length=254, db_index=True)
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name=False, null=True, db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int | None
    purpose = fields.CharField(max_length=20, default="sign_in")
    nonce = fields.CharField(max_length=32)
    token_hash = fields.CharField(max_length=64, unique=True)
    cookie_hash = fields.CharField(max_length=64, db_index=True)
    code_mac = fields.CharField(max_length=64)
    code_tries = fields.SmallIntField(default=0)
    next_path = fields.CharField(max_length=300, default="")
    is_reusable = fields.BooleanField(default=False)
    created_at = UTCDatetimeField(db_index=True)
    link_expires_at = UTCDatetimeField()
    code_expires_at = UTCDatetimeField()
    used_at = UTCDatetimeField(null=True)

    class Meta:
        table = "people_challenge"


class SignIn(Table):
    """A signed-in browser; the cookie holds a token of which only the hash is here."""

    id = fields.IntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="sign_ins", db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int
    csrf = fields.CharField(max_length=64)
    device = fields.CharField(max_length=120, default="")
    is_shared = fields.BooleanField(default=False)
    created_at = UTCDatetimeField()
    last_seen_at = UTCDatetimeField()
    expires_at = UTCDatetimeField()
    idle_minutes = fields.IntField()
    stepped_up_at = UTCDatetimeField(null=True)
    ended_at = UTCDatetimeField(null=True)

    class Meta:
        table = "people_sign_in"


class Attempt(Table):
    """One counted attempt for rate limits; `key` is a hash of an address or network, never the thing itself."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=20)
    key = fields.CharField(max_length=64)
    at = UTCDatetimeField()

    class Meta:
        table = "people_attempt"
        indexes = (Index(fields=("kind", "key", "at")),)


class KnownDevice(Table):
    """A browser that a person has signed in from before, so that a new one is announced by letter."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField("models.Person", related_name=False, on_delete=fields.RESTRICT)
    person_id: int
    token_hash = fields.CharField(max_length=64)
    first_seen_at = UTCDatetimeField()

    class Meta:
        table = "people_device"
        constraints = (UniqueConstraint(fields=("person", "token_hash"), name="people_device_once"),)


class AddressChange(Table):
    """A new e-mail address that waits for its owner to press the button in the letter sent to it.

    `replaces_first` tells a new address for signing in from a second one for recovery.
    """

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int
    address = fields.CharField(max_length=254)
    replaces_first = fields.BooleanField(default=False)
    nonce = fields.CharField(max_length=32)
    token_hash = fields.CharField(max_length=64, unique=True)
    created_at = UTCDatetimeField()
    expires_at = UTCDatetimeField()
    used_at = UTCDatetimeField(null=True)

    class Meta:
        table = "people_address_change"


class TelegramToken(Table):
    """A one-time token that connects an account to a Telegram chat; only its hash is here, with what its maker chose to get there."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int
    token_hash = fields.CharField(max_length=64, unique=True)
    wants_bookings = fields.BooleanField(default=False)
    wants_reminders = fields.BooleanField(default=False)
    wants_updates = fields.BooleanField(default=False)
    wants_account = fields.BooleanField(default=False)
    created_at = UTCDatetimeField()
    expires_at = UTCDatetimeField()
    used_at = UTCDatetimeField(null=True)

    class Meta:
        table = "people_telegram_token"


class TelegramLink(Table):
    """A person's Telegram chat, from the moment it was connected until it ended, and which letters they chose to get there.

    `chat_id` is forgotten when the link ends: `ended_why` is "unlinked", "blocked", "moved" (another chat, or another account
    took its place), "closed" (the account was) or "revoked" (by the desk, or by signing out everywhere).
    """

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name=False, db_index=True, on_delete=fields.RESTRICT
    )
    person_id: int
    chat_id = fields.BigIntField(null=True)
    wants_bookings = fields.BooleanField(default=False)
    wants_reminders = fields.BooleanField(default=False)
    wants_updates = fields.BooleanField(default=False)
    wants_account = fields.BooleanField(default=False)
    linked_at = UTCDatetimeField()
    ended_at = UTCDatetimeField(null=True)
    ended_why = fields.CharField(max_length=12, default="")

    class Meta:
        table = "people_telegram_link"
        constraints = (
            UniqueConstraint(fields=("person",), name="people_telegram_link_person", condition="ended_at IS NULL"),
            UniqueConstraint(fields=("chat_id",), name="people_telegram_link_chat", condition="ended_at IS NULL"),
            CheckConstraint(check="(ended_at IS NULL) = (chat_id IS NOT NULL)", name="people_telegram_link_chat_known"),
        )
