"""The newcomer's way (booking.md, Booking 3): its letter opens an account as a sign-in letter does, and no easier (security.md 1)."""

import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import Proof, Wish, ask_to_book, book_place, finish_booking
from marstraining.bookings.models import Booking, BookingRequest
from marstraining.bookings.rules import BookPlace
from marstraining.core import db as house_db
from marstraining.core.errors import Refused, TooFast
from marstraining.core.tokens import derive_code, derive_token
from marstraining.messages.models import Message
from marstraining.people.actions import ask_for_sign_in, forget_sign_in_traces, redeem_link
from marstraining.people.actions.signing_in import Browser
from marstraining.people.models import Person, Position, SignIn, SignInChallenge
from marstraining.programme.models import Session
from tests import makers
from tests.conftest import SECRET_KEY, Clock, Visitor
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]
Visitors = Callable[[], Visitor]
ASHA, NIA = "asha@stlukes.example", "nia@school.example"
FIREFOX = Browser(device="Firefox on Windows", network="192.0.2.1")
pytestmark = pytest.mark.usefixtures("db")


def typed(email: str = NIA, name: str = "Nia Newcomer") -> dict[str, str]:
    return {"name": name, "email": email, "agency": "none", "job_role": "school_staff"}


async def ask(visitor: Visitor, session: Session, email: str = NIA) -> tuple[str, str]:
    """Send the form, and give back what the letter says: the link's path and the code."""
    sent = await visitor.post(f"/sessions/{session.ref}/book", typed(email))
    assert (sent.status_code, sent.headers["location"]) == (303, f"/sessions/{session.ref}/book/sent")
    token, code = await letter_says()
    return f"/book/l/{token}", code


async def letter_says(template: str = "finish_booking") -> tuple[str, str]:
    """The link's token and the code of the latest letter, derived as the renderer does."""
    letter = (await Message.filter(template=template).order_by("-id"))[0]
    purpose, row, nonce = letter.tokens["link_token"]
    return derive_token(SECRET_KEY, str(purpose), str(row), str(nonce)), derive_code(SECRET_KEY, "sign_in_code", str(row), str(nonce))


def not_it(code: str) -> str:
    return "00000000" if code != "00000000" else "11111111"


async def wish_for(session: Session, clock: Clock, email: str) -> None:
    await ask_to_book(Wish(session_id=session.id, email=email, name="Nia"), network="192.0.2.1", cookie_token="cookie", now=clock.now)


async def wish(session: Session, clock: Clock, email: str = NIA) -> tuple[str, str]:
    await wish_for(session, clock, email)
    return await letter_says()


# ---- the usual case: the browser that asked -------------------------------------------------------------------------


