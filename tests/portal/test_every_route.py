"""Every route walked as every role: where a role is lacking there is no such page, and nothing of another agency's people is shown."""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.app import all_routes
from marstraining.attendance.actions import lock_register, mark_register
from marstraining.attendance.rules import MarkWord, NewMark
from marstraining.bookings.models import Booking
from marstraining.certificates.actions import issue_owed_certificates
from marstraining.certificates.models import Certificate
from marstraining.core.viewer import SYSTEM, Role
from marstraining.core.web import Files, PageRoute
from marstraining.messages.models import Message
from marstraining.people.models import Agency, Person, RoleGrant
from marstraining.programme.models import Course, Session, SessionTrainer
from tests import makers
from tests.attendance.registers import a_held_session
from tests.conftest import Clock, Visitor

pytestmark = pytest.mark.whole

SignInAs = Callable[[Person], Awaitable[Visitor]]
_PART = re.compile(r"\{(\w+)\}")
READ = [route for route in all_routes() if "GET" in (route.methods or ()) and not route.path.endswith(".ics")]
STRONG = frozenset({Role.DESK, Role.ADMINISTRATOR})


def _filled(route: PageRoute, **values: str) -> str:
    return _PART.sub(lambda part: values.get(part[1], values["ref"]), route.path)


@pytest.mark.parametrize("role", sorted(Role))
async def test_where_a_role_is_lacking_there_is_no_such_page(role: Role, clock: Clock, sign_in_as: SignInAs) -> None:
    agency = await makers.make_agency("Their School")
    person = await makers.make_person("Rory Role", agency=agency, roles=() if role == Role.LEARNER else (role,))
    visitor = await sign_in_as(person)
    guarded = [route for route in READ if route.who.roles and role not in route.who.roles]
    assert len(guarded) > 20
    for route in guarded:
        address = _filled(route, ref="0" * 10)
        assert (address, (await visitor.get(address)).status_code) == (address, 404)


async def test_who_is_signed_out_is_led_to_signing_in_or_finds_nothing(clock: Clock, client: Visitor) -> None:
    for route in READ:
        if route.who.needs_sign_in:
            answer = await client.get(_filled(route, ref="0" * 10))
            assert (route.path, answer.status_code, "/sign-in" in answer.headers.get("location", "")) == (route.path, 303, True)


# What people's programs, old bookmarks and curious hands put into an address: nothing of it is a fault of ours.
ODD = (
    "%00",
    "a%00b",
    "9999-12-31",
    "0001-01-01",
    "31/2/2027",
    "-1",
    "9" * 30,
    "%ED%A0%80",
    "%F0%9F%A6%89",
    "9999-12",
    "x" * 500,
    "'%22<b>%25",
)
NAMES = (
    *("q", "topic", "audience", "delivery", "kind", "when", "from", "to", "places", "state", "sort", "page", "month", "day", "year"),
    *("quarter", "other", "course", "agency", "code", "show", "mark", "person", "area", "series", "try", "large", "say", "word", "next"),
    *("export", "level", "role", "type", "name", "typed", "file", "pass", "help", "mode", "until", "venue", "sector", "session", "done"),
)


@pytest.mark.parametrize("first", range(0, len(ODD), 3))
async def test_no_odd_address_is_a_fault_of_the_service(first: int, clock: Clock, client: Visitor, sign_in_as: SignInAs) -> None:
    session = await makers.make_session(now=clock.now)
    course = await Course.get(id=session.course_id)
    everything = await makers.make_person("Rory Role", agency=await makers.make_agency("Their School"), roles=tuple(Role))
    visitor = await sign_in_as(everything)
    known = {"ref": session.ref, "code": course.code, "person": everything.ref, "kind": "sheet"}
    for number, route in enumerate(READ):
        # Each route meets each odd value, each of its parameters most of them.
        query = "&".join(f"{name}={ODD[(first + number + place) % len(ODD)]}" for place, name in enumerate(NAMES))
        addresses = [_filled(route, **known) + f"?{query}"]
        if "{" in route.path:
            addresses += [_PART.sub(odd, route.path) for odd in ODD[first : first + 3]]
        for address in addresses:
            answer = await (visitor if route.who.needs_sign_in or number % 2 else client).get(address)
            assert (address, answer.status_code < 500) == (address, True)


