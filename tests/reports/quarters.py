"""A quarter with two courses, three organisations and a session of which only a number is held."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from marstraining.bookings.models import Booking
from marstraining.core.db import execute
from marstraining.core.tokens import new_nonce, new_ref
from marstraining.core.viewer import Role, Viewer
from marstraining.evaluation.statistics import summarise
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session
from marstraining.reports.document import Grid, Section, Text, Tiles, read_section
from marstraining.reports.queries import Frozen
from marstraining.reports.rules import MeetingDraft, Period
from tests import makers

AT_DESK = Viewer(person_id=None, roles=frozenset({Role.DESK}))
IN_QUARTER = datetime.fromisoformat("2025-11-05T09:30:00+00:00")
QUARTER = Period(2025, 3)


def a_meeting(**changes: Any) -> MeetingDraft:
    """A meeting on Friday 27 March 2026 on the quarter, its paper due on the 18th, its cut-off on Wednesday the 11th."""
    draft = MeetingDraft(
        meets_on=date(2026, 3, 27), paper_due_on=date(2026, 3, 18), cut_off_on=date(2026, 3, 11), period=QUARTER, place="Civic Centre"
    )
    return replace(draft, **changes)


@dataclass
class Held:
    """What was made: the courses by their sessions, and the people."""

    course: Course
    briefing: Course
    sessions: list[Session]
    people: list[Person]


async def a_quarter(now: datetime, *, code: str = "CP") -> Held:
    """Two sessions of a course and a briefing counted as a number; one came to both sessions, one did not come."""
    school, police = await makers.make_agency("Isle School"), await makers.make_agency("Isle Police", sector="Police", code="IPOL")
    await makers.make_agency("Isle Probation", sector="Probation")
    people = [await makers.make_person(f"Person {number}", agency=school if number < 3 else police) for number in range(5)]
    course = await makers.make_course("Child Protection", code=code)
    briefing = await makers.make_course("Briefing", code="BR", kind="briefing")
    first = await makers.make_session(course=course, starts=IN_QUARTER, now=now, days=2)
    second = await makers.make_session(course=course, starts=IN_QUARTER + timedelta(days=14), now=now)
    counted = await makers.make_session(
        course=briefing, starts=IN_QUARTER + timedelta(days=20), now=now, imported_headcount=30, counted_as="headcount", capacity=50
    )
    for person in people[:4]:
        await makers.make_mark(first, person, agency_id=school.id if person in people[:3] else police.id)
    await makers.make_mark(second, people[0], agency_id=school.id)
    await makers.make_mark(second, people[4], "absent", agency_id=police.id)
    return Held(course, briefing, [first, second, counted], people)


async def a_booking(session: Session, person: Person, state: str = "confirmed", **columns: Any) -> Booking:
    """Somebody's booking of a session that is over."""
    return await Booking.create(
        ref=new_ref(), session=session, learner=person, state=state, joined_at=makers.LONG_AGO, nonce=new_nonce(), check_in_code="1",
        created_at=makers.LONG_AGO, changed_at=makers.LONG_AGO, **columns,
    )  # fmt: skip


async def a_change(
    course: Course,
    *,
    answers: int,
    asked: int,
    by: int = 2,
    quarter: str = "2025/26 Q3",
    pairs: Sequence[tuple[float, float]] = (),
    scale: tuple[float, float] = (0, 10),
) -> None:
    """The frozen summary of a course's feedback in the quarter, of these pairs or of as many as there are answers."""
    pairs = pairs or [(3 + number % 3, 3 + number % 3 + by + number % 2) for number in range(answers)]
    answers = len(pairs)
    measures = json.dumps({"course": asdict(summarise(pairs, scale, asked))})
    await execute(
        "INSERT INTO evaluation_summary (scope, course_id, quarter, step, is_current, answers, asked, surveys, measures)"
        " VALUES ('quarter', ?, ?, 1, ?, ?, ?, 1, ?)",
        course.id, quarter, True, answers, asked, measures,
    )  # fmt: skip


async def a_later_block(*, answers: int, asked: int, kind: str = "follow_up", quarter: str = "2025/26 Q3") -> None:
    """What a block of follow-ups, or of managers' answers, was frozen as."""
    used = [["Yes, with a family", answers - 6], ["Not yet", 4], ["I had no opportunity", 2]]
    questions = [{"question": "used", "text": "Have you used it?", "measure": "used", "counts": used, "answers": answers}]
    if kind == "follow_up":
        barriers = [["Nothing", answers - 8], ["Time", 8]]
        questions.append({"question": "barriers", "text": "In the way?", "measure": "barriers", "counts": barriers, "answers": answers})
    spread = {"counts": {"4 to 6": 10, "7 to 8": answers - 10}, "answers": answers}
    measures = json.dumps({"questions": questions, "now": spread, "end": spread})
    await execute(
        "INSERT INTO evaluation_block (kind, quarter, answers, asked, surveys, measures) VALUES (?, ?, ?, ?, 1, ?)",
        kind, quarter, answers, asked, measures,
    )  # fmt: skip


def sections(frozen: Frozen) -> dict[str, Section]:
    return {one.number: one for one in (read_section(plain) for plain in frozen.content["sections"])}


def tiles(frozen: Frozen) -> dict[str, str]:
    return {tile.label: tile.value for block in sections(frozen)["1"].blocks if isinstance(block, Tiles) for tile in block.tiles}


def grid(frozen: Frozen, number: str, place: int = 0) -> list[dict[str, str]]:
    """The rows of a table of a page, each by its headings."""
    found = [block for block in sections(frozen)[number].blocks if isinstance(block, Grid)][place]
    return [dict(zip(found.heads, row, strict=True)) for row in found.rows]


def said(frozen: Frozen, number: str) -> list[str]:
    return [block.text for block in sections(frozen)[number].blocks if isinstance(block, Text)]
