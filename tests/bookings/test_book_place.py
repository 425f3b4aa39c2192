"""Booking a place on real rows: rules of booking.md, Booking 1 to 7, each named."""

from datetime import date, timedelta
from typing import Any

import pytest

from marstraining.bookings.actions import book_place, cancel_booking, join_list
from marstraining.bookings.actions.desk import book_for
from marstraining.bookings.models import Booking, LedgerEntry, Transition
from marstraining.bookings.queries import places
from marstraining.bookings.rules import BookPlace
from marstraining.core.db import rows
from marstraining.core.errors import NotFound, Refused
from marstraining.core.web.dates import day
from marstraining.messages.models import Message
from marstraining.people.models import Person, Position
from marstraining.programme.models import Prerequisite, SessionTrainer
from marstraining.programme.queries import session_facts
from tests import makers
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("db")


async def book(person: Person, session_id: int, clock: Clock, **more: object) -> str:
    order = BookPlace(session_id=session_id, learner_id=person.id, **more)  # type: ignore[arg-type]  # tests pass what BookPlace takes
    return (await book_place(order, by=makers.as_learner(person), now=clock.now)).state


async def test_a_booking_is_confirmed_with_its_transition_letter_entry_and_history(clock: Clock) -> None:
    agency = await makers.make_agency()
    asha = await makers.make_person("Asha Patel", agency=agency, job_role="dsl")
    session = await makers.make_session(now=clock.now)

    booked = await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)

    booking = await Booking.get(id=booked.id)
    assert (booking.state, booking.agency_id, booking.job_role, booking.ref) == ("confirmed", agency.id, "dsl", booked.ref)
    steps = await Transition.filter(booking_id=booking.id).values_list("from_state", "to_state", "by_id", "by_role")
    assert steps == [("", "confirmed", asha.id, "learner")]
    letters = await Message.all().values("key", "template", "address", "state", "priority")
    assert letters == [
        {"key": f"confirmed-{booking.id}-1", "template": "confirmed", "address": asha.email, "state": "waiting", "priority": 2}
    ]
    sent = await rows("SELECT person_id, sequence, is_cancelled FROM bookings_sent_entry", flags=("is_cancelled",))
    assert sent == [{"person_id": asha.id, "sequence": 0, "is_cancelled": False}]
    assert (await rows("SELECT action, actor_id FROM history_entry")) == [{"action": "booking.confirmed", "actor_id": asha.id}]


async def test_booking_1_a_repeat_gives_the_same_booking_back(clock: Clock) -> None:
    asha = await makers.make_person("Asha Patel")
    session = await makers.make_session(now=clock.now)
    order = BookPlace(session_id=session.id, learner_id=asha.id)
    first = await book_place(order, by=makers.as_learner(asha), now=clock.now)
    second = await book_place(order, by=makers.as_learner(asha), now=clock.now)
    assert (second.id, second.was_there, await Booking.all().count(), await Message.all().count()) == (first.id, True, 1, 1)


async def test_booking_2_a_full_session_refuses_and_offers_the_list(clock: Clock) -> None:
    asha, ben = await makers.make_person("Asha Patel"), await makers.make_person("Ben Cole")
    session = await makers.make_session(now=clock.now, capacity=1)
    await book(asha, session.id, clock)
    with pytest.raises(Refused) as refusal:
        await book(ben, session.id, clock)
    assert (refusal.value.code, refusal.value.message) == ("full", "This session is full. You can join the waiting list.")
    assert (await places([session.id], now=clock.now))[session.id].left == 0
    assert await Booking.all().count() == 1


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"state": "called_off"}, "called_off"),
        ({"state": "postponed"}, "postponed"),
        ({"external_url": "https://elsewhere.example"}, "external"),
        ({"is_headcount_only": True}, "headcount"),
    ],
)
async def test_booking_2_what_cannot_be_booked_says_why(clock: Clock, columns: dict[str, Any], code: str) -> None:
    asha = await makers.make_person("Asha Patel")
    session = await makers.make_session(now=clock.now, **columns)
    with pytest.raises(Refused) as refusal:
        await book(asha, session.id, clock)
    assert refusal.value.code == code


async def test_booking_2_the_window_opens_and_closes(clock: Clock) -> None:
    asha = await makers.make_person("Asha Patel")
    early = await makers.make_session(now=clock.now, opens_at=clock.now + timedelta(days=1))
    late = await makers.make_session(now=clock.now, closes_at=clock.now)
    past = await makers.make_session(now=clock.now, starts=clock.now - timedelta(hours=1))
    codes = []
    for session in (early, late, past):
        with pytest.raises(Refused) as refusal:
            await book(asha, session.id, clock)
        codes.append(refusal.value.code)
    assert codes == ["not_open", "closed", "past"]


