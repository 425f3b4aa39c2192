"""Waiting for another process that holds SQLite's write lock, without keeping this process's readers waiting too."""

import asyncio
import itertools
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from tortoise.exceptions import OperationalError

from marstraining.core.db.uninterrupted import finish

T = TypeVar("T")

# How long SQLite itself waits, in its thread, before it says "database is locked": a transaction of another process is
# mostly over by then, and whoever only reads waits behind it.
BUSY_MILLISECONDS = 20
# A database that nobody here could write to for so long is away (security.md R4 allows five seconds to say so).
PATIENCE = 4.0
_PAUSES = (0.002, 0.005, 0.01, 0.02)
_LAST_PAUSE = 0.025
# Refusals further apart than this are of two different locks.
_SAME_LOCK = 1.0


class Patience:
    """What the writers of one connection know of the lock: since when another process holds it, if one does.

    The first to be refused waits up to four seconds in all; those behind it have waited as long and are then refused at
    once, as is everybody who comes while the lock is still held. A long queue of our own refuses nobody.
    """

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self._held_since = 0.0
        self._refused_at = float("-inf")

    async def wait(self, write: Callable[[], Awaitable[T]], *, lets_go: asyncio.Lock | None = None) -> T:
        """Try until the lock is free or patience is over; what was refused must have changed nothing.

        `lets_go` is a lock that the caller holds before and after, and that is free for others between two tries.
        """
        was_refused = False
        for pause in _pauses():
            try:
                done = await write()
            except (OperationalError, sqlite3.OperationalError) as error:
                if not is_locked(error) or not self._waits_longer():
                    raise
                was_refused = True
            else:
                if was_refused or lets_go is not None:
                    self._refused_at = float("-inf")
                return done
            await _let_go(lets_go, pause)
        raise AssertionError("pauses have no end")

    def _waits_longer(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._refused_at > _SAME_LOCK:
            self._held_since = now
        self._refused_at = now
        return now - self._held_since < PATIENCE


def is_locked(error: BaseException) -> bool:
    """Whether SQLite says that another connection has the lock; a statement or BEGIN so refused has done nothing."""
    return str(error).startswith("database is locked")


def _pauses() -> Iterable[float]:
    return itertools.chain(_PAUSES, itertools.repeat(_LAST_PAUSE))


async def _let_go(held: asyncio.Lock | None, seconds: float) -> None:
    if held is None:
        await asyncio.sleep(seconds)
        return
    held.release()
    try:
        await asyncio.sleep(seconds)
    finally:
        # Also when cancelled: whoever took the lock gives it back.
        await finish(held.acquire())
