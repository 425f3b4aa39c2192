"""Annex B: the statistics of the specification's golden vector as they are printed, and what of them stays back."""

import json

import pytest

from marstraining.core.db import execute, rows
from marstraining.reports.actions import take_quarterly_snapshot
from marstraining.reports.document import Forest
from tests import makers
from tests.conftest import Clock
from tests.evaluation.test_statistics import GOLDEN
from tests.reports.quarters import AT_DESK, QUARTER, a_change, grid, sections, tiles

pytest.importorskip("scipy")


async def _annex(clock: Clock) -> tuple[dict[str, str], dict[str, str]]:
    frozen, _ = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.now)
    (first,), (second,) = grid(frozen, "Annex B"), grid(frozen, "Annex B", 1)
    return first, second


@pytest.mark.usefixtures("db")
async def test_the_golden_vector_is_printed_whole(clock: Clock) -> None:
    await a_change(await makers.make_course("Neglect"), answers=0, asked=30, pairs=GOLDEN)
    first, second = await _annex(clock)
    assert list(first.values()) == ["Neglect", "24", "2.75", "3.96", "0.88", "0.84 to 1.58", "0.94", "1.39", "< 0.001"]
    assert list(second.values()) == ["Neglect", "64% to 93%", "6.8 points", "224.5 and 6.5", "1.32", "1.44"]


@pytest.mark.usefixtures("db")
async def test_where_directions_stay_back_so_does_what_would_tell_them(clock: Clock) -> None:
    await a_change(await makers.make_course("Neglect"), answers=0, asked=30, pairs=GOLDEN)
    held = json.loads((await rows("SELECT measures FROM evaluation_summary"))[0]["measures"])
    held["course"] |= {"up": None, "same": None, "down": None, "at_top": None}
    await execute("UPDATE evaluation_summary SET measures = ?", json.dumps(held))
    first, second = await _annex(clock)
    assert (first["n"], list(second.values())) == ("24", ["Neglect", "–", "–", "–", "1.32", "1.44"])  # noqa: RUF001 - a dash as printed


@pytest.mark.usefixtures("db")
async def test_what_was_frozen_before_these_were_computed_shows_a_dash(clock: Clock) -> None:
    await a_change(await makers.make_course("Neglect"), answers=0, asked=30, pairs=GOLDEN)
    held = json.loads((await rows("SELECT measures FROM evaluation_summary"))[0]["measures"])
    for name in ("up_low", "up_high", "margin", "w_plus", "w_minus", "g_z", "d_av"):
        del held["course"][name]
    await execute("UPDATE evaluation_summary SET measures = ?", json.dumps(held))
    assert set((await _annex(clock))[1].values()) == {"Neglect", "–"}  # noqa: RUF001 - as above


@pytest.mark.usefixtures("db")
async def test_ratings_of_another_scale_stand_beside_others_only_rescaled(clock: Clock) -> None:
    await a_change(await makers.make_course("Historic"), answers=0, asked=30, pairs=GOLDEN, scale=(1, 5))
    await a_change(await makers.make_course("Neglect"), answers=24, asked=30)
    frozen, _ = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.now)
    # 1.2083 of 4 is 3.02 of 10; the mean of both is (3.02 + 2.5) / 2, not (1.21 + 2.5) / 2.
    assert [(row["Course"], row["Note"]) for row in grid(frozen, "7")] == [("Historic", "Rated from 1 to 5, rescaled"), ("Neglect", "")]
    (chart,) = [block for block in sections(frozen)["7"].blocks if isinstance(block, Forest)]
    assert [bar.words for bar in chart.bars if bar.label == "Historic"] == ["4.4 to 7.4, change +3.0 (95% interval +2.1 to +4.0)"]
    assert tiles(frozen)["Change in confidence, 0 to 10"] == "+2.8"
    held = json.loads((await rows("SELECT measures FROM evaluation_summary ORDER BY id LIMIT 1"))[0]["measures"])
    assert (held["course"]["mean_then"], held["course"]["scale"]) == (2.75, [1, 5])
