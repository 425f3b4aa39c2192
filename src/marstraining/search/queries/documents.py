"""What can be found, read from the database: the programme's courses with their coming sessions, and the resource library."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.viewer import Viewer
from marstraining.programme.queries.scope import EFFECTIVE_ACCESS, EFFECTIVE_AUDIENCES, visible_to
from marstraining.programme.rules import KIND_LABELS, Access, CourseKind
from marstraining.resources.queries import searchable_resources
from marstraining.resources.queries import visible_to as visible_resources_to
from marstraining.search.rules import Dated, Document, Family, Mode
from marstraining.search.vocabulary import TYPE_OF_COURSE

# After so many courses others get their turn.
_STEP = 100
_MODES = {"in person": Mode.FACE_TO_FACE.value, "online": Mode.ONLINE.value, "hybrid": Mode.HYBRID.value}
_COURSES = (
    "SELECT id, code, title, kind, level, delivery, summary, audience, CAST(audience_codes AS TEXT) AS audience_codes,"
    " CAST(outcomes AS TEXT) AS outcomes, access, owner FROM programme_course WHERE NOT is_archived ORDER BY id"
)
_TOPICS = "SELECT x.course_id, t.slug, t.label FROM programme_course_topic x JOIN programme_topic t ON t.id = x.topic_id ORDER BY x.id"
_SESSIONS = (
    "SELECT s.id, s.ref, s.course_id, CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, s.title AS own_title, s.delivery,"
    f" s.starts_at, s.ends_at, {EFFECTIVE_ACCESS} AS access, {EFFECTIVE_AUDIENCES} AS audience_codes,"
    " coalesce(v.name, '') AS venue, coalesce(v.address, '') AS address"
    " FROM programme_session s JOIN programme_course c ON c.id = s.course_id LEFT JOIN programme_venue v ON v.id = s.venue_id"
    " WHERE s.state = 'published' AND s.ends_at > ? ORDER BY s.starts_at, s.id"
)
_DAYS = (
    "SELECT d.session_id, CAST(d.day AS TEXT) AS day, d.starts, d.ends FROM programme_day d JOIN programme_session s ON s.id = d.session_id"
    " WHERE s.state = 'published' AND s.ends_at > ? AND NOT d.is_cancelled ORDER BY d.starts_at, d.id"
)


async def course_documents(*, now: datetime) -> list[Document]:
    """Every course that is run, with its published sessions that are not over, in four statements."""
    topics: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in await rows(_TOPICS):
        topics[row["course_id"]].append((row["slug"], row["label"]))
    days: defaultdict[int, list[tuple[date, str, str]]] = defaultdict(list)
    for row in await rows(_DAYS, now):
        days[row["session_id"]].append((date.fromisoformat(row["day"]), row["starts"], row["ends"]))
    sessions: defaultdict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await rows(_SESSIONS, now, instants=("starts_at", "ends_at")):
        sessions[row["course_id"]].append(row)
    found: list[Document] = []
    for number, row in enumerate(await rows(_COURSES)):
        found.append(_course(row, topics[row["id"]], sessions[row["id"]], days))
        if number % _STEP == _STEP - 1:
            await asyncio.sleep(0)
    return found


async def visible_sessions(viewer: Viewer, session_ids: Sequence[int], *, now: datetime) -> frozenset[int]:
    """Those of the sessions, none of them public, that `viewer` may know of."""
    if not session_ids or viewer.person_id is None:
        return frozenset()
    scope = await visible_to(viewer, now=now)
    marks = ", ".join("?" * len(session_ids))
    found = await rows(
        f"SELECT s.id FROM programme_session s JOIN programme_course c ON c.id = s.course_id WHERE s.id IN ({marks}) AND ({scope.sql})",
        *session_ids,
        *scope.params,
    )
    return frozenset(row["id"] for row in found)


async def resource_documents(*, now: datetime) -> list[Document]:  # noqa: ARG001 - as every source is asked
    """Every resource of the library that is not withdrawn."""
    return [
        Document(
            key=f"resource:{one.ref}",
            family=Family.RESOURCE,
            type=one.kind,
            title=one.title,
            path=one.own_path if one.is_restricted else one.path,
            summary=one.summary,
            text="\n".join(
                part for part in (one.summary, *(label for _, label in one.topics), one.audience, one.kind_label, one.source) if part
            ),
            topics=tuple(slug for slug, _ in one.topics),
            audiences=one.audience_codes,
            is_public=not one.is_restricted,
            code=one.ref,
            kind=one.kind_label,
        )
        for one in await searchable_resources()
    ]


async def visible_resources(viewer: Viewer, codes: Sequence[str], *, now: datetime) -> frozenset[str]:
    """Those of the resources, none of them public, that `viewer` may know of, by their codes."""
    if not codes or viewer.person_id is None:
        return frozenset()
    scope = visible_resources_to(viewer, now=now)
    marks = ", ".join("?" * len(codes))
    found = await rows(f"SELECT r.code FROM resources_resource r WHERE r.code IN ({marks}) AND ({scope.sql})", *codes, *scope.values)
    return frozenset(row["code"] for row in found)


def _course(
    row: Mapping[str, Any],
    topics: Sequence[tuple[str, str]],
    sessions: Sequence[Mapping[str, Any]],
    days: Mapping[int, Sequence[tuple[date, str, str]]],
) -> Document:
    # What is said of a session by invitation must find the course for nobody: whoever searches would learn of it.
    told = [session for session in sessions if session["access"] == Access.PUBLIC]
    own_titles = dict.fromkeys(session["own_title"] for session in told if session["own_title"])
    venues = dict.fromkeys(session["venue"] for session in told if session["venue"])
    text = (
        row["code"], row["level"], row["summary"], row["audience"], *json.loads(row["outcomes"]), *(label for _, label in topics),
        KIND_LABELS[CourseKind(row["kind"])], *own_titles, *venues, row["owner"],
    )  # fmt: skip
    return Document(
        key=f"course:{row['code']}",
        family=Family.COURSE,
        type=TYPE_OF_COURSE[row["kind"]],
        title=row["title"],
        path=f"/courses/{row['code']}",
        summary=row["summary"],
        text="\n".join(part for part in text if part),
        topics=tuple(slug for slug, _ in topics),
        audiences=tuple(json.loads(row["audience_codes"])),
        mode=_MODES.get(row["delivery"], ""),
        is_public=row["access"] == Access.PUBLIC,
        sessions=tuple(_dated(session, days.get(session["id"], ())) for session in sessions),
        code=row["code"],
        kind=KIND_LABELS[CourseKind(row["kind"])],
    )


def _dated(row: Mapping[str, Any], days: Sequence[tuple[date, str, str]]) -> Dated:
    is_public = row["access"] == Access.PUBLIC
    return Dated(
        id=row["id"],
        ref=row["ref"],
        title=row["title"],
        path=f"/sessions/{row['ref']}" if is_public else f"/me/sessions/{row['ref']}",
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        days=tuple(days),
        mode=_MODES.get(row["delivery"], ""),
        venue=row["venue"],
        place=" ".join((row["venue"], row["address"])).casefold(),
        audiences=tuple(json.loads(row["audience_codes"])),
        is_public=is_public,
    )
