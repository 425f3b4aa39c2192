"""Confirm it is you: a code to one's own address, answered in the browser that is signed in (security.md 1)."""

from datetime import datetime, timedelta

from marstraining.core import db
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import hash_token, new_token
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people import rules
from marstraining.people.actions import limits
from marstraining.people.actions.challenges import Answered, Challenge, answer_code, put_challenge


@frozen
class RenewedSignIn:
    """A sign-in with a new token, for the browser's cookie; `lasts` is None where the cookie ends with the browser."""

    token: str
    lasts: timedelta | None


async def ask_to_confirm(*, to_second: bool = False, sign_in_token: str, network: str, device: str, by: Viewer, now: datetime) -> bool:
    """Send a code to one's own address, first or second; whether one was sent, which within a minute of the last it is not.

    The challenge hangs on the sign-in by its token, so that no other browser can answer it. Limits, tries and what is stored are
    those of signing in. Refuses an account without such an address; raises TooFast over the limits.
    """
    address = await _own_address(by, is_second=to_second)
    await limits.check_limits(address, network, now=now)
    async with db.transaction():
        # Held first, so that two presses at once send one letter.
        await limits.hold_address(address)
        if await _asked_lately(address, sign_in_token, now=now):
            return False
        asked = await put_challenge(address, rules.CONFIRM, lasts=rules.CODE_LASTS, network=network, cookie_token=sign_in_token, now=now)
        await queue_letter(_letter(address, asked, device=device, now=now), now=now)
    return True


async def _own_address(by: Viewer, *, is_second: bool) -> str:
    found = await db.rows("SELECT email, second_email FROM people_person WHERE id = ?", by.person_id or 0)
    address = found[0]["second_email" if is_second else "email"] if found else None
    if not address:
        raise Refused("There is no email address of yours to send a code to. Contact the training team.", code="address")
    return str(address)


async def _asked_lately(address: str, sign_in_token: str, *, now: datetime) -> bool:
    return bool(
        await db.rows(
            "SELECT id FROM people_challenge WHERE cookie_hash = ? AND purpose = ? AND address = ? AND used_at IS NULL"
            " AND created_at > ? AND code_tries < ?",
            hash_token(sign_in_token),
            rules.CONFIRM.word,
            address,
            now - rules.ASK_AGAIN_AFTER,
            rules.CODE_TRIES,
        )
    )


def _letter(address: str, asked: Challenge, *, device: str, now: datetime) -> Letter:
    return Letter(
        key=f"confirm-{asked.ref}",
        template="confirm_it_is_you",
        to=Recipient(address=address, name=asked.account.name, person_id=asked.account.person_id),
        priority=Priority.SIGN_IN,
        context={"name": asked.account.name, "device": device, "code_minutes": rules.CODE_LASTS // timedelta(minutes=1)},
        tokens={"code": asked.tokens["code"]},
        expires_at=now if asked.is_over else now + rules.CODE_LASTS,
    )


async def confirm_identity(code: str, *, sign_in_token: str, network: str, by: Viewer, now: datetime) -> RenewedSignIn:
    """Confirm by the code; the sign-in gets a new token and its old one is worth nothing (security.md 3).

    Refuses what `answer_code` hands back; TooFast once the network failed too often.
    """
    await limits.check_network(network, now=now)
    async with db.transaction():
        answered = await answer_code(code, rules.CONFIRM, cookie_token=sign_in_token, network=network, now=now)
        if isinstance(answered, Answered):
            return await _renew(answered, sign_in_token, by=by, now=now)
    raise answered


async def _renew(answered: Answered, sign_in_token: str, *, by: Viewer, now: datetime) -> RenewedSignIn:
    token = new_token()
    renewed = await db.rows(
        "UPDATE people_sign_in SET token_hash = ?, stepped_up_at = ?, last_seen_at = ? WHERE token_hash = ? AND person_id = ?"
        " AND ended_at IS NULL RETURNING expires_at, is_shared",
        hash_token(token),
        now,
        now,
        hash_token(sign_in_token),
        by.person_id if answered.person_id == by.person_id else 0,
        instants=("expires_at",),
    )
    if not renewed:
        raise NotFound
    await record("confirm_identity", by=by, now=now, subject_kind="person", subject_id=by.person_id, detail={"sign_in": by.sign_in_id})
    return RenewedSignIn(token, None if renewed[0]["is_shared"] else renewed[0]["expires_at"] - now)
