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
        self._is_closing = asyncio.Event()

    async def wait(self) -> None:
        """Wait for one's turn; a pause that begins meanwhile is waited for too, until this is closed."""
        loop = asyncio.get_running_loop()
        while True:
            at = max(loop.time(), self._next_at, self._paused_until)
            self._next_at = at + self._apart
            if await self._slept(at - loop.time()) and self._paused_until <= loop.time():
                return

    async def _slept(self, seconds: float) -> bool:
        """Wait so long; False where the end came meanwhile, after which turns are counted anew."""
        if seconds <= 0 or self._is_closing.is_set():
            await asyncio.sleep(max(seconds, 0))
            return True
        try:
            await asyncio.wait_for(self._is_closing.wait(), timeout=seconds)
        except TimeoutError:
            return True
        return False

    def pause(self, seconds: float) -> None:
        """Let nothing through for so long; no pause is waited for once this is closed."""
        if not self._is_closing.is_set():
            self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + seconds)

    def close(self) -> None:
        """The process stops: end every pause. Who waits has a turn at the usual pace, and Telegram says itself what it takes."""
        self._next_at = self._paused_until = 0.0
        self._is_closing.set()
