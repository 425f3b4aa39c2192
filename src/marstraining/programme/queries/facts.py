"""Everything a page says about one session or one course."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.core.viewer import ANYBODY, Viewer
from marstraining.programme.place import place_of
from marstraining.programme.queries.scope import EFFECTIVE_ACCESS, EFFECTIVE_AUDIENCES, visible_to
from marstraining.programme.rules import CourseKind, Stage, stage_at


@frozen
class Day:
    """A training day: wall time in London, the instants, and what calendars need."""

    id: int
    uid: str
    day: date
    starts: str
    ends: str
    starts_at: datetime
    ends_at: datetime
    sequence: int
    changed_at: datetime
    is_cancelled: bool


@frozen
class VenueFacts:
    name: str
    address: str
    postcode: str
    directions: str
    parking: str
    access_notes: str
    is_online: bool


@frozen
class CourseFacts:
    """A course as its page shows it; `topics` are (slug, label), `needs` are the prerequisites' (code, title)."""

    id: int
    code: str
    title: str
    kind: str
    level: str
    delivery: str
    summary: str
    audience: str
    audience_codes: tuple[str, ...]
    outcomes: tuple[str, ...]
    content_note: str
    duration_minutes: int | None
    access: str
    owner: str
    external_url: str
    needs_approval: bool
    needs_manager_agreement: bool
    is_archived: bool
    topics: tuple[tuple[str, str], ...]
    needs: tuple[tuple[str, str], ...]


@frozen
class SessionFacts:
    """A session with its course; `trainer_agencies` are all that is public about who trains."""

    id: int
    ref: str
    title: str
    state: str
    access: str
    audience_codes: tuple[str, ...]
    delivery: str
    venue: VenueFacts | None
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    opens_at: datetime | None
    closes_at: datetime | None
    is_list_open: bool
    has_catering: bool
    external_url: str
    is_headcount_only: bool
    called_off_reason: str
    changed_at: datetime
    moved_to: str
    is_elsewhere: bool
    days: tuple[Day, ...]
    trainer_agencies: tuple[str, ...]
    course: CourseFacts

    def stage(self, now: datetime) -> Stage:
        return stage_at(self, now)

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return place_of(self.delivery, self.venue.name if self.venue else "")

    @property
    def live_days(self) -> tuple[Day, ...]:
        return tuple(day for day in self.days if not day.is_cancelled)


_COURSE = """c.id AS course_id, c.code AS course_code, c.title AS course_title, c.kind, c.level, c.delivery AS course_delivery, c.summary,
    c.audience, CAST(c.audience_codes AS TEXT) AS course_audiences, CAST(c.outcomes AS TEXT) AS outcomes, c.content_note,
    c.duration_minutes, c.access AS course_access, c.owner, c.external_url AS course_url, c.needs_approval, c.needs_manager_agreement,
    c.is_archived"""
_SESSION = f"""s.id, s.ref, s.title, s.state, {EFFECTIVE_ACCESS} AS access, {EFFECTIVE_AUDIENCES} AS audience_codes, s.delivery,
    s.starts_at, s.ends_at, s.capacity, s.opens_at, s.closes_at, s.is_list_open, s.has_catering, s.external_url, s.is_headcount_only,
    s.called_off_reason, s.changed_at, m.ref AS moved_to, v.id AS venue_id, v.name AS venue_name, v.address, v.postcode, v.directions,
    v.parking, v.access_notes, v.is_online"""


