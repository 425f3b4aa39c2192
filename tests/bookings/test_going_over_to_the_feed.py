"""Entries that letters put into a calendar before its owner chose the feed (calendar_and_letters.md, iCalendar 1 and 7)."""

from datetime import date, time

import pytest

from marstraining.bookings.actions import book_place, call_off_session, cancel_booking, move_session, tell_changes
from marstraining.bookings.models import SentEntry
from marstraining.bookings.rules import BookPlace
from marstraining.core.viewer import SYSTEM
from marstraining.messages.models import Message
from marstraining.people.actions import choose_calendar, merge_people
from marstraining.people.models import Person
from marstraining.people.rules import CalendarChoice
from marstraining.programme.actions import move_day
from marstraining.programme.models import Session, TrainingDay
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("db")

JUNE_1 = DayPlan(date(2026, 6, 1), time(9, 30), time(12, 30))
JUNE_2 = DayPlan(date(2026, 6, 2), time(9, 30), time(12, 30))


async def book(person: Person, session: Session, clock: Clock) -> int:
    order = BookPlace(session_id=session.id, learner_id=person.id)
    return (await book_place(order, by=makers.as_learner(person), now=clock.now)).id


async def choose_feed(person: Person, clock: Clock) -> None:
    by = makers.as_learner(person)
    await choose_calendar(person.id, choice=CalendarChoice.FEED, has_discreet_titles=False, by=by, now=clock.now)


async def sent() -> list[tuple[str, list[tuple[int, str]]]]:
    """Every letter with its entries as (SEQUENCE, METHOD), in order."""
    found = await Message.all().order_by("id")
    return [(row.template, [(int(str(item["sequence"])), str(item["method"])) for item in row.calendar]) for row in found]


async def test_a_day_that_was_sent_before_is_moved_and_cancelled_by_letters_still_and_a_new_one_is_not_sent(
    asha: Person, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await book(asha, session, clock)
    await choose_feed(asha, clock)
    await move_session(session.id, [JUNE_1, JUNE_2], by=SYSTEM, now=clock.now)
    await call_off_session(session.id, reason="", by=SYSTEM, now=clock.now)
    assert await sent() == [("confirmed", [(0, "REQUEST")]), ("moved", [(1, "REQUEST")]), ("called_off", [(2, "CANCEL")])]
    assert await SentEntry.all().values_list("sequence", "is_cancelled") == [(2, True)]


async def test_the_worker_tells_of_a_day_moved_alone_with_its_entry_once(asha: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    await book(asha, session, clock)
    await choose_feed(asha, clock)
    day = await TrainingDay.get(session_id=session.id)
    await move_day(day.id, JUNE_1, by=SYSTEM, now=clock.forward(minutes=5))
    assert [await tell_changes(now=clock.now), await tell_changes(now=clock.forward(minutes=5))] == [1, 0]
    assert (await sent())[-1] == ("session_changed", [(1, "REQUEST")])


async def test_who_has_no_entry_left_gets_letters_without_one(asha: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    await cancel_booking(await book(asha, session, clock), by=makers.as_learner(asha), now=clock.now)
    await choose_feed(asha, clock)
    clock.forward(minutes=1)
    await book(asha, session, clock)
    await move_session(session.id, [JUNE_1], by=SYSTEM, now=clock.now)
    assert [len(entries) for _, entries in await sent()] == [1, 1, 0, 0]


async def test_entries_sent_to_a_record_that_was_merged_into_one_with_the_feed_are_cancelled(
    asha: Person, ben: Person, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await book(ben, session, clock)
    await choose_feed(asha, clock)
    await merge_people(asha.id, ben.id, by=SYSTEM, now=clock.now)
    await call_off_session(session.id, reason="", by=SYSTEM, now=clock.now)
    assert (await sent())[-1] == ("called_off", [(1, "CANCEL")])
