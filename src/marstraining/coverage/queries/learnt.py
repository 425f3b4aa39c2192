"""What people have learnt: here, in part, and elsewhere; and the posts that rules hang on."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.coverage.rules import ANNEX_C, Learning, Post

# With a person's number where one is asked for; `who` is the column that it is compared with.
_COMPLETED = (
    "SELECT r.person_id, r.completed_on AS day, r.minutes, c.is_participatory, c.counts_as, c.code, c.meets_annex_c"
    " FROM record_completion r JOIN programme_course c ON c.id = r.course_id"
)
# Of who came to a part, the minutes count for hours; for a rule that asks for a course they do not.
_IN_PART = (
    "SELECT m.person_id, max(d.day) AS day, sum(m.minutes) AS minutes, c.is_participatory, '' AS counts_as, '' AS code, 0 AS meets_annex_c"
    " FROM attendance_mark m JOIN programme_session s ON s.id = m.session_id JOIN programme_course c ON c.id = s.course_id"
    " JOIN attendance_register g ON g.session_id = s.id JOIN programme_day d ON d.session_id = s.id"
    " AND (m.training_day_id IS NULL OR d.id = m.training_day_id) AND NOT d.is_cancelled"
    " WHERE m.superseded_at IS NULL AND m.mark IN ('attended', 'partial') AND m.taken_as IN ('learner', 'walk_in', 'substitute')"
    " AND g.locked_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM record_completion r WHERE r.person_id = m.person_id"
    " AND r.session_id = m.session_id)"
)
_BY_SESSION = " GROUP BY m.person_id, m.session_id, c.is_participatory"
_ELSEWHERE = (
    "SELECT x.person_id, x.completed_on AS day, x.minutes, x.is_participatory, x.counts_as, '' AS code, 0 AS meets_annex_c"
    " FROM record_external x WHERE x.state = 'confirmed'"
)


@frozen
class Attended:
    """A line of a record: a course completed, or attended in part.

    `minutes` None is not known; then the course's length tells about how long the whole of it took, and of a part nothing.
    """

    title: str
    course_code: str
    level: str
    day: date
    minutes: int | None
    is_whole: bool
    is_participatory: bool
    course_minutes: int | None = None


@frozen
class External:
    """Something learnt elsewhere, as its owner and the desk read it; `scan_state` is of its file, "" where nothing is noted."""

    id: int
    ref: str
    person_id: int
    title: str
    provider: str
    completed_on: date
    minutes: int | None
    is_participatory: bool
    counts_as: str
    state: str
    file_name: str
    stored_as: str
    content_type: str
    at: datetime
    scan_state: str


async def posts_of(*person_ids: int) -> dict[int, list[Post]]:
    """The posts of these people, or with none given of everybody who is here, by person."""
    scope, values = (f"o.person_id IN ({_marks(person_ids)})", person_ids) if person_ids else ("p.state = 'active'", ())
    found = await rows(
        "SELECT o.person_id, o.job_role, o.starts_on, o.ends_on FROM people_position o JOIN people_person p ON p.id = o.person_id"
        f" WHERE {scope} ORDER BY o.person_id, o.starts_on, o.id",
        *values,
        dates=("starts_on", "ends_on"),
    )
    posts: dict[int, list[Post]] = {}
    for row in found:
        posts.setdefault(row["person_id"], []).append(Post(row["job_role"], row["starts_on"], row["ends_on"]))
    return posts


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


async def learning_of(*person_ids: int) -> dict[int, list[Learning]]:
    """What these people, or with none given everybody, have learnt that rules may count, by person, in three statements.

    External learning counts once confirmed.
    """
    within = f".person_id IN ({_marks(person_ids)})"
    completed, in_part, elsewhere = (f" WHERE r{within}", f" AND m{within}", f" AND x{within}") if person_ids else ("", "", "")
    values = person_ids
    learnt: dict[int, list[Learning]] = {}
    for statement in (_COMPLETED + completed, _IN_PART + in_part + _BY_SESSION, _ELSEWHERE + elsewhere):
        for row in await rows(statement, *values, dates=("day",), flags=("is_participatory", "meets_annex_c")):
            learnt.setdefault(row["person_id"], []).append(_learning(row))
    return learnt


def _learning(row: dict[str, Any]) -> Learning:
    codes: Iterable[str] = (row["counts_as"], row["code"], ANNEX_C if row["meets_annex_c"] else "")
    minutes = None if row["minutes"] is None else int(row["minutes"])
    return Learning(row["day"], minutes, row["is_participatory"], frozenset(code for code in codes if code))


async def attended_by(person_id: int) -> list[Attended]:
    """Everything that somebody attended, the latest first: what they completed, and what they came to in part."""
    whole = await rows(
        "SELECT CASE WHEN s.title <> '' THEN s.title ELSE c.title END AS title, c.code AS course_code, c.level, r.completed_on AS day,"
        " r.minutes, c.is_participatory, c.duration_minutes AS course_minutes FROM record_completion r"
        " JOIN programme_course c ON c.id = r.course_id LEFT JOIN programme_session s ON s.id = r.session_id WHERE r.person_id = ?",
        person_id,
        dates=("day",),
        flags=("is_participatory",),
    )
    part = await rows(
        _IN_PART.replace("SELECT m.person_id,", "SELECT max(CASE WHEN s.title <> '' THEN s.title ELSE c.title END) AS title,"
                         " max(c.code) AS course_code, max(c.level) AS level,", 1)
        .replace(", '' AS counts_as, '' AS code, 0 AS meets_annex_c", "", 1) + " AND m.person_id = ?" + _BY_SESSION,
        person_id,
        dates=("day",),
        flags=("is_participatory",),
    )  # fmt: skip
    lines = [Attended(**row, is_whole=True) for row in whole]
    lines += [Attended(**row | {"minutes": None if row["minutes"] is None else int(row["minutes"])}, is_whole=False) for row in part]
    return sorted(lines, key=lambda line: (line.day, line.title), reverse=True)


_EXTERNAL = (
    "SELECT x.id, x.ref, x.person_id, x.title, x.provider, x.completed_on, x.minutes, x.is_participatory, x.counts_as, x.state,"
    " x.file_name, x.stored_as, x.content_type, x.at, coalesce(u.state, '') AS scan_state FROM record_external x"
    " LEFT JOIN uploads_file u ON u.stored_as = x.stored_as"
)


async def external_of(person_id: int) -> list[External]:
    """What somebody learnt elsewhere, refused ones too, the latest first."""
    found = await rows(
        f"{_EXTERNAL} WHERE x.person_id = ? ORDER BY x.completed_on DESC, x.id DESC LIMIT 500",
        person_id,
        instants=("at",),
        dates=("completed_on",),
        flags=("is_participatory",),
    )
    return [External(**row) for row in found]


async def external_by_ref(ref: str, *, person_id: int) -> External | None:
    """One of somebody's entries."""
    found = await rows(
        f"{_EXTERNAL} WHERE x.ref = ? AND x.person_id = ?",
        ref,
        person_id,
        instants=("at",),
        dates=("completed_on",),
        flags=("is_participatory",),
    )
    return External(**found[0]) if found else None
