"""What is known of files that were sent in."""

from datetime import datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.uploads.rules import WAITS_AT_MOST, FileState

# Of the training team's concern: what holds a virus and nobody has looked into, and what waits for too long.
INFECTED = "u.state = 'infected' AND u.seen_at IS NULL"
WAITING_LONG = "u.state = 'waiting' AND u.waiting_since < ?"
_OF_CONCERN = f"({INFECTED}) OR ({WAITING_LONG})"


@frozen
class Waiting:
    """Files in quarantine that no scanner has looked at: how many, and since when the oldest waits."""

    number: int
    since: datetime | None


async def waiting() -> Waiting:
    """What waits for the scanner now."""
    found = await rows("SELECT count(*) AS n, min(waiting_since) AS since FROM uploads_file WHERE state = 'waiting'", instants=("since",))
    return Waiting(found[0]["n"], found[0]["since"])


async def count_of_concern(*, now: datetime) -> int:
    """How many files the training team should know of."""
    [counted] = await rows(f"SELECT count(*) AS n FROM uploads_file u WHERE {_OF_CONCERN}", now - WAITS_AT_MOST)
    return int(counted["n"])


async def of_concern(*, now: datetime, limit: int, offset: int) -> list[dict[str, Any]]:
    """Files that the training team should know of, those with a virus first, with who sent each."""
    return await rows(
        "SELECT u.ref, u.file_name, u.purpose, u.state, u.threat, u.at, u.waiting_since, u.scanned_at, u.last_error,"
        " coalesce(p.name, '') AS person, coalesce(p.ref, '') AS person_ref FROM uploads_file u"
        " LEFT JOIN people_person p ON p.id = u.person_id"
        f" WHERE {_OF_CONCERN} ORDER BY CASE u.state WHEN 'infected' THEN 0 ELSE 1 END, u.at DESC, u.id DESC LIMIT ? OFFSET ?",
        now - WAITS_AT_MOST,
        limit,
        offset,
        instants=("at", "waiting_since", "scanned_at"),
    )


async def state_of(stored_as: str) -> FileState | None:
    """What is known of a stored file, None where nothing is."""
    found = await rows("SELECT state FROM uploads_file WHERE stored_as = ?", stored_as)
    return FileState(found[0]["state"]) if found else None
