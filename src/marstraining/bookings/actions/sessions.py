"""What befalls a whole session: called off, postponed, moved, run online instead, another capacity.

Everybody booked gets one letter from here; its trainers get theirs from the programme's verbs, which these ask.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from marstraining.bookings.actions import steps
from marstraining.bookings.actions.keeping import joining_time
from marstraining.bookings.actions.reminders import withdraw_reminders
from marstraining.bookings.actions.waiting import clear_standby_asks, lapse_offers, pass_on, shorten_offers
from marstraining.bookings.letters import (
    Subject,
    day_sentence,
    joining_facts,
    joins_online,
    letter_about,
    moment,
    named,
    next_date_facts,
    takes_entries,
    where_sentence,
)
from marstraining.bookings.queries import SessionRow, learner_rows, next_date_of, session_row
from marstraining.bookings.queries.entries import DayEntry, day_entries
from marstraining.bookings.queries.roster import RosterRow, live_bookings
from marstraining.bookings.queries.told import Told, changed_sessions, last_told, with_an_old_link, written_to_before
from marstraining.bookings.rules import BookingState
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.core.viewer import ANYBODY, SYSTEM, Viewer
from marstraining.messages.actions import queue_letters
from marstraining.messages.rules import Letter, Priority
from marstraining.programme import actions as programme
from marstraining.programme.models import Session
from marstraining.programme.queries.teaching import asked_trainers
from marstraining.programme.rules import DayPlan, SessionState

# An edit takes its time before it waits for its session, for as long as this at the most.
_LONGEST_WAIT = timedelta(minutes=1)


@frozen
class DryRun:
    """Who would be told, before anything is done: the live bookings and the trainers, by name, who get an email, and who cannot."""

    people: tuple[RosterRow, ...]
    trainers: tuple[str, ...]
    without_address: tuple[str, ...]

    @property
    def emails(self) -> int:
        return len(self.people) + len(self.trainers)

    def number(self, *states: str) -> int:
        """How many of the people with a live booking get an email, of those in these states."""
        return sum(1 for row in self.people if row.state in states)


async def who_will_be_told(session_id: int) -> DryRun:
    """The dry run that stands before each verb of this module; it writes nothing."""
    people = await live_bookings(session_id)
    learners = await learner_rows([row.learner_id for row in people]) if people else {}
    trainers = await asked_trainers(session_id)
    unreached = [row.learner_name for row in people if not learners[row.learner_id].address]
    return DryRun(
        people=tuple(row for row in people if learners[row.learner_id].address),
        trainers=tuple(one.name for one in trainers if one.address),
        without_address=(*unreached, *(one.name for one in trainers if not one.address)),
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
        # One rule for letters and pages, as everybody sees it: the same letter goes to all.
        following = await next_date_of(session.course_id, session_id, viewer=ANYBODY, now=now)
        extra = {"reason": reason, **next_date_facts(following)}
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
        await programme.postpone_session_dates(session_id, reason=reason, by=by, now=now)
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
        await withdraw_reminders(session_id)
        if session.starts_at < before.starts_at:
            await shorten_offers(session, by=by, now=now)
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
        await withdraw_reminders(session_id)
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
    """Write to everybody with a live booking of whom a letter says otherwise than it is now: the worker asks, so no edit can forget it.

    A day moved, added or cancelled, another venue or way: whoever was told something else is owed a letter, whether or not they take
    calendar entries (booking.md, Booking 8); who takes them gets those that are behind. Another joining link is told to those who
    hold a place and were given the old one. Returns how many were told; run as often as you like.
    """
    told = 0
    for session_id in await changed_sessions(since=now - _LONGEST_WAIT, now=now):
        async with transaction():
            session = await _held(session_id)
            if session.state != SessionState.PUBLISHED:
                continue
            changes = await _changes(session, now=now)
            if changes:
                await withdraw_reminders(session_id)
            await shorten_offers(session, by=SYSTEM, now=now)
            live = await live_bookings(session_id)
            people = await _raise_versions([row for row in live if row.id in changes], now=now)
            told += await _tell_all(session, people, "session_changed", method="REQUEST", own=changes, only_days="stale", now=now)
            await _note_known(session_id)
    return told


async def _note_known(session_id: int) -> None:
    """Let everybody count as written to after the last change of a day; by a microsecond, since a feed shows when they last were."""
    found = await rows("SELECT max(changed_at) AS at FROM programme_day WHERE session_id = ?", session_id, instants=("at",))
    await execute(
        "UPDATE bookings_booking SET changed_at = ? WHERE session_id = ? AND changed_at <= ?"
        " AND state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered')",
        found[0]["at"] + timedelta(microseconds=1),
        session_id,
        found[0]["at"],
    )


async def _changes(session: SessionRow, *, now: datetime) -> dict[int, Mapping[str, object]]:
    """By booking what its learner does not know yet, as facts for their letter; whoever knows all is left out."""
    people = [row for row in await live_bookings(session.id) if row.state == BookingState.CONFIRMED or now < session.starts_at]
    if not people:
        return {}
    told = await last_told([row.id for row in people])
    late, with_old_link = await written_to_before(session.id), await with_an_old_link(session.id)
    learners = await learner_rows([row.learner_id for row in people])
    days = await day_entries(session.id, [row.learner_id for row in people])
    changes: dict[int, Mapping[str, object]] = {}
    for row in people:
        learner, own_days, known = learners[row.learner_id], days[row.learner_id], told.get(row.id)
        changed = _otherwise(session, row, own_days, known, now=now) if known else []
        is_booked = row.state == BookingState.CONFIRMED
        has_old_entry = is_booked and any(takes_entries(learner, day) and day.is_behind for day in own_days)
        if has_old_entry and not changed and row.id in with_old_link and joins_online(session, row.mode):
            changed = ["link"]
        if changed or has_old_entry or (known is None and row.id in late):
            changes[row.id] = {"changed": changed, **(_link_again(session) if known and known.link and "link" in changed else {})}
    return changes


def _link_again(session: SessionRow) -> dict[str, object]:
    # Who holds a link that leads nowhere now gets the new one at once, however far off the session is: the letter that brings it
    # near the session has been sent.
    return {"is_near": True, "joining_link": session.joining_link}


def _otherwise(session: SessionRow, row: RosterRow, days: Sequence[DayEntry], known: Told, *, now: datetime) -> list[str]:
    """Which of the days, the place and the joining link are otherwise than somebody was told: "when", "where", "link"."""
    said: list[str] = []
    if known.days != tuple(day_sentence(day) for day in named(days)):
        said.append("when")
    if known.where != where_sentence(session, row.mode):
        said.append("where")
    if row.state == BookingState.CONFIRMED and session.joining_link and joins_online(session, row.mode):
        is_near = now >= joining_time(session.starts_at)
        if known.link != session.joining_link and (known.link or is_near):
            said.append("link")
    return said


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
    return [(row, _subject(row, row.version + 1)) for row in people]


def _subject(row: RosterRow, version: int) -> Subject:
    return Subject(row.id, row.ref, version, row.nonce, row.check_in_code, row.mode)


async def _tell_all(
    session: SessionRow,
    people: Sequence[tuple[RosterRow, Subject]],
    template: str,
    *,
    method: str,
    extra: Mapping[str, object] | None = None,
    own: Mapping[int, Mapping[str, object]] | None = None,
    only_days: frozenset[int] | str | None,
    now: datetime,
) -> int:
    """One letter to each, with calendar entries for those confirmed, in a number of statements that does not grow with them.

    The facts in `extra` are for all, those in `own` for each booking by its number.
    """
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
        facts = {**joining_facts(session, subject, now=now, calendar=calendar), "state": row.state, **_offer_facts(row)}
        letter = letter_about(
            template,
            subject=subject,
            session=session,
            learner=learners[row.learner_id],
            days=days[row.learner_id],
            calendar_days=chosen,
            priority=Priority.CHANGE,
            method=method if was_sent else None,
            extra={**facts, **(extra or {}), **(own or {}).get(row.id, {})},
        )
        if letter is None:
            continue
        letters.append(letter)
        if letter.calendar:
            sent[row.learner_id] = steps.carried(letter, chosen)
    await queue_letters(letters, now=now)
    await steps.remember_entries(sent, is_cancelled=method == "CANCEL", now=now)
    return len(letters)


def _offer_facts(row: RosterRow) -> Mapping[str, object]:
    return {"answer_by": moment(row.offer_expires_at)} if row.state == BookingState.OFFERED and row.offer_expires_at else {}


def _chosen(days: Sequence[DayEntry], only: frozenset[int] | str | None) -> Sequence[DayEntry]:
    if only is None:
        return days
    if isinstance(only, str):
        return [day for day in days if day.is_behind]
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
