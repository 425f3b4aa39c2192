"""What a personal feed shows (calendar_and_letters.md, iCalendar 1, 2, 5 and 6), read back with the library."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import icalendar
import pytest

from marstraining.bookings.actions import (
    book_place,
    call_off_session,
    cancel_booking,
    join_list,
    move_session,
    rotate_feed,
    settle_sessions,
)
from marstraining.bookings.calendar import feed_entries
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.core import config
from marstraining.core.clock import from_wall
from marstraining.core.viewer import SYSTEM
from marstraining.messages.envelope import envelope
from marstraining.messages.models import Message
from marstraining.messages.queries import letter_of
from marstraining.people.actions import merge_people
from marstraining.people.models import Person
from marstraining.programme.models import Session, SessionTrainer, TrainingDay
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
pytestmark = pytest.mark.usefixtures("db")


async def book(person: Person, session: Session, clock: Clock) -> int:
    order = BookPlace(session_id=session.id, learner_id=person.id)
    return (await book_place(order, by=makers.as_learner(person), now=clock.now)).id


async def shown(person: Person, client: Visitor, clock: Clock) -> list[Any]:
    token = await rotate_feed(person.id, by=makers.as_learner(person), now=clock.now)
    return events((await client.get(f"/calendar/{token}.ics")).content)


def events(content: bytes) -> list[Any]:
    return list(icalendar.Calendar.from_ical(content).walk("VEVENT"))


def facts(event: Any) -> tuple[str, str, int]:
    return str(event["SUMMARY"]), str(event["STATUS"]), int(event["SEQUENCE"])


async def test_ical_1_waiting_entries_are_absent_and_an_offer_is_tentative_with_its_deadline_in_the_text(
    asha: Person, client: Visitor, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=0)
    await join_list(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    assert await shown(asha, client, clock) == []
    await Session.filter(id=session.id).update(capacity=1)
    await settle_sessions(now=clock.now)
    (offer,) = await shown(asha, client, clock)
    assert facts(offer) == ("OFFERED: Child Protection", "TENTATIVE", 0)
    assert "You are offered this place until 10am on Thursday 12 March 2026." in str(offer["DESCRIPTION"])


async def test_ical_1_a_called_off_day_stays_cancelled_in_the_feed_until_it_is_past(asha: Person, client: Visitor, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    await book(asha, session, clock)
    await call_off_session(session.id, reason="", by=SYSTEM, now=clock.now)
    assert [facts(event) for event in await shown(asha, client, clock)] == [("CANCELLED: Child Protection", "CANCELLED", 1)]
    clock.travel_to(session.ends_at)
    assert await shown(asha, client, clock) == []


async def test_ical_1_a_day_stands_once_in_the_feed_whatever_somebody_had_to_do_with_it(
    asha: Person, ben: Person, client: Visitor, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    other = await makers.make_session(course=await makers.make_course("Neglect"), now=clock.now, starts=clock.now + timedelta(days=40))
    for person in (asha, ben):
        await book(person, session, clock)
    await book(asha, other, clock)
    await SessionTrainer.create(session=other, person=asha, state="accepted", asked_at=clock.now)
    for called_off in (session, other):
        await call_off_session(called_off.id, reason="", by=SYSTEM, now=clock.now)
    await merge_people(asha.id, ben.id, by=SYSTEM, now=clock.now)
    found = await shown(asha, client, clock)
    assert sorted(str(event["UID"]) for event in found) == sorted(row["uid"] for row in await TrainingDay.all().values("uid"))
    assert [str(event["STATUS"]) for event in found] == ["CANCELLED", "CANCELLED"]


async def test_ical_1_who_only_waited_for_a_session_that_is_called_off_sees_nothing_of_it_and_who_was_offered_a_place_does(
    asha: Person, ben: Person, client: Visitor, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=0)
    for person in (asha, ben):
        await join_list(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=clock.now)
    await Session.filter(id=session.id).update(capacity=1)
    await settle_sessions(now=clock.now)
    await call_off_session(session.id, reason="", by=SYSTEM, now=clock.now)
    seen = [[facts(event) for event in await shown(person, client, clock)] for person in (asha, ben)]
    assert seen == [[("CANCELLED: Child Protection", "CANCELLED", 1)], []]


async def test_ical_1_the_public_feed_shows_the_days_sequence_and_a_personal_feed_the_persons(
    asha: Person, client: Visitor, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await cancel_booking(await book(asha, session, clock), by=makers.as_learner(asha), now=clock.now)
    await book(asha, session, clock)
    (own,) = await shown(asha, client, clock)
    (public,) = events((await client.get("/calendar/programme.ics")).content)
    assert (int(own["SEQUENCE"]), int(public["SEQUENCE"]), own["UID"] == public["UID"]) == (2, 0, True)


async def test_ical_1_dtstamp_is_the_last_change_and_never_now(asha: Person, client: Visitor, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    await book(asha, session, clock)
    booked_at, moved_at = clock.now, clock.forward(days=1)
    (before,) = await shown(asha, client, clock)
    await move_session(session.id, [DayPlan(date(2026, 6, 1), time(9, 30), time(12, 30))], by=SYSTEM, now=moved_at)
    clock.forward(days=3)
    (after,) = await shown(asha, client, clock)
    assert [(event["DTSTAMP"].dt, event["LAST-MODIFIED"].dt) for event in (before, after)] == [(booked_at,) * 2, (moved_at,) * 2]


@pytest.mark.parametrize(
    ("day", "instant"),
    [(date(2026, 7, 1), datetime(2026, 7, 1, 8, 30, tzinfo=UTC)), (date(2026, 12, 1), datetime(2026, 12, 1, 9, 30, tzinfo=UTC))],
)
async def test_ical_2_half_past_nine_is_the_same_instant_in_the_mail_the_download_and_both_feeds(
    asha: Person, client: Visitor, sign_in_as: SignInAs, clock: Clock, day: date, instant: datetime
) -> None:
    session = await makers.make_session(now=clock.now, starts=from_wall(day, time(9, 30)))
    booking = await Booking.get(id=await book(asha, session, clock))
    row = await Message.get(template="confirmed").values("ref")
    letter = await letter_of(row["ref"])
    assert letter is not None
    sent = envelope(letter, config.current(), now=clock.now)
    mailed = [part.get_content() for part in sent.walk() if part.get_content_type() == "text/calendar"]
    files = [
        *(text.encode() if isinstance(text, str) else text for text in mailed),
        (await client.get(f"/sessions/{session.ref}.ics")).content,
        (await (await sign_in_as(asha)).get(f"/bookings/{booking.ref}/calendar.ics")).content,
        (await client.get("/calendar/programme.ics")).content,
    ]
    starts = [event["DTSTART"].dt for content in files for event in events(content)]
    starts += [event["DTSTART"].dt for event in await shown(asha, client, clock)]
    assert len(mailed) >= 1
    assert {start.astimezone(UTC) for start in starts} == {instant}
    assert {start.strftime("%H:%M") for start in starts} == {"09:30"}
    assert len(starts) == len(mailed) + 4


async def test_ical_5_a_discreet_title_is_a_personal_choice_in_the_feed_too(asha: Person, client: Visitor, clock: Clock) -> None:
    await book(asha, await makers.make_session(now=clock.now), clock)
    await Person.filter(id=asha.id).update(has_discreet_titles=True)
    (event,) = await shown(asha, client, clock)
    assert (str(event["SUMMARY"]), b"Child Protection" in event.to_ical()) == ("Training", False)


async def test_ical_5_a_personal_feed_is_private_and_not_indexed_and_says_how_often_to_come_again(
    asha: Person, client: Visitor, clock: Clock
) -> None:
    await book(asha, await makers.make_session(now=clock.now), clock)
    token = await rotate_feed(asha.id, by=makers.as_learner(asha), now=clock.now)
    feed = await client.get(f"/calendar/{token}.ics")
    assert (feed.headers["cache-control"], feed.headers["x-robots-tag"]) == ("private, no-cache", "noindex")
    assert feed.headers["last-modified"] == "Mon, 09 Mar 2026 10:00:00 GMT"
    assert ("REFRESH-INTERVAL;VALUE=DURATION:PT6H" in feed.text, "X-PUBLISHED-TTL:PT6H" in feed.text) == (True, True)


async def test_ical_5_a_feed_is_bounded_and_holds_what_is_nearest_to_now_first(asha: Person, clock: Clock) -> None:
    for days in (-150, -10, 5, 90):
        session = await makers.make_session(now=clock.now, starts=clock.now + timedelta(days=days), title=f"{days} days")
        await SessionTrainer.create(session=session, person=asha, state="accepted", asked_at=clock.now)
    entries = await feed_entries(asha.id, now=clock.now)
    assert [entry.title for entry in entries] == ["Training: 5 days", "Training: 90 days", "Training: -10 days", "Training: -150 days"]
    assert await feed_entries(asha.id, most=3, now=clock.now) == entries[:3]


async def test_ical_6_a_trainers_feed_carries_the_sessions_they_teach_and_are_asked_to_teach(client: Visitor, clock: Clock) -> None:
    tess = await makers.make_person("Tess Trainer")
    for state, title in (("accepted", "Early Help"), ("asked", "Neglect"), ("declined", "Radicalisation")):
        session = await makers.make_session(now=clock.now, title=title, starts=clock.now + timedelta(days=9 + len(title)))
        await SessionTrainer.create(session=session, person=tess, state=state, asked_at=clock.now)
    await TrainingDay.filter(session__title="Early Help").update(sequence=4)
    found = sorted(facts(event) for event in await shown(tess, client, clock))
    assert found == [("Asked to train: Neglect", "TENTATIVE", 0), ("Training: Early Help", "CONFIRMED", 4)]
