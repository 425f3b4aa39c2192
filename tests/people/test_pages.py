"""Signing in and one's own account, as a person at a browser meets them."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx2
import pytest
from tortoise.context import TortoiseContext

from marstraining.app import create_app
from marstraining.core import config
from marstraining.core import db as house_db
from marstraining.core.config import Settings
from marstraining.core.tokens import derive_code, derive_token
from marstraining.core.viewer import SYSTEM
from marstraining.messages.actions.health import note_server_failing
from marstraining.messages.envelope import rendered
from marstraining.messages.queries import letter_of as stored
from marstraining.people import actions
from marstraining.people.models import Person, Position, SignIn
from tests.conftest import SECRET_KEY, Clock, Visitor
from tests.makers import make_agency

SignInAs = Callable[[Person], Awaitable[Visitor]]
Visitors = Callable[[], Visitor]


async def letter_of(template: str = "sign_in") -> tuple[str, str]:
    """The link's token and the code of the latest letter."""
    found = await house_db.rows("SELECT tokens FROM messages_letter WHERE template = ? ORDER BY id DESC LIMIT 1", template)
    purpose, ref, nonce = re.findall(r'\["(sign_in|confirm_address)", "(\w+)", "(\w+)"\]', found[0]["tokens"])[0]
    return derive_token(SECRET_KEY, purpose, ref, nonce), derive_code(SECRET_KEY, "sign_in_code", ref, nonce)


async def ask(visitor: Visitor, email: str = "asha@stlukes.example", next_path: str = "") -> None:
    answer = await visitor.post("/sign-in", {"email": email, "next": next_path}, seen="/sign-in")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/sent")


# ---- signing in -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("asha")
async def test_security_1_every_address_gets_the_same_page(visitors: Visitors) -> None:
    pages = []
    for email in ("asha@stlukes.example", "anna@stlukes.example"):
        visitor = visitors()
        await ask(visitor, email)
        pages.append((await visitor.get("/sign-in/sent")).text)
    assert pages[0] == pages[1]
    assert "If <strong>a…@stlukes.example</strong> has an account, an email is on its way." in pages[0]


@pytest.mark.usefixtures("asha")
async def test_signing_in_by_the_link_leads_on_to_where_one_wanted_to_go(client: Visitor) -> None:
    turned_away = await client.get("/me/account")
    assert turned_away.headers["location"] == "/sign-in?next=%2Fme%2Faccount"
    assert 'name="next" value="/me/account"' in (await client.get("/sign-in?next=%2Fme%2Faccount")).text
    await ask(client, next_path="/me/account")
    link, _ = await letter_of()
    page = await client.get(f"/sign-in/l/{link}")
    assert "Sign in as a…@stlukes.example" in page.text
    assert "8-digit code" not in page.text
    answer = await client.post(f"/sign-in/l/{link}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/me/account")
    mine = await client.get("/me/account")
    assert "Asha Patel" in mine.text
    assert "Not you? Sign out" in mine.text


@pytest.mark.usefixtures("asha")
async def test_security_1_looking_at_a_link_changes_nothing_and_its_page_tells_nobody(client: Visitor, visitors: Visitors) -> None:
    await ask(client)
    link, _ = await letter_of()
    before = await house_db.rows("SELECT * FROM people_challenge")
    for visitor in (client, visitors()):
        for method in ("GET", "HEAD"):
            answer = await visitor.http.request(method, f"/sign-in/l/{link}")
            assert answer.status_code == 200
            assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert await house_db.rows("SELECT * FROM people_challenge") == before
    assert await SignIn.all().count() == 0


@pytest.mark.usefixtures("asha")
async def test_security_1_a_links_page_is_one_button_that_nothing_presses_by_itself(client: Visitor) -> None:
    await ask(client)
    link, _ = await letter_of()
    page = (await client.get(f"/sign-in/l/{link}")).text
    main = page[page.index("<main") : page.index("</main>")]
    assert re.findall(r"<(button|form|script|meta|iframe|img)\b", main) == ["form", "button"]
    assert re.findall(r'(?:src|href)="((?:https?:)?//[^"]*)"', page) == []
    assert link not in re.sub(r"<form.*?</form>", "", page, flags=re.DOTALL)


