"""What many ask for at the same moment is read once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

_Answer = TypeVar("_Answer")
_being_read: dict[Hashable, asyncio.Task[Any]] = {}


async def read_once(key: Hashable, read: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """The answer of `read`, shared with all who ask by the same key while it is being read; nothing is kept after that.

    For what is the same whoever asks. Called outside transactions, since it goes on where the first asker gives up. Raises what
    `read` raises, to all of them.
    """
    task = _being_read.get(key)
    if task is None:
        task = asyncio.ensure_future(_awaited(read))
        _being_read[key] = task
        task.add_done_callback(lambda done: _over(key, done))
    answer: _Answer = await asyncio.shield(task)
    return answer


async def _awaited(read: Callable[[], Awaitable[_Answer]]) -> _Answer:
    return await read()


def _over(key: Hashable, done: asyncio.Task[Any]) -> None:
    _being_read.pop(key, None)
    if not done.cancelled():
        done.exception()  # seen, where nobody waits for it any more
