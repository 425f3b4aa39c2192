"""A bounced address asks the setting "has she left?" (booking.md, People)."""

from collections.abc import Awaitable, Callable

import pytest

from marstraining.core import db as house_db
from marstraining.messages.actions import clear_bounced_address, health
from marstraining.messages.models import BouncedAddress, Message
from marstraining.people.actions import ask_settings_of_bounced
from marstraining.people.models import Agency, Person
from tests import makers
from tests.conftest import Clock, Visitor
from tests.messages.letters import a_letter, queued

SignInAs = Callable[[Person], Awaitable[Visitor]]
pytestmark = pytest.mark.usefixtures("db")


async def bounce(address: str, clock: Clock) -> None:
    await queued(a_letter(f"to-{address}-{clock.now}", address=address), now=clock.now)
    letter = await Message.filter(address=address).order_by("-id").first()
    assert letter is not None
    await health.flag_bounced_address(address, letter_id=letter.id, reason="550 no such user", now=clock.now)


async def asked() -> list[tuple[str, str, str]]:
    found = await Message.filter(template="has_left").order_by("id").values("address", "name", "context")
    return [(letter["address"], letter["name"], letter["context"]["learner"]) for letter in found]


async def test_people_a_bounced_address_asks_the_contact_of_each_setting_once_whether_its_owner_has_left(
    asha: Person, clock: Clock
) -> None:
    await Agency.filter(code="STLUKES").update(contact_name="Ruth Kay", contact_email="office@stlukes.example")
    await bounce("asha@stlukes.example", clock)
    assert [await ask_settings_of_bounced(now=clock.now), await ask_settings_of_bounced(now=clock.now)] == [1, 0]
    assert await asked() == [("office@stlukes.example", "Ruth Kay", "Asha Patel")]
    letter = await Message.get(template="has_left")
    assert "asha@stlukes.example" not in str(letter.context)
    assert await house_db.rows("SELECT action, subject_id FROM history_entry") == [{"action": "ask_setting", "subject_id": asha.id}]
    await clear_bounced_address((await BouncedAddress.get()).id, by=makers.as_learner(asha), now=clock.now)
    await bounce("asha@stlukes.example", clock)
    assert await ask_settings_of_bounced(now=clock.forward(days=1)) == 0


async def test_people_nobody_is_asked_of_a_leaver_of_a_past_post_or_where_the_contact_is_the_bounced_address_itself(clock: Clock) -> None:
    school = await makers.make_agency(contact_email="office@school.example")
    childminder = await makers.make_agency("Nell Day", contact_email="nell@home.example", is_one_person=True)
    silent = await makers.make_agency("Silent House")
    await makers.make_person("Lena Left", email="lena@school.example", agency=school, state="left")
    await makers.make_person("Nell Day", email="nell@home.example", agency=childminder)
    await makers.make_person("Sid Silent", email="sid@silent.example", agency=silent)
    for address in ("lena@school.example", "nell@home.example", "sid@silent.example", "nobody@school.example"):
        await bounce(address, clock)
    assert (await ask_settings_of_bounced(now=clock.now), await asked()) == (0, [])


async def test_people_a_contact_whose_own_address_bounced_is_not_asked(asha: Person, clock: Clock) -> None:
    await Agency.filter(code="STLUKES").update(contact_email="office@stlukes.example")
    for address in (str(asha.email), "office@stlukes.example"):
        await bounce(address, clock)
    assert await ask_settings_of_bounced(now=clock.now) == 0


async def test_people_the_desk_sees_that_the_setting_was_asked(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    await Agency.filter(code="STLUKES").update(contact_email="office@stlukes.example")
    await bounce("asha@stlukes.example", clock)
    visitor, said = await sign_in_as(dee), "We asked their organisation on 9 March 2026 whether they have left"
    before = (await visitor.get("/desk/letters/bounced")).text
    await ask_settings_of_bounced(now=clock.now)
    assert (said in before, said in (await visitor.get("/desk/letters/bounced")).text) == (False, True)
