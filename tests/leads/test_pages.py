from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.attendance.models import Mark
from marstraining.bookings.actions import book_place, postpone_session
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.colleagues.actions import keep_places, note_absences
from marstraining.colleagues.rules import Absence
from marstraining.core.db import transaction
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import SYSTEM, Role
from marstraining.core.web.dates import clock_time, day_plain, when
from marstraining.coverage.actions import seed_rules
from marstraining.people.models import Agency, Person, Position
from marstraining.programme.models import Session
from marstraining.record.models import Accreditation, Completion, ExternalLearning
from tests import makers
from tests.conftest import Clock, Visitor
from tests.statements import statements


@pytest.fixture
async def school(db: TortoiseContext) -> Agency:
    return await makers.make_agency("St Luke's School")


@pytest.fixture
async def lena(school: Agency) -> Person:
    return await makers.make_person("Lena Lead", agency=school, roles=(Role.AGENCY_LEAD,))


@pytest.fixture
async def ben(db: TortoiseContext) -> Person:
    """Somebody of another agency, of whom Lena must not learn."""
    return await makers.make_person("Ben Carter", email="ben@other.example", agency=await makers.make_agency("Other School"))


async def _booked(session: Session, person: Person, clock: Clock) -> Booking:
    made = await book_place(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=clock.now)
    return await Booking.get(id=made.id)


SignIn = Callable[[Person], Awaitable[Visitor]]
PAGES = (
    "/agency",
    "/agency/staff",
    "/agency/bookings",
    "/agency/bookings?show=all",
    "/agency/ledger",
    "/agency/check",
    "/agency/inspection",
    "/agency/due",
    "/agency/due?show=all",
)


