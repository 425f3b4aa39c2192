"""A session as its trainers see it: who comes, and for a while what they need; contributors see numbers, others nothing."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import book_place, tell_needs
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace, may_trainer_read
from marstraining.core.viewer import Role, Viewer
from marstraining.core.web.navigation import bar
from marstraining.history.models import Entry
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session, SessionTrainer
from tests import makers
from tests.conftest import Clock, Visitor
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def trained_session(clock: Clock, *, by: Person, state: str = "accepted", speaks: bool = False) -> Session:
    session = await makers.make_session(now=clock.now)
    await SessionTrainer.create(session=session, person=by, state=state, is_contributor=speaks, asked_at=clock.now)
    return session


async def book(session: Session, learner: Person, clock: Clock, *, access: str = "") -> Booking:
    by = makers.as_learner(learner)
    booked = await book_place(BookPlace(session_id=session.id, learner_id=learner.id), by=by, now=clock.now)
    if access:
        await tell_needs(booked.id, access=access, dietary="", by=by, now=clock.now)
    return await Booking.get(id=booked.id)


@pytest.fixture
async def tess(db: TortoiseContext) -> Person:
    return await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))


async def test_a_trainer_sees_who_comes_with_role_and_organisation_and_no_address(
    asha: Person, tess: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await trained_session(clock, by=tess)
    await book(session, asha, clock)
    shown = (await (await sign_in_as(tess)).get(f"/teaching/{session.ref}")).text
    for words in ("Asha Patel", "Designated Safeguarding Lead", "St Luke&#39;s School", "1 of 20", "Nobody has told us of access"):
        assert words in shown
    assert str(asha.email) not in shown


@pytest.mark.parametrize("state", ["asked", "declined"])
async def test_who_has_not_accepted_gets_404_as_anybody_else_does(
    state: str, asha: Person, dee: Person, tess: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await trained_session(clock, by=tess, state=state)
    other = await makers.make_person("Una Untold", roles=(Role.TRAINER,))
    for person in (asha, dee, tess, other):
        visitor = await sign_in_as(person)
        assert (await visitor.get(f"/teaching/{session.ref}")).status_code == 404
        assert (await visitor.post(f"/teaching/{session.ref}/needs", seen="/me/calendar")).status_code == 404


async def test_booking_4_trainers_read_needs_from_14_days_before_and_each_reading_is_kept(
    asha: Person, tess: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await trained_session(clock, by=tess)
    booking = await book(session, asha, clock, access="A seat near the door")
    visitor, page = await sign_in_as(tess), f"/teaching/{session.ref}"
    assert "You can read them from" in (await visitor.get(page)).text
    assert (await visitor.post(f"{page}/needs", seen=page)).status_code == 409
    clock.travel_to(session.starts_at - timedelta(days=14))
    visitor = await sign_in_as(tess)
    assert ("A seat near the door" in (await visitor.get(page)).text, await Entry.filter(action="booking.needs_read").count()) == (False, 0)
    assert "A seat near the door" in (await visitor.post(f"{page}/needs", seen=page)).text
    kept = await Entry.get(action="booking.needs_read")
    assert (kept.subject_id, kept.actor_id, kept.detail["reason"]) == (booking.id, tess.id, "trains")


def test_booking_4_the_window_of_trainers_ends_a_day_after(clock: Clock) -> None:
    starts_at, ends_at = clock.now, clock.now + timedelta(hours=3)
    moments = (starts_at - timedelta(days=14, seconds=1), starts_at - timedelta(days=14), ends_at + timedelta(days=1))
    assert [may_trainer_read(starts_at=starts_at, ends_at=ends_at, now=now) for now in moments] == [False, True, True]
    assert not may_trainer_read(starts_at=starts_at, ends_at=ends_at, now=ends_at + timedelta(days=1, seconds=1))


async def test_a_contributor_sees_numbers_and_neither_names_nor_needs(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    cora = await makers.make_person("Cora Speaks", roles=(Role.CONTRIBUTOR,))
    session = await trained_session(clock, by=cora, speaks=True)
    await book(session, asha, clock, access="A seat near the door")
    clock.travel_to(session.starts_at - timedelta(days=1))
    visitor, page = await sign_in_as(cora), f"/teaching/{session.ref}"
    shown = (await visitor.get(page)).text
    assert ("1 of 20" in shown, "Asha Patel" in shown) == (True, False)
    assert (await visitor.post(f"{page}/needs", seen=page)).status_code == 404


async def test_the_page_asks_the_same_number_of_statements_for_one_learner_and_for_three(
    db: TortoiseContext, tess: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await trained_session(clock, by=tess)
    visitor, counts = await sign_in_as(tess), []
    for number in range(3):
        await book(session, await makers.make_person(f"Learner {number}"), clock)
        async with statements(db) as heard:
            assert (await visitor.get(f"/teaching/{session.ref}")).status_code == 200
        counts.append(len(heard))
    assert counts == [5, 5, 5]


async def test_the_page_of_a_session_says_how_one_stands_to_it(asha: Person, tess: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await trained_session(clock, by=tess)
    visitor = await sign_in_as(asha)
    assert "Book a place" in (await visitor.get(f"/me/sessions/{session.ref}")).text
    booking = await book(session, asha, clock)
    shown = (await visitor.get(f"/me/sessions/{session.ref}")).text
    assert ("You have a place" in shown, f"/bookings/{booking.ref}" in shown, "Book a place" in shown) == (True, True, False)
    shown = (await (await sign_in_as(tess)).get(f"/me/sessions/{session.ref}")).text
    assert ("You train this session" in shown, f"/teaching/{session.ref}" in shown) == (True, True)


async def test_a_booking_that_waits_for_approval_is_not_called_a_place(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    booking = await book(session, asha, clock)
    await Booking.filter(id=booking.id).update(state="requested")
    shown = (await (await sign_in_as(asha)).get(f"/me/sessions/{session.ref}")).text
    assert ("Your booking waits for approval" in shown, "You have a place" in shown) == (True, False)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("confirmed", "You have a place"),
        ("offered", "Offered to you"),
        ("invited", "Kept for you: confirm it"),
        ("waiting", "You are on the waiting list"),
        ("requested", "Waiting for approval"),
    ],
)
async def test_lists_for_who_is_signed_in_say_how_they_stand_to_each_date(
    state: str, says: str, asha: Person, tess: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await trained_session(clock, by=tess)
    code = (await Course.get(id=session.course_id)).code
    await Booking.filter(id=(await book(session, asha, clock)).id).update(state=state)
    for person, theirs in ((asha, says), (tess, "You train this"), (await makers.make_person("Nia"), "places left</strong>")):
        visitor = await sign_in_as(person)
        for path in ("/me/programme", "/me/programme?places=yes", f"/me/courses/{code}"):
            page = (await visitor.get(path)).text
            assert [words for words in (says, "You train this", "places left</strong>") if words in page] == [theirs], path
    public = (await (await sign_in_as(asha)).get("/programme")).text
    assert ("places left</strong>" in public, says in public) == (True, False)


async def test_a_list_asks_the_same_number_of_statements_whatever_one_has_booked(
    db: TortoiseContext, asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    visitor = await sign_in_as(asha)
    sessions = [await makers.make_session(now=clock.now, starts=clock.now + timedelta(days=10 + number)) for number in range(3)]

    async def asked() -> int:
        async with statements(db) as heard:
            await visitor.get("/me/programme")
        return len(heard)

    await asked()
    await book(sessions[0], asha, clock)
    first = await asked()
    for one in sessions[1:]:
        await book(one, asha, clock)
    assert await asked() == first


@pytest.mark.parametrize("dates", [1, 3])
async def test_ones_own_page_of_a_course_asks_the_same_number_of_statements_whatever_it_lists(
    dates: int, db: TortoiseContext, asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    course = await makers.make_course("Neglect", code="NEG")
    for number in range(dates):
        session = await makers.make_session(course=course, now=clock.now, starts=clock.now + timedelta(days=10 + number))
        await book(session, asha, clock)
    visitor = await sign_in_as(asha)
    async with statements(db) as heard:
        page = await visitor.get("/me/courses/NEG")
    assert (page.text.count("You have a place"), len(heard)) == (dates, 7)


async def test_who_has_a_place_is_led_to_their_booking_and_not_to_the_forms_of_strangers(
    asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, has_catering=True)
    visitor = await sign_in_as(asha)
    file = f"/sessions/{session.ref}.ics"
    assert file in (await visitor.get(f"/me/sessions/{session.ref}")).text
    booking = await book(session, asha, clock)
    shown = (await visitor.get(f"/me/sessions/{session.ref}")).text
    assert file not in shown
    assert [words in shown for words in (f"/bookings/{booking.ref}/needs", "lost-link", "when you book", "and its other dates")] == [
        True, False, False, False,
    ]  # fmt: skip
    await makers.make_session(now=clock.now, course=await Course.get(id=session.course_id), starts=session.starts_at + timedelta(days=9))
    public = (await visitor.get(f"/sessions/{session.ref}")).text
    assert ("lost-link" in public, "when you book" in public, "and its other dates" in public) == (True, True, True)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/teaching/abc/register", "My training"), ("/certificates/abc", "My training"), ("/me/record", "My training"),
        ("/me/programme", "Find training"), ("/me/sessions/abc", "Find training"), ("/me/courses/CP", "Find training"),
        ("/me/resources", "Resources"), ("/me/resources/abc", "Resources"),
    ],
)  # fmt: skip
def test_pages_of_ones_own_stand_in_the_menu_where_the_same_pages_of_everybody_stand(path: str, place: str) -> None:
    assert [item.text for item, is_here in bar("main", Viewer(person_id=1), path) if is_here] == [place]
