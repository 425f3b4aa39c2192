"""Signing in by e-mail, as security.md 1, 3 and 5 have it."""

import asyncio
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from tortoise.context import TortoiseContext

from marstraining.core import config
from marstraining.core import db as house_db
from marstraining.core.config import Settings
from marstraining.core.errors import Refused, TooFast
from marstraining.core.tokens import derive_code, derive_token, hash_token
from marstraining.core.viewer import SYSTEM, Role
from marstraining.messages.models import Message
from marstraining.people import actions
from marstraining.people.actions import Browser
from marstraining.people.models import Person
from marstraining.people.queries import signed_in
from tests.conftest import SECRET_KEY, STANDING_NOW
from tests.makers import make_agency, make_person
from tests.statements import statements

NOW = STANDING_NOW
ADDRESS = "asha@school.example"
FIREFOX = Browser(device="Firefox on Windows", network="192.0.2.1")
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def asha(db: TortoiseContext) -> Person:
    return await make_person("Asha Patel", email=ADDRESS, agency=await make_agency())


async def ask(
    address: str = ADDRESS, *, cookie: str | None = None, network: str = "192.0.2.1", now: datetime = NOW, next_path: str = ""
) -> str:
    return await actions.ask_for_sign_in(address, next_path=next_path, network=network, cookie_token=cookie, now=now)


async def letters(template: str) -> list[dict[str, Any]]:
    return await house_db.rows(
        "SELECT key, address, name, tokens, expires_at FROM messages_letter WHERE template = ? ORDER BY id",
        template,
        instants=("expires_at",),
    )


async def link_and_code(number: int = -1) -> tuple[str, str]:
    """What the letter says: its link's token and its code, derived as the renderer does."""
    found = (await letters("sign_in"))[number]["tokens"]
    ref, nonce = re.findall(r'"link_token": \["sign_in", "(\w+)", "(\w+)"\]', found)[0]
    return derive_token(SECRET_KEY, "sign_in", ref, nonce), derive_code(SECRET_KEY, "sign_in_code", ref, nonce)


async def refusal_of(attempt: Any) -> str:
    with pytest.raises(Refused) as refusal:
        await attempt
    return refusal.value.code


# ---- asking ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("asha")
async def test_security_1_a_known_and_an_unknown_address_cost_the_same_statements(db: TortoiseContext, settings: Settings) -> None:
    await ask("warm@school.example")
    async with statements(db) as for_known:
        await ask(ADDRESS, cookie="c")
    async with statements(db) as for_unknown:
        await ask("nobody@school.example", cookie="c")
    heads = [[re.sub(r"\s+", " ", statement)[:60] for statement in heard] for heard in (for_known, for_unknown)]
    assert len(for_known) == {"sqlite": 9, "postgres": 10}[house_db.dialect()]
    assert heads[0] == heads[1]
    assert settings.secret_key == SECRET_KEY


@pytest.mark.usefixtures("asha")
async def test_security_1_both_write_as_many_rows() -> None:
    async def counts() -> list[int]:
        tables = ("people_challenge", "people_attempt", "messages_letter")
        return [(await house_db.rows(f"SELECT count(*) AS number FROM {table}"))[0]["number"] for table in tables]

    await ask(ADDRESS)
    assert await counts() == [1, 2, 1]
    await ask("nobody@school.example")
    assert await counts() == [2, 4, 2]


async def test_an_unknown_address_gets_one_neutral_letter_a_day() -> None:
    await ask("nobody@school.example")
    await ask("nobody@school.example", now=NOW + timedelta(hours=2))
    assert [letter["address"] for letter in await letters("no_account")] == ["nobody@school.example"]
    await ask("nobody@school.example", now=NOW + timedelta(days=1))
    assert len(await letters("no_account")) == 2
    assert await letters("sign_in") == []


async def test_tokens_are_stored_as_hashes_alone(asha: Person) -> None:
    cookie = await ask()
    link, code = await link_and_code()
    row = (await house_db.rows("SELECT * FROM people_challenge"))[0]
    assert (row["token_hash"], row["cookie_hash"], row["person_id"]) == (hash_token(link), hash_token(cookie), asha.id)
    assert not {link, code, cookie} & {str(value) for value in row.values()}
    assert re.fullmatch(r"\d{8}", code)


@pytest.mark.usefixtures("asha")
async def test_a_sign_in_letter_runs_out_with_its_link() -> None:
    await ask()
    assert (await letters("sign_in"))[0]["expires_at"] == NOW + timedelta(minutes=15)


