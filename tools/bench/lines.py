"""What is measured on one database: each figure of ours beside a bare one of the same moment, so that a noisy machine harms both."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

import httpx2
from tortoise.context import TortoiseContext

from marstraining.app import create_app
from marstraining.bookings.actions import book_place
from marstraining.bookings.rules import BookPlace
from marstraining.core.config import Settings
from marstraining.core.db import dialect, execute
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.programme.actions import edit_session
from marstraining.programme.actions.sessions import draft_of
from marstraining.programme.models import Course, Session, TrainingDay
from tests import makers
from tests.races.crowd import people
from tests.statements import statements
from tools.bench.line import Line, at_least, at_most
from tools.bench.load import answers_to, booking, cookie, fetched, get, rate
from tools.bench.serving import BARE, OURS, memory_of, serving

# Many short turns: a machine that is slow for some seconds is slow for both.
TURNS = 10
SECONDS = 0.4
# More than any machine answers in a turn: asked for again, a booking is only found.
BOOKINGS_A_TURN = 500
MANY_SESSIONS = 2000


async def measured(settings: Settings, db: TortoiseContext, folder: Path) -> AsyncIterator[Line]:
    """All lines of one database, which is open in this process too."""
    now = datetime.now(UTC)
    course = await makers.make_course("Child Protection")
    async for line in _statements(settings, db, course, now=now):
        yield line
    learners = await people((TURNS + 1) * BOOKINGS_A_TURN + 300, now=now)
    sessions = await _coming(course, 200, now=now)
    asha = learners[0]
    for session in sessions[:8]:
        await book_place(BookPlace(session_id=session.id, learner_id=asha), by=Viewer(person_id=asha), now=now)
    async with serving(OURS, settings, folder) as (ours, pid), _bare(settings, folder, ours, asha, sessions) as bare:
        etag = (await fetched(ours, "/calendar/programme.ics"))[0]["etag"]
        for what, path, bare_path, extra, status, wanted in (
            ("programme page, 50 of 200", "/programme", "/page", {"Accept_Encoding": "gzip"}, b"200", 0.5),
            ("feed of 200 sessions", "/calendar/programme.ics", "/feed", {}, b"200", 0.5),
            ("the feed unchanged, 304", "/calendar/programme.ics", "/empty", {"If_None_Match": etag}, b"304", 0.7),
            ("my training, signed in", "/me", "/jinja", {"Cookie": cookie(asha)}, b"200", 0.5),
        ):
            ask_bare, ask_ours = [get(bare_path)], [get(path, **extra)]
            limit_rate, our_rate = await alternately(
                lambda ask=ask_bare: rate(bare, ask, wanted=b"200", seconds=SECONDS),  # type: ignore[misc]  # bound now, on purpose
                lambda ask=ask_ours, status=status: rate(ours, ask, wanted=status, seconds=SECONDS),  # type: ignore[misc]
            )
            yield at_least(what, our_rate, limit_rate, wanted)
        asked = (booking(session.ref, learner) for session, learner in zip(cycle(sessions), learners[300:], strict=False))
        await _settled(lambda: rate(ours, list(islice(asked, BOOKINGS_A_TURN)), wanted=b"303"))
        # Turns of the same length: the best of shorter ones would be of luckier moments.
        transactions = [get(f"/transaction?n={n}") for n in range(BOOKINGS_A_TURN)]
        limit_rate, our_rate = await alternately(
            lambda: rate(bare, transactions, wanted=b"200", seconds=SECONDS),
            lambda: rate(ours, list(islice(asked, BOOKINGS_A_TURN)), wanted=b"303", seconds=SECONDS),
        )
        yield at_least("a booking with all its rules", our_rate, limit_rate, 0.35)
        yield await _crowd(course, ours, learners[100:300], now=now)
        yield at_most("memory of a web process after all this, MB", memory_of(pid), 90)
        yield await _a_change_shows(settings, folder, ours, sessions[0])


async def _settled(book: Callable[[], Awaitable[float]]) -> None:
    """Some bookings, and then the statistics that PostgreSQL takes by itself within a minute: at whatever moment, were it left to it."""
    await book()
    if dialect() == "postgres":
        await execute("ANALYZE")


async def alternately(bare: Callable[[], Awaitable[float]], ours: Callable[[], Awaitable[float]]) -> tuple[float, float]:
    """The best of some turns of each, one after the other."""
    turns = [(await bare(), await ours()) for _ in range(TURNS)]
    return max(turn[0] for turn in turns), max(turn[1] for turn in turns)


@asynccontextmanager
async def _bare(settings: Settings, folder: Path, ours: int, learner: int, sessions: Sequence[Session]) -> AsyncIterator[int]:
    """The bare application, which answers what ours was heard to answer."""
    for name, path, extra in (
        ("programme", "/programme", {"Accept_Encoding": "gzip"}),
        ("feed", "/calendar/programme.ics", {}),
        ("me", "/me", {"Cookie": cookie(learner)}),
    ):
        _, body = await fetched(ours, path, **extra)
        await asyncio.to_thread((folder / name).write_bytes, body)
    await asyncio.to_thread((folder / "sessions.json").write_text, json.dumps([session.id for session in sessions]), encoding="utf-8")
    async with serving(BARE, settings, folder) as (port, _):
        yield port


async def _coming(course: Course, count: int, *, now: datetime) -> list[Session]:
    """So many sessions with 40 places each, one a day from ten days on, for a few of them an hour later each round of a year."""
    starts = [now + timedelta(days=10 + n % 360, hours=n // 360) for n in range(count)]
    await Session.bulk_create(
        [
            Session(
                ref=new_ref(), course_id=course.id, starts_at=start, ends_at=start + timedelta(minutes=45), changed_at=now,
                state="published", delivery="in person", capacity=40, published_at=now,
            )
            for start in starts
        ]
    )  # fmt: skip
    made = await Session.filter(course_id=course.id).order_by("-id").limit(count)
    await TrainingDay.bulk_create(
        [
            TrainingDay(
                session_id=session.id, uid=new_ref(), day=session.starts_at.date(), starts=f"{session.starts_at:%H:%M}",
                ends=f"{session.ends_at:%H:%M}", starts_at=session.starts_at, ends_at=session.ends_at, changed_at=now,
            )
            for session in made
        ]
    )  # fmt: skip
    return sorted(made, key=lambda session: session.id)


async def _statements(settings: Settings, db: TortoiseContext, course: Course, *, now: datetime) -> AsyncIterator[Line]:
    """The statements of the programme page at 20 and at 2,000 sessions, and how long the page takes to make then."""
    app = create_app(settings, connect_database=False, is_watching=False)
    counts: list[int] = []
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=settings.base_url) as http:
        for more in (20, MANY_SESSIONS - 20):
            await _coming(course, more, now=now)
            async with statements(db) as heard:
                began = time.perf_counter()
                (await http.get("/programme")).raise_for_status()
                took = time.perf_counter() - began
            counts.append(len(heard))
    yield at_most("statements of the programme page at 2,000 sessions, as at 20", counts[1], counts[0])
    yield at_most("making the programme page of 2,000 sessions, seconds", took, 0.5)
    await TrainingDay.filter(session__course_id=course.id).delete()
    await Session.filter(course_id=course.id).delete()


async def _crowd(course: Course, port: int, learners: Sequence[int], *, now: datetime) -> Line:
    """Two hundred people at fifty places, all at once."""
    fifty = await makers.make_session(course=course, now=now, starts=now + timedelta(days=400), capacity=50)
    answers, took = await answers_to(port, [booking(fifty.ref, person) for person in learners], connections=len(learners))
    if answers != {b"303": 50, b"422": len(learners) - 50}:
        raise RuntimeError(f"not 50 of {len(learners)}: {dict(answers)}")
    return at_most("200 attempts on 50 places, seconds", took, 2.0)


async def _a_change_shows(settings: Settings, folder: Path, port: int, session: Session) -> Line:
    """Seconds until a change made in this process shows in two others, both of which had the page kept."""
    async with serving(OURS, settings, folder) as (second, _):
        path, title = f"/sessions/{session.ref}", f"A new title {new_ref()}"
        await asyncio.sleep(1.2)
        for web in (port, second):
            await fetched(web, path)
        stored = await Session.get(id=session.id)
        await edit_session(session.id, replace(draft_of(stored), title=title), by=SYSTEM, now=datetime.now(UTC))
        began = time.perf_counter()
        waiting = [port, second]
        while waiting and time.perf_counter() - began < 10:
            waiting = [web for web in waiting if title.encode() not in (await fetched(web, path))[1]]
            await asyncio.sleep(0.02)
        return at_most("a change of the desk in every process, seconds", time.perf_counter() - began, 2.0)
