"""Edits of a session that tell nobody by themselves: the worker finds out who was told something else, and writes to them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from marstraining.bookings.actions import (
    book_for,
    book_place,
    call_off_session,
    cancel_booking,
    join_list,
    move_session,
    postpone_session,
    run_online,
    send_reminders,
    tell_changes,
)
from marstraining.bookings.calendar import own_entries
from marstraining.bookings.letters import moment
from marstraining.bookings.models import Booking, SentEntry
from marstraining.bookings.queries.told import changed_sessions
from marstraining.bookings.rules import BookPlace
from marstraining.core import config
from marstraining.core.clock import from_wall
from marstraining.core.icalendar_writer import download
from marstraining.core.imports import Row
from marstraining.core.viewer import SYSTEM
from marstraining.messages.actions import erase_old_bodies
from marstraining.messages.envelope import Rendered, rendered
from marstraining.messages.models import Message
from marstraining.messages.queries import letter_of
from marstraining.people.models import Person
from marstraining.programme.actions import edit_session, import_sessions
from marstraining.programme.actions.sessions import draft_of
from marstraining.programme.models import Session
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("db")

START = from_wall(date(2026, 5, 8), time(9, 30))
LINK = "https://meet.example/j/2"


async def told() -> dict[str, str]:
    """Who got a letter that a session has changed, by name, with the last one's place."""
    return {row.name: str(row.context["where"]) for row in await Message.filter(template="session_changed").order_by("id")}


async def in_every_state(clock: Clock, **columns: Any) -> Session:
    """Asha, Fay who uses the feed and Mel whose setting gets her letters have the three places; Olga is offered one, Walt waits."""
    columns = {"venue": await makers.make_venue("Old Hall"), **columns}
    session = await makers.make_session(now=clock.now, starts=START, capacity=4, **columns)
    nursery = await makers.make_agency("Little Acorns", contact_email="office@acorns.example")
    people = {
        "Asha": await makers.make_person("Asha"),
        "Fay": await makers.make_person("Fay", calendar_choice="feed"),
        "Mel": await makers.make_person("Mel", email=None, managed_by=nursery),
        "Holder": await makers.make_person("Holder"),
        "Olga": await makers.make_person("Olga"),
        "Walt": await makers.make_person("Walt"),
    }
    for name in ("Asha", "Fay", "Mel", "Holder"):
        await book_for(BookPlace(session_id=session.id, learner_id=people[name].id), by=SYSTEM, now=clock.now)
    for name in ("Olga", "Walt"):
        await join_list(BookPlace(session_id=session.id, learner_id=people[name].id), by=makers.as_learner(people[name]), now=clock.now)
    held = await Booking.get(learner_id=people["Holder"].id)
    await cancel_booking(held.id, reason="cover", by=makers.as_learner(people["Holder"]), now=clock.now)
    return await Session.get(id=session.id)


async def edit(session: Session, clock: Clock, **changed: Any) -> None:
    await edit_session(session.id, replace(draft_of(await Session.get(id=session.id)), **changed), by=SYSTEM, now=clock.now)


async def test_booking_8_another_venue_is_told_to_everybody_with_a_live_booking_once(clock: Clock) -> None:
    session = await in_every_state(clock)
    await edit(session, clock, venue_id=(await makers.make_venue("New Hall")).id)
    assert [await tell_changes(now=clock.now), await tell_changes(now=clock.forward(seconds=10))] == [5, 0]
    assert await told() == dict.fromkeys(("Asha", "Fay", "Mel", "Olga", "Walt"), "New Hall")
    letters = {row.name: (row.address, len(row.calendar)) for row in await Message.filter(template="session_changed")}
    assert letters["Mel"] == ("office@acorns.example", 0)
    assert {name: entries for name, (_, entries) in letters.items()} == {"Asha": 1, "Fay": 0, "Mel": 0, "Olga": 0, "Walt": 0}


async def test_booking_8_another_way_is_told_to_everybody_with_a_live_booking(clock: Clock) -> None:
    session = await in_every_state(clock)
    await edit(session, clock, delivery="online", venue_id=None)
    assert await tell_changes(now=clock.now) == 5
    assert await told() == dict.fromkeys(("Asha", "Fay", "Mel", "Olga", "Walt"), "Online")


async def test_booking_8_a_time_changed_by_importing_again_is_told_to_everybody_with_a_live_booking(clock: Clock) -> None:
    session = await in_every_state(clock, code="CP-1")
    course = await session.course
    cells = {"code": "CP-1", "course": course.code, "date": "2026-05-08", "starts": "13:00", "ends": "16:00", "delivery": "in person"}
    assert (await import_sessions([Row(2, {**cells, "venue": "Old Hall"})], by=SYSTEM, now=clock.now)).changed == 1
    assert await tell_changes(now=clock.now) == 5
    days = {str(row.context["days"]) for row in await Message.filter(template="session_changed")}
    assert days == {"['Friday 8 May 2026, 1pm to 4pm']"}


