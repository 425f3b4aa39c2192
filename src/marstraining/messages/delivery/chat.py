"""Sending notes by Telegram: its own lane, twenty a second, with mail to fall back on."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

import structlog

from marstraining.core import clock
from marstraining.core.config import Settings
from marstraining.messages.actions import lease
from marstraining.messages.bot_api import ChatFault, ChatPost
from marstraining.messages.delivery.room import Room, insist, send_due
from marstraining.messages.envelope import UNBUILDABLE
from marstraining.messages.note import note
from marstraining.messages.queries import StoredLetter
from marstraining.messages.rules import CHAT_TRIES, CHAT_TRIES_WITHOUT_ANSWER, Channel, ChatTrouble, LetterState, Priority, quiet_until

# Telegram takes thirty a second from a bot; the rest is for the bot's own answers.
_APART_SECONDS = 0.05
# How long a letter waits for somebody to put a wrong token right.
_TOKEN_WAITED_FOR = timedelta(hours=1)

_log = structlog.get_logger(__name__)


class ChatRoom(Room[ChatPost]):
    """The room of the lane that sends by Telegram."""

    def __init__(
        self, settings: Settings, *, name: str, stop: asyncio.Event | None = None, make_post: Callable[[Settings], ChatPost] = ChatPost
    ) -> None:
        super().__init__(settings, name=name, make_post=make_post, channel=Channel.TELEGRAM, stop=stop)


async def send_due_notes(room: ChatRoom) -> int:
    """Send what is due by Telegram; how many were sent."""
    return await send_due(room, _is_sent)


async def _is_sent(letter: StoredLetter, room: Room[ChatPost], post: ChatPost) -> bool:
    now = clock.now()
    if letter.expires_at is not None and letter.expires_at <= now:
        await lease.mark_ended(letter.id, LetterState.MISSED, by=room.name, reason="Too late to be of use")
        return False
    morning = quiet_until(now)
    if morning is not None and letter.priority == Priority.BULLETIN:
        await lease.release_letters([letter.id], by=room.name, until=morning)
        return False
    log = _log.bind(letter=letter.id, template=letter.template)
    try:
        written = note(letter, room.settings)
    except UNBUILDABLE as error:
        log.warning("note cannot be built", error=type(error).__name__)
        await lease.fall_back(letter, by=room.name, reason=f"The note could not be put together: {type(error).__name__}", now=now)
        return False
    began = asyncio.get_running_loop().time()
    try:
        await post.send(letter.address, written, is_silent=morning is not None and letter.priority != Priority.SIGN_IN)
    except ChatFault as error:
        fault = error
        log.warning("note not sent", trouble=fault.trouble.value, tries=letter.tries + 1)
        await insist(lambda: _note_failed_try(letter, fault, room))
        return False
    await insist(lambda: lease.mark_sent(letter.id, by=room.name, now=clock.now()))
    await room.note_sent(now=clock.now())
    log.info("note sent")
    await asyncio.sleep(max(0.0, _APART_SECONDS - (asyncio.get_running_loop().time() - began)))
    return True


async def _note_failed_try(letter: StoredLetter, fault: ChatFault, room: Room[ChatPost]) -> None:
    now, reason = clock.now(), str(fault)
    match fault.trouble:
        case ChatTrouble.GONE:
            await lease.leave_chat(letter, by=room.name, reason=reason, now=now)
        case ChatTrouble.REFUSED:
            await lease.fall_back(letter, by=room.name, reason=reason, now=now)
        case ChatTrouble.LIMITED:
            # Not a try: Telegram has looked at nothing but how much we send.
            room.pause(fault.wait)
            await lease.release_letters([letter.id], by=room.name, until=now + timedelta(seconds=fault.wait))
        case ChatTrouble.NOT_LET_IN:
            if now - letter.created_at >= _TOKEN_WAITED_FOR:
                await lease.fall_back(letter, by=room.name, reason=reason, now=now)
            else:
                await lease.release_letters([letter.id], by=room.name)
            await room.note_fault(fault, now=now)
        case ChatTrouble.AWAY | ChatTrouble.NO_ANSWER:
            most = CHAT_TRIES if fault.trouble is ChatTrouble.AWAY else CHAT_TRIES_WITHOUT_ANSWER
            if letter.tries + 1 >= most:
                await lease.fall_back(letter, by=room.name, reason=reason, now=now)
            else:
                await lease.put_off(letter, by=room.name, reason=reason, jitter=random.random(), now=now)  # noqa: S311 - no secret
            await room.note_fault(fault, now=now)