async def test_states_a_draft_and_an_invited_session_are_nowhere(clock: Clock) -> None:
    asha = await makers.make_person("Asha Patel")
    draft = await makers.make_session(now=clock.now, state="draft")
    invited = await makers.make_session(now=clock.now, access="invited")
    for session in (draft, invited):
        with pytest.raises(NotFound):
            await book(asha, session.id, clock)


async def test_booking_2_a_restricted_session_refuses_other_audiences_and_says_the_rule(clock: Clock) -> None:
    school, police = await makers.make_agency(), await makers.make_agency("Police", sector="Police")
    asha, ben = (
        await makers.make_person("Asha Patel", agency=school),
        await makers.make_person("Ben Cole", agency=police, job_role="multi_agency"),
    )
    session = await makers.make_session(now=clock.now, access="restricted", audience_codes=["schools"])
    assert await book(asha, session.id, clock) == "confirmed"
    with pytest.raises(Refused) as refusal:
        await book(ben, session.id, clock)
    assert refusal.value.code == "not_eligible"
    assert refusal.value.message.startswith("This session is only for: Schools. Your position is not one of them. If your post has")


async def test_booking_2_whoever_may_see_a_session_for_the_voluntary_sector_may_book_it(clock: Clock) -> None:
    charity = await makers.make_agency("Delta", sector="Other", is_vcse=True)
    asha = await makers.make_person("Asha Patel", agency=charity, job_role="multi_agency")
    session = await makers.make_session(now=clock.now, access="restricted", audience_codes=["voluntary"])
    assert (await session_facts(session.ref, viewer=makers.as_learner(asha), now=clock.now)).id == session.id
    assert await book(asha, session.id, clock) == "confirmed"


async def test_booking_2_a_missing_prerequisite_is_named_and_a_completed_one_opens_the_way(clock: Clock) -> None:
    first = await makers.make_course("Child Protection", code="CP")
    second = await makers.make_course("Strategy Discussions")
    await Prerequisite.create(course=second, needs=first)
    asha = await makers.make_person("Asha Patel")
    session = await makers.make_session(course=second, now=clock.now)
    with pytest.raises(Refused) as refusal:
        await book(asha, session.id, clock)
    assert (refusal.value.code, refusal.value.facts) == ("prerequisite", {"courses": [("CP", "Child Protection")]})
    assert refusal.value.message == "You need to complete “Child Protection” (no date is published yet) before this course."
    next_date = await makers.make_session(course=first, now=clock.now)
    with pytest.raises(Refused, match=f"next date: {day(next_date.starts_at)}"):
        await book(asha, session.id, clock)
    await makers.complete(asha, first, on=date(2025, 5, 1))
    assert await book(asha, session.id, clock) == "confirmed"


async def test_booking_2_a_clash_names_the_other_booking_and_swaps_in_one_step(clock: Clock) -> None:
    asha = await makers.make_person("Asha Patel")
    one = await makers.make_session(now=clock.now)
    other = await makers.make_session(now=clock.now, starts=one.starts_at + timedelta(hours=1))
    await book(asha, one.id, clock)
    with pytest.raises(Refused) as refusal:
        await book(asha, other.id, clock)
    held = await Booking.get(session_id=one.id)
    assert (refusal.value.code, refusal.value.facts["booking_ref"]) == ("clash", held.ref)
    assert await book(asha, other.id, clock, instead_of=held.id) == "confirmed"
    states = await Booking.all().order_by("id").values_list("session_id", "state")
    assert states == [(one.id, "cancelled"), (other.id, "confirmed")]


async def test_booking_2_touching_ends_are_no_clash(clock: Clock) -> None:
    asha = await makers.make_person("Asha Patel")
    one = await makers.make_session(now=clock.now, hours=3)
    other = await makers.make_session(now=clock.now, starts=one.ends_at)
    await book(asha, one.id, clock)
    assert await book(asha, other.id, clock) == "confirmed"


async def test_people_1_two_positions_ask_on_whose_behalf_and_the_booking_freezes_it(clock: Clock) -> None:
    school, club = await makers.make_agency(), await makers.make_agency("Youth Club", sector="Voluntary and community")
    asha = await makers.make_person("Asha Patel", agency=school)
    await Position.create(person=asha, agency=club, job_role="vcse_volunteer", starts_on=date(2025, 2, 1))
    session = await makers.make_session(now=clock.now)
    with pytest.raises(Refused) as refusal:
        await book(asha, session.id, clock)
    assert (refusal.value.code, refusal.value.field) == ("agency", "agency")
    await book(asha, session.id, clock, agency_id=club.id)
    booking = await Booking.get(learner_id=asha.id)
    assert (booking.agency_id, booking.job_role) == (club.id, "vcse_volunteer")


