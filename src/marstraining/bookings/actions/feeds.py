"""The address of a personal feed: made, changed, stopped; only a hash of its token is kept."""

from datetime import datetime, timedelta

from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.tokens import hash_token, new_token
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.people.actions.limits import check_and_count

_UNUSED = timedelta(days=180)
_USE_NOTED_EVERY = timedelta(hours=12)
_FETCHES_AN_HOUR = 60


@frozen
class FeedOwner:
    """Whose feed a token opens."""

    id: int


async def rotate_feed(person_id: int, *, by: Viewer, now: datetime) -> str:
    """A new address for a person's feed; the old one stops at once. The token is given back this once and stored nowhere."""
    token = new_token()
    async with transaction():
        await execute("UPDATE bookings_calendar_token SET ended_at = ? WHERE person_id = ? AND ended_at IS NULL", now, person_id)
        await execute(
            "INSERT INTO bookings_calendar_token (person_id, token_hash, created_at) VALUES (?, ?, ?)", person_id, hash_token(token), now
        )
        await record("feed.rotated", by=by, now=now, subject_kind="person", subject_id=person_id)
    return token


async def stop_feed(person_id: int, *, by: Viewer, now: datetime) -> None:
    """End the feed's address for good."""
    async with transaction():
        await execute("UPDATE bookings_calendar_token SET ended_at = ? WHERE person_id = ? AND ended_at IS NULL", now, person_id)
        await record("feed.stopped", by=by, now=now, subject_kind="person", subject_id=person_id)


async def has_feed(person_id: int) -> bool:
    """Whether a person has a feed address that works."""
    return bool(await rows("SELECT 1 AS one FROM bookings_calendar_token WHERE person_id = ? AND ended_at IS NULL LIMIT 1", person_id))


async def feed_owner(token: str, *, now: datetime) -> FeedOwner:
    """Whose feed this token opens. NotFound for one that was changed, unused for 180 days, or whose account is closed.

    TooFast over 60 fetches an hour. The use is noted at most twice a day, so that a feed that is read is a feed that is not written.
    """
    found = await rows(
        "SELECT t.id, t.person_id, t.created_at, t.last_used_at FROM bookings_calendar_token t JOIN people_person p ON p.id = t.person_id"
        " WHERE t.token_hash = ? AND t.ended_at IS NULL AND p.state IN ('active', 'left')",
        hash_token(token),
        instants=("created_at", "last_used_at"),
    )
    if not found:
        raise NotFound
    row = found[0]
    last = row["last_used_at"] or row["created_at"]
    if now - last > _UNUSED:
        raise NotFound
    await check_and_count(
        "feed",
        str(row["id"]),
        most=_FETCHES_AN_HOUR,
        within=timedelta(hours=1),
        sentence="This calendar has been fetched many times in the last hour.",
        now=now,
    )
    if row["last_used_at"] is None or now - last > _USE_NOTED_EVERY:
        await execute("UPDATE bookings_calendar_token SET last_used_at = ? WHERE id = ?", now, row["id"])
    return FeedOwner(id=row["person_id"])
