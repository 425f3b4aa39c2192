"""Fills an empty database with the reference case, through the public imports, and with what is invented around it."""

import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from marstraining.attendance.actions import import_attendance
from marstraining.attendance.models import Mark, Register
from marstraining.bookings.rules import BookingState
from marstraining.core.clock import local
from marstraining.core.imports import ImportOutcome, Row
from marstraining.core.spreadsheet import read_file
from marstraining.core.viewer import SYSTEM
from marstraining.coverage.actions import seed_rules
from marstraining.demo import writing
from marstraining.demo.booked import PlannedBooking, plan_bookings
from marstraining.demo.feedback import write_feedback
from marstraining.demo.invent import invent_people, invent_settings
from marstraining.demo.letters import write_letters
from marstraining.demo.past import PastSession, attendance_rows, earlier_rows
from marstraining.demo.upcoming import upcoming_programme
from marstraining.people.actions import import_agencies
from marstraining.people.models import Agency
from marstraining.programme.actions import import_courses, import_sessions
from marstraining.programme.models import Session

REFERENCE = Path(__file__).parent / "reference"
SEED = 202223

Report = Callable[[str], None]
_Import = Callable[..., Awaitable[ImportOutcome]]
_FILES: tuple[tuple[str, _Import], ...] = (
    ("agencies.csv", partial(import_agencies, dry_run=False)),
    ("courses.csv", import_courses),
    ("sessions_2022_23.csv", import_sessions),
    ("sessions_upcoming.csv", import_sessions),
)


async def fill(*, now: datetime, report: Report, seed: int = SEED) -> None:
    """Everything of the demo, the same from the same seed on the same day. The open database must be migrated and empty.

    Attendances of the reference year equal its published figures; the upcoming programme is counted from `now`.
    """
    rng = random.Random(seed)  # noqa: S311 - nothing secret comes from it
    today = local(now).date()
    report("Importing the reference case")
    for name, action in _FILES:
        await _import(action, reference_rows(name), now=now)
    await seed_rules(now=now)
    report("Inventing settings and people")
    domains = {row["code"]: row["email_domain"] for row in await Agency.all().values("code", "email_domain")}
    settings = invent_settings(rng)
    people = invent_people(rng, settings, domains)
    await writing.write_settings(settings)
    ids = await writing.write_people(people, now=now)
    await writing.write_new_organisation(next(ids[person.ref] for person in people if person.agency == "VANL"))
    report("Marking who attended")
    await _import(import_attendance, attendance_rows(rng, await _named_sessions(), people), now=now)
    earlier = earlier_rows(rng, people, until=today)
    await _import(import_attendance, earlier, now=now)
    report("Planning the upcoming programme and its bookings")
    courses = await writing.write_courses(now=now)
    venues = await writing.write_venues(now=now)
    planned = upcoming_programme(rng, today, people)
    sessions = await writing.write_sessions(rng, planned, people=ids, courses=courses, venues=venues, now=now, today=today)
    bookings = plan_bookings(rng, planned, people, learnt_by_course(earlier), now=now)
    await writing.write_bookings(rng, bookings, people=ids, sessions=sessions)
    await _import(import_attendance, _recent_rows(bookings, today), now=now)
    await _lock_registers(now=now)
    await write_feedback(rng, now=now)
    await write_letters(now=now)


def reference_rows(name: str) -> tuple[Row, ...]:
    """The rows of one file of the reference case, whose headings are all known."""
    data = (REFERENCE / name).read_bytes()
    rows, faults = read_file(data, dict.fromkeys(data.decode().splitlines()[0].split(","), False))
    if faults:
        raise RuntimeError(f"{name} cannot be read: {faults[0]}")
    return rows


async def _import(action: _Import, rows: Sequence[Row], *, now: datetime) -> None:
    outcome = await action(rows, by=SYSTEM, now=now)
    if outcome.faults:
        raise RuntimeError(f"the demo's own data does not import: {'; '.join(str(fault) for fault in outcome.faults[:3])}")


async def _lock_registers(*, now: datetime) -> None:
    """Lock the registers of the last weeks, so that their certificates go out; the latest is left for somebody to lock."""
    held = Session.filter(ends_at__gt=now - timedelta(days=90), ends_at__lt=now, state="published", is_headcount_only=False)
    marked = {row["session_id"] for row in await Mark.all().distinct().values("session_id")}
    ended = [session for session in await held.order_by("ends_at") if session.id in marked]
    await Register.bulk_create(
        [Register(session_id=one.id, opened_at=one.starts_at, locked_at=min(now, one.ends_at + timedelta(days=1))) for one in ended[:-1]]
    )


async def _named_sessions() -> list[PastSession]:
    """Sessions of the reference case whose number of people is published and whose names are held."""
    found = (
        await Session.filter(code__isnull=False, counted_as="named", imported_headcount__isnull=False)
        .order_by("starts_at")
        .values("course__code", "starts_at", "ends_at", "imported_headcount")
    )
    return [
        PastSession(
            course=row["course__code"],
            day=local(row["starts_at"]).date(),
            attended=row["imported_headcount"],
            minutes=int((row["ends_at"] - row["starts_at"]).total_seconds() // 60),
        )
        for row in found
    ]


def learnt_by_course(rows: Sequence[Row]) -> dict[str, set[str]]:
    learnt: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        learnt[row.cells["course"]].add(row.cells["email"])
    return learnt


def _recent_rows(bookings: Sequence[PlannedBooking], today: date) -> list[Row]:
    """Who of those booked came to the sessions of the last weeks: all but one or two of each."""
    held = [one for one in bookings if one.session.days[-1] < today and one.state == BookingState.CONFIRMED]
    rows = []
    for number, one in enumerate(held, start=2):
        mark = "did not attend" if number % 17 == 0 else "apologies" if number % 29 == 0 else "attended"
        cells = {
            "email": one.learner.email or "",
            "name": one.learner.name,
            "agency": one.learner.agency,
            "course": one.session.course,
            "date": one.session.days[0].isoformat(),
            "mark": mark,
            "provenance": "register",
        }
        rows.append(Row(number, cells))
    return rows