async def test_a_lead_sees_nothing_of_another_agency_by_any_page_export_search_or_count(
    school: Agency, lena: Person, ben: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    asha = await makers.make_person("Asha Patel", email="asha@school.example", agency=school)
    session = await makers.make_session(now=clock.now)
    theirs, _ = await _booked(session, ben, clock), await _booked(session, asha, clock)
    await Completion.create(
        person=ben, course_id=session.course_id, completed_on=clock.now.date(), source="attendance", recorded_at=clock.now
    )
    async with transaction():
        await note_absences(session.id, [Absence(ben.id, "", is_excused=False)], by=makers.as_desk(lena), now=clock.now)
    client = await sign_in_as(lena)
    paths = [
        *PAGES,
        "/agency/staff?export=csv",
        "/agency/bookings?export=csv&show=all",
        "/agency/ledger?export=csv",
        f"/agency/sessions/{session.ref}",
    ]
    for path in paths:
        answer = await client.get(path)
        assert (path, answer.status_code, "Ben Carter" in answer.text, "Other School" in answer.text) == (path, 200, False, False)
    for path in (f"/agency/bookings/{theirs.ref}", f"/agency/staff/{ben.ref}", f"/agency/bookings/{'0' * 10}"):
        assert (await client.get(path)).status_code == 404
    found = await client.get("/agency/staff?q=ben")
    assert ("Nobody found" in found.text, "Ben" in found.text) == (True, False)
    course = await session.course
    answer = await client.post("/agency/check", {"course": course.code, "people": "ben@other.example\nasha@school.example"})
    assert ("0 of 2 have done it, 1 unknown" in answer.text, "Ben Carter" in answer.text) == (True, False)
    typed = {"course": course.code, "people": "ben@other.example\nasha@school.example", "format": "csv"}
    taken = await client.post("/agency/check/file", typed, seen="/agency/check")
    assert taken.content.decode("utf-8-sig").splitlines() == [
        "Email or staff number,Name,Organisation,Completed,On",
        "ben@other.example,,,Unknown,",
        "asha@school.example,Asha Patel,St Luke's School,No,",
    ]
    empty = await client.post("/agency/check", {"course": "", "people": ""})
    faults = ("Select the course", "Enter the email addresses or staff numbers")
    assert (empty.status_code, [words for words in faults if words not in empty.text]) == (422, [])
    refused = await client.post("/agency/check/file", {**typed, "people": ""}, seen="/agency/check")
    assert (refused.status_code, "Enter the email addresses or staff numbers" in refused.text) == (422, True)


async def test_who_moved_away_is_gone_at_once_from_every_page(school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    booking = await _booked(await makers.make_session(now=clock.now), asha, clock)
    client = await sign_in_as(lena)
    assert "Asha Patel" in (await client.get("/agency/bookings")).text
    await Position.filter(person_id=asha.id).update(ends_on=clock.now.date() - timedelta(days=1))
    for path in PAGES:
        assert "Asha Patel" not in (await client.get(path)).text
    assert (await client.get(f"/agency/bookings/{booking.ref}")).status_code == 404


async def test_without_the_role_there_are_no_such_pages_and_with_it_but_no_agency_nothing_is_seen(
    school: Agency, clock: Clock, sign_in_as: SignIn
) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    client = await sign_in_as(asha)
    assert [(await client.get(path)).status_code for path in PAGES] == [404] * len(PAGES)
    nobody = await makers.make_person("Nora Nobody", roles=(Role.AGENCY_LEAD,))
    client = await sign_in_as(nobody)
    for path in PAGES:
        answer = await client.get(path)
        assert (answer.status_code, "Asha Patel" in answer.text) == (200, False)


async def test_colleagues_are_chosen_checked_and_then_held_places(school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn) -> None:
    asha, dan = await makers.make_person("Asha Patel", agency=school), await makers.make_person("Dan Reed", agency=school)
    session = await makers.make_session(now=clock.now, capacity=5)
    await _booked(session, dan, clock)
    client = await sign_in_as(lena)
    here = f"/agency/sessions/{session.ref}"
    assert "Choose at least one colleague" in (await client.post(here, {})).text
    checked = (await client.post(here, {"person": [asha.ref, dan.ref]})).text
    assert ("1 place will be held" in checked, "Has a booking already" in checked, "Hold 1 place" in checked) == (True, True, True)
    assert await Booking.filter(state="invited").count() == 0
    done = await client.post(here, {"person": [asha.ref], "do": "book"})
    assert done.headers["location"] == "/agency/bookings?show=invited&done=invited"
    assert await Booking.filter(state="invited").values("learner_id") == [{"learner_id": asha.id}]
    assert "Asha Patel" in (await client.get(done.headers["location"])).text


async def test_a_lead_gives_a_place_to_a_colleague_or_cancels_it(school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn) -> None:
    asha, dan = await makers.make_person("Asha Patel", agency=school), await makers.make_person("Dan Reed", agency=school)
    booking = await _booked(await makers.make_session(now=clock.now, capacity=1), asha, clock)
    client = await sign_in_as(lena)
    here = f"/agency/bookings/{booking.ref}"
    assert "Choose the colleague" in (await client.post(here, {"do": "substitute"})).text
    assert (await client.post(here, {"do": "substitute", "person": dan.ref})).headers["location"] == f"{here}?done=substituted"
    theirs = await Booking.get(learner_id=dan.id)
    there = f"/agency/bookings/{theirs.ref}"
    asked = (await client.get(f"{there}/cancel")).text
    assert [words for words in ("Cancel the booking of Dan Reed?", "next person waiting, or becomes free") if words not in asked] == []
    assert await Booking.filter(id=theirs.id, state="confirmed").count() == 1
    assert (await client.post(f"{there}/cancel", {}, seen=f"{there}/cancel")).headers["location"] == f"{there}?done=cancelled"
    assert [row["state"] for row in await Booking.all().order_by("id").values("state")] == ["substituted", "cancelled"]


async def test_a_full_session_offers_other_dates_and_the_waiting_list_instead_of_a_list_to_tick(
    school: Agency, lena: Person, ben: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    asha, dan = await makers.make_person("Asha Patel", agency=school), await makers.make_person("Dan Reed", agency=school)
    session = await makers.make_session(now=clock.now, capacity=2)
    await _booked(session, asha, clock)
    client = await sign_in_as(lena)
    here = f"/agency/sessions/{session.ref}"
    open_page = (await client.get(here)).text
    assert ("Asha Patel: booked" in open_page, f'value="{asha.ref}"' in open_page, f'value="{dan.ref}"' in open_page) == (True, False, True)
    await _booked(session, ben, clock)
    full = (await client.get(here)).text
    said = ("This session is full", "Join the waiting list", f"/me/courses/{(await session.course).code}", "Asha Patel: booked")
    assert ([words for words in said if words not in full], "Who is to come?" in full, "Ben Carter" in full) == ([], False, False)
    late = (await client.post(here, {"person": [dan.ref]})).text
    assert "1 place is wanted, but none is free" in late
    await keep_places(
        session.id, agency_id=school.id, sector="", floor=2, cap=None, release_days=None, by=makers.as_desk(lena), now=clock.now
    )
    kept = (await client.get(here)).text
    assert ("<strong>1</strong> kept for your organisation" in kept, "Who is to come?" in kept) == (True, True)


async def test_colleagues_without_an_address_and_the_lead_are_said_to_be_booked_at_once(
    school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    sam = await makers.make_person("Sam Goodwin", email=None, agency=school)
    session = await makers.make_session(now=clock.now, capacity=9)
    client = await sign_in_as(lena)
    here = f"/agency/sessions/{session.ref}"
    page = (await client.get(here)).text
    assert (page.count("(no email address, booked at once)"), page.count("(you, booked at once)")) == (1, 1)
    both = (await client.post(here, {"person": [asha.ref, sam.ref]})).text
    assert "1 place will be held until your colleagues confirm, and 1 booked at once." in both
    alone = (await client.post(here, {"person": [sam.ref, lena.ref]})).text
    said = ("2 places will be booked at once.", "Book 2 places", "gets an email to confirm")
    assert [words in alone for words in said] == [True, True, False]
    done = await client.post(here, {"person": [sam.ref, lena.ref], "do": "book"})
    assert done.headers["location"] == "/agency/bookings?done=booked"
    mixed = await client.post(here, {"person": [asha.ref], "do": "book"})
    assert mixed.headers["location"] == "/agency/bookings?show=invited&done=invited"


async def test_a_lead_is_told_until_when_an_offered_place_can_be_taken(
    school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    session = await makers.make_session(now=clock.now)
    booking = await _booked(session, asha, clock)
    until = clock.now + timedelta(days=2)
    await Booking.filter(id=booking.id).update(state="offered", offered_at=clock.now, offer_expires_at=until)
    client = await sign_in_as(lena)
    assert f"{day_plain(until)}, {clock_time(until)}" in (await client.get("/agency/bookings")).text
    page = (await client.get(f"/agency/bookings/{booking.ref}")).text
    assert [words for words in ("To be taken by", "Where", when(until)) if words not in page] == []


async def test_an_invited_colleague_confirms_by_the_button_of_their_booking(
    school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    session = await makers.make_session(now=clock.now)
    client = await sign_in_as(lena)
    await client.post(f"/agency/sessions/{session.ref}", {"person": [asha.ref], "do": "book"})
    booking = await Booking.get(learner_id=asha.id)
    client = await sign_in_as(asha)
    assert "A place is kept for you" in (await client.get(f"/bookings/{booking.ref}")).text
    assert (await client.post(f"/bookings/{booking.ref}/confirm", {}, seen=f"/bookings/{booking.ref}")).headers[
        "location"
    ] == f"/bookings/{booking.ref}?done=accepted"
    assert (await Booking.get(id=booking.id)).state == "confirmed"


async def test_an_inspector_is_shown_everybody_with_their_training_of_the_year_and_who_has_none(
    school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    course = await makers.make_course("Early Help", level="Level 2")
    await Completion.create(
        person=asha, course=course, completed_on=clock.now.date(), minutes=180, source="attendance", recorded_at=clock.now
    )
    for title, state in (("Prevent awareness", "confirmed"), ("Somebody's webinar", "added")):
        await ExternalLearning.create(
            ref=new_ref(), person=asha, title=title, provider="Home Office", completed_on=clock.now.date(), state=state, at=clock.now
        )
    # A second post at the same agency brings nothing twice.
    await Position.create(person=asha, agency=school, job_role="governor", starts_on=clock.now.date())
    client = await sign_in_as(lena)
    page = (await client.get("/agency/inspection")).text
    assert (
        "<strong>2 people</strong> on the staff: <strong>1</strong> of them completed <strong>1 course</strong> with us"
        " and <strong>1</strong> elsewhere. Anybody can check" in page
    )
    assert "data-mars-print" in page
    said = ("Early Help", "Level 2", "3 hours", "Nothing completed in this year", "Prevent awareness", "Elsewhere: Home Office")
    assert [word for word in said if page.count(word) != 1] == []
    assert "webinar" not in page
    assert "Early Help" not in (await client.get("/agency/inspection?year=a2023")).text


@pytest.mark.parametrize("people", [1, 3])
async def test_lists_of_a_lead_ask_as_much_of_the_database_for_three_rows_as_for_one(
    people: int, db: TortoiseContext, school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    session = await makers.make_session(now=clock.now)
    for number in range(people):
        await _booked(session, await makers.make_person(f"Colleague {number}", agency=school), clock)
    client = await sign_in_as(lena)
    counts = []
    for path in PAGES[:6]:
        async with statements(db) as heard:
            await client.get(path)
        counts.append(len(heard))
    assert counts == [12, 4, 4, 4, 5, 3]


@pytest.mark.parametrize("people", [1, 3])
async def test_booking_colleagues_asks_as_much_of_the_database_for_three_as_for_one(
    people: int, db: TortoiseContext, school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    session = await makers.make_session(now=clock.now)
    for number in range(people):
        await makers.make_person(f"Colleague {number}", agency=school)
        await _booked(session, await makers.make_person(f"Booked {number}", agency=school), clock)
    client = await sign_in_as(lena)
    async with statements(db) as heard:
        page = (await client.get(f"/agency/sessions/{session.ref}")).text
    assert [sum(f"{word} {number}" in page for number in range(people)) for word in ("Colleague", "Booked")] == [people, people]
    assert len(heard) == 12


async def test_the_desk_waives_an_entry_for_a_reason_and_a_lead_sees_that_it_does_not_count(
    school: Agency, lena: Person, dee: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    session = await makers.make_session(now=clock.now)
    await _booked(session, asha, clock)
    async with transaction():
        await note_absences(session.id, [Absence(asha.id, "", is_excused=False)], by=makers.as_desk(dee), now=clock.now)
    client = await sign_in_as(dee)
    page = (await client.get("/desk/ledger")).text
    address = page.partition('href="/desk/ledger/')[2].partition('"')[0]
    assert page.index("Counts as unused") < page.index("All entries by organisation (1)")
    assert ">Notice<" in (await client.get(f"/desk/ledger/{address}")).text
    assert "Enter why it does not count" in (await client.post(f"/desk/ledger/{address}", {"reason": ""})).text
    assert (await client.post(f"/desk/ledger/{address}", {"reason": "The venue was shut"})).headers[
        "location"
    ] == "/desk/ledger?done=waived"
    assert (await client.get("/desk/ledger/abc")).status_code == 404
    client = await sign_in_as(lena)
    assert "No: waived" in (await client.get("/agency/ledger")).text
    assert (await client.get(f"/desk/ledger/{address}")).status_code == 404


async def test_a_colleagues_page_says_what_falls_due_whether_they_came_and_what_they_learnt_anywhere(
    school: Agency, lena: Person, ben: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    await seed_rules(by=SYSTEM, now=clock.now)
    asha = await makers.make_person("Asha Patel", agency=school, job_role="dsl")
    session = await makers.make_session(now=clock.now, starts=clock.now + timedelta(days=3))
    await _booked(session, asha, clock)
    await makers.make_mark(session, asha)
    await Mark.all().update(evidence="imported")
    clock.travel_to(session.ends_at + timedelta(days=1))
    await ExternalLearning.create(
        ref=new_ref(), person=asha, title="Lead training", provider="Region", completed_on=clock.now.date(), counts_as="DSL-FULL",
        state="confirmed", at=clock.now,
    )  # fmt: skip
    course = await makers.make_course("Neglect tool")
    await Accreditation.create(person=asha, course=course, granted_on=clock.now.date(), expires_on=clock.now.date() + timedelta(days=30))
    client = await sign_in_as(lena)
    page = (await client.get(f"/agency/staff/{asha.ref}")).text
    said = (
        "Formal training of Designated Safeguarding Leads",
        "Up to date",
        ">Attended<",
        "Lead training",
        "Elsewhere: Region",
        ">Ends soon<",
    )
    assert ([word for word in said if word not in page], page.count("Neglect tool</h3>")) == ([], 1)
    assert (await client.get(f"/agency/staff/{ben.ref}")).status_code == 404


async def test_who_is_due_is_told_with_the_rule_and_the_role_that_asks_it(
    school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    await seed_rules(by=SYSTEM, now=clock.now)
    await makers.make_person("Asha Patel", agency=school, job_role="dsl")
    client = await sign_in_as(lena)
    page = (await client.get("/agency/due?show=all")).text
    assert ("Asha Patel" in page, "Designated Safeguarding Lead, since 6 January 2025" in page) == (True, True)
    exported = (await client.get("/agency/due?show=all&export=csv")).text
    assert exported.startswith("\ufeffName,Organisation,What is asked")


async def test_a_time_nobody_recorded_is_told_alike_on_every_page_that_shows_it(
    school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    await makers.complete(asha, await makers.make_course("Child Protection", duration_minutes=360), on=clock.now.date())
    await makers.complete(asha, await makers.make_course("Neglect"), on=clock.now.date())
    lead, own = await sign_in_as(lena), await sign_in_as(asha)
    pages = [await lead.get(f"/agency/staff/{asha.ref}"), await lead.get("/agency/inspection"), await own.get("/me/record")]
    for page in pages:
        assert (page.text.count("About 6 hours, the course’s length"), page.text.count("Not known")) == (1, 1)  # noqa: RUF001 - as printed
    assert "In all" not in pages[2].text


async def test_a_past_booking_of_a_colleague_is_no_longer_called_booked(
    school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    session = await makers.make_session(now=clock.now)
    booking = await _booked(session, asha, clock)
    clock.travel_to(session.ends_at + timedelta(minutes=5))
    client = await sign_in_as(lena)
    for path in ("/agency/bookings?show=past", f"/agency/bookings/{booking.ref}", f"/agency/staff/{asha.ref}"):
        page = (await client.get(path)).text
        assert ("Took place" in page, ">Booked<" in page) == (True, False), path


async def test_a_booking_of_a_postponed_session_is_told_as_such_on_every_page_and_without_the_date_that_does_not_stand(
    school: Agency, lena: Person, clock: Clock, sign_in_as: SignIn
) -> None:
    asha = await makers.make_person("Asha Patel", agency=school)
    session = await makers.make_session(now=clock.now)
    booking = await _booked(session, asha, clock)
    await postpone_session(session.id, reason="", by=SYSTEM, now=clock.now)
    client = await sign_in_as(lena)
    for path in ("/agency", "/agency/bookings", f"/agency/bookings/{booking.ref}", f"/agency/staff/{asha.ref}"):
        page = (await client.get(path)).text
        told = ("Booked, postponed" in page, "New date to follow" in page, ">Booked<" in page, day_plain(session.starts_at) in page)
        assert told == (True, True, False, False), path
