"""Marking somebody as having left at the desk: what becomes of their bookings is said first, and happens by the button."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import book_place, join_list, mark_left
from marstraining.bookings.models import Booking
from marstraining.bookings.queries.roster import trainer_names
from marstraining.bookings.rules import BookPlace
from marstraining.core.errors import NotFound
from marstraining.core.viewer import SYSTEM, Role
from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.models import Session, SessionTrainer
from tests import makers
from tests.conftest import Clock, Visitor
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]
LAST_DAY = {"left_on-day": "6", "left_on-month": "3", "left_on-year": "2026"}


async def session_called(title: str, clock: Clock, days: int, capacity: int = 20) -> Session:
    course = await makers.make_course(title)
    return await makers.make_session(course=course, now=clock.now, starts=clock.now + timedelta(days=days), capacity=capacity)


async def book(session: Session, person: Person, clock: Clock) -> None:
    await book_place(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=clock.now)


async def test_the_page_says_how_many_bookings_go_and_of_which_sessions_and_the_button_does_it(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    holds, waits = await session_called("Neglect", clock, 20, capacity=1), await session_called("Exploitation", clock, 10, capacity=1)
    other = await session_called("Of somebody else", clock, 15)
    past = await session_called("Long past", clock, 1)
    for session, person in ((holds, asha), (waits, ben), (other, ben), (past, asha)):
        await book(session, person, clock)
    await Session.filter(id=past.id).update(starts_at=clock.now - timedelta(days=1), ends_at=clock.now - timedelta(hours=20))
    for session, person in ((holds, ben), (waits, asha)):
        await join_list(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=clock.now)
    visitor, home = await sign_in_as(dee), f"/desk/people/{asha.ref}"
    assert f'href="{home}/leaver"' in (await visitor.get(home)).text
    page = (await visitor.get(f"{home}/leaver")).text
    assert "2 bookings of sessions to come are cancelled" in page
    assert "Mark as left and cancel 2 bookings" in page
    listed = ["Exploitation, Thursday 19 March 2026</a>: on the waiting list", "Neglect, Sunday 29 March 2026</a>: booked"]
    assert [line in page for line in listed] == [True, True]
    assert page.index("Exploitation") < page.index("Neglect")
    assert [title in page for title in ("Of somebody else", "Long past")] == [False, False]
    assert "so does their post at St Luke&#39;s School" in page
    seen = re.findall(r'name="seen" value="([^"]*)"', page)[0]
    answer = await visitor.post(f"{home}/leaver", {**LAST_DAY, "seen": seen})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{home}?done=leaver")
    assert (await Person.get(id=asha.id)).state == "left"
    states = {row["session_id"]: row["state"] for row in await Booking.filter(learner=asha).values("session_id", "state")}
    assert states == {holds.id: "cancelled", waits.id: "withdrawn", past.id: "confirmed"}
    assert (await Booking.get(learner=ben, session=holds)).state == "offered"
    assert await Message.filter(person_id=asha.id, template__in=("cancelled", "left_list")).count() == 0
    assert (await visitor.get(f"{home}/leaver")).headers["location"] == home


async def test_a_leaver_is_taken_off_the_sessions_to_come_that_they_train(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    tess = await makers.make_person("Tess Hall", roles=(Role.TRAINER,))
    agreed, asked, said_no, off = [await session_called(title, clock, 20) for title in ("Agreed", "Asked", "Said no", "Called off")]
    begun, waits = await session_called("Begun", clock, 1), await session_called("No date", clock, 1)
    rows = {agreed: "accepted", asked: "asked", said_no: "declined", off: "accepted", begun: "accepted", waits: "accepted"}
    for session, state in rows.items():
        await SessionTrainer.create(session=session, person=tess, state=state, asked_at=clock.now)
    await SessionTrainer.create(session=agreed, person=dee, state="asked", asked_at=clock.now)
    await Session.filter(id=off.id).update(state="called_off")
    await Session.filter(id__in=(begun.id, waits.id)).update(starts_at=clock.now - timedelta(hours=1))
    await Session.filter(id=waits.id).update(state="postponed")
    visitor, home = await sign_in_as(dee), f"/desk/people/{tess.ref}"
    page = (await visitor.get(f"{home}/leaver")).text
    assert "They are taken off 3 sessions to come." in page
    assert [f"{title}, " in page for title in ("Agreed", "Asked", "No date", "Said no", "Called off", "Begun")] == [True] * 3 + [False] * 3
    stale = await visitor.post(f"{home}/leaver", {**LAST_DAY, "seen": ""})
    assert "Their bookings or sessions changed after you opened this page." in stale.text
    seen = re.findall(r'name="seen" value="([^"]*)"', page)[0]
    assert (await visitor.post(f"{home}/leaver", {**LAST_DAY, "seen": seen})).status_code == 303
    left = [row.session_id for row in await SessionTrainer.filter(person=tess).order_by("id")]
    assert left == [said_no.id, off.id, begun.id]
    assert (await SessionTrainer.get(session=agreed)).person_id == dee.id
    assert await trainer_names(agreed.id) == []
    assert await Entry.filter(action="remove_trainer").count() == 3


async def test_a_booking_made_meanwhile_shows_the_page_again(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    visitor, home = await sign_in_as(dee), f"/desk/people/{asha.ref}"
    assert "so nothing is cancelled" in (await visitor.get(f"{home}/leaver")).text
    session = await session_called("Neglect", clock, 20)
    await book(session, asha, clock)
    stale = await visitor.post(f"{home}/leaver", {**LAST_DAY, "seen": ""})
    assert (stale.status_code, "Their bookings or sessions changed after you opened this page." in stale.text) == (422, True)
    assert ("Mark as left and cancel 1 booking<" in stale.text, 'value="6"' in stale.text) == (True, True)
    assert (await Person.get(id=asha.id)).state == "active"
    again = await visitor.post(f"{home}/leaver", {**LAST_DAY, "seen": (await Booking.get()).ref})
    assert (again.status_code, (await Booking.get()).state) == (303, "cancelled")


async def test_a_last_day_to_come_is_refused_and_nobody_else_finds_the_page(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    path = f"/desk/people/{asha.ref}/leaver"
    later = await (await sign_in_as(dee)).post(path, {**LAST_DAY, "left_on-month": "4"})
    assert "The last day must be 9 March 2026 or earlier" in later.text
    organiser = await makers.make_person("Pat Organiser", roles=(Role.PARTNER_ORGANISER,))
    for person in (ben, organiser):
        assert (await (await sign_in_as(person)).get(path)).status_code == 404
    assert (await (await sign_in_as(dee)).get("/desk/people/0000000000/leaver")).status_code == 404


async def test_the_last_administrators_cannot_be_marked_as_left_and_keep_their_bookings(
    dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    ada = await makers.make_person("Ada Kay", roles=(Role.ADMINISTRATOR,))
    session = await session_called("Neglect", clock, 20)
    await book(session, ada, clock)
    refused = await (await sign_in_as(dee)).post(f"/desk/people/{ada.ref}/leaver", {**LAST_DAY, "seen": (await Booking.get()).ref})
    assert (refused.status_code, "There must be at least two administrators." in refused.text) == (422, True)
    assert ((await Booking.get()).state, (await Person.get(id=ada.id)).state) == ("confirmed", "active")


async def test_the_page_asks_as_much_for_one_booking_as_for_three(
    db: TortoiseContext, asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    visitor, counts = await sign_in_as(dee), []
    for sessions in (1, 2):
        for number in range(sessions):
            await book(await session_called(f"Course {number}", clock, 20 + 10 * sessions + number), asha, clock)
        async with statements(db) as heard:
            await visitor.get(f"/desk/people/{asha.ref}/leaver")
        counts.append(len(heard))
    assert counts == [5, 5]


async def test_nobody_unknown_is_marked(db: TortoiseContext, clock: Clock) -> None:
    with pytest.raises(NotFound):
        await mark_left(404, left_on=clock.now.date(), by=SYSTEM, now=clock.now)
