"""The golden vector of the specification, and vectors that leave nothing to compute."""

import itertools
import random

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


@pytest.mark.parametrize("seed", range(40))
def test_the_test_agrees_with_counting_every_pattern_of_signs(seed: int) -> None:
    pytest.importorskip("scipy")
    rng = random.Random(seed)
    differences = [rng.randint(-3, 3) for _ in range(rng.randint(1, 9))] + [1]
    found = summarise([(5.0, 5.0 + one) for one in differences], (0, 10)).p
    changes = [one for one in differences if one]
    sizes = sorted(abs(one) for one in changes)
    rank = {size: sum(place for place, one in enumerate(sizes, start=1) if one == size) / sizes.count(size) for size in set(sizes)}
    observed = sum(rank[abs(one)] for one in changes if one > 0)
    middle = sum(rank[size] for size in sizes) / 2
    sums = [
        sum(rank[abs(one)] for one, is_up in zip(changes, signs, strict=True) if is_up)
        for signs in itertools.product((True, False), repeat=len(changes))
    ]
    exact = sum(abs(one - middle) >= abs(observed - middle) - 1e-9 for one in sums) / len(sums)
    assert found == pytest.approx(min(1.0, exact) if observed != middle else 1.0)


def test_many_changes_are_tested_as_quickly_as_few() -> None:
    pytest.importorskip("scipy")
    found = summarise([(4.0, 4.0 + number % 3) for number in range(3000)], (0, 10)).p
    assert found is not None
    assert found < 1e-6