async def test_people_a_second_address_signs_in_too(asha: Person) -> None:
    await Person.filter(id=asha.id).update(second_email="asha@home.example")
    cookie = await ask("asha@home.example")
    link, _ = await link_and_code()
    opened = await actions.redeem_link(link, cookie_token=cookie, browser=FIREFOX, now=NOW)
    assert (opened.person_id, (await letters("sign_in"))[0]["address"]) == (asha.id, "asha@home.example")


# ---- links ----------------------------------------------------------------------------------------------------------


async def test_security_1_the_browser_that_asked_is_signed_in_by_the_link(asha: Person) -> None:
    cookie = await ask(next_path="/sessions/abc/book")
    link, _ = await link_and_code()
    opened = await actions.redeem_link(link, cookie_token=cookie, browser=FIREFOX, now=NOW + timedelta(minutes=14))
    assert (opened.person_id, opened.next_path, opened.lasts) == (asha.id, "/sessions/abc/book", timedelta(days=7))
    live = await signed_in(hash_token(opened.token), now=NOW + timedelta(minutes=14))
    assert live is not None
    assert (live.viewer.person_id, live.viewer.name, live.viewer.roles) == (asha.id, "Asha Patel", frozenset({Role.LEARNER}))


@pytest.mark.usefixtures("asha")
async def test_security_1_a_link_works_once() -> None:
    cookie = await ask()
    link, _ = await link_and_code()
    await actions.redeem_link(link, cookie_token=cookie, browser=FIREFOX, now=NOW)
    assert await refusal_of(actions.redeem_link(link, cookie_token=cookie, browser=FIREFOX, now=NOW)) == "spent"


@pytest.mark.usefixtures("asha")
async def test_security_1_a_link_runs_out_after_15_minutes() -> None:
    cookie = await ask()
    link, _ = await link_and_code()
    assert await refusal_of(actions.redeem_link(link, cookie_token=cookie, browser=FIREFOX, now=NOW + timedelta(minutes=15))) == "spent"


@pytest.mark.usefixtures("asha")
async def test_security_1_a_link_may_be_set_to_last_longer_and_its_code_is_not(settings: Settings) -> None:
    config.use(replace(settings, sign_in_minutes=60))
    cookie = await ask()
    link, code = await link_and_code()
    letter = await Message.get(template="sign_in")
    assert (letter.context["link_minutes"], letter.context["code_minutes"], letter.expires_at) == (60, 10, NOW + timedelta(hours=1))
    late = NOW + timedelta(minutes=59)
    assert await refusal_of(actions.redeem_code(code, cookie_token=cookie, browser=FIREFOX, now=late)) == "no_code"
    await actions.redeem_link(link, cookie_token=cookie, browser=FIREFOX, now=late)


@pytest.mark.usefixtures("asha")
async def test_security_1_a_scanner_that_presses_the_button_gains_and_consumes_nothing() -> None:
    cookie = await ask()
    link, _ = await link_and_code()
    for other in (None, "another browser's cookie"):
        assert await refusal_of(actions.redeem_link(link, cookie_token=other, browser=FIREFOX, now=NOW)) == "needs_code"
    await actions.redeem_link(link, cookie_token=cookie, browser=FIREFOX, now=NOW)


async def test_security_1_another_browser_signs_in_with_link_and_code(asha: Person) -> None:
    await ask()
    link, code = await link_and_code()
    opened = await actions.redeem_code(code, cookie_token=None, token=link, browser=FIREFOX, now=NOW)
    assert opened.person_id == asha.id


@pytest.mark.usefixtures("asha")
async def test_security_1_at_most_three_links_live_and_success_kills_the_others() -> None:
    async def unused() -> list[int]:
        return [row["id"] for row in await house_db.rows("SELECT id FROM people_challenge WHERE used_at IS NULL ORDER BY id")]

    cookie = None
    for number in range(4):
        cookie = await ask(cookie=cookie, now=NOW + timedelta(minutes=5 * number))
    assert len(await unused()) == 3
    now = NOW + timedelta(minutes=15)
    links = [(await link_and_code(number))[0] for number in range(4)]
    assert await refusal_of(actions.redeem_link(links[0], cookie_token=cookie, browser=FIREFOX, now=now)) == "spent"
    await actions.redeem_link(links[2], cookie_token=cookie, browser=FIREFOX, now=now)
    assert await unused() == []
    assert await refusal_of(actions.redeem_link(links[3], cookie_token=cookie, browser=FIREFOX, now=now)) == "spent"


