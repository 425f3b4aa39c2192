"""Writes what was invented: a statement for each table, not for each row."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from marstraining.bookings.models import Booking, LedgerEntry, Needs, SentEntry, Transition
from marstraining.bookings.rules import BookingState, CancelReason
from marstraining.core.clock import from_wall
from marstraining.core.db import execute_many, transaction
from marstraining.core.viewer import SYSTEM
from marstraining.demo.booked import PlannedBooking
from marstraining.demo.invent import Invented, Setting, content
from marstraining.demo.learnt import Elsewhere
from marstraining.demo.upcoming import PlannedSession
from marstraining.people.models import Agency, Person, Position, RoleGrant
from marstraining.programme.actions import draft_of_course, save_course, save_venue
from marstraining.programme.models import Course, Invited, Session, SessionTrainer, TrainingDay, Venue
from marstraining.programme.questions import questions_of
from marstraining.programme.rules import VenueDraft
from marstraining.record.models import ExternalLearning

_ROLES_OF_AN_AGENCY = frozenset({"agency_lead", "partner_organiser"})
_LATE_NOTICE_HOURS = 4.0
_GIVES_NUMBER = 0.4


async def agencies_by_code() -> dict[str, int]:
    return {row["code"]: row["id"] for row in await Agency.all().values("code", "id")}


async def write_settings(settings: Sequence[Setting]) -> None:
    """Trusts first, so that their schools can stand under them; a trust is no school of its own."""
    for is_trust in (True, False):
        known = await agencies_by_code()
        wave = [setting for setting in settings if setting.code.startswith("TRUST") == is_trust]
        await Agency.bulk_create(
            [
                Agency(
                    code=setting.code,
                    name=setting.name,
                    sector=setting.sector,
                    parent_id=known[setting.parent],
                    is_group=is_trust,
                    is_one_person=setting.is_one_person,
                    email_domain=setting.email_domain,
                    contact_name=setting.contact_name,
                    contact_email=f"office@{setting.email_domain}",
                )
                for setting in wave
            ]
        )
    # Learners without e-mail are reached through their setting's contact.
    await Agency.filter(code="STLUKES").update(contact_name="Lena Osei", contact_email="office@stlukes.example")


async def write_people(people: Sequence[Invented], *, now: datetime) -> dict[str, int]:
    """Everybody with posts and roles; gives their ids by reference."""
    agencies = await agencies_by_code()
    since = now - timedelta(days=5 * 365)
    await Person.bulk_create(
        [
            Person(ref=one.ref, name=one.name, email=one.email, managed_by_id=agencies.get(one.managed_by), created_at=since)
            for one in people
        ]
    )
    ids = {row["ref"]: row["id"] for row in await Person.all().values("ref", "id")}
    await Position.bulk_create(
        [
            Position(person_id=ids[one.ref], agency_id=agencies[agency], job_role=job_role, starts_on=since.date())
            for one in people
            for agency, job_role in one.posts
        ]
    )
    await RoleGrant.bulk_create(
        [
            RoleGrant(
                person_id=ids[one.ref], role=role, agency_id=agencies[one.agency] if role in _ROLES_OF_AN_AGENCY else None, granted_at=since
            )
            for one in people
            for role in one.roles
        ]
    )
    return ids


async def write_newcomers(ids: Sequence[int], *, today: date) -> None:
    """These people came to their posts in the last months."""
    posts = [(today - timedelta(days=90 + 23 * number % 160), person_id) for number, person_id in enumerate(ids)]
    async with transaction():
        await execute_many("UPDATE people_position SET starts_on = ? WHERE person_id = ?", posts)


async def write_elsewhere(learnt: Sequence[Elsewhere], *, people: Mapping[str, int], now: datetime) -> None:
    """What people learnt elsewhere, confirmed by the desk but for the newest entries."""
    desk = await RoleGrant.filter(role="desk").order_by("id").first()
    await ExternalLearning.bulk_create(
        [
            ExternalLearning(
                ref=one.ref,
                person_id=people[one.person.ref],
                title=one.title,
                provider=one.provider,
                completed_on=one.day,
                minutes=one.minutes,
                is_participatory=one.is_participatory,
                counts_as=one.counts_as,
                state="added" if one.is_new else "confirmed",
                at=min(now, from_wall(one.day, time(16)) + timedelta(days=2)),
                decided_at=None if one.is_new else min(now, from_wall(one.day, time(9)) + timedelta(days=6)),
                decided_by_id=None if one.is_new or desk is None else desk.person_id,
            )
            for one in learnt
        ]
    )


async def write_new_organisation(suggested_by: int) -> None:
    """One organisation that a newcomer typed, waiting for the desk to list it or match it."""
    await Agency.create(
        code="NEW-001", name="Isle Young Carers Project", sector="Voluntary and community", state="suggested", suggested_by_id=suggested_by
    )


async def write_courses(*, now: datetime) -> dict[str, int]:
    """Give the imported courses what learners read about them; gives their ids by code."""
    more = content("courses")
    for course in await Course.all():
        texts = dict(more[course.code])
        texts |= {"needs": tuple(texts.get("needs", ())), "questions": questions_of(texts.get("questions", ()))}
        await save_course(replace(await draft_of_course(course), **texts), code=course.code, by=SYSTEM, now=now)
    return {row["code"]: row["id"] for row in await Course.all().values("code", "id")}


async def write_venues(*, now: datetime) -> dict[str, int]:
    """The venues of the plan, those that the reference case names among them; gives their ids by the plan's words."""
    known = {row["name"]: row["ref"] for row in await Venue.all().values("name", "ref")}
    return {
        word: await save_venue(VenueDraft(**values), ref=known.get(values["name"]), by=SYSTEM, now=now)
        for word, values in content("venues").items()
    }


