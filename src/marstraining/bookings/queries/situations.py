"""Sessions, learners and their posts in columns, and what of a learner's other bookings bears on one more."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from marstraining.bookings.queries.holding import capacity_of
from marstraining.bookings.rules import BookingState, Capacity, Conflict, ConflictKind
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.programme.questions import Question, questions_of
from marstraining.programme.rules import CourseKind

# What every query for a SessionRow selects, from where, and which of it are instants.
INSTANTS = ("starts_at", "ends_at", "opens_at", "closes_at")
_TITLE = "CASE WHEN s.title = '' THEN c.title ELSE s.title END"


@frozen
class Post:
    """A position of the learner that is current on the day asked about."""

    agency_id: int
    agency_name: str
    job_role: str
    sector: str
    is_vcse: bool


@frozen
class SessionRow:
    """A session with its course, in columns, as the verbs of bookings use it."""

    id: int
    ref: str
    course_id: int
    course_code: str
    title: str
    course_title: str
    kind: str
    state: str
    access: str
    audience_codes: tuple[str, ...]
    delivery: str
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    capacity: Capacity
    is_list_open: bool
    is_promotion_on: bool
    offer_hours: int | None
    reserves_while_asked: bool
    needs_approval: bool
    has_allocations: bool
    is_headcount_only: bool
    external_url: str
    joining_link: str
    joining_note: str
    venue: str
    venue_address: str
    content_note: str
    joining_text: str
    directions: str
    parking: str
    access_notes: str
    has_catering: bool
    needs_manager_agreement: bool
    questions: tuple[Question, ...]


@frozen
class LearnerRow:
    """The person a booking is for."""

    id: int
    name: str
    email: str | None
    calendar_choice: str
    has_discreet_titles: bool
    managed_by_id: int | None
    contact_email: str
    posts: tuple[Post, ...]

    @property
    def address(self) -> str:
        """Where letters go: the learner's own address, or their setting's contact for a managed learner; "" if neither is known."""
        return self.email or self.contact_email


SESSION_COLUMNS = (
    f"s.id, s.ref, s.course_id, c.code AS course_code, {_TITLE} AS title, c.title AS course_title, c.kind, s.state,"
    " CASE WHEN s.access = '' THEN c.access ELSE s.access END AS access, s.audience_codes AS own_audiences,"
    " c.audience_codes AS course_audiences, s.delivery, s.starts_at, s.ends_at, s.opens_at, s.closes_at, s.capacity,"
    " s.capacity_room, s.capacity_online, s.is_list_open, s.is_promotion_on, s.offer_hours, s.reserves_while_asked,"
    " c.needs_approval, EXISTS (SELECT 1 FROM bookings_allocation l WHERE l.session_id = s.id) AS has_allocations,"
    " s.is_headcount_only, s.external_url, s.joining_link, s.joining_note,"
    " coalesce(v.name, '') AS venue, coalesce(v.address, '') AS venue_address, coalesce(v.postcode, '') AS postcode, c.content_note,"
    " c.joining_text, coalesce(v.directions, '') AS directions, coalesce(v.parking, '') AS parking,"
    " coalesce(v.access_notes, '') AS access_notes, s.has_catering, c.needs_manager_agreement,"
    " CAST(c.questions AS TEXT) AS questions"
)
SESSION_FROM = " FROM programme_session s JOIN programme_course c ON c.id = s.course_id LEFT JOIN programme_venue v ON v.id = s.venue_id"


def made_session_row(row: dict[str, Any]) -> SessionRow:
    """A row of those columns as a value."""
    codes = _codes(row["own_audiences"]) or _codes(row["course_audiences"])
    return SessionRow(
        **{
            name: row[name]
            for name in (
                "id",
                "ref",
                "course_id",
                "course_code",
                "title",
                "course_title",
                "kind",
                "state",
                "access",
                "delivery",
                "starts_at",
                "ends_at",
                "opens_at",
                "closes_at",
                "offer_hours",
                "external_url",
                "joining_link",
                "joining_note",
                "venue",
                "content_note",
                "joining_text",
                "directions",
                "parking",
                "access_notes",
            )
        },
        venue_address=_address(row),
        audience_codes=codes,
        capacity=capacity_of(row),
        is_list_open=bool(row["is_list_open"]),
        is_promotion_on=bool(row["is_promotion_on"]),
        reserves_while_asked=bool(row["reserves_while_asked"]),
        needs_approval=bool(row["needs_approval"]),
        has_allocations=bool(row["has_allocations"]),
        is_headcount_only=bool(row["is_headcount_only"]),
        has_catering=bool(row["has_catering"]),
        needs_manager_agreement=bool(row["needs_manager_agreement"]),
        questions=questions_of(json.loads(row["questions"])) if row["questions"] != "[]" else (),
    )


def _address(row: dict[str, Any]) -> str:
    """Address and postcode on one line; the postcode once, wherever it was typed."""
    lines = [line.strip(" ,") for line in row["venue_address"].splitlines()]
    if row["postcode"] not in row["venue_address"]:
        lines.append(row["postcode"])
    return ", ".join(line for line in lines if line)


def _codes(stored: Any) -> tuple[str, ...]:  # noqa: ANN401 - a JSON column arrives as text or as a list, by database
    value = json.loads(stored) if isinstance(stored, str) else stored
    return tuple(value or ())


async def session_row(session_id: int) -> SessionRow | None:
    """One session with its course, or None."""
    found = await rows(f"SELECT {SESSION_COLUMNS}{SESSION_FROM} WHERE s.id = ?", session_id, instants=INSTANTS)
    return made_session_row(found[0]) if found else None


async def learner_rows(person_ids: Sequence[int]) -> dict[int, LearnerRow]:
    """The people a letter goes to, in one statement; their posts are left out, since letters do not need them.

    Who has left has no address any more: letters to leavers stop (booking.md, People).
    """
    marks = ", ".join("?" * len(person_ids))
    found = await rows(
        "SELECT p.id, p.name, CASE WHEN p.state <> 'left' THEN p.email END AS email, p.calendar_choice, p.has_discreet_titles,"
        " p.managed_by_id, CASE WHEN p.state <> 'left' THEN coalesce(m.contact_email, '') ELSE '' END AS contact_email"
        f" FROM people_person p LEFT JOIN people_agency m ON m.id = p.managed_by_id WHERE p.id IN ({marks})",
        *person_ids,
    )
    return {row["id"]: LearnerRow(**{**row, "has_discreet_titles": bool(row["has_discreet_titles"])}, posts=()) for row in found}


async def posts_of(person_id: int, *, on: date) -> tuple[Post, ...]:
    """The positions a person holds on a day, oldest first."""
    found = await rows(
        "SELECT o.agency_id, a.name AS agency_name, o.job_role, a.sector, a.is_vcse"
        " FROM people_position o JOIN people_agency a ON a.id = o.agency_id"
        " WHERE o.person_id = ? AND o.starts_on <= ? AND (o.ends_on IS NULL OR o.ends_on >= ?) ORDER BY o.id",
        person_id,
        on,
        on,
    )
    return tuple(Post(**{**row, "is_vcse": bool(row["is_vcse"])}) for row in found)


async def conflicts(session_id: int, learner_id: int, *, course_id: int, kind: str, now: datetime) -> list[Conflict]:
    """The learner's other live bookings that overlap a training day of the session or are of the same course, in one statement.

    Touching ends are no clash. A waiting entry, or an online drop-in on either side, only warns.
    """
    found = await rows(
        f"SELECT b.id, b.ref, b.state, {_TITLE} AS title, s.starts_at, s.course_id,"
        " CASE WHEN (c.kind = 'webinar' AND s.delivery = 'online') OR (n.delivery = 'online' AND ? = 'webinar') THEN 1 ELSE 0 END"
        " AS drop_in,"
        " (SELECT count(*) FROM programme_day d JOIN programme_day e ON e.session_id = n.id AND NOT e.is_cancelled"
        " WHERE d.session_id = s.id AND NOT d.is_cancelled AND d.starts_at < e.ends_at AND e.starts_at < d.ends_at) AS overlaps"
        " FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id JOIN programme_course c ON c.id = s.course_id"
        " JOIN programme_session n ON n.id = ?"
        " WHERE b.learner_id = ? AND b.session_id <> n.id AND b.state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered')"
        " AND s.state = 'published' AND s.ends_at >= ? ORDER BY s.starts_at",
        kind,
        session_id,
        learner_id,
        now,
        instants=("starts_at",),
    )
    return [conflict for row in found if (conflict := _conflict(row, course_id=course_id, kind=kind))]


async def trainer_state(session_id: int, person_id: int) -> str:
    """Whether somebody trains or speaks at a session ("accepted") or is asked to ("asked"); "" for neither."""
    found = await rows(
        "SELECT state FROM programme_trainer WHERE session_id = ? AND person_id = ? AND state <> 'declined'", session_id, person_id
    )
    return str(found[0]["state"]) if found else ""


def _conflict(row: dict[str, Any], *, course_id: int, kind: str) -> Conflict | None:
    if row["overlaps"]:
        is_soft = row["state"] == BookingState.WAITING or row["drop_in"]
        sort = ConflictKind.SOFT_CLASH if is_soft else ConflictKind.CLASH
    elif kind == CourseKind.COURSE and row["course_id"] == course_id and row["state"] == BookingState.CONFIRMED:
        sort = ConflictKind.SAME_COURSE
    else:
        return None
    return Conflict(
        kind=sort,
        is_waiting=row["state"] == BookingState.WAITING,
        booking_id=row["id"],
        booking_ref=row["ref"],
        title=row["title"],
        starts_at=row["starts_at"],
    )
