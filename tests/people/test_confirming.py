"""Confirm it is you: a code, ten minutes, a new token, and on with what one had typed (security.md 1, 3, 5)."""

import html
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx2
import pytest
from tortoise.context import TortoiseContext

from marstraining.core import db as house_db
from marstraining.core.errors import NotAllowed, Refused
from marstraining.core.tokens import derive_code, hash_token
from marstraining.core.viewer import Role, Viewer
from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people import actions, rules
from marstraining.people.models import Person, RoleGrant, SignIn
from marstraining.people.queries import signed_in
from tests.conftest import SECRET_KEY, Clock, Visitor
from tests.makers import make_person

SignInAs = Callable[[Person], Awaitable[Visitor]]
EMAIL = "/me/account/email"


@pytest.fixture
async def asha_later(asha: Person, sign_in_as: SignInAs, clock: Clock) -> Visitor:
    """Asha, who signed in eleven minutes ago."""
    visitor = await sign_in_as(asha)
    clock.forward(minutes=11)
    return visitor


@pytest.fixture
async def dee_later(dee: Person, sign_in_as: SignInAs, clock: Clock) -> Visitor:
    """Dee of the desk, an administrator, who signed in eleven minutes ago."""
    visitor = await sign_in_as(dee)
    clock.forward(minutes=11)
    return visitor


async def code_of_letter(number: int = -1) -> str:
    letters = await Message.filter(template="confirm_it_is_you").order_by("id")
    purpose, ref, nonce = letters[number].tokens["code"]
    return derive_code(SECRET_KEY, str(purpose), str(ref), str(nonce))


def fields_of(page: httpx2.Response) -> dict[str, str]:
    """What the page's first form would send, its token left out."""
    form = re.findall(r'<form method="post" action="/confirm".*?</form>', page.text, re.DOTALL)[0]
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in pairs if name != "csrf_token"}


def wrong(code: str) -> str:
    return "00000000" if code != "00000000" else "11111111"


# ---- when, and how long ---------------------------------------------------------------------------------------------


