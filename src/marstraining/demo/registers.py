"""Registers of the demo: those of the past weeks are locked, the latest are open, with some checked in and some not marked yet."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from marstraining.attendance.actions import lock_register
from marstraining.attendance.models import Mark, Register
from marstraining.bookings.rules import BookingState
from marstraining.core.imports import Row
from marstraining.core.viewer import SYSTEM
from marstraining.demo.booked import PlannedBooking
from marstraining.people.models import Agency
from marstraining.programme.models import Session

_BY_REGISTER = "marked"
_LOCKED_SINCE = timedelta(days=90)
_ABSENT_EVERY, _EXCUSED_EVERY = 17, 29


def imported_rows(bookings: Sequence[PlannedBooking], today: date) -> list[Row]:
    """Who of those booked came to the sessions of the last weeks whose register was imported: all but one or two of each."""
    held = [
        one
        for one in bookings
        if one.session.days[-1] < today and one.state == BookingState.CONFIRMED and _BY_REGISTER not in one.session.flags
    ]
    rows = []
    for number, one in enumerate(held, start=2):
        cells = {
            "email": one.learner.email or "",
            "name": one.learner.name,
            "agency": one.learner.agency,
            "course": one.session.course,
            "date": one.session.days[0].isoformat(),
            "mark": _word(number),
            "provenance": "register",
        }
        rows.append(Row(number, cells))
    return rows


def _word(number: int) -> str:
    return "did not attend" if number % _ABSENT_EVERY == 0 else "apologies" if number % _EXCUSED_EVERY == 0 else "attended"


async def lock_imported(*, now: datetime) -> None:
    """Lock them, so that certificates go out and the ledger holds who was missed."""
    held = Session.filter(ends_at__gt=now - _LOCKED_SINCE, ends_at__lt=now, state="published", is_headcount_only=False)
    imported = {row["session_id"] for row in await Mark.filter(evidence="imported").distinct().values("session_id")}
    for session in await held.order_by("ends_at"):
        if session.id in imported:
            await lock_register(session.id, by=SYSTEM, now=min(now, session.ends_at + timedelta(days=1)))


async def open_registers(
    rng: random.Random, bookings: Sequence[PlannedBooking], *, people: Mapping[str, int], sessions: Mapping[str, int]
) -> None:
    """Open the registers of the plan's `marked` sessions: so many are marked, by QR code and by the trainer, the others not yet."""
    agencies = {row["code"]: row["id"] for row in await Agency.all().values("code", "id")}
    booked: dict[str, list[PlannedBooking]] = {}
    for one in bookings:
        if one.state == BookingState.CONFIRMED and int(one.session.flags.get(_BY_REGISTER, 0)):
            booked.setdefault(one.session.ref, []).append(one)
    marks, registers = [], []
    for ref, those in booked.items():
        session = those[0].session
        registers.append(Register(session_id=sessions[ref], opened_at=session.starts_at - timedelta(minutes=20)))
        number = int(session.flags[_BY_REGISTER])
        for index, one in enumerate(rng.sample(those, number)):
            # Of a register taken to its end the last two did not come.
            is_missing = number > len(those) // 2 and index >= number - 2
            by_hand = is_missing or rng.random() < 0.3
            learner = people[one.learner.ref]
            marks.append(
                Mark(
                    session_id=sessions[ref],
                    person_id=learner,
                    agency_id=agencies[one.learner.agency],
                    mark=("excused" if index == number - 1 else "absent") if is_missing else "attended",
                    reason="sickness" if is_missing and index == number - 1 else "",
                    evidence="manual" if by_hand else "qr",
                    at=session.starts_at + timedelta(minutes=rng.randint(-15, 10)),
                    by_id=people[session.trainers[0].ref] if by_hand else learner,
                )
            )
    await Register.bulk_create(registers)
    await Mark.bulk_create(marks)
