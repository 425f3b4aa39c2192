"""The golden vector of the specification, and vectors that leave nothing to compute."""

import pytest

from marstraining.evaluation.statistics import summarise

_THEN = (2, 3, 1, 4, 2, 3, 3, 2, 4, 5, 2, 3, 1, 2, 3, 4, 3, 2, 3, 2, 4, 3, 2, 3)
_NOW = (4, 4, 3, 4, 4, 4, 5, 3, 5, 5, 3, 4, 4, 4, 4, 4, 2, 4, 4, 4, 5, 4, 4, 4)


def test_the_golden_vector_to_four_decimals() -> None:
    pytest.importorskip("scipy")
    found = summarise(list(zip(_THEN, _NOW, strict=True)), (1, 5), 30)
    assert (found.up, found.same, found.down, found.n, found.people) == (20, 3, 1, 24, 30)
    figures = (found.mean_then, found.mean_now, found.sd_then, found.sd_now, found.mean_change, found.sd_change, found.low, found.high)
    assert [round(one or 0, 4) for one in figures] == [2.75, 3.9583, 0.9891, 0.6903, 1.2083, 0.8836, 0.8352, 1.5815]
    assert found.rank_biserial == pytest.approx(0.943723, abs=1e-6)
    assert found.p == pytest.approx(1.239777e-05, rel=1e-6)
    assert found.g_av == pytest.approx(1.3916, abs=5e-5)


def test_pairs_all_alike_and_no_pairs_at_all_say_so() -> None:
    alike = summarise([(5.0, 5.0)] * 1, (1, 5), 3)
    assert (alike.same, alike.at_top, alike.low, alike.p, alike.rank_biserial, alike.g_av) == (1, 1, None, None, None, None)
    nobody = summarise([], (0, 10), 3)
    assert (nobody.n, nobody.mean_change, nobody.low) == (0, None, None)