async def test_security_1_who_signed_in_within_ten_minutes_has_confirmed_already(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    visitor = await sign_in_as(asha)
    clock.forward(minutes=10)
    assert (await visitor.get(EMAIL)).status_code == 200
    assert (await visitor.get("/confirm?next=/me/account/email")).headers["location"] == EMAIL
    clock.forward(seconds=1)
    turned_away = await visitor.get(EMAIL)
    assert (turned_away.status_code, turned_away.headers["location"]) == (303, "/confirm?next=%2Fme%2Faccount%2Femail")


async def test_a_clock_that_was_set_back_does_not_make_it_last_longer(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    visitor = await sign_in_as(asha)
    clock.forward(hours=-1)
    assert (await visitor.get(EMAIL)).status_code == 303


async def test_security_1_a_code_confirms_for_ten_minutes_and_leads_on(asha_later: Visitor, clock: Clock) -> None:
    asked = await asha_later.get("/confirm?next=/me/account/email")
    assert "The code goes to <strong>a…@stlukes.example</strong>" in asked.text
    sent = await asha_later.post("/confirm", fields_of(asked), seen="/confirm?next=/me/account/email")
    assert sent.headers["location"] == "/confirm?next=%2Fme%2Faccount%2Femail"
    page = await asha_later.get(sent.headers["location"])
    assert "We have emailed a code to <strong>a…@stlukes.example</strong>." in page.text
    assert 'autocomplete="one-time-code"' in page.text
    answer = await asha_later.post("/confirm", {**fields_of(page), "confirm-code": await code_of_letter()})
    assert (answer.status_code, answer.headers["location"]) == (303, EMAIL)
    clock.forward(minutes=10)
    assert (await asha_later.get(EMAIL)).status_code == 200
    clock.forward(seconds=1)
    assert (await asha_later.get(EMAIL)).status_code == 303
    assert await Entry.filter(action="confirm_identity").count() == 1


async def test_security_3_the_token_is_new_and_the_old_one_worth_nothing(asha_later: Visitor) -> None:
    await _ask(asha_later)
    old, held = asha_later.http.cookies["sid"], await SignIn.get()
    answer = await asha_later.post("/confirm", {"confirm-code": await code_of_letter()})
    new = asha_later.http.cookies["sid"]
    cookie = next(value for name, value in answer.headers.multi_items() if name == "set-cookie")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    renewed = await SignIn.get()
    assert (renewed.id, renewed.token_hash, renewed.expires_at) == (held.id, hash_token(new), held.expires_at)
    assert (await asha_later.get("/me/account")).status_code == 200
    asha_later.http.cookies.set("sid", old, domain="127.0.0.1")
    assert (await asha_later.get("/me/account")).status_code == 303


async def test_security_1_a_shared_computers_cookie_still_ends_with_the_browser(asha_later: Visitor) -> None:
    await SignIn.all().update(is_shared=True)
    await _ask(asha_later)
    answer = await asha_later.post("/confirm", {"confirm-code": await code_of_letter()})
    assert "Max-Age" not in answer.headers["set-cookie"]


async def _ask(visitor: Visitor) -> None:
    answer = await visitor.post("/confirm", {"confirm-do": "send"}, seen="/confirm")
    assert answer.status_code == 303


# ---- the code -------------------------------------------------------------------------------------------------------


async def test_security_1_five_tries_for_ten_minutes(asha_later: Visitor, clock: Clock) -> None:
    await _ask(asha_later)
    code = await code_of_letter()
    for _ in range(4):
        refused = await asha_later.post("/confirm", {"confirm-code": wrong(code)})
        assert (refused.status_code, "That code is not right" in refused.text) == (422, True)
    await asha_later.post("/confirm", {"confirm-code": wrong(code)})
    over = await asha_later.post("/confirm", {"confirm-code": code})
    assert (over.status_code, "typed wrongly too often" in over.text, "Email me a code" in over.text) == (422, True, True)
    clock.forward(minutes=2)
    await _ask(asha_later)
    late = await code_of_letter()
    clock.forward(minutes=10)
    assert "That code has run out" in (await asha_later.post("/confirm", {"confirm-code": late})).text
    assert (await asha_later.get(EMAIL)).status_code == 303


async def test_security_1_nothing_of_the_code_is_stored(asha_later: Visitor) -> None:
    await _ask(asha_later)
    row = (await house_db.rows("SELECT * FROM people_challenge"))[0]
    code = await code_of_letter()
    assert not {code, asha_later.http.cookies["sid"]} & {str(value) for value in row.values()}
    assert (row["purpose"], row["cookie_hash"]) == ("confirm", hash_token(asha_later.http.cookies["sid"]))


async def test_security_1_no_other_browser_can_answer_not_even_ones_own(
    asha_later: Visitor, asha: Person, ben: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    await _ask(asha_later)
    code = await code_of_letter()
    for person in (asha, ben):
        other = await sign_in_as(person)
        clock.forward(minutes=9)
        await SignIn.filter(token_hash=hash_token(other.http.cookies["sid"])).update(stepped_up_at=None)
        refused = await other.post("/confirm", {"confirm-code": code})
        assert (refused.status_code, "That code has run out" in refused.text) == (422, True)
        clock.forward(minutes=-9)
    assert (await asha_later.post("/confirm", {"confirm-code": code})).status_code == 303


@pytest.mark.usefixtures("asha")
async def test_a_sign_in_code_does_not_confirm_and_the_code_does_not_sign_in(asha_later: Visitor, client: Visitor) -> None:
    await _ask(asha_later)
    code = await code_of_letter()
    await client.post("/sign-in", {"email": "asha@stlukes.example"})
    assert (await client.post("/sign-in/sent", {"code": code})).status_code == 422


async def test_two_presses_send_one_letter_and_a_minute_later_another(asha_later: Visitor, clock: Clock) -> None:
    await _ask(asha_later)
    await _ask(asha_later)
    assert await Message.filter(template="confirm_it_is_you").count() == 1
    clock.forward(seconds=61)
    await _ask(asha_later)
    assert await Message.filter(template="confirm_it_is_you").count() == 2
    assert (await asha_later.post("/confirm", {"confirm-code": await code_of_letter(0)})).status_code == 303


async def test_the_letter_runs_out_with_its_code_and_leaves_first(asha_later: Visitor, clock: Clock) -> None:
    await _ask(asha_later)
    letter = await Message.get(template="confirm_it_is_you")
    assert (letter.address, letter.expires_at, letter.priority) == ("asha@stlukes.example", clock.now + timedelta(minutes=10), 0)


async def test_a_second_address_can_be_chosen_by_who_cannot_reach_the_first(asha_later: Visitor, asha: Person) -> None:
    await Person.filter(id=asha.id).update(second_email="asha@home.example")
    assert "Send it to a…@home.example instead" in (await asha_later.get("/confirm")).text
    await asha_later.post("/confirm", {"confirm-do": "send", "confirm-to": "second"}, seen="/confirm")
    assert (await Message.get(template="confirm_it_is_you")).address == "asha@home.example"
    assert (await asha_later.post("/confirm", {"confirm-code": await code_of_letter()})).status_code == 303


async def test_security_5_asking_too_often_is_told_with_a_time_to_wait_and_nothing_typed_is_lost(asha_later: Visitor, clock: Clock) -> None:
    for _ in range(3):
        await _ask(asha_later)
        clock.forward(seconds=61)
    typed = {"confirm-do": "send", "confirm-method": "post", "confirm-next": EMAIL, "email": "asha@home.example"}
    refused = await asha_later.post("/confirm", typed, seen="/confirm")
    assert (refused.status_code, int(refused.headers["retry-after"]) > 600) == (429, True)
    assert 'name="email" value="asha@home.example"' in refused.text


async def test_security_1_beyond_ten_an_hour_the_page_is_the_same_and_no_code_works(
    asha: Person, asha_later: Visitor, clock: Clock, settings: object
) -> None:
    await house_db.execute(
        "INSERT INTO people_challenge (address, person_id, purpose, nonce, token_hash, cookie_hash, code_mac, next_path, is_reusable,"
        " created_at, link_expires_at, code_expires_at, used_at, code_tries) VALUES "
        + ", ".join(["('other@x.example', ?, 'sign_in', '', ?, 'c', '', '', ?, ?, ?, ?, ?, 0)"] * 10),
        *(value for n in range(10) for value in (asha.id, f"hash{n}", False, clock.now, clock.now, clock.now, clock.now)),
    )
    await _ask(asha_later)
    assert "We have emailed a code to" in (await asha_later.get("/confirm")).text
    letter = await Message.get(template="confirm_it_is_you")
    assert letter.expires_at == clock.now
    assert (await asha_later.post("/confirm", {"confirm-code": await code_of_letter()})).status_code == 422


# ---- what was typed -------------------------------------------------------------------------------------------------


async def test_an_interrupted_form_goes_on_as_it_was_typed(dee_later: Visitor, dee: Person, asha: Person) -> None:
    page, address = f"/desk/people/{asha.ref}", f"/desk/people/{asha.ref}/grant"
    stopped = await dee_later.post(address, {"role": "trainer", "role_agency": ""}, seen=page)
    assert (stopped.status_code, "what you entered is kept" in stopped.text) == (403, True)
    assert await RoleGrant.filter(person_id=asha.id).count() == 0
    asked = await _send_as_page(dee_later, stopped)
    fields = fields_of(asked)
    assert (fields["role"], fields["confirm-next"], fields["confirm-method"]) == ("trainer", address, "post")
    mistyped = await _send_as_page(dee_later, asked, {"confirm-code": wrong(await code_of_letter())})
    assert fields_of(mistyped) == fields
    answer = await _send_as_page(dee_later, mistyped, {"confirm-code": await code_of_letter()})
    assert (answer.status_code, answer.headers["location"]) == (307, address)
    again = await dee_later.http.post(address, content=answer.request.content, headers=_FORM)
    assert (again.status_code, again.headers["location"]) == (303, f"{page}?done=grant")
    assert await RoleGrant.filter(person_id=asha.id, role=Role.TRAINER).count() == 1


_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


async def _send_as_page(visitor: Visitor, page: httpx2.Response, more: dict[str, str] | None = None) -> httpx2.Response:
    token = re.findall(r'name="csrf_token" value="([^"]*)"', re.findall(r'action="/confirm".*?</form>', page.text, re.DOTALL)[0])[0]
    data = {"csrf_token": token, **fields_of(page), **(more or {})}
    return await visitor.http.post("/confirm", data=data, headers={"Sec-Fetch-Site": "same-origin"})


async def test_a_form_of_another_sign_in_is_not_carried_on(dee_later: Visitor, asha: Person) -> None:
    answer = await dee_later.http.post(
        f"/desk/people/{asha.ref}/grant", data={"role": "trainer", "csrf_token": "0" * 80}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert (answer.status_code, "Send this again" in answer.text) == (409, True)


async def test_a_list_is_looked_at_freely_and_its_file_is_one_press_after_the_code(dee_later: Visitor) -> None:
    assert (await dee_later.get("/desk/people?q=dee")).status_code == 200
    away = await dee_later.get("/desk/people?q=dee&export=csv")
    assert away.headers["location"] == "/confirm?next=%2Fdesk%2Fpeople%3Fq%3Ddee%26export%3Dcsv&file=yes"
    assert await Entry.filter(action="export").count() == 0
    await _send_as_page(dee_later, await dee_later.get(away.headers["location"]))
    asked = await dee_later.get(away.headers["location"])
    done = await _send_as_page(dee_later, asked, {"confirm-code": await code_of_letter()})
    assert (done.status_code, 'href="/desk/people?q=dee&amp;export=csv"' in done.text) == (200, True)
    assert 'href="/desk/people?q=dee"' in done.text
    file = await dee_later.get("/desk/people?q=dee&export=csv")
    assert file.headers["content-disposition"] == 'attachment; filename="people.csv"'


async def test_a_file_that_a_form_asks_for_is_offered_after_the_code(dee_later: Visitor) -> None:
    await SignIn.all().update(stepped_up_at=None)
    token = re.findall(r'name="csrf_token" value="([^"]*)"', (await dee_later.get("/me/account")).text)[0]
    data = {"csrf_token": token, "kind": "ledger", "format": "csv"}
    from_page = {"Sec-Fetch-Site": "same-origin", "Referer": "http://127.0.0.1:8000/desk/exports"}
    stopped = await dee_later.http.post("/desk/exports", data=data, headers=from_page)
    asked = await _send_as_page(dee_later, stopped)
    done = await _send_as_page(dee_later, asked, {"confirm-code": await code_of_letter()})
    assert (done.status_code, '<form method="post" action="/desk/exports">' in done.text) == (200, True)
    assert 'name="kind" value="ledger"' in done.text
    assert 'href="/desk/exports"' in done.text


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "/confirm?next=/x", ""])
async def test_it_leads_on_within_our_own_pages_only(elsewhere: str, asha_later: Visitor) -> None:
    await _ask(asha_later)
    answer = await asha_later.post("/confirm", {"confirm-code": await code_of_letter(), "confirm-next": elsewhere})
    assert answer.headers["location"] == "/me"


async def test_who_is_signed_out_signs_in_and_has_confirmed_by_that(client: Visitor) -> None:
    assert (await client.get("/confirm?next=/me/account/email")).headers["location"].startswith("/sign-in?next=%2Fconfirm")


# ---- the verbs themselves -------------------------------------------------------------------------------------------


async def test_verbs_refuse_who_acts_through_a_sign_in_that_was_not_confirmed(
    db: TortoiseContext, asha: Person, dee: Person, clock: Clock
) -> None:
    await make_person("Ada Admin", roles=(Role.ADMINISTRATOR,))
    stale = Viewer(person_id=dee.id, roles=frozenset({Role.DESK, Role.ADMINISTRATOR}), sign_in_id=7)
    for verb in (
        actions.grant_role(asha.id, Role.TRAINER, by=stale, now=clock.now),
        actions.change_email(asha.id, "new@stlukes.example", by=stale, now=clock.now),
        actions.remove_second_email(asha.id, by=stale, now=clock.now),
        actions.merge_people(asha.id, dee.id, by=stale, now=clock.now),
    ):
        with pytest.raises(NotAllowed, match="Confirm that it is you"):
            await verb
    with pytest.raises(Refused):
        rules.check_role_grant(Role.LEARNER, None)


async def test_signing_in_counts_from_its_own_moment(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    visitor = await sign_in_as(asha)
    live = await signed_in(hash_token(visitor.http.cookies["sid"]), now=clock.now)
    assert live is not None
    assert live.viewer.is_stepped_up
