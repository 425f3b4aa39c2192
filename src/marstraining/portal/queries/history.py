"""History as the training team reads it: who did what to which record, newest first."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marstraining.core import clock
from marstraining.core.db import like_pattern, rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.messages.rules import letter_words


@frozen
class Entry:
    """One action; `subject` and `href` name the record it was done to, empty where that is gone or has no page."""

    at: datetime
    actor: str
    actor_role: str
    action: str
    kind: str
    subject: str
    href: str
    detail: Mapping[str, Any]


@frozen
class Wanted:
    """What of the history to show: filters, each empty for all, and a condition on the records of one page."""

    action: str = ""
    kind: str = ""
    actor: str = ""
    records: str = ""
    values: tuple[object, ...] = ()


_TITLE = "CASE WHEN s.title = '' THEN sc.title ELSE s.title END"
_COLUMNS = (
    "e.at, e.actor_role, e.action, e.subject_kind, CAST(e.detail AS TEXT) AS detail, who.name AS actor,"
    f" s.ref AS session_ref, {_TITLE} AS session_title, s.starts_at, b.ref AS booking_ref, learner.name AS learner,"
    " p.ref AS person_ref, p.name AS person, a.code AS agency_code, a.name AS agency, c.code AS course_code, c.title AS course,"
    " v.ref AS venue_ref, v.name AS venue,"
    " lib.code AS resource_code, lib.title AS resource, m.ref AS letter_ref, m.template AS letter, m.name AS letter_to"
)
_FROM = (
    " FROM history_entry e LEFT JOIN people_person who ON who.id = e.actor_id"
    " LEFT JOIN bookings_booking b ON e.subject_kind = 'booking' AND b.id = e.subject_id"
    " LEFT JOIN people_person learner ON learner.id = b.learner_id"
    " LEFT JOIN programme_session s ON s.id = CASE WHEN e.subject_kind = 'session' THEN e.subject_id ELSE b.session_id END"
    " LEFT JOIN programme_course sc ON sc.id = s.course_id"
    " LEFT JOIN people_person p ON e.subject_kind = 'person' AND p.id = e.subject_id"
    " LEFT JOIN people_agency a ON e.subject_kind = 'agency' AND a.id = e.subject_id"
    " LEFT JOIN programme_course c ON e.subject_kind = 'course' AND c.id = e.subject_id"
    " LEFT JOIN programme_venue v ON e.subject_kind = 'venue' AND v.id = e.subject_id"
    " LEFT JOIN resources_resource lib ON e.subject_kind = 'resource' AND lib.id = e.subject_id"
    " LEFT JOIN messages_letter m ON e.subject_kind = 'letter' AND m.id = e.subject_id"
)


async def entries(wanted: Wanted, *, limit: int, offset: int, oldest_first: bool = False) -> tuple[list[Entry], int]:
    """A page of the history and how many entries there are, in two statements."""
    where, values = _where(wanted)
    counted = await rows(f"SELECT count(*) AS number FROM history_entry e WHERE {where}", *values)
    order = "ASC" if oldest_first else "DESC"
    found = await rows(
        f"SELECT {_COLUMNS}{_FROM} WHERE {where} ORDER BY e.at {order}, e.id {order} LIMIT ? OFFSET ?",
        *values,
        limit,
        offset,
        instants=("at", "starts_at"),
    )
    return [_entry(row) for row in found], int(counted[0]["number"])


async def actions_and_kinds() -> tuple[list[str], list[str]]:
    """Every action and every kind of record there is in the history, for its filters."""
    found = await rows("SELECT DISTINCT action, subject_kind FROM history_entry")
    return sorted({row["action"] for row in found}), sorted({row["subject_kind"] for row in found})


def _where(wanted: Wanted) -> tuple[str, list[object]]:
    conditions = ["e.id > 0"]
    found: list[object] = []
    if wanted.action:
        conditions.append("e.action = ?")
        found.append(wanted.action)
    if wanted.kind:
        conditions.append("e.subject_kind = ?")
        found.append(wanted.kind)
    if wanted.actor:
        conditions.append(
            r"(e.actor_id IN (SELECT w.id FROM people_person w WHERE lower(w.name) LIKE ? ESCAPE '\') OR e.actor_role LIKE ? ESCAPE '\')"
        )
        found += [like_pattern(wanted.actor), like_pattern(wanted.actor).removeprefix("%")]
    if wanted.records:
        conditions.append(f"({wanted.records})")
        found += wanted.values
    return " AND ".join(conditions), found


def _entry(row: Mapping[str, Any]) -> Entry:
    subject, href = _subject(row)
    return Entry(
        at=row["at"],
        actor=row["actor"] or "",
        actor_role=row["actor_role"],
        action=row["action"],
        kind=row["subject_kind"],
        subject=subject,
        href=href,
        detail=json.loads(row["detail"]),
    )


# For each kind of record: the column that is empty where the record is gone, what it is called, where its page is.
_CALLED = {
    "booking": ("booking_ref", "{learner}: {session_title}, {starts_on}", "/desk/sessions/{session_ref}/bookings/{booking_ref}"),
    "session": ("session_ref", "{session_title}, {starts_on}", "/desk/sessions/{session_ref}"),
    "person": ("person_ref", "{person}", "/desk/people/{person_ref}"),
    "agency": ("agency_code", "{agency}", "/desk/agencies/{agency_code}"),
    "course": ("course_code", "{course}", "/desk/courses/{course_code}/edit"),
    "venue": ("venue_ref", "{venue}", "/desk/venues/{venue_ref}/edit"),
    "resource": ("resource_code", "{resource}", "/desk/resources/{resource_code}"),
}


def _subject(row: Mapping[str, Any]) -> tuple[str, str]:
    """What a record is called and where its page is; empty where it is gone or has no page."""
    if row["subject_kind"] == "letter" and row["letter_ref"]:
        return f"{letter_words(row['letter'])}: {row['letter_to']}".removesuffix(": "), f"/desk/letters/{row['letter_ref']}"
    key, title, href = _CALLED.get(row["subject_kind"], ("", "", ""))
    if not key or not row[key]:
        return "", ""
    return title.format_map({**row, "starts_on": _day_of(row["starts_at"])}), href.format_map(row)


def _day_of(starts_at: datetime | None) -> str:
    """The day that tells one session of a course from another, as in "6 Jan 2027"; empty for a record that has none."""
    if starts_at is None:
        return ""
    on = clock.local(starts_at)
    return f"{on.day} {on:%b %Y}"


@frozen
class Subject:
    """A record whose history has a page of its own: what it is called, where it is, and which entries are about it."""

    title: str
    href: str
    wanted: Wanted
    booking_id: int | None = None


_BOOKING_OF = "e.subject_kind = 'booking' AND e.subject_id IN (SELECT b.id FROM bookings_booking b WHERE b.{column} = ?)"
_FIND_SESSION = (
    "SELECT s.id, CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, s.starts_at FROM programme_session s"
    " JOIN programme_course c ON c.id = s.course_id WHERE s.ref = ?"
)
_FIND_BOOKING = (
    "SELECT b.id, p.name AS title, s.ref AS session_ref FROM bookings_booking b JOIN people_person p ON p.id = b.learner_id"
    " JOIN programme_session s ON s.id = b.session_id WHERE b.ref = ?"
)
_FIND = {
    "session": (
        _FIND_SESSION,
        f"e.subject_kind = 'session' AND e.subject_id = ? OR {_BOOKING_OF.format(column='session_id')}",
        "/desk/sessions/{key}",
    ),
    "booking": (
        _FIND_BOOKING,
        "e.subject_kind = 'booking' AND e.subject_id = ?",
        "/desk/sessions/{session_ref}/bookings/{key}",
    ),
    "person": (
        "SELECT id, name AS title FROM people_person WHERE ref = ?",
        f"e.subject_kind = 'person' AND e.subject_id = ? OR {_BOOKING_OF.format(column='learner_id')}",
        "/desk/people/{key}",
    ),
    "agency": (
        "SELECT id, name AS title FROM people_agency WHERE code = ?",
        "e.subject_kind = 'agency' AND e.subject_id = ?",
        "/desk/agencies/{key}",
    ),
    "course": (
        "SELECT id, title FROM programme_course WHERE code = ?",
        "e.subject_kind = 'course' AND e.subject_id = ?",
        "/desk/courses/{key}/edit",
    ),
    "resource": (
        "SELECT id, title FROM resources_resource WHERE code = ?",
        "e.subject_kind = 'resource' AND e.subject_id = ?",
        "/desk/resources/{key}",
    ),
    "letter": (
        "SELECT id, CASE WHEN name = '' THEN address ELSE name END AS title, template FROM messages_letter WHERE ref = ?",
        "e.subject_kind = 'letter' AND e.subject_id = ?",
        "/desk/letters/{key}",
    ),
}


async def subject_of(kind: str, key: str) -> Subject:
    """The record of a kind by its reference or code; NotFound where there is none. A session's bookings belong to it, a person's too."""
    if kind not in _FIND:
        raise NotFound
    select, condition, href = _FIND[kind]
    found = await rows(select, key, instants=("starts_at",) if kind == "session" else ())
    if not found:
        raise NotFound
    row = found[0]
    title = row["title"]
    if kind == "session":
        title = f"{title}, {_day_of(row['starts_at'])}"
    elif kind == "letter":
        title = f"{letter_words(row['template'])}, {title}"
    return Subject(
        title=title,
        href=href.format(key=key, session_ref=row.get("session_ref", "")),
        wanted=Wanted(records=condition, values=(row["id"],) * condition.count("?")),
        booking_id=row["id"] if kind == "booking" else None,
    )


async def transitions_of(booking_id: int) -> list[dict[str, Any]]:
    """Every change of a booking's state, the first one first."""
    return await rows(
        "SELECT t.from_state, t.to_state, t.at, t.reason, t.by_role, t.notice_hours, w.name AS actor FROM bookings_transition t"
        " LEFT JOIN people_person w ON w.id = t.by_id WHERE t.booking_id = ? ORDER BY t.id",
        booking_id,
        instants=("at",),
    )
