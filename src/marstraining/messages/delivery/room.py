"""What lanes share: claiming letters by a lease, giving back what was not tried, pausing after a fault, marking at any cost."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

import asyncpg
from tortoise.exceptions import BaseORMException

from marstraining.core import clock
from marstraining.core.config import Settings
from marstraining.core.db import is_unavailable
from marstraining.messages.actions import health, lease
from marstraining.messages.queries import StoredLetter
from marstraining.messages.rules import Channel, Priority

T = TypeVar("T")

_BATCH = 10
# A batch is given back after this long, so that what matters more is looked at again.
_BATCH_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 30.0
_OK_NOTED_EVERY = timedelta(minutes=1)
_MARKING_SECONDS = 1.0


class Closing(Protocol):
    """A way out that can be closed."""

    async def close(self) -> None: ...


P = TypeVar("P", bound=Closing)


class Room(Generic[P]):
    """What the lanes of one process and channel share: its name on leases, whether to stop, and how the server has been lately.

    `in_hand` are the letters whose leases are to be kept, and no others: one that a fault made a lane forget must run out.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        name: str,
        make_post: Callable[[Settings], P],
        channel: Channel = Channel.EMAIL,
        stop: asyncio.Event | None = None,
    ) -> None:
        self.settings = settings
        self.name = name
        self.channel = channel
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

    def pause(self, seconds: float) -> None:
        """Send nothing for so long, as the server has asked."""
        self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + seconds)

    async def give_back(self, ids: Iterable[int] = ()) -> None:
        """Let go of letters that were not tried, and of those that could not be let go of before."""
        self._left.update(ids)
        if self._left:
            given = list(self._left)
            await lease.release_letters(given, by=self.name)
            self._left.difference_update(given)

    async def note_fault(self, fault: Exception, *, now: datetime) -> None:
        """Pause after a fault of the server's, longer each time, and let the desk know."""
        self._pause = min(max(_FIRST_PAUSE, self._pause * 2), _LONGEST_PAUSE)
        self._paused_until = asyncio.get_running_loop().time() + self._pause
        self._ok_noted_at = None
        await health.note_server_failing(str(fault), now=now, channel=self.channel.value)

    async def note_sent(self, *, now: datetime) -> None:
        """The server works; written down at once after a fault, and else once a minute."""
        self._pause = self._paused_until = 0.0
        if self._ok_noted_at is None or now - self._ok_noted_at >= _OK_NOTED_EVERY:
            self._ok_noted_at = now
            await health.note_server_working(now=now, channel=self.channel.value)


Sender = Callable[[StoredLetter, Room[P], P], Awaitable[bool]]


async def send_due(room: Room[P], send: Sender[P], *, up_to_priority: int = Priority.BULLETIN) -> int:
    """Send what is due, what matters most first, until nothing is left, the server fails or the process stops; how many were sent.

    Everything claimed and not tried is given back.
    """
    sent = 0
    post = room.make_post(room.settings)
    try:
        while not room.stop.is_set() and not room.is_paused:
            await room.give_back()
            ids = await lease.claim_letters(by=room.name, most=_BATCH, up_to_priority=up_to_priority, channel=room.channel, now=clock.now())
            if not ids:
                break
            sent += await _send_batch(ids, room, post, send)
    finally:
        await post.close()
    return sent


async def _send_batch(ids: list[int], room: Room[P], post: P, send: Sender[P]) -> int:
    loop = asyncio.get_running_loop()
    over_at = loop.time() + _BATCH_SECONDS
    left = list(ids)
    sent = 0
    room.in_hand.update(ids)
    try:
        while left and loop.time() < over_at and not room.stop.is_set() and not room.is_paused:
            sent += await _try_next(left, room, post, send)
    finally:
        room.in_hand.difference_update(ids)
        await room.give_back(left)
    return sent


async def _try_next(left: list[int], room: Room[P], post: P, send: Sender[P]) -> bool:
    """Take the first letter in hand and send it. It stays among those left only where the database was away before it was tried."""
    letter_id = left.pop(0)
    try:
        letter = await lease.take_in_hand(letter_id, by=room.name, now=clock.now())
        return letter is not None and await send(letter, room, post)
    except Exception as error:
        # A letter that breaks this program is left to its lease: given back, it would be the first of every batch.
        if is_unavailable(error):
            left.append(letter_id)
        raise


async def insist(mark: Callable[[], Awaitable[T]]) -> T:
    """Mark a letter however long the database is away: a letter sent and not marked would be sent again."""
    while True:
        try:
            return await mark()
        except (OSError, BaseORMException, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if not is_unavailable(error):
                raise
            await asyncio.sleep(_MARKING_SECONDS)
