"""Whether the database is there, known without asking it at each call."""

import asyncio

from marstraining.core.db import is_unavailable, probe_write, rows

_LOOKED_EVERY = 1.0


class Store:
    """While the database is away nothing is acknowledged, so that Telegram keeps it and sends it again."""

    def __init__(self) -> None:
        self.is_away = False

    def note(self, error: Exception) -> None:
        """Something went wrong: that the database is away, or something else."""
        if is_unavailable(error):
            self.is_away = True

    async def look(self) -> None:
        """Look once: whether it can be read, or, where it was away, whether it can be written to again."""
        try:
            await (probe_write() if self.is_away else rows("SELECT 1"))
        except Exception as error:
            if not is_unavailable(error):
                raise
            self.is_away = True
        else:
            self.is_away = False

    async def watch(self) -> None:
        """Look once a second, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOKED_EVERY)
