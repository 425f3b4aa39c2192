"""Sessions of the months before the plan, long enough ago that people and their managers were asked again three months later."""

import random
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from marstraining.attendance.models import Mark, Register
from marstraining.bookings.rules import BookingState
from marstraining.core.db import execute
from marstraining.core.viewer import SYSTEM
from marstraining.core.working_time import WorkingCalendar
from marstraining.demo import writing
from marstraining.demo.booked import PlannedBooking, plan_bookings
from marstraining.demo.feedback import write_later_feedback
from marstraining.demo.invent import Invented, reference
from marstraining.demo.learnt import Learnt
from marstraining.demo.upcoming import PlannedSession
from marstraining.evaluation.actions import close_surveys, switch_managers
from marstraining.programme.models import Session

# Course, begin, end, venue and how it is given, in turn; one session every so many days.
_RUN = (
    ("CP", time(9, 30), time(15, 30), "riverside", "in person", 24),
    ("EHPP", time(9, 30), time(12, 30), "teams", "online", 30),
    ("CPVA", time(13), time(15, 30), "teams", "online", 20),
    ("CP", time(9, 30), time(15, 30), "station", "in person", 22),
    ("EHPP", time(13), time(16), "teams", "online", 26),
    ("CPVA", time(10), time(12, 30), "teams", "online", 18),
)
EARLIER = frozenset(course for course, *_ in _RUN)
_MANAGERS_OF = ("CP", "EHPP")
_FIRST, _LAST, _EVERY = 300, 104, 12
_ABSENT_EVERY, _PARTIAL_EVERY = 13, 31
_CALENDAR = WorkingCalendar()


async def write_earlier_sessions(
    rng: random.Random,
    people: Sequence[Invented],
    learnt: Learnt,
    *,
    booked: Collection[str],
    ids: Mapping[str, int],
    courses: Mapping[str, int],
    venues: Mapping[str, int],
    today: date,
    now: datetime,
) -> None:
    """With bookings, locked registers and closed surveys of every kind; of people who are `booked` on nothing of the plan."""
    free = [one for one in people if one.ref not in booked and not one.sign_in]
    planned = [_planned(rng, number, today, people) for number in range((_FIRST - _LAST) // _EVERY + 1)]
    sessions = await writing.write_sessions(rng, planned, people=ids, courses=courses, venues=venues, now=now, today=today)
    bookings = plan_bookings(rng, planned, free, learnt, now=now)
    await writing.write_bookings(rng, bookings, people=ids, sessions=sessions)
    await _write_registers(bookings, people=ids, sessions=sessions)
    # Published when they were planned, so that they are no news.
    await execute("UPDATE programme_session SET changed_at = starts_at WHERE starts_at < ?", now - timedelta(days=_LAST - 14))
    for code in _MANAGERS_OF:
        await switch_managers(code, is_on=True, by=SYSTEM, now=now - timedelta(days=_FIRST))
    held = await Session.filter(id__in=[sessions[one.ref] for one in planned]).order_by("starts_at").values_list("id", flat=True)
    await write_later_feedback(rng, [int(str(one)) for one in held], now=now)
    # The worker would do it too; the board's reports, which are taken next, are to hold it.
    while await close_surveys(now=now):
        pass


def _planned(rng: random.Random, number: int, today: date, people: Sequence[Invented]) -> PlannedSession:
    course, starts, ends, venue, delivery, taken = _RUN[number % len(_RUN)]
    day = today - timedelta(days=_FIRST - number * _EVERY)
    while not _CALENDAR.is_working_day(day):
        day -= timedelta(days=1)
    trainers = [one for one in people if course in one.trains]
    return PlannedSession(
        ref=reference(rng),
        course=course,
        days=(day,),
        starts=starts,
        ends=ends,
        venue=venue,
        delivery=delivery,
        capacity=taken + 6,
        room=None,
        online=None,
        taken=taken,
        waiting=0,
        trainers=tuple(rng.sample(trainers, min(2, len(trainers)))),
    )


async def _write_registers(bookings: Sequence[PlannedBooking], *, people: Mapping[str, int], sessions: Mapping[str, int]) -> None:
    agencies = await writing.agencies_by_code()
    marks, registers = [], {}
    for number, one in enumerate(bookings, start=2):
        if one.state != BookingState.CONFIRMED:
            continue
        session = sessions[one.session.ref]
        locked_at = one.session.ends_at + timedelta(hours=20)
        registers[session] = Register(session_id=session, opened_at=one.session.starts_at - timedelta(minutes=20), locked_at=locked_at)
        word = "absent" if number % _ABSENT_EVERY == 0 else "partial" if number % _PARTIAL_EVERY == 0 else "attended"
        marks.append(
            Mark(
                session_id=session,
                person_id=people[one.learner.ref],
                agency_id=agencies[one.learner.agency],
                mark=word,
                evidence="manual",
                at=one.session.starts_at,
                by_id=people[one.session.trainers[0].ref] if one.session.trainers else None,
            )
        )
    await Register.bulk_create(registers.values())
    await Mark.bulk_create(marks)
