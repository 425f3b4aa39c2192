"""One session as the training team works on it: facts, places, bookings, waiting list, trainers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from marstraining.bookings.queries import capacity_of, held_of
from marstraining.bookings.queries.holding import HOLDS
from marstraining.bookings.rules import Capacity, Held, Limit, limits_of
from marstraining.core.db import like_pattern, rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.people.queries import organisations_of, visible_people
from marstraining.programme.queries import Day, run_by, training_days
from marstraining.programme.rules import CourseKind, SessionState, Stage, stage_at

LIVE = "('requested', 'invited', 'confirmed', 'waiting', 'offered')"
_INSTANTS = ("starts_at", "ends_at", "opens_at", "closes_at", "publish_at", "decided_at", "changed_at")
_DATES = ("decide_by", "final_numbers_by")


@frozen
class LimitLine:
    """One limit of a session: how many places, held, free, and how many wait."""

    label: str
    capacity: int | None
    held: int
    waiting: int

    @property
    def free(self) -> int | None:
        return None if self.capacity is None else max(0, self.capacity - self.held)

    @property
    def over(self) -> int:
        """How many more are held than there are places."""
        return 0 if self.capacity is None else max(0, self.held - self.capacity)

    @property
    def share(self) -> int:
        """Places held in per cent, for the bar; never above 100."""
        return 0 if not self.capacity else min(100, round(100 * self.held / self.capacity))


@frozen
class DeskSession:
    """A session in columns, as stored, with its course and venue."""

    id: int
    ref: str
    course_id: int
    course_code: str
    course_title: str
    kind: str
    title: str
    state: str
    access: str
    delivery: str
    venue: str
    arrangement: str
    final_numbers_by: date | None
    has_catering: bool
    starts_at: datetime
    ends_at: datetime
    capacity: Capacity
    held: Held
    confirmed: int
    minimum_numbers: int | None
    decide_by: date | None
    decided_at: datetime | None
    opens_at: datetime | None
    closes_at: datetime | None
    publish_at: datetime | None
    is_list_open: bool
    is_promotion_on: bool
    joining_link: str
    external_url: str
    is_headcount_only: bool
    imported_headcount: int | None
    organisations_represented: int | None
    notes: str
    called_off_reason: str
    changed_at: datetime
    needs: int
    needs_to_arrange: int
    phones: int

    def stage(self, now: datetime) -> Stage | None:
        """Where it stands for learners; None for a draft."""
        if self.state == SessionState.DRAFT:
            return None
        return stage_at(self, now)

    @property
    def is_elsewhere(self) -> bool:
        return bool(self.external_url) or self.kind == CourseKind.EXTERNAL

    @property
    def seen(self) -> str:
        """What a form carries to notice that somebody changed the session since it was opened."""
        return self.changed_at.isoformat()

    @property
    def limits(self) -> list[LimitLine]:
        """The limits that apply, the session's own first even where it has no number."""
        figures = {
            Limit.SESSION: ("All places", self.held.held, self.held.waiting),
            Limit.ROOM: ("In the room", self.held.held_room, self.held.waiting_room),
            Limit.ONLINE: ("Online", self.held.held_online, self.held.waiting_online),
        }
        numbers: Mapping[Limit, int | None] = {Limit.SESSION: None, **limits_of(self.capacity)}
        return [LimitLine(figures[limit][0], number, *figures[limit][1:]) for limit, number in numbers.items()]


