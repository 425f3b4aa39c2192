"""Reads of the training team's forms and lists: courses, venues, trainers, one session to edit."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from marstraining.core.db import like_pattern, rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.programme.models import Course, Session
from marstraining.programme.queries.scope import run_by
from marstraining.programme.questions import Question, questions_of

# A title in quotation marks stands under its first letter.
_BY_TITLE = "LTRIM(LOWER(c.title), '''\u2018\u201c\"')"
COURSE_ORDERS = {
    "title": _BY_TITLE,
    "code": "LOWER(c.code)",
    "kind": "c.kind",
    "coming": "coming",
    "next": "next_at",
    "owner": "LOWER(c.owner)",
}
VENUE_ORDERS = {"name": "LOWER(v.name)", "coming": "coming", "capacity": "v.capacity"}


@frozen
class Found:
    """A page of a list and how many rows there are in all."""

    rows: list[dict[str, Any]]
    total: int


async def desk_courses(filters: Mapping[str, str], *, by: Viewer, order: str, now: object, limit: int = 100_000, offset: int = 0) -> Found:
    """The courses that `by` runs, with how many sessions are coming and the next one."""
    scope = owned_by(by)
    conditions, params = [f"({scope[0]})"], list(scope[1])
    for word in filters.get("q", "").split():
        conditions.append(r"LOWER(c.title || ' ' || c.code || ' ' || c.owner) LIKE ? ESCAPE '\'")
        params.append(like_pattern(word))
    if filters.get("kind"):
        conditions.append("c.kind = ?")
        params.append(filters["kind"])
    conditions.append("c.is_archived" if filters.get("state") == "archived" else "NOT c.is_archived")
    coming = "FROM programme_session s WHERE s.course_id = c.id AND s.state = 'published' AND s.starts_at > ?"
    found = await rows(
        "SELECT c.code, c.title, c.kind, c.owner, c.access, c.capacity, c.is_archived, COUNT(*) OVER () AS total, "
        f"(SELECT COUNT(*) {coming}) AS coming, (SELECT MIN(s.starts_at) {coming}) AS next_at "
        f"FROM programme_course c WHERE {' AND '.join(conditions)} ORDER BY {order}, c.id LIMIT ? OFFSET ?",
        now,
        now,
        *params,
        limit,
        offset,
        instants=("next_at",),
    )
    return Found(found, found[0]["total"] if found else 0)


async def desk_venues(filters: Mapping[str, str], *, order: str, now: object, limit: int = 100_000, offset: int = 0) -> Found:
    """Venues with how many sessions are coming there."""
    conditions: list[str] = ["v.is_archived" if filters.get("state") == "archived" else "NOT v.is_archived"]
    params: list[object] = []
    for word in filters.get("q", "").split():
        conditions.append(r"LOWER(v.name || ' ' || v.address || ' ' || v.postcode) LIKE ? ESCAPE '\'")
        params.append(like_pattern(word))
    found = await rows(
        "SELECT v.ref, v.name, v.address, v.postcode, v.capacity, v.contact, v.is_online, COUNT(*) OVER () AS total, "
        "(SELECT COUNT(*) FROM programme_session s WHERE s.venue_id = v.id AND s.state = 'published' AND s.starts_at > ?) AS coming "
        f"FROM programme_venue v WHERE {' AND '.join(conditions)} ORDER BY {order}, v.id LIMIT ? OFFSET ?",
        now,
        *params,
        limit,
        offset,
        flags=("is_online",),
    )
    return Found(found, found[0]["total"] if found else 0)


async def venue_choices(kept: int | None = None) -> list[tuple[int, str]]:
    """Venues to choose from, the online ones last; `kept` stays a choice though it is archived."""
    found = await rows(
        "SELECT id, name, is_online FROM programme_venue WHERE NOT is_archived OR id = ? ORDER BY is_online, LOWER(name)", kept or 0
    )
    return [(row["id"], row["name"]) for row in found]


async def course_choices(by: Viewer) -> list[tuple[str, str]]:
    """The (code, title) of courses that `by` may run sessions of."""
    condition, params = owned_by(by)
    found = await rows(
        f"SELECT c.code, c.title FROM programme_course c WHERE NOT c.is_archived AND ({condition}) ORDER BY {_BY_TITLE}, c.id", *params
    )
    return [(row["code"], f"{row['title']} ({row['code']})") for row in found]


async def other_courses(course_id: int | None, *, kept: Collection[str], by: Viewer) -> list[tuple[str, str]]:
    """The courses that may have to be completed before the one of `course_id`; one of the `kept` codes stays though it is not run.

    A partner organiser sees those that everybody sees, their own and what the course needs already.
    """
    known, params = known_beside(by)
    found = await rows(
        f"SELECT c.id, c.code, c.title, c.is_archived FROM programme_course c WHERE {known} ORDER BY {_BY_TITLE}, c.id",
        *params,
        course_id or 0,
        flags=("is_archived",),
    )
    return [
        (row["code"], f"{row['title']} ({row['code']})")
        for row in found
        if row["id"] != course_id and (not row["is_archived"] or row["code"] in kept)
    ]


async def counted_choices(*, kept: str) -> list[tuple[str, str]]:
    """What a course can count as for refresher rules: each code that a rule takes, by the title of the rule that it names, or of one.

    The rules are kept above the programme, so their table is read by name. `kept` stays a choice though no rule takes it.
    """
    found = await rows("SELECT code, title, CAST(counts_as AS TEXT) AS counts_as FROM coverage_rule ORDER BY applies_from, id")
    titles = {code: row["title"] for row in found for code in json.loads(row["counts_as"])}
    titles |= {row["code"]: row["title"] for row in found if row["code"] in titles}
    if kept:
        titles.setdefault(kept, "No rule takes this")
    return sorted(((code, f"{title} ({code})") for code, title in titles.items()), key=lambda choice: choice[1].casefold())


async def owner_choices() -> list[tuple[int, str]]:
    """Organisations that may own a course: those that are no one-person setting."""
    found = await rows("SELECT id, name FROM people_agency WHERE state = 'listed' AND NOT is_one_person ORDER BY LOWER(name), id")
    return [(row["id"], row["name"]) for row in found]


async def trainer_choices() -> list[dict[str, Any]]:
    """People who may be asked to train, or as contributors to speak, each once, with the organisation they are at longest."""
    found = await rows(
        "SELECT p.id, p.ref, p.name, g.role, o.agency_id, a.name AS agency FROM people_person p "
        "JOIN people_role_grant g ON g.person_id = p.id "
        "LEFT JOIN people_position o ON o.person_id = p.id AND o.ends_on IS NULL LEFT JOIN people_agency a ON a.id = o.agency_id "
        "WHERE g.ended_at IS NULL AND g.role IN (?, ?) AND p.state = 'active' AND p.email IS NOT NULL "
        "ORDER BY LOWER(p.name), p.id, g.role DESC, o.starts_on, o.id",
        Role.TRAINER.value,
        Role.CONTRIBUTOR.value,
    )
    # Descending, "trainer" comes before "contributor": who may do both is asked to train.
    once: dict[int, dict[str, Any]] = {}
    for row in found:
        once.setdefault(row["id"], row)
    return list(once.values())


async def asked_trainers(session_id: int) -> list[dict[str, Any]]:
    """Who was asked to train a session, with the answer and what else they teach at the same time."""
    return await rows(
        "SELECT r.person_id, p.ref, p.name, r.is_contributor, r.state, r.asked_at, r.answered_at, COALESCE(a.name, '') AS agency "
        "FROM programme_trainer r JOIN people_person p ON p.id = r.person_id LEFT JOIN people_agency a ON a.id = r.agency_id "
        "WHERE r.session_id = ? ORDER BY p.name, p.id",
        session_id,
        instants=("asked_at", "answered_at"),
        flags=("is_contributor",),
    )


async def owned_course(code: str, *, by: Viewer) -> Course:
    """The course with `code` if `by` runs it; NotFound otherwise."""
    course = await Course.found(code=code)
    if course is None or not (by.is_desk or _owns(by, course.owner_agency_id)):
        raise NotFound
    return course


async def session_to_run(ref: str, *, by: Viewer) -> tuple[Session, Course]:
    """The session at `ref` with its course if `by` runs it, drafts too; NotFound otherwise."""
    scope = run_by(by)
    found = await rows(
        "SELECT s.id, s.course_id FROM programme_session s JOIN programme_course c ON c.id = s.course_id "
        f"WHERE s.ref = ? AND ({scope.sql})",
        ref,
        *scope.params,
    )
    if not found:
        raise NotFound
    return await Session.get(id=found[0]["id"]), await Course.get(id=found[0]["course_id"])


def owned_by(by: Viewer) -> tuple[str, tuple[object, ...]]:
    """A condition on courses `c` that `by` runs: all for the training team, those of their role's agency for partner organisers."""
    if by.is_desk:
        return "c.id > 0", ()
    owners = tuple(sorted(by.organiser_agency_ids))
    return (f"c.owner_agency_id IN ({', '.join('?' for _ in owners)})", owners) if owners else ("c.id < 0", ())


def known_beside(by: Viewer) -> tuple[str, tuple[object, ...]]:
    """A condition on courses `c` whose titles `by` sees beside one that they run, with the id of that one as its last value.

    All for the training team; for partner organisers what is public, their own and what the one needs already.
    """
    owned, params = owned_by(by)
    needed = "EXISTS (SELECT 1 FROM programme_prerequisite q WHERE q.needs_id = c.id AND q.course_id = ?)"
    return f"(c.access = 'public' OR {owned} OR {needed})", params


def _owns(by: Viewer, agency_id: int | None) -> bool:
    return agency_id is not None and agency_id in by.organiser_agency_ids


async def questions_asked(course_id: int) -> tuple[Question, ...]:
    """What the course asks when somebody books."""
    found = await rows("SELECT CAST(questions AS TEXT) AS questions FROM programme_course WHERE id = ?", course_id)
    return questions_of(json.loads(found[0]["questions"])) if found else ()
