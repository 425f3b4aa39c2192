"""Saying later that something could not be answered, where a chat took no answer for as long as it was tried."""

from datetime import datetime, timedelta

from marstraining.core import tokens
from marstraining.core.db import transaction
from marstraining.messages.actions import forget_letters, queue_letter, withdraw_letters
from marstraining.messages.rules import Channel, Letter, Priority, Recipient

_TEMPLATE = "unanswered"
# Afterwards nobody remembers what they asked; the chat's number is not kept for longer either.
_KEPT = timedelta(days=1)


async def note_unanswered(chat_id: int, *, now: datetime) -> None:
    """Leave it to the outbox to tell a Telegram chat that an answer was lost, and whom to ring; one such note waits for a chat.

    It is the same whatever was asked, and names nobody: no row tells that somebody was worried (front_door.md 7.3).
    """
    key = f"{_TEMPLATE}-{chat_id}-"
    async with transaction():
        await withdraw_letters(key_prefix=key)
        await queue_letter(
            Letter(
                key=f"{key}{tokens.new_ref()}",
                template=_TEMPLATE,
                to=Recipient(str(chat_id), "Somebody on Telegram", channel=Channel.TELEGRAM),
                # Before all others, and with a sound at night too: somebody waits for it.
                priority=Priority.SIGN_IN,
                expires_at=now + _KEPT,
            ),
            now=now,
        )


async def forget_unanswered(*, now: datetime) -> int:
    """Forget after a day which chats were told so; how many."""
    return await forget_letters(_TEMPLATE, before=now - _KEPT)
