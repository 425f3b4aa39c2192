"""Fills an empty database with the reference case, through the public imports, and with what is invented around it."""

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from marstraining.attendance.actions import import_attendance
from marstraining.core.clock import local
from marstraining.core.imports import ImportOutcome, Row
from marstraining.core.spreadsheet import read_file
from marstraining.core.viewer import SYSTEM
from marstraining.coverage.actions import seed_rules
from marstraining.demo import writing
from marstraining.demo.booked import plan_bookings
from marstraining.demo.doing import Done, act
from marstraining.demo.earlier import EARLIER, write_earlier_sessions
from marstraining.demo.feedback import write_feedback
from marstraining.demo.invent import invent_people, invent_settings
from marstraining.demo.learnt import invent_history, newcomers
from marstraining.demo.letters import write_letters
from marstraining.demo.library import write_library
from marstraining.demo.licensed import begin_digest, long_ago_rows, write_use
from marstraining.demo.past import PastSession, attendance_rows
from marstraining.demo.registers import imported_rows, lock_imported, open_registers
from marstraining.demo.reported import take_reports
from marstraining.demo.upcoming import upcoming_programme
from marstraining.evaluation.actions import put_ready_surveys
from marstraining.people.actions import import_agencies
from marstraining.people.models import Agency
from marstraining.programme.actions import import_courses, import_sessions
from marstraining.programme.models import Session
from marstraining.resources.actions import import_resources
from marstraining.search.actions import seed_lexicon

REFERENCE = Path(__file__).parent / "reference"
SEED = 202223
_SURVEYS_SINCE = timedelta(days=400)

Report = Callable[[str], None]
_Import = Callable[..., Awaitable[ImportOutcome]]
_FILES: tuple[tuple[str, _Import], ...] = (
    ("agencies.csv", partial(import_agencies, dry_run=False)),
    ("courses.csv", import_courses),
    ("sessions_2022_23.csv", import_sessions),
    ("sessions_upcoming.csv", import_sessions),
    ("resources.csv", import_resources),
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
    await seed_lexicon(now=now)
    await put_ready_surveys(now=now - _SURVEYS_SINCE)
    report("Inventing settings and people")
    domains = {row["code"]: row["email_domain"] for row in await Agency.all().values("code", "email_domain")}
    settings = invent_settings(rng)
    people = invent_people(rng, settings, domains)
    await writing.write_settings(settings)
    ids = await writing.write_people(people, now=now)
    await writing.write_new_organisation(next(ids[person.ref] for person in people if person.agency == "VANL"))
    report("Marking who attended")
    came = attendance_rows(rng, await _named_sessions(), people)
    await _import(import_attendance, came, now=now)
    learnt = invent_history(rng, people, until=today)
    await writing.write_newcomers([ids[ref] for ref in newcomers(people, came, learnt)], today=today)
    await _import(import_attendance, learnt.rows, now=now)
    await writing.write_elsewhere(learnt.elsewhere, people=ids, now=now)
    report("Planning the upcoming programme and its bookings")
    courses = await writing.write_courses(now=now)
    venues = await writing.write_venues(now=now)
    planned = upcoming_programme(rng, today, people, at=local(now).time())
    sessions = await writing.write_sessions(rng, planned, people=ids, courses=courses, venues=venues, now=now, today=today)
    bookings = plan_bookings(rng, planned, people, learnt, now=now)
    await writing.write_bookings(rng, bookings, people=ids, sessions=sessions)
    await _import(import_attendance, imported_rows(bookings, today), now=now)
    await lock_imported(now=now)
    await write_feedback(rng, now=now)
    await _import(import_attendance, long_ago_rows(people, until=today), now=now)
    await write_use(now=now)
    await begin_digest(next(ids[person.ref] for person in people if person.sign_in == "agency_lead"), now=now)
    await open_registers(rng, bookings, people=ids, sessions=sessions)
    await act(Done(planned, bookings, people, ids, sessions), now=now)
    await write_letters(now=now)
    report("Filling the library")
    # Chance of its own, so that what is invented above stays what it was.
    await write_library(random.Random(seed), now=now)  # noqa: S311 - as above
    report("Asking again three months later")
    await write_earlier_sessions(
        random.Random(seed),  # noqa: S311 - as above
        people,
        learnt,
        booked={one.learner.ref for one in bookings if one.session.course in EARLIER} | set(newcomers(people, came, learnt)),
        ids=ids,
        courses=courses,
        venues=venues,
        today=today,
        now=now,
    )
    report("Taking reports for the board")
    await take_reports(now=now)


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
