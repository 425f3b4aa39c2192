"""Asking for a letter that signs one in, and minting a link for support."""

from datetime import datetime, timedelta
from urllib.parse import urljoin

from marstraining.core import config, db
from marstraining.core.clock import local
from marstraining.core.errors import Refused
from marstraining.core.tokens import hash_token, new_nonce, new_token
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people import rules
from marstraining.people.actions import limits
from marstraining.people.actions.challenges import Challenge, account_of, insert_challenge, put_challenge


async def ask_for_sign_in(address: str, *, next_path: str, network: str, cookie_token: str | None, now: datetime) -> str:
    """Write a challenge and queue its letter; the value is the token for the browser's challenge cookie (`cookie_token` if it has one).

    `address` is as `rules.normal_address` gives it. Known or not, an address costs the same statements, and one letter. An unknown
    address gets at most one neutral letter a day. The eleventh challenge of an account within the hour (by way of its second
    address) is written dead and its letter expires unsent. Raises TooFast over the limits of security.md 5.
    """
    await limits.check_limits(address, network, now=now)
    lasts = timedelta(minutes=config.current().sign_in_minutes)
    async with db.transaction():
        asked = await put_challenge(
            address, rules.SIGN_IN, lasts=lasts, network=network, cookie_token=cookie_token, next_path=next_path, now=now
        )
        known = asked.account.person_id is not None
        await queue_letter(
            _sign_in_letter(address, asked, lasts=lasts, now=now) if known else _no_account_letter(address, now=now), now=now
        )
    return asked.cookie


def _sign_in_letter(address: str, asked: Challenge, *, lasts: timedelta, now: datetime) -> Letter:
    return Letter(
        key=f"sign-in-{asked.ref}",
        template="sign_in",
        to=Recipient(address=address, name=asked.account.name, person_id=asked.account.person_id),
        priority=Priority.SIGN_IN,
        context={
            "name": asked.account.name,
            "link_minutes": lasts // timedelta(minutes=1),
            "code_minutes": rules.CODE_LASTS // timedelta(minutes=1),
        },
        tokens=asked.tokens,
        expires_at=now if asked.is_over else now + lasts,
    )


def _no_account_letter(address: str, *, now: datetime) -> Letter:
    return Letter(
        key=f"no-account-{limits.address_key(address)[:40]}-{local(now).date().isoformat()}",
        template="no_account",
        to=Recipient(address=address, name=""),
        priority=Priority.SIGN_IN,
        expires_at=now + timedelta(hours=1),
    )


async def mint_sign_in_link(
    email: str, *, by: Viewer, now: datetime, is_reusable: bool = False, lasts: timedelta = rules.MINTED_LASTS, next_path: str = ""
) -> str:
    """A link that signs `email` in from any browser, once, within 15 minutes; for support by telephone and for the demo.

    The demo's links are reusable. Refuses an address without an account. The link is in history, its token nowhere.
    """
    address = rules.normal_address(email)
    account = await account_of(address, now=now)
    if account.person_id is None:
        raise Refused(f"Nobody has the email address {address}.", code="unknown", field="email")
    token = new_token()
    async with db.transaction():
        await insert_challenge(
            address, account.person_id, rules.SIGN_IN.word, new_nonce(), hash_token(token), "", "", rules.own_path(next_path),
            is_reusable, now, now + lasts, now,
        )  # fmt: skip
        await record("mint_sign_in_link", by=by, now=now, subject_kind="person", subject_id=account.person_id)
    return urljoin(f"{config.current().base_url}/", f"sign-in/l/{token}")