async def test_waiting_list_3_an_offer_does_not_outlast_a_session_put_nearer_by_importing_again(clock: Clock) -> None:
    session = await in_every_state(clock, code="CP-1")
    course = await session.course
    soon = clock.now.date() + timedelta(days=2)
    cells = {"code": "CP-1", "course": course.code, "date": soon.isoformat(), "starts": "09:00", "ends": "12:00", "delivery": "in person"}
    offered = await Booking.get(state="offered")
    assert offered.offer_expires_at is not None
    assert offered.offer_expires_at.date() > soon
    await import_sessions([Row(2, {**cells, "venue": "Old Hall"})], by=SYSTEM, now=clock.now)
    assert await tell_changes(now=clock.now) == 5
    again = await Booking.get(id=offered.id)
    assert again.offer_expires_at is not None
    assert again.offer_expires_at < from_wall(soon, time(9))
    assert (await Message.get(template="session_changed", name="Olga")).context["answer_by"] == moment(again.offer_expires_at)


async def test_a_new_link_is_news_only_to_those_who_were_given_the_old_one_or_take_entries(clock: Clock) -> None:
    session = await in_every_state(clock, delivery="online", venue=None, joining_link="https://meet.example/j/1")
    await edit(session, clock, joining_link=LINK)
    assert await tell_changes(now=clock.now) == 1
    assert list(await told()) == ["Asha"]
    await send_reminders(now=clock.travel_to(from_wall(date(2026, 5, 1), time(9, 30))))
    await edit(session, clock, joining_link="https://meet.example/j/3")
    assert [await tell_changes(now=clock.now), await tell_changes(now=clock.forward(minutes=5))] == [3, 0]
    links = {row.name: row.context["joining_link"] for row in await Message.filter(template="session_changed").order_by("id")}
    assert links == dict.fromkeys(("Asha", "Fay", "Mel"), "https://meet.example/j/3")


async def test_another_venue_of_a_hybrid_session_is_no_new_link(clock: Clock) -> None:
    hall = await makers.make_venue("Old Hall")
    session = await makers.make_session(now=clock.now, starts=START, capacity=4, delivery="hybrid", venue=hall, joining_link=LINK)
    asha = await makers.make_person("Asha")
    await book_for(BookPlace(session_id=session.id, learner_id=asha.id, mode="online"), by=SYSTEM, now=clock.now)
    clock.forward(hours=1)
    await edit(session, clock, venue_id=(await makers.make_venue("New Hall")).id)
    await tell_changes(now=clock.forward(seconds=8))
    assert [row.context["changed"] for row in await Message.filter(template="session_changed")] in ([], [[]])


async def test_who_was_given_a_link_is_given_the_new_one_however_far_off_the_session_was_moved(clock: Clock) -> None:
    session = await makers.make_session(
        now=clock.now, starts=from_wall(date(2026, 3, 20), time(9, 30)), delivery="online", joining_link="https://meet.example/j/old"
    )
    for name, choice in (("Asha", "invitations"), ("Fay", "feed")):
        person = await makers.make_person(name, calendar_choice=choice)
        await book_for(BookPlace(session_id=session.id, learner_id=person.id), by=SYSTEM, now=clock.now)
    clock.travel_to(from_wall(date(2026, 3, 14), time(12)))
    await send_reminders(now=clock.now)
    await Message.filter(state="waiting").update(state="sent")
    await move_session(session.id, [DayPlan(date(2026, 6, 12), time(9, 30), time(12))], by=SYSTEM, now=clock.forward(minutes=5))
    await edit(session, clock, joining_link=LINK)
    assert await tell_changes(now=clock.forward(seconds=8)) == 2
    for name in ("Asha", "Fay"):
        text = plain(await letter_to(name))
        assert ("There is a new joining link for Child Protection." in text, f"Join online: {LINK}" in text) == (True, True)
    assert await tell_changes(now=clock.forward(minutes=10)) == 0


async def test_a_first_link_set_after_the_joining_instructions_is_told(clock: Clock) -> None:
    session = await in_every_state(clock, delivery="online", venue=None)
    await send_reminders(now=clock.travel_to(from_wall(date(2026, 5, 1), time(9, 30))))
    await edit(session, clock, joining_link=LINK)
    assert await tell_changes(now=clock.now) == 3
    assert await told() == dict.fromkeys(("Asha", "Fay", "Mel"), "Online")


