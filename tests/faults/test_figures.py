"""R7, the collector's figures while things go wrong."""

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.config import Settings
from tests.faults.processes import figure, serving

pytestmark = [pytest.mark.faults, pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)]


async def test_r7_several_processes_tell_their_counts_as_one(db: TortoiseContext, settings: Settings) -> None:
    async with serving(settings, "--workers", "2") as web:
        for _ in range(20):
            # A connection of its own each time, so that both processes get some.
            async with web.http() as http:
                assert (await http.get("/readyz")).status_code == 200
        counts = [await figure(web, 'mars_http_requests_total{method="GET",route="/readyz",status="200"}') for _ in range(6)]
        assert counts == [20.0] * 6
