"""Taking updates in once: numbers that come at the same moment are written down in one statement."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

TakeIn = Callable[[Sequence[int]], Awaitable[frozenset[int]]]

# So many numbers in one statement at most.
_MOST = 500


class Intake:
    """Says of each update whether it is new, and lets nobody wait for a commit of their own."""

    def __init__(self, take_in: TakeIn) -> None:
        self._take_in = take_in
        self._asked: list[tuple[int, asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None

    async def is_new(self, number: int) -> bool:
        """Whether this update was never taken in before, by any process; whatever keeps the store from saying so is raised."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked.append((number, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while self._asked:
            asked, self._asked = self._asked[:_MOST], self._asked[_MOST:]
            try:
                new = set(await self._take_in([number for number, _ in asked]))
            except Exception as error:  # noqa: BLE001 - each who asked gets it, and answers for themselves
                for _, answer in asked:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for number, answer in asked:
                if not answer.done():
                    answer.set_result(number in new)
                # The same number twice in one moment is new once.
                new.discard(number)
