"""History: who did what, narrowed, by record, without a word that a person wrote."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import book_place, cancel_booking, tell_needs
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.core.viewer import Role
from marstraining.history.actions import record
from marstraining.people.models import Agency, Person, RoleGrant
from marstraining.portal.desk.history import action_words
from marstraining.portal.queries.history import Wanted, entries
from marstraining.programme.models import Course, Venue
from tests import makers
from tests.conftest import Clock, Visitor
from tests.statements import statements

SOURCE = Path(__file__).parents[2] / "src" / "marstraining"
SignInAs = Callable[[Person], Awaitable[Visitor]]


async def booked(asha: Person, dee: Person, clock: Clock) -> Booking:
    session = await makers.make_session(now=clock.now)
    made = await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    await tell_needs(made.id, access="A hearing loop", dietary="", by=makers.as_learner(asha), now=clock.now)
    await cancel_booking(made.id, reason="sickness", by=makers.as_desk(dee), now=clock.forward(hours=1))
    return await Booking.get(id=made.id).select_related("session")


async def test_everything_done_stands_there_newest_first_and_says_no_needs(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    booking = await booked(asha, dee, clock)
    shown = (await (await sign_in_as(dee)).get("/desk/history?kind=booking")).text
    assert re.findall(r'data-label="What">([^<]*)<', shown) == ["Cancelled a booking", "Told us their needs", "Booked"]
    assert f"/desk/sessions/{booking.session.ref}/bookings/{booking.ref}" in shown
    assert "Dee Ward (training team)" in shown
    assert re.search(rf'data-label="About"><a [^>]*>Asha Patel: [^<]+, {booking.session.starts_at.day} [A-Z][a-z]+ 2026<', shown)
    assert "hearing" not in shown


@pytest.mark.parametrize(
    ("query", "rows"), [("action=booking.cancelled", 1), ("kind=booking", 3), ("kind=booking&actor=asha", 2), ("actor=nobody", 0)]
)
async def test_filters_narrow_by_what_to_what_and_by_whom(
    query: str, rows: int, asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    await booked(asha, dee, clock)
    shown = (await (await sign_in_as(dee)).get(f"/desk/history?{query}")).text
    assert shown.count('data-label="What"') == rows


async def test_by_whom_is_found_whatever_the_capitals_and_a_percent_sign_is_no_wildcard(
    dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    elodie = await makers.make_person("Élodie Łukasz")
    await record("add_note", by=makers.as_learner(elodie), now=clock.now, subject_kind="person", subject_id=elodie.id)
    visitor = await sign_in_as(dee)
    found = {
        typed: ">Élodie Łukasz" in (await visitor.get(f"/desk/history?kind=person&actor={typed}")).text
        for typed in ("Élodie", "łUKASZ", "%25")
    }
    assert found == {"Élodie": True, "łUKASZ": True, "%25": False}


async def test_a_booking_tells_each_change_of_its_state(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    booking = await booked(asha, dee, clock)
    shown = (await (await sign_in_as(dee)).get(f"/desk/history/booking/{booking.ref}")).text
    assert shown.count('data-label="To"') == 2
    session = (await (await sign_in_as(dee)).get(f"/desk/history/session/{booking.session.ref}")).text
    assert re.search(r"<title>History: [^<]+, \d+ [A-Z][a-z]+ 2026", session)
    assert (">Sickness<" in shown, ">Dee Ward<" in shown) == (True, True)


async def test_each_kind_of_record_has_its_history(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    booking = await booked(asha, dee, clock)
    agency, course = await Agency.get(code="STLUKES"), await Course.get()
    for kind, row in (("agency", agency.id), ("course", course.id), ("person", asha.id)):
        await record("edit_something", by=makers.as_desk(dee), now=clock.now, subject_kind=kind, subject_id=row)
    visitor = await sign_in_as(dee)
    for path, number in (
        (f"session/{booking.session.ref}", 3), (f"booking/{booking.ref}", 3), (f"person/{asha.ref}", 4),
        ("agency/STLUKES", 1), (f"course/{course.code}", 1),
    ):  # fmt: skip
        shown = await visitor.get(f"/desk/history/{path}")
        assert (path, shown.status_code, shown.text.count('data-label="About"')) == (path, 200, number)


@pytest.mark.parametrize("path", ["session/0000000000", "nothing/0000000000", "person/0000000000"])
async def test_what_is_not_there_has_no_history(path: str, dee: Person, sign_in_as: SignInAs) -> None:
    assert (await (await sign_in_as(dee)).get(f"/desk/history/{path}")).status_code == 404


async def test_only_the_desk_and_administrators_read_it(asha: Person, sign_in_as: SignInAs) -> None:
    organiser = await makers.make_person("Olu Organiser", roles=(Role.PARTNER_ORGANISER,))
    admin = await makers.make_person("Ada Admin", roles=(Role.ADMINISTRATOR,))
    codes = [(await (await sign_in_as(person)).get("/desk/history")).status_code for person in (asha, organiser, admin)]
    assert codes == [404, 404, 200]


async def test_who_has_no_history_page_is_shown_no_link_to_one(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    own = await makers.make_agency("Own partnership")
    session = await makers.make_session(now=clock.now, course=await makers.make_course(code="OWN", owner_agency=own))
    booking = await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    organiser = await makers.make_person("Olu Organiser")
    await RoleGrant.create(person=organiser, role=Role.PARTNER_ORGANISER, agency=own, granted_at=makers.LONG_AGO)
    paths = ("/desk", "/desk/sessions", f"/desk/sessions/{session.ref}", f"/desk/sessions/{session.ref}/bookings/{booking.ref}",
             "/desk/courses/OWN/edit")  # fmt: skip
    for person, is_shown in ((organiser, False), (dee, True)):
        visitor = await sign_in_as(person)
        pages = [await visitor.get(path) for path in paths]
        assert [(page.status_code, "/desk/history" in page.text) for page in pages] == [(200, is_shown)] * len(paths)


async def test_the_list_asks_two_statements_for_one_entry_and_for_three(db: TortoiseContext, dee: Person, clock: Clock) -> None:
    asked = []
    for _ in range(3):
        await record("edit_something", by=makers.as_desk(dee), now=clock.now, subject_kind="person", subject_id=dee.id)
        async with statements(db) as heard:
            await entries(Wanted(), limit=50, offset=0)
        asked.append(len(heard))
    assert asked == [2] * 3


async def test_history_is_taken_away_as_a_file_and_that_stands_there_too(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    await booked(asha, dee, clock)
    visitor = await sign_in_as(dee)
    answer = await visitor.get("/desk/history?export=csv&kind=booking")
    assert answer.text.count("\r\n") == 4
    assert "Downloaded a list" in (await visitor.get("/desk/history")).text


async def test_a_venue_is_named_and_led_to(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    hub = await Venue.create(ref="0000000001", name="Station Road Hub")
    await record("save_venue", by=makers.as_desk(dee), now=clock.now, subject_kind="venue", subject_id=hub.id)
    shown = (await (await sign_in_as(dee)).get("/desk/history?kind=venue")).text
    assert re.findall(r'data-label="About"><a class="govuk-link" href="([^"]*)">([^<]*)<', shown) == [
        ("/desk/venues/0000000001/edit", "Station Road Hub")
    ]


def test_every_action_that_a_verb_writes_down_has_words() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    written = set(re.findall(r'\brecord(?:_each)?\(\s*"([^"]+)"', source))
    assert {action for action in written if action_words(action) == action.replace("_", " ").replace(".", " ").capitalize()} == set()
    assert len(written) > 50
