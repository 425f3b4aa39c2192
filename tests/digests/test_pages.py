"""Choosing how often one hears of one's staff: in the account, and by one press from the letter."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from email import message_from_bytes, policy
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.core import paths
from marstraining.core.config import Settings
from marstraining.core.tokens import derive_token
from marstraining.digests.actions import write_digests
from marstraining.digests.models import Digest
from marstraining.history.models import Entry
from marstraining.messages.envelope import envelope, rendered
from marstraining.messages.models import Message
from marstraining.messages.queries import letter_of
from marstraining.messages.rules import STOP_DIGEST
from marstraining.people.models import Agency, Person
from tests import makers
from tests.conftest import Clock, Visitor
from tests.digests.leads import a_lead, booked, digests, morning
from tests.messages.test_envelope import a_row

SignInAs = Callable[[Person], Awaitable[Visitor]]
TUESDAY, WEDNESDAY = date(2026, 3, 10), date(2026, 3, 11)


@pytest.fixture
async def school(db: TortoiseContext, clock: Clock) -> Agency:
    return await makers.make_agency("St Luke's School")


@pytest.fixture
async def lena(school: Agency, clock: Clock) -> Person:
    lead = await a_lead(school)
    await write_digests(now=clock.now)
    clock.forward(minutes=5)
    return lead


async def _told(school: Agency, clock: Clock) -> None:
    """A booking of a colleague, and the letter that tells of it."""
    await booked(await makers.make_session(now=clock.now), await makers.make_person("Dan Reed", agency=school), clock)
    assert await morning(clock, TUESDAY) == 1


async def _link(settings: Settings, person: Person) -> str:
    row = await Digest.get(person_id=person.id)
    return f"/digests/stop/{derive_token(settings.secret_key, STOP_DIGEST, row.id, row.nonce)}"


async def _choice(person: Person) -> str | None:
    return (await Person.get(id=person.id)).digest_choice


async def test_a_lead_chooses_in_their_account_and_nobody_else_is_asked(
    lena: Person, asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    lead, learner = await sign_in_as(lena), await sign_in_as(asha)
    assert "Each working day on which there is something to tell" in (await lead.get("/me/account")).text
    assert "Emails about your staff" not in (await learner.get("/me/account")).text
    assert (await learner.get("/me/account/digest")).status_code == 404
    assert (await learner.post("/me/account/digest", {"choice": "never"}, seen="/me/account/name")).status_code == 404
    assert 'value="daily" checked' in (await lead.get("/me/account/digest")).text
    refused = await lead.post("/me/account/digest", {"choice": "hourly"})
    assert (refused.status_code, "Select how often you want to be told" in refused.text) == (422, True)
    assert (await lead.post("/me/account/digest", {"choice": "weekly"})).headers["location"] == "/me/account?done=digest"
    assert (await _choice(lena), await _choice(asha)) == ("weekly", None)
    assert "Once a week, on Monday" in (await lead.get("/me/account")).text
    assert await Entry.filter(action="choose_digest").values_list("actor_id", "detail") == [(lena.id, {"choice": "weekly"})]


async def test_the_letter_stops_by_one_press_of_a_mail_program_and_only_its_readers(
    school: Agency, lena: Person, settings: Settings, client: Visitor, clock: Clock
) -> None:
    second = await a_lead(school, "Sue Second")
    await write_digests(now=clock.now)
    clock.forward(minutes=1)
    await booked(await makers.make_session(now=clock.now), await makers.make_person("Dan Reed", agency=school), clock)
    assert await morning(clock, TUESDAY) == 2
    link = await _link(settings, lena)
    for _ in range(2):
        assert (await client.get(link)).status_code == 200
        await client.http.head(link)
    assert await _choice(lena) is None
    for _ in range(2):
        answer = await client.http.post(link, data={"List-Unsubscribe": "One-Click"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, answer.text) == (200, "You will get no more digests about your staff.\n")
    assert (await _choice(lena), await _choice(second)) == ("never", None)
    await booked(await makers.make_session(now=clock.now), await makers.make_person("Eve Hall", agency=school), clock)
    assert await morning(clock, WEDNESDAY) == 1
    assert (len(await digests(lena)), len(await digests(second))) == (1, 2)


async def test_the_page_of_the_link_offers_the_other_choices_and_turns_it_on_again(
    school: Agency, lena: Person, settings: Settings, client: Visitor, clock: Clock
) -> None:
    await _told(school, clock)
    link = await _link(settings, lena)
    page = await client.get(link)
    assert (page.headers["referrer-policy"], "Dan Reed" in page.text, "Lena" in page.text) == ("no-referrer", False, False)
    for choice, gone in (("weekly", "Send them once a week"), ("never", "Stop these emails"), ("daily", "Send them on working days")):
        assert (await client.post(link, {"choice": choice})).headers["location"] == f"{link}?done={choice}"
        assert (await _choice(lena), gone in (await client.get(link)).text) == (choice, False)
    assert (await client.post(link, {"choice": "hourly"})).headers["location"] == link
    assert await _choice(lena) == "daily"


async def test_a_link_that_never_was_leads_nowhere(lena: Person, client: Visitor) -> None:
    path = f"/digests/stop/{'0' * 64}"
    assert ((await client.get(path)).status_code, (await client.http.post(path, data={"choice": "never"})).status_code) == (404, 404)


async def test_the_letter_carries_the_pair_that_stops_it_and_a_link_for_each_thing(
    school: Agency, lena: Person, settings: Settings, clock: Clock
) -> None:
    await _told(school, clock)
    letter = await letter_of((await Message.get(template="digest")).ref)
    assert letter is not None
    message = message_from_bytes(envelope(letter, settings, now=clock.now).as_bytes(), policy=policy.default)
    url = f"http://127.0.0.1:8000{await _link(settings, lena)}"
    assert (message["List-Unsubscribe"], message["List-Unsubscribe-Post"]) == (f"<{url}>", "List-Unsubscribe=One-Click")
    assert message["Subject"] == "Training of your staff: 1 booked"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    for part in (text.get_content(), html.get_content()):
        assert [part.count(said) > 0 for said in ("Dan Reed", "Child Protection, Friday 8 May 2026", url, "/agency/bookings")] == [True] * 4


@pytest.mark.parametrize("template", ["digest", "accreditations_of_staff", "still_using"])
def test_letters_1_what_people_type_appears_as_text(template: str, settings: Settings) -> None:
    sample: dict[str, Any] = json.loads((paths.TEMPLATES / "messages" / template / "sample.json").read_text())
    hostile = "<a href=//evil>x</a> {{ letter.address }}"
    letter = a_row(
        template=template,
        context=_with(sample["context"], hostile),
        tokens=dict.fromkeys(sample["tokens"], ("test", 1, "nonce")),
        unsubscribe=(STOP_DIGEST, 1, "nonce"),
    )
    parts = rendered(letter, settings)
    assert (hostile in parts.text, "&lt;a href=//evil&gt;x&lt;/a&gt; {{ letter.address }}" in parts.html) == (True, True)
    assert [piece for piece in ("<a href=//evil", '<a href="//evil') if piece in parts.html] == []


def _with(value: Any, hostile: str) -> Any:
    """The sample of a letter with everything that somebody may have typed made hostile; paths are our own."""
    if isinstance(value, dict):
        return {name: one if name in {"path", "ref"} else _with(one, hostile) for name, one in value.items()}
    if isinstance(value, list):
        return [_with(one, hostile) for one in value]
    return hostile if isinstance(value, str) else value
