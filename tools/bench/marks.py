"""Half a million marks: no page asks more of the database for them, a booking takes hardly longer, and files leave as fast as ever."""

import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx2
from tortoise.context import TortoiseContext

from marstraining.app import create_app
from marstraining.attendance.queries.exports import Filters, export_of
from marstraining.bookings.actions import book_place
from marstraining.bookings.rules import BookPlace
from marstraining.core.config import Settings
from marstraining.core.db import execute
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.core.web import Column
from marstraining.core.web.exports import streamed
from marstraining.people.actions.signing_in import Browser, open_sign_in
from marstraining.people.models import Person
from marstraining.programme.models import Session, SessionTrainer, TrainingDay
from tests import makers
from tests.races.crowd import people
from tests.statements import statements
from tools.bench.line import Line, at_most

SESSIONS = 2000
MARKED = 250
BOOKINGS = 100
_PAGES = ("/programme", "/me", "/desk", "/desk/sessions", "/desk/people", "/desk/exports", "/desk/history")


async def with_marks(settings: Settings, db: TortoiseContext) -> AsyncIterator[Line]:
    """The lines of half a million marks, on the database that the others were measured on."""
    now = datetime.now(UTC)
    course = await makers.make_course("Child Protection, held often")
    dee = await makers.make_person("Dee Ward", roles=(Role.DESK, Role.TRAINER))
    held = await makers.make_session(course=course, now=now, starts=now - timedelta(days=2), delivery="online")
    await SessionTrainer.create(session=held, person=dee, state="accepted", asked_at=now)
    pages = (*_PAGES, f"/desk/sessions/{held.ref}", f"/desk/sessions/{held.ref}/reports", f"/teaching/{held.ref}/reports")
    coming = await makers.make_session(course=course, now=now, starts=now + timedelta(days=500), capacity=10 * BOOKINGS)
    learners = await people(6 * BOOKINGS, now=now)
    before = await _statements(settings, db, dee, pages)
    fastest_before = min([await _bookings(coming, learners[turn * BOOKINGS :][:BOOKINGS], now=now) for turn in range(3)])
    await _mark_half_a_million(course.id, now=now)
    after = await _statements(settings, db, dee, pages)
    fastest_after = min([await _bookings(coming, learners[turn * BOOKINGS :][:BOOKINGS], now=now) for turn in range(3, 6)])
    yield at_most("statements of ten pages with 500,000 marks, as without", after, before)
    yield at_most("a booking with 500,000 marks, its time without once", fastest_after / fastest_before, 1.5)
    for ending in ("csv", "xlsx"):
        first, whole = await _exported(ending, course.code, now=now)
        yield at_most(f"first byte of 5,000 rows of a register as {ending.upper()}, seconds", first, 0.3)
        yield at_most(f"5,000 rows of a register as {ending.upper()}, seconds", whole, 1.0)


async def _statements(settings: Settings, db: TortoiseContext, dee: Person, pages: Sequence[str]) -> int:
    app = create_app(settings, connect_database=False, is_watching=False)
    now = datetime.now(UTC)
    opened = await open_sign_in(dee.id, browser=Browser(device="bench"), now=now)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=settings.base_url) as http:
        http.cookies.set("sid", opened.token)
        for path in pages:
            (await http.get(path)).raise_for_status()
        async with statements(db) as heard:
            for path in pages:
                (await http.get(path)).raise_for_status()
    return len(heard)


async def _bookings(session: Session, learners: Sequence[int], *, now: datetime) -> float:
    began = time.perf_counter()
    for learner in learners:
        await book_place(BookPlace(session_id=session.id, learner_id=learner), by=Viewer(person_id=learner), now=now)
    return (time.perf_counter() - began) / len(learners)


async def _mark_half_a_million(course_id: int, *, now: datetime) -> None:
    """Sessions of three years, 250 marks each, of people who are nobody else's."""
    nine = now.replace(hour=9, minute=0)
    starts = [nine - timedelta(days=1000 - n // 2) + timedelta(hours=n % 2 * 4) for n in range(SESSIONS)]
    await Session.bulk_create(
        [
            Session(
                ref=new_ref(), course_id=course_id, starts_at=start, ends_at=start + timedelta(hours=3), changed_at=now,
                state="published", delivery="online", published_at=now, title="Marked",
            )
            for start in starts
        ]
    )  # fmt: skip
    sessions = await Session.filter(course_id=course_id, title="Marked").order_by("id")
    await TrainingDay.bulk_create(
        [
            TrainingDay(
                session_id=session.id, uid=new_ref(), day=session.starts_at.date(), starts=f"{session.starts_at:%H:%M}",
                ends=f"{session.ends_at:%H:%M}", starts_at=session.starts_at, ends_at=session.ends_at, changed_at=now,
            )
            for session in sessions
        ]
    )  # fmt: skip
    await Person.bulk_create([Person(ref=new_ref(), name=f"Marked {n}", created_at=now) for n in range(MARKED)])
    await execute(
        'INSERT INTO attendance_mark (session_id, person_id, mark, minutes, evidence, reason, arrived, "left", taken_as, at)'
        " SELECT s.id, p.id, 'attended', 170, 'manual', '', '', '', 'learner', s.changed_at FROM programme_session s"
        " CROSS JOIN people_person p WHERE s.title = 'Marked' AND p.name LIKE 'Marked %'"
    )
    await execute("ANALYZE")


async def _exported(ending: str, course: str, *, now: datetime) -> tuple[float, float]:
    """Seconds to the first byte and to the last of 5,000 rows, the fastest of three."""
    tries = []
    days = (now - timedelta(days=500)).date(), (now - timedelta(days=491)).date()
    for _ in range(3):
        began = time.perf_counter()
        export = await export_of("register", Filters(course=course, first=days[0], last=days[1]), viewer=SYSTEM, now=now)
        if export.total != SESSIONS // 100 * MARKED:
            raise RuntimeError(f"not 5,000 rows: {export.total}")
        parts = streamed(ending, "register", [Column(name, name) for name in export.columns], export.batches())
        first = 0.0
        async for part in parts:
            first = first or (time.perf_counter() - began if part else 0.0)
        tries.append((first, time.perf_counter() - began))
    return min(first for first, _ in tries), min(whole for _, whole in tries)
