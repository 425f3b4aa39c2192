"""A demo made for tests, as it would be at a given moment."""

from datetime import datetime
from pathlib import Path
from typing import Any

from tortoise.queryset import QuerySet

from marstraining.core import clock as house_clock
from marstraining.core import config
from marstraining.demo.folder import Demo, prepare
from marstraining.messages.queries import StoredLetter, letter_of
from tests.conftest import run_apart

BASE = "http://127.0.0.1:8000"


def said(_line: str) -> None:
    """Nobody is told."""


def make_demo(folder: Path, now: datetime, *, is_fresh: bool = False, report: list[str] | None = None) -> Demo:
    made: list[Demo] = []

    async def make() -> None:
        made.append(await prepare(folder, BASE, {}, is_fresh=is_fresh, report=said if report is None else report.append))

    house_clock.set_source(lambda: now)
    try:
        run_apart(make)
    finally:
        house_clock.set_source(None)
        config.use(None)
    return made[0]


async def stored(ref: str) -> StoredLetter:
    letter = await letter_of(ref)
    assert letter is not None
    return letter


async def column(query: QuerySet[Any], name: str) -> list[Any]:
    return [row[name] for row in await query.values(name)]
