"""The worker's looks at links: which are due, one request a second to a host at most, and what each found."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import structlog

from marstraining.core import config
from marstraining.core.clock import passing_milliseconds
from marstraining.core.db import execute, execute_many, rows, transaction
from marstraining.core.values import frozen
from marstraining.resources.addresses import LONGEST
from marstraining.resources.checker import AT_ONCE, INTERNET, Network, look_at
from marstraining.resources.rules import AFTER_OUTAGE, CHECKS_KEPT, LinkState, Look, is_own_outage, standing_after

# A run ends in a moment, so that the worker can stop: what it has not begun by then is left for the next.
RUN_SECONDS = 20.0
MOST_A_RUN = 500
MOST_OF_A_HOST = 20
HOLD = timedelta(minutes=5)
BETWEEN_SECONDS = 1.0
# For how long a host is kept from other workers while one asks it; a worker that died lets go of it then.
_ASKING_MILLISECONDS = 15_000
_PACE_KEPT = timedelta(days=1)

_log = structlog.get_logger(__name__)


@frozen
class _Due:
    id: int
    resource_id: int
    url: str
    host: str
    failures: int
    failing_since: datetime | None


async def check_links(*, now: datetime, network: Network = INTERNET) -> int:
    """Look at the links that are due, many hosts at once, and write down what was found; the worker's job. How many were looked at.

    Safe in many workers at once: each holds its links for five minutes, and the pace of a host is kept in the database, through
    redirects and restarts as well. When nothing answers at all it is our own line that is down, and nothing is held against a link.
    """
    due = await _claim(now)
    if not due:
        return 0
    by_url: dict[str, list[_Due]] = defaultdict(list)
    for one in due:
        by_url[one.url].append(one)
    found = await _look_at_all(list(by_url), network)
    looked = [(one, found[url]) for url, ones in by_url.items() if url in found for one in ones]
    if is_own_outage({one.host: look for one, look in looked}):
        _log.warning("no website answers", links=len(due))
        await _put_off(due, until=now + AFTER_OUTAGE)
        return 0
    await _write(looked, now=now)
    await _put_off([one for one in due if one.url not in found], until=now)
    return len(looked)


async def forget_old_checks(*, now: datetime) -> int:
    """Erase what looks found more than 400 days ago, and hosts not asked for a day."""
    await execute("DELETE FROM resources_pace WHERE free_at < ?", passing_milliseconds() - int(_PACE_KEPT.total_seconds() * 1000))
    return await execute("DELETE FROM resources_link_check WHERE at < ?", now - CHECKS_KEPT)


async def _claim(now: datetime) -> list[_Due]:
    """Take hold of what is due; the condition stands twice, so that a worker that waited for another's rows leaves them."""
    free = "(l.held_until IS NULL OR l.held_until < ?)"
    found = await rows(
        "UPDATE resources_link SET held_until = ? WHERE id IN (SELECT id FROM (SELECT l.id, l.check_at, row_number() OVER"
        " (PARTITION BY l.host ORDER BY l.check_at, l.id) AS place FROM resources_link l JOIN resources_resource r ON r.id = l.resource_id"
        f" WHERE l.check_at <= ? AND r.withdrawn_at IS NULL AND {free}) ranked WHERE place <= ? ORDER BY check_at, id LIMIT ?)"
        " AND (held_until IS NULL OR held_until < ?) RETURNING id, resource_id, url, host, failures, failing_since",
        now + HOLD,
        now,
        now,
        MOST_OF_A_HOST,
        MOST_A_RUN,
        now,
        instants=("failing_since",),
    )
    return [_Due(**row) for row in found]


class _TooLate(Exception):  # noqa: N818 - an ordinary end: what is left is looked at in the next run
    pass


class _Turns:
    """Whose turn it is, by host, for one run: one at a time here, and a second between the end of one and the next anywhere."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free_at: dict[str, float] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._ends_at = asyncio.get_running_loop().time() + RUN_SECONDS

    @asynccontextmanager
    async def of(self, host: str) -> AsyncIterator[None]:
        """Held for one request; _TooLate once the run should end."""
        async with self._locks[host]:
            await self._pause(self._free_at.get(host, 0.0) - asyncio.get_running_loop().time())
            async with self._at_once:
                while not await _take(host):
                    await self._pause(BETWEEN_SECONDS / 4)
                try:
                    yield
                finally:
                    self._free_at[host] = asyncio.get_running_loop().time() + BETWEEN_SECONDS
                    await _give_back(host)

    async def _pause(self, seconds: float) -> None:
        if asyncio.get_running_loop().time() + max(seconds, 0.0) >= self._ends_at:
            raise _TooLate
        if seconds > 0:
            await asyncio.sleep(seconds)


async def _take(host: str) -> bool:
    """Keep a host from other workers; False while another has it. A moment too far ahead is from before the clock was put back."""
    now = passing_milliseconds()
    taken = await rows(
        "INSERT INTO resources_pace (host, free_at) VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET free_at = excluded.free_at"
        " WHERE resources_pace.free_at <= ? OR resources_pace.free_at > ? RETURNING id",
        host,
        now + _ASKING_MILLISECONDS,
        now,
        now + _ASKING_MILLISECONDS,
    )
    return bool(taken)


async def _give_back(host: str) -> None:
    await execute("UPDATE resources_pace SET free_at = ? WHERE host = ?", passing_milliseconds() + int(BETWEEN_SECONDS * 1000), host)


async def _look_at_all(urls: Sequence[str], network: Network) -> Mapping[str, Look]:
    """What each address led to; those whose turn did not come in time are left out."""
    turns, agent = _Turns(), f"marstraining-link-check (+{config.current().base_url}/resources)"
    found: dict[str, Look] = {}

    async def look(url: str) -> None:
        with suppress(_TooLate):
            found[url] = await look_at(url, network=network, turn=turns.of, agent=agent)

    tasks = [asyncio.create_task(look(url)) for url in urls]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


async def _write(looked: Sequence[tuple[_Due, Look]], *, now: datetime) -> None:
    """Write down what was found; a link that the desk took away meanwhile is nowhere to write to."""
    links, checks = [], []
    for one, look in looked:
        then = standing_after(look, failures=one.failures, failing_since=one.failing_since, now=now)
        worked = now if then.state == LinkState.OK else None
        links.append(
            (
                then.state.value, look.outcome.value, look.status, look.leads_to[:LONGEST], now, worked, then.failing_since,
                then.failures, then.check_at, one.id,
            )
        )  # fmt: skip
        checks.append((now, look.outcome.value, look.status, one.id))
    async with transaction():
        await execute_many(
            "UPDATE resources_link SET state = ?, outcome = ?, status = ?, leads_to = ?, checked_at = ?,"
            " worked_at = coalesce(?, worked_at), failing_since = ?, failures = ?, check_at = ?, held_until = NULL WHERE id = ?",
            links,
        )
        await execute_many(
            "INSERT INTO resources_link_check (link_id, at, outcome, status) SELECT l.id, ?, ?, ? FROM resources_link l WHERE l.id = ?",
            checks,
        )
        # Pages that say when a link was looked at are kept rendered until the revision of what they show rises.
        resources = sorted({one.resource_id for one, _ in looked})
        await execute_many("UPDATE resources_resource SET revision = revision + 1 WHERE id = ?", [(number,) for number in resources])


async def _put_off(due: Sequence[_Due], *, until: datetime) -> None:
    """Let go of links unlooked at."""
    await execute_many("UPDATE resources_link SET check_at = ?, held_until = NULL WHERE id = ?", [(until, one.id) for one in due])