@pytest.fixture
async def ashas(db: TortoiseContext, clock: Clock) -> Mapping[str, str]:
    """What there is of Asha: a session held, marked and locked, a booking, a certificate, letters, each by what stands in addresses."""
    held = await a_held_session(clock.now, people=1)
    [asha] = held.learners
    await Person.filter(id=asha.id).update(name="Asha Zeldovich", email="asha@secret.example")
    await mark_register(held.session.id, [NewMark(asha.id, held.days[0], MarkWord.ATTENDED)], by=SYSTEM, now=clock.now)
    clock.travel_to(held.session.ends_at + timedelta(minutes=1))
    await lock_register(held.session.id, by=SYSTEM, now=clock.now)
    await issue_owed_certificates(now=clock.now)
    agency = await Agency.get(name="Isle School")
    return {
        "session": held.session.ref,
        "person": asha.ref,
        "booking": (await Booking.get(learner_id=asha.id)).ref,
        "certificate": (await Certificate.get(person_id=asha.id)).ref,
        "letter": (await Message.filter(person_id=asha.id).order_by("id").first() or Message()).ref,
        "agency": agency.code,
        "course": (await Course.get(id=held.session.course_id)).code,
    }


@pytest.mark.parametrize("role", [Role.DESK, Role.ADMINISTRATOR, Role.PARTNER_ORGANISER, Role.TRAINER, Role.AGENCY_LEAD])
async def test_no_file_about_people_leaves_without_a_confirmation(
    role: Role, ashas: Mapping[str, str], clock: Clock, sign_in_as: SignInAs
) -> None:
    school = await Agency.get(code=ashas["agency"])
    person = await makers.make_person("Rory Role", agency=school, roles=(role,))
    session = await Session.get(ref=ashas["session"])
    await RoleGrant.filter(person_id=person.id).update(agency_id=school.id)
    await Course.filter(id=session.course_id).update(owner_agency_id=school.id)
    await SessionTrainer.create(session=session, person_id=person.id, state="accepted", asked_at=clock.now)
    visitor = await sign_in_as(person)
    clock.forward(minutes=11)
    taken = set()
    for route in (route for route in READ if not route.who.roles or role in route.who.roles):
        for ref in ashas.values() if "{" in route.path else [""]:
            address = _filled(route, ref=ref, code=ref, person=ashas["person"], kind="sheet")
            answer = await visitor.get(f"{address}?export=csv")
            if answer.headers.get("content-disposition", "").startswith("attachment"):
                taken.add(route.path)
    # One certificate is the paper of what its page shows.
    free = {route.path for route in READ if route.files in {Files.OWN, Files.NOBODY, Files.SHEET}} | {"/certificates/{ref}/certificate.pdf"}
    assert taken <= free


@pytest.mark.parametrize("role", sorted(frozenset(Role) - STRONG))
async def test_no_address_shows_another_agencys_people_to_who_may_not_know_of_them(
    role: Role, ashas: Mapping[str, str], clock: Clock, sign_in_as: SignInAs
) -> None:
    other = await makers.make_agency("Other School")
    ben = await makers.make_person("Ben Carter", agency=other, roles=() if role == Role.LEARNER else (role,))
    # A lead, or an organiser, of no agency at all sees nothing either: the roles hang on their agency.
    nobody = await makers.make_person("Nora Nobody", roles=() if role == Role.LEARNER else (role,))
    for person in (ben, nobody):
        visitor = await sign_in_as(person)
        # The others do not exist for them, as is shown above.
        for route in (route for route in READ if not route.who.roles or role in route.who.roles):
            for ref in ashas.values() if "{" in route.path else [""]:
                address = _filled(route, ref=ref, code=ref, person=ashas["person"])
                answer = await visitor.get(address)
                assert (address, answer.status_code < 500, "Zeldovich" in answer.text, "secret.example" in answer.text) == (
                    address, True, False, False,
                )  # fmt: skip
