"""The newcomer's way: a wish to book, a letter, and one button that signs in and books (booking.md, Booking 3)."""

from datetime import datetime, timedelta

from marstraining.bookings.actions import looking, steps
from marstraining.bookings.actions.booking import confirm_in_transaction, join_in_transaction
from marstraining.bookings.queries import session_row
from marstraining.bookings.rules import BookPlace, Declaration
from marstraining.core.clock import local
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import hash_token
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people.actions import limits
from marstraining.people.actions.agencies import suggest_agency
from marstraining.people.actions.challenges import Answered, Challenge, answer_code, answer_link, put_challenge
from marstraining.people.actions.persons import find_or_create_person, start_position
from marstraining.people.actions.signing_in import Browser, OpenedSignIn, open_sign_in
from marstraining.people.rules import CODE_LASTS, Purpose, check_own_mailbox, has_code, normal_address

LASTS = timedelta(minutes=60)
BOOKING = Purpose("finish_booking", cookie="wish", is_for_newcomers=True)


@frozen
class Wish:
    """What somebody without a sign-in types: one agency of the list, or the name of one that is not listed, or neither."""

    session_id: int
    email: str
    name: str
    agency_id: int | None = None
    agency_typed: str = ""
    job_role: str = ""
    mode: str = ""


@frozen
class WishRow:
    """A wish as its letter's link finds it.

    `is_of_this_browser` says that its button is enough; any other browser needs the letter's code too, while `has_code`.
    """

    session_ref: str
    email: str
    is_used: bool
    has_run_out: bool
    is_of_this_browser: bool
    has_code: bool


@frozen
class Proof:
    """What shows that whoever presses the button reads the letter's mail, as with a sign-in link (security.md 1).

    The link's `token` with the cookie of the browser that asked, or with the letter's `code` from any other; the cookie and the
    code without a link on the page that waits for the letter.
    """

    token: str = ""
    code: str = ""
    cookie_token: str | None = None


@frozen
class Finished:
    """A wish come true: the booking, and the sign-in just opened for the browser that pressed the button."""

    booked: steps.Booked
    sign_in: OpenedSignIn


async def ask_to_book(wish: Wish, *, network: str, cookie_token: str | None, now: datetime) -> str:
    """Take a wish down and send its letter; it holds no place and runs out after 60 minutes.

    The value is the token for the browser's cookie (`cookie_token` if it has one). A known address gets the same statements, the
    same page and the same letter, so that nothing tells who has an account. Refused for an address that cannot be one and for
    shared mailboxes; TooFast over the limits of signing in.
    """
    address = normal_address(wish.email)
    check_own_mailbox(address)
    if not wish.name.strip():
        raise Refused("Enter your name", code="name", field="name")
    session = await session_row(wish.session_id)
    if session is None:
        raise NotFound
    await limits.check_limits(address, network, now=now)
    async with transaction():
        asked = await put_challenge(address, BOOKING, lasts=LASTS, network=network, cookie_token=cookie_token, now=now)
        await execute(
            "INSERT INTO bookings_request (challenge_id, session_id, name, agency_id, agency_typed, job_role, mode)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            asked.id, wish.session_id, wish.name.strip(), wish.agency_id, wish.agency_typed.strip(), wish.job_role, wish.mode,
        )  # fmt: skip
        await queue_letter(_letter(address, wish, asked, title=session.title, starts_at=session.starts_at, now=now), now=now)
    return asked.cookie


def _letter(address: str, wish: Wish, asked: Challenge, *, title: str, starts_at: datetime, now: datetime) -> Letter:
    at = local(starts_at)
    return Letter(
        key=f"finish-booking-{asked.ref}",
        template="finish_booking",
        to=Recipient(address=address, name=wish.name.strip()),
        priority=Priority.SIGN_IN,
        context={
            "title": title,
            "date": f"{at:%A} {at.day} {at:%B %Y}",
            "minutes": LASTS // timedelta(minutes=1),
            "code_minutes": CODE_LASTS // timedelta(minutes=1),
        },
        tokens=asked.tokens,
        expires_at=now if asked.is_over else now + LASTS,
        session_id=wish.session_id,
    )


async def wish_of(token: str, *, cookie_token: str | None, now: datetime) -> WishRow | None:
    """The wish behind a letter's link; looking consumes nothing, since mail scanners look too."""
    return await _wish("c.token_hash = ?", hash_token(token), cookie_token=cookie_token, now=now)


