"""A quarter of 2,000 sessions and 40,000 answers, as issue 5 measures reports by."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.core.db import execute_many, rows
from marstraining.core.tokens import new_ref
from tests import makers
from tests.reports.quarters import IN_QUARTER, a_change

_PART = 5000
SESSIONS, MARKS, PEOPLE, COURSES = 2000, 40_000, 1000, 30


async def fill_quarter(*, now: datetime) -> None:
    """Put them into the database, beside whatever is there."""
    courses = [await makers.make_course(f"Course {number:02}", code=f"K{number}") for number in range(COURSES)]
    agencies = [await makers.make_agency(f"Organisation {number}", sector="Health", code=f"O{number}") for number in range(40)]
    first_person = await makers.make_person("Attendant 0", email=None)
    await _copy("people_person", first_person.id, [{"ref": new_ref(), "name": f"Attendant {n}"} for n in range(1, PEOPLE)])
    people = [row["id"] for row in await rows("SELECT id FROM people_person WHERE name LIKE 'Attendant %' ORDER BY id")]
    pattern = await makers.make_session(course=courses[0], starts=IN_QUARTER, now=now)
    await _copy("programme_session", pattern.id, [{"ref": new_ref(), "course_id": courses[n % COURSES].id} for n in range(SESSIONS - 1)])
    marks = ", ".join("?" * COURSES)
    found = await rows(f"SELECT id FROM programme_session WHERE course_id IN ({marks}) ORDER BY id", *(one.id for one in courses))
    sessions = [row["id"] for row in found]
    day = (await rows("SELECT id FROM programme_day WHERE session_id = ?", pattern.id))[0]["id"]
    await _copy("programme_day", day, [{"uid": f"many{one}", "session_id": one} for one in sessions if one != pattern.id])
    first = await makers.make_mark(pattern, first_person, agency_id=agencies[0].id)
    each = MARKS // SESSIONS
    await _copy(
        "attendance_mark",
        first.id,
        [
            {"session_id": session, "person_id": people[(place * 7 + number) % PEOPLE], "agency_id": agencies[number % 40].id}
            for place, session in enumerate(sessions)
            for number in range(each)
            if (session, people[(place * 7 + number) % PEOPLE]) != (pattern.id, first_person.id)
        ],
    )
    for course in courses:
        await a_change(course, answers=MARKS // COURSES, asked=MARKS // COURSES)


async def insert_many(sql: str, many: Sequence[Sequence[object]]) -> None:
    """As `execute_many`, in parts: on a machine that is busy 80,000 rows may take longer than a command is waited for."""
    for first in range(0, len(many), _PART):
        await execute_many(sql, many[first : first + _PART])


async def _copy(table: str, row_id: int, changes: list[dict[str, object]]) -> None:
    """As many rows like the one of that number as there are changes."""
    columns = [f'"{name}"' for name in (await rows(f"SELECT * FROM {table} WHERE id = ?", row_id))[0] if name != "id"]
    changed = list(changes[0])
    kept = [name for name in columns if name.strip('"') not in changed]
    await insert_many(
        f"INSERT INTO {table} ({', '.join([*changed, *kept])}) SELECT {', '.join(['?'] * len(changed))}, {', '.join(kept)} FROM {table}"
        f" WHERE id = {int(row_id)}",
        [tuple(one[name] for name in changed) for one in changes],
    )
