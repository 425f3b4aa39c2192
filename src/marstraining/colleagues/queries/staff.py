"""An agency lead's staff, and what each has booked."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from marstraining.colleagues.queries.scope import visible_bookings
from marstraining.core.db import like_pattern, rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer

STAFF_ORDER = {"name": "lower(p.name)", "agency": "lower(a.name)", "role": "g.job_role", "coming": "coming", "email": "p.email"}
BOOKING_ORDER = {
    "name": "lower(p.name)",
    "session": "lower(CASE WHEN s.title = '' THEN c.title ELSE s.title END)",
    "when": "s.starts_at",
    "state": "b.state",
    "agency": "lower(a.name)",
}
# Until when somebody can answer: a learner their invitation or offer, a lead a request.
_ANSWER_BY = "CASE WHEN b.state = 'offered' THEN b.offer_expires_at ELSE b.answer_by END AS answer_by"
_LIVE = "('requested', 'invited', 'confirmed', 'waiting', 'offered')"


@frozen
class Colleague:
    """Somebody who holds a post at an agency the viewer leads; one line for each post."""

    person_id: int
    ref: str
    name: str
    email: str
    agency_id: int
    agency: str
    job_role: str
    staff_number: str
    coming: int


def _staff_where(viewer: Viewer, words: str, *, on: date) -> tuple[str, list[object]]:
    if viewer.person_id is None or not viewer.agency_ids:
        return "1 = 0", []
    marks = ", ".join("?" * len(viewer.agency_ids))
    where = f"g.agency_id IN ({marks}) AND g.starts_on <= ? AND (g.ends_on IS NULL OR g.ends_on >= ?) AND p.state = 'active'"
    values: list[object] = [*sorted(viewer.agency_ids), on, on]
    if words:
        like = like_pattern(words)
        where += r" AND (lower(p.name) LIKE ? ESCAPE '\' OR p.email LIKE ? ESCAPE '\' OR lower(g.staff_number) LIKE ? ESCAPE '\')"
        values += [like, like, like]
    return where, values


async def staff(
    viewer: Viewer, *, words: str = "", on: date, now: datetime, order: str = "lower(p.name)", limit: int | None = None, offset: int = 0
) -> tuple[list[Colleague], int]:
    """The people with a post at the viewer's agencies and below on that day, each with how many bookings to come; and how many in all."""
    where, values = _staff_where(viewer, words, on=on)
    base = " FROM people_position g JOIN people_person p ON p.id = g.person_id JOIN people_agency a ON a.id = g.agency_id"
    total = await rows(f"SELECT count(*) AS n{base} WHERE {where}", *values)
    page = " LIMIT ? OFFSET ?" if limit is not None else ""
    found = await rows(
        "SELECT p.id AS person_id, p.ref, p.name, coalesce(p.email, '') AS email, a.id AS agency_id, a.name AS agency, g.job_role,"
        " g.staff_number, (SELECT count(*) FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id"
        f" WHERE b.learner_id = p.id AND b.agency_id = a.id AND b.state IN {_LIVE} AND s.ends_at > ?) AS coming"
        f"{base} WHERE {where} ORDER BY {order}, g.id{page}",
        now,
        *values,
        *((limit, offset) if limit is not None else ()),
    )
    return [Colleague(**row) for row in found], int(total[0]["n"])


async def colleagues_by_ref(viewer: Viewer, refs: Sequence[str], *, on: date) -> list[Colleague]:
    """Those of the references who are the viewer's staff, by name; anybody else's are left out alike. One line a person."""
    if not refs:
        return []
    where, values = _staff_where(viewer, "", on=on)
    marks = ", ".join("?" * len(refs))
    found = await rows(
        "SELECT p.id AS person_id, p.ref, p.name, coalesce(p.email, '') AS email, a.id AS agency_id, a.name AS agency, g.job_role,"
        " g.staff_number, 0 AS coming FROM people_position g JOIN people_person p ON p.id = g.person_id JOIN people_agency a"
        f" ON a.id = g.agency_id WHERE {where} AND p.ref IN ({marks}) ORDER BY lower(p.name), g.id",
        *values,
        *refs,
    )
    return list({row["person_id"]: Colleague(**row) for row in reversed(found)}.values())[::-1]