async def test_who_books_after_the_change_was_told_of_it_by_their_own_letter(clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, starts=START, venue=await makers.make_venue("Old Hall"))
    await edit(session, clock, venue_id=(await makers.make_venue("New Hall")).id)
    fay = await makers.make_person("Fay", calendar_choice="feed")
    await book_place(BookPlace(session_id=session.id, learner_id=fay.id), by=makers.as_learner(fay), now=clock.now)
    assert await tell_changes(now=clock.now) == 0


async def test_a_venue_that_changed_and_changed_back_is_no_news(clock: Clock) -> None:
    session = await in_every_state(clock)
    old, new = session.venue_id, (await makers.make_venue("New Hall")).id
    await Person.filter(name="Asha").update(calendar_choice="feed")
    await SentEntry.all().delete()
    for venue_id in (new, old):
        await edit(session, clock, venue_id=venue_id)
    assert await tell_changes(now=clock.now) == 0


async def test_who_booked_again_and_so_has_a_higher_sequence_gets_the_change_with_its_entry(clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, starts=START, venue=await makers.make_venue("Old Hall"))
    asha = await makers.make_person("Asha")
    for _ in range(2):
        await book_for(BookPlace(session_id=session.id, learner_id=asha.id), by=SYSTEM, now=clock.forward(minutes=1))
        await cancel_booking((await Booking.filter(learner_id=asha.id).order_by("-id"))[0].id, by=SYSTEM, now=clock.forward(minutes=1))
    await book_for(BookPlace(session_id=session.id, learner_id=asha.id), by=SYSTEM, now=clock.forward(minutes=1))
    clock.forward(minutes=1)
    await edit(session, clock, venue_id=(await makers.make_venue("New Hall")).id)
    assert await tell_changes(now=clock.now) == 1
    entry = (await Message.get(template="session_changed")).calendar[0]
    assert (entry["sequence"], entry["location"]) == (5, "New Hall")


async def test_what_was_said_long_ago_and_is_erased_counts_as_something_else(clock: Clock) -> None:
    session = await in_every_state(clock)
    await Message.all().update(state="sent", created_at=clock.now - timedelta(days=91))
    await erase_old_bodies(now=clock.forward(days=1))
    await edit(session, clock, venue_id=(await makers.make_venue("New Hall")).id)
    assert [await tell_changes(now=clock.forward(seconds=5)), await tell_changes(now=clock.forward(seconds=10))] == [5, 0]


async def test_after_the_start_only_those_with_a_place_are_told(clock: Clock) -> None:
    session = await in_every_state(clock)
    await Session.filter(id=session.id).update(ends_at=START + timedelta(days=3))
    clock.travel_to(START + timedelta(hours=1))
    await edit(session, clock, venue_id=(await makers.make_venue("New Hall")).id)
    await tell_changes(now=clock.now)
    assert list(await told()) == ["Asha", "Fay", "Mel"]


async def test_who_has_left_is_not_looked_at_again_and_again(clock: Clock) -> None:
    session = await in_every_state(clock)
    await Person.filter(name="Asha").update(state="left")
    await edit(session, clock, venue_id=(await makers.make_venue("New Hall")).id)
    assert await tell_changes(now=clock.now) == 4
    clock.forward(minutes=5)
    await tell_changes(now=clock.now)
    assert await changed_sessions(since=clock.now, now=clock.forward(minutes=5)) == []


async def test_a_session_whose_changes_everybody_knows_is_looked_at_once_and_then_left_alone(clock: Clock) -> None:
    session = await in_every_state(clock)
    clock.forward(minutes=5)
    await move_session(session.id, [DayPlan(date(2026, 6, 1), time(9, 30), time(12, 30))], by=SYSTEM, now=clock.now)
    clock.forward(minutes=5)
    assert await changed_sessions(since=clock.now, now=clock.now) == [session.id]
    asha = await Person.get(name="Asha")
    shown = download(await own_entries(asha.id, now=clock.now))
    assert await tell_changes(now=clock.now) == 0
    assert await changed_sessions(since=clock.now, now=clock.now) == []
    assert download(await own_entries(asha.id, now=clock.now)) == shown


# ---- how it reads ----------------------------------------------------------------------------------------------------


async def letter_to(name: str, template: str = "session_changed") -> Rendered:
    row = await Message.filter(template=template, name=name).order_by("-id").first().values("ref")
    assert row is not None
    found = await letter_of(row["ref"])
    assert found is not None
    return rendered(found, config.current())


