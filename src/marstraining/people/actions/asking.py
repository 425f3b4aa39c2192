"""Asking for a letter that signs one in, and minting a link for support."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin

from marstraining.core import config, db
from marstraining.core.clock import local
from marstraining.core.errors import Refused
from marstraining.core.tokens import derive_code, derive_token, hash_token, new_nonce, new_ref, new_token
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people import rules
from marstraining.people.actions import limits

LINK = "sign_in"
CODE = "sign_in_code"


@dataclass(frozen=True, slots=True)
class _Account:
    """Who an address belongs to; all empty where nobody has it."""

    person_id: int | None = None
    name: str = ""
    challenges: int = 0


async def ask_for_sign_in(address: str, *, next_path: str, network: str, cookie_token: str | None, now: datetime) -> str:
    """Write a challenge and queue its letter; the value is the token for the browser's challenge cookie (`cookie_token` if it has one).

    `address` is as `rules.normal_address` gives it. Known or not, an address costs the same statements on the same tables
    (a look-up, the counts, two attempts, a challenge, the cap on live links, one letter), so neither the answer nor its time
    tells who has an account (security.md 1). An unknown address gets at most one neutral letter a day. The eleventh challenge
    of an account within the hour (by way of its second address) is written dead and its letter expires unsent.
    Raises TooFast over the limits of security.md 5.
    """
    account = await _account_of(address, now=now)
    await limits.check_limits(address, network, now=now)
    cookie = cookie_token or new_token()
    async with db.transaction():
        await limits.hold_address(address)
        await limits.check_limits(address, network, now=now)
        await limits.count_asking(address, network, is_known=account.person_id is not None, now=now)
        await _challenge(address, account, next_path=next_path, cookie=cookie, now=now)
    return cookie


async def _account_of(address: str, *, now: datetime) -> _Account:
    found = await db.rows(
        "SELECT person.id, person.name, (SELECT count(*) FROM people_challenge asked"
        " WHERE asked.person_id = person.id AND asked.created_at > ? AND asked.cookie_hash <> '') AS challenges"
        " FROM people_person person WHERE (person.email = ? OR person.second_email = ?) AND person.state IN ('active', 'left')",
        now - timedelta(hours=1),
        address,
        address,
    )
    return _Account(found[0]["id"], found[0]["name"], found[0]["challenges"]) if found else _Account()


async def _challenge(address: str, account: _Account, *, next_path: str, cookie: str, now: datetime) -> None:
    key = config.current().secret_key
    ref, nonce = new_ref(), new_nonce()
    token_hash = hash_token(derive_token(key, LINK, ref, nonce))
    code_mac = mac_of_code(derive_code(key, CODE, ref, nonce, rules.CODE_DIGITS), token_hash)
    is_over = account.challenges >= rules.CHALLENGES_AN_HOUR
    await db.execute(
        "INSERT INTO people_challenge (address, person_id, nonce, token_hash, cookie_hash, code_mac, code_tries, next_path, is_reusable,"
        " created_at, link_expires_at, code_expires_at) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
        address,
        None if is_over else account.person_id,
        nonce,
        token_hash,
        hash_token(cookie),
        code_mac,
        rules.own_path(next_path),
        False,
        now,
        now + rules.LINK_LASTS,
        now + rules.CODE_LASTS,
    )
    await db.execute(
        "UPDATE people_challenge SET used_at = ? WHERE address = ? AND used_at IS NULL AND cookie_hash <> '' AND id NOT IN"
        " (SELECT id FROM people_challenge WHERE address = ? AND cookie_hash <> '' ORDER BY id DESC LIMIT ?)",
        now,
        address,
        address,
        rules.LIVE_LINKS,
    )
    if account.person_id is None:
        await queue_letter(_no_account_letter(address, now=now), now=now)
    else:
        await queue_letter(_sign_in_letter(address, account, ref, nonce, expires_at=now if is_over else now + rules.LINK_LASTS), now=now)


def _sign_in_letter(address: str, account: _Account, ref: str, nonce: str, *, expires_at: datetime) -> Letter:
    return Letter(
        key=f"sign-in-{ref}",
        template="sign_in",
        to=Recipient(address=address, name=account.name, person_id=account.person_id),
        priority=Priority.SIGN_IN,
        context={
            "name": account.name,
            "link_minutes": int(rules.LINK_LASTS.total_seconds()) // 60,
            "code_minutes": int(rules.CODE_LASTS.total_seconds()) // 60,
        },
        tokens={"link_token": (LINK, ref, nonce), "code": (CODE, ref, nonce)},
        expires_at=expires_at,
    )


def _no_account_letter(address: str, *, now: datetime) -> Letter:
    return Letter(
        key=f"no-account-{limits.address_key(address)[:40]}-{local(now).date().isoformat()}",
        template="no_account",
        to=Recipient(address=address, name=""),
        priority=Priority.SIGN_IN,
        expires_at=now + timedelta(hours=1),
    )


def mac_of_code(code: str, token_hash: str) -> str:
    """What is stored of a code: an HMAC under the server's key, bound to its challenge (ASVS 6.5.2)."""
    return derive_token(config.current().secret_key, CODE, token_hash, code)


async def mint_sign_in_link(
    email: str, *, by: Viewer, now: datetime, is_reusable: bool = False, lasts: timedelta = rules.LINK_LASTS, next_path: str = ""
) -> str:
    """A link that signs `email` in from any browser, once, within 15 minutes; for support by telephone and for the demo.

    The demo's links are reusable. Refuses an address without an account. The link is in history, its token nowhere.
    """
    address = rules.normal_address(email)
    account = await _account_of(address, now=now)
    if account.person_id is None:
        raise Refused(f"Nobody has the email address {address}.", code="unknown", field="email")
    token = new_token()
    async with db.transaction():
        await db.execute(
            "INSERT INTO people_challenge (address, person_id, nonce, token_hash, cookie_hash, code_mac, code_tries, next_path,"
            " is_reusable, created_at, link_expires_at, code_expires_at) VALUES (?, ?, ?, ?, '', '', 0, ?, ?, ?, ?, ?)",
            address,
            account.person_id,
            new_nonce(),
            hash_token(token),
            rules.own_path(next_path),
            is_reusable,
            now,
            now + lasts,
            now,
        )
        await record("mint_sign_in_link", by=by, now=now, subject_kind="person", subject_id=account.person_id)
    return urljoin(f"{config.current().base_url}/", f"sign-in/l/{token}")
