"""Change between two ratings with its uncertainty (evaluation.md 4.4).

Quantiles and Wilson's interval are scipy's, which is loaded when the first summary is made. It has no exact signed-rank test for
ratings, which always tie, but by going through all patterns of signs; those are counted here.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from marstraining.core.values import frozen

Pair = tuple[float, float]
Scale = tuple[float, float]
# As many additions as a second or so allows: about a thousand changes where as many go up as down, and far more where they do not.
_MOST_ADDITIONS = 10**9
_SCALED_EACH = 500
# Ratings are whole numbers and their means over a few statements; what differs further on is how a computer keeps thirds.
_DECIMALS = 9
_SPREADS = ("sd_then", "sd_now", "mean_change", "sd_change", "low", "high")


@frozen
class Summary:
    """What pairs of before and now come to. `None` where too few pairs, or pairs all alike, leave nothing to compute.

    `low` and `high` bound the mean change with 95% confidence; `at_top` of the same were at the top of the scale before. `up_low` and
    `up_high` bound the share that went up (Wilson), and `margin` is its margin where only some of a known number of people answered.
    `w_plus` and `w_minus` are the rank sums of what went up and down. `g_z` and `d_av` stand beside `g_av`: the mean change by its own
    deviation, and by the average of both without the correction for few pairs. `scale` is what the pairs were rated on, and all is raw.
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
    up_low: float | None
    up_high: float | None
    margin: float | None
    w_plus: float
    w_minus: float
    g_z: float | None
    d_av: float | None
    scale: Scale


def summarise(pairs: Sequence[Pair], scale: Scale, people: int | None = None) -> Summary:
    """The summary of complete pairs on a scale from its lowest to its highest; `people` is how many were asked."""
    differences = [round(now - then, _DECIMALS) for then, now in pairs]
    n = len(pairs)
    sd_then, sd_now, sd_change = (_sd(values) for values in ([one for one, _ in pairs], [two for _, two in pairs], differences))
    mean_change = fmean(differences) if n else None
    half = _half_width(n, sd_change)
    up = sum(one > 0 for one in differences)
    up_low, up_high = wilson(up, n)
    w_plus, w_minus = _rank_sums(differences)
    d_av = _share(mean_change, None if sd_then is None or sd_now is None else (sd_then + sd_now) / 2)
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
        up=up,
        same=sum(one == 0 for one in differences),
        down=sum(one < 0 for one in differences),
        at_top=sum(then == now == scale[1] for then, now in pairs),
        rank_biserial=_share(w_plus - w_minus, w_plus + w_minus),
        g_av=_corrected(d_av, n),
        p=_exact_p(differences),
        up_low=up_low,
        up_high=up_high,
        margin=margin(up, n, people),
        w_plus=w_plus,
        w_minus=w_minus,
        g_z=_corrected(_share(mean_change, sd_change), n),
        d_av=d_av,
        scale=scale,
    )


def pomp(value: float, scale: Scale) -> float:
    """A rating as per cent of the maximum possible (evaluation.md 4.2): what ratings of different scales are compared by."""
    low, high = scale
    return 100 * (value - low) / (high - low)


def rescaled(summary: Mapping[str, Any], scale: Scale) -> Mapping[str, Any]:
    """A frozen summary as it reads on another scale, by the per cent of the maximum possible; what was frozen stays raw.

    Ranks and sizes of effect are the same on any scale. One frozen without its scale is on the programme's only one, and stays.
    """
    own: Scale = tuple(summary.get("scale") or scale)
    if own == scale:
        return summary
    width = scale[1] - scale[0]
    spread = width / (own[1] - own[0])
    means = {name: scale[0] + pomp(summary[name], own) / 100 * width for name in ("mean_then", "mean_now") if summary[name] is not None}
    spreads = {name: summary[name] * spread for name in _SPREADS if summary[name] is not None}
    return {**summary, **means, **spreads, "scale": scale}


def wilson(part: int, whole: int) -> tuple[float | None, float | None]:
    """Wilson's 95% interval of a share; None of nobody."""
    if not whole:
        return None, None
    from scipy import stats  # noqa: PLC0415 - a second of loading that no web process should pay

    found = stats.binomtest(part, whole).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def margin(part: int, whole: int, people: int | None) -> float | None:
    """The 95% margin of a share of those who answered, out of a number of people that is known: nought where all did.

    None where nobody answered, or it is not known of how many, or all of some answered alike, of whom this formula says nothing.
    """
    if not whole or people is None or people < max(whole, 2) or (part in {0, whole} and whole < people):
        return None
    share = part / whole
    return 1.96 * math.sqrt(share * (1 - share) / whole * (people - whole) / (people - 1))


def _sd(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None


def _half_width(n: int, sd: float | None) -> float | None:
    if n < 2 or sd is None:
        return None
    from scipy import stats  # noqa: PLC0415 - a second of loading that no web process should pay

    return float(stats.t.ppf(0.975, n - 1)) * sd / math.sqrt(n)


def _share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _corrected(effect: float | None, n: int) -> float | None:
    """An effect size corrected for few pairs."""
    return None if effect is None or n < 3 else (1 - 3 / (4 * (n - 1) - 1)) * effect


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


def _rank_sums(differences: Sequence[float]) -> tuple[float, float]:
    ranks, is_up = _ranked(differences)
    up = sum(rank for rank, one in zip(ranks, is_up, strict=True) if one)
    return up / 2, (sum(ranks) - up) / 2


def _exact_p(differences: Sequence[float]) -> float | None:
    """The two-sided Wilcoxon signed-rank test by counting all patterns of signs on midranks; None where nothing changed.

    Of so many changes, as many up as down, that counting takes more than a second or two, their sum is taken as normal.
    """
    ranks, is_up = _ranked(differences)
    if not ranks:
        return None
    total = sum(ranks)
    up = sum(rank for rank, one in zip(ranks, is_up, strict=True) if one)
    least = min(up, total - up)
    if len(ranks) * least > _MOST_ADDITIONS:
        deviation = math.sqrt(sum(rank * rank for rank in ranks)) / 2
        return math.erfc((total / 2 - least) / deviation / math.sqrt(2))
    patterns, scaled = _patterns(ranks, least)
    return min(1.0, math.ldexp(patterns, 1 + scaled - len(ranks)))


def _patterns(ranks: Sequence[int], most: int) -> tuple[float, int]:
    """How many patterns of signs give a sum of the ranks that go up of `most` or less, as a number to be multiplied by a power of two."""
    import numpy as np  # noqa: PLC0415 - scipy's own, loaded with it

    ways = np.zeros(most + 1)
    ways[0] = 1.0
    reached = scaled = 0
    for place, rank in enumerate(ranks, start=1):
        reached = min(reached + rank, most)
        if rank <= most:
            ways[rank : reached + 1] += ways[: reached + 1 - rank].copy()
        if place % _SCALED_EACH == 0:
            # A number of this kind ends at two to the power of 1,023.
            ways *= 2.0**-_SCALED_EACH
            scaled += _SCALED_EACH
    return float(ways.sum()), scaled
