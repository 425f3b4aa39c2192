"""Following a course for its new dates, and stopping it."""

from datetime import datetime

from marstraining.bulletins.actions.links import write_course_hash
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.tokens import new_nonce
from marstraining.core.viewer import Viewer


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
            await write_course_hash(row["id"], row["nonce"])
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