async def session_facts(ref: str, *, viewer: Viewer = ANYBODY, now: datetime) -> SessionFacts:
    """The session at `ref`. Raises NotFound where there is none that `viewer` may know of: a draft is nowhere."""
    scope = await visible_to(viewer, now=now)
    found = await rows(
        f"SELECT {_SESSION}, {_COURSE} FROM programme_session s JOIN programme_course c ON c.id = s.course_id "
        f"LEFT JOIN programme_venue v ON v.id = s.venue_id LEFT JOIN programme_session m ON m.id = s.moved_to_id "
        f"WHERE s.ref = ? AND ({scope.sql})",
        ref,
        *scope.params,
        instants=("starts_at", "ends_at", "opens_at", "closes_at", "changed_at"),
    )
    if not found:
        raise NotFound
    row = found[0]
    return SessionFacts(
        id=row["id"],
        ref=row["ref"],
        title=row["title"] or row["course_title"],
        state=row["state"],
        access=row["access"],
        audience_codes=tuple(json.loads(row["audience_codes"])),
        delivery=row["delivery"],
        venue=_venue(row),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        capacity=row["capacity"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        is_list_open=bool(row["is_list_open"]),
        has_catering=bool(row["has_catering"]),
        external_url=row["external_url"] or row["course_url"],
        is_headcount_only=bool(row["is_headcount_only"]),
        called_off_reason=row["called_off_reason"],
        changed_at=row["changed_at"],
        moved_to=row["moved_to"] or "",
        is_elsewhere=bool(row["external_url"]) or row["kind"] == CourseKind.EXTERNAL,
        days=await training_days(row["id"]),
        trainer_agencies=await _trainer_agencies(row["id"]),
        course=await _course(row),
    )


async def course_facts(code: str, *, viewer: Viewer = ANYBODY, now: datetime) -> CourseFacts:
    """The course with `code`, whatever its letter case. Raises NotFound where `viewer` may not know of it.

    A course by invitation or for some audiences is known to the training team, to its owners and to whom one of its
    sessions is visible.
    """
    found = await rows(f"SELECT {_COURSE} FROM programme_course c WHERE LOWER(c.code) = ?", code.lower())
    if not found:
        raise NotFound
    row = found[0]
    if row["course_access"] != "public" and not viewer.is_desk:
        scope = await visible_to(viewer, now=now)
        seen = await rows(
            f"SELECT 1 AS is_seen FROM programme_session s JOIN programme_course c ON c.id = s.course_id "
            f"WHERE c.id = ? AND ({scope.sql}) LIMIT 1",
            row["course_id"],
            *scope.params,
        )
        if not seen:
            raise NotFound
    return await _course(row)


async def training_days(session_id: int) -> tuple[Day, ...]:
    """A session's training days in order, cancelled ones included."""
    found = await rows(
        "SELECT id, uid, CAST(day AS TEXT) AS day, starts, ends, starts_at, ends_at, sequence, changed_at, is_cancelled "
        "FROM programme_day WHERE session_id = ? ORDER BY starts_at, id",
        session_id,
        instants=("starts_at", "ends_at", "changed_at"),
    )
    return tuple(Day(**{**row, "day": date.fromisoformat(row["day"]), "is_cancelled": bool(row["is_cancelled"])}) for row in found)


async def _trainer_agencies(session_id: int) -> tuple[str, ...]:
    found = await rows(
        "SELECT DISTINCT a.name FROM programme_trainer r JOIN people_agency a ON a.id = r.agency_id "
        "WHERE r.session_id = ? AND r.state = 'accepted' ORDER BY a.name",
        session_id,
    )
    return tuple(row["name"] for row in found)


async def _course(row: Mapping[str, Any]) -> CourseFacts:
    course_id = row["course_id"]
    linked = await rows(
        "SELECT 'topic' AS what, t.slug AS code, t.label FROM programme_course_topic x JOIN programme_topic t ON t.id = x.topic_id "
        "WHERE x.course_id = ? UNION ALL SELECT 'needs', n.code, n.title FROM programme_prerequisite q "
        "JOIN programme_course n ON n.id = q.needs_id WHERE q.course_id = ? ORDER BY 3",
        course_id,
        course_id,
    )
    return CourseFacts(
        id=course_id,
        code=row["course_code"],
        title=row["course_title"],
        kind=row["kind"],
        level=row["level"],
        delivery=row["course_delivery"],
        summary=row["summary"],
        audience=row["audience"],
        audience_codes=tuple(json.loads(row["course_audiences"])),
        outcomes=tuple(json.loads(row["outcomes"])),
        content_note=row["content_note"],
        duration_minutes=row["duration_minutes"],
        access=row["course_access"],
        owner=row["owner"],
        external_url=row["course_url"],
        needs_approval=bool(row["needs_approval"]),
        needs_manager_agreement=bool(row["needs_manager_agreement"]),
        is_archived=bool(row["is_archived"]),
        topics=tuple((link["code"], link["label"]) for link in linked if link["what"] == "topic"),
        needs=tuple((link["code"], link["label"]) for link in linked if link["what"] == "needs"),
    )


def _venue(row: Mapping[str, Any]) -> VenueFacts | None:
    if row["venue_id"] is None:
        return None
    return VenueFacts(
        name=row["venue_name"],
        address=row["address"],
        postcode=row["postcode"],
        directions=row["directions"],
        parking=row["parking"],
        access_notes=row["access_notes"],
        is_online=bool(row["is_online"]),
    )


async def topics_in_use() -> list[tuple[str, str]]:
    """The (slug, label) of topics of courses that are run, by label: the choices of the programme's filter."""
    found = await rows(
        "SELECT DISTINCT t.slug, t.label FROM programme_topic t JOIN programme_course_topic x ON x.topic_id = t.id "
        "JOIN programme_course c ON c.id = x.course_id WHERE NOT c.is_archived AND c.access = 'public' ORDER BY t.label"
    )
    return [(row["slug"], row["label"]) for row in found]


async def public_addresses(*, now: datetime) -> list[str]:
    """The paths of public courses and coming public sessions, for the site map."""
    found = await rows(
        "SELECT '/courses/' || c.code AS path FROM programme_course c WHERE c.access = 'public' AND NOT c.is_archived "
        "UNION ALL SELECT '/sessions/' || s.ref FROM programme_session s JOIN programme_course c ON c.id = s.course_id "
        f"WHERE s.state <> 'draft' AND {EFFECTIVE_ACCESS} = 'public' AND s.ends_at > ?",
        now,
    )
    return [row["path"] for row in found]
