"""What a digest tells: what happened to bookings of a lead's staff and what waits, read with the scope of the lead's own pages."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from marstraining.certificates.queries.accreditations import IN_FORCE, LAST_USE
from marstraining.colleagues.queries import Colleague, staff, visible_bookings
from marstraining.core.db import rows
from marstraining.core.tokens import hash_token
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.coverage.queries import people_asked
from marstraining.coverage.rules import Due, State
from marstraining.people.rules import DigestChoice

_LEADS = "EXISTS (SELECT 1 FROM people_role_grant g WHERE g.person_id = p.id AND g.role = 'agency_lead' AND g.ended_at IS NULL)"
_TITLE = "CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title"
_OF_BOOKINGS = (
    " JOIN people_person p ON p.id = b.learner_id JOIN programme_session s ON s.id = b.session_id"
    " JOIN programme_course c ON c.id = s.course_id JOIN people_agency a ON a.id = b.agency_id"
)
_LIVE = "('requested', 'invited', 'confirmed', 'waiting', 'offered')"
_OPEN = "('requested', 'invited', 'offered', 'waiting')"
# What befell a whole session, as its history has it.
_OF_SESSIONS = "('move_session', 'postpone_session', 'make_online', 'move_training_day', 'cancel_training_day', 'add_training_day')"
_IN_LINE = (
    "(SELECT count(*) FROM bookings_booking q WHERE q.session_id = b.session_id AND q.state = 'waiting' AND (q.priority > b.priority"
    " OR (q.priority = b.priority AND (q.joined_at < b.joined_at OR (q.joined_at = b.joined_at AND q.id <= b.id)))))"
)
_MOST_STAFF = 2000


@frozen
class DigestLead:
    """A lead who can be written to, and how far they have been told."""

    id: int
    person_id: int
    name: str
    email: str
    choice: DigestChoice
    told_until: datetime
    looked_on: date | None
    weekly_on: date
    nonce: str
    leads_since: datetime


async def leads_without_digest() -> list[int]:
    """Who leads an agency and has had no look yet."""
    found = await rows(
        f"SELECT p.id FROM people_person p WHERE {_LEADS} AND NOT EXISTS (SELECT 1 FROM digests_digest d WHERE d.person_id = p.id)"
        " ORDER BY p.id"
    )
    return [row["id"] for row in found]


async def leads_to_look_at(today: date) -> list[DigestLead]:
    """The leads who want a digest and were not looked at today, each with since when they lead anything."""
    found = await rows(
        "SELECT d.id, d.person_id, p.name, p.email, coalesce(p.digest_choice, ?) AS choice, d.told_until, d.looked_on, d.weekly_on,"
        " d.nonce,"
        " (SELECT min(g.granted_at) FROM people_role_grant g WHERE g.person_id = p.id AND g.role = 'agency_lead' AND g.ended_at IS NULL)"
        " AS leads_since FROM digests_digest d JOIN people_person p ON p.id = d.person_id AND p.state = 'active' AND p.email IS NOT NULL"
        f" WHERE (d.looked_on IS NULL OR d.looked_on < ?) AND coalesce(p.digest_choice, ?) <> ? AND {_LEADS} ORDER BY d.person_id",
        DigestChoice.DAILY,
        today,
        DigestChoice.DAILY,
        DigestChoice.NEVER,
        instants=("told_until", "leads_since"),
        dates=("looked_on", "weekly_on"),
    )
    return [DigestLead(**row | {"choice": DigestChoice(row["choice"])}) for row in found]


async def choice_by_token(token: str) -> tuple[int, DigestChoice] | None:
    """Whose link this is, and what they have chosen; None for a link that never was."""
    found = await rows(
        "SELECT p.id, p.digest_choice FROM digests_digest d JOIN people_person p ON p.id = d.person_id WHERE d.token_hash = ?",
        hash_token(token),
    )
    return (found[0]["id"], DigestChoice(found[0]["digest_choice"] or DigestChoice.DAILY)) if found else None


@frozen
class Change:
    """A change of a booking's state; `starts_at` is None while the session has no date."""

    booking_id: int
    ref: str
    learner_id: int
    learner: str
    agency: str
    course_id: int
    session_id: int
    title: str
    starts_at: datetime | None
    from_state: str
    to_state: str
    reason: str
    at: datetime
    by_id: int | None
    made_by_id: int | None


