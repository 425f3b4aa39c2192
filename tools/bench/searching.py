"""Searching among five thousand documents: how much of it hits, and how long it takes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from tests.search.many import ask_many, write_many
from tools.bench.line import Line, at_least, at_most


async def with_documents() -> AsyncIterator[Line]:
    """The lines of searching, on the database that is open."""
    now = datetime.now(UTC)
    figures = await ask_many(await write_many(now=now), now=now)
    yield at_least("search among 5,000: share found among the first three", figures.hit_at_three, 1.0, 0.95)
    yield at_most("search among 5,000: median, ms", figures.median, 3)
    yield at_most("search among 5,000: 95 of 100 within, ms", figures.late, 10)