async def test_a_challenge_of_an_unknown_address_opens_nothing() -> None:
    cookie = await ask("nobody@school.example")
    await make_person("Nobody", email="nobody@school.example")
    assert await refusal_of(actions.redeem_code("12345678", cookie_token=cookie, browser=FIREFOX, now=NOW)) == "wrong_code"


async def test_a_closed_account_gets_no_link(asha: Person) -> None:
    await actions.close_account(asha.id, by=SYSTEM, now=NOW)
    await ask()
    assert ([letter["template"] for letter in await house_db.rows("SELECT template FROM messages_letter")]) == ["no_account"]


# ---- codes ----------------------------------------------------------------------------------------------------------


async def test_security_1_the_code_signs_in_the_browser_that_asked(asha: Person) -> None:
    cookie = await ask()
    _, code = await link_and_code()
    opened = await actions.redeem_code(f"{code[:4]} {code[4:]}", cookie_token=cookie, browser=FIREFOX, now=NOW + timedelta(minutes=9))
    assert opened.person_id == asha.id


@pytest.mark.usefixtures("asha")
async def test_security_1_a_code_runs_out_after_10_minutes() -> None:
    cookie = await ask()
    _, code = await link_and_code()
    late = NOW + timedelta(minutes=10)
    assert await refusal_of(actions.redeem_code(code, cookie_token=cookie, browser=FIREFOX, now=late)) == "no_code"


@pytest.mark.usefixtures("asha")
async def test_security_1_a_code_takes_five_tries_and_not_a_sixth() -> None:
    cookie = await ask()
    _, code = await link_and_code()
    wrong = "00000000" if code != "00000000" else "11111111"
    for _ in range(5):
        assert await refusal_of(actions.redeem_code(wrong, cookie_token=cookie, browser=FIREFOX, now=NOW)) == "wrong_code"
    assert await refusal_of(actions.redeem_code(code, cookie_token=cookie, browser=FIREFOX, now=NOW)) == "no_code"


@pytest.mark.usefixtures("asha")
async def test_a_code_is_bound_to_its_browser() -> None:
    await ask()
    _, code = await link_and_code()
    assert await refusal_of(actions.redeem_code(code, cookie_token="another", browser=FIREFOX, now=NOW)) == "no_code"


@pytest.mark.usefixtures("asha")
async def test_security_1_a_guess_is_tried_on_the_letters_of_one_address_alone() -> None:
    await make_person("Ben Okafor", email="ben@school.example")
    cookie = await ask()
    _, ashas_code = await link_and_code()
    await ask("ben@school.example", cookie=cookie)
    assert await refusal_of(actions.redeem_code(ashas_code, cookie_token=cookie, browser=FIREFOX, now=NOW)) == "wrong_code"
    tries = await house_db.rows("SELECT address, code_tries FROM people_challenge ORDER BY id")
    assert [(row["address"], row["code_tries"]) for row in tries] == [(ADDRESS, 0), ("ben@school.example", 1)]


async def test_security_1_a_link_pressed_twice_at_once_signs_in_once(asha: Person) -> None:
    cookie = await ask()
    link, _ = await link_and_code()
    outcomes = await asyncio.gather(
        *(actions.redeem_link(link, cookie_token=cookie, browser=FIREFOX, now=NOW) for _ in range(5)), return_exceptions=True
    )
    refused = [outcome.code for outcome in outcomes if isinstance(outcome, Refused)]
    assert (len(refused), set(refused)) == (4, {"spent"})
    assert [row["person_id"] for row in await house_db.rows("SELECT person_id FROM people_sign_in")] == [asha.id]


@pytest.mark.usefixtures("asha")
async def test_security_1_twenty_guesses_at_once_are_five() -> None:
    cookie = await ask()
    _, code = await link_and_code()
    wrong = "00000000" if code != "00000000" else "11111111"
    guesses = await asyncio.gather(
        *(actions.redeem_code(wrong, cookie_token=cookie, browser=FIREFOX, now=NOW) for _ in range(20)), return_exceptions=True
    )
    codes = [guess.code for guess in guesses if isinstance(guess, Refused)]
    assert {word: codes.count(word) for word in codes} == {"wrong_code": 5, "no_code": 15}
    assert await refusal_of(actions.redeem_code(code, cookie_token=cookie, browser=FIREFOX, now=NOW)) == "no_code"


