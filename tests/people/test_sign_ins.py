"""What a sign-in is, how long it lives and what ends it (security.md 1 and 3)."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.core import db as house_db
from marstraining.core.errors import NotFound, Refused
from marstraining.core.imports import Row
from marstraining.core.tokens import hash_token
from marstraining.core.viewer import SYSTEM, Role
from marstraining.people import actions
from marstraining.people.actions import Browser
from marstraining.people.models import Agency, Person, Position, RoleGrant, SignIn
from marstraining.people.queries import sign_ins_of, signed_in
from tests.conftest import STANDING_NOW
from tests.makers import as_desk, as_learner, make_agency, make_person
from tests.statements import statements

NOW = STANDING_NOW
ADDRESS = "asha@school.example"
FIREFOX = Browser(device="Firefox on Windows", network="192.0.2.1")
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def asha(db: TortoiseContext) -> Person:
    return await make_person("Asha Patel", email=ADDRESS, agency=await make_agency())


async def announced() -> list[dict[str, Any]]:
    return await house_db.rows("SELECT address, name, context FROM messages_letter WHERE template = 'new_device' ORDER BY id")


async def open_for(person: Person, *, browser: Browser = FIREFOX, now: datetime = NOW) -> actions.OpenedSignIn:
    async with house_db.transaction():
        return await actions.open_sign_in(person.id, browser=browser, now=now)


async def is_live(opened: actions.OpenedSignIn, now: datetime) -> bool:
    return await signed_in(hash_token(opened.token), now=now) is not None


async def test_security_3_a_learner_is_signed_out_after_12_hours_unused_and_7_days_in_all(asha: Person) -> None:
    opened = await open_for(asha)
    assert await is_live(opened, NOW + timedelta(hours=12))
    assert not await is_live(opened, NOW + timedelta(hours=12, seconds=1))
    for hours in range(12, 7 * 24, 12):
        await actions.touch_sign_in(opened.sign_in_id, now=NOW + timedelta(hours=hours))
    assert await is_live(opened, NOW + timedelta(days=7) - timedelta(seconds=1))
    assert not await is_live(opened, NOW + timedelta(days=7))


@pytest.mark.parametrize(
    ("role", "idle", "lasts"),
    [
        (None, timedelta(hours=12), timedelta(days=7)),
        (Role.TRAINER, timedelta(hours=12), timedelta(days=7)),
        (Role.AGENCY_LEAD, timedelta(hours=12), timedelta(days=7)),
        (Role.CONTRIBUTOR, timedelta(hours=12), timedelta(days=7)),
        (Role.DESK, timedelta(hours=1), timedelta(hours=12)),
        (Role.ADMINISTRATOR, timedelta(hours=1), timedelta(hours=12)),
        (Role.BOARD_READER, timedelta(hours=1), timedelta(hours=12)),
        (Role.PARTNER_ORGANISER, timedelta(hours=1), timedelta(hours=12)),
    ],
)
async def test_security_3_how_long_a_sign_in_lives_is_by_the_strongest_role(role: Role | None, idle: timedelta, lasts: timedelta) -> None:
    person = await make_person("Dee Marsh", agency=await make_agency(), roles=(Role.TRAINER, role) if role else ())
    opened = await open_for(person)
    assert [await is_live(opened, NOW + idle), await is_live(opened, NOW + idle + timedelta(seconds=1))] == [True, False]
    await SignIn.filter(id=opened.sign_in_id).update(last_seen_at=NOW + lasts - timedelta(seconds=1))
    assert [await is_live(opened, NOW + lasts - timedelta(seconds=1)), await is_live(opened, NOW + lasts)] == [True, False]
    assert opened.lasts == lasts


async def test_security_1_a_shared_computer_is_signed_out_after_20_minutes_and_not_remembered(asha: Person) -> None:
    opened = await open_for(asha, browser=Browser(device="Edge on Windows", is_shared=True))
    assert (opened.lasts, opened.device_token) == (None, None)
    live = await signed_in(hash_token(opened.token), now=NOW + timedelta(minutes=20))
    assert live is not None
    assert live.viewer.is_shared_computer
    assert not await is_live(opened, NOW + timedelta(minutes=21))


async def test_security_3_signing_in_again_replaces_the_browsers_sign_in(asha: Person) -> None:
    first = await open_for(asha)
    second = await open_for(asha, browser=Browser(device="Firefox on Windows", old_token=first.token))
    assert first.token != second.token
    assert (await is_live(first, NOW), await is_live(second, NOW)) == (False, True)


async def test_use_is_noted_at_most_once_a_minute(asha: Person) -> None:
    opened = await open_for(asha)
    for seconds, expected in ((59, False), (60, True)):
        live = await signed_in(hash_token(opened.token), now=NOW + timedelta(seconds=seconds))
        assert live is not None
        assert live.needs_touch is expected


async def test_a_learner_is_known_by_one_statement_and_each_role_over_an_agency_takes_one_more(db: TortoiseContext, asha: Person) -> None:
    trust = await make_agency("North Trust")
    school = await make_agency("St Luke's", parent=trust)
    lead = await make_person("Lee Woods", agency=trust, roles=(Role.AGENCY_LEAD,))
    both = await make_person("Bo Both", agency=trust, roles=(Role.AGENCY_LEAD,))
    await RoleGrant.create(person=both, role=Role.PARTNER_ORGANISER, agency=school, granted_at=NOW)
    for person, number in ((asha, 1), (lead, 2), (both, 3)):
        opened = await open_for(person)
        async with statements(db) as heard:
            live = await signed_in(hash_token(opened.token), now=NOW)
        assert len(heard) == number
        assert live is not None
        assert live.viewer.agency_ids == (frozenset() if person is asha else {trust.id, school.id})
        assert live.viewer.organiser_agency_ids == ({school.id} if person is both else frozenset())


async def test_security_1_a_new_browser_is_announced_by_letter_and_a_known_one_is_not(asha: Person) -> None:
    first = await open_for(asha)
    assert await announced() == []
    await open_for(asha, browser=Browser(device="Firefox on Windows", device_token=first.device_token))
    assert await announced() == []
    await open_for(asha, browser=Browser(device="Chrome on Android"))
    assert [(letter["address"], letter["name"]) for letter in await announced()] == [(ADDRESS, "Asha Patel")]


async def test_security_1_after_a_first_sign_in_on_a_shared_computer_the_next_browser_is_announced(asha: Person) -> None:
    await open_for(asha, browser=Browser(device="Edge on Windows", is_shared=True))
    assert await announced() == []
    await open_for(asha)
    assert [letter["address"] for letter in await announced()] == [ADDRESS]


async def test_security_1_a_browser_known_to_somebody_else_is_new_to_me(asha: Person) -> None:
    bens = await open_for(await make_person("Ben Okafor"))
    await open_for(asha)
    await open_for(asha, browser=Browser(device="Firefox on Windows", device_token=bens.device_token))
    assert [letter["address"] for letter in await announced()] == [ADDRESS]


async def test_security_1_the_list_of_ones_sign_ins_leaves_out_what_has_ended_or_lies_unused(asha: Person) -> None:
    for device in ("Edge on Windows", "Chrome on Android", "Safari on iPhone"):
        await open_for(asha, browser=Browser(device=device))
    shared = await open_for(asha, browser=Browser(device="Edge at the library", is_shared=True))
    ended = await SignIn.get(device="Safari on iPhone")
    await actions.end_sign_in(ended.id, by=as_learner(asha), now=NOW)

    async def listed(now: datetime) -> list[str]:
        return [held["device"] for held in await sign_ins_of(asha.id, now=now)]

    assert await listed(NOW) == ["Edge at the library", "Chrome on Android", "Edge on Windows"]
    later = NOW + timedelta(minutes=21)
    await actions.touch_sign_in((await SignIn.get(device="Edge on Windows")).id, now=later)
    assert await listed(later) == ["Edge on Windows", "Chrome on Android"]
    assert not await is_live(shared, later)


async def test_one_ends_ones_own_sign_ins_and_nobody_elses(asha: Person) -> None:
    ben = await make_person("Ben Okafor")
    phone, laptop, bens = await open_for(asha), await open_for(asha), await open_for(ben)
    with pytest.raises(NotFound):
        await actions.end_sign_in(bens.sign_in_id, by=as_learner(asha), now=NOW)
    await actions.end_sign_in(phone.sign_in_id, by=as_learner(asha), now=NOW)
    assert [await is_live(opened, NOW) for opened in (phone, laptop, bens)] == [False, True, True]
    with pytest.raises(NotFound):
        await actions.end_all_sign_ins(asha.id, by=as_learner(ben), now=NOW)
    assert await actions.end_all_sign_ins(asha.id, by=as_learner(asha), now=NOW) == 1
    assert await is_live(laptop, NOW) is False


async def _grant(person: Person, _: Agency) -> None:
    await actions.grant_role(person.id, Role.BOARD_READER, by=SYSTEM, now=NOW)


async def _end_role(person: Person, _: Agency) -> None:
    await actions.end_role((await RoleGrant.get(person_id=person.id)).id, by=SYSTEM, now=NOW)


async def _start_post(person: Person, _: Agency) -> None:
    await actions.start_position(person.id, (await make_agency("Other")).id, "governor", by=SYSTEM, now=NOW)


async def _end_post(person: Person, _: Agency) -> None:
    post = await Position.get(person_id=person.id)
    await actions.end_position(post.id, ends_on=date(2026, 3, 9), by=as_desk(await make_person("Dee")), now=NOW)


async def _leave(person: Person, _: Agency) -> None:
    await actions.mark_leaver(person.id, left_on=date(2026, 3, 9), by=SYSTEM, now=NOW)


async def _close(person: Person, _: Agency) -> None:
    await actions.close_account(person.id, by=SYSTEM, now=NOW)


async def _change_email(person: Person, _: Agency) -> None:
    await actions.change_email(person.id, "new@school.example", by=as_desk(await make_person("Dee")), now=NOW)


async def _close_agency(_: Person, agency: Agency) -> None:
    await actions.close_agency(agency.id, closed_on=date(2026, 3, 9), by=SYSTEM, now=NOW)


async def _merge_agency(_: Person, agency: Agency) -> None:
    await actions.merge_agencies((await make_agency("Kept")).id, agency.id, by=SYSTEM, now=NOW)


async def _merge(person: Person, _: Agency) -> None:
    await actions.merge_people(person.id, (await make_person("Twin")).id, by=SYSTEM, now=NOW)


async def _import_role(person: Person, agency: Agency) -> None:
    cells = {"email": person.email or "", "name": person.name, "agency": agency.code, "job_role": "school_staff", "roles": "trainer"}
    await actions.import_people([Row(2, cells)], dry_run=False, by=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    "change",
    [_grant, _end_role, _start_post, _end_post, _leave, _close, _change_email, _close_agency, _merge_agency, _merge, _import_role],
    ids=lambda change: change.__name__.strip("_").replace("_", " "),
)
async def test_security_3_sign_ins_end_with_a_change_of_role_agency_or_account(change: Callable[[Person, Agency], Awaitable[None]]) -> None:
    agency = await make_agency("St Luke's")
    lee = await make_person("Lee Woods", agency=agency, roles=(Role.AGENCY_LEAD,))
    ben = await make_person("Ben Okafor", agency=await make_agency("Elsewhere"), roles=(Role.AGENCY_LEAD,))
    lees, bens = await open_for(lee), await open_for(ben)
    await change(lee, agency)
    assert [await is_live(lees, NOW), await is_live(bens, NOW)] == [False, True]


async def test_security_3_a_change_that_ends_sign_ins_kills_unused_links_too(asha: Person) -> None:
    cookie = await actions.ask_for_sign_in(ADDRESS, next_path="", network="192.0.2.1", cookie_token=None, now=NOW)
    await actions.grant_role(asha.id, Role.DESK, by=SYSTEM, now=NOW)
    assert await house_db.rows("SELECT id FROM people_challenge WHERE used_at IS NULL") == []
    assert cookie


async def test_security_3_who_changes_their_own_post_stays_signed_in_here_and_nowhere_else(asha: Person) -> None:
    here, there = await open_for(asha), await open_for(asha)
    live = await signed_in(hash_token(here.token), now=NOW)
    assert live is not None
    await actions.start_position(asha.id, (await make_agency("Other")).id, "governor", by=live.viewer, now=NOW)
    assert [await is_live(here, NOW), await is_live(there, NOW)] == [True, False]


async def test_a_closed_account_opens_no_sign_in(asha: Person) -> None:
    await actions.close_account(asha.id, by=SYSTEM, now=NOW)
    with pytest.raises(Refused) as refused:
        await open_for(asha)
    assert refused.value.code == "closed"


async def test_security_3_a_new_sign_in_has_another_token_and_another_secret_for_its_forms(asha: Person) -> None:
    first = await open_for(asha)
    before = await signed_in(hash_token(first.token), now=NOW)
    second = await open_for(asha, browser=Browser(device="Firefox on Windows", old_token=first.token))
    after = await signed_in(hash_token(second.token), now=NOW)
    assert before is not None
    assert after is not None
    assert before.csrf != after.csrf
    rows = await house_db.rows("SELECT token_hash FROM people_sign_in ORDER BY id")
    assert [row["token_hash"] for row in rows] == [hash_token(first.token), hash_token(second.token)]
    assert len(first.token) >= 43


async def test_traces_of_signing_in_are_forgotten_after_a_day_and_sign_ins_after_30(asha: Person) -> None:
    await actions.ask_for_sign_in(ADDRESS, next_path="", network="192.0.2.1", cookie_token=None, now=NOW)
    await open_for(asha)
    assert await actions.forget_sign_in_traces(now=NOW + timedelta(hours=23)) == 0
    assert await actions.forget_sign_in_traces(now=NOW + timedelta(hours=25)) == 3
    assert await actions.forget_sign_in_traces(now=NOW + timedelta(days=38)) == 1