async def asked_wish(session_ref: str, *, cookie_token: str | None, now: datetime) -> WishRow | None:
    """What this browser asked for last on a session's page."""
    return await _wish("c.cookie_hash = ? AND s.ref = ?", hash_token(cookie_token or ""), session_ref, cookie_token=cookie_token, now=now)


async def _wish(condition: str, *values: object, cookie_token: str | None, now: datetime) -> WishRow | None:
    found = await rows(
        "SELECT s.ref, c.address, c.cookie_hash, c.code_tries, c.code_expires_at, c.link_expires_at, c.used_at FROM bookings_request r"
        " JOIN people_challenge c ON c.id = r.challenge_id JOIN programme_session s ON s.id = r.session_id"
        f" WHERE {condition} ORDER BY r.id DESC LIMIT 1",
        *values,
        instants=("code_expires_at", "link_expires_at", "used_at"),
    )
    if not found:
        return None
    row = found[0]
    return WishRow(
        session_ref=row["ref"],
        email=row["address"],
        is_used=row["used_at"] is not None,
        has_run_out=now >= row["link_expires_at"],
        is_of_this_browser=row["cookie_hash"] == hash_token(cookie_token or ""),
        has_code=has_code(tries=row["code_tries"], expires_at=row["code_expires_at"], now=now),
    )


async def finish_booking(
    proof: Proof,
    declared: Declaration | None = None,
    *,
    agency_id: int | None = None,
    joins_list: bool = False,
    browser: Browser,
    now: datetime,
) -> Finished:
    """Sign in and book (or join the list) in one transaction; the link works once, and not at all when the booking is refused.

    `declared` is kept with the booking, as what anybody else declares who books. Refused with "agency" where the learner holds
    several posts and none of their agencies is given, once the proof was right; the link stays usable.

    A refusal for want of places leaves link and code usable, so that the same page can offer the waiting list. A wrong code costs
    one of five tries, as in signing in: refused with "wrong_code" or "no_code"; without one in another browser with "needs_code".
    """
    if proof.code:
        await limits.check_network(browser.network, now=now)
    async with transaction():
        answered = await _answer(proof, network=browser.network, now=now)
        if isinstance(answered, Answered):
            person_id, booked = await _book(answered, declared or Declaration(""), agency_id=agency_id, joins_list=joins_list, now=now)
            return Finished(booked=booked, sign_in=await open_sign_in(person_id, browser=browser, now=now))
    raise answered


async def _answer(proof: Proof, *, network: str, now: datetime) -> Answered | Refused:
    if proof.code or not proof.token:
        return await answer_code(proof.code, BOOKING, token=proof.token or None, cookie_token=proof.cookie_token, network=network, now=now)
    return await answer_link(proof.token, BOOKING, cookie_token=proof.cookie_token, now=now)


async def _book(
    answered: Answered, declared: Declaration, *, agency_id: int | None, joins_list: bool, now: datetime
) -> tuple[int, steps.Booked]:
    """The learner, found or made, and the booking."""
    wish = (
        await rows(
            "SELECT session_id, name, agency_id, agency_typed, job_role, mode FROM bookings_request WHERE challenge_id = ?", answered.id
        )
    )[0]
    person = await find_or_create_person(answered.address, wish["name"], now=now)
    viewer = Viewer(person_id=person.id)
    if person.is_new:
        await _start_post(person.id, wish, by=viewer, now=now)
    order = BookPlace(
        session_id=wish["session_id"],
        learner_id=person.id,
        agency_id=agency_id,
        mode=wish["mode"],
        terms_version=declared.terms_version,
        manager_name=declared.manager_name,
        manager_email=declared.manager_email,
    )
    plan = await looking.look_first(order, joins_list=joins_list, by=viewer, now=now)
    if isinstance(plan, steps.Booked):
        return person.id, plan
    verb = join_in_transaction if joins_list else confirm_in_transaction
    return person.id, await verb(plan, by=viewer, now=now)


async def _start_post(person_id: int, wish: dict[str, object], *, by: Viewer, now: datetime) -> None:
    agency_id = wish["agency_id"]
    if agency_id is None and wish["agency_typed"]:
        agency_id = await suggest_agency(str(wish["agency_typed"]), suggested_by=person_id, now=now, by=by)
    if agency_id is not None:
        job_role = str(wish["job_role"]) or "multi_agency"
        await start_position(person_id, int(str(agency_id)), job_role, by=by, now=now)
