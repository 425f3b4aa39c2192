"""Sending: claim letters by a lease, look at each again, hand it over, mark it; never a transaction over the network."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

import asyncpg
import structlog
from tortoise.exceptions import BaseORMException

from marstraining.core import clock
from marstraining.core.config import Settings
from marstraining.core.db import is_unavailable
from marstraining.messages.actions import health, lease
from marstraining.messages.envelope import UNBUILDABLE, envelope
from marstraining.messages.post import Fault, Post, file_name, open_post
from marstraining.messages.queries import StoredLetter
from marstraining.messages.rules import LetterState, Priority, Turn, is_final, is_server_at_fault, turn_in_thread

T = TypeVar("T")

_BATCH = 10
# A batch is given back after this long, so that what matters more is looked at again.
_BATCH_SECONDS = 10.0
_WAIT_FOR_TURN = timedelta(seconds=2)
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 30.0
_OK_NOTED_EVERY = timedelta(minutes=1)
_MARKING_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class PostRoom:
    """What the lanes of one process share: its name on leases, whether to stop, and how the mail server has been lately.

    `in_hand` are the letters whose leases are to be kept, and no others: one that a fault made a lane forget must run out.
    """

    def __init__(
        self, settings: Settings, *, name: str, stop: asyncio.Event | None = None, make_post: Callable[[Settings], Post] = open_post
    ) -> None:
        self.settings = settings
        self.name = name
        self.stop = stop or asyncio.Event()
        self.make_post = make_post
        self.in_hand: set[int] = set()
        self._left: set[int] = set()
        self._paused_until = 0.0
        self._pause = 0.0
        self._ok_noted_at: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Whether the server was out of reach a moment ago: letters wait without using up their tries."""
        return asyncio.get_running_loop().time() < self._paused_until

    async def give_back(self, ids: Iterable[int] = ()) -> None:
        """Let go of letters that were not tried, and of those that could not be let go of before."""
        self._left.update(ids)
        if self._left:
            given = list(self._left)
            await lease.release_letters(given, by=self.name)
            self._left.difference_update(given)

    async def note_fault(self, fault: Fault, *, now: datetime) -> None:
        """Pause after a fault of the server's, longer each time, and let the desk know."""
        self._pause = min(max(_FIRST_PAUSE, self._pause * 2), _LONGEST_PAUSE)
        self._paused_until = asyncio.get_running_loop().time() + self._pause
        self._ok_noted_at = None
        await health.note_server_failing(str(fault), now=now)

    async def note_sent(self, *, now: datetime) -> None:
        """The server works; written down at once after a fault, and else once a minute."""
        self._pause = self._paused_until = 0.0
        if self._ok_noted_at is None or now - self._ok_noted_at >= _OK_NOTED_EVERY:
            self._ok_noted_at = now
            await health.note_server_working(now=now)


async def send_due_letters(room: PostRoom, *, up_to_priority: int = Priority.BULLETIN) -> int:
    """Send what is due, what matters most first, until nothing is left, the server fails or the process stops; how many were sent.

    `up_to_priority` keeps a lane for letters that must not wait behind slow ones: one for signing in alone is always free of
    bulletins. Everything claimed and not tried is given back.
    """
    sent = 0
    post = room.make_post(room.settings)
    try:
        while not room.stop.is_set() and not room.is_paused:
            await room.give_back()
            ids = await lease.claim_letters(by=room.name, most=_BATCH, up_to_priority=up_to_priority, now=clock.now())
            if not ids:
                break
            sent += await _send_batch(ids, room, post)
    finally:
        await post.close()
    return sent


async def _send_batch(ids: list[int], room: PostRoom, post: Post) -> int:
    loop = asyncio.get_running_loop()
    over_at = loop.time() + _BATCH_SECONDS
    left = list(ids)
    sent = 0
    room.in_hand.update(ids)
    try:
        while left and loop.time() < over_at and not room.stop.is_set() and not room.is_paused:
            sent += await _try_next(left, room, post)
    finally:
        room.in_hand.difference_update(ids)
        await room.give_back(left)
    return sent


async def _try_next(left: list[int], room: PostRoom, post: Post) -> bool:
    """Take the first letter in hand and send it. It stays among those left only where the database was away before it was tried."""
    letter_id = left.pop(0)
    try:
        letter = await lease.take_in_hand(letter_id, by=room.name, now=clock.now())
        return letter is not None and await _is_sent(letter, room, post)
    except Exception as error:
        # A letter that breaks this program is left to its lease: given back, it would be the first of every batch.
        if is_unavailable(error):
            left.append(letter_id)
        raise


async def _is_sent(letter: StoredLetter, room: PostRoom, post: Post) -> bool:
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
        await _insist(lambda: _note_failed_try(letter, fault, room))
        return False
    await _insist(lambda: lease.mark_sent(letter.id, by=room.name, now=clock.now()))
    await room.note_sent(now=clock.now())
    log.info("letter sent")
    return True


async def _is_its_turn(letter: StoredLetter, room: PostRoom, *, now: datetime) -> bool:
    others = await lease.siblings(letter, now=now)
    turn = turn_in_thread(sequence=letter.sequence, uids=letter.uids, siblings=others)
    if turn is Turn.SKIP:
        await lease.mark_ended(letter.id, LetterState.WITHDRAWN, by=room.name, reason="A later letter says what is true now")
    elif turn is Turn.WAIT:
        await lease.release_letters([letter.id], by=room.name, until=now + _WAIT_FOR_TURN)
    return turn is Turn.SEND


async def _note_failed_try(letter: StoredLetter, fault: Fault, room: PostRoom) -> None:
    now = clock.now()
    if is_final(fault.stage, fault.code):
        await lease.mark_ended(letter.id, LetterState.FAILED, by=room.name, reason=str(fault), is_try=True)
        await health.flag_bounced_address(letter.address, letter_id=letter.id, reason=str(fault), now=now)
        return
    # Spread, so that the letters of one outage do not all come back in the same second.
    await lease.put_off(letter, by=room.name, reason=str(fault), jitter=random.random(), now=now)  # noqa: S311 - no secret
    if is_server_at_fault(fault.stage, fault.code):
        await room.note_fault(fault, now=now)


async def _insist(mark: Callable[[], Awaitable[T]]) -> T:
    """Mark a letter however long the database is away: a letter sent and not marked would be sent again."""
    while True:
        try:
            return await mark()
        except (OSError, BaseORMException, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if not is_unavailable(error):
                raise
            await asyncio.sleep(_MARKING_SECONDS)
