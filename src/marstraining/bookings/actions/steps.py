"""Steps that the verbs of bookings share; each runs inside the caller's transaction, after it took hold of the session."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from marstraining.bookings import rules
from marstraining.bookings.letters import Subject
from marstraining.bookings.queries import counted
from marstraining.bookings.queries.entries import DayEntry, day_entries
from marstraining.bookings.rules import BookPlace
from marstraining.core import config, tokens
from marstraining.core.db import execute, rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.core.working_time import WorkingCalendar
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter


@frozen
class Booked:
    """The booking that a verb leaves behind; `was_there` when it existed already and nothing was done."""

    id: int
    ref: str
    state: str
    was_there: bool = False


def working_calendar() -> WorkingCalendar:
    """Working days and hours as the partnership file has them."""
    return config.current().partnership.working_calendar


def school_holidays() -> tuple[tuple[date, date], ...]:
    """First and last days of the school holidays, which stop the clock of offers to education learners."""
    return config.current().partnership.calendar.school_holidays


def offer_hours() -> rules.OfferHours:
    """How long offers last, in working hours, as the partnership file has it."""
    booking = config.current().partnership.booking
    return rules.OfferHours(far_off=booking.offer_hours_far_off, middle=booking.offer_hours_middle, near=booking.offer_hours_near)


def new_code() -> str:
    """A check-in code of six digits, typed on a phone at the door."""
    return f"{secrets.randbelow(10**6):06}"


@frozen
class NewBooking:
    """What a booking's row takes beside its order; `id` is the next one, as read under the lock."""

    id: int
    state: str
    mode: str
    agency_id: int | None
    job_role: str
    joined_at: datetime


async def insert_booking(order: BookPlace, new: NewBooking, *, by: Viewer, now: datetime) -> Subject:
    """Write a booking and its first transition; the unique index over live states refuses a second one for the same learner."""
    ref, nonce, code = tokens.new_ref(), tokens.new_nonce(), new_code()
    await execute(
        "INSERT INTO bookings_booking (id, ref, session_id, learner_id, agency_id, job_role, state, mode, standby, priority, joined_at,"
        " made_by_id, version, nonce, check_in_code, mobile, answers, terms_version, manager_name, manager_email, created_at, changed_at,"
        " revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
        new.id, ref, order.session_id, order.learner_id, new.agency_id, new.job_role, new.state, new.mode, order.standby, new.joined_at,
        by.person_id, nonce, code, order.mobile, json.dumps(dict(order.answers)), order.terms_version, order.manager_name,
        order.manager_email, now, now,
    )  # fmt: skip
    await insert_transition(new.id, from_state="", to_state=new.state, by=by, now=now)
    return Subject(booking_id=new.id, booking_ref=ref, version=1, nonce=nonce, check_in_code=code, mode=new.mode)


async def insert_transition(
    booking_id: int, *, from_state: str, to_state: str, by: Viewer, now: datetime, reason: str = "", notice_hours: float | None = None
) -> None:
    """Append one change of state."""
    await execute(
        "INSERT INTO bookings_transition (booking_id, from_state, to_state, by_id, by_role, at, reason, notice_hours)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        booking_id, from_state, to_state, by.person_id, by.acting_role, now, reason, notice_hours,
    )  # fmt: skip


async def change_state(
    booking_id: int,
    *,
    from_state: str,
    to_state: str,
    by: Viewer,
    now: datetime,
    reason: str = "",
    notice_hours: float | None = None,
    columns: Mapping[str, object] | None = None,
) -> Subject | None:
    """Change a booking's state where the old one still holds; None, and nothing written, where somebody else was first."""
    sets = "".join(f", {name} = ?" for name in columns or {})
    found = await rows(
        f"UPDATE bookings_booking SET state = ?, version = version + 1, revision = revision + 1, changed_at = ?{sets}"
        " WHERE id = ? AND state = ? RETURNING id, ref, version, nonce, check_in_code, mode",
        to_state, now, *(columns or {}).values(), booking_id, from_state,
    )  # fmt: skip
    if not found:
        return None
    await insert_transition(booking_id, from_state=from_state, to_state=to_state, by=by, now=now, reason=reason, notice_hours=notice_hours)
    return subject_of(found[0])