async def changes(viewer: Viewer, *, since: datetime, until: datetime, on: date) -> list[Change]:
    """What happened to bookings of the viewer's staff after one instant and up to another, in order; their own bookings left out.

    Looks at bookings that changed since, of their agencies, and only then at transitions: it costs as much as there is to tell.
    """
    scope = visible_bookings(viewer, on=on)
    found = await rows(
        "SELECT t.booking_id, b.ref, b.learner_id, p.name AS learner, a.name AS agency, s.course_id, s.id AS session_id,"
        f" {_TITLE}, CASE WHEN s.state = 'postponed' THEN NULL ELSE s.starts_at END AS starts_at, t.from_state, t.to_state, t.reason, t.at,"
        f" t.by_id, b.made_by_id FROM bookings_booking b JOIN bookings_transition t ON t.booking_id = b.id{_OF_BOOKINGS}"
        f" WHERE b.changed_at > ? AND t.at > ? AND t.at <= ? AND b.learner_id <> ? AND ({scope.sql}) ORDER BY t.at, t.id",
        since,
        since,
        until,
        viewer.person_id,
        *scope.values,
        instants=("starts_at", "at"),
    )
    return [Change(**row) for row in found]


@frozen
class SessionChange:
    """What befell a session on which somebody of the staff is booked, waits or is asked."""

    session_id: int
    title: str
    starts_at: datetime
    action: str
    learner: str


async def session_changes(viewer: Viewer, *, since: datetime, until: datetime, on: date) -> list[SessionChange]:
    """Sessions moved, postponed or put online after one instant and up to another, a line for each of the staff on them, in order."""
    scope = visible_bookings(viewer, on=on)
    found = await rows(
        f"SELECT s.id AS session_id, {_TITLE}, s.starts_at, h.action, p.name AS learner FROM history_entry h"
        f" JOIN bookings_booking b ON b.session_id = h.subject_id AND b.created_at < h.at AND b.state IN {_LIVE}{_OF_BOOKINGS}"
        f" WHERE h.at > ? AND h.at <= ? AND h.subject_kind = 'session' AND h.action IN {_OF_SESSIONS} AND b.learner_id <> ?"
        f" AND ({scope.sql}) ORDER BY h.at, h.id, lower(p.name)",
        since,
        until,
        viewer.person_id,
        *scope.values,
        instants=("starts_at",),
    )
    return [SessionChange(**row) for row in found]


@frozen
class OpenBooking:
    """A booking that waits: for approval or a yes until `until`, or on a list at `place` in line."""

    booking_id: int
    ref: str
    learner: str
    agency: str
    title: str
    starts_at: datetime | None
    state: str
    until: datetime | None
    place: int | None


async def open_bookings(viewer: Viewer, *, on: date, now: datetime) -> list[OpenBooking]:
    """What waits of the viewer's staff now, the first deadline in front; their own left out, and what has run out unnoticed."""
    scope = visible_bookings(viewer, on=on)
    found = await rows(
        f"SELECT b.id AS booking_id, b.ref, p.name AS learner, a.name AS agency, {_TITLE},"
        " CASE WHEN s.state = 'postponed' THEN NULL ELSE s.starts_at END AS starts_at, b.state,"
        " CASE WHEN b.state = 'offered' THEN b.offer_expires_at WHEN b.state = 'waiting' THEN NULL ELSE b.answer_by END AS until,"
        f" CASE WHEN b.state = 'waiting' THEN {_IN_LINE} END AS place FROM bookings_booking b{_OF_BOOKINGS}"
        f" WHERE b.state IN {_OPEN} AND (s.ends_at > ? OR s.state = 'postponed') AND b.learner_id <> ? AND ({scope.sql})"
        " ORDER BY until, s.starts_at, lower(p.name), b.id",
        now,
        viewer.person_id,
        *scope.values,
        instants=("starts_at", "until"),
    )
    return [OpenBooking(**row) for row in found if row["until"] is None or row["until"] >= now]


