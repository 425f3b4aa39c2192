"""The golden vector of the specification, and vectors that leave nothing to compute."""

import itertools
import random
from dataclasses import asdict
from fractions import Fraction

import pytest

from marstraining.evaluation.statistics import margin, pomp, rescaled, summarise

_THEN = (2, 3, 1, 4, 2, 3, 3, 2, 4, 5, 2, 3, 1, 2, 3, 4, 3, 2, 3, 2, 4, 3, 2, 3)
_NOW = (4, 4, 3, 4, 4, 4, 5, 3, 5, 5, 3, 4, 4, 4, 4, 4, 2, 4, 4, 4, 5, 4, 4, 4)
GOLDEN = list(zip(_THEN, _NOW, strict=True))


def test_the_golden_vector_to_four_decimals() -> None:
    pytest.importorskip("scipy")
    found = summarise(GOLDEN, (1, 5), 30)
    assert (found.up, found.same, found.down, found.n, found.people) == (20, 3, 1, 24, 30)
    figures = (found.mean_then, found.mean_now, found.sd_then, found.sd_now, found.mean_change, found.sd_change, found.low, found.high)
    assert [round(one or 0, 4) for one in figures] == [2.75, 3.9583, 0.9891, 0.6903, 1.2083, 0.8836, 0.8352, 1.5815]
    assert found.rank_biserial == pytest.approx(0.943723, abs=1e-6)
    assert found.p == pytest.approx(1.239777e-05, rel=1e-6)
    assert (found.w_plus, found.w_minus) == (224.5, 6.5)
    others = (found.g_z, found.d_av, found.g_av, found.up_low, found.up_high, found.margin)
    assert [round(one or 0, 4) for one in others] == [1.3224, 1.4391, 1.3916, 0.6415, 0.9332, 0.0678]


@pytest.mark.parametrize(
    ("part", "whole", "people", "expected"),
    [(0, 0, 9, None), (2, 5, None, None), (2, 5, 4, None), (5, 5, 9, None), (0, 5, 9, None), (5, 5, 5, 0.0)],
)
def test_a_margin_is_of_some_out_of_people_who_are_known(part: int, whole: int, people: int | None, expected: float | None) -> None:
    assert margin(part, whole, people) == expected


def test_scales_are_compared_by_the_per_cent_of_the_maximum_possible() -> None:
    assert [pomp(value, scale) for value, scale in ((1, (1, 4)), (4, (1, 4)), (3, (1, 5)), (5.5, (1, 10)), (7, (0, 10)))] == [
        0,
        100,
        50,
        50,
        70,
    ]


def test_a_summary_reads_on_another_scale_as_its_pairs_would_and_stays_raw_itself() -> None:
    pytest.importorskip("scipy")
    raw = asdict(summarise(GOLDEN, (1, 5), 30))
    kept = dict(raw)
    found = rescaled(raw, (0, 10))
    expected = asdict(summarise([(pomp(then, (1, 5)) / 10, pomp(now, (1, 5)) / 10) for then, now in GOLDEN], (0, 10), 30))
    assert {name: pytest.approx(value) for name, value in expected.items()} == found
    assert (raw, rescaled(expected, (0, 10)), raw["mean_then"]) == (kept, expected, 2.75)
    del raw["scale"]
    assert rescaled(raw, (0, 10)) == raw
    nobody = asdict(summarise([], (1, 5)))
    assert rescaled(nobody, (0, 10))["mean_change"] is None


def test_pairs_all_alike_and_no_pairs_at_all_say_so() -> None:
    pytest.importorskip("scipy")
    alike = summarise([(5.0, 5.0)] * 1, (1, 5), 3)
    assert (alike.same, alike.at_top, alike.low, alike.p, alike.rank_biserial, alike.g_av) == (1, 1, None, None, None, None)
    nobody = summarise([], (0, 10), 3)
    assert (nobody.n, nobody.mean_change, nobody.low, nobody.up_low, nobody.margin, nobody.g_z, nobody.d_av) == (0, *[None] * 6)
    same = summarise([(5.0, 6.0)] * 6, (0, 10), 6)
    assert (same.sd_change, same.low, same.g_z, same.d_av, same.g_av, same.rank_biserial) == (0.0, 1.0, None, None, None, 1.0)


def test_changes_that_are_all_alike_but_for_how_thirds_are_kept_do_not_spread() -> None:
    pytest.importorskip("scipy")
    # Means over three statements: each of these twelve people rose by one.
    found = summarise([(16 / 3, 19 / 3)] * 6 + [(4 / 3, 7 / 3)] * 6, (0, 10), 20)
    assert (found.sd_change, found.g_z, found.low, found.high, found.rank_biserial) == (0.0, None, 1.0, 1.0, 1.0)
    assert [round(one or 0, 4) for one in (found.d_av, found.g_av)] == [0.4787, 0.4453]
    there_and_back = summarise([(0.1 + 0.2, 0.3), (5.0, 5.0)], (0, 10), 2)
    assert (there_and_back.up, there_and_back.same, there_and_back.down, there_and_back.p) == (0, 2, 0, None)


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


@pytest.mark.whole
@pytest.mark.parametrize(("changes", "kinds", "upward"), [(201, 3, 0.5), (260, 40, 0.5), (560, 9, 0.95)])
def test_more_changes_than_anybody_goes_through_are_counted_exactly(changes: int, kinds: int, upward: float) -> None:
    pytest.importorskip("scipy")
    rng = random.Random(changes)
    differences = [(1 if rng.random() < upward else -1) * rng.randint(1, kinds) for _ in range(changes)]
    sizes = sorted(abs(one) for one in differences)
    doubled = {size: 2 * sizes.index(size) + 1 + sizes.count(size) for size in set(sizes)}
    up = sum(doubled[abs(one)] for one in differences if one > 0)
    least = min(up, sum(doubled[size] for size in sizes) - up)
    # Whole numbers of any size, which the sums of fewer and fewer ranks are made of.
    ways = [1] + [0] * least
    for size in sizes:
        rank = doubled[size]
        ways = [n + (ways[place - rank] if place >= rank else 0) for place, n in enumerate(ways)]
    exact = Fraction(2 * sum(ways), 2**changes)
    assert summarise([(20.0, 20.0 + one) for one in differences], (0, 100)).p == pytest.approx(float(exact), rel=1e-9)


def test_changes_without_ties_are_tested_as_scipy_does() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = random.Random(5)
    differences = [rng.choice((-1, 1, 1)) * size for size in range(1, 301)]
    expected = stats.wilcoxon(differences, method="exact").pvalue
    assert summarise([(0.0, float(one)) for one in differences], (-300, 300)).p == pytest.approx(expected, rel=1e-9)


def test_many_changes_are_tested_as_quickly_as_few() -> None:
    pytest.importorskip("scipy")
    found = summarise([(4.0, 4.0 + number % 3) for number in range(3000)], (0, 10)).p
    assert found is not None
    assert found < 1e-6
