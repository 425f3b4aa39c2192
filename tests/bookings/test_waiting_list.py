"""The waiting list on real rows: rules of booking.md, Waiting list 1 to 7, each named."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from marstraining.bookings.actions import (
    accept_offer,
    answer_standby,
    book_for,
    book_place,
    cancel_booking,
    change_capacity,
    confirm_invitation,
    join_list,
    move_session,
    offer_now,
    set_priority,
    settle_sessions,
    turn_down_offer,
)
from marstraining.bookings.models import Booking
from marstraining.bookings.queries import places, position_in_line
from marstraining.bookings.rules import BookPlace
from marstraining.core import config
from marstraining.core.clock import from_wall
from marstraining.core.db import rows
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM
from marstraining.messages.envelope import rendered
from marstraining.messages.models import Message
from marstraining.messages.queries import letter_of
from marstraining.people.models import Person
from marstraining.programme.models import Session
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("db")


class Case:
    """A full session of one place, and people who would like it."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session, self.clock = session, clock
        self.people: dict[str, Person] = {}

    async def person(self, name: str) -> Person:
        if name not in self.people:
            self.people[name] = await makers.make_person(name)
        return self.people[name]

    async def book(self, name: str, **more: object) -> int:
        person = await self.person(name)
        order = BookPlace(session_id=self.session.id, learner_id=person.id, **more)  # type: ignore[arg-type]  # what BookPlace takes
        return (await book_place(order, by=makers.as_learner(person), now=self.clock.now)).id

    async def join(self, name: str, **more: object) -> int:
        person = await self.person(name)
        order = BookPlace(session_id=self.session.id, learner_id=person.id, **more)  # type: ignore[arg-type]  # what BookPlace takes
        return (await join_list(order, by=makers.as_learner(person), now=self.clock.now)).id

    async def cancel(self, name: str) -> str:
        person = self.people[name]
        booking = await Booking.filter(learner_id=person.id, session_id=self.session.id).order_by("-id").first()
        assert booking is not None
        return await cancel_booking(booking.id, reason="cover", by=makers.as_learner(person), now=self.clock.now)

    async def states(self) -> dict[str, str]:
        found = await Booking.filter(session_id=self.session.id).order_by("id").values_list("learner__name", "state")
        return dict(found)


async def full_session(clock: Clock, **columns: object) -> Case:
    columns.setdefault("capacity", 1)
    case = Case(await makers.make_session(now=clock.now, **columns), clock)  # type: ignore[arg-type]  # columns of a session
    for number in range(int(str(columns["capacity"]))):
        await case.book(f"Holder {number}")
    return case


async def test_waiting_list_1_joining_gives_a_position_two_at_once_are_1_and_2_and_a_letter_with_a_way_to_leave(clock: Clock) -> None:
    case = await full_session(clock)
    first, second = await case.join("Asha"), await case.join("Ben")
    assert [await position_in_line(first), await position_in_line(second)] == [1, 2]
    assert await Message.filter(template="joined_list").count() == 2
    await case.cancel("Asha")
    assert (await case.states())["Asha"] == "withdrawn"
    assert await position_in_line(second) == 1


async def test_waiting_list_1_the_desks_priority_comes_before_time_of_joining(clock: Clock) -> None:
    case = await full_session(clock)
    first, second = await case.join("Asha"), await case.join("Ben")
    await set_priority(second, priority=1, by=SYSTEM, now=clock.now)
    assert [await position_in_line(first), await position_in_line(second)] == [2, 1]


async def test_waiting_list_2_a_freed_place_is_offered_to_the_next_in_the_same_transaction(clock: Clock) -> None:
    case = await full_session(clock)
    await case.join("Asha")
    await case.join("Ben")
    await case.cancel("Holder 0")
    assert await case.states() == {"Holder 0": "cancelled", "Asha": "offered", "Ben": "waiting"}
    letter = await Message.get(template="place_offered")
    assert letter.context["answer_by"] == "10am on Thursday 12 March 2026"


async def test_waiting_list_2_a_stranger_is_refused_while_somebody_waits(clock: Clock) -> None:
    case = await full_session(clock, is_promotion_on=False)
    await case.join("Asha")
    await case.cancel("Holder 0")
    with pytest.raises(Refused) as refusal:
        await case.book("Stranger")
    assert (refusal.value.code, await case.states()) == ("full", {"Holder 0": "cancelled", "Asha": "waiting"})


@pytest.mark.parametrize(
    ("days_before", "expires"),
    [
        # From Monday 9 March 2026, 10:00: three working days, one, and four working hours.
        (30, datetime(2026, 3, 12, 10, tzinfo=UTC)),
        (10, datetime(2026, 3, 10, 10, tzinfo=UTC)),
        (4, datetime(2026, 3, 9, 14, tzinfo=UTC)),
    ],
)
async def test_waiting_list_3_an_offer_lasts_by_the_time_left(clock: Clock, days_before: int, expires: datetime) -> None:
    case = await full_session(clock, starts=clock.now + timedelta(days=days_before))
    booking = await case.join("Asha")
    await case.cancel("Holder 0")
    assert (await Booking.get(id=booking)).offer_expires_at == expires


