"""Passing a freed place on: timed offers, then standby in the last two working days, always in the transaction that frees it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from marstraining.bookings import rules
from marstraining.bookings.actions import steps
from marstraining.bookings.letters import Subject, joining_facts, letter_about, moment
from marstraining.bookings.queries import Entry, LearnerRow, SessionRow, counted, learner_rows, session_row, shares_of, waiting_list
from marstraining.bookings.queries.entries import day_entries
from marstraining.bookings.rules import BookingState, Candidate, Held, Period, Standby
from marstraining.core.db import execute, rows, together
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.history.actions import record
from marstraining.messages.rules import Priority
from marstraining.programme.rules import CourseKind

_EDUCATION = ("education", "further education")


async def pass_on(session: SessionRow, *, frees: bool = False, by: Viewer, now: datetime) -> int:
    """Give every free place to whoever is next in line and fits; returns how many offers and confirmations were made.

    To be called after taking hold of the session. Offers that have run out lapse first, so it needs no job to have run.
    `frees` says that the caller has just freed a place, for which in the last two working days everybody is asked anew.
    Nothing is offered once the window is closed, the session called off or past, or promotion switched off.
    """
    fresh = await session_row(session.id)
    if fresh is None:
        return 0
    frees = bool(await lapse_offers(fresh, now=now)) or frees
    period = rules.period_of(
        state=fresh.state,
        is_promotion_on=fresh.is_promotion_on,
        starts_at=fresh.starts_at,
        closes_at=fresh.closes_at,
        now=now,
        calendar=steps.working_calendar(),
    )
    if period == Period.NONE:
        return 0
    queue = await waiting_list(fresh.id)
    if not queue:
        return 0
    held = (await counted(fresh.id, now=now)).held
    if period == Period.STANDBY:
        return await _stand_by(fresh, queue, held=held, frees=frees, by=by, now=now)
    return await _offer_in_line(fresh, queue, held=held, by=by, now=now)


async def _offer_in_line(session: SessionRow, queue: list[Entry], *, held: Held, by: Viewer, now: datetime) -> int:
    given = 0
    left = {entry.candidate.booking_id: entry for entry in queue}
    while left:
        entry = await _next_in_line(session, list(left.values()), held=held, now=now)
        if entry is None:
            break
        del left[entry.candidate.booking_id]
        if await offer(session, entry, by=by, now=now):
            held = _with_one_more(held, entry.candidate)
            given += 1
    return given


async def _next_in_line(session: SessionRow, queue: list[Entry], *, held: Held, now: datetime) -> Entry | None:
    """The first of the queue who fits; whoever does not (wrong mode, agency at its cap, places kept for others) keeps their place."""
    if not session.has_allocations:
        chosen = rules.choose_next([entry.candidate for entry in queue], capacity=session.capacity, held=held)
        return next((entry for entry in queue if chosen and entry.candidate.booking_id == chosen.booking_id), None)
    for entry in queue:
        ours = rules.held_for(held, await shares_of(session.id, agency_id=entry.agency_id, now=now), now=now)
        if ours is not None and rules.choose_next([entry.candidate], capacity=session.capacity, held=ours):
            return entry
    return None


async def offer(session: SessionRow, entry: Entry, *, by: Viewer, now: datetime) -> bool:
    """Offer a place to one on the list until the time the rule gives; False if the entry is waiting no longer."""
    expires_at = _expires_at(session, entry.sector, now=now)
    subject = await steps.change_state(
        entry.candidate.booking_id,
        from_state=BookingState.WAITING,
        to_state=BookingState.OFFERED,
        by=by,
        now=now,
        columns={"offered_at": now, "offer_expires_at": expires_at},
    )
    if subject is None:
        return False
    await _tell(
        session, entry.learner_id, subject, "place_offered", extra={"answer_by": moment(expires_at)}, expires_at=expires_at, now=now
    )
    await record("booking.offered", by=by, now=now, subject_kind="booking", subject_id=subject.booking_id, detail={"session": session.id})
    return True


def _expires_at(session: SessionRow, sector: str, *, now: datetime) -> datetime:
    """When an offer made now to a learner of that sector runs out."""
    return rules.offer_expires_at(
        now=now,
        starts_at=session.starts_at,
        calendar=steps.working_calendar(),
        hours=steps.offer_hours(),
        hours_by_desk=session.offer_hours,
        school_holidays=steps.school_holidays() if sector.casefold().startswith(_EDUCATION) else (),
    )


async def shorten_offers(session: SessionRow, *, by: Viewer, now: datetime) -> None:
    """Let no offer, invitation or request of a session that starts sooner stand longer than it would have; called while it is held.

    An offer is reckoned from when it was made, by the new start; where that is over already, from now (booking.md, Waiting list 3).
    """
    found = await rows(
        "SELECT b.id, b.state, b.offered_at, coalesce(b.offer_expires_at, b.answer_by) AS until, coalesce(a.sector, '') AS sector"
        " FROM bookings_booking b LEFT JOIN people_agency a ON a.id = b.agency_id WHERE b.session_id = ?"
        " AND ((b.state = 'offered' AND b.offer_expires_at >= ?) OR (b.state IN ('invited', 'requested') AND b.answer_by >= ?))",
        session.id,
        now,
        now,
        instants=("offered_at", "until"),
    )
    for row in found:
        is_offer = row["state"] == BookingState.OFFERED
        until = _stands_until(session, row, now=now) if is_offer else _answered_by(session, now=now)
        if until < row["until"]:
            column = "offer_expires_at" if is_offer else "answer_by"
            await execute(f"UPDATE bookings_booking SET {column} = ? WHERE id = ?", until, row["id"])
            await record(
                "booking.answer_sooner", by=by, now=now, subject_kind="booking", subject_id=row["id"], detail={"session": session.id}
            )


def _stands_until(session: SessionRow, row: Mapping[str, Any], *, now: datetime) -> datetime:
    until = _expires_at(session, row["sector"], now=row["offered_at"] or now)
    return until if until > now else _expires_at(session, row["sector"], now=now)


def _answered_by(session: SessionRow, *, now: datetime) -> datetime:
    return rules.answer_by(now=now, starts_at=session.starts_at, calendar=steps.working_calendar())


async def _stand_by(session: SessionRow, queue: list[Entry], *, held: Held, frees: bool, by: Viewer, now: datetime) -> int:
    """The last two working days: "book me in" is confirmed in list order, else "ask me" is asked, and the highest to answer gets it.

    Who has been asked is asked again only of a place that is freed after their time to answer was over.
    """
    given: set[int] = set()
    answer_by = rules.standby_answer_by([entry.candidate for entry in queue], calendar=steps.working_calendar())
    ready = [entry for entry in queue if (entry.candidate.standby == Standby.BOOK_ME_IN and not entry.candidate.has_clash)]
    is_over = answer_by is not None and now >= answer_by
    if is_over:
        said_yes = [entry for entry in queue if entry.candidate.standby == Standby.ASK_ME and entry.candidate.standby_answered_at]
        ready += [entry for entry in said_yes if not entry.candidate.has_clash]
    left = {entry.candidate.booking_id: entry for entry in ready}
    while left:
        entry = await _next_in_line(session, list(left.values()), held=held, now=now)
        if entry is None:
            break
        booking_id = entry.candidate.booking_id
        del left[booking_id]
        if await confirm_entry(session, booking_id, entry.learner_id, from_state=BookingState.WAITING, by=by, now=now):
            held = _with_one_more(held, entry.candidate)
            given.add(booking_id)
    left_to_ask = [e for e in queue if e.candidate.standby == Standby.ASK_ME and e.candidate.booking_id not in given]
    asked = [e for e in left_to_ask if e.candidate.standby_asked_at is None or (frees and is_over)]
    if await _next_in_line(session, asked, held=held, now=now):
        await _ask_all(session, asked, now=now)
    return len(given)


async def _ask_all(session: SessionRow, entries: list[Entry], *, now: datetime) -> None:
    answer_by = steps.working_calendar().add_working_hours(now, rules.STANDBY_ANSWER_HOURS)
    for entry in entries:
        found = await rows(
            "UPDATE bookings_booking SET standby_asked_at = ?, version = version + 1 WHERE id = ? AND state = 'waiting'"
            " RETURNING id, ref, version, nonce, check_in_code, mode",
            now,
            entry.candidate.booking_id,
        )
        if found and entry.candidate.standby_answered_at is None:
            subject = steps.subject_of(found[0])
            extra = {"answer_by": moment(answer_by)}
            await _tell(
                session, entry.learner_id, subject, "standby_asked", extra=extra, expires_at=min(answer_by, session.starts_at), now=now
            )


async def confirm_entry(session: SessionRow, booking_id: int, learner_id: int, *, from_state: str, by: Viewer, now: datetime) -> bool:
    """Confirm somebody from the list or from an offer, with the same letter as any booking; False if the state is another by now."""
    subject = await steps.change_state(
        booking_id, from_state=from_state, to_state=BookingState.CONFIRMED, by=by, now=now, columns={"offer_expires_at": None}
    )
    if subject is None:
        return False
    learner = (await learner_rows([learner_id]))[learner_id]
    days = (await day_entries(session.id, [learner_id]))[learner_id]
    extra = joining_facts(session, subject, now=now, calendar=steps.working_calendar())
    letter = letter_about("confirmed", subject=subject, session=session, learner=learner, days=days, method="REQUEST", extra=extra)
    async with together():
        await steps.send(letter, days={learner_id: days}, is_cancelled=False, now=now)
        await record("booking.confirmed", by=by, now=now, subject_kind="booking", subject_id=booking_id, detail={"session": session.id})
    if session.kind == CourseKind.COURSE:
        await withdraw_other_entries(session, learner=learner, now=now)
    return True


async def withdraw_other_entries(session: SessionRow, *, learner: LearnerRow, now: datetime) -> None:
    """A learner confirmed on one date of a course leaves its other waiting lists, with a letter (booking.md, Waiting list 7)."""
    found = await rows(
        "SELECT b.id, b.session_id FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id"
        " WHERE b.learner_id = ? AND s.course_id = ? AND b.session_id <> ? AND b.state = 'waiting' ORDER BY b.session_id",
        learner.id,
        session.course_id,
        session.id,
    )
    for row in found:
        subject = await steps.change_state(
            row["id"], from_state=BookingState.WAITING, to_state=BookingState.WITHDRAWN, by=SYSTEM, now=now, reason="other_date"
        )
        other = await session_row(row["session_id"])
        if subject and other:
            await _tell(other, learner.id, subject, "left_list", extra={"by_desk": False, "other_date": True}, expires_at=None, now=now)


async def lapse_offers(session: SessionRow, *, now: datetime) -> int:
    """End the offers that ran out, and say how many; accepting at the deadline's second still worked (booking.md, Waiting list 3)."""
    found = await rows(
        "SELECT id, learner_id FROM bookings_booking WHERE session_id = ? AND state = 'offered' AND offer_expires_at < ? ORDER BY id",
        session.id,
        now,
    )
    for row in found:
        subject = await steps.change_state(
            row["id"], from_state=BookingState.OFFERED, to_state=BookingState.LAPSED, by=SYSTEM, now=now, reason="ran_out"
        )
        if subject:
            await _tell(session, row["learner_id"], subject, "offer_lapsed", extra={}, expires_at=session.starts_at, now=now)
            await record("booking.lapsed", by=SYSTEM, now=now, subject_kind="booking", subject_id=row["id"], detail={"session": session.id})
    return len(found)


async def _tell(
    session: SessionRow,
    learner_id: int,
    subject: Subject,
    template: str,
    *,
    extra: Mapping[str, object],
    expires_at: datetime | None,
    now: datetime,
) -> None:
    learner = (await learner_rows([learner_id]))[learner_id]
    days = (await day_entries(session.id, [learner_id]))[learner_id]
    letter = letter_about(
        template, subject=subject, session=session, learner=learner, days=days, priority=Priority.CHANGE, extra=extra, expires_at=expires_at
    )
    await steps.send(letter, days={}, is_cancelled=False, now=now)


def _with_one_more(held: Held, candidate: Candidate) -> Held:
    return replace(
        held,
        held=held.held + 1,
        held_room=held.held_room + (candidate.mode == rules.Mode.ROOM),
        held_online=held.held_online + (candidate.mode == rules.Mode.ONLINE),
    )


async def clear_standby_asks(session_id: int) -> None:
    """Forget who was asked, when a session moves out of its last two working days."""
    await execute(
        "UPDATE bookings_booking SET standby_asked_at = NULL, standby_answered_at = NULL WHERE session_id = ? AND state = 'waiting'",
        session_id,
    )
