"""Following a course for its new dates, stopping it, and the daily letter."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any

from marstraining.core import config
from marstraining.core.clock import from_wall, local
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.tokens import derive_token, hash_token, new_nonce
from marstraining.core.viewer import Viewer
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient

PURPOSE = "stop-new-dates"
# Once a day, in the morning: somebody who follows ten courses should not get ten letters when a year's programme appears.
_SENT_AT = time(8)
_MOST_DATES = 60


async def follow_course(course_id: int, *, by: Viewer, now: datetime) -> bool:
    """Tell the person asking about dates of a course that are published from now on. False when they follow it already."""
    if by.person_id is None:
        raise NotFound
    async with transaction():
        made = await rows(
            "INSERT INTO bulletins_subscription (person_id, course_id, nonce, told_until, created_at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING RETURNING id, nonce",
            by.person_id,
            course_id,
            new_nonce(),
            now,
            now,
        )
        for row in made:
            await _write_hash(row["id"], row["nonce"])
    return bool(made)


async def stop_following(course_id: int, *, by: Viewer, now: datetime) -> bool:
    """Stop the letters about a course. False when there were none to stop."""
    ended = await execute(
        "UPDATE bulletins_subscription SET ended_at = ? WHERE person_id = ? AND course_id = ? AND ended_at IS NULL",
        now,
        by.person_id,
        course_id,
    )
    return ended > 0


async def stop_by_token(token: str, *, course_id: int | None, now: datetime) -> int:
    """Stop the letters about one course, or about all, of whoever got this link; how many were stopped.

    The link goes on working after it has been used, so that pressing it twice is no error. NotFound for a link that never was.
    """
    found = await rows("SELECT person_id FROM bulletins_subscription WHERE token_hash = ?", hash_token(token))
    if not found:
        raise NotFound
    which, params = ("", ()) if course_id is None else (" AND course_id = ?", (course_id,))
    return await execute(
        f"UPDATE bulletins_subscription SET ended_at = ? WHERE person_id = ? AND ended_at IS NULL{which}",
        now,
        found[0]["person_id"],
        *params,
    )


async def tell_new_dates(*, now: datetime) -> int:
    """Write the daily letter to everyone whose courses got new public dates; the worker's job. How many letters it wrote.

    Dates published until the last 8am count; safe to run twice and in many workers, and made up for after a stop.
    """
    due = _last_morning(now)
    found = await rows(
        "SELECT b.id, b.person_id, b.nonce, p.email, p.name, c.title AS course, s.ref, s.starts_at, s.delivery, v.name AS venue "
        "FROM bulletins_subscription b JOIN people_person p ON p.id = b.person_id JOIN programme_course c ON c.id = b.course_id "
        "JOIN programme_session s ON s.course_id = c.id LEFT JOIN programme_venue v ON v.id = s.venue_id "
        "WHERE b.ended_at IS NULL AND b.told_until < ? AND s.published_at > b.told_until AND s.published_at <= ? AND s.starts_at > ? "
        "AND s.state = 'published' AND CASE WHEN s.access = '' THEN c.access ELSE s.access END = 'public' "
        "AND p.state = 'active' AND p.email IS NOT NULL ORDER BY b.person_id, c.title, s.starts_at, s.id",
        due,
        due,
        now,
        instants=("starts_at",),
    )
    written = 0
    for person_id, dates in groupby(found, key=lambda row: int(row["person_id"])):
        written += await _tell(person_id, list(dates), due=due, now=now)
    return written


async def _tell(person_id: int, dates: Sequence[dict[str, Any]], *, due: datetime, now: datetime) -> int:
    first = dates[0]
    async with transaction():
        # Whoever moves `told_until` writes the letter; a second worker finds nothing left to move.
        moved = await execute(
            "UPDATE bulletins_subscription SET told_until = ? WHERE person_id = ? AND ended_at IS NULL AND told_until < ?",
            due,
            person_id,
            due,
        )
        if not moved:
            return 0
        await _write_hash(first["id"], first["nonce"])
        await queue_letter(
            Letter(
                key=f"new-dates-{person_id}-{local(due):%Y-%m-%d}",
                template="new_dates",
                to=Recipient(address=first["email"], name=first["name"], person_id=person_id),
                priority=Priority.BULLETIN,
                context={"name": first["name"], "courses": _by_course(dates), "count": len(dates)},
                expires_at=max(row["starts_at"] for row in dates),
                unsubscribe=(PURPOSE, first["id"], first["nonce"]),
            ),
            now=now,
        )
    return 1


def _by_course(dates: Sequence[dict[str, Any]]) -> list[dict[str, object]]:
    return [
        {"title": title, "dates": [_date(row) for row in rows_of]}
        for title, rows_of in groupby(dates[:_MOST_DATES], key=lambda row: str(row["course"]))
    ]


def _date(row: dict[str, Any]) -> dict[str, str]:
    at = local(row["starts_at"])
    place = "online" if row["delivery"] == "online" else row["venue"] or "venue to be confirmed"
    return {"when": f"{at:%A} {at.day} {at:%B %Y}, {at:%H:%M}", "place": place, "path": f"/sessions/{row['ref']}"}


def _last_morning(now: datetime) -> datetime:
    wall = local(now)
    day = wall.date() if wall.time() >= _SENT_AT else wall.date() - timedelta(days=1)
    return from_wall(day, _SENT_AT)


async def _write_hash(subscription_id: int, nonce: str) -> None:
    """Keep the look-up of the link true to the present key, which may have been changed since the last letter."""
    token = derive_token(config.current().secret_key, PURPOSE, subscription_id, nonce)
    await execute("UPDATE bulletins_subscription SET token_hash = ? WHERE id = ?", hash_token(token), subscription_id)
