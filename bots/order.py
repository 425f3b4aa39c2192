"""Updates of one person one after another, those of many at once, and never before who is at the door has been answered.

A worry waits behind nothing and nobody: what others wrote may be held up by Telegram's limits for minutes (front_door.md 7.2).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

from bots.events import written_in
from marstraining.safety.gate import gate
from marstraining.safety.rules import Level

# Few at once, since each keeps the one loop busy for moments in which nothing is acknowledged; the rest waits its turn.
AT_ONCE = 4
# However many call, the next answer is begun after so long.
_LONGEST_WAIT = 0.25

_place: ContextVar["_Place | None"] = ContextVar("place", default=None)


class _Place:
    """One of the few that answer at once, until it is left."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places, self._is_held = places, True

    def leave(self) -> None:
        if self._is_held:
            self._is_held = False
            self._places.release()


def leave_place() -> None:
    """Let somebody else's answer begin: what is left of this one may be tried for minutes. Twice, or without a place, it does nothing."""
    place = _place.get()
    if place is not None:
        place.leave()


class InOrder(BaseUpdateProcessor):
    """Processes the updates of each person in the order in which they came; begins none while somebody is at the door.

    What the gate finds urgent is processed at once, before its writer's own earlier words too: its answer needs no state. What may be a
    worry keeps its writer's order and waits for nobody else.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        # The ones that wait for their own person's turn hold no place: hence a second gate behind each person's.
        super().__init__(max_concurrent_updates=100_000)
        self._places = asyncio.Semaphore(at_once)
        self._turns: dict[int, asyncio.Lock] = {}
        self._waiting: Counter[int] = Counter()
        self._calls = 0
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()

    @contextmanager
    def at_the_door(self) -> Iterator[None]:
        """Somebody calls: taking them in goes before answering others."""
        self._calls += 1
        self._is_quiet.clear()
        try:
            yield
        finally:
            self._calls -= 1
            if not self._calls:
                self._is_quiet.set()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        level = gate(written_in(update)).level
        if level is Level.URGENT:
            await coroutine
            return
        person = person_of(update)
        turn = self._turns.setdefault(person, asyncio.Lock())
        self._waiting[person] += 1
        try:
            async with turn:
                if level is Level.MAYBE:
                    await coroutine
                else:
                    await self._in_a_place(coroutine)
        finally:
            self._waiting[person] -= 1
            if not self._waiting[person]:
                del self._waiting[person], self._turns[person]

    async def _in_a_place(self, coroutine: Awaitable[Any]) -> None:
        await self._places.acquire()
        place = _Place(self._places)
        before = _place.set(place)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_quiet.wait(), timeout=_LONGEST_WAIT)
            await coroutine
        finally:
            _place.reset(before)
            place.leave()

    async def initialize(self) -> None:
        return

    async def shutdown(self) -> None:
        return


def person_of(update: object) -> int:
    """Whose update it is: their number, or the chat's; 0 where neither is known."""
    if not isinstance(update, Update):
        return 0
    user, chat = update.effective_user, update.effective_chat
    return user.id if user else chat.id if chat else 0