# ---- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [ADDRESS, "nobody@school.example"])
@pytest.mark.usefixtures("asha")
async def test_security_5_three_letters_in_15_minutes_for_an_address(address: str) -> None:
    for minute in range(3):
        await ask(address, now=NOW + timedelta(minutes=minute))
    with pytest.raises(TooFast) as refusal:
        await ask(address, now=NOW + timedelta(minutes=5))
    assert refusal.value.retry_after == 600
    await ask(address, now=NOW + timedelta(minutes=15))


@pytest.mark.usefixtures("asha")
async def test_security_5_ten_letters_an_hour_for_an_address() -> None:
    for number in range(10):
        await ask(now=NOW + timedelta(minutes=5.5 * number))
    with pytest.raises(TooFast) as refusal:
        await ask(now=NOW + timedelta(minutes=59))
    assert refusal.value.retry_after == 60
    await ask(now=NOW + timedelta(minutes=60))


@pytest.mark.usefixtures("asha")
async def test_security_5_a_network_counts_unknown_addresses_and_wrong_codes_alone() -> None:
    for number in range(199):
        await ask(f"nobody{number}@school.example")
    await ask(ADDRESS)
    cookie = await ask(ADDRESS)
    assert await refusal_of(actions.redeem_code("1", cookie_token=cookie, browser=FIREFOX, now=NOW)) == "wrong_code"
    with capture_logs() as said, pytest.raises(TooFast):
        await ask(ADDRESS)
    assert [(line["event"], line["log_level"]) for line in said] == [("too many failed sign-ins from one network", "warning")]
    assert "192.0.2.1" not in str(said)
    with pytest.raises(TooFast):
        await actions.redeem_code("1", cookie_token=cookie, browser=FIREFOX, now=NOW)
    await ask(ADDRESS, network="192.0.2.2")


async def test_security_1_an_account_gets_ten_challenges_an_hour_whatever_its_addresses(asha: Person) -> None:
    await Person.filter(id=asha.id).update(second_email="asha@home.example")
    for number in range(10):
        await ask(now=NOW + timedelta(minutes=5.5 * number))
    now = NOW + timedelta(minutes=55)
    cookie = await ask("asha@home.example", now=now)
    link, code = await link_and_code()
    assert await refusal_of(actions.redeem_link(link, cookie_token=cookie, browser=FIREFOX, now=now)) == "spent"
    assert await refusal_of(actions.redeem_code(code, cookie_token=cookie, browser=FIREFOX, now=now)) == "wrong_code"
    assert (await letters("sign_in"))[-1]["expires_at"] == now


# ---- support and the demo -------------------------------------------------------------------------------------------


async def test_a_minted_link_works_in_any_browser_once_for_15_minutes_and_stands_in_history(asha: Person) -> None:
    address = await actions.mint_sign_in_link(ADDRESS, by=SYSTEM, now=NOW)
    token = address.removeprefix("http://127.0.0.1:8000/sign-in/l/")
    late = NOW + timedelta(minutes=15)
    assert await refusal_of(actions.redeem_link(token, cookie_token=None, browser=FIREFOX, now=late)) == "spent"
    opened = await actions.redeem_link(token, cookie_token=None, browser=FIREFOX, now=NOW)
    assert opened.person_id == asha.id
    assert await refusal_of(actions.redeem_link(token, cookie_token=None, browser=FIREFOX, now=NOW)) == "spent"
    entries = await house_db.rows("SELECT action, actor_role, subject_id, detail FROM history_entry WHERE action = 'mint_sign_in_link'")
    assert [(row["actor_role"], row["subject_id"]) for row in entries] == [("system", asha.id)]
    assert token not in str(entries)


async def test_the_demos_links_may_be_used_again(asha: Person) -> None:
    address = await actions.mint_sign_in_link(ADDRESS, by=SYSTEM, now=NOW, is_reusable=True, lasts=timedelta(days=30))
    token = address.rpartition("/")[2]
    for day in range(3):
        opened = await actions.redeem_link(token, cookie_token=None, browser=FIREFOX, now=NOW + timedelta(days=day))
        assert opened.person_id == asha.id


async def test_a_link_is_minted_for_nobody_unknown() -> None:
    assert await refusal_of(actions.mint_sign_in_link("nobody@school.example", by=SYSTEM, now=NOW)) == "unknown"