@pytest.mark.usefixtures("asha")
async def test_security_1_the_letters_link_is_of_the_configured_address_whatever_host_was_asked(client: Visitor) -> None:
    await client.http.post(
        "/sign-in", data={"email": "asha@stlukes.example"}, headers={"Host": "localhost:9", "Sec-Fetch-Site": "same-origin"}
    )
    found = (await house_db.rows("SELECT ref FROM messages_letter"))[0]
    letter = await stored(found["ref"])
    assert letter is not None
    link, code = await letter_of()
    text = rendered(letter, config.current()).text
    assert f"http://127.0.0.1:8000/sign-in/l/{link}\n" in text
    assert ("localhost" in text, f"\n{code}\n" in text) == (False, True)


@pytest.mark.usefixtures("asha")
async def test_security_1_and_3_cookies_on_https_are_bound_to_the_host_and_no_script_reads_them(
    settings: Settings, db: TortoiseContext, clock: Clock
) -> None:
    served = replace(settings, base_url="https://training.example.org")
    config.use(served)
    app = create_app(served, connect_database=False, is_watching=False)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=served.base_url) as http:
        visitor = Visitor(http)
        asked = await visitor.post("/sign-in", {"email": "asha@stlukes.example"})
        _, code = await letter_of()
        signed_in = await visitor.post("/sign-in/sent", {"code": code})
        cookies = [value for answer in (asked, signed_in) for name, value in answer.headers.multi_items() if name == "set-cookie"]
        assert (await visitor.get("/me/account")).status_code == 200
    kept = {cookie.partition("=")[0]: set(cookie.split("; ")[1:]) for cookie in cookies if "Max-Age=0" not in cookie}
    strict = {"HttpOnly", "Path=/", "SameSite=lax", "Secure"}
    assert kept == {
        "__Host-challenge": strict | {"Max-Age=900"},
        "__Host-sid": strict | {"Max-Age=604800"},
        "__Host-device": strict | {"Max-Age=34560000"},
    }
    assert [cookie.partition("=")[0] for cookie in cookies if "Max-Age=0" in cookie] == ["__Host-challenge"]


@pytest.mark.usefixtures("asha")
async def test_security_1_in_another_browser_the_link_asks_for_the_code(client: Visitor, visitors: Visitors) -> None:
    await ask(client)
    link, code = await letter_of()
    other = visitors()
    pressed = await other.post(f"/sign-in/l/{link}")
    assert pressed.status_code == 422
    assert "Enter the code from the email" in pressed.text
    assert 'autocomplete="one-time-code"' in pressed.text
    assert 'inputmode="numeric"' in pressed.text
    assert await SignIn.all().count() == 0
    answer = await other.post(f"/sign-in/l/{link}", {"code": code})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=signed-in")
    used = await client.get(f"/sign-in/l/{link}")
    assert used.status_code == 410
    assert "This link no longer works" in used.text


@pytest.mark.usefixtures("asha")
async def test_signing_in_by_the_code_and_a_wrong_one_is_told_beside_the_field(client: Visitor) -> None:
    await ask(client)
    _, code = await letter_of()
    wrong = await client.post("/sign-in/sent", {"code": "0000 0000" if code != "00000000" else "1"})
    assert wrong.status_code == 422
    assert "That code is not right. Check the latest email we sent you." in wrong.text
    answer = await client.post("/sign-in/sent", {"code": code})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=signed-in")


async def test_without_having_asked_there_is_nothing_to_wait_for(client: Visitor) -> None:
    assert (await client.get("/sign-in/sent")).headers["location"] == "/sign-in"


async def test_what_is_no_address_is_told_and_kept(client: Visitor) -> None:
    answer = await client.post("/sign-in", {"email": "asha at school"})
    assert answer.status_code == 422
    assert "Enter an email address in the correct format, like name@example.com" in answer.text
    assert 'value="asha at school"' in answer.text


