"""Counted attempts at signing in, kept in the database so that every process and worker counts together."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from marstraining.core import db
from marstraining.core.errors import TooFast
from marstraining.core.tokens import hash_token
from marstraining.people import rules

_log = structlog.get_logger(__name__)

ASKED = "asked"
UNKNOWN = "unknown"
KNOWN = "known"


def address_key(address: str) -> str:
    """What stands for an address in the counts; the address itself is not kept there."""
    return hash_token(f"address:{address}")


def network_key(network: str) -> str:
    """What stands for a network in the counts."""
    return hash_token(f"network:{network}")


async def check_limits(address: str, network: str, *, now: datetime) -> None:
    """Raise TooFast where this address or this network asked too often. Reads only; whether the address is known plays no part."""
    wait = await _wait(ASKED, address_key(address), rules.ADDRESS_LIMITS, now=now)
    if wait:
        raise TooFast(
            "You have asked for an email with a code several times. Use the latest one, or wait before asking again.", retry_after=wait
        )
    await check_network(network, now=now)


async def check_network(network: str, *, now: datetime) -> None:
    """Raise TooFast where this network failed too often (unknown addresses and wrong codes), and say so in the log."""
    wait = await _wait(UNKNOWN, network_key(network), rules.NETWORK_LIMITS, now=now)
    if wait:
        _log.warning("too many failed sign-ins from one network", network=network_key(network)[:12], wait=wait)
        raise TooFast("There were too many failed tries from your network. Wait before trying again.", retry_after=wait)


async def _wait(kind: str, key: str, allowed: Sequence[tuple[timedelta, int]], *, now: datetime) -> int:
    """Seconds until one more attempt is allowed."""
    earlier = await db.rows(
        "SELECT at FROM people_attempt WHERE kind = ? AND key = ? AND at > ? ORDER BY at DESC LIMIT ?",
        kind,
        key,
        now - max(window for window, _ in allowed),
        max(number for _, number in allowed),
        instants=("at",),
    )
    return rules.wait_for([row["at"] for row in earlier], allowed, now=now)


async def count_asking(address: str, network: str, *, is_known: bool, now: datetime) -> None:
    """Count one request for a letter: always two rows in one statement, so that a known address costs what an unknown one does."""
    await db.execute(
        "INSERT INTO people_attempt (kind, key, at) VALUES (?, ?, ?), (?, ?, ?)",
        ASKED,
        address_key(address),
        now,
        KNOWN if is_known else UNKNOWN,
        network_key(network),
        now,
    )


async def count_failed_code(network: str, *, now: datetime) -> None:
    """Count one wrong code against its network."""
    await db.execute("INSERT INTO people_attempt (kind, key, at) VALUES (?, ?, ?)", UNKNOWN, network_key(network), now)


async def hold_address(address: str) -> None:
    """Let one request at a time count for this address, until the transaction ends.

    SQLite's BEGIN IMMEDIATE already does that; PostgreSQL would let two requests count the same rows.
    """
    if db.dialect() == "postgres":
        await db.rows("SELECT pg_advisory_xact_lock(hashtext(?))", address_key(address))


async def check_and_count(kind: str, key: str, *, most: int, within: timedelta, sentence: str, now: datetime) -> None:
    """Count one use of something limited, such as fetching a feed. Raises TooFast, and counts nothing, over `most` uses `within` a time."""
    hashed = hash_token(f"{kind}:{key}")
    wait = await _wait(kind, hashed, ((within, most),), now=now)
    if wait:
        raise TooFast(sentence, retry_after=wait)
    await db.execute("INSERT INTO people_attempt (kind, key, at) VALUES (?, ?, ?)", kind, hashed, now)


async def check_failures(kind: str, key: str, *, limit: tuple[int, timedelta], sentence: str, now: datetime) -> None:
    """Raise TooFast where so many of a kind failed within a time. Reads only; `count_failure` counts."""
    wait = await _wait(kind, hash_token(f"{kind}:{key}"), ((limit[1], limit[0]),), now=now)
    if wait:
        raise TooFast(sentence, retry_after=wait)


async def count_failure(kind: str, keys: Sequence[str], *, now: datetime) -> None:
    """Count one failure against each of the keys."""
    values = [value for key in keys for value in (kind, hash_token(f"{kind}:{key}"), now)]
    await db.execute(f"INSERT INTO people_attempt (kind, key, at) VALUES {', '.join(['(?, ?, ?)'] * len(keys))}", *values)
