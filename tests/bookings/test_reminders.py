"""Reminders on real rows: calendar_and_letters.md, Letters 5, each of its rules named."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from marstraining.bookings.actions import (
    book_place,
    cancel_booking,
    move_session,
    postpone_session,
    run_online,
    send_joining_again,
    send_reminders,
    tell_changes,
)
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.bookings.rules.reminders import reminders_of
from marstraining.core import config
from marstraining.core.clock import from_wall, local
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM
from marstraining.messages.actions import lease
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.actions import copy_session, edit_session
from marstraining.programme.actions.sessions import draft_of
from marstraining.programme.models import Session
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("db")

THURSDAY = date(2026, 4, 30)
TWO_WEEKS = from_wall(date(2026, 4, 16), time(9, 30))
JOINING = from_wall(date(2026, 4, 23), time(9, 30))
DAY_BEFORE = from_wall(date(2026, 4, 29), time(9))
SECOND = timedelta(seconds=1)


async def session_on(day: date, clock: Clock, **columns: object) -> Session:
    return await makers.make_session(now=clock.now, starts=from_wall(day, time(9, 30)), **columns)  # type: ignore[arg-type]  # columns of a session


async def booked(session: Session, clock: Clock, name: str = "Asha") -> Person:
    person = await makers.make_person(name)
    await book_place(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=clock.now)
    return person


async def reminded() -> list[str]:
    """The reminders in the outbox, oldest first."""
    others = ("confirmed", "moved", "postponed", "cancelled")
    return [row["template"] for row in await Message.exclude(template__in=others).order_by("id").values("template")]


# ---- the moments ----------------------------------------------------------------------------------------------------


def due(starts: datetime) -> dict[str, str]:
    moments = reminders_of(starts_at=starts, calendar=config.current().partnership.working_calendar)
    return {reminder.template: f"{local(reminder.due_at):%a %d %b %H:%M}" for reminder in moments}


@pytest.mark.parametrize(
    ("day", "two_weeks", "joining", "day_before"),
    [
        pytest.param(date(2026, 4, 30), "Thu 16 Apr 09:30", "Thu 23 Apr 09:30", "Wed 29 Apr 09:00", id="an ordinary Thursday"),
        pytest.param(date(2026, 5, 11), "Mon 27 Apr 09:30", "Fri 01 May 09:30", "Fri 08 May 09:00", id="over the May bank holiday"),
        pytest.param(date(2026, 5, 5), "Tue 21 Apr 09:30", "Mon 27 Apr 09:30", "Fri 01 May 09:00", id="the day after a bank holiday"),
        pytest.param(date(2026, 4, 18), "Sat 04 Apr 09:30", "Fri 10 Apr 18:00", "Fri 17 Apr 09:00", id="on a Saturday"),
        pytest.param(
            date(2027, 3, 30), "Tue 16 Mar 09:30", "Fri 19 Mar 09:30", "Thu 25 Mar 09:00", id="over Easter and the change to summer time"
        ),
        pytest.param(date(2027, 11, 1), "Mon 18 Oct 09:30", "Mon 25 Oct 09:30", "Fri 29 Oct 09:00", id="over the change to winter time"),
    ],
)
async def test_letters_5_the_moments_are_wall_clock_times_of_working_days(day: date, two_weeks: str, joining: str, day_before: str) -> None:
    assert due(from_wall(day, time(9, 30))) == {
        "reminder_two_weeks": two_weeks, "joining_instructions": joining, "reminder_day_before": day_before,
    }  # fmt: skip


async def test_letters_5_each_goes_out_at_its_moment_once_and_not_a_second_before(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    sent = []
    for moment in (TWO_WEEKS, JOINING, DAY_BEFORE):
        sent += [await send_reminders(now=at) for at in (moment - SECOND, moment, moment + SECOND)]
    assert sent == [0, 1, 0] * 3
    assert await reminded() == ["reminder_two_weeks", "joining_instructions", "reminder_day_before"]


async def test_the_clock_jumping_an_hour_either_way_sends_nothing_twice(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    jumps = (timedelta(), timedelta(hours=1), timedelta(hours=-1), timedelta())
    assert [await send_reminders(now=DAY_BEFORE + jump) for jump in jumps] == [3, 0, 0, 0]
    assert await Message.filter(template="reminder_day_before").count() == 1


async def test_letters_5_joining_instructions_carry_the_link_the_code_and_the_two_answers(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock, delivery="online", joining_link="https://meet.example/j/7", joining_note="Have a headset.")
    asha = await booked(session, clock)
    await send_reminders(now=JOINING)
    letter = await Message.get(template="joining_instructions")
    booking = await Booking.get(learner_id=asha.id)
    assert (letter.context["joining_link"], letter.context["joining_note"], letter.context["check_in_code"]) == (
        "https://meet.example/j/7", "Have a headset.", booking.check_in_code,
    )  # fmt: skip
    assert letter.tokens == {"booking": ["booking", booking.id, booking.nonce]}
    assert (letter.priority, letter.address, letter.calendar) == (3, asha.email, [])


# ---- to whom --------------------------------------------------------------------------------------------------------


async def test_letters_5_none_to_who_booked_after_the_moment(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock, "Early")
    clock.travel_to(JOINING + SECOND)
    await booked(session, clock, "Late")
    await send_reminders(now=JOINING + 2 * SECOND)
    assert [row["name"] for row in await Message.filter(template="joining_instructions").values("name")] == ["Early"]
    await send_reminders(now=DAY_BEFORE)
    assert [row["name"] for row in await Message.filter(template="reminder_day_before").order_by("id").values("name")] == ["Early", "Late"]


async def test_letters_5_none_to_who_cancelled_or_waits(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    asha = await booked(session, clock)
    await booked(session, clock, "Ben")
    await Booking.filter(learner__name="Ben").update(state="waiting")
    booking = await Booking.get(learner_id=asha.id)
    await cancel_booking(booking.id, by=makers.as_learner(asha), now=clock.now)
    assert await send_reminders(now=DAY_BEFORE) == 0


async def test_something_that_happens_to_a_booking_after_the_moment_does_not_swallow_its_reminder(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    asha = await booked(session, clock)
    # The worker was down at nine; at half past the booking changed, without being a new one.
    await Booking.filter(learner_id=asha.id).update(changed_at=DAY_BEFORE + timedelta(minutes=30), version=2)
    await send_reminders(now=DAY_BEFORE + timedelta(hours=1))
    assert await Message.filter(template="reminder_day_before").count() == 1


async def test_letters_5_drafts_copies_postponed_and_called_off_sessions_fire_none(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    copy = await copy_session(session.id, [DayPlan(THURSDAY, time(9, 30), time(12, 30))], by=SYSTEM, now=clock.now)
    assert (copy.state, await Booking.filter(session_id=copy.id).count()) == ("draft", 0)
    for state in ("draft", "postponed", "called_off"):
        await Session.filter(id=session.id).update(state=state)
        assert await send_reminders(now=DAY_BEFORE) == 0


# ---- when sessions move, and after downtime -------------------------------------------------------------------------


async def test_letters_5_reminders_move_with_the_session(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    await move_session(session.id, [DayPlan(date(2026, 5, 14), time(14), time(17))], by=SYSTEM, now=clock.now)
    assert await send_reminders(now=DAY_BEFORE) == 0
    moments = [(date(2026, 4, 30), time(14)), (date(2026, 5, 7), time(14)), (date(2026, 5, 13), time(9))]
    assert [await send_reminders(now=from_wall(*moment)) for moment in moments] == [1, 1, 1]
    letter = await Message.get(template="reminder_day_before")
    assert letter.context["days"] == ["Thursday 14 May 2026, 2pm to 5pm"]


async def test_letters_5_the_desk_may_ask_to_send_the_joining_instructions_again_to_everybody_booked(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    for name in ("Asha", "Ben"):
        await booked(session, clock, name)
    await send_reminders(now=clock.travel_to(JOINING))
    mel = await makers.make_person("Mel", email=None)
    await book_place(BookPlace(session_id=session.id, learner_id=mel.id, by_desk=True), by=SYSTEM, now=clock.now)
    asked = [await send_joining_again(session.id, by=SYSTEM, now=clock.now) for _ in range(2)]
    assert (asked, await Message.filter(template="joining_instructions").count()) == ([2, 2], 4)
    await postpone_session(session.id, reason="", by=SYSTEM, now=clock.now)
    with pytest.raises(Refused):
        await send_joining_again(session.id, by=SYSTEM, now=clock.now)


async def test_letters_5_before_their_time_joining_instructions_are_not_sent_again(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    with pytest.raises(Refused, match="go out by themselves from 9:30am on Thursday 23 April 2026"):
        await send_joining_again(session.id, by=SYSTEM, now=JOINING - timedelta(minutes=1))
    assert await Message.filter(template="joining_instructions").count() == 0


async def test_letters_5_not_sent_again_after_moving(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    await send_reminders(now=TWO_WEEKS)
    await Message.filter(template="reminder_two_weeks").update(state="sent")
    clock.travel_to(TWO_WEEKS + timedelta(days=1))
    await move_session(session.id, [DayPlan(date(2026, 5, 21), time(9, 30), time(12, 30))], by=SYSTEM, now=clock.now)
    await send_reminders(now=from_wall(date(2026, 5, 7), time(9, 30)))
    assert await reminded() == ["reminder_two_weeks"]


async def test_letters_5_a_postponed_session_reminds_again_only_of_what_was_not_sent(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    await send_reminders(now=TWO_WEEKS)
    await Message.filter(template="reminder_two_weeks").update(state="sent")
    clock.travel_to(TWO_WEEKS + timedelta(days=1))
    await postpone_session(session.id, reason="", by=SYSTEM, now=clock.now)
    assert await send_reminders(now=JOINING) == 0
    await move_session(session.id, [DayPlan(date(2026, 5, 21), time(9, 30), time(12, 30))], by=SYSTEM, now=clock.now)
    await send_reminders(now=from_wall(date(2026, 5, 20), time(9)))
    assert await reminded() == ["reminder_two_weeks", "joining_instructions", "reminder_day_before"]


async def test_letters_5_a_reminder_caught_by_a_postponement_comes_again_before_the_new_date(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    await send_reminders(now=clock.travel_to(TWO_WEEKS))
    await postpone_session(session.id, reason="", by=SYSTEM, now=clock.now)
    await move_session(session.id, [DayPlan(date(2026, 5, 21), time(9, 30), time(12, 30))], by=SYSTEM, now=clock.forward(hours=1))
    assert await send_reminders(now=clock.now) == 0
    assert [await send_reminders(now=from_wall(date(2026, 5, 7), time(9, 30))) for _ in range(2)] == [1, 0]
    found = await Message.filter(template="reminder_two_weeks").order_by("id")
    assert [(row.state, row.context["date"]) for row in found] == [
        ("withdrawn", "Thursday 30 April 2026"), ("waiting", "Thursday 21 May 2026"),
    ]  # fmt: skip


async def test_letters_5_joining_instructions_that_wait_are_taken_back_when_the_session_moves_and_come_before_the_new_date(
    clock: Clock,
) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    await send_reminders(now=clock.travel_to(JOINING))
    await move_session(session.id, [DayPlan(date(2026, 6, 16), time(9, 30), time(12, 30))], by=SYSTEM, now=clock.now)
    assert await Message.filter(template="joining_instructions", state="waiting").count() == 0
    await send_reminders(now=from_wall(date(2026, 6, 9), time(9, 30)))
    assert (await Message.get(template="joining_instructions", state="waiting")).context["date"] == "Tuesday 16 June 2026"


async def test_letters_5_one_missed_before_a_move_comes_before_the_new_date(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    await send_reminders(now=TWO_WEEKS + timedelta(days=5))
    await lease.mark_missed_letters(now=clock.travel_to(TWO_WEEKS + timedelta(days=6)))
    await move_session(session.id, [DayPlan(date(2026, 5, 21), time(9, 30), time(12, 30))], by=SYSTEM, now=clock.now)
    assert await send_reminders(now=from_wall(date(2026, 5, 7), time(9, 30))) == 1
    found = await Message.filter(template="reminder_two_weeks").order_by("id")
    assert [row.state for row in found] == ["missed", "waiting"]


async def test_letters_5_what_waits_with_the_old_place_is_taken_back_and_written_anew(clock: Clock) -> None:
    old, new = await makers.make_venue("Old Hall"), await makers.make_venue("New Hall")
    session = await session_on(THURSDAY, clock, venue=old)
    await booked(session, clock)
    await send_reminders(now=clock.travel_to(JOINING))
    await edit_session(session.id, replace(draft_of(await Session.get(id=session.id)), venue_id=new.id), by=SYSTEM, now=clock.now)
    await tell_changes(now=clock.now)
    await send_reminders(now=clock.forward(minutes=1))
    places = await Message.filter(template="joining_instructions", state="waiting").order_by("id")
    assert [row.context["where"] for row in places] == ["New Hall"]
    await run_online(session.id, joining_link="https://meet.example/j/1", by=SYSTEM, now=clock.forward(minutes=1))
    await send_reminders(now=clock.forward(minutes=1))
    assert (await Message.get(template="joining_instructions", state="waiting")).context["where"] == "Online"


async def test_letters_5_past_their_use_after_downtime_they_are_missed_and_not_sent(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    now = JOINING + timedelta(hours=1)
    assert await send_reminders(now=now) == 2
    expires = dict(await Message.filter(template__in=("reminder_two_weeks", "joining_instructions")).values_list("template", "expires_at"))
    assert expires == {"reminder_two_weeks": TWO_WEEKS + timedelta(days=5), "joining_instructions": session.starts_at}
    assert {template: until <= now for template, until in expires.items()} == {"reminder_two_weeks": True, "joining_instructions": False}


async def test_letters_5_after_the_start_nothing_is_written_at_all(clock: Clock) -> None:
    session = await session_on(THURSDAY, clock)
    await booked(session, clock)
    assert await send_reminders(now=session.starts_at) == 0
