"""Change between two ratings with its uncertainty (evaluation.md 4.4), by scipy, which is loaded when the first summary is made."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from marstraining.core.values import frozen

Pair = tuple[float, float]
_MOST_EXACT = 200


@frozen
class Summary:
    """What pairs of before and now come to. `None` where too few pairs, or pairs all alike, leave nothing to compute.

    `low` and `high` bound the mean change with 95% confidence; `at_top` of the same were at the top of the scale before.
    """

    n: int
    people: int | None
    mean_then: float | None
    mean_now: float | None
    sd_then: float | None
    sd_now: float | None
    mean_change: float | None
    sd_change: float | None
    low: float | None
    high: float | None
    up: int
    same: int
    down: int
    at_top: int
    rank_biserial: float | None
    g_av: float | None
    p: float | None


def summarise(pairs: Sequence[Pair], scale: tuple[float, float], people: int | None = None) -> Summary:
    """The summary of complete pairs on a scale from its lowest to its highest; `people` is how many were asked."""
    differences = [now - then for then, now in pairs]
    n = len(pairs)
    sd_then, sd_now, sd_change = (_sd(values) for values in ([one for one, _ in pairs], [two for _, two in pairs], differences))
    mean_change = fmean(differences) if n else None
    half = _half_width(n, sd_change)
    return Summary(
        n=n,
        people=people,
        mean_then=fmean(then for then, _ in pairs) if n else None,
        mean_now=fmean(now for _, now in pairs) if n else None,
        sd_then=sd_then,
        sd_now=sd_now,
        mean_change=mean_change,
        sd_change=sd_change,
        low=None if half is None or mean_change is None else mean_change - half,
        high=None if half is None or mean_change is None else mean_change + half,
        up=sum(one > 0 for one in differences),
        same=sum(one == 0 for one in differences),
        down=sum(one < 0 for one in differences),
        at_top=sum(then == now == scale[1] for then, now in pairs),
        rank_biserial=_rank_biserial(differences),
        g_av=_g_av(n, mean_change, sd_then, sd_now),
        p=_exact_p(differences),
    )


def _sd(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None


def _half_width(n: int, sd: float | None) -> float | None:
    if n < 2 or sd is None:
        return None
    from scipy import stats  # noqa: PLC0415 - a second of loading that no web process should pay

    return float(stats.t.ppf(0.975, n - 1)) * sd / math.sqrt(n)


def _g_av(n: int, mean: float | None, sd_then: float | None, sd_now: float | None) -> float | None:
    if n < 3 or mean is None or not sd_then or not sd_now:
        return None
    return (1 - 3 / (4 * (n - 1) - 1)) * mean / ((sd_then + sd_now) / 2)


def _ranked(differences: Sequence[float]) -> tuple[list[int], list[bool]]:
    """Twice the midrank of each difference that is not nought, whole numbers, and whether it is upwards."""
    found = sorted((one for one in differences if one), key=abs)
    ranks: list[int] = []
    start = 0
    while start < len(found):
        end = start
        while end < len(found) and math.isclose(abs(found[end]), abs(found[start])):
            end += 1
        ranks += [start + 1 + end] * (end - start)
        start = end
    return ranks, [one > 0 for one in found]


def _rank_biserial(differences: Sequence[float]) -> float | None:
    ranks, is_up = _ranked(differences)
    total = sum(ranks)
    return (2 * sum(rank for rank, up in zip(ranks, is_up, strict=True) if up) - total) / total if total else None


def _exact_p(differences: Sequence[float]) -> float | None:
    """The two-sided Wilcoxon signed-rank test by counting all patterns of signs on midranks; None where nothing changed.

    Above `_MOST_EXACT` changes the counts no longer fit into memory, and their sum is as good as normal.
    """
    ranks, is_up = _ranked(differences)
    if not ranks:
        return None
    total = sum(ranks)
    up = sum(rank for rank, one in zip(ranks, is_up, strict=True) if one)
    extreme = max(up, total - up)
    if len(ranks) > _MOST_EXACT:
        deviation = math.sqrt(sum(rank * rank for rank in ranks)) / 2
        return math.erfc((extreme - total / 2) / deviation / math.sqrt(2))
    # One number holds how many patterns give each sum, so many bits apart that none runs into the next; the sum of its digits in
    # that base is its remainder by the base less one.
    bits = len(ranks) + 1
    ways = 1
    for rank in ranks:
        ways += ways << (rank * bits)
    tail = (ways >> (extreme * bits)) % ((1 << bits) - 1)
    return min(1.0, float(2 * tail / (1 << len(ranks))))
