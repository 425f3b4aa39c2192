"""One comparison of the table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One comparison. `ratio` is what is judged; `ours` and `limit` are answers a second, seconds, MB or statements."""

    what: str
    ours: float
    limit: float
    ratio: float
    wanted: float

    @property
    def is_ok(self) -> bool:
        return self.ratio >= self.wanted


def at_least(what: str, ours: float, limit: float, wanted: float) -> Line:
    """More is better: our rate over the bare one."""
    return Line(what, ours, limit, ours / limit, wanted)


def at_most(what: str, ours: float, allowed: float) -> Line:
    """Less is better: what is allowed over what we took."""
    return Line(what, ours, allowed, allowed / ours, 1.0)