async def write_sessions(
    rng: random.Random,
    sessions: Sequence[PlannedSession],
    *,
    people: Mapping[str, int],
    courses: Mapping[str, int],
    venues: Mapping[str, int],
    now: datetime,
    today: date,
) -> dict[str, int]:
    """Sessions with training days, trainers and invited people; gives their ids by reference."""
    await Session.bulk_create([_session(one, courses=courses, venues=venues, now=now, today=today) for one in sessions])
    ids = {row["ref"]: row["id"] for row in await Session.filter(code__isnull=True).values("ref", "id")}
    await TrainingDay.bulk_create([day for one in sessions for day in _days(rng, one, ids[one.ref], now=now)])
    agencies = await agencies_by_code()
    await SessionTrainer.bulk_create(
        [
            SessionTrainer(
                session_id=ids[one.ref],
                person_id=people[trainer.ref],
                agency_id=agencies[trainer.agency],
                state="asked" if "asked" in one.flags else "accepted",
                asked_at=now - timedelta(days=50),
                answered_at=None if "asked" in one.flags else now - timedelta(days=48),
            )
            for one in sessions
            for trainer in one.trainers
        ]
    )
    return ids


def _session(one: PlannedSession, *, courses: Mapping[str, int], venues: Mapping[str, int], now: datetime, today: date) -> Session:
    is_draft = "draft" in one.flags
    is_elsewhere = not one.venue
    is_online = one.delivery == "online" and not is_elsewhere
    opens = one.due("opens", today)
    publishes = one.due("publish", today)
    return Session(
        ref=one.ref,
        course_id=courses[one.course],
        state=next((state for state in ("draft", "called_off", "postponed") if state in one.flags), "published"),
        access="invited" if "invited" in one.flags else "",
        delivery=one.delivery,
        venue_id=venues.get(one.venue),
        arrangement="none" if one.delivery == "online" else "held" if "held" in one.flags else "confirmed",
        final_numbers_by=one.due("numbers", today),
        has_catering="catering" in one.flags,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        capacity=one.capacity,
        capacity_room=one.room,
        capacity_online=one.online,
        minimum_numbers=int(one.flags["minimum"]) if "minimum" in one.flags else None,
        decide_by=one.due("decide", today),
        opens_at=from_wall(opens, one.starts) if opens else None,
        publish_at=from_wall(publishes, one.starts) if publishes else None,
        joining_link=f"https://meet.example/{one.ref}" if (is_online or one.online) and "no_link" not in one.flags else "",
        is_headcount_only="headcount" in one.flags,
        counted_as="headcount" if "headcount" in one.flags else "named",
        called_off_reason="We could not find a trainer for this date." if "called_off" in one.flags else "",
        published_at=None if is_draft else _planned_at(one, now=now),
        changed_at=now - timedelta(days=40),
    )


def _planned_at(one: PlannedSession, *, now: datetime) -> datetime:
    """Before anybody booked, so that nobody is owed a letter that says what has changed since."""
    return min(now, one.starts_at) - timedelta(days=70)


def _days(rng: random.Random, one: PlannedSession, session_id: int, *, now: datetime) -> Iterable[TrainingDay]:
    for day in one.days:
        yield TrainingDay(
            session_id=session_id,
            uid=f"{rng.getrandbits(128):032x}",
            day=day,
            starts=f"{one.starts:%H:%M}",
            ends=f"{one.ends:%H:%M}",
            starts_at=from_wall(day, one.starts),
            ends_at=from_wall(day, one.ends),
            changed_at=_planned_at(one, now=now),
        )


