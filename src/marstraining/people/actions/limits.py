"""Counted attempts at signing in, kept in the database so that every process and worker counts together."""

from datetime import datetime, timedelta

from marstraining.core import db
from marstraining.core.errors import TooFast
from marstraining.core.tokens import hash_token
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.people import rules

_LONGEST_WINDOW = timedelta(hours=1)

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
    earlier = await db.rows(
        "SELECT kind, at FROM (SELECT kind, at FROM people_attempt WHERE kind = ? AND key = ? AND at > ? ORDER BY at DESC LIMIT 10) asked"
        " UNION ALL SELECT kind, at FROM (SELECT kind, at FROM people_attempt WHERE kind = ? AND key = ? AND at > ?"
        " ORDER BY at DESC LIMIT 200) failed ORDER BY at DESC",
        ASKED,
        address_key(address),
        now - _LONGEST_WINDOW,
        UNKNOWN,
        network_key(network),
        now - _LONGEST_WINDOW,
        instants=("at",),
    )
    wait = max(
        rules.wait_for([row["at"] for row in earlier if row["kind"] == ASKED], rules.ADDRESS_LIMITS, now=now),
        rules.wait_for([row["at"] for row in earlier if row["kind"] == UNKNOWN], rules.NETWORK_LIMITS, now=now),
    )
    if wait:
        raise TooFast(
            "You have asked for a sign-in email several times. Use the latest one, or wait before asking again.", retry_after=wait
        )


async def check_network(network: str, *, now: datetime) -> None:
    """Raise TooFast where this network failed too often (unknown addresses and wrong codes)."""
    earlier = await db.rows(
        "SELECT at FROM people_attempt WHERE kind = ? AND key = ? AND at > ? ORDER BY at DESC LIMIT 200",
        UNKNOWN,
        network_key(network),
        now - _LONGEST_WINDOW,
        instants=("at",),
    )
    wait = rules.wait_for([row["at"] for row in earlier], rules.NETWORK_LIMITS, now=now)
    if wait:
        raise TooFast("There were too many wrong codes from your network. Wait before trying again.", retry_after=wait)


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
    found = await db.rows("SELECT count(*) AS uses FROM people_attempt WHERE kind = ? AND key = ? AND at > ?", kind, hashed, now - within)
    if found[0]["uses"] >= most:
        raise TooFast(sentence, retry_after=int(within.total_seconds()) // 4)
    await db.execute("INSERT INTO people_attempt (kind, key, at) VALUES (?, ?, ?)", kind, hashed, now)


async def count_export(what: str, *, by: Viewer, now: datetime) -> None:
    """Note in history that somebody takes a list away. Raises TooFast over 10 an hour (security.md 5)."""
    async with db.transaction():
        await check_and_count(
            "export",
            str(by.person_id),
            most=10,
            within=timedelta(hours=1),
            sentence="You have taken away ten files within the hour. Wait before taking another.",
            now=now,
        )
        await record(f"export_{what}", by=by, now=now, subject_kind="export", subject_id=None)
