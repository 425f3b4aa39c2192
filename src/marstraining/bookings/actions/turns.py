"""Turns of those in this process who want a place on one session at the same moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from marstraining.core.errors import Refused


class _Turn:
    """The queue for one session; gone when the last has left it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.full: dict[object, tuple[float, Refused]] = {}


_turns: WeakValueDictionary[int, _Turn] = WeakValueDictionary()


@asynccontextmanager
async def turn(session_id: int, *, wants: object) -> AsyncIterator[bool]:
    """Wait here for one's turn at a session, and not with a connection of the database in hand.

    Who waited while somebody who wants the same was refused as full is refused too: they asked before that refusal was true, so
    it answers them, and two hundred at once for fifty places need not all take hold of the session. It decides nothing else:
    whoever gets through takes hold and counts, since other processes book as well. Tells whether there was anybody to wait for,
    who will have changed the session.
    """
    began = asyncio.get_running_loop().time()
    mine = _turns.setdefault(session_id, _Turn())
    has_waited = mine.lock.locked()
    async with mine.lock:
        since, refusal = mine.full.get(wants, (began, None))
        if refusal is not None and since > began:
            raise Refused(refusal.message, code=refusal.code, facts=refusal.facts)
        try:
            yield has_waited
        except Refused as refused:
            if refused.code == "full":
                mine.full[wants] = (asyncio.get_running_loop().time(), refused)
            raise
