"""What booking needs to know of a session and a learner: the look before the lock, and the look again under it, one statement each."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from marstraining.bookings.models import Booking
from marstraining.bookings.queries.entries import DayEntry
from marstraining.bookings.queries.holding import capacity_of
from marstraining.bookings.queries.situations import INSTANTS, SESSION_COLUMNS, SESSION_FROM, LearnerRow, Post, SessionRow, made_session_row
from marstraining.bookings.queries.waiting import Counted, counted_of, counts_of
from marstraining.bookings.rules import Capacity, Held, Missing, Situation
from marstraining.core.clock import today_of
from marstraining.core.db import key_ahead, next_key, rows
from marstraining.core.values import frozen
from marstraining.programme.rules import Access, SessionState, audiences_of

_LIVE = "('requested', 'invited', 'confirmed', 'waiting', 'offered')"
_RECENTLY = timedelta(minutes=1)


@frozen
class Existing:
    """The live booking a learner already has of the session."""

    id: int
    ref: str
    state: str


@frozen
class Looked:
    """Everything seen in the look before the lock; `recent` is how many bookings the learner made in the last minute.

    With the revisions of session and learner it stands as long as neither moved: whoever changes a session, its bookings or its
    days holds the session, and whoever gives a learner a place holds the learner too. `next_id` is a number that a booking may
    take, where the look was `to_book` and the database gives numbers ahead.
    """

    session: SessionRow
    learner: LearnerRow
    situation: Situation
    existing: Existing | None
    counted: Counted
    has_others: bool
    recent: int
    days: tuple[DayEntry, ...]
    session_revision: int
    learner_revision: int
    next_id: int | None

    @property
    def held(self) -> Held:
        """The places as they were counted."""
        return self.counted.held

    @property
    def is_open_secret(self) -> bool:
        """Whether everyone may know of the session, so that it needs no asking whether this learner may."""
        return self.session.access == Access.PUBLIC and self.session.state != SessionState.DRAFT


@frozen
class Relooked:
    """What is seen under the lock: the booking there is by now, the figures, the session's numbers, its days, the next booking's id."""

    existing: Existing | None
    has_others: bool
    counted: Counted
    state: str
    starts_at: datetime
    closes_at: datetime | None
    capacity: Capacity
    days: tuple[DayEntry, ...]
    next_id: int


_DAY_COLUMNS = (
    "d.id AS day_id, d.uid, d.starts_at AS day_starts_at, d.ends_at AS day_ends_at, d.sequence, d.changed_at, d.is_cancelled,"
    " e.sequence AS last_sent"
)
_DAY_FROM = (
    " LEFT JOIN programme_day d ON d.session_id = s.id LEFT JOIN bookings_sent_entry e ON e.training_day_id = d.id AND e.person_id = "
)
_DAY_INSTANTS = ("day_starts_at", "day_ends_at", "changed_at")
_LOOK_COLUMNS = (
    "s.revision AS session_revision, p.revision AS learner_revision,"
    " p.id AS learner_id, p.name AS learner_name, p.email AS learner_email, p.calendar_choice, p.has_discreet_titles, p.managed_by_id,"
    " coalesce(m.contact_email, '') AS contact_email, b.id AS booking_id, b.ref AS booking_ref, b.state AS booking_state, k.*,"
    " g.id AS post_id, g.agency_id AS post_agency_id, a.name AS post_agency, g.job_role AS post_job_role, a.sector AS post_sector,"
    " a.is_vcse AS post_is_vcse,"
    f" (SELECT count(*) FROM bookings_booking o WHERE o.learner_id = p.id AND o.session_id <> s.id AND o.state IN {_LIVE}) AS others,"
    " (SELECT count(*) FROM bookings_transition t WHERE t.by_id = p.id AND t.at > ? AND t.from_state = '') AS recent,"
    " coalesce((SELECT t.state FROM programme_trainer t WHERE t.session_id = s.id AND t.person_id = p.id AND t.state <> 'declined'), '')"
    " AS trainer_state,"
    " (SELECT count(*) FROM programme_invited i WHERE i.session_id = s.id AND i.person_id = p.id) AS invitations,"
    " (SELECT count(*) FROM programme_prerequisite q WHERE q.course_id = s.course_id AND NOT EXISTS"
    " (SELECT 1 FROM record_completion r WHERE r.person_id = p.id AND r.course_id = q.needs_id)) AS missing"
    f", {_DAY_COLUMNS}"
)
_LOOK_FROM = (
    " JOIN people_person p ON p.id = ? LEFT JOIN people_agency m ON m.id = p.managed_by_id"
    f" LEFT JOIN bookings_booking b ON b.session_id = s.id AND b.learner_id = p.id AND b.state IN {_LIVE}"
    " LEFT JOIN people_position g ON g.person_id = p.id AND g.starts_on <= ? AND (g.ends_on IS NULL OR g.ends_on >= ?)"
    " LEFT JOIN people_agency a ON a.id = g.agency_id"
    f"{_DAY_FROM}p.id"
)


async def look(session: int | str, learner_id: int, *, to_book: bool = False, now: datetime) -> Looked | None:
    """The session, by id or by reference, the learner with their posts, the booking there may be already, the places; None if unknown."""
    next_id = key_ahead(Booking) if to_book else "NULL"
    which = "s.ref = ?" if isinstance(session, str) else "s.id = ?"
    today = today_of(now)
    found = await rows(
        f"SELECT {SESSION_COLUMNS}, {_LOOK_COLUMNS}, {next_id} AS next_id{SESSION_FROM} CROSS JOIN ({counts_of(which)}) k{_LOOK_FROM}"
        f" WHERE {which} ORDER BY g.id, d.starts_at, d.id",
        now - _RECENTLY,
        *(now, now, now, now, session),
        *(learner_id, today, today),
        session,
        instants=(*INSTANTS, *_DAY_INSTANTS),
    )
    if not found:
        return None
    row = found[0]
    made = made_session_row(row)
    # Each post comes once with each training day.
    posts = tuple({post["post_id"]: _post(post) for post in found if post["post_id"] is not None}.values())
    missing = await _missing_prerequisites(made.course_id, learner_id, now=now) if row["missing"] else ()
    return Looked(
        session=made,
        learner=LearnerRow(
            id=row["learner_id"],
            name=row["learner_name"],
            email=row["learner_email"],
            calendar_choice=row["calendar_choice"],
            has_discreet_titles=bool(row["has_discreet_titles"]),
            managed_by_id=row["managed_by_id"],
            contact_email=row["contact_email"],
            posts=posts,
        ),
        situation=_situation(made, posts=posts, is_invited=bool(row["invitations"]), missing=missing, trainer_state=row["trainer_state"]),
        existing=_existing(row),
        counted=counted_of(row),
        has_others=bool(row["others"]),
        recent=row["recent"],
        days=_days(found),
        session_revision=row["session_revision"],
        learner_revision=row["learner_revision"],
        next_id=row["next_id"],
    )


def _post(row: Mapping[str, Any]) -> Post:
    return Post(
        agency_id=row["post_agency_id"],
        agency_name=row["post_agency"],
        job_role=row["post_job_role"],
        sector=row["post_sector"],
        is_vcse=bool(row["post_is_vcse"]),
    )


def _existing(row: Mapping[str, Any]) -> Existing | None:
    return Existing(id=row["booking_id"], ref=row["booking_ref"], state=row["booking_state"]) if row["booking_id"] else None


def _situation(
    session: SessionRow, *, posts: Sequence[Post], is_invited: bool, missing: tuple[Missing, ...], trainer_state: str
) -> Situation:
    audiences = (audiences_of(sector=post.sector, job_role=post.job_role, is_vcse=post.is_vcse) for post in posts)
    return Situation(
        ref=session.ref,
        title=session.title,
        course_title=session.course_title,
        kind=session.kind,
        state=session.state,
        access=session.access,
        audience_codes=session.audience_codes,
        learner_audiences=frozenset[str]().union(*audiences),
        is_invited=is_invited,
        starts_at=session.starts_at,
        opens_at=session.opens_at,
        closes_at=session.closes_at,
        external_url=session.external_url,
        is_headcount_only=session.is_headcount_only,
        missing_prerequisites=missing,
        trainer_state=trainer_state,
    )


async def _missing_prerequisites(course_id: int, person_id: int, *, now: datetime) -> tuple[Missing, ...]:
    found = await rows(
        "SELECT c.code, c.title, (SELECT min(s.starts_at) FROM programme_session s WHERE s.course_id = c.id AND s.state = 'published'"
        " AND s.starts_at > ? AND (s.access = 'public' OR (s.access = '' AND c.access = 'public'))) AS next_at"
        " FROM programme_prerequisite q JOIN programme_course c ON c.id = q.needs_id WHERE q.course_id = ?"
        " AND NOT EXISTS (SELECT 1 FROM record_completion r WHERE r.person_id = ? AND r.course_id = q.needs_id) ORDER BY c.title",
        now,
        course_id,
        person_id,
        instants=("next_at",),
    )
    return tuple(Missing(**row) for row in found)


async def look_again(session_id: int, learner_id: int, *, now: datetime) -> Relooked | None:
    """None where there is no such session any more. To be asked after taking hold of it: lock and look are separate statements.

    In one, the look would read a snapshot from before the wait for the lock, and oversell.
    """
    found = await rows(
        f"SELECT {next_key(Booking)} AS next_id, s.state AS session_state, s.starts_at, s.closes_at, s.capacity, s.capacity_room,"
        " s.capacity_online, s.delivery, b.id AS booking_id, b.ref AS booking_ref, b.state AS booking_state, k.*,"
        f" (SELECT count(*) FROM bookings_booking o WHERE o.learner_id = ? AND o.session_id <> s.id AND o.state IN {_LIVE}) AS others,"
        f" {_DAY_COLUMNS} FROM programme_session s CROSS JOIN ({counts_of('s.id = ?')}) k"
        f" LEFT JOIN bookings_booking b ON b.session_id = s.id AND b.learner_id = ? AND b.state IN {_LIVE}"
        f"{_DAY_FROM}? WHERE s.id = ? ORDER BY d.starts_at, d.id",
        learner_id,
        *(now, now, now, now, session_id),
        *(learner_id, learner_id, session_id),
        instants=("starts_at", "closes_at", *_DAY_INSTANTS),
    )
    if not found:
        return None
    row = found[0]
    return Relooked(
        existing=_existing(row),
        has_others=bool(row["others"]),
        counted=counted_of(row),
        state=row["session_state"],
        starts_at=row["starts_at"],
        closes_at=row["closes_at"],
        capacity=capacity_of(row),
        days=_days(found),
        next_id=row["next_id"],
    )


def _days(found: Sequence[Mapping[str, Any]]) -> tuple[DayEntry, ...]:
    return tuple({day["day_id"]: _day(day) for day in found if day["day_id"] is not None}.values())


def _day(row: Mapping[str, Any]) -> DayEntry:
    return DayEntry(
        id=row["day_id"],
        uid=row["uid"],
        starts_at=row["day_starts_at"],
        ends_at=row["day_ends_at"],
        sequence=row["sequence"],
        changed_at=row["changed_at"],
        is_cancelled=bool(row["is_cancelled"]),
        last_sent=row["last_sent"],
    )
