"""How fast messages leave: under Telegram's thirty a second, and not at all while it asks for a pause; what is urgent does not wait."""

import asyncio

# Telegram takes thirty a second from a bot; letters have a lane of their own that uses a part of it.
_A_SECOND = 25


class Pace:
    """Lets so many through a second, and nobody during a pause."""

    def __init__(self, a_second: float = _A_SECOND) -> None:
        self._apart = 1 / a_second
        self._next_at = 0.0
        self._paused_until = 0.0

    async def wait(self) -> None:
        """Wait for one's turn; a pause that begins meanwhile is waited for too."""
        loop = asyncio.get_running_loop()
        while True:
            at = max(loop.time(), self._next_at, self._paused_until)
            self._next_at = at + self._apart
            await asyncio.sleep(at - loop.time())
            if self._paused_until <= loop.time():
                return

    def pause(self, seconds: float) -> None:
        """Let nothing through for so long."""
        self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + seconds)