async def test_waiting_list_3_school_holidays_stop_the_clock_for_education_learners(clock: Clock) -> None:
    clock.travel_to(from_wall(date(2026, 3, 26), time(10)))
    school = await makers.make_agency()
    case = await full_session(clock, starts=from_wall(date(2026, 6, 1), time(9, 30)))
    case.people["Asha"] = await makers.make_person("Asha", agency=school)
    booking = await case.join("Asha")
    await case.cancel("Holder 0")
    # Thursday 10:00 and 30 working hours: 8 that day, 10 on Friday, the Easter holidays, 10 on Monday 13 April, 2 on Tuesday.
    assert (await Booking.get(id=booking)).offer_expires_at == from_wall(date(2026, 4, 14), time(10))


async def test_waiting_list_3_accepting_at_the_deadlines_second_works_and_one_second_later_is_refused(clock: Clock) -> None:
    case = await full_session(clock)
    booking = await case.join("Asha")
    await case.cancel("Holder 0")
    expires = (await Booking.get(id=booking)).offer_expires_at
    assert expires is not None
    with pytest.raises(Refused) as refusal:
        await accept_offer(booking, by=SYSTEM, now=expires + timedelta(seconds=1))
    assert refusal.value.code == "ran_out"
    assert await accept_offer(booking, by=SYSTEM, now=expires) == "confirmed"
    assert await accept_offer(booking, by=SYSTEM, now=expires) == "confirmed"
    assert await Message.filter(template="confirmed", person_id=case.people["Asha"].id).count() == 1


async def test_waiting_list_3_a_lapsed_offer_passes_on_at_once_and_running_the_job_twice_gives_nothing_twice(clock: Clock) -> None:
    case = await full_session(clock)
    await case.join("Asha")
    await case.join("Ben")
    await case.cancel("Holder 0")
    clock.forward(days=4)
    assert [await settle_sessions(now=clock.now), await settle_sessions(now=clock.now)] == [1, 0]
    assert await case.states() == {"Holder 0": "cancelled", "Asha": "lapsed", "Ben": "offered"}


async def test_waiting_list_3_turning_down_passes_on_and_whoever_did_rejoins_at_the_tail(clock: Clock) -> None:
    case = await full_session(clock)
    asha = await case.join("Asha")
    await case.join("Ben")
    await case.join("Cara")
    await case.cancel("Holder 0")
    await turn_down_offer(asha, by=SYSTEM, now=clock.now)
    assert await case.states() == {"Holder 0": "cancelled", "Asha": "turned_down", "Ben": "offered", "Cara": "waiting"}
    assert await position_in_line(await case.join("Asha")) == 2


async def test_waiting_list_3_accept_then_cancel_passes_on(clock: Clock) -> None:
    case = await full_session(clock)
    asha = await case.join("Asha")
    await case.join("Ben")
    await case.cancel("Holder 0")
    await accept_offer(asha, by=SYSTEM, now=clock.now)
    await case.cancel("Asha")
    assert await case.states() == {"Holder 0": "cancelled", "Asha": "cancelled", "Ben": "offered"}


async def test_waiting_list_4_in_the_last_two_working_days_book_me_in_is_confirmed_in_list_order(clock: Clock) -> None:
    case = await full_session(clock)
    await case.join("Leave", standby="leave")
    await case.join("Ask", standby="ask")
    await case.join("Book", standby="book")
    clock.travel_to(case.session.starts_at - timedelta(hours=20))
    await case.cancel("Holder 0")
    assert await case.states() == {"Holder 0": "cancelled", "Leave": "waiting", "Ask": "waiting", "Book": "confirmed"}


async def test_waiting_list_4_those_who_said_ask_me_are_told_and_the_highest_to_answer_gets_it_after_four_hours(clock: Clock) -> None:
    case = await full_session(clock, starts=from_wall(date(2026, 5, 14), time(14)))
    asha, ben = await case.join("Asha"), await case.join("Ben")
    clock.travel_to(from_wall(date(2026, 5, 13), time(9)))
    await case.cancel("Holder 0")
    assert await Message.filter(template="standby_asked").count() == 2
    await answer_standby(ben, by=SYSTEM, now=clock.forward(hours=1))
    with pytest.raises(Refused):
        await case.book("Stranger")
    await answer_standby(asha, by=SYSTEM, now=clock.forward(hours=1))
    assert (await case.states())["Asha"] == "waiting"
    await settle_sessions(now=clock.forward(hours=2))
    assert (await case.states())["Asha"] == "confirmed"
    assert (await case.states())["Ben"] == "waiting"