@frozen
class Missed:
    """Somebody booked who did not come, by a locked register; excused or not."""

    ref: str
    learner: str
    agency: str
    title: str
    starts_at: datetime
    is_excused: bool


async def missed(viewer: Viewer, *, since: datetime, until: datetime, on: date) -> list[Missed]:
    """Absences that entered the ledger after one instant and up to another and were not waived; the viewer's own left out."""
    scope = visible_bookings(viewer, on=on)
    found = await rows(
        f"SELECT b.ref, p.name AS learner, a.name AS agency, {_TITLE}, s.starts_at, l.is_excused FROM bookings_ledger l"
        f" JOIN bookings_booking b ON b.id = l.booking_id{_OF_BOOKINGS} WHERE l.kind = 'absence' AND l.waived_at IS NULL AND l.at > ?"
        f" AND l.at <= ? AND b.learner_id <> ? AND ({scope.sql}) ORDER BY s.starts_at, lower(p.name), l.id",
        since,
        until,
        viewer.person_id,
        *scope.values,
        instants=("starts_at",),
        flags=("is_excused",),
    )
    return [Missed(**row) for row in found]


@frozen
class FallingDue:
    """Who falls due soon, by which rule, the first in front; and how many people have something overdue."""

    lines: Sequence[tuple[Colleague, Due]]
    overdue: int


async def falling_due(viewer: Viewer, *, within: timedelta, on: date, now: datetime) -> FallingDue:
    """Of the viewer's staff, as their page "Who is due" has it."""
    people, _ = await staff(viewer, on=on, now=now, limit=_MOST_STAFF)
    if not people:
        return FallingDue((), 0)
    asked = await people_asked(*{one.person_id for one in people}, on=on)
    lines = [
        (due.due_on, colleague.name.casefold(), number, colleague, due)
        for colleague in {one.person_id: one for one in people}.values()
        for number, due in enumerate(asked.get(colleague.person_id, []))
        if due.due_on is not None and due.state != State.MET and on <= due.due_on <= on + within
    ]
    overdue = {person for person, dues in asked.items() if any(due.due_on and due.due_on < on and due.state != State.MET for due in dues)}
    return FallingDue([(line[3], line[4]) for line in sorted(lines, key=lambda line: line[:3])], len(overdue))


@frozen
class UnusedTool:
    """A licensed tool of somebody on the staff that was flagged as without use."""

    ref: str
    learner: str
    title: str
    last_use: date


async def newly_unused(viewer: Viewer, *, since: date, on: date) -> list[UnusedTool]:
    """Tools of the viewer's staff that were flagged after a day and still are."""
    if viewer.person_id is None or not viewer.agency_ids:
        return []
    marks = ", ".join("?" * len(viewer.agency_ids))
    found = await rows(
        f"SELECT p.ref, p.name AS learner, c.title, {LAST_USE} AS last_use FROM record_accreditation a"
        " JOIN people_person p ON p.id = a.person_id AND p.state = 'active' JOIN programme_course c ON c.id = a.course_id"
        f" WHERE a.flagged_on > ? AND {IN_FORCE} AND p.id <> ? AND EXISTS (SELECT 1 FROM people_position g WHERE g.person_id = p.id"
        f" AND g.agency_id IN ({marks}) AND g.starts_on <= ? AND (g.ends_on IS NULL OR g.ends_on >= ?)) ORDER BY lower(p.name), a.id",
        since,
        on,
        viewer.person_id,
        *sorted(viewer.agency_ids),
        on,
        on,
        dates=("last_use",),
    )
    return [UnusedTool(**row) for row in found]