def plain(parts: Rendered) -> str:
    return " ".join(parts.text.split())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Asha", "Your place is kept. If this suits you, you need do nothing. This email brings the entry in your calendar up to date."),
        ("Fay", "Your place is kept. If this suits you, you need do nothing. See your booking:"),
        ("Mel", "Your place is kept. If this suits you, you need do nothing. See your booking:"),
        ("Olga", ". Take it or turn it down:"),
        ("Walt", "You keep your position on the waiting list. If this does not suit you, leave the list:"),
    ],
)
async def test_the_letter_says_what_has_become_of_each_ones_place(clock: Clock, name: str, said: str) -> None:
    session = await in_every_state(clock)
    await edit(session, clock, venue_id=(await makers.make_venue("New Hall")).id)
    await tell_changes(now=clock.now)
    text = plain(await letter_to(name))
    assert f"Dear {name}, Where Child Protection takes place has changed. This is how it stands now." in text
    assert (said in text, "Where: New Hall" in text) == (True, True)
    assert ("give up your place" in text) == (name in {"Asha", "Fay", "Mel"})


async def _another_venue(session: Session, clock: Clock) -> None:
    await edit(session, clock, venue_id=(await makers.make_venue("New Hall")).id)
    await tell_changes(now=clock.now)


async def _moved(session: Session, clock: Clock) -> None:
    await move_session(session.id, [DayPlan(date(2026, 5, 12), time(9, 30), time(12, 30))], by=SYSTEM, now=clock.now)


async def _online(session: Session, clock: Clock) -> None:
    await run_online(session.id, joining_link=LINK, by=SYSTEM, now=clock.now)


async def _postponed(session: Session, clock: Clock) -> None:
    await postpone_session(session.id, reason="", by=SYSTEM, now=clock.now)


async def _called_off(session: Session, clock: Clock) -> None:
    await call_off_session(session.id, reason="", by=SYSTEM, now=clock.now)


_TO_CONFIRM = "The place kept for you is still yours to confirm. Confirm it or say no:"
_TO_APPROVE = "Your booking still waits for approval. See it, or cancel it:"


@pytest.mark.parametrize("state", ["invited", "requested"])
@pytest.mark.parametrize(
    ("template", "change", "invited", "requested"),
    [
        ("session_changed", _another_venue, _TO_CONFIRM, _TO_APPROVE),
        ("moved", _moved, _TO_CONFIRM, _TO_APPROVE),
        ("online_instead", _online, _TO_CONFIRM, _TO_APPROVE),
        ("postponed", _postponed, "The place kept for you stays yours to confirm.", "Your booking still waits for approval."),
        ("called_off", _called_off, "Your booking has ended, and you need do nothing.", "Your booking has ended, and you need do nothing."),
    ],
)
async def test_who_is_invited_or_waits_for_approval_is_told_of_that_and_of_no_list(
    clock: Clock, template: str, change: Callable[..., Any], invited: str, requested: str, state: str
) -> None:
    session = await in_every_state(clock)
    await Booking.filter(learner__name="Asha").update(state=state)
    await change(session, clock)
    letter = await letter_to("Asha", template)
    said = {"invited": invited, "requested": requested}[state]
    assert (said in plain(letter), said.split(". ")[0].rstrip(":.") in letter.html) == (True, True)
    assert all("waiting list" not in text.partition("You get this email")[0] for text in (letter.text, letter.html))


async def _other_time(session: Session, clock: Clock) -> None:
    course = await session.course
    cells = {"code": "CP-1", "course": course.code, "date": "2026-05-08", "starts": "13:00", "ends": "16:00", "delivery": session.delivery}
    await import_sessions([Row(2, {**cells, "venue": "Old Hall"})], by=SYSTEM, now=clock.now)


async def _both(session: Session, clock: Clock) -> None:
    await _other_time(session, clock)
    await edit(session, clock, venue_id=(await makers.make_venue("New Hall")).id)


async def _link(session: Session, clock: Clock) -> None:
    await edit(session, clock, joining_link=LINK)


@pytest.mark.parametrize(
    ("delivery", "change", "said"),
    [
        ("in person", _other_time, "The date or time of Child Protection has changed."),
        ("in person", _both, "The date or time of Child Protection has changed, and so has the place."),
        ("hybrid", _link, "There is a new joining link for Child Protection."),
    ],
)
async def test_the_letter_says_what_has_changed(clock: Clock, delivery: str, change: Callable[..., Any], said: str) -> None:
    session = await makers.make_session(
        now=clock.now,
        starts=START,
        venue=await makers.make_venue("Old Hall"),
        code="CP-1",
        delivery=delivery,
        joining_link="https://m.example/1",
    )
    asha = await makers.make_person("Asha")
    mode = "online" if delivery == "hybrid" else ""
    await book_for(BookPlace(session_id=session.id, learner_id=asha.id, mode=mode), by=SYSTEM, now=clock.now)
    await change(session, clock)
    await tell_changes(now=clock.now)
    parts = await letter_to("Asha")
    assert f"Dear Asha, {said} This is how it stands now." in plain(parts)
    assert "<strong>Child Protection</strong>" in parts.html
