"""Writing down how often resources were used."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from marstraining.core.db import execute, is_unavailable, transaction
from marstraining.resources.uses import UNWRITTEN, Way

_EVERY_SECONDS = 10.0

_log = structlog.get_logger(__name__)


@contextmanager
def _while_away() -> Iterator[None]:
    """Let a database that is away be; anything else is a fault of ours, and is logged rather than ending the counting."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - nobody waits for this task, so nothing else would tell
        if not is_unavailable(error):
            _log.exception("uses not written")


async def write_uses() -> int:
    """Add what this process has counted to what stands by resource and day; how many rows. What cannot be written stays counted."""
    taken = UNWRITTEN.take()
    if not taken:
        return 0
    # In one order everywhere, so that two processes that write at once wait for each other and never for good.
    keys = sorted({(resource_id, day) for resource_id, day, _ in taken})
    try:
        async with transaction():
            for resource_id, day in keys:
                await execute(
                    "INSERT INTO resources_use (resource_id, day, opened, packed) SELECT r.id, ?, ?, ? FROM resources_resource r"
                    " WHERE r.id = ? ON CONFLICT (resource_id, day) DO UPDATE SET opened = resources_use.opened + excluded.opened,"
                    " packed = resources_use.packed + excluded.packed",
                    day,
                    taken.get((resource_id, day, Way.OPENED), 0),
                    taken.get((resource_id, day, Way.PACKED), 0),
                    resource_id,
                )
    except BaseException:
        UNWRITTEN.put_back(taken)
        raise
    return len(keys)


async def keep_writing_uses(*, every: float = _EVERY_SECONDS) -> None:
    """Write every so many seconds until cancelled, and then once more. While the database is away the counts wait."""
    try:
        while True:
            await asyncio.sleep(every)
            with _while_away():
                await write_uses()
    finally:
        with _while_away():
            await write_uses()
