"""What a person was asked to train."""

from datetime import date, datetime, timedelta

from marstraining.core.clock import today_of
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.programme.place import place_of

# A session stays with its trainers until their time for its register is over.
_STAYS = timedelta(days=7)


@frozen
class TaughtRow:
    """A session somebody trains, or was asked to; no names of learners."""

    session_id: int
    ref: str
    title: str
    state: str
    session_state: str
    is_contributor: bool
    starts_at: datetime
    ends_at: datetime
    venue: str
    delivery: str

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return place_of(self.delivery, self.venue)


_TAUGHT = (
    "SELECT s.id AS session_id, s.ref, CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, t.state, s.state AS session_state,"
    " t.is_contributor, s.starts_at, s.ends_at, coalesce(v.name, '') AS venue, s.delivery"
    " FROM programme_trainer t JOIN programme_session s ON s.id = t.session_id JOIN programme_course c ON c.id = s.course_id"
    " LEFT JOIN programme_venue v ON v.id = s.venue_id WHERE t.person_id = ? AND t.state <> 'declined'"
)


async def taught_sessions(person_id: int, *, now: datetime) -> list[TaughtRow]:
    """The sessions a person trains or was asked to train, in one statement: those to come, and of the last week those they trained."""
    found = await rows(
        f"{_TAUGHT} AND (s.ends_at > ? OR s.ends_at > ? AND s.state = 'published' AND t.state = 'accepted' AND NOT t.is_contributor)"
        " ORDER BY s.starts_at, s.id",
        person_id,
        now,
        now - _STAYS,
        instants=("starts_at", "ends_at"),
        flags=("is_contributor",),
    )
    return [TaughtRow(**row) for row in found]


async def coming_teaching(person_id: int, *, now: datetime) -> list[TaughtRow]:
    """What a person trains, speaks at or was asked to of sessions that have not begun, or have no date; none that are called off."""
    found = await rows(
        f"{_TAUGHT} AND (s.starts_at > ? AND s.state <> 'called_off' OR s.state = 'postponed') ORDER BY s.starts_at, s.id",
        person_id,
        now,
        instants=("starts_at", "ends_at"),
        flags=("is_contributor",),
    )
    return [TaughtRow(**row) for row in found]


@frozen
class AskedTrainer:
    """Somebody who trains a session or was asked to, and has not declined. `address` is "" where they cannot be reached."""

    id: int
    person_id: int
    name: str
    address: str
    has_accepted: bool
    is_contributor: bool


async def asked_trainers(session_id: int) -> list[AskedTrainer]:
    """Who would turn up, or is still to answer: those to be told when the session is called off or changes."""
    found = await rows(
        "SELECT t.id, t.person_id, p.name, CASE WHEN p.state = 'active' THEN coalesce(p.email, '') ELSE '' END AS address,"
        " t.state = 'accepted' AS has_accepted, t.is_contributor FROM programme_trainer t JOIN people_person p ON p.id = t.person_id"
        " WHERE t.session_id = ? AND t.state <> 'declined' ORDER BY p.name, t.id",
        session_id,
        flags=("has_accepted", "is_contributor"),
    )
    return [AskedTrainer(**row) for row in found]


async def lacked_accreditation(session_id: int, person_id: int) -> str | None:
    """Why somebody may not train a session: a sentence, or None where nothing stands against it.

    A course that grants leave to use a licensed tool is trained only by who holds that leave, on the last day of the session
    too. The accreditation stands on the record, which is written above the programme, so its table is read by name.
    """
    found = await rows(
        "SELECT c.title, p.name, c.grants_accreditation, s.ends_at, (SELECT max(CASE WHEN a.expires_on IS NULL THEN '9999-12-31'"
        " ELSE CAST(a.expires_on AS text) END) FROM record_accreditation a WHERE a.course_id = c.id AND a.person_id = p.id"
        " AND a.ended_on IS NULL) AS until FROM programme_session s JOIN programme_course c ON c.id = s.course_id"
        " JOIN people_person p ON p.id = ? WHERE s.id = ?",
        person_id,
        session_id,
        instants=("ends_at",),
        flags=("grants_accreditation",),
    )
    if not found or not found[0]["grants_accreditation"]:
        return None
    row = found[0]
    if row["until"] is None:
        return f"{row['name']} holds no accreditation of {row['title']}, and only accredited people train it."
    until = date.fromisoformat(row["until"])
    if until < today_of(row["ends_at"]):
        return f"The accreditation of {row['name']} for {row['title']} ends on {until.day} {until:%B %Y}, before this session is over."
    return None