async def write_bookings(
    rng: random.Random, bookings: Sequence[PlannedBooking], *, people: Mapping[str, int], sessions: Mapping[str, int]
) -> None:
    """Bookings with their transitions, answers and calendar entries; late cancellations in the ledger."""
    agencies = await agencies_by_code()
    await Booking.bulk_create([_booking(rng, one, people=people, sessions=sessions, agencies=agencies) for one in bookings])
    ids = {row["ref"]: row["id"] for row in await Booking.all().values("ref", "id")}
    await Transition.bulk_create([change for one in bookings for change in _transitions(one, ids[one.ref], people[one.learner.ref])])
    await Needs.bulk_create(
        [
            Needs(booking_id=ids[one.ref], access=one.access, dietary=one.dietary, arrangement=one.arranging.value, answered_at=one.made_at)
            for one in bookings
            if one.access or one.dietary
        ]
    )
    await LedgerEntry.bulk_create(
        [
            LedgerEntry(
                booking_id=ids[one.ref],
                session_id=sessions[one.session.ref],
                agency_id=agencies[one.learner.agency],
                kind="late_cancellation",
                reason=CancelReason.COVER.value,
                notice_hours=_LATE_NOTICE_HOURS,
                by_id=people[one.learner.ref],
                at=one.changed_at,
            )
            for one in bookings
            if one.state == BookingState.CANCELLED
        ]
    )
    await _write_sent_entries(bookings, people=people, sessions=sessions)
    invited = {(sessions[one.session.ref], people[one.learner.ref]) for one in bookings if "invited" in one.session.flags}
    await Invited.bulk_create([Invited(session_id=session_id, person_id=person_id) for session_id, person_id in sorted(invited)])


def _booking(
    rng: random.Random, one: PlannedBooking, *, people: Mapping[str, int], sessions: Mapping[str, int], agencies: Mapping[str, int]
) -> Booking:
    state = BookingState.CALLED_OFF if "called_off" in one.session.flags else one.state
    return Booking(
        ref=one.ref,
        session_id=sessions[one.session.ref],
        learner_id=people[one.learner.ref],
        agency_id=agencies[one.learner.agency],
        job_role=one.learner.job_role,
        state=state.value,
        mode=one.mode.value,
        standby=one.standby.value,
        joined_at=one.made_at,
        offered_at=one.changed_at if one.state == BookingState.OFFERED else None,
        offer_expires_at=one.offer_expires_at,
        made_by_id=people[one.learner.ref],
        version=1,
        nonce=f"{rng.getrandbits(128):032x}",
        check_in_code=f"{rng.randrange(10**6):06}",
        mobile=_mobile(rng, one),
        created_at=one.made_at,
        changed_at=one.changed_at,
    )


def _mobile(rng: random.Random, one: PlannedBooking) -> str:
    """Some give a number, of those kept for drama; it goes when the session is over, as everybody's does."""
    number = f"07700 900{rng.randrange(1000):03}"
    return number if rng.random() < _GIVES_NUMBER and one.state != BookingState.CANCELLED else ""


def _transitions(one: PlannedBooking, booking_id: int, learner_id: int) -> Iterable[Transition]:
    """How it came to its state: an offered place was waited for, a cancelled or called-off one was confirmed before."""
    is_called_off = "called_off" in one.session.flags
    first = {BookingState.OFFERED: BookingState.WAITING, BookingState.CANCELLED: BookingState.CONFIRMED}.get(one.state, one.state)
    yield Transition(booking_id=booking_id, to_state=first.value, by_id=learner_id, by_role="learner", at=one.made_at)
    last = BookingState.CALLED_OFF if is_called_off else one.state
    if last != first:
        is_late = last == BookingState.CANCELLED
        yield Transition(
            booking_id=booking_id,
            from_state=first.value,
            to_state=last.value,
            by_id=learner_id if is_late else None,
            by_role="learner" if is_late else "system",
            at=one.changed_at,
            reason=CancelReason.COVER.value if is_late else "",
            notice_hours=_LATE_NOTICE_HOURS if is_late else None,
        )


async def _write_sent_entries(bookings: Sequence[PlannedBooking], *, people: Mapping[str, int], sessions: Mapping[str, int]) -> None:
    """Whoever is booked was sent the calendar entries of the session's training days."""
    days: dict[int, list[int]] = {}
    for row in await TrainingDay.filter(session_id__in=list(sessions.values())).values("id", "session_id"):
        days.setdefault(row["session_id"], []).append(row["id"])
    await SentEntry.bulk_create(
        [
            SentEntry(person_id=people[one.learner.ref], training_day_id=day_id, sequence=0, sent_at=one.made_at)
            for one in bookings
            if one.state == BookingState.CONFIRMED
            for day_id in days[sessions[one.session.ref]]
        ]
    )