@pytest.mark.usefixtures("asha")
async def test_security_5_asking_too_often_answers_429_with_a_time_to_wait(client: Visitor) -> None:
    for _ in range(3):
        await ask(client)
    answer = await client.post("/sign-in", {"email": "asha@stlukes.example"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")


@pytest.mark.usefixtures("asha")
async def test_security_1_a_shared_computers_cookie_ends_with_the_browser(client: Visitor) -> None:
    for shared, cookie_lasts in (({}, True), ({"shared": "yes"}, False)):
        await ask(client)
        _, code = await letter_of()
        answer = await client.post("/sign-in/sent", {"code": code, **shared})
        cookie = next(value for name, value in answer.headers.multi_items() if name == "set-cookie" and value.startswith("sid="))
        assert ("Max-Age" in cookie) is cookie_lasts
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        await client.post("/sign-out", seen="/me/account")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"])
@pytest.mark.usefixtures("asha")
async def test_signing_in_leads_to_our_own_pages_only(elsewhere: str, client: Visitor) -> None:
    await ask(client, next_path=elsewhere)
    _, code = await letter_of()
    answer = await client.post("/sign-in/sent", {"code": code})
    assert answer.headers["location"] == "/me?done=signed-in"


async def test_while_the_mail_server_fails_the_page_says_that_mail_may_be_late(client: Visitor, clock: Clock) -> None:
    assert "Email is slow at the moment" not in (await client.get("/sign-in")).text
    await note_server_failing("timed out", now=clock.now)
    assert "Email is slow at the moment" in (await client.get("/sign-in")).text


async def test_signing_out_ends_the_sign_in_at_the_server(asha: Person, sign_in_as: SignInAs) -> None:
    visitor = await sign_in_as(asha)
    token = visitor.http.cookies["sid"]
    answer = await visitor.post("/sign-out", seen="/me/account")
    assert answer.headers["location"] == "/sign-in?done=signed-out"
    visitor.http.cookies.set("sid", token)
    assert (await visitor.get("/me/account")).status_code == 303


async def test_a_supports_link_signs_in_from_any_browser(asha: Person, client: Visitor, clock: Clock) -> None:
    address = await actions.mint_sign_in_link("asha@stlukes.example", by=SYSTEM, now=clock.now)
    path = address.removeprefix("http://127.0.0.1:8000")
    answer = await client.post(path)
    assert answer.headers["location"] == "/me?done=signed-in"
    assert (await SignIn.get()).person_id == asha.id


# ---- one's own account ----------------------------------------------------------------------------------------------


async def test_the_account_page_is_ones_own(asha: Person, ben: Person, sign_in_as: SignInAs) -> None:
    page = (await (await sign_in_as(asha)).get("/me/account")).text
    for shown in ("Asha Patel", "asha@stlukes.example", "St Luke&#39;s School", "Firefox on Linux"):
        assert shown in page
    for hidden in (ben.name, "Humberside Police"):
        assert hidden not in page


async def test_changing_the_name(asha: Person, sign_in_as: SignInAs) -> None:
    visitor = await sign_in_as(asha)
    refused = await visitor.post("/me/account/name", {"name": " "})
    assert (refused.status_code, "Enter a name" in refused.text) == (422, True)
    answer = await visitor.post("/me/account/name", {"name": "Asha Shah"})
    assert answer.headers["location"] == "/me/account?done=name"
    assert "Your name is changed." in (await visitor.get("/me/account?done=name")).text
    assert (await Person.get(id=asha.id)).name == "Asha Shah"


async def test_a_second_address_is_confirmed_from_its_mailbox(asha: Person, ben: Person, sign_in_as: SignInAs) -> None:
    visitor = await sign_in_as(asha)
    answer = await visitor.post("/me/account/email", {"email": "asha@home.example", "kind": "second"})
    assert answer.headers["location"] == "/me/account?done=sent"
    token, _ = await letter_of("confirm_address")
    assert "asha@home.example" not in (await visitor.get("/me/account")).text
    bens = await sign_in_as(ben)
    assert (await bens.get(f"/me/account/confirm/{token}")).status_code == 404
    assert (await bens.post(f"/me/account/confirm/{token}", seen="/me/account")).status_code == 404
    page = (await visitor.get(f"/me/account/confirm/{token}")).text
    assert ("asha@home.example</strong> becomes your second email address" in page, "Not now" in page) == (True, True)
    assert (await visitor.post(f"/me/account/confirm/{token}")).headers["location"] == "/me/account?done=confirmed"
    # A second press, or the letter opened again, says why the link works no more.
    again = [await visitor.get(f"/me/account/confirm/{token}"), await visitor.post(f"/me/account/confirm/{token}", seen="/me/account")]
    assert [(page.status_code, "works once, for 24 hours" in page.text, 'href="/me/account"' in page.text) for page in again] == [
        (404, True, True)
    ] * 2
    assert "asha@home.example" in (await visitor.get("/me/account")).text
    await visitor.post("/me/account/email/remove", seen="/me/account")
    assert (await Person.get(id=asha.id)).second_email is None


async def test_choosing_the_feed_and_discreet_titles(asha: Person, sign_in_as: SignInAs) -> None:
    visitor = await sign_in_as(asha)
    await visitor.post("/me/account/calendar", {"choice": "feed", "discreet": "yes"})
    page = (await visitor.get("/me/account")).text
    assert "A calendar feed that I subscribe to, titles say only “Training”" in page
    refused = await visitor.post("/me/account/calendar", {"choice": "both"})
    assert "Select how training reaches your calendar" in refused.text


async def test_adding_and_ending_where_one_works(asha: Person, ben: Person, sign_in_as: SignInAs) -> None:
    visitor = await sign_in_as(asha)
    refused = await visitor.post("/me/account/post", {"job_role": "dsl"})
    assert "Choose your organisation, or type its name below" in refused.text
    await visitor.post("/me/account/post", {"agency": "POL", "job_role": "multi_agency"})
    await visitor.post("/me/account/post", {"agency_typed": "Sunny Days Nursery", "job_role": "early_years"})
    page = (await visitor.get("/me/account?done=post")).text
    assert "Humberside Police" in page
    assert "The training team is adding this organisation to the list." in page
    post = await Position.get(person_id=asha.id, agency__code="POL")
    bens_post = await Position.get(person_id=ben.id)
    assert (await visitor.post("/me/account/post/end", {"post": str(bens_post.id)}, seen="/me/account")).status_code == 404
    asked = f"/me/account/post/end?post={post.id}"
    assert f'href="{asked}"' in (await visitor.get("/me/account")).text
    assert "Do you no longer work at Humberside Police?" in (await visitor.get(asked)).text
    assert (await visitor.get(f"/me/account/post/end?post={bens_post.id}")).status_code == 404
    assert (await Position.get(id=post.id)).ends_on is None
    await visitor.post("/me/account/post/end", {"post": str(post.id)}, seen=asked)
    assert (await Position.get(id=post.id)).ends_on is not None


async def test_signing_out_another_browser_and_everywhere(asha: Person, ben: Person, sign_in_as: SignInAs) -> None:
    here, there, bens = await sign_in_as(asha), await sign_in_as(asha), await sign_in_as(ben)
    first, second, other = await SignIn.all().order_by("id")
    assert (await here.post("/me/account/devices", {"sign_in": str(other.id)}, seen="/me/account")).status_code == 404
    await here.post("/me/account/devices", {"sign_in": str(second.id)}, seen="/me/account")
    assert [(await visitor.get("/me/account")).status_code for visitor in (here, there, bens)] == [200, 303, 200]
    await here.post("/me/account/devices", {"sign_in": "all"}, seen="/me/account")
    assert [(await visitor.get("/me/account")).status_code for visitor in (here, bens)] == [303, 200]
    assert (await SignIn.get(id=first.id)).ended_at is not None


async def test_what_others_may_not_see_is_not_offered_to_newcomers(client: Visitor) -> None:
    await make_agency("Listed School")
    assert "Listed School" not in (await client.get("/sign-in")).text