async def bookings_for(
    viewer: Viewer,
    *,
    person_id: int | None = None,
    shown: str = "coming",
    on: date,
    now: datetime,
    order: str = "s.starts_at",
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[dict[str, Any]], int]:
    """Bookings made on behalf of the viewer's agencies: those to come, those past, or those to answer; and how many in all."""
    scope = visible_bookings(viewer, on=on)
    where, values = f"({scope.sql})", [*scope.values]
    conditions: Mapping[str, tuple[str, tuple[object, ...]]] = {
        "coming": (f" AND s.ends_at > ? AND b.state IN {_LIVE}", (now,)),
        "past": (" AND s.ends_at <= ? AND b.state = 'confirmed'", (now,)),
        "invited": (" AND b.state = 'invited'", ()),
        "asked": (" AND b.state = 'requested'", ()),
        "all": ("", ()),
    }
    extra, more = conditions.get(shown, conditions["coming"])
    where, values = where + extra, [*values, *more]
    if person_id is not None:
        where, values = f"{where} AND b.learner_id = ?", [*values, person_id]
    base = (
        " FROM bookings_booking b JOIN people_person p ON p.id = b.learner_id JOIN programme_session s ON s.id = b.session_id"
        " JOIN programme_course c ON c.id = s.course_id JOIN people_agency a ON a.id = b.agency_id"
    )
    total = await rows(f"SELECT count(*) AS n{base} WHERE {where}", *values)
    page = " LIMIT ? OFFSET ?" if limit is not None else ""
    found = await rows(
        f"SELECT b.id, b.ref, b.state, {_ANSWER_BY}, p.ref AS person_ref, p.name, a.name AS agency, s.ref AS session_ref, s.starts_at,"
        " s.ends_at,"
        f" s.delivery, s.state AS session_state, CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title{base}"
        f" WHERE {where} ORDER BY {order}, b.id{page}",
        *values,
        *((limit, offset) if limit is not None else ()),
        instants=("starts_at", "ends_at", "answer_by"),
    )
    return found, int(total[0]["n"])


async def led_booking(ref: str, *, viewer: Viewer, on: date) -> dict[str, Any] | None:
    """One booking that the viewer leads, for their verbs; None for any other, as for one that never was."""
    scope = visible_bookings(viewer, on=on)
    found = await rows(
        f"SELECT b.id, b.ref, b.state, b.session_id, b.learner_id, b.agency_id, {_ANSWER_BY}, p.name, p.ref AS person_ref,"
        " a.name AS agency, s.ref AS session_ref, s.state AS session_state, s.starts_at, s.ends_at, s.delivery,"
        " coalesce(v.name, '') AS venue,"
        " CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title"
        " FROM bookings_booking b JOIN people_person p ON p.id = b.learner_id JOIN programme_session s ON s.id = b.session_id"
        " JOIN programme_course c ON c.id = s.course_id JOIN people_agency a ON a.id = b.agency_id"
        " LEFT JOIN programme_venue v ON v.id = s.venue_id"
        f" WHERE b.ref = ? AND ({scope.sql})",
        ref,
        *scope.values,
        instants=("starts_at", "ends_at", "answer_by"),
    )
    return found[0] if found else None


async def booked_already(session_id: int, *, viewer: Viewer, on: date) -> dict[int, str]:
    """How the bookings stand that the viewer's staff have on a session, by person: those that the viewer may see, and that still hold."""
    scope = visible_bookings(viewer, on=on)
    found = await rows(
        "SELECT b.learner_id, b.state FROM bookings_booking b JOIN people_person p ON p.id = b.learner_id"
        f" WHERE b.session_id = ? AND b.state IN {_LIVE} AND ({scope.sql})",
        session_id,
        *scope.values,
    )
    return {row["learner_id"]: row["state"] for row in found}