async def test_waiting_list_4_when_nobody_answers_the_place_goes_to_anyone(clock: Clock) -> None:
    case = await full_session(clock, starts=from_wall(date(2026, 5, 14), time(14)))
    await case.join("Asha")
    clock.travel_to(from_wall(date(2026, 5, 13), time(9)))
    await case.cancel("Holder 0")
    clock.forward(hours=4)
    await case.book("Stranger")
    assert (await case.states())["Stranger"] == "confirmed"


async def test_waiting_list_4_a_place_freed_after_their_time_to_answer_asks_everybody_again(clock: Clock) -> None:
    case = await full_session(clock, starts=from_wall(date(2026, 5, 14), time(14)), capacity=2)
    asha, ben = await case.join("Asha"), await case.join("Ben")
    clock.travel_to(from_wall(date(2026, 5, 12), time(15)))
    await case.cancel("Holder 0")
    clock.travel_to(from_wall(date(2026, 5, 13), time(9)))
    await case.book("Stranger")
    assert [await settle_sessions(now=clock.now), await Message.filter(template="standby_asked").count()] == [0, 2]
    await case.cancel("Holder 1")
    assert await Message.filter(template="standby_asked").count() == 4
    await answer_standby(ben, by=SYSTEM, now=clock.forward(hours=1))
    await settle_sessions(now=clock.forward(hours=3))
    assert [(await Booking.get(id=one)).state for one in (asha, ben)] == ["waiting", "confirmed"]


async def test_waiting_list_4_who_is_asked_later_has_four_working_hours_of_their_own(clock: Clock) -> None:
    case = await full_session(clock, starts=from_wall(date(2026, 5, 14), time(14)))
    await case.join("Asha")
    clock.travel_to(from_wall(date(2026, 5, 13), time(9)))
    await case.cancel("Holder 0")
    clock.forward(hours=2)
    cara = await case.join("Cara")
    await settle_sessions(now=clock.now)
    clock.forward(hours=3)
    with pytest.raises(Refused):
        await case.book("Stranger")
    assert await answer_standby(cara, by=SYSTEM, now=clock.now) == "confirmed"


async def test_waiting_list_5_after_the_window_closes_no_offers_go_out(clock: Clock) -> None:
    case = await full_session(clock, closes_at=clock.now + timedelta(days=1))
    await case.join("Asha")
    clock.forward(days=2)
    await case.cancel("Holder 0")
    assert (await case.states())["Asha"] == "waiting"


async def test_waiting_list_5_joining_switched_off_does_not_stop_promotion(clock: Clock) -> None:
    case = await full_session(clock)
    await case.join("Asha")
    await Session.filter(id=case.session.id).update(is_list_open=False)
    with pytest.raises(Refused) as refusal:
        await case.join("Ben")
    assert refusal.value.code == "list_closed"
    await case.cancel("Holder 0")
    assert (await case.states())["Asha"] == "offered"


async def test_waiting_list_6_who_does_not_fit_is_skipped_and_keeps_their_place(clock: Clock) -> None:
    case = Case(await makers.make_session(now=clock.now, delivery="hybrid", capacity=2, capacity_room=1, capacity_online=1), clock)
    await case.book("In the room", mode="room")
    await case.book("Online", mode="online")
    await case.join("Wants the room", mode="room")
    await case.join("Wants online", mode="online")
    await case.cancel("Online")
    assert await case.states() == {
        "In the room": "confirmed", "Online": "cancelled", "Wants the room": "waiting", "Wants online": "offered",
    }  # fmt: skip


