from datetime import UTC, datetime, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import book_place, cancel_booking, join_list
from marstraining.bookings.models import Booking
from marstraining.bookings.queries import places
from marstraining.bookings.rules import BookPlace, Held, Share, held_for
from marstraining.colleagues.actions import keep_places, let_places_go, release_allocations
from marstraining.colleagues.queries import allocations_of
from marstraining.core.errors import Refused
from marstraining.core.viewer import Viewer
from marstraining.people.models import Agency, Person
from marstraining.programme.models import Session
from tests import makers

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
# The session is 60 days on, on a Friday; ten working days earlier is the Friday two weeks before (a bank holiday is not among them).
RELEASED = NOW + timedelta(days=50)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([], 5),
        ([Share(floor=4, cap=None, release_at=None, used=1, is_ours=False)], 8),
        ([Share(floor=4, cap=None, release_at=None, used=1, is_ours=True)], 5),
        ([Share(floor=4, cap=None, release_at=None, used=6, is_ours=False)], 5),
        ([Share(floor=4, cap=None, release_at=NOW, used=0, is_ours=False)], 5),
        ([Share(floor=4, cap=None, release_at=NOW + timedelta(seconds=1), used=0, is_ours=False)], 9),
        ([Share(floor=None, cap=2, release_at=None, used=2, is_ours=True)], None),
        ([Share(floor=None, cap=2, release_at=None, used=2, is_ours=False)], 5),
    ],
)
async def test_agencies_1_a_floor_keeps_its_unused_places_until_released_and_a_cap_ends(shares: list[Share], expected: int | None) -> None:
    held = held_for(Held(held=5), shares, now=NOW)
    assert (held.held if held else None) == expected


async def test_a_cap_has_room_for_as_many_as_are_wanted_or_for_none() -> None:
    share = Share(floor=None, cap=4, release_at=None, used=2, is_ours=True)
    assert [held_for(Held(held=2), [share], wanted=number, now=NOW) is None for number in (1, 2, 3)] == [False, False, True]


@pytest.fixture
async def trust(db: TortoiseContext) -> Agency:
    return await makers.make_agency("Trust")


@pytest.fixture
async def school(trust: Agency) -> Agency:
    return await makers.make_agency("School of the trust", parent=trust)


@pytest.fixture
async def dee(db: TortoiseContext) -> Viewer:
    return makers.as_desk(await makers.make_person("Dee"))


async def booked(session: Session, name: str, agency: Agency | None = None) -> Booking:
    person = await makers.make_person(name, agency=agency)
    made = await book_place(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=NOW)
    return await Booking.get(id=made.id)


async def waiting(session: Session, person: Person) -> None:
    await join_list(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=NOW)


async def test_kept_places_are_for_the_agency_and_its_branches_alone_and_lists_do_not_show_them(
    trust: Agency, school: Agency, dee: Viewer
) -> None:
    session = await makers.make_session(now=NOW, capacity=3)
    await keep_places(session.id, agency_id=trust.id, floor=2, release_days=10, by=dee, now=NOW)
    assert (await places([session.id], now=NOW))[session.id].left == 1
    await booked(session, "Stranger")
    with pytest.raises(Refused, match="full"):
        await booked(session, "Second stranger")
    await booked(session, "Of the branch", school)
    await booked(session, "Of the trust", trust)
    [line] = await allocations_of(session.id, now=NOW)
    assert (line["whose"], line["floor"], line["used"]) == ("Trust", 2, 2)


async def test_an_agency_at_its_cap_is_refused_joins_the_list_and_is_skipped_there(trust: Agency, school: Agency, dee: Viewer) -> None:
    session = await makers.make_session(now=NOW, capacity=2)
    await keep_places(session.id, agency_id=trust.id, cap=1, by=dee, now=NOW)
    await booked(session, "First", school)
    with pytest.raises(Refused, match="holds all the places it may have"):
        await booked(session, "Second", trust)
    second = await makers.make_person("Second again", agency=trust)
    await waiting(session, second)
    stranger = await booked(session, "Stranger")
    behind = await makers.make_person("Behind in line")
    await waiting(session, behind)
    await cancel_booking(stranger.id, by=dee, now=NOW)
    assert await Booking.filter(state="offered").values("learner_id") == [{"learner_id": behind.id}]


async def test_at_the_release_kept_places_pass_to_the_list_first_even_if_the_job_comes_late(trust: Agency, dee: Viewer) -> None:
    session = await makers.make_session(now=NOW, capacity=1)
    await keep_places(session.id, agency_id=trust.id, floor=1, release_days=10, by=dee, now=NOW)
    person = await makers.make_person("Wendy Waits")
    await waiting(session, person)
    assert await release_allocations(now=NOW) == 0
    assert await Booking.filter(state="offered").count() == 0
    assert [await release_allocations(now=RELEASED) for _ in range(2)] == [1, 0]
    assert await Booking.filter(state="offered").values("learner_id") == [{"learner_id": person.id}]


async def test_a_sectors_places_are_kept_and_let_go_by_the_desk(dee: Viewer, db: TortoiseContext) -> None:
    police = await makers.make_agency("Humberside Police", sector="Police")
    session = await makers.make_session(now=NOW, capacity=1)
    number = await keep_places(session.id, sector="Police", floor=1, by=dee, now=NOW)
    with pytest.raises(Refused, match="full"):
        await booked(session, "Stranger")
    person = await makers.make_person("Wendy Waits")
    await waiting(session, person)
    await let_places_go(session.id, number, by=dee, now=NOW)
    assert await Booking.filter(state="offered").values("learner_id") == [{"learner_id": person.id}]
    with pytest.raises(Refused, match="full"):
        await booked(session, "Officer", police)


async def test_what_cannot_be_kept_is_refused_in_words(trust: Agency, dee: Viewer) -> None:
    session = await makers.make_session(now=NOW, capacity=5)
    for words, said in (
        ({"floor": 2}, "Choose an organisation or a sector"),
        ({"agency_id": trust.id, "sector": "Police", "floor": 2}, "not both"),
        ({"agency_id": trust.id}, "Enter how many places"),
        ({"agency_id": trust.id, "floor": 3, "cap": 2}, "No more places can be kept"),
        ({"agency_id": trust.id, "floor": 6}, "only 5 places"),
    ):
        with pytest.raises(Refused, match=said):
            await keep_places(session.id, **words, by=dee, now=NOW)
    await keep_places(session.id, agency_id=trust.id, floor=2, by=dee, now=NOW)
    with pytest.raises(Refused, match="already"):
        await keep_places(session.id, agency_id=trust.id, cap=2, by=dee, now=NOW)
