"""What one person has booked and completed, at the desk."""

import csv
import io
import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from tortoise.context import TortoiseContext

from marstraining.attendance.actions import lock_register, mark_register
from marstraining.attendance.queries import taught_days
from marstraining.attendance.rules import MarkWord, NewMark
from marstraining.bookings.actions import book_place, cancel_booking
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.core.viewer import Role
from marstraining.history.models import Entry
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock, Visitor
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def book(learner: Person, clock: Clock, *, title: str = "Neglect", days: int = 20) -> Booking:
    session = await makers.make_session(
        now=clock.now, course=await makers.make_course(title), starts=clock.now + timedelta(days=days), state="published"
    )
    booked = await book_place(BookPlace(session_id=session.id, learner_id=learner.id), by=makers.as_learner(learner), now=clock.now)
    return await Booking.get(id=booked.id)


async def test_all_bookings_stand_there_the_latest_session_first_with_what_is_completed(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    await book(asha, clock)
    later = await book(asha, clock, title="Early Help", days=30)
    await cancel_booking(later.id, by=makers.as_learner(asha), now=clock.now)
    await book(ben, clock, title="Not hers", days=40)
    await makers.complete(asha, await makers.make_course("Child Protection"), on=date(2025, 5, 6))
    visitor = await sign_in_as(dee)
    shown = (await visitor.get(f"/desk/people/{asha.ref}/bookings")).text
    assert shown.index("Early Help") < shown.index("Neglect")
    assert (">Cancelled<" in shown, ">Booked<" in shown, "6 May 2025" in shown, "Not hers" in shown) == (True, True, True, False)
    assert f"/desk/people/{asha.ref}/bookings" in (await visitor.get(f"/desk/people/{asha.ref}")).text


async def test_a_booking_whose_session_is_over_says_what_became_of_it(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    days = {"Neglect": 1, "Early Help": 2, "Online": 3, "Later": 30}
    booked = [await book(asha, clock, title=title, days=number) for title, number in days.items()]
    clock.forward(days=5)
    desk = makers.as_desk(dee)
    for booking, marked in ((booked[0], asha), (booked[1], ben)):
        [day] = await taught_days(booking.session_id)
        mark = NewMark(person_id=marked.id, day_id=day.id, word=MarkWord.ABSENT)
        await mark_register(booking.session_id, [mark], entering={marked.id: None}, by=desk, now=clock.now)
        await lock_register(booking.session_id, leaves_unmarked=True, by=desk, now=clock.now)
    shown = (await (await sign_in_as(dee)).get(f"/desk/people/{asha.ref}/bookings?sort=starts")).text
    assert re.findall(r'govuk-tag--[a-z]+">([^<]*)<', shown) == ["Did not attend", "No mark", "Register open", "Booked"]


async def test_they_are_taken_away_as_a_file_and_that_stands_in_history(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    booking = await book(asha, clock)
    answer = await (await sign_in_as(dee)).get(f"/desk/people/{asha.ref}/bookings?export=csv")
    [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["Session"], row["Booking"], row["Booking reference"]) == ("Neglect", "Booked", booking.ref)
    entry = await Entry.get(action="export")
    assert (entry.subject_kind, entry.subject_id) == ("person", asha.id)


async def test_only_the_desk_has_the_page(asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs) -> None:
    admin = await makers.make_person("Ada Admin", roles=(Role.ADMINISTRATOR,))
    for person in (asha, ben, admin):
        assert (await (await sign_in_as(person)).get(f"/desk/people/{asha.ref}/bookings")).status_code == 404
    assert (await (await sign_in_as(dee)).get("/desk/people/0000000000/bookings")).status_code == 404


async def test_the_page_asks_the_same_number_of_statements_for_one_booking_and_for_three(
    db: TortoiseContext, asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    visitor, counts = await sign_in_as(dee), []
    for number in range(3):
        await book(asha, clock, title=f"Course {number}", days=20 + number)
        async with statements(db) as heard:
            assert (await visitor.get(f"/desk/people/{asha.ref}/bookings")).status_code == 200
        counts.append(len(heard))
    assert counts == [4, 4, 4]
