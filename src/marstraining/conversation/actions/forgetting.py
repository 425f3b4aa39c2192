"""What a conversation leaves is forgotten by itself."""

from datetime import datetime, timedelta

from marstraining.conversation.actions.unanswered import forget_unanswered
from marstraining.core.db import execute

KEPT = timedelta(days=30)
EVENTS_KEPT = timedelta(days=1)
TALLIES_KEPT = timedelta(days=3 * 365)


async def forget_old_conversations(*, now: datetime) -> int:
    """Forget conversations that nobody went on with for 30 days, names of events after one, and tallies after three years.

    Chats that were told of an answer they did not get are forgotten after a day too. The worker's job; how many conversations it forgot.
    """
    await execute("DELETE FROM conversation_event WHERE taken_at < ?", now - EVENTS_KEPT)
    await execute("DELETE FROM conversation_tally WHERE day < ?", (now - TALLIES_KEPT).date())
    await forget_unanswered(now=now)
    return await execute("DELETE FROM conversation_dialogue WHERE seen_at < ?", now - KEPT)
