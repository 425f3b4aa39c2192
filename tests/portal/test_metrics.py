"""Figures for the collector: nowhere without the token, counts without names with it."""

from dataclasses import replace

from marstraining.core import config
from marstraining.core.config import Settings
from tests.conftest import Visitor

TOKEN = "a-token-of-the-collector"


async def test_without_a_token_there_is_no_such_page(client: Visitor) -> None:
    assert (await client.get("/metrics")).status_code == 404


async def test_with_the_token_it_counts_and_names_nobody(client: Visitor, settings: Settings) -> None:
    config.use(replace(settings, metrics_token=TOKEN))
    await client.get("/programme")
    wrong = await client.get("/metrics", headers={"Authorization": "Bearer something-else"})
    right = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (wrong.status_code, right.status_code) == (404, 200)
    assert "mars_oversold_sessions 0.0" in right.text
