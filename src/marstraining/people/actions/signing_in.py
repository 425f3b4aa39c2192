"""Redeeming a link or a code, opening a sign-in, ending it."""

from datetime import datetime, timedelta

from marstraining.core import db
from marstraining.core.clock import local
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import hash_token, new_token
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people import rules
from marstraining.people.actions import limits
from marstraining.people.actions.challenges import Answered, answer_code, answer_link, drop_challenges
from marstraining.people.actions.telegram import revoke_telegram


@frozen
class Browser:
    """The browser that signs in: what its owner would call it, the tokens its cookies hold, and the network it comes from.

    `device_token` tells a browser seen before; `old_token` is the sign-in it held so far, which the new one replaces.
    """

    device: str
    network: str = "unknown"
    device_token: str | None = None
    old_token: str | None = None
    is_shared: bool = False


@frozen
class OpenedSignIn:
    """A sign-in just opened: the tokens for the browser's cookies, which are stored nowhere, and where to go next.

    `device_token` is None on a shared computer, which is not to be remembered; `lasts` is None where the cookie ends with
    the browser.
    """

    sign_in_id: int
    person_id: int
    token: str
    device_token: str | None
    lasts: timedelta | None
    next_path: str = ""


async def redeem_link(token: str, *, cookie_token: str | None, browser: Browser, now: datetime) -> OpenedSignIn:
    """Sign in the browser that asked for this link, once; refuses as `answer_link` does."""
    async with db.transaction():
        answered = await answer_link(token, rules.SIGN_IN, cookie_token=cookie_token, now=now)
        return await open_sign_in(answered.person_id or 0, browser=browser, next_path=answered.next_path, now=now)


async def redeem_code(code: str, *, cookie_token: str | None, token: str | None = None, browser: Browser, now: datetime) -> OpenedSignIn:
    """Sign in by the code; refuses what `answer_code` hands back. TooFast once the network failed too often."""
    await limits.check_network(browser.network, now=now)
    async with db.transaction():
        answered = await answer_code(code, rules.SIGN_IN, token=token, cookie_token=cookie_token, network=browser.network, now=now)
        if isinstance(answered, Answered):
            return await open_sign_in(answered.person_id or 0, browser=browser, next_path=answered.next_path, now=now)
    raise answered


async def open_sign_in(person_id: int, *, browser: Browser, next_path: str = "", now: datetime) -> OpenedSignIn:
    """Open a sign-in inside the caller's transaction; a browser not seen before is announced by letter.

    The caller has made sure that it is this person who asks. Refuses a closed account.
    """
    person = await _person_with_roles(person_id)
    life = rules.lifetime(person.roles, is_shared=browser.is_shared)
    if browser.old_token:
        await db.execute(
            "UPDATE people_sign_in SET ended_at = ? WHERE token_hash = ? AND ended_at IS NULL", now, hash_token(browser.old_token)
        )
    token = new_token()
    opened = await db.rows(
        "INSERT INTO people_sign_in (token_hash, person_id, csrf, device, is_shared, created_at, last_seen_at, expires_at, idle_minutes,"
        " stepped_up_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        hash_token(token),
        person_id,
        new_token(),
        browser.device[:120],
        browser.is_shared,
        now,
        now,
        now + life.lasts,
        life.idle_minutes,
        now,
    )
    sign_in_id: int = opened[0]["id"]
    device_token = await _remember_device(person, browser, sign_in_id, now=now)
    await db.execute("UPDATE people_person SET last_signed_in_at = ? WHERE id = ?", now, person_id)
    viewer = Viewer(person_id=person_id, roles=frozenset({Role.LEARNER, *person.roles}))
    await record("sign_in", by=viewer, now=now, subject_kind="person", subject_id=person_id, detail={"sign_in": sign_in_id})
    return OpenedSignIn(sign_in_id, person_id, token, device_token, None if browser.is_shared else life.lasts, next_path)


@frozen
class _Person:
    id: int
    name: str
    email: str | None
    roles: frozenset[Role]
    has_signed_in: bool


