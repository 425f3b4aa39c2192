"""What befalls a whole session: called off, postponed, moved, run online instead, another capacity; everybody booked gets one letter."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from marstraining.bookings.actions import steps
from marstraining.bookings.actions.reminders import withdraw_reminders
from marstraining.bookings.actions.waiting import clear_standby_asks, lapse_offers, pass_on
from marstraining.bookings.letters import Subject, joining_facts, letter_about, moment
from marstraining.bookings.queries import SessionRow, learner_rows, session_row
from marstraining.bookings.queries.entries import DayEntry, day_entries
from marstraining.bookings.queries.roster import RosterRow, live_bookings, next_date
from marstraining.bookings.rules import BookingState
from marstraining.core.clock import local
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.messages.actions import queue_letters
from marstraining.messages.rules import Letter, Priority
from marstraining.programme import actions as programme
from marstraining.programme.models import Session
from marstraining.programme.rules import DayPlan, SessionState

# Confirmed bookings with a day whose entry the learner holds in an older form, or not at all though they hold others.
_STALE_DAYS = (
    "JOIN programme_day d ON d.session_id = b.session_id"
    " LEFT JOIN bookings_sent_entry e ON e.training_day_id = d.id AND e.person_id = b.learner_id"
    " WHERE b.state = 'confirmed' AND ((NOT e.is_cancelled AND e.sequence < d.sequence) OR (e.id IS NULL AND NOT d.is_cancelled AND EXISTS"
    " (SELECT 1 FROM bookings_sent_entry o JOIN programme_day x ON x.id = o.training_day_id"
    " WHERE o.person_id = b.learner_id AND x.session_id = b.session_id AND NOT o.is_cancelled)))"
)


@frozen
class DryRun:
    """Who would be told, before anything is done: everybody with a live booking, and those of them without an address."""

    people: tuple[RosterRow, ...]
    confirmed: int
    waiting: int
    without_address: tuple[str, ...]


async def who_will_be_told(session_id: int) -> DryRun:
    """The dry run that stands before each verb of this module; it writes nothing."""
    people = await live_bookings(session_id)
    learners = await learner_rows([row.learner_id for row in people]) if people else {}
    return DryRun(
        people=tuple(people),
        confirmed=sum(1 for row in people if row.state == BookingState.CONFIRMED),
        waiting=sum(1 for row in people if row.state == BookingState.WAITING),
        without_address=tuple(row.learner_name for row in people if not learners[row.learner_id].address),
    )


async def call_off_session(session_id: int, *, reason: str, by: Viewer, now: datetime) -> int:
    """Call a session off for good; returns how many were told.

    Every live booking ends as called_off; whoever had a calendar entry gets it cancelled; the letter offers the next date
    (booking.md, States and Booking 8). Refused for a session that is over or called off already.
    """
    async with transaction():
        session = await _held(session_id)
        people = await live_bookings(session_id)
        await programme.cancel_session(session_id, reason=reason, by=by, now=now)
        await withdraw_reminders(session_id)
        ended = await _end_all(people, to_state=BookingState.CALLED_OFF, by=by, now=now)
        extra = {"reason": reason, **await _next_date_facts(session_id, now=now)}
        return await _tell_all(session, ended, "called_off", method="CANCEL", extra=extra, only_days=None, now=now)


async def postpone_session(session_id: int, *, reason: str, by: Viewer, now: datetime) -> int:
    """Take a session's dates away until new ones are set; bookings and the order of the list stay. Returns how many were told.

    A place that is offered goes back to the list, at its head: there is no date to say yes to until the new one is set.
    """
    async with transaction():
        session = await _held(session_id)
        if session.state == SessionState.POSTPONED:
            return 0
        await lapse_offers(session, now=now)
        people = await live_bookings(session_id)
        await withdraw_reminders(session_id)
        await programme.postpone_session_dates(session_id, by=by, now=now)
        raised = await _raise_versions([row for row in people if row.state != BookingState.OFFERED], now=now)
        raised += await _take_offers_back(people, by=by, now=now)
        await execute("UPDATE bookings_booking SET kept_after_postponing = NULL, is_coming = NULL WHERE session_id = ?", session_id)
        return await _tell_all(session, raised, "postponed", method="CANCEL", extra={"reason": reason}, only_days=None, now=now)


async def move_session(session_id: int, days: Sequence[DayPlan], *, by: Viewer, now: datetime) -> int:
    """Put a session on other days, from postponed too; returns how many were told.

    Only the entries of days that changed are issued again. After a postponement everybody is asked to keep their place or
    let it go. Reminders already sent are not sent again. Refused where the new days do not exist or are past.
    """
    async with transaction():
        before = await _held(session_id)
        old_days = [moment(before.starts_at)]
        changed = await programme.move_session_dates(session_id, days, by=by, now=now)
        session = await _reread(session_id)
        was_postponed = before.state == SessionState.POSTPONED
        if not changed and not was_postponed:
            return 0
        people = await _raise_versions(await live_bookings(session_id), now=now)
        await clear_standby_asks(session_id)
        extra = {"was_postponed": was_postponed, "old_days": old_days}
        told = await _tell_all(session, people, "moved", method="REQUEST", extra=extra, only_days=frozenset(changed), now=now)
        await pass_on(session, by=by, now=now)
        return told


async def run_online(session_id: int, *, joining_link: str, by: Viewer, now: datetime) -> int:
    """Run a session online instead of at its venue; returns how many were told."""
    async with transaction():
        await _held(session_id)
        await programme.make_online(session_id, joining_link=joining_link, by=by, now=now)
        await execute("UPDATE bookings_booking SET mode = '' WHERE session_id = ? AND mode <> ''", session_id)
        session = await _reread(session_id)
        people = await _raise_versions(await live_bookings(session_id), now=now)
        told = await _tell_all(session, people, "online_instead", method="REQUEST", extra={}, only_days=None, now=now)
        await pass_on(session, by=by, now=now)
        return told


async def change_capacity(
    session_id: int,
    capacity: int | None,
    *,
    capacity_room: int | None = None,
    capacity_online: int | None = None,
    by: Viewer,
    now: datetime,
) -> int:
    """Set how many places there are; returns how many offers followed.

    Lowering below what is confirmed removes nobody: no offers go out until there is room. Raising by n makes at most n
    offers (booking.md, Booking 6).
    """
    async with transaction():
        session = await _held(session_id)
        await programme.set_capacity(session_id, capacity, capacity_room=capacity_room, capacity_online=capacity_online, by=by, now=now)
        return await pass_on(session, frees=True, by=by, now=now)


async def tell_changes(*, now: datetime) -> int:
    """Send an updated entry to whoever holds an older one: the worker asks, so that any edit of the programme reaches calendars.

    A day moved, added or cancelled, another venue or link: each raises a SEQUENCE, and who was sent a lower one, or
    nothing of a new day, is owed a letter. Returns how many were told; run as often as you like.
    """
    owed = await rows(
        "SELECT DISTINCT b.session_id FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id"
        " JOIN people_person p ON p.id = b.learner_id AND p.calendar_choice = 'invitations' AND p.email IS NOT NULL"
        f" {_STALE_DAYS} AND s.state = 'published' AND s.ends_at > ? ORDER BY b.session_id",
        now,
    )
    told = 0
    for row in owed:
        async with transaction():
            session = await _held(row["session_id"])
            stale = await _stale_bookings(session.id)
            people = await _raise_versions([person for person in await live_bookings(session.id) if person.id in stale], now=now)
            told += await _tell_all(session, people, "session_changed", method="REQUEST", extra={}, only_days="stale", now=now)
    return told


async def _stale_bookings(session_id: int) -> frozenset[int]:
    found = await rows(
        f"SELECT DISTINCT b.id FROM bookings_booking b {_STALE_DAYS} AND b.session_id = ?",
        session_id,
    )
    return frozenset(row["id"] for row in found)


async def _held(session_id: int) -> SessionRow:
    if not await hold(Session, session_id):
        raise NotFound
    return await _reread(session_id)


async def _reread(session_id: int) -> SessionRow:
    session = await session_row(session_id)
    if session is None:
        raise NotFound
    return session


async def _end_all(people: Sequence[RosterRow], *, to_state: BookingState, by: Viewer, now: datetime) -> list[tuple[RosterRow, Subject]]:
    ended = []
    for row in people:
        subject = await steps.change_state(row.id, from_state=row.state, to_state=to_state, by=by, now=now, reason="session")
        if subject:
            ended.append((row, subject))
    return ended


async def _take_offers_back(people: Sequence[RosterRow], *, by: Viewer, now: datetime) -> list[tuple[RosterRow, Subject]]:
    returned = []
    for row in people:
        if row.state == BookingState.OFFERED:
            subject = await steps.change_state(
                row.id,
                from_state=BookingState.OFFERED,
                to_state=BookingState.WAITING,
                by=by,
                now=now,
                reason="session",
                columns={"offered_at": None, "offer_expires_at": None},
            )
            if subject:
                returned.append((row, subject))
    return returned


async def _raise_versions(people: Sequence[RosterRow], *, now: datetime) -> list[tuple[RosterRow, Subject]]:
    if not people:
        return []
    marks = ", ".join("?" * len(people))
    await execute(
        f"UPDATE bookings_booking SET version = version + 1, revision = revision + 1, changed_at = ? WHERE id IN ({marks})",
        now,
        *[row.id for row in people],
    )
    return [(row, Subject(row.id, row.ref, row.version + 1, row.nonce, row.check_in_code, row.mode)) for row in people]


async def _next_date_facts(session_id: int, *, now: datetime) -> dict[str, object]:
    following = await next_date(session_id, now=now)
    if following is None:
        return {"next_ref": "", "next_date": "", "next_is_full": False}
    at = local(following["starts_at"])
    return {"next_ref": following["ref"], "next_date": f"{at:%A} {at.day} {at:%B %Y}", "next_is_full": following["is_full"]}


async def _tell_all(
    session: SessionRow,
    people: Sequence[tuple[RosterRow, Subject]],
    template: str,
    *,
    method: str,
    extra: Mapping[str, object],
    only_days: frozenset[int] | str | None,
    now: datetime,
) -> int:
    """One letter to each, with calendar entries for those confirmed, in a number of statements that does not grow with them."""
    if not people:
        return 0
    ids = [row.learner_id for row, _ in people]
    learners = await learner_rows(ids)
    days = await day_entries(session.id, ids)
    letters: list[Letter] = []
    sent: dict[int, Sequence[DayEntry]] = {}
    calendar = steps.working_calendar()
    for row, subject in people:
        was_sent = row.state == BookingState.CONFIRMED
        chosen = _chosen(days[row.learner_id], only_days)
        facts = {**joining_facts(session, subject, now=now, calendar=calendar), "state": row.state, **extra}
        letter = letter_about(
            template,
            subject=subject,
            session=session,
            learner=learners[row.learner_id],
            days=days[row.learner_id],
            calendar_days=chosen,
            priority=Priority.CHANGE,
            method=method if was_sent else None,
            extra=facts,
        )
        if letter is None:
            continue
        letters.append(letter)
        if letter.calendar:
            sent[row.learner_id] = chosen
    await queue_letters(letters, now=now)
    await steps.remember_entries(sent, is_cancelled=method == "CANCEL", now=now)
    return len(letters)


def _chosen(days: Sequence[DayEntry], only: frozenset[int] | str | None) -> Sequence[DayEntry]:
    if only is None:
        return days
    if isinstance(only, str):
        return [day for day in days if day.last_sent is None or day.last_sent < day.sequence]
    return [day for day in days if day.id in only]


async def settle_sessions(*, now: datetime) -> int:
    """The worker's look at every session where an offer ran out or a place lies free beside a waiting list; returns offers made.

    Each session is settled in a transaction of its own. Running it twice, or in two workers, gives nothing twice.
    """
    due = await rows(
        "SELECT DISTINCT s.id FROM programme_session s JOIN bookings_booking b ON b.session_id = s.id"
        " WHERE s.state = 'published' AND s.starts_at > ? AND ((b.state = 'offered' AND b.offer_expires_at < ?)"
        " OR (b.state = 'waiting' AND s.is_promotion_on AND (s.capacity IS NULL OR s.capacity >"
        " (SELECT count(*) FROM bookings_booking h WHERE h.session_id = s.id AND h.state IN ('confirmed', 'invited', 'offered')))))"
        " ORDER BY s.id",
        now,
        now,
    )
    given = 0
    for row in due:
        async with transaction():
            session = await _held(row["id"])
            given += await pass_on(session, by=SYSTEM, now=now)
    return given
