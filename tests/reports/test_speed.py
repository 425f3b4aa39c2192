"""A quarter of 2,000 sessions and 40,000 answers becomes a report well within what issue 5 allows."""

import time

import pytest

from marstraining.core import config
from marstraining.core.db import execute_many, rows
from marstraining.core.tokens import new_ref
from marstraining.reports.actions import take_quarterly_snapshot
from marstraining.reports.paper import document_of, docx_of, pdf_of
from marstraining.reports.queries import report_of
from tests import makers
from tests.conftest import Clock
from tests.reports.quarters import AT_DESK, IN_QUARTER, QUARTER, a_change, tiles

pytestmark = pytest.mark.whole

SESSIONS, MARKS, PEOPLE, COURSES = 2000, 40_000, 1000, 30
SECONDS = 20.0


@pytest.mark.usefixtures("db")
async def test_a_report_of_2000_sessions_and_40000_answers_takes_less_than_20_seconds(clock: Clock) -> None:
    courses = [await makers.make_course(f"Course {number:02}", code=f"K{number}") for number in range(COURSES)]
    agencies = [await makers.make_agency(f"Organisation {number}", sector="Health", code=f"O{number}") for number in range(40)]
    cy = await makers.make_person("Cy", email=None)
    await _copy("people_person", cy.id, [{"ref": new_ref(), "name": f"Person {number}"} for number in range(PEOPLE - 1)])
    people = [row["id"] for row in await rows("SELECT id FROM people_person ORDER BY id")]
    pattern = await makers.make_session(course=courses[0], starts=IN_QUARTER, now=clock.now)
    await _copy("programme_session", pattern.id, [{"ref": new_ref(), "course_id": courses[n % COURSES].id} for n in range(SESSIONS - 1)])
    sessions = [row["id"] for row in await rows("SELECT id FROM programme_session ORDER BY id")]
    day = (await rows("SELECT id FROM programme_day"))[0]["id"]
    await _copy("programme_day", day, [{"uid": f"u{one}", "session_id": one} for one in sessions[1:]])
    first = await makers.make_mark(pattern, cy, agency_id=agencies[0].id)
    each = MARKS // SESSIONS
    await _copy(
        "attendance_mark",
        first.id,
        [
            {"session_id": session, "person_id": people[(place * 7 + number) % PEOPLE], "agency_id": agencies[number % 40].id}
            for place, session in enumerate(sessions)
            for number in range(each)
            if (place, (place * 7 + number) % PEOPLE) != (0, 0)
        ],
    )
    for course in courses:
        await a_change(course, answers=MARKS // COURSES, asked=MARKS // COURSES)
    began = time.perf_counter()
    frozen, _ = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.now)
    report = await report_of(frozen.ref, viewer=AT_DESK)
    assert report is not None
    document = document_of(report, config.current())
    await pdf_of(document, config.current())
    await docx_of(document)
    assert time.perf_counter() - began < SECONDS
    assert (tiles(frozen)["Sessions run"], tiles(frozen)["Attendances"]) == ("2,000", "40,000")


async def _copy(table: str, row_id: int, changes: list[dict[str, object]]) -> None:
    """As many rows like the one of that number as there are changes."""
    columns = [f'"{name}"' for name in (await rows(f"SELECT * FROM {table} WHERE id = ?", row_id))[0] if name != "id"]
    changed = list(changes[0])
    kept = [name for name in columns if name.strip('"') not in changed]
    await execute_many(
        f"INSERT INTO {table} ({', '.join([*changed, *kept])}) SELECT {', '.join(['?'] * len(changed))}, {', '.join(kept)} FROM {table}"
        f" WHERE id = {int(row_id)}",
        [tuple(one[name] for name in changed) for one in changes],
    )