async def run_session(ref: str, *, viewer: Viewer, now: datetime) -> DeskSession:
    """The session at `ref` if the viewer runs it, in one statement. Raises NotFound for any other, alike."""
    scope = run_by(viewer)
    found = await rows(
        "SELECT s.id, s.ref, s.course_id, c.code AS course_code, c.title AS course_title, c.kind, s.state,"
        " CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, CASE WHEN s.access = '' THEN c.access ELSE s.access END AS access,"
        " s.delivery, coalesce(v.name, '') AS venue, s.arrangement, s.final_numbers_by, s.has_catering, s.starts_at, s.ends_at, s.capacity,"
        " s.capacity_room, s.capacity_online, s.minimum_numbers, s.decide_by, s.decided_at, s.opens_at, s.closes_at, s.publish_at,"
        " s.is_list_open, s.is_promotion_on, s.joining_link,"
        " CASE WHEN s.external_url = '' THEN c.external_url ELSE s.external_url END AS external_url,"
        " s.is_headcount_only, s.imported_headcount, s.organisations_represented, s.notes, s.called_off_reason, s.changed_at, n.*"
        " FROM programme_session s JOIN programme_course c ON c.id = s.course_id LEFT JOIN programme_venue v ON v.id = s.venue_id"
        f" JOIN ({_COUNTS}) n ON n.counted_id = s.id WHERE s.ref = ? AND ({scope.sql})",
        now,
        now,
        now,
        ref,
        ref,
        *scope.params,
        instants=_INSTANTS,
        dates=_DATES,
        flags=("has_catering", "is_list_open", "is_promotion_on", "is_headcount_only"),
    )
    if not found:
        raise NotFound
    row = found[0]
    known = {name: row[name] for name in DeskSession.__dataclass_fields__ if name not in {"capacity", "held"}}
    return DeskSession(**known, capacity=capacity_of(row), held=held_of(row))


_COUNTS = (
    "SELECT s.id AS counted_id,"
    f" count(CASE WHEN {HOLDS} THEN 1 END) AS held,"
    f" count(CASE WHEN {HOLDS} AND b.mode = 'room' THEN 1 END) AS held_room,"
    f" count(CASE WHEN {HOLDS} AND b.mode = 'online' THEN 1 END) AS held_online,"
    " count(CASE WHEN b.state = 'waiting' THEN 1 END) AS waiting,"
    " count(CASE WHEN b.state = 'waiting' AND b.mode = 'room' THEN 1 END) AS waiting_room,"
    " count(CASE WHEN b.state = 'waiting' AND b.mode = 'online' THEN 1 END) AS waiting_online,"
    " count(CASE WHEN b.state = 'confirmed' THEN 1 END) AS confirmed,"
    " count(CASE WHEN b.state <> 'waiting' AND (n.access <> '' OR n.dietary <> '') THEN 1 END) AS needs,"
    " count(CASE WHEN b.state <> 'waiting' AND n.arrangement = 'to_arrange' THEN 1 END) AS needs_to_arrange,"
    " count(CASE WHEN b.state <> 'waiting' AND b.mobile <> '' THEN 1 END) AS phones"
    f" FROM programme_session s LEFT JOIN bookings_booking b ON b.session_id = s.id AND b.state IN {LIVE}"
    " LEFT JOIN bookings_needs n ON n.booking_id = b.id WHERE s.ref = ? GROUP BY s.id"
)

_WHERE = {
    "": "b.state IN ('requested', 'invited', 'confirmed', 'offered')",
    "waiting": "b.state = 'waiting'",
    "ended": f"b.state NOT IN {LIVE}",
    "all": "b.id > 0",
}
ORDERS = {
    "name": "lower(p.name)",
    "agency": "lower(coalesce(a.name, ''))",
    "role": "b.job_role",
    "mode": "b.mode",
    "state": "b.state",
    "since": "since_at",
}
_LINE = (
    "b.id, b.ref, b.state, b.mode, b.standby, b.priority, b.joined_at, b.offer_expires_at, b.standby_asked_at, b.standby_answered_at,"
    " b.is_coming, b.kept_after_postponing, b.job_role, b.created_at, b.changed_at, p.ref AS person_ref, p.name, p.email,"
    " coalesce((SELECT max(t.at) FROM bookings_transition t WHERE t.booking_id = b.id), b.created_at) AS since_at,"
    " p.state AS person_state, CAST(b.answers AS TEXT) AS answers, coalesce(a.name, '') AS agency,"
    " CASE WHEN n.access <> '' THEN n.arrangement ELSE '' END AS access,"
    " CASE WHEN n.dietary <> '' THEN 1 ELSE 0 END AS has_dietary"
)
_LINES_FROM = (
    " FROM bookings_booking b JOIN people_person p ON p.id = b.learner_id LEFT JOIN people_agency a ON a.id = b.agency_id"
    " LEFT JOIN bookings_needs n ON n.booking_id = b.id"
)
_LINE_INSTANTS = ("joined_at", "offer_expires_at", "standby_asked_at", "standby_answered_at", "created_at", "changed_at", "since_at")
_IN_LINE = "b.priority DESC, b.joined_at, b.id"


