"""A session as a whole: Booking 8 and States of booking.md, iCalendar 1 and 7 of calendar_and_letters.md, each named."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from marstraining.bookings.actions import (
    accept_offer,
    book_for,
    book_place,
    call_off_session,
    cancel_booking,
    join_list,
    keep_place,
    move_session,
    offer_now,
    postpone_session,
    run_online,
    send_reminders,
    tell_changes,
    who_will_be_told,
)
from marstraining.bookings.models import Booking, LedgerEntry, SentEntry, Transition
from marstraining.bookings.queries import next_date_of, position_in_line
from marstraining.bookings.rules import BookPlace
from marstraining.core.clock import from_wall
from marstraining.core.db import rows
from marstraining.core.errors import Refused
from marstraining.core.viewer import ANYBODY, SYSTEM
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.actions import add_day, cancel_day, edit_session, move_day
from marstraining.programme.actions.sessions import draft_of
from marstraining.programme.models import Session, TrainingDay
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.conftest import STANDING_NOW, Clock

pytestmark = pytest.mark.usefixtures("db")

MAY_8 = DayPlan(date(2026, 5, 8), time(9, 30), time(12, 30))
MAY_9 = DayPlan(date(2026, 5, 9), time(9, 30), time(12, 30))
JUNE_1 = DayPlan(date(2026, 6, 1), time(9, 30), time(12, 30))
JUNE_2 = DayPlan(date(2026, 6, 2), time(9, 30), time(12, 30))
LINK = "https://meet.example/j/1"

Entries = list[tuple[int, int, object]]


class Case:
    """A session on 8 May 2026 (and the days after): Asha and Ben confirmed, Cara and then Dan on its list."""

    def __init__(self, session: Session, people: dict[str, Person], bookings: dict[str, int]) -> None:
        self.session, self.people, self.bookings = session, people, bookings

    async def uids(self) -> list[str]:
        return [row["uid"] for row in await TrainingDay.filter(session_id=self.session.id).order_by("id").values("uid")]

    async def states(self) -> dict[str, str]:
        return dict(await Booking.filter(session_id=self.session.id).order_by("id").values_list("learner__name", "state"))

    async def letters(self, template: str) -> dict[str, Entries]:
        """Who was sent that letter, with its calendar entries as (which day, SEQUENCE, METHOD)."""
        uids = await self.uids()
        return {
            letter.name: [(uids.index(str(item["uid"])), int(str(item["sequence"])), item["method"]) for item in letter.calendar]
            for letter in await Message.filter(template=template).order_by("id")
        }


async def booked_session(clock: Clock, *, days: int = 1, **columns: object) -> Case:
    columns.setdefault("capacity", 2)
    session = await makers.make_session(now=clock.now, starts=MAY_8.instants()[0], days=days, **columns)  # type: ignore[arg-type]  # columns of a session
    people, bookings = {}, {}
    for name, verb in (("Asha", book_place), ("Ben", book_place), ("Cara", join_list), ("Dan", join_list)):
        person = people[name] = await makers.make_person(name)
        order = BookPlace(session_id=session.id, learner_id=person.id)
        bookings[name] = (await verb(order, by=makers.as_learner(person), now=clock.forward(seconds=1))).id
    return Case(session, people, bookings)


# ---- Booking 8: the dry run, then one letter to everybody with a live booking ----------------------------------------


async def test_booking_8_the_dry_run_says_who_will_be_told_and_writes_nothing(clock: Clock) -> None:
    case = await booked_session(clock)
    await Session.filter(id=case.session.id).update(capacity=3)
    managed = await makers.make_person("Mel", email=None)
    await book_place(BookPlace(session_id=case.session.id, learner_id=managed.id, by_desk=True), by=SYSTEM, now=clock.now)
    letters = await Message.all().count()
    told = await who_will_be_told(case.session.id)
    assert [person.learner_name for person in told.people] == ["Asha", "Ben", "Cara", "Dan"]
    assert (told.number("confirmed"), told.number("waiting"), told.emails, told.without_address) == (2, 2, 4, ("Mel",))
    assert await Message.all().count() == letters


async def test_booking_8_calling_off_ends_every_live_booking_and_cancels_every_entry(clock: Clock) -> None:
    case = await booked_session(clock, days=2)
    told = await call_off_session(case.session.id, reason="The trainer is unwell.", by=SYSTEM, now=clock.now)
    assert told == 4
    assert await case.states() == dict.fromkeys(("Asha", "Ben", "Cara", "Dan"), "called_off")
    both = [(0, 1, "CANCEL"), (1, 1, "CANCEL")]
    assert await case.letters("called_off") == {"Asha": both, "Ben": both, "Cara": [], "Dan": []}
    assert (await Session.get(id=case.session.id)).state == "called_off"
    assert {letter.context["reason"] for letter in await Message.filter(template="called_off")} == {"The trainer is unwell."}


async def test_booking_8_who_cancelled_before_is_told_nothing_and_a_second_calling_off_is_refused(clock: Clock) -> None:
    case = await booked_session(clock, is_promotion_on=False)
    await cancel_booking(case.bookings["Ben"], by=makers.as_learner(case.people["Ben"]), now=clock.now)
    await call_off_session(case.session.id, reason="", by=SYSTEM, now=clock.now)
    with pytest.raises(Refused) as refusal:
        await call_off_session(case.session.id, reason="", by=SYSTEM, now=clock.now)
    assert refusal.value.code == "called_off"
    assert list(await case.letters("called_off")) == ["Asha", "Cara", "Dan"]


async def test_states_the_called_off_letter_offers_the_next_public_date(clock: Clock) -> None:
    case = await booked_session(clock)
    course = await case.session.course
    plans: list[tuple[date, dict[str, Any]]] = [
        (date(2026, 5, 20), {"state": "draft"}), (date(2026, 5, 21), {"access": "invited"}), (date(2026, 6, 3), {}),
    ]  # fmt: skip
    for day, columns in plans:
        following = await makers.make_session(course=course, now=clock.now, starts=from_wall(day, time(9, 30)), **columns)
    await call_off_session(case.session.id, reason="", by=SYSTEM, now=clock.now)
    # The letter and the pages go by one rule: what has places, then what opens, then what is full.
    found = await next_date_of(case.session.course_id, case.session.id, viewer=ANYBODY, now=clock.now)
    facts = {(letter.context["next_ref"], letter.context["next_date"]) for letter in await Message.filter(template="called_off")}
    assert found is not None
    assert found.ref == following.ref
    assert facts == {(following.ref, "Wednesday 3 June 2026, 9:30am")}


async def test_a_called_off_or_postponed_session_takes_back_reminders_that_have_not_left(clock: Clock) -> None:
    for verb in (call_off_session, postpone_session):
        case = await booked_session(clock)
        clock.travel_to(from_wall(date(2026, 5, 7), time(9)))
        await send_reminders(now=clock.now)
        await verb(case.session.id, reason="", by=SYSTEM, now=clock.now)
        found = await Message.filter(session_id=case.session.id, template__startswith="reminder").values("state")
        assert [row["state"] for row in found] == ["withdrawn"] * 4
        clock.travel_to(STANDING_NOW)


async def test_booking_8_running_online_reissues_every_day_with_the_link_near_the_time(clock: Clock) -> None:
    case = await booked_session(clock, days=2)
    uids = await case.uids()
    clock.travel_to(from_wall(date(2026, 5, 6), time(10)))
    assert await run_online(case.session.id, joining_link=LINK, by=SYSTEM, now=clock.now) == 4
    both = [(0, 1, "REQUEST"), (1, 1, "REQUEST")]
    assert await case.letters("online_instead") == {"Asha": both, "Ben": both, "Cara": [], "Dan": []}
    letter = await Message.filter(template="online_instead", name="Asha").get()
    assert (letter.context["where"], letter.context["joining_link"], [item["uid"] for item in letter.calendar]) == ("Online", LINK, uids)
    with pytest.raises(Refused) as refusal:
        await run_online(case.session.id, joining_link=LINK, by=SYSTEM, now=clock.now)
    assert refusal.value.code == "online_already"


async def test_booking_8_a_hybrid_run_online_has_one_limit_and_passes_places_on(clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, delivery="hybrid", capacity=5, capacity_room=1, capacity_online=1)
    people = [await makers.make_person(name) for name in ("Asha", "Ben")]
    for person, verb in zip(people, (book_place, join_list), strict=True):
        order = BookPlace(session_id=session.id, learner_id=person.id, mode="room")
        await verb(order, by=makers.as_learner(person), now=clock.now)
    await run_online(session.id, joining_link=LINK, by=SYSTEM, now=clock.now)
    found = await Booking.filter(session_id=session.id).order_by("id").values_list("state", "mode")
    assert found == [("confirmed", ""), ("offered", "")]


# ---- States: postponed keeps bookings and order; the new date is put to them first -----------------------------------


async def test_states_postponed_keeps_bookings_and_the_order_of_the_list(clock: Clock) -> None:
    case = await booked_session(clock)
    before = await case.states()
    assert await postpone_session(case.session.id, reason="Snow.", by=SYSTEM, now=clock.now) == 4
    assert await case.states() == before
    assert [await position_in_line(case.bookings[name]) for name in ("Cara", "Dan")] == [1, 2]
    entry = [(0, 1, "CANCEL")]
    assert await case.letters("postponed") == {"Asha": entry, "Ben": entry, "Cara": [], "Dan": []}


async def test_states_a_postponed_session_takes_no_bookings_and_makes_no_offers(clock: Clock) -> None:
    case = await booked_session(clock)
    await postpone_session(case.session.id, reason="", by=SYSTEM, now=clock.now)
    await cancel_booking(case.bookings["Ben"], by=makers.as_learner(case.people["Ben"]), now=clock.now)
    assert await case.states() == {"Asha": "confirmed", "Ben": "cancelled", "Cara": "waiting", "Dan": "waiting"}
    stranger = await makers.make_person("Stranger")
    with pytest.raises(Refused) as refusal:
        await book_place(BookPlace(session_id=case.session.id, learner_id=stranger.id), by=makers.as_learner(stranger), now=clock.now)
    assert refusal.value.code == "postponed"


async def test_states_the_new_date_is_put_to_those_booked_who_keep_their_place_or_let_it_go(clock: Clock) -> None:
    case = await booked_session(clock)
    uids = await case.uids()
    await postpone_session(case.session.id, reason="", by=SYSTEM, now=clock.now)
    assert await move_session(case.session.id, [JUNE_1], by=SYSTEM, now=clock.now) == 4
    entry = [(0, 2, "REQUEST")]
    assert await case.letters("moved") == {"Asha": entry, "Ben": entry, "Cara": [], "Dan": []}
    assert {letter.context["was_postponed"] for letter in await Message.filter(template="moved")} == {True}
    assert await case.uids() == uids
    await keep_place(case.bookings["Asha"], by=SYSTEM, now=clock.now)
    await cancel_booking(case.bookings["Ben"], by=makers.as_learner(case.people["Ben"]), now=clock.now)
    assert (await Booking.get(id=case.bookings["Asha"])).kept_after_postponing is True
    assert await case.states() == {"Asha": "confirmed", "Ben": "cancelled", "Cara": "offered", "Dan": "waiting"}


async def test_states_postponed_and_put_back_on_the_same_day_still_reissues_a_higher_sequence(clock: Clock) -> None:
    case = await booked_session(clock)
    await postpone_session(case.session.id, reason="", by=SYSTEM, now=clock.now)
    await move_session(case.session.id, [MAY_8], by=SYSTEM, now=clock.now)
    assert (await case.letters("moved"))["Asha"] == [(0, 2, "REQUEST")]


async def test_states_a_postponed_session_has_no_date_so_letting_go_is_neither_late_nor_too_late(clock: Clock) -> None:
    case = await booked_session(clock)
    await postpone_session(case.session.id, reason="", by=SYSTEM, now=clock.travel_to(MAY_8.instants()[0] - timedelta(hours=3)))
    await cancel_booking(case.bookings["Asha"], by=makers.as_learner(case.people["Asha"]), now=clock.now)
    clock.travel_to(MAY_8.instants()[1] + timedelta(days=1))
    for name in ("Ben", "Cara"):
        await cancel_booking(case.bookings[name], by=makers.as_learner(case.people[name]), now=clock.now)
    assert await case.states() == {"Asha": "cancelled", "Ben": "cancelled", "Cara": "withdrawn", "Dan": "waiting"}
    ended = await Transition.filter(to_state__in=("cancelled", "withdrawn"), notice_hours=None).count()
    assert (ended, await LedgerEntry.all().count()) == (3, 0)


async def test_states_a_place_on_offer_goes_back_to_the_list_when_a_session_is_postponed_and_is_offered_again(clock: Clock) -> None:
    case = await booked_session(clock)
    await cancel_booking(case.bookings["Ben"], by=makers.as_learner(case.people["Ben"]), now=clock.now)
    await postpone_session(case.session.id, reason="", by=SYSTEM, now=clock.now)
    assert await case.states() == {"Asha": "confirmed", "Ben": "cancelled", "Cara": "waiting", "Dan": "waiting"}
    with pytest.raises(Refused) as refusal:
        await accept_offer(case.bookings["Cara"], by=SYSTEM, now=clock.now)
    assert (refusal.value.code, await case.letters("postponed")) == ("no_offer", {"Asha": [(0, 1, "CANCEL")], "Cara": [], "Dan": []})
    await move_session(case.session.id, [JUNE_1], by=SYSTEM, now=clock.forward(days=9))
    offered = await Booking.get(id=case.bookings["Cara"])
    assert (offered.state, offered.offered_at, await position_in_line(case.bookings["Dan"])) == ("offered", clock.now, 1)


async def test_states_nobody_is_booked_or_offered_a_place_while_there_is_no_date_not_even_by_the_desk(clock: Clock) -> None:
    case = await booked_session(clock)
    await postpone_session(case.session.id, reason="", by=SYSTEM, now=clock.now)
    await Session.filter(id=case.session.id).update(capacity=4)
    mel = await makers.make_person("Mel")
    with pytest.raises(Refused) as booking:
        await book_for(BookPlace(session_id=case.session.id, learner_id=mel.id), by=SYSTEM, now=clock.now)
    with pytest.raises(Refused) as offer:
        await offer_now(case.bookings["Dan"], by=SYSTEM, now=clock.now)
    assert (booking.value.code, offer.value.code) == ("postponed", "postponed")


async def test_postponing_twice_tells_nobody_twice(clock: Clock) -> None:
    case = await booked_session(clock)
    told = [await postpone_session(case.session.id, reason="", by=SYSTEM, now=clock.now) for _ in range(2)]
    assert (told, await Message.filter(template="postponed").count()) == ([4, 0], 4)


# ---- iCalendar 1 and 7: only what changed is issued again, with the same UID and a higher SEQUENCE -------------------


async def test_ical_7_moving_one_day_reissues_that_day_only(clock: Clock) -> None:
    case = await booked_session(clock, days=2)
    uids = await case.uids()
    assert await move_session(case.session.id, [MAY_8, JUNE_2], by=SYSTEM, now=clock.now) == 4
    moved = await case.letters("moved")
    assert moved == {"Asha": [(1, 1, "REQUEST")], "Ben": [(1, 1, "REQUEST")], "Cara": [], "Dan": []}
    assert await case.uids() == uids
    starts = await TrainingDay.filter(session_id=case.session.id).order_by("id").values_list("starts_at", "sequence")
    assert starts == [(MAY_8.instants()[0], 0), (JUNE_2.instants()[0], 1)]
    session = await Session.get(id=case.session.id)
    assert (session.starts_at, session.ends_at) == (MAY_8.instants()[0], JUNE_2.instants()[1])


async def test_ical_1_a_day_that_falls_away_is_cancelled_and_a_new_one_has_a_uid_of_its_own(clock: Clock) -> None:
    case = await booked_session(clock, days=2)
    await move_session(case.session.id, [MAY_8], by=SYSTEM, now=clock.now)
    assert (await case.letters("moved"))["Asha"] == [(1, 1, "CANCEL")]
    await move_session(case.session.id, [MAY_8, JUNE_1], by=SYSTEM, now=clock.forward(minutes=1))
    second = await Message.filter(template="moved", name="Asha").order_by("-id").first()
    assert second is not None
    uids = await case.uids()
    assert [(uids.index(str(item["uid"])), item["sequence"], item["method"]) for item in second.calendar] == [(2, 0, "REQUEST")]


async def test_moving_to_where_it_is_already_tells_nobody(clock: Clock) -> None:
    case = await booked_session(clock)
    assert await move_session(case.session.id, [MAY_8], by=SYSTEM, now=clock.now) == 0
    assert await Message.filter(template="moved").count() == 0


async def test_a_move_into_the_past_is_refused_and_nothing_changes(clock: Clock) -> None:
    case = await booked_session(clock)
    with pytest.raises(Refused) as refusal:
        await move_session(case.session.id, [DayPlan(date(2026, 3, 1), time(9), time(12))], by=SYSTEM, now=clock.now)
    assert (refusal.value.code, (await Session.get(id=case.session.id)).starts_at) == ("past", MAY_8.instants()[0])


async def test_ical_1_rebooking_after_a_cancellation_gives_a_sequence_above_the_cancelled_one(clock: Clock) -> None:
    case = await booked_session(clock, is_promotion_on=False)
    asha = case.people["Asha"]
    await cancel_booking(case.bookings["Asha"], by=makers.as_learner(asha), now=clock.now)
    await book_place(BookPlace(session_id=case.session.id, learner_id=asha.id, by_desk=True), by=SYSTEM, now=clock.forward(minutes=1))
    mails = await Message.filter(name="Asha").order_by("id").values_list("template", "calendar")
    sent = [(template, [(item["sequence"], item["method"]) for item in calendar]) for template, calendar in mails]
    assert sent == [("confirmed", [(0, "REQUEST")]), ("cancelled", [(1, "CANCEL")]), ("confirmed", [(2, "REQUEST")])]
    assert (await TrainingDay.get(session_id=case.session.id)).sequence == 0


# ---- any other edit of the programme reaches calendars through the worker --------------------------------------------


async def test_a_day_moved_alone_is_told_once_by_the_worker(clock: Clock) -> None:
    case = await booked_session(clock, days=2)
    day = (await TrainingDay.filter(session_id=case.session.id).order_by("id"))[1]
    await move_day(day.id, JUNE_2, by=SYSTEM, now=clock.now)
    assert [await tell_changes(now=clock.now), await tell_changes(now=clock.now)] == [4, 0]
    assert await case.letters("session_changed") == {"Asha": [(1, 1, "REQUEST")], "Ben": [(1, 1, "REQUEST")], "Cara": [], "Dan": []}


async def test_a_day_cancelled_alone_is_taken_out_of_calendars(clock: Clock) -> None:
    case = await booked_session(clock, days=2)
    day = (await TrainingDay.filter(session_id=case.session.id).order_by("id"))[1]
    await cancel_day(day.id, by=SYSTEM, now=clock.now)
    assert [await tell_changes(now=clock.now), await tell_changes(now=clock.now)] == [4, 0]
    assert (await case.letters("session_changed"))["Asha"] == [(1, 1, "CANCEL")]
    assert await SentEntry.filter(training_day_id=day.id, is_cancelled=True).count() == 2


async def test_a_day_added_is_sent_to_those_who_have_the_others(clock: Clock) -> None:
    case = await booked_session(clock)
    await add_day(case.session.id, MAY_9, by=SYSTEM, now=clock.now)
    assert [await tell_changes(now=clock.now), await tell_changes(now=clock.now)] == [4, 0]
    assert await case.letters("session_changed") == {"Asha": [(1, 0, "REQUEST")], "Ben": [(1, 0, "REQUEST")], "Cara": [], "Dan": []}


async def test_another_venue_raises_every_sequence_and_another_note_none(clock: Clock) -> None:
    case = await booked_session(clock, days=2)
    session = await Session.get(id=case.session.id)
    await edit_session(session.id, replace(draft_of(session), notes="Bring a pen."), by=SYSTEM, now=clock.now)
    assert await tell_changes(now=clock.now) == 0
    venue = await makers.make_venue("Civic Centre")
    await edit_session(session.id, replace(draft_of(session), venue_id=venue.id), by=SYSTEM, now=clock.now)
    assert await tell_changes(now=clock.now) == 4
    assert (await case.letters("session_changed"))["Asha"] == [(0, 1, "REQUEST"), (1, 1, "REQUEST")]
    assert {letter.context["where"] for letter in await Message.filter(template="session_changed")} == {"Civic Centre"}


async def test_who_cancelled_is_not_sent_the_session_again(clock: Clock) -> None:
    case = await booked_session(clock, is_promotion_on=False)
    await cancel_booking(case.bookings["Ben"], by=makers.as_learner(case.people["Ben"]), now=clock.now)
    day = await TrainingDay.get(session_id=case.session.id)
    await move_day(day.id, JUNE_2, by=SYSTEM, now=clock.now)
    assert await tell_changes(now=clock.now) == 3
    assert list(await case.letters("session_changed")) == ["Asha", "Cara", "Dan"]


async def test_each_change_of_a_whole_session_is_in_its_history(clock: Clock) -> None:
    case = await booked_session(clock)
    await postpone_session(case.session.id, reason="", by=SYSTEM, now=clock.now)
    await move_session(case.session.id, [JUNE_1], by=SYSTEM, now=clock.now)
    await run_online(case.session.id, joining_link=LINK, by=SYSTEM, now=clock.now)
    await call_off_session(case.session.id, reason="", by=SYSTEM, now=clock.now)
    found = await rows("SELECT action FROM history_entry WHERE subject_kind = 'session' AND subject_id = ? ORDER BY id", case.session.id)
    assert [row["action"] for row in found] == ["postpone_session", "move_session", "make_online", "call_off_session"]