async def test_booking_3_a_newcomer_books_by_the_button_of_their_letter(client: Visitor, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    school = await makers.make_agency()
    sent = await client.post(f"/sessions/{session.ref}/book", typed("Nia@School.example") | {"agency": str(school.id)})
    cookie = next(value for name, value in sent.headers.multi_items() if name == "set-cookie" and value.startswith("wish="))
    assert {"HttpOnly", "Max-Age=3600", "SameSite=lax"} <= set(cookie.split("; "))
    assert (await Message.get(template="finish_booking")).address == NIA
    assert (await Booking.all().count(), await Person.all().count()) == (0, 0)
    token, _ = await letter_says()
    page = await client.get(f"/book/l/{token}")
    assert (page.status_code, "Finish your booking" in page.text, "8-digit code" in page.text) == (200, True, False)
    pressed = await client.post(f"/book/l/{token}")
    booking = await Booking.get()
    assert (pressed.status_code, pressed.headers["location"]) == (303, f"/bookings/{booking.ref}?done=booked")
    assert (await client.get(f"/bookings/{booking.ref}")).status_code == 200
    assert await house_db.rows("SELECT name, email FROM people_person") == [{"name": "Nia Newcomer", "email": NIA}]
    assert booking.agency_id == school.id


async def test_booking_4_a_newcomer_declares_the_terms_and_the_managers_agreement_like_anybody_else(client: Visitor, clock: Clock) -> None:
    session = await makers.make_session(course=await makers.make_course(needs_manager_agreement=True), now=clock.now)
    link, _ = await ask(client, session)
    refused = await client.post(link)
    assert (refused.status_code, "Confirm that your manager agrees to your booking" in refused.text) == (422, True)
    assert "By booking you agree to tell us if you can no longer come" in refused.text
    await client.post(link, {"manager_agrees": "yes", "manager_name": "Moira Hale"})
    booking = await Booking.get()
    assert (booking.state, booking.terms_version, booking.manager_name, booking.manager_email) == ("confirmed", "2026-11", "Moira Hale", "")


@pytest.mark.parametrize("email", [ASHA, NIA])
async def test_booking_3_an_account_and_a_newcomer_are_treated_alike(
    email: str, asha: Person, client: Visitor, visitors: Visitors, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    link, code = await ask(client, session, email)
    other = visitors()
    assert (await other.post(link)).status_code == 422
    assert (await other.post(link, {"code": not_it(code)})).status_code == 422
    assert [await SignIn.all().count(), await Booking.all().count()] == [0, 0]
    assert (await client.post(link)).status_code == 303
    booking = await Booking.get()
    learner = await Person.get(id=booking.learner_id)
    assert (learner.email, (await SignIn.get()).person_id) == (email, learner.id)
    assert (learner.id == asha.id) is (email == ASHA)
    assert (await Person.get(id=asha.id)).name == "Asha Patel"


async def test_booking_3_known_or_not_an_address_costs_the_same_and_gets_the_same_page_and_letter(
    db: TortoiseContext, asha: Person, visitors: Visitors, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await wish(session, clock, "warm@stlukes.example")
    heard, pages, letters = [], [], []
    for email in (ASHA, "anna@stlukes.example"):
        async with statements(db) as one:
            await wish_for(session, clock, email)
        heard.append([re.sub(r"\s+", " ", statement)[:60] for statement in one])
        visitor = visitors()
        await ask(visitor, session, email)
        pages.append((await visitor.get(f"/sessions/{session.ref}/book/sent")).text)
        letter = await Message.filter(address=email).order_by("-id").first()
        assert letter
        letters.append((letter.template, letter.name, letter.person_id, letter.context, letter.expires_at, sorted(letter.tokens)))
    assert len(heard[0]) == {"sqlite": 11, "postgres": 12}[house_db.dialect()]
    assert (heard[0], pages[0], letters[0]) == (heard[1], pages[1], letters[1])
    assert '<strong class="mars-nowrap">a…@stlukes.example</strong>' in pages[0]


async def test_booking_3_the_organisation_that_an_address_points_to_stands_first(client: Visitor, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    for name, domain in (("Ash School", "ash.example"), ("Brook School", "brook.example")):
        await makers.make_agency(name, email_domain=domain)
    page = await client.post(f"/sessions/{session.ref}/book", typed("nia@staff.brook.example") | {"agency": ""})
    assert re.findall(r">(\w+ School)<", page.text) == ["Brook School", "Ash School"]


async def test_people_1_who_has_two_posts_is_asked_on_whose_behalf_once_their_mailbox_is_proved(
    asha: Person, client: Visitor, visitors: Visitors, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    club = await makers.make_agency("Youth Club", sector="Voluntary and community")
    await Position.create(person=asha, agency=club, job_role="vcse_volunteer", starts_on=date(2025, 2, 1))
    link, code = await ask(client, session, ASHA)
    assert "Youth Club" not in (await client.get(link)).text + (await visitors().post(link, {"code": not_it(code)})).text
    asked = await client.post(link)
    assert (asked.status_code, "On whose behalf are you booking?" in asked.text, "Youth Club" in asked.text) == (422, True, True)
    assert (await client.post(link, {"agency": str(club.id)})).status_code == 303
    booking = await Booking.get()
    assert (booking.agency_id, booking.job_role) == (club.id, "vcse_volunteer")


async def test_booking_3_access_needs_are_asked_only_after_signing_in(client: Visitor, visitors: Visitors, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, has_catering=True)
    pages = [(await client.get(f"/sessions/{session.ref}/book")).text]
    link, _ = await ask(client, session)
    pages += [(await client.get(path)).text for path in (f"/sessions/{session.ref}/book/sent", link)]
    assert [re.findall(r'name="(?:access|dietary)"', page) for page in pages] == [[], [], []]
    booked = await client.post(link)
    needs = booked.headers["location"].partition("?")[0] + "/needs"
    assert 'name="access"' in (await client.get(needs)).text
    assert (await visitors().get(needs)).headers["location"].startswith("/sign-in?")


@pytest.mark.parametrize(("audience", "offered"), [("all", True), ("foster_carers", True), ("schools", False)])
async def test_people_not_with_an_organisation_is_a_choice_where_the_audience_allows_it(
    client: Visitor,
    clock: Clock,
    audience: str,
    offered: bool,  # noqa: FBT001 - a table of cases
) -> None:
    session = await makers.make_session(now=clock.now, audience_codes=[audience])
    assert ("not with an organisation" in (await client.get(f"/sessions/{session.ref}/book")).text) is offered
    sent = await client.post(f"/sessions/{session.ref}/book", typed())
    assert (sent.status_code, await BookingRequest.all().count()) == ((303, 1) if offered else (422, 0))


# ---- another browser ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("asha")
async def test_security_1_a_scanner_that_opens_and_presses_a_bookings_link_gains_and_destroys_nothing(
    client: Visitor, visitors: Visitors, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    link, _ = await ask(client, session, ASHA)
    before = [await house_db.rows(f"SELECT * FROM {table}") for table in ("people_challenge", "bookings_request")]
    scanner = visitors()
    for method in ("GET", "HEAD"):
        answer = await scanner.http.request(method, link)
        assert (answer.status_code, answer.headers["cache-control"], answer.headers["referrer-policy"]) == (200, "no-store", "no-referrer")
    for fields in ({}, {"do": "join"}, {"code": ""}):
        pressed = await scanner.post(link, fields)
        assert (pressed.status_code, "Enter the code from the email" in pressed.text) == (422, True)
        assert "set-cookie" not in pressed.headers
    assert [await house_db.rows(f"SELECT * FROM {table}") for table in ("people_challenge", "bookings_request")] == before
    assert [await Booking.all().count(), await SignIn.all().count()] == [0, 0]
    assert (await client.post(link)).status_code == 303


@pytest.mark.usefixtures("asha")
async def test_security_1_in_another_browser_the_bookings_link_asks_for_the_code(client: Visitor, visitors: Visitors, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    link, code = await ask(client, session, ASHA)
    telephone = visitors()
    page = await telephone.get(link)
    assert 'autocomplete="one-time-code"' in page.text
    wrong = await telephone.post(link, {"code": not_it(code)})
    assert (wrong.status_code, "That code is not right." in wrong.text) == (422, True)
    right = await telephone.post(link, {"code": f"{code[:4]} {code[4:]}"})
    booking = await Booking.get()
    assert (right.status_code, right.headers["location"]) == (303, f"/bookings/{booking.ref}?done=booked")
    assert (await telephone.get(f"/bookings/{booking.ref}")).status_code == 200
    assert (await client.get(link)).status_code == 410


async def test_security_1_a_bookings_code_takes_five_tries_in_all_and_its_own_browser_needs_none(
    client: Visitor, visitors: Visitors, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    link, code = await ask(client, session)
    other = visitors()
    for _ in range(5):
        assert (await other.post(link, {"code": not_it(code)})).status_code == 422
    over = await other.post(link, {"code": code})
    assert (over.status_code, "The code in the email works no more." in over.text) == (200, True)
    assert await Booking.all().count() == 0
    assert (await client.post(link)).status_code == 303


async def test_security_1_a_bookings_code_runs_out_after_10_minutes_and_its_link_after_60(clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    token, code = await wish(session, clock)
    asked = clock.now
    for proof, minutes, refusal in (
        (Proof(token=token, code=code), 10, "no_code"),
        (Proof(code=code, cookie_token="cookie"), 10, "no_code"),
        (Proof(token=token), 59, "needs_code"),
        (Proof(token=token, cookie_token="another"), 59, "needs_code"),
        (Proof(token=token, cookie_token="cookie"), 60, "spent"),
    ):
        with pytest.raises(Refused) as refused:
            await finish_booking(proof, browser=FIREFOX, now=asked + timedelta(minutes=minutes))
        assert refused.value.code == refusal
    await finish_booking(Proof(token=token, cookie_token="cookie"), browser=FIREFOX, now=asked + timedelta(minutes=59))
    assert (await Booking.get()).state == "confirmed"


async def test_the_code_may_be_typed_in_the_browser_that_waits_for_the_letter(client: Visitor, visitors: Visitors, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    _, code = await ask(client, session)
    waiting = f"/sessions/{session.ref}/book/sent"
    assert (await visitors().get(waiting)).headers["location"] == f"/sessions/{session.ref}/book"
    wrong = await client.post(waiting, {"code": not_it(code)})
    assert (wrong.status_code, "That code is not right." in wrong.text) == (422, True)
    right = await client.post(waiting, {"code": code})
    assert right.headers["location"] == f"/bookings/{(await Booking.get()).ref}?done=booked"
    assert (await client.get(waiting)).headers["location"] == f"/sessions/{session.ref}/book"


@pytest.mark.usefixtures("asha")
async def test_security_5_wrong_codes_of_bookings_count_against_the_network(clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    for number in range(199):
        await ask_for_sign_in(f"nobody{number}@x.example", next_path="", network="192.0.2.1", cookie_token=None, now=clock.now)
    token, code = await wish(session, clock, ASHA)
    with pytest.raises(Refused):
        await finish_booking(Proof(token=token, code=not_it(code)), browser=FIREFOX, now=clock.now)
    with pytest.raises(TooFast) as refused:
        await finish_booking(Proof(token=token, code=code), browser=FIREFOX, now=clock.now)
    assert refused.value.retry_after == 3600


@pytest.mark.usefixtures("asha")
async def test_security_5_a_known_address_does_not_count_against_the_network_it_books_from(clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    for email in (ASHA, NIA):
        await wish(session, clock, email)
    assert [row["kind"] for row in await house_db.rows("SELECT kind FROM people_attempt WHERE kind <> 'asked' ORDER BY id")] == [
        "known",
        "unknown",
    ]


# ---- one letter among others ----------------------------------------------------------------------------------------


async def test_security_1_an_account_gets_ten_letters_an_hour_to_sign_in_or_to_book(asha: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    await Person.filter(id=asha.id).update(second_email="asha@home.example")
    for _ in range(10):
        await ask_for_sign_in(ASHA, next_path="", network="192.0.2.1", cookie_token=None, now=clock.now)
        clock.forward(minutes=5.5)
    token, code = await wish(session, clock, "asha@home.example")
    for proof, refusal in (
        (Proof(token=token, cookie_token="cookie"), "spent"),
        (Proof(code=code, cookie_token="cookie"), "wrong_code"),
    ):
        with pytest.raises(Refused) as refused:
            await finish_booking(proof, browser=FIREFOX, now=clock.now)
        assert refused.value.code == refusal
    assert (await Message.get(template="finish_booking")).expires_at == clock.now


async def test_security_1_success_kills_the_addresss_other_letters(client: Visitor, clock: Clock) -> None:
    first, second = await makers.make_session(now=clock.now), await makers.make_session(now=clock.now, hours=2)
    early, _ = await ask(client, first)
    late, _ = await ask(client, second)
    await client.post(late)
    assert await SignInChallenge.filter(used_at=None).count() == 0
    client.http.cookies.delete("sid")
    over = await client.get(early)
    assert (over.status_code, f'href="/sessions/{first.ref}/book"' in over.text) == (410, True)


async def test_a_bookings_link_is_no_sign_in_link_and_the_other_way_round(asha: Person, client: Visitor, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    link, code = await ask(client, session, ASHA)
    token = link.rpartition("/")[2]
    assert (await client.get(f"/sign-in/l/{token}")).status_code == 410
    with pytest.raises(Refused) as refused:
        await redeem_link(token, cookie_token=client.http.cookies["wish"], browser=FIREFOX, now=clock.now)
    assert refused.value.code == "spent"
    cookie = await ask_for_sign_in(ASHA, next_path="", network="192.0.2.1", cookie_token=client.http.cookies["wish"], now=clock.now)
    sign_in_token, sign_in_code = await letter_says("sign_in")
    for proof in (Proof(token=sign_in_token, cookie_token=cookie), Proof(code=sign_in_code, cookie_token=cookie)):
        with pytest.raises(Refused):
            await finish_booking(proof, browser=FIREFOX, now=clock.now)
    assert code != sign_in_code


async def test_who_has_signed_in_meanwhile_is_led_to_the_sessions_own_page(
    asha: Person, ben: Person, client: Visitor, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    link, _ = await ask(client, session, ASHA)
    bens = await sign_in_as(ben)
    assert (await bens.get(link)).status_code == 200
    ashas = await sign_in_as(asha)
    for answer in (await ashas.get(link), await ashas.post(link)):
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sessions/{session.ref}/book")
    assert await Booking.all().count() == 0


# ---- booking and signing in are one ---------------------------------------------------------------------------------


@pytest.mark.parametrize("by_code", [False, True])
async def test_booking_3_a_session_that_filled_up_signs_nobody_in_and_the_same_page_offers_the_list(
    by_code: bool,  # noqa: FBT001 - pytest's parameter
    ben: Person,
    client: Visitor,
    visitors: Visitors,
    clock: Clock,
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    link, code = await ask(client, session)
    await book_place(BookPlace(session_id=session.id, learner_id=ben.id), by=makers.as_learner(ben), now=clock.now)
    visitor, fields = (visitors(), {"code": code}) if by_code else (client, {})
    full = await visitor.post(link, fields)
    assert (full.status_code, "Join the waiting list and sign in" in full.text) == (422, True)
    assert f'value="{code}"' in full.text or not by_code
    assert [await SignIn.all().count(), await Person.filter(email=NIA).count()] == [0, 0]
    joined = await visitor.post(link, {"do": "join", **fields})
    booking = await Booking.get(state="waiting")
    assert joined.headers["location"] == f"/bookings/{booking.ref}?done=waiting"
    assert (await SignIn.get()).person_id == booking.learner_id


async def test_security_8_a_wish_is_forgotten_with_its_challenge_after_a_day(clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    await wish(session, clock)
    await forget_sign_in_traces(now=clock.now + timedelta(hours=24))
    assert await BookingRequest.all().count() == 1
    await forget_sign_in_traces(now=clock.now + timedelta(hours=26))
    assert await BookingRequest.all().count() == 0
