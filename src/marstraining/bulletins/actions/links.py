"""The link in each letter that stops it: made from a subscription and its nonce, found again by its hash."""

from datetime import datetime

from marstraining.bulletins.queries import OWN_TOPICS, owner_of_token
from marstraining.core import config
from marstraining.core.db import execute, transaction
from marstraining.core.tokens import derive_token, hash_token
from marstraining.core.viewer import Viewer

PURPOSE = "stop-new-dates"
TOPIC_PURPOSE = "stop-topic"


async def write_course_hash(subscription_id: int, nonce: str) -> None:
    """Keep the look-up of the link true to the present key, which may have been changed since the last letter."""
    token = derive_token(config.current().secret_key, PURPOSE, subscription_id, nonce)
    await execute("UPDATE bulletins_subscription SET token_hash = ? WHERE id = ?", hash_token(token), subscription_id)


async def write_topic_hash(subscription_id: int, nonce: str) -> None:
    """The same for a topic's."""
    token = derive_token(config.current().secret_key, TOPIC_PURPOSE, subscription_id, nonce)
    await execute("UPDATE bulletins_topic_subscription SET token_hash = ? WHERE id = ?", hash_token(token), subscription_id)


async def stop_by_token(token: str, *, course_id: int | None = None, topic_id: int | None = None, now: datetime) -> int:
    """Stop the letters about one course or topic, or about all, of whoever got this link; how many were stopped.

    The link goes on working after it has been used, so that pressing it twice is no error. NotFound for a link that never was.
    """
    owner = await owner_of_token(token)
    is_all = course_id is None and topic_id is None
    ended = 0
    async with transaction():
        if owner.person_id is not None and (is_all or course_id is not None):
            which, values = ("", ()) if is_all else (" AND course_id = ?", (course_id,))
            ended += await execute(
                f"UPDATE bulletins_subscription SET ended_at = ? WHERE ended_at IS NULL AND person_id = ?{which}",
                now, owner.person_id, *values,
            )  # fmt: skip
        if is_all or topic_id is not None:
            which, values = ("", ()) if is_all else (" AND topic_id = ?", (topic_id,))
            ended += await execute(
                f"UPDATE bulletins_topic_subscription SET ended_at = ? WHERE ended_at IS NULL AND (person_id = ? OR address = ?){which}",
                now, owner.person_id, owner.address, *values,
            )  # fmt: skip
    return ended


async def stop_all(*, by: Viewer, now: datetime) -> int:
    """Stop every letter about new dates and resources that the person asking gets; how many were stopped."""
    if by.person_id is None:
        return 0
    async with transaction():
        ended = await execute("UPDATE bulletins_subscription SET ended_at = ? WHERE ended_at IS NULL AND person_id = ?", now, by.person_id)
        return ended + await execute(
            f"UPDATE bulletins_topic_subscription SET ended_at = ? WHERE ended_at IS NULL AND {OWN_TOPICS}", now, *[by.person_id] * 3
        )