async def booking_lines(session_id: int, *, show: str, words: str, order: str, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    """A page of a session's bookings and how many there are in all; `access` tells that there is a need, never which."""
    where, values = _bookings_where(session_id, show, words)
    found = await rows(
        f"SELECT {_LINE}, count(*) OVER () AS total{_LINES_FROM} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
        *values,
        limit,
        offset,
        instants=_LINE_INSTANTS,
        flags=("has_dietary",),
    )
    return found, int(found[0]["total"]) if found else 0


async def waiting_lines(session_id: int, *, limit: int = 100) -> list[dict[str, Any]]:
    """The waiting list, next in line first, each with the place in it as `position`."""
    found = await rows(
        f"SELECT {_LINE}{_LINES_FROM} WHERE b.session_id = ? AND b.state = 'waiting' ORDER BY {_IN_LINE} LIMIT ?",
        session_id,
        limit,
        instants=_LINE_INSTANTS,
        flags=("has_dietary",),
    )
    for position, row in enumerate(found, 1):
        row["position"] = position
    return found


async def booking_line(session_id: int, booking_ref: str) -> dict[str, Any]:
    """One booking of the session; NotFound for one of another session."""
    found = await rows(
        f"SELECT {_LINE}, b.mobile, b.manager_name, b.manager_email, b.learner_id{_LINES_FROM} WHERE b.session_id = ? AND b.ref = ?",
        session_id,
        booking_ref,
        instants=_LINE_INSTANTS,
        flags=("has_dietary",),
    )
    if not found:
        raise NotFound
    return found[0]


def _bookings_where(session_id: int, show: str, words: str) -> tuple[str, list[object]]:
    conditions, values = ["b.session_id = ?", _WHERE.get(show, _WHERE[""])], [session_id]
    found: list[object] = list(values)
    for word in words.split()[:5]:
        conditions.append(
            r"(lower(p.name) LIKE ? ESCAPE '\' OR lower(coalesce(p.email, '')) LIKE ? ESCAPE '\'"
            r" OR lower(coalesce(a.name, '')) LIKE ? ESCAPE '\')"
        )
        found += [like_pattern(word)] * 3
    return " AND ".join(conditions), found


@frozen
class TrainerLine:
    """Somebody asked to train, and the answer."""

    name: str
    ref: str
    agency: str
    is_contributor: bool
    state: str


async def trainers_of(session_id: int) -> list[TrainerLine]:
    """Who was asked to train a session, who accepted first."""
    found = await rows(
        "SELECT p.name, p.ref, coalesce(a.name, '') AS agency, r.is_contributor, r.state FROM programme_trainer r"
        " JOIN people_person p ON p.id = r.person_id LEFT JOIN people_agency a ON a.id = r.agency_id"
        " WHERE r.session_id = ? ORDER BY r.state, p.name",
        session_id,
        flags=("is_contributor",),
    )
    return [TrainerLine(**row) for row in found]


async def days_of(session_id: int) -> Sequence[Day]:
    """The training days that stand; of a session that was called off, those it had."""
    days = await training_days(session_id)
    return [day for day in days if not day.is_cancelled] or days


@frozen
class OtherDate:
    """Another session of the same course to which a booking can be moved."""

    id: int
    ref: str
    starts_at: datetime
    ends_at: datetime
    delivery: str
    venue: str
    left: int | None


async def other_dates(session: DeskSession, *, viewer: Viewer, now: datetime) -> list[OtherDate]:
    """The coming sessions of the same course that have their dates, with the places free to the desk, in one statement."""
    scope = run_by(viewer)
    found = await rows(
        "SELECT s.id, s.ref, s.starts_at, s.ends_at, s.delivery, coalesce(v.name, '') AS venue, s.capacity,"
        f" (SELECT count(*) FROM bookings_booking b WHERE b.session_id = s.id AND {HOLDS}) AS held"
        " FROM programme_session s JOIN programme_course c ON c.id = s.course_id LEFT JOIN programme_venue v ON v.id = s.venue_id"
        " WHERE s.course_id = ? AND s.id <> ? AND s.state = 'published' AND s.starts_at > ?"
        f" AND NOT s.is_headcount_only AND s.external_url = '' AND ({scope.sql}) ORDER BY s.starts_at, s.id LIMIT 30",
        now,
        session.course_id,
        session.id,
        now,
        *scope.params,
        instants=("starts_at", "ends_at"),
    )
    return [
        OtherDate(
            **{name: row[name] for name in ("id", "ref", "starts_at", "ends_at", "delivery", "venue")},
            left=None if row["capacity"] is None else max(0, row["capacity"] - row["held"]),
        )
        for row in found
    ]


async def found_people(words: str, session_id: int, *, viewer: Viewer, on: date, limit: int = 20) -> list[dict[str, Any]]:
    """Active people whose name or address holds every word, with their posts and the booking they may have already."""
    scope = visible_people(viewer, on=on, alias="p")
    conditions, values = [f"({scope.sql})", "p.state = 'active'"], list(scope.values)
    for word in words.split()[:5]:
        conditions.append(r"(lower(p.name) LIKE ? ESCAPE '\' OR lower(coalesce(p.email, '')) LIKE ? ESCAPE '\')")
        values += [like_pattern(word)] * 2
    found = await rows(
        "SELECT p.id, p.ref, p.name, p.email, b.state, b.ref AS booking_ref"
        f" FROM people_person p LEFT JOIN bookings_booking b ON b.learner_id = p.id AND b.session_id = ? AND b.state IN {LIVE}"
        f" WHERE {' AND '.join(conditions)} ORDER BY lower(p.name), p.id LIMIT ?",
        session_id,
        *values,
        limit,
    )
    posts = await organisations_of([row["id"] for row in found], on=on)
    return [{**row, "agency": posts.get(row["id"])} for row in found]


async def person_to_book(ref: str, *, viewer: Viewer, on: date) -> dict[str, Any]:
    """The person of a reference, if the viewer may see them; NotFound for anybody else."""
    scope = visible_people(viewer, on=on, alias="p")
    found = await rows(
        f"SELECT p.id, p.ref, p.name, p.email, p.state FROM people_person p WHERE p.ref = ? AND ({scope.sql}) AND p.state = 'active'",
        ref,
        *scope.values,
    )
    if not found:
        raise NotFound
    return found[0]


async def phone_lines(session_id: int) -> list[dict[str, Any]]:
    """Everybody with a place, those with a number first: whom to ring when a session changes on the day."""
    return await rows(
        "SELECT b.ref, b.mobile, b.state, p.name, p.email, coalesce(a.name, '') AS agency FROM bookings_booking b"
        " JOIN people_person p ON p.id = b.learner_id LEFT JOIN people_agency a ON a.id = b.agency_id"
        " WHERE b.session_id = ? AND b.state IN ('invited', 'confirmed', 'offered')"
        " ORDER BY CASE WHEN b.mobile <> '' THEN 0 ELSE 1 END, lower(p.name), b.id",
        session_id,
    )


async def needs_lines(session_id: int) -> list[dict[str, Any]]:
    """Who of a session told us of needs and how far they are arranged; not what they are."""
    return await rows(
        "SELECT n.booking_id, b.ref, b.state, p.name, CASE WHEN n.access <> '' THEN n.arrangement ELSE '' END AS access,"
        " CASE WHEN n.dietary <> '' THEN 1 ELSE 0 END AS has_dietary FROM bookings_needs n JOIN bookings_booking b ON b.id = n.booking_id"
        " JOIN people_person p ON p.id = b.learner_id WHERE b.session_id = ? AND (n.access <> '' OR n.dietary <> '')"
        f" AND b.state IN {LIVE} ORDER BY p.name, b.id",
        session_id,
        flags=("has_dietary",),
    )
