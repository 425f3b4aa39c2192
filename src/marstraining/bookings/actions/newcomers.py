"""The newcomer's way: a wish to book, a letter, and one button that signs in and books (booking.md, Booking 3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from marstraining.bookings.actions import looking, steps
from marstraining.bookings.actions.booking import confirm_in_transaction, join_in_transaction
from marstraining.bookings.queries import session_row
from marstraining.bookings.rules import BookPlace
from marstraining.core import config
from marstraining.core.clock import local, today_of
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import derive_token, hash_token, new_nonce, new_ref
from marstraining.core.viewer import Viewer
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people.actions import limits
from marstraining.people.actions.agencies import suggest_agency
from marstraining.people.actions.persons import find_or_create_person, start_position
from marstraining.people.actions.signing_in import Browser, OpenedSignIn, open_sign_in
from marstraining.people.rules import check_own_mailbox, normal_address

LASTS = timedelta(minutes=60)
TOKEN_PURPOSE = "finish_booking"  # noqa: S105 - the name of a purpose


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody without a sign-in types: one agency of the list, or the name of one that is not listed, or neither."""

    session_id: int
    email: str
    name: str
    agency_id: int | None = None
    agency_typed: str = ""
    job_role: str = ""
    mode: str = ""


@dataclass(frozen=True, slots=True)
class WishRow:
    """A wish as its letter's link finds it."""

    id: int
    session_id: int
    session_ref: str
    title: str
    starts_at: datetime
    email: str
    is_used: bool
    has_run_out: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """A wish come true: the booking, and the sign-in just opened for the browser that pressed the button."""

    booked: steps.Booked
    sign_in: OpenedSignIn


async def ask_to_book(wish: Wish, *, network: str, now: datetime) -> None:
    """Take a wish down and send its letter; it holds no place and runs out after 60 minutes.

    A known address gets the same statements, the same page and the same letter, so that nothing tells who has an account.
    Refused for an address that cannot be one and for shared mailboxes; TooFast over the limits of signing in.
    """
    address = normal_address(wish.email)
    check_own_mailbox(address)
    if not wish.name.strip():
        raise Refused("Enter your name", code="name", field="name")
    session = await session_row(wish.session_id)
    if session is None:
        raise NotFound
    await limits.check_limits(address, network, now=now)
    row_ref, nonce = new_ref(), new_nonce()
    token = derive_token(config.current().secret_key, TOKEN_PURPOSE, row_ref, nonce)
    async with transaction():
        await limits.hold_address(address)
        await limits.count_asking(address, network, is_known=False, now=now)
        await execute(
            "INSERT INTO bookings_request (session_id, email, name, agency_id, agency_typed, job_role, mode, nonce, token_hash, created_at,"
            " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            wish.session_id, address, wish.name.strip(), wish.agency_id, wish.agency_typed.strip(), wish.job_role, wish.mode, nonce,
            hash_token(token), now, now + LASTS,
        )  # fmt: skip
        at = local(session.starts_at)
        await queue_letter(
            Letter(
                key=f"finish-booking-{row_ref}",
                template="finish_booking",
                to=Recipient(address=address, name=wish.name.strip()),
                priority=Priority.SIGN_IN,
                context={"title": session.title, "date": f"{at:%A} {at.day} {at:%B %Y}", "minutes": int(LASTS.total_seconds()) // 60},
                tokens={"booking_token": (TOKEN_PURPOSE, row_ref, nonce)},
                expires_at=now + LASTS,
                session_id=session.id,
            ),
            now=now,
        )


async def wish_of(token: str, *, now: datetime) -> WishRow | None:
    """The wish behind a letter's link; looking consumes nothing, since mail scanners look too."""
    found = await rows(
        "SELECT r.id, r.session_id, r.email, r.expires_at, r.used_at, s.ref, s.starts_at,"
        " CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title"
        " FROM bookings_request r JOIN programme_session s ON s.id = r.session_id JOIN programme_course c ON c.id = s.course_id"
        " WHERE r.token_hash = ?",
        hash_token(token),
        instants=("expires_at", "used_at", "starts_at"),
    )
    if not found:
        return None
    row = found[0]
    return WishRow(
        id=row["id"],
        session_id=row["session_id"],
        session_ref=row["ref"],
        title=row["title"],
        starts_at=row["starts_at"],
        email=row["email"],
        is_used=row["used_at"] is not None,
        has_run_out=now > row["expires_at"],
    )


async def finish_booking(token: str, *, joins_list: bool = False, browser: Browser, now: datetime) -> Finished:
    """Sign in and book (or join the list) in one transaction; the link works once, and not at all when the booking is refused.

    A refusal for want of places leaves the link usable, so that the same page can offer the waiting list.
    """
    async with transaction():
        found = await rows(
            "UPDATE bookings_request SET used_at = ? WHERE token_hash = ? AND used_at IS NULL AND expires_at >= ?"
            " RETURNING session_id, email, name, agency_id, agency_typed, job_role, mode",
            now,
            hash_token(token),
            now,
        )
        if not found:
            raise Refused("This link has been used or has run out. Start the booking again from the session's page.", code="link")
        wish = found[0]
        person = await find_or_create_person(wish["email"], wish["name"], now=now)
        viewer = Viewer(person_id=person.id)
        if person.is_new:
            await _start_post(person.id, wish, by=viewer, now=now)
        posts = await rows(
            "SELECT agency_id FROM people_position WHERE person_id = ? AND (ends_on IS NULL OR ends_on >= ?) ORDER BY id LIMIT 1",
            person.id,
            today_of(now),
        )
        order = BookPlace(
            session_id=wish["session_id"],
            learner_id=person.id,
            agency_id=posts[0]["agency_id"] if posts else None,
            mode=wish["mode"],
        )
        plan = await looking.look_first(order, by=viewer, now=now)
        if isinstance(plan, steps.Booked):
            booked = plan
        elif joins_list:
            booked = await join_in_transaction(plan, by=viewer, now=now)
        else:
            booked = await confirm_in_transaction(plan, by=viewer, now=now)
        sign_in = await open_sign_in(person.id, browser=browser, now=now)
    return Finished(booked=booked, sign_in=sign_in)


async def _start_post(person_id: int, wish: dict[str, object], *, by: Viewer, now: datetime) -> None:
    agency_id = wish["agency_id"]
    if agency_id is None and wish["agency_typed"]:
        agency_id = await suggest_agency(str(wish["agency_typed"]), suggested_by=person_id, now=now, by=by)
    if agency_id is not None:
        job_role = str(wish["job_role"]) or "multi_agency"
        await start_position(person_id, int(str(agency_id)), job_role, by=by, now=now)
