"""What the training team does for learners: book for somebody, move to another date, arrange what they need, release a leaver."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

from marstraining.bookings import rules
from marstraining.bookings.actions import looking, steps
from marstraining.bookings.actions.booking import book_place, confirm_in_transaction, join_in_transaction, join_list
from marstraining.bookings.actions.cancelling import cancel_booking
from marstraining.bookings.queries import posts_of, session_row
from marstraining.bookings.queries.own import booking_by_id, needs_of
from marstraining.bookings.queries.roster import coming_bookings
from marstraining.bookings.rules import Arranging, BookPlace
from marstraining.core.clock import today_of
from marstraining.core.db import hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record, record_each
from marstraining.people.actions import add_managed_learner, find_or_create_person, mark_leaver, start_position
from marstraining.programme.actions import remove_trainer
from marstraining.programme.models import Session
from marstraining.programme.queries import coming_teaching

_LEFT = "left"


@frozen
class NewLearner:
    """Somebody not yet known, as the desk enters them; without `email` a managed learner of the agency."""

    name: str
    email: str
    agency_id: int | None
    job_role: str
    allows_shared: bool = False


@frozen
class NeedsLine:
    """What one learner of a session needs, read for a reason."""

    booking_id: int
    booking_ref: str
    learner: str
    access: str
    dietary: str
    arrangement: str


async def book_for(order: BookPlace, *, joins_list: bool = False, by: Viewer, now: datetime) -> steps.Booked:
    """Book a place for a learner, or put them on the list: the window, the audience and prerequisites do not bind the desk.

    Numbers and clashes of training days do. Refused once the session is over.
    """
    order = replace(order, by_desk=True)
    session = await session_row(order.session_id)
    if session is None:
        raise NotFound
    if now >= session.ends_at:
        raise Refused("This session is over. Whoever came is entered in its register.", code="past")
    verb = join_list if joins_list else book_place
    with _in_words_for_the_desk():
        return await verb(order, by=by, now=now)


async def book_newcomer(new: NewLearner, order: BookPlace, *, joins_list: bool = False, by: Viewer, now: datetime) -> steps.Booked:
    """Enter somebody and book for them in one transaction: refused, nobody is entered.

    `order.learner_id` is not looked at. An address that is known already books for its owner, whose own name and posts
    stand. Without an address an agency must be given, whose contact gets the letters.
    """
    session = await session_row(order.session_id)
    if session is None or now >= session.ends_at:
        raise Refused("This session is over. Whoever came is entered in its register.", code="past")
    with _in_words_for_the_desk():
        return await _enter_and_book(new, order, joins_list=joins_list, by=by, now=now)


async def _enter_and_book(new: NewLearner, order: BookPlace, *, joins_list: bool, by: Viewer, now: datetime) -> steps.Booked:
    async with transaction():
        learner_id = await _enter(new, by=by, now=now)
        posts = await posts_of(learner_id, on=today_of(now))
        agencies = [post.agency_id for post in posts]
        agency_id = new.agency_id if new.agency_id in agencies else agencies[0] if agencies else None
        wanted = replace(order, learner_id=learner_id, agency_id=agency_id, by_desk=True)
        plan = await looking.look_first(wanted, joins_list=joins_list, by=by, now=now)
        if isinstance(plan, steps.Booked):
            return plan
        book = join_in_transaction if joins_list else confirm_in_transaction
        return await book(plan, by=by, now=now)


async def _enter(new: NewLearner, *, by: Viewer, now: datetime) -> int:
    if not new.email:
        if new.agency_id is None:
            raise Refused(
                "Choose the organisation whose contact gets the letters, or enter an email address", code="agency", field="agency"
            )
        return (await add_managed_learner(new.name, agency_id=new.agency_id, job_role=new.job_role, by=by, now=now)).id
    found = await find_or_create_person(new.email, new.name, now=now, by=by, allows_shared=new.allows_shared)
    if found.is_new and new.agency_id is not None:
        await start_position(found.id, new.agency_id, new.job_role, by=by, now=now)
    return found.id


@contextmanager
def _in_words_for_the_desk() -> Iterator[None]:
    """Refusals that speak to the learner, said to whoever books for them."""
    try:
        yield
    except Refused as refusal:
        said = {
            "clash": f"They are already booked on “{refusal.facts.get('title')}” at the same time. Cancel or move that booking first.",
            "trains": "They train or speak at this session, or are asked to, so they cannot also have a place on it.",
            "full": "No place is free. Put them on the waiting list, or raise the number of places first.",
            "has_places": "A place is free, so book it instead of adding them to the waiting list.",
        }
        if refusal.code not in said:
            raise
        raise Refused(said[refusal.code], code=refusal.code, field=refusal.field, facts=refusal.facts) from refusal


async def move_booking(booking_id: int, *, to_session_id: int, mode: str = "", by: Viewer, now: datetime) -> steps.Booked:
    """Give a learner a place on another date of the same course and take the old one back, in one transaction.

    The old place passes on at once; what the learner answered and needs goes along; it is no late cancellation. Refused
    where the other date is full, clashes, or belongs to another course: then nothing changes. Moving twice is moving once.
    """
    old = await booking_by_id(booking_id)
    if old is None:
        raise NotFound
    source, target = await session_row(old.session_id), await session_row(to_session_id)
    if source is None or target is None:
        raise NotFound
    if target.course_id != source.course_id or target.id == source.id:
        raise Refused("Choose another date of the same course", code="other_course", field="session")
    there = await rows(
        "SELECT id, ref, state FROM bookings_booking WHERE session_id = ? AND learner_id = ?"
        " AND state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered')",
        target.id,
        old.learner_id,
    )
    if there and old.state not in rules.LIVE_STATES:
        return steps.Booked(id=there[0]["id"], ref=there[0]["ref"], state=there[0]["state"], was_there=True)
    if there:
        raise Refused(f"{old.learner_name} already has a booking on that date. Cancel this one instead.", code="there_already")
    if old.state not in rules.LIVE_STATES:
        raise Refused("This booking has already ended, so it cannot be moved.", code="not_live")
    kept = await rows("SELECT mobile, answers, terms_version, manager_name, manager_email FROM bookings_booking WHERE id = ?", old.id)
    needs = await needs_of(old.id)
    agencies = [post.agency_id for post in await posts_of(old.learner_id, on=today_of(now))]
    answers = kept[0]["answers"]
    order = BookPlace(
        session_id=target.id,
        learner_id=old.learner_id,
        agency_id=old.agency_id if old.agency_id in agencies else agencies[0] if agencies else None,
        mode=mode,
        standby=old.standby,
        instead_of=old.id,
        access_needs=needs.access if needs else "",
        dietary_needs=needs.dietary if needs else "",
        mobile=kept[0]["mobile"],
        answers=tuple((json.loads(answers) if isinstance(answers, str) else answers).items()),
        terms_version=kept[0]["terms_version"],
        manager_name=kept[0]["manager_name"],
        manager_email=kept[0]["manager_email"],
    )
    return await book_for(order, by=by, now=now)


async def read_needs(session_id: int, *, reason: str, by: Viewer, now: datetime) -> list[NeedsLine]:
    """What the learners of a session need, in their own words. Each reading is an event with its reason, kept with each booking."""
    rules.check_needs_reason(reason)
    return await _read_needs(session_id, reason=reason, by=by, now=now)


async def read_needs_as_trainer(session_id: int, *, by: Viewer, now: datetime) -> list[NeedsLine]:
    """The same for one of the session's trainers, from 14 days before it to one day after; NotFound for anybody else.

    Contributors never read needs. Each reading is kept as the desk's is (booking.md, Booking 4).
    """
    found = await rows(
        "SELECT s.starts_at, s.ends_at FROM programme_trainer t JOIN programme_session s ON s.id = t.session_id"
        " WHERE t.session_id = ? AND t.person_id = ? AND t.state = 'accepted' AND NOT t.is_contributor",
        session_id,
        by.person_id,
        instants=("starts_at", "ends_at"),
    )
    if not found:
        raise NotFound
    if not rules.may_trainer_read(starts_at=found[0]["starts_at"], ends_at=found[0]["ends_at"], now=now):
        raise Refused("Access and dietary needs are shown to trainers from 14 days before a session to the day after.", code="window")
    return await _read_needs(session_id, reason=rules.NeedsReason.TRAINS, by=by, now=now)


async def _read_needs(session_id: int, *, reason: str, by: Viewer, now: datetime) -> list[NeedsLine]:
    async with transaction():
        found = await rows(
            "SELECT n.booking_id, b.ref AS booking_ref, p.name AS learner, n.access, n.dietary, n.arrangement FROM bookings_needs n"
            " JOIN bookings_booking b ON b.id = n.booking_id JOIN people_person p ON p.id = b.learner_id"
            " WHERE b.session_id = ? AND (n.access <> '' OR n.dietary <> '')"
            " AND b.state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered') ORDER BY p.name, b.id",
            session_id,
        )
        lines = [NeedsLine(**row) for row in found]
        detail = {"session": session_id, "reason": str(reason)}
        ids = [line.booking_id for line in lines]
        await record_each("booking.needs_read", by=by, now=now, subject_kind="booking", subject_ids=ids, detail=detail)
    return lines


async def arrange_needs(session_id: int, chosen: Mapping[int, Arranging], *, by: Viewer, now: datetime) -> int:
    """Note how far the desk has come with the access needs of bookings of the session; returns how many changed."""
    changed: list[int] = []
    async with transaction():
        await hold(Session, session_id)
        for booking_id, arranging in sorted(chosen.items()):
            found = await rows(
                "UPDATE bookings_needs SET arrangement = ? WHERE booking_id = ? AND access <> '' AND arrangement <> ?"
                " AND booking_id IN (SELECT id FROM bookings_booking WHERE session_id = ?) RETURNING booking_id",
                arranging,
                booking_id,
                arranging,
                session_id,
            )
            for row in found:
                changed.append(row["booking_id"])
                detail = {"arrangement": str(arranging)}
                await record("booking.needs_arranged", by=by, now=now, subject_kind="booking", subject_id=row["booking_id"], detail=detail)
    return len(changed)


async def mark_left(person_id: int, *, left_on: date, by: Viewer, now: datetime) -> int:
    """Mark somebody as having left and cancel what they hold of sessions to come, all or nothing; returns how many bookings there were.

    Posts and roles end, letters stop, each place passes on, sessions to come lose them as trainer, and the account stays theirs
    (booking.md, People).
    """
    async with transaction():
        # Sessions are held before the person, as a booking does, so that the two cannot wait for each other.
        taught = [row.session_id for row in await coming_teaching(person_id, now=now)]
        for session_id in sorted({*taught, *(booking.session_id for booking in await coming_bookings(person_id, now=now))}):
            await hold(Session, session_id)
        await mark_leaver(person_id, left_on=left_on, by=by, now=now)
        for session_id in taught:
            await remove_trainer(session_id, person_id, by=by, now=now)
        return await release_leaver(person_id, by=by, now=now)


async def release_leaver(person_id: int, *, by: Viewer, now: datetime) -> int:
    """Cancel the coming bookings of somebody who has left, each passing its place on; returns how many there were.

    No letter goes to a leaver. Refused for anybody else (booking.md, People).
    """
    person = await rows("SELECT state FROM people_person WHERE id = ?", person_id)
    if not person:
        raise NotFound
    if person[0]["state"] != _LEFT:
        raise Refused("This person is not marked as having left. Cancel their bookings one by one.", code="not_left")
    found = sorted(await coming_bookings(person_id, now=now), key=lambda booking: booking.session_id)
    for booking in found:
        await cancel_booking(booking.id, reason=rules.LEFT, by_desk=True, by=by, now=now)
    return len(found)