def subject_of(row: Mapping[str, Any]) -> Subject:
    """A returned booking row as the subject of a letter."""
    return Subject(
        booking_id=row["id"],
        booking_ref=row["ref"],
        version=row["version"],
        nonce=row["nonce"],
        check_in_code=row["check_in_code"],
        mode=row["mode"],
    )


async def send(letter: Letter | None, *, days: Mapping[int, Sequence[DayEntry]], is_cancelled: bool, now: datetime) -> None:
    """Queue a letter, if there is one, and remember the calendar entries it carries."""
    if letter is None:
        return
    await queue_letter(letter, now=now)
    if letter.calendar:
        sent = {person_id: carried(letter, own_days) for person_id, own_days in days.items()}
        await remember_entries(sent, is_cancelled=is_cancelled, now=now)


def carried(letter: Letter, days: Sequence[DayEntry]) -> list[DayEntry]:
    """The days whose entries a letter carries."""
    uids = {item.uid for item in letter.calendar}
    return [day for day in days if day.uid in uids]


async def remember_entries(person_days: Mapping[int, Sequence[DayEntry]], *, is_cancelled: bool, now: datetime) -> None:
    """Remember which sequence of each day was put into a letter to each person, in one statement."""
    values: list[object] = []
    for person_id, days in person_days.items():
        for day in days:
            if day.is_cancelled and day.last_sent is None:
                continue
            values += [person_id, day.id, day.next_sequence, is_cancelled or day.is_cancelled, now]
    if not values:
        return
    marks = ", ".join(["(?, ?, ?, ?, ?)"] * (len(values) // 5))
    await execute(
        f"INSERT INTO bookings_sent_entry (person_id, training_day_id, sequence, is_cancelled, sent_at) VALUES {marks}"
        " ON CONFLICT (person_id, training_day_id) DO UPDATE SET sequence = excluded.sequence, is_cancelled = excluded.is_cancelled,"
        " sent_at = excluded.sent_at",
        *values,
    )


async def save_needs(booking_id: int, *, access: str, dietary: str, now: datetime) -> None:
    """Keep access and dietary answers apart from the booking; an access need becomes a task for the desk."""
    arrangement = "to_arrange" if access else "none"
    await execute(
        "INSERT INTO bookings_needs (booking_id, access, dietary, arrangement, answered_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (booking_id) DO UPDATE SET access = excluded.access, dietary = excluded.dietary,"
        " arrangement = CASE WHEN bookings_needs.access = excluded.access THEN bookings_needs.arrangement ELSE excluded.arrangement END,"
        " answered_at = excluded.answered_at",
        booking_id, access, dietary, arrangement, now,
    )  # fmt: skip


async def keep_needs(person_id: int, keeps: bool, *, access: str, dietary: str | None) -> None:  # noqa: FBT001 - the answer to one question
    """Keep somebody's needs for next time, or forget what was kept; `dietary` None was not asked and stays as it is."""
    if keeps:
        await execute(
            "UPDATE people_person SET kept_access_needs = ?, kept_dietary_needs = coalesce(?, kept_dietary_needs) WHERE id = ?",
            access,
            dietary,
            person_id,
        )
    else:
        await execute("UPDATE people_person SET kept_access_needs = NULL, kept_dietary_needs = NULL WHERE id = ?", person_id)


async def days_of(session_id: int, learner_id: int) -> Sequence[DayEntry]:
    """A session's training days as one learner's calendar knows them."""
    return (await day_entries(session_id, [learner_id]))[learner_id]


async def counted_held(session_id: int, *, now: datetime) -> rules.Held:
    """What is held and waiting now, asked after taking hold of the session."""
    return (await counted(session_id, now=now)).held
