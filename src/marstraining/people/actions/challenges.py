"""Challenges: what stands behind a letter with a link and a code, until the browser that asked, or the code, answers it (security.md 1)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from marstraining.core import config, db
from marstraining.core.errors import Refused
from marstraining.core.tokens import derive_code, derive_token, hash_token, new_nonce, new_ref, new_token, same
from marstraining.core.values import frozen
from marstraining.people import rules
from marstraining.people.actions import limits

CODE = "sign_in_code"
_COLUMNS = (
    "address, person_id, purpose, nonce, token_hash, cookie_hash, code_mac, next_path, is_reusable, created_at, link_expires_at,"
    " code_expires_at, code_tries"
)

_NEEDS_CODE = "Enter the code from the same email."
_SPENT = "This link has been used or has run out. Ask for a new one."
_WRONG = "That code is not right. Check the latest email we sent you."
_NO_CODE = "That code has run out, or was typed wrongly too often. Ask for a new email."


@frozen
class Account:
    """Who an address belongs to, and how many challenges they asked for within the hour; all empty where nobody has it."""

    person_id: int | None = None
    name: str = ""
    challenges: int = 0


@frozen
class Challenge:
    """A challenge just written, for its letter: `cookie` is the token that ties it to the browser that asked.

    `is_over` says that the account had its ten of this hour: nothing answers this one, and its letter is not to be sent.
    """

    id: int
    account: Account
    ref: str
    cookie: str
    tokens: Mapping[str, tuple[str, int | str, str]]
    is_over: bool


@frozen
class Answered:
    """A challenge that was answered: whoever did reads the mail of `address`, which `person_id` had when it was asked."""

    id: int
    address: str
    person_id: int | None
    next_path: str


async def account_of(address: str, *, now: datetime) -> Account:
    """The account that an address, first or second, can open."""
    found = await db.rows(
        "SELECT person.id, person.name, (SELECT count(*) FROM people_challenge asked"
        " WHERE asked.person_id = person.id AND asked.created_at > ? AND asked.cookie_hash <> '') AS challenges"
        " FROM people_person person WHERE (person.email = ? OR person.second_email = ?) AND person.state IN ('active', 'left')",
        now - timedelta(hours=1),
        address,
        address,
    )
    return Account(found[0]["id"], found[0]["name"], found[0]["challenges"]) if found else Account()


async def put_challenge(
    address: str, purpose: rules.Purpose, *, lasts: timedelta, network: str, cookie_token: str | None, next_path: str = "", now: datetime
) -> Challenge:
    """Write a challenge, first thing in the caller's transaction; its letter is the caller's to queue.

    `address` is as `rules.normal_address` gives it. Known or not, it costs the same statements on the same tables, so that neither
    an answer nor its time tells who has an account. Of an address's challenges the newest three live. Raises TooFast over the
    limits of security.md 5.
    """
    await limits.hold_address(address)
    account = await account_of(address, now=now)
    await limits.check_limits(address, network, now=now)
    await limits.count_asking(address, network, is_known=account.person_id is not None, now=now)
    is_over = account.challenges >= rules.CHALLENGES_AN_HOUR
    ref, nonce, cookie = new_ref(), new_nonce(), cookie_token or new_token()
    key = config.current().secret_key
    # Over the limit it is written with another nonce than its letter's, so that no guess can ever be right.
    answer = new_nonce() if is_over else nonce
    token_hash = hash_token(derive_token(key, purpose.word, ref, answer))
    challenge_id = await insert_challenge(
        address,
        None if is_over else account.person_id,
        purpose.word,
        answer,
        token_hash,
        hash_token(cookie),
        _mac_of_code(derive_code(key, CODE, ref, answer, rules.CODE_DIGITS), token_hash),
        rules.own_path(next_path),
        False,
        now,
        now + lasts,
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
    tokens = {"link_token": (purpose.word, ref, nonce), "code": (CODE, ref, nonce)}
    return Challenge(challenge_id, account, ref, cookie, tokens, is_over)


async def insert_challenge(*values: object) -> int:
    """Write a row with the values of `_COLUMNS`, and no try made yet; the value is its id."""
    made = await db.rows(f"INSERT INTO people_challenge ({_COLUMNS}) VALUES ({'?, ' * len(values)}0) RETURNING id", *values)
    return int(made[0]["id"])


async def answer_link(token: str, purpose: rules.Purpose, *, cookie_token: str | None, now: datetime) -> Answered:
    """Answer a challenge by its link from the browser that asked, once, inside the caller's transaction; all others of the address die.

    Refuses with code "needs_code" in another browser, consuming nothing, so that a mail scanner which presses the button gains
    nothing and destroys nothing; with "spent" when the link was used, has run out or never was.
    """
    is_live = f"token_hash = ? AND purpose = ? AND used_at IS NULL AND link_expires_at > ?{_for_whom(purpose)}"
    values = (hash_token(token), purpose.word, now)
    taken = await db.rows(
        f"UPDATE people_challenge SET used_at = CASE WHEN is_reusable THEN used_at ELSE ? END WHERE {is_live}"
        " AND (cookie_hash = '' OR cookie_hash = ?) RETURNING id, address, person_id, next_path",
        now,
        *values,
        hash_token(cookie_token or ""),
    )
    if taken:
        return await _answered(taken[0], now=now)
    if await db.rows(f"SELECT id FROM people_challenge WHERE {is_live}", *values):
        raise Refused(_NEEDS_CODE, code="needs_code", field="code")
    raise Refused(_SPENT, code="spent")


async def answer_code(
    code: str, purpose: rules.Purpose, *, token: str | None = None, cookie_token: str | None, network: str, now: datetime
) -> Answered | Refused:
    """Answer by the 8-digit code, inside the caller's transaction: of the link that was opened (`token`), or of this browser's challenges.

    Of a browser's challenges those of the address it typed last count, so that one guess is not tried on many. Every call costs
    each challenge in question one of its five tries, wrong or right, in one statement, so that parallel guesses do not get more. A
    refusal ("wrong_code", "no_code") is handed back, not raised, since the tries must be kept: the caller raises it after its
    transaction.
    """
    which, values = "token_hash = ?", [hash_token(token or "")]
    if not token:
        which = (
            "cookie_hash = ? AND address ="
            " (SELECT address FROM people_challenge WHERE cookie_hash = ? AND purpose = ? ORDER BY id DESC LIMIT 1)"
        )
        values = [hash_token(cookie_token or "")] * 2 + [purpose.word]
    typed = rules.code_digits(code)
    tried = await db.rows(
        f"UPDATE people_challenge SET code_tries = code_tries + 1 WHERE {which} AND purpose = ? AND used_at IS NULL"
        " AND code_expires_at > ? AND code_tries < ? AND cookie_hash <> ''"
        " RETURNING id, address, person_id, next_path, token_hash, code_mac",
        *values,
        purpose.word,
        now,
        rules.CODE_TRIES,
    )
    right = [row for row in tried if same(row["code_mac"], _mac_of_code(typed, row["token_hash"]))]
    for row in right:
        taken = f"UPDATE people_challenge SET used_at = ? WHERE id = ? AND used_at IS NULL{_for_whom(purpose)}"
        if await db.execute(taken, now, row["id"]):
            return await _answered(row, now=now)
    await limits.count_failed_code(network, now=now)
    return Refused(_WRONG if tried else _NO_CODE, code="wrong_code" if tried else "no_code", field="code")


def _for_whom(purpose: rules.Purpose) -> str:
    """Whose challenge counts: signing in is for who had an account when they asked."""
    return "" if purpose.is_for_newcomers else " AND person_id IS NOT NULL"


def _mac_of_code(code: str, token_hash: str) -> str:
    """What is stored of a code: an HMAC under the server's key, bound to its challenge (ASVS 6.5.2)."""
    return derive_token(config.current().secret_key, CODE, token_hash, code)


async def _answered(row: Mapping[str, Any], *, now: datetime) -> Answered:
    answered = Answered(row["id"], row["address"], row["person_id"], row["next_path"])
    await drop_challenges(answered.person_id, address=answered.address, now=now)
    return answered


async def drop_challenges(person_id: int | None, *, address: str = "", now: datetime) -> None:
    """Inside a caller's transaction: kill the unused links of a person and of an address; those of the demo stay."""
    await db.execute(
        "UPDATE people_challenge SET used_at = ? WHERE (person_id = ? OR address = ?) AND used_at IS NULL AND is_reusable = ?",
        now,
        person_id,
        address,
        False,
    )