async def test_places_a_hybrid_session_counts_each_mode_and_asks_for_one(clock: Clock) -> None:
    asha, ben, cara = [await makers.make_person(name) for name in ("Asha Patel", "Ben Cole", "Cara Dunn")]
    session = await makers.make_session(now=clock.now, delivery="hybrid", capacity=3, capacity_room=1, capacity_online=2)
    with pytest.raises(Refused) as refusal:
        await book(asha, session.id, clock)
    assert refusal.value.code == "mode"
    await book(asha, session.id, clock, mode="room")
    with pytest.raises(Refused) as refusal:
        await book(ben, session.id, clock, mode="room")
    assert refusal.value.code == "full"
    assert await book(ben, session.id, clock, mode="online") == "confirmed"
    found = (await places([session.id], now=clock.now))[session.id]
    assert (found.left_room, found.left_online, found.left) == (0, 1, 1)
    assert await book(cara, session.id, clock, mode="online") == "confirmed"


async def test_booking_7_cancelling_in_time_needs_no_reason_and_leaves_no_ledger(clock: Clock) -> None:
    asha = await makers.make_person("Asha Patel")
    session = await makers.make_session(now=clock.now)
    await book(asha, session.id, clock)
    booking = await Booking.get(learner_id=asha.id)
    assert await cancel_booking(booking.id, by=makers.as_learner(asha), now=clock.now) == "cancelled"
    assert await cancel_booking(booking.id, by=makers.as_learner(asha), now=clock.now) == "cancelled"
    letter = await Message.get(template="cancelled")
    assert [(item["method"], item["sequence"]) for item in letter.calendar] == [("CANCEL", 1)]
    assert (await LedgerEntry.all().count(), await Message.filter(template="cancelled").count()) == (0, 1)


async def test_booking_7_after_the_cut_off_a_reason_is_asked_and_the_ledger_written(clock: Clock) -> None:
    school = await makers.make_agency()
    asha = await makers.make_person("Asha Patel", agency=school)
    session = await makers.make_session(now=clock.now, starts=clock.now + timedelta(days=1, hours=2))
    await book(asha, session.id, clock)
    booking = await Booking.get(learner_id=asha.id)
    with pytest.raises(Refused) as refusal:
        await cancel_booking(booking.id, by=makers.as_learner(asha), now=clock.now)
    assert (refusal.value.code, refusal.value.field) == ("reason", "reason")
    await cancel_booking(booking.id, reason="court", by=makers.as_learner(asha), now=clock.now)
    entry = await LedgerEntry.get(booking_id=booking.id)
    assert (entry.kind, entry.reason, entry.agency_id, entry.notice_hours) == ("late_cancellation", "court", school.id, 12.0)


async def test_calendar_1_booking_again_after_cancelling_raises_the_sequence(clock: Clock) -> None:
    asha = await makers.make_person("Asha Patel")
    session = await makers.make_session(now=clock.now)
    await book(asha, session.id, clock)
    await cancel_booking((await Booking.get(learner_id=asha.id)).id, by=makers.as_learner(asha), now=clock.now)
    await book(asha, session.id, clock)
    sent = [(letter.calendar[0]["method"], letter.calendar[0]["sequence"]) for letter in await Message.all().order_by("id")]
    uids = {letter.calendar[0]["uid"] for letter in await Message.all()}
    assert (sent, len(uids)) == ([("REQUEST", 0), ("CANCEL", 1), ("REQUEST", 2)], 1)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"state": "accepted"}, "train or speak"),
        ({"state": "accepted", "is_contributor": True}, "train or speak"),
        ({"state": "asked"}, "Say yes or no"),
    ],
)
async def test_who_trains_or_speaks_at_a_session_has_no_place_on_it(clock: Clock, columns: dict[str, Any], says: str) -> None:
    tess, dee = await makers.make_person("Tess Trainer"), await makers.make_person("Dee Desk")
    session = await makers.make_session(now=clock.now)
    full = await makers.make_session(now=clock.now, capacity=0)
    for one in (session, full):
        await SessionTrainer.create(session=one, person=tess, asked_at=clock.now, **columns)
    wish, wait = (BookPlace(session_id=one.id, learner_id=tess.id) for one in (session, full))
    with pytest.raises(Refused, match=says):
        await book_place(wish, by=makers.as_learner(tess), now=clock.now)
    with pytest.raises(Refused, match=says):
        await join_list(wait, by=makers.as_learner(tess), now=clock.now)
    for order, joins in ((wish, False), (wait, True)):
        with pytest.raises(Refused, match="They train or speak"):
            await book_for(order, joins_list=joins, by=makers.as_desk(dee), now=clock.now)
    assert await Booking.all().count() == 0


async def test_who_said_no_to_training_a_session_books_it(clock: Clock) -> None:
    tess = await makers.make_person("Tess Trainer")
    session = await makers.make_session(now=clock.now)
    await SessionTrainer.create(session=session, person=tess, state="declined", asked_at=clock.now)
    assert await book(tess, session.id, clock) == "confirmed"
