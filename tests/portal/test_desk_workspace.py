"""The workspace of a session: what it shows, to whom, how much it asks of the database, and what it gives away as a file."""

import csv
import io
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.attendance.queries import attended_by_session
from marstraining.bookings.actions import book_place, call_off_session, change_capacity, join_list
from marstraining.bookings.models import Booking, LedgerEntry
from marstraining.bookings.rules import BookPlace
from marstraining.core.viewer import Role
from marstraining.core.web.dates import day_short
from marstraining.history.models import Entry
from marstraining.people.models import Person, RoleGrant
from marstraining.programme.models import Session, SessionTrainer
from tests import makers
from tests.conftest import Clock, Visitor
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]
PAGES = ("", "/book", "/book/new", "/needs", "/phones", "/write", "/places", "/decide", "/call-off", "/postpone", "/move", "/online")


async def book(session: Session, learner: Person, clock: Clock, *, waits: bool = False) -> Booking:
    verb = join_list if waits else book_place
    booked = await verb(BookPlace(session_id=session.id, learner_id=learner.id), by=makers.as_learner(learner), now=clock.now)
    return await Booking.get(id=booked.id)


async def test_it_shows_places_bookings_and_the_line(asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    await book(session, asha, clock)
    await book(session, ben, clock, waits=True)
    shown = (await (await sign_in_as(dee)).get(f"/desk/sessions/{session.ref}")).text
    for words in ("Full", "1 person waiting", "0 free", "Asha Patel", "St Luke&#39;s School", "Designated Safeguarding Lead", "Ben Cole"):
        assert words in shown
    assert "Offer now" not in shown


async def test_booking_6_places_below_what_is_held_are_set_only_after_a_warning_and_remove_nobody(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=2)
    await book(session, asha, clock)
    await book(session, ben, clock)
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/places"
    fields = {"capacity": "1", "seen": session.changed_at.isoformat()}
    warned = await visitor.post(path, fields)
    assert warned.status_code == 422
    assert "2 places are taken already" in warned.text
    assert 'value="1"' in warned.text
    answer = await visitor.post(path, {**fields, "lower": "yes"})
    assert answer.headers["location"] == f"/desk/sessions/{session.ref}?done=places"
    assert await Booking.filter(state="confirmed").count() == 2
    shown = (await visitor.get(f"/desk/sessions/{session.ref}")).text
    assert "1 more place is taken than there are" in shown


async def test_a_page_out_of_date_is_told_so_and_asked_again(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=10)
    visitor = await sign_in_as(dee)
    stale = {"seen": session.changed_at.isoformat(), "capacity": "30"}
    await change_capacity(session.id, 20, by=makers.as_desk(dee), now=clock.forward(minutes=1))
    answer = await visitor.post(f"/desk/sessions/{session.ref}/places", stale)
    assert answer.status_code == 422
    assert "Somebody changed this session after you opened this page" in answer.text
    assert (await Session.get(id=session.id)).capacity == 20


@pytest.mark.parametrize("page", PAGES)
async def test_who_does_not_run_a_session_gets_404_as_for_one_that_never_was(
    page: str, asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, course=await makers.make_course(owner_agency=await makers.make_agency("Theirs")))
    trainer = await makers.make_person("Tom Trainer", roles=(Role.TRAINER,))
    own = await makers.make_agency("Own partnership")
    organiser = await makers.make_person("Olu Organiser")
    await RoleGrant.create(person=organiser, role=Role.PARTNER_ORGANISER, agency=own, granted_at=makers.LONG_AGO)
    for person in (asha, trainer, organiser):
        assert (await (await sign_in_as(person)).get(f"/desk/sessions/{session.ref}{page}")).status_code == 404


async def test_a_partner_organiser_runs_the_sessions_of_their_courses(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    own = await makers.make_agency("Own partnership")
    session = await makers.make_session(now=clock.now, course=await makers.make_course(owner_agency=own))
    booking = await book(session, asha, clock)
    organiser = await makers.make_person("Olu Organiser")
    await RoleGrant.create(person=organiser, role=Role.PARTNER_ORGANISER, agency=own, granted_at=makers.LONG_AGO)
    visitor = await sign_in_as(organiser)
    shown = await visitor.get(f"/desk/sessions/{session.ref}")
    assert (shown.status_code, "Asha Patel" in shown.text, "/desk/history" in shown.text) == (200, True, False)
    clock.forward(days=59)
    answer = await (await sign_in_as(organiser)).post(f"/desk/sessions/{session.ref}/bookings/{booking.ref}/cancel")
    assert answer.status_code == 303
    assert (await Booking.get(id=booking.id)).state == "cancelled"
    assert await LedgerEntry.all().count() == 0


async def test_a_booking_of_another_session_is_not_found_in_this_one(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session, other = await makers.make_session(now=clock.now), await makers.make_session(now=clock.now)
    booking = await book(session, asha, clock)
    visitor = await sign_in_as(dee)
    assert (await visitor.get(f"/desk/sessions/{session.ref}/bookings/{booking.ref}")).status_code == 200
    assert (await visitor.get(f"/desk/sessions/{other.ref}/bookings/{booking.ref}")).status_code == 404


async def test_the_page_asks_the_same_number_of_statements_for_one_booking_and_for_three(
    db: TortoiseContext, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    visitor = await sign_in_as(dee)
    asked = []
    for number in range(3):
        await book(session, await makers.make_person(f"Learner {number}"), clock)
        async with statements(db) as heard:
            await visitor.get(f"/desk/sessions/{session.ref}")
        asked.append(len(heard))
    assert asked == [6] * 3


async def test_bookings_are_taken_away_as_a_file_with_the_line_and_without_needs(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    order = BookPlace(session_id=session.id, learner_id=asha.id, access_needs="A hearing loop")
    await book_place(order, by=makers.as_learner(asha), now=clock.now)
    await book(session, ben, clock, waits=True)
    visitor = await sign_in_as(dee)
    answer = await visitor.get(f"/desk/sessions/{session.ref}?export=csv")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(line["Name"], line["Booking"], line["Place in line"]) for line in lines] == [
        ("Asha Patel", "Booked", ""),
        ("Ben Cole", "On the waiting list", "1"),
    ]
    assert "hearing" not in answer.text
    told = await Entry.filter(action="export").values("actor_id", "subject_kind", "subject_id")
    assert told == [{"actor_id": dee.id, "subject_kind": "session", "subject_id": session.id}]
    assert (await visitor.get(f"/desk/sessions/{session.ref}?export=xlsx")).content[:2] == b"PK"


async def test_an_eleventh_file_within_the_hour_is_too_fast(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    visitor = await sign_in_as(dee)
    codes = [(await visitor.get(f"/desk/sessions/{session.ref}?export=csv")).status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]


async def test_since_is_when_a_booking_last_changed_its_state_whatever_was_told_meanwhile(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await book(session, asha, clock)
    booked_on = day_short(clock.now)
    await Booking.all().update(changed_at=clock.now + timedelta(days=3))
    page = (await (await sign_in_as(dee)).get(f"/desk/sessions/{session.ref}?sort=since")).text
    assert f'data-label="Since">{booked_on}</td>' in page


async def test_after_the_end_it_says_how_many_were_booked_and_asks_for_the_register(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await book(session, asha, clock)
    clock.travel_to(session.ends_at + timedelta(hours=1))
    page = (await (await sign_in_as(dee)).get(f"/desk/sessions/{session.ref}")).text
    assert ("The register is not locked" in page, ">Finish and lock the register</a>" in page) == (True, True)
    assert [words in page for words in ("Nobody is waiting", " free</span>", "Change places")] == [False] * 3


async def test_without_a_date_nothing_says_that_booking_closes(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, state="postponed")
    page = (await (await sign_in_as(dee)).get(f"/desk/sessions/{session.ref}")).text
    assert ("Closed until there is a new date" in page, "Closes when it starts" in page, "<dd><s>" in page) == (True, False, True)
    await Session.filter(id=session.id).update(state="draft", publish_at=clock.now + timedelta(days=2))
    assert "Will be published on " in (await (await sign_in_as(dee)).get(f"/desk/sessions/{session.ref}")).text


async def test_deciding_that_it_runs_is_noted_once(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, decide_by=clock.now.date())
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/decide"
    answers = [await visitor.post(path) for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == [f"/desk/sessions/{session.ref}?done=runs"] * 2
    assert await Entry.filter(action="decide_to_run").count() == 1


async def test_a_search_finds_by_name_address_and_organisation(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await book(session, asha, clock)
    await book(session, ben, clock)
    visitor = await sign_in_as(dee)
    for words in ("asha", "STLUKES.example", "st luke's asha"):
        shown = (await visitor.get(f"/desk/sessions/{session.ref}", params={"q": words})).text
        assert ("Asha Patel" in shown, "Ben Cole" in shown) == (True, False)
    assert "None of the bookings fits" in (await visitor.get(f"/desk/sessions/{session.ref}?q=nobody")).text


async def test_a_called_off_session_shows_the_days_it_had_and_leads_to_what_ended_with_it(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await book(session, asha, clock)
    await call_off_session(session.id, reason="", by=makers.as_desk(dee), now=clock.now)
    shown = (await (await sign_in_as(dee)).get(f"/desk/sessions/{session.ref}")).text
    assert (f"<s>{day_short(session.starts_at)} 2026" in shown, "?show=ended#bookings" in shown) == (True, True)
    assert ("Ask or change trainers" in shown, "Closes when it starts" in shown) == (False, False)


async def test_booking_8_the_phone_list_leads_to_each_number_and_names_who_gave_none(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    order = BookPlace(session_id=session.id, learner_id=asha.id, mobile="07700 900 982")
    await book_place(order, by=makers.as_learner(asha), now=clock.now)
    await book(session, ben, clock)
    visitor = await sign_in_as(dee)
    assert "Phone list</a> (1)" in (await visitor.get(f"/desk/sessions/{session.ref}")).text
    shown = (await visitor.get(f"/desk/sessions/{session.ref}/phones")).text
    assert ('href="tel:07700900982">07700 900 982<' in shown, ">Ben Cole</a>, Humberside Police</li>" in shown) == (True, True)


@pytest.mark.parametrize(
    ("kind", "trainers", "capacity", "says"),
    [
        ("course", 1, 25, ["One trainer so far. A course should have 2."]),
        ("course", 2, 26, ["26 places: the usual most for one group is 25."]),
        ("course", 0, 25, []),
        ("briefing", 1, 120, []),
    ],
)
async def test_one_trainer_alone_and_too_large_a_group_are_warned_of(
    kind: str, trainers: int, capacity: int, says: list[str], dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, course=await makers.make_course(kind=kind), capacity=capacity)
    for number in range(trainers):
        person = await makers.make_person(f"Trainer {number}")
        await SessionTrainer.create(session=session, person=person, state="accepted", asked_at=clock.now)
    shown = (await (await sign_in_as(dee)).get(f"/desk/sessions/{session.ref}")).text
    assert re.findall(r'mars-warn">([^<]*)<', shown) == says


async def test_who_came_without_a_name_is_counted_once_it_has_started(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, is_headcount_only=True)
    named = await makers.make_session(now=clock.now)
    visitor, path = await sign_in_as(dee), f"/desk/sessions/{session.ref}/headcount"
    assert (await visitor.get(f"/desk/sessions/{named.ref}/headcount")).status_code == 404
    assert "has not started yet" in (await visitor.post(path, {"number": "40"})).text
    clock.travel_to(session.starts_at)
    visitor = await sign_in_as(dee)
    for typed, sentence in (
        ({"number": ""}, "Enter how many people came"),
        ({"number": "-1"}, "must be between 0 and"),
        ({"number": "3", "organisations": "4"}, "There cannot be more organisations than people"),
    ):
        refused = await visitor.post(path, typed)
        assert (refused.status_code, sentence in refused.text) == (422, True)
    answer = await visitor.post(path, {"number": "412", "organisations": "31"})
    assert answer.headers["location"] == f"/desk/sessions/{session.ref}?done=counted"
    shown = (await visitor.get(f"/desk/sessions/{session.ref}")).text
    assert ("412 people</strong> came, from 31 organisations" in shown, "Correct the number" in shown) == (True, True)
    assert await attended_by_session([session.id]) == {session.id: 412}


async def test_the_desk_keeps_places_for_an_organisation_and_lets_them_go(
    clock: Clock, dee: Person, ben: Person, sign_in_as: SignInAs
) -> None:
    session = await makers.make_session(now=clock.now, capacity=5)
    school = await makers.make_agency("St Luke's School")
    desk = await sign_in_as(dee)
    here = f"/desk/sessions/{session.ref}/allocations"
    refused = await desk.post(here, {"floor": "2"})
    assert "Choose an organisation or a sector, not both" in refused.text
    assert (await desk.post(here, {"agency": school.code, "floor": "2", "release": "10"})).headers["location"] == f"{here}?done=kept"
    page = (await desk.get(here)).text
    assert "St Luke&#39;s School</th>" in page
    number = re.search(r'name="allocation" value="(\d+)"', page)
    assert number
    assert (await desk.post(f"{here}/remove", {"allocation": "999"}, seen=here)).status_code == 404
    assert (await desk.post(f"{here}/remove", {"allocation": number[1]}, seen=here)).headers["location"] == f"{here}?done=gone"
    assert "Every place is anybody" in (await desk.get(here)).text
    assert (await (await sign_in_as(ben)).get(here)).status_code == 404
