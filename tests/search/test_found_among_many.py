"""The reference case and five thousand invented courses: what is asked for is among the first three, in milliseconds."""

from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.viewer import SYSTEM
from marstraining.demo.filling import reference_rows
from marstraining.programme.actions import import_courses
from tests.conftest import Clock
from tests.search.many import ask_many, write_many

pytestmark = pytest.mark.timed


async def test_hit_at_three_and_how_long_it_takes(db: TortoiseContext, clock: Clock, record_property: Any) -> None:
    await import_courses(reference_rows("courses.csv"), by=SYSTEM, now=clock.now)
    figures = await ask_many(await write_many(now=clock.now), now=clock.now)
    record_property("figures", str(figures))
    print(f"5,000 documents: {figures}")  # noqa: T201 - the figures are what this test is for
    assert figures.hit_at_three >= 0.95
    assert figures.median < 3
    assert figures.late < 10
