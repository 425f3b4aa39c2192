"""Courses, their topics and prerequisites, and venues."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.people.models import Agency
from marstraining.programme.models import Course, CourseTopic, Prerequisite, Topic, Venue
from marstraining.programme.queries.desk import known_beside
from marstraining.programme.questions import as_stored, questions_of
from marstraining.programme.rules import CourseDraft, VenueDraft, check_course
from marstraining.programme.topics import topic_of


async def save_course(draft: CourseDraft, *, code: str | None, by: Viewer, now: datetime) -> tuple[int, bool]:
    """Create a course, or with `code` change the one that has it; gives its id and whether anything changed.

    Refuses a code that another course has, an unknown kind, audience or prerequisite, and a course that needs itself. A course that
    `by` may not know of is as unknown as one that never was.
    """
    check_course(draft)
    async with transaction():
        course_id = await _held_course(code)
        taken = await rows("SELECT id FROM programme_course WHERE LOWER(code) = ? AND id <> ?", draft.code.lower(), course_id or 0)
        if taken:
            raise Refused("Another course has this code. Choose a different one.", code="code_taken", field="code")
        if draft.owner_agency_id is not None and not await Agency.exists(id=draft.owner_agency_id):
            raise Refused("Choose an organisation from the list", code="owner", field="owner_agency")
        values = {name: value for name, value in asdict(draft).items() if name not in {"topics", "needs"}}
        values |= {"audience_codes": list(draft.audience_codes), "outcomes": list(draft.outcomes), "kind": str(draft.kind)}
        values["questions"] = as_stored(draft.questions)
        if course_id is None:
            course_id, is_changed = (await Course.create(**values)).id, True
            await record("create_course", by=by, now=now, subject_kind="course", subject_id=course_id)
        else:
            is_changed = await _change(course_id, values)
        is_changed |= await _link_topics(course_id, draft.topics)
        is_changed |= await _link_needs(course_id, draft.needs, by=by)
        if is_changed and code is not None:
            await record("edit_course", by=by, now=now, subject_kind="course", subject_id=course_id)
    return course_id, is_changed


async def save_venue(draft: VenueDraft, *, ref: str | None, by: Viewer, now: datetime) -> int:
    """Create a venue, or with `ref` change the one that has it; gives its id. Refuses a name that another venue has.

    A changed name or address is a changed place: the coming training days there rise in SEQUENCE.
    """
    if not draft.name:
        raise Refused("Enter the name of the venue", code="name", field="name")
    async with transaction():
        venue = await Venue.found(ref=ref) if ref else None
        if ref and venue is None:
            raise NotFound
        if await rows("SELECT id FROM programme_venue WHERE LOWER(name) = ? AND id <> ?", draft.name.lower(), venue.id if venue else 0):
            raise Refused("There is a venue with this name already", code="name_taken", field="name")
        if venue is None:
            venue = await Venue.create(ref=new_ref(), **asdict(draft))
        else:
            await Venue.filter(id=venue.id).update(**asdict(draft), revision=venue.revision + 1)
            if any(getattr(venue, name) != getattr(draft, name) for name in ("name", "address", "postcode")):
                await _tell_calendars(venue.id, now=now)
        await record("save_venue", by=by, now=now, subject_kind="venue", subject_id=venue.id)
    return venue.id


async def _tell_calendars(venue_id: int, *, now: datetime) -> None:
    there = "SELECT id FROM programme_session WHERE venue_id = ? AND state <> 'called_off' AND ends_at > ?"
    await execute(f"UPDATE programme_session SET changed_at = ?, revision = revision + 1 WHERE id IN ({there})", now, venue_id, now)
    await execute(
        f"UPDATE programme_day SET sequence = sequence + 1, changed_at = ? WHERE NOT is_cancelled AND session_id IN ({there})",
        now,
        venue_id,
        now,
    )


async def draft_of_course(course: Course) -> CourseDraft:
    """A stored course as it would be typed."""
    names = [name for name in CourseDraft.__dataclass_fields__ if name not in {"topics", "needs", "questions"}]
    values = {name: getattr(course, name) for name in names}
    linked = await rows(
        "SELECT 'topic' AS what, t.label AS word FROM programme_course_topic x JOIN programme_topic t ON t.id = x.topic_id "
        "WHERE x.course_id = ? UNION ALL SELECT 'needs', n.code FROM programme_prerequisite q "
        "JOIN programme_course n ON n.id = q.needs_id WHERE q.course_id = ? ORDER BY 2",
        course.id,
        course.id,
    )
    return CourseDraft(
        **{**values, "audience_codes": tuple(course.audience_codes), "outcomes": tuple(course.outcomes)},
        topics=tuple(link["word"] for link in linked if link["what"] == "topic"),
        needs=tuple(link["word"] for link in linked if link["what"] == "needs"),
        questions=questions_of(course.questions),
    )


async def _held_course(code: str | None) -> int | None:
    if code is None:
        return None
    found = await rows("SELECT id FROM programme_course WHERE code = ?", code)
    if not found or not await hold(Course, found[0]["id"]):
        raise NotFound
    return int(found[0]["id"])


async def _change(course_id: int, values: dict[str, object]) -> bool:
    course = await Course.get(id=course_id)
    changed = {name: value for name, value in values.items() if getattr(course, name) != value}
    if changed:
        await Course.filter(id=course_id).update(**changed)
    return bool(changed)


async def _link_topics(course_id: int, labels: Sequence[str]) -> bool:
    """Make these the course's topics, creating what is missing; says whether that changed anything."""
    wanted = dict(topic_of(label) for label in labels if label.strip())
    known = {topic.slug: topic.id for topic in await Topic.filter(slug__in=list(wanted))} if wanted else {}
    for slug, label in wanted.items():
        if slug not in known:
            known[slug] = (await Topic.create(slug=slug, label=label)).id
    has = {link.topic_id for link in await CourseTopic.filter(course_id=course_id)}
    needed = {known[slug] for slug in wanted}
    for topic_id in needed - has:
        await CourseTopic.create(course_id=course_id, topic_id=topic_id)
    for topic_id in has - needed:
        await execute("DELETE FROM programme_course_topic WHERE course_id = ? AND topic_id = ?", course_id, topic_id)
    return has != needed


async def _link_needs(course_id: int, codes: Sequence[str], *, by: Viewer) -> bool:
    found: dict[str, int] = {}
    if codes:
        known, params = known_beside(by)
        sql = f"SELECT c.code, c.id FROM programme_course c WHERE {known} AND c.code IN ({', '.join('?' for _ in codes)})"
        found = {row["code"]: row["id"] for row in await rows(sql, *params, course_id, *codes)}
    for code in codes:
        if code not in found:
            raise Refused(f"There is no course with the code “{code}”", code="needs", field="needs")
    needed = set(found.values())
    if course_id in needed:
        raise Refused("A course cannot be its own prerequisite", code="needs", field="needs")
    has = {link.needs_id for link in await Prerequisite.filter(course_id=course_id)}
    for needs_id in needed - has:
        await Prerequisite.create(course_id=course_id, needs_id=needs_id)
    for needs_id in has - needed:
        await execute("DELETE FROM programme_prerequisite WHERE course_id = ? AND needs_id = ?", course_id, needs_id)
    return has != needed