async def test_waiting_list_7_confirmed_on_another_date_leaves_the_other_lists_of_a_course(clock: Clock) -> None:
    case = await full_session(clock)
    await case.join("Asha")
    other = await makers.make_session(course=await case.session.course, now=clock.now, starts=case.session.starts_at + timedelta(days=7))
    asha = case.people["Asha"]
    await book_place(BookPlace(session_id=other.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    assert (await case.states())["Asha"] == "withdrawn"
    assert (await Message.get(template="left_list")).context["other_date"] is True


async def test_waiting_list_7_briefings_have_their_own_content_so_other_lists_stay(clock: Clock) -> None:
    briefing = await makers.make_course("DSL briefing", kind="briefing")
    case = await full_session(clock, course=briefing)
    await case.join("Asha")
    other = await makers.make_session(course=briefing, now=clock.now, starts=case.session.starts_at + timedelta(days=7))
    asha = case.people["Asha"]
    await book_place(BookPlace(session_id=other.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    assert (await case.states())["Asha"] == "waiting"


async def test_booking_6_raising_capacity_by_n_makes_at_most_n_offers_and_lowering_removes_nobody(clock: Clock) -> None:
    case = await full_session(clock, capacity=2)
    for name in ("Asha", "Ben", "Cara"):
        await case.join(name)
    assert await change_capacity(case.session.id, 1, by=SYSTEM, now=clock.now) == 0
    assert await change_capacity(case.session.id, 3, by=SYSTEM, now=clock.now) == 1
    assert list((await case.states()).values()) == ["confirmed", "confirmed", "offered", "waiting", "waiting"]


async def test_the_desk_offers_out_of_turn_only_what_is_free(clock: Clock) -> None:
    case = await full_session(clock, is_promotion_on=False)
    await case.join("Asha")
    ben = await case.join("Ben")
    with pytest.raises(Refused) as refusal:
        await offer_now(ben, by=SYSTEM, now=clock.now)
    assert refusal.value.code == "full"
    await case.cancel("Holder 0")
    await offer_now(ben, by=SYSTEM, now=clock.now)
    assert await case.states() == {"Holder 0": "cancelled", "Asha": "waiting", "Ben": "offered"}
    assert (await places([case.session.id], now=clock.now))[case.session.id].held == 1


@pytest.mark.parametrize(
    ("day", "until", "said"),
    [
        (date(2026, 3, 11), datetime(2026, 3, 9, 14, tzinfo=UTC), "until 2pm on Monday 9 March 2026"),
        (date(2026, 3, 20), datetime(2026, 3, 10, 10, tzinfo=UTC), "until 10am on Tuesday 10 March 2026"),
        (date(2026, 5, 11), datetime(2026, 3, 12, 10, tzinfo=UTC), "until 10am on Thursday 12 March 2026"),
        (date(2026, 6, 16), datetime(2026, 3, 12, 10, tzinfo=UTC), "until 10am on Thursday 12 March 2026"),
    ],
)
async def test_waiting_list_3_an_offer_of_a_session_that_is_moved_nearer_lasts_by_the_time_left_and_the_letter_says_until_when(
    clock: Clock, day: date, until: datetime, said: str
) -> None:
    case = await full_session(clock, starts=from_wall(date(2026, 5, 12), time(9, 30)))
    asha = await case.join("Asha")
    await case.join("Ben", standby="book")
    await case.cancel("Holder 0")
    assert (await Booking.get(id=asha)).offer_expires_at == datetime(2026, 3, 12, 10, tzinfo=UTC)
    await move_session(case.session.id, [DayPlan(day, time(9, 30), time(12, 30))], by=SYSTEM, now=clock.now)
    assert (await Booking.get(id=asha)).offer_expires_at == until
    letter = await letter_of((await Message.get(template="moved", name="Asha")).ref)
    assert letter is not None
    parts = rendered(letter, config.current())
    assert [f"The place we offered you is still open {said}." in part for part in (parts.text, parts.html)] == [True, True]
    clock.travel_to(until + timedelta(seconds=1))
    await settle_sessions(now=clock.now)
    assert (await case.states())["Asha"] == "lapsed"
    assert (await case.states())["Ben"] == ("confirmed" if day == date(2026, 3, 11) else "offered")


async def test_waiting_list_3_half_an_hour_sooner_takes_no_day_from_an_offer(clock: Clock) -> None:
    case = await full_session(clock, starts=from_wall(date(2026, 3, 30), time(9, 30)))
    asha = await case.join("Asha")
    await case.cancel("Holder 0")
    before = (await Booking.get(id=asha)).offer_expires_at
    clock.forward(hours=1)
    await move_session(case.session.id, [DayPlan(date(2026, 3, 30), time(9), time(12))], by=SYSTEM, now=clock.now)
    assert (await Booking.get(id=asha)).offer_expires_at == before


async def test_agencies_2_an_invitation_ends_before_a_session_that_is_moved_nearer(clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, starts=from_wall(date(2026, 5, 8), time(9, 30)), capacity=4)
    asha = await makers.make_person("Asha")
    booked = await book_for(BookPlace(session_id=session.id, learner_id=asha.id), by=SYSTEM, now=clock.now)
    await Booking.filter(id=booked.id).update(state="invited", answer_by=clock.now + timedelta(days=7))
    await move_session(session.id, [DayPlan(date(2026, 3, 12), time(9, 30), time(12))], by=SYSTEM, now=clock.now)
    begins = from_wall(date(2026, 3, 12), time(9, 30))
    until = (await Booking.get(id=booked.id)).answer_by
    assert until is not None
    assert clock.now < until < begins
    assert [row["action"] for row in await rows("SELECT action FROM history_entry WHERE action = 'booking.answer_sooner'")] == [
        "booking.answer_sooner",
    ]
    await Booking.filter(id=booked.id).update(answer_by=begins + timedelta(days=1))
    with pytest.raises(Refused, match="has begun"):
        await confirm_invitation(booked.id, by=makers.as_learner(asha), now=begins)
