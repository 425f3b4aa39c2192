"""Sending by mail: look at each letter again, hand it over, mark it; never a transaction over the network."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from marstraining.core import clock
from marstraining.core.config import Settings
from marstraining.messages.actions import health, lease
from marstraining.messages.delivery.room import Room, insist, send_due
from marstraining.messages.envelope import UNBUILDABLE, envelope
from marstraining.messages.post import Fault, Post, file_name, open_post
from marstraining.messages.queries import StoredLetter
from marstraining.messages.rules import LetterState, Priority, Turn, is_final, is_server_at_fault, turn_in_thread

_WAIT_FOR_TURN = timedelta(seconds=2)

_log = structlog.get_logger(__name__)


class PostRoom(Room[Post]):
    """The room of the lanes that send by mail."""

    def __init__(
        self, settings: Settings, *, name: str, stop: asyncio.Event | None = None, make_post: Callable[[Settings], Post] = open_post
    ) -> None:
        super().__init__(settings, name=name, make_post=make_post, stop=stop)


async def send_due_letters(room: PostRoom, *, up_to_priority: int = Priority.BULLETIN) -> int:
    """Send what is due by mail; how many were sent.

    `up_to_priority` keeps a lane for letters that must not wait behind slow ones: one for signing in alone is always free of
    bulletins.
    """
    return await send_due(room, _is_sent, up_to_priority=up_to_priority)


async def _is_sent(letter: StoredLetter, room: Room[Post], post: Post) -> bool:
    now = clock.now()
    log = _log.bind(letter=letter.id, template=letter.template)
    if letter.expires_at is not None and letter.expires_at <= now:
        await lease.mark_ended(letter.id, LetterState.MISSED, by=room.name, reason="Too late to be of use")
        return False
    if letter.thread is not None and not await _is_its_turn(letter, room, now=now):
        return False
    try:
        data = envelope(letter, room.settings, now=now).as_bytes()
    except UNBUILDABLE as error:
        # Its words may be a person's: they stand in the row for the desk, not in the log.
        log.warning("letter cannot be built", error=type(error).__name__)
        reason = f"The letter could not be put together: {type(error).__name__}: {error}"
        await lease.mark_ended(letter.id, LetterState.FAILED, by=room.name, reason=reason, is_try=True)
        return False
    name = file_name(created_at=letter.created_at, template=letter.template, letter_id=letter.id)
    try:
        await post.send(data, sender=room.settings.mail_from, recipient=letter.address, name=name)
    except Fault as error:
        fault = error
        log.warning("letter not sent", stage=fault.stage.value, code=fault.code, tries=letter.tries + 1)
        await insist(lambda: _note_failed_try(letter, fault, room))
        return False
    await insist(lambda: lease.mark_sent(letter.id, by=room.name, now=clock.now()))
    await room.note_sent(now=clock.now())
    log.info("letter sent")
    return True


async def _is_its_turn(letter: StoredLetter, room: Room[Post], *, now: datetime) -> bool:
    others = await lease.siblings(letter, now=now)
    turn = turn_in_thread(sequence=letter.sequence, uids=letter.uids, siblings=others)
    if turn is Turn.SKIP:
        await lease.mark_ended(letter.id, LetterState.WITHDRAWN, by=room.name, reason="A later letter says what is true now")
    elif turn is Turn.WAIT:
        await lease.release_letters([letter.id], by=room.name, until=now + _WAIT_FOR_TURN)
    return turn is Turn.SEND


async def _note_failed_try(letter: StoredLetter, fault: Fault, room: Room[Post]) -> None:
    now = clock.now()
    if is_final(fault.stage, fault.code):
        await lease.mark_ended(letter.id, LetterState.FAILED, by=room.name, reason=str(fault), is_try=True)
        await health.flag_bounced_address(letter.address, letter_id=letter.id, reason=str(fault), now=now)
        return
    # Spread, so that the letters of one outage do not all come back in the same second.
    await lease.put_off(letter, by=room.name, reason=str(fault), jitter=random.random(), now=now)  # noqa: S311 - no secret
    if is_server_at_fault(fault.stage, fault.code):
        await room.note_fault(fault, now=now)