async def _person_with_roles(person_id: int) -> _Person:
    found = await db.rows(
        "SELECT person.name, person.email, person.state, person.last_signed_in_at, grant_.role FROM people_person person"
        " LEFT JOIN people_role_grant grant_ ON grant_.person_id = person.id AND grant_.ended_at IS NULL WHERE person.id = ?",
        person_id,
    )
    if not found:
        raise NotFound
    if found[0]["state"] not in {rules.PersonState.ACTIVE, rules.PersonState.LEFT}:
        raise Refused("This account is closed. Contact the training team.", code="closed")
    roles = frozenset(Role(row["role"]) for row in found if row["role"])
    return _Person(person_id, found[0]["name"], found[0]["email"], roles, found[0]["last_signed_in_at"] is not None)


async def _remember_device(person: _Person, browser: Browser, sign_in_id: int, *, now: datetime) -> str | None:
    """Know this browser next time, and announce it by letter unless it is known or this is the person's first sign-in."""
    known = browser.device_token is not None and bool(
        await db.rows("SELECT id FROM people_device WHERE person_id = ? AND token_hash = ?", person.id, hash_token(browser.device_token))
    )
    if person.has_signed_in and not known and person.email:
        await queue_letter(
            Letter(
                key=f"new-device-{sign_in_id}",
                template="new_device",
                to=Recipient(address=person.email, name=person.name, person_id=person.id),
                priority=Priority.CHANGE,
                context={
                    "name": person.name,
                    "device": browser.device,
                    "at": f"{local(now):%H:%M} on {local(now).day} {local(now):%B %Y}",
                    "is_shared": browser.is_shared,
                },
            ),
            now=now,
        )
    if known or browser.is_shared:
        return None if browser.is_shared else browser.device_token
    token = browser.device_token or new_token()
    await db.execute(
        "INSERT INTO people_device (person_id, token_hash, first_seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        person.id,
        hash_token(token),
        now,
    )
    return token


async def touch_sign_in(sign_in_id: int, *, now: datetime) -> None:
    """Note that this sign-in is in use; the caller does so at most once a minute."""
    await db.execute("UPDATE people_sign_in SET last_seen_at = ? WHERE id = ? AND ended_at IS NULL", now, sign_in_id)


async def end_sign_in(sign_in_id: int, *, by: Viewer, now: datetime) -> None:
    """End one sign-in of one's own, or anybody's as the desk; somebody else's is NotFound."""
    async with db.transaction():
        found = await db.rows("SELECT person_id FROM people_sign_in WHERE id = ?", sign_in_id)
        if not found or (found[0]["person_id"] != by.person_id and not rules.keeps_records(by)):
            raise NotFound
        if await db.execute("UPDATE people_sign_in SET ended_at = ? WHERE id = ? AND ended_at IS NULL", now, sign_in_id):
            await record(
                "end_sign_in", by=by, now=now, subject_kind="person", subject_id=found[0]["person_id"], detail={"sign_in": sign_in_id}
            )


async def end_all_sign_ins(person_id: int, *, by: Viewer, now: datetime, but: int | None = None) -> int:
    """End every sign-in of a person, kill their unused links and part their Telegram chat, which acts for the account as they do.

    `but` spares one sign-in. The value is how many ended.
    """
    if by.person_id != person_id and not rules.keeps_records(by):
        raise NotFound
    async with db.transaction():
        ended = await drop_sign_ins(person_id, now=now, but=but)
        await revoke_telegram(person_id, by=by, now=now)
        await record("end_all_sign_ins", by=by, now=now, subject_kind="person", subject_id=person_id, detail={"ended": ended})
    return ended


async def drop_sign_ins(person_id: int, *, now: datetime, but: int | None = None) -> int:
    """Inside a caller's transaction: what `end_all_sign_ins` does, without its row of history (security.md 3)."""
    ended = await db.execute(
        "UPDATE people_sign_in SET ended_at = ? WHERE person_id = ? AND ended_at IS NULL AND id <> ?", now, person_id, but or 0
    )
    await drop_challenges(person_id, now=now)
    return ended


async def forget_sign_in_traces(*, now: datetime) -> int:
    """Delete attempts and spent challenges after a day and ended sign-ins after 30 (security.md 8); the worker calls it hourly."""
    day, month = now - timedelta(days=1), now - timedelta(days=30)
    gone = await db.execute("DELETE FROM people_attempt WHERE at < ?", day)
    gone += await db.execute("DELETE FROM people_challenge WHERE link_expires_at < ?", day)
    gone += await db.execute("DELETE FROM people_address_change WHERE expires_at < ?", day)
    return gone + await db.execute("DELETE FROM people_sign_in WHERE ended_at < ? OR expires_at < ?", month, month)
