"""What channels send us: each thing taken in once, and chats that are gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from marstraining.core.db import execute, rows
from marstraining.messages.rules import Channel

# Telegram repeats what was not acknowledged for a day at most.
_KEPT = timedelta(hours=24)


async def take_in(numbers: Sequence[int], *, channel: Channel, now: datetime) -> frozenset[int]:
    """Which of these numbers are new; from now on none of them is, in any process. One statement for all of them."""
    if not numbers:
        return frozenset()
    values = [value for number in dict.fromkeys(numbers) for value in (channel.value, number, now)]
    taken = await rows(
        f"INSERT INTO messages_received (channel, number, received_at) VALUES {', '.join(['(?, ?, ?)'] * (len(values) // 3))}"
        " ON CONFLICT DO NOTHING RETURNING number",
        *values,
    )
    return frozenset(row["number"] for row in taken)


async def forget_received(*, now: datetime) -> int:
    """Forget numbers that no channel repeats any more; the worker's job."""
    return await execute("DELETE FROM messages_received WHERE received_at < ?", now - _KEPT)


async def forget_gone_chat(address: str) -> None:
    """Whoever keeps the link has heard that the chat is gone."""
    await execute("DELETE FROM messages_gone_chat WHERE address = ?", address)
