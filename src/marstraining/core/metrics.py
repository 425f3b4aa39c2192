"""Figures of this process for the machine's own collector: requests by route and status, and what the outbox holds."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_registry = CollectorRegistry()
_requests = Counter("mars_http_requests", "Answers by route, method and status.", ("route", "method", "status"), registry=_registry)
_seconds = Histogram(
    "mars_http_seconds",
    "Time taken to answer, by route.",
    ("route",),
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
    registry=_registry,
)
_letters = Gauge("mars_letters", "Letters by state.", ("state",), registry=_registry)
_oldest = Gauge(
    "mars_oldest_waiting_letter_seconds",
    "Age of the oldest letter that is due and waiting, by priority.",
    ("priority",),
    registry=_registry,
)
_oversold = Gauge("mars_oversold_sessions", "Coming sessions that hold more places than they have.", registry=_registry)


def observe(route: str, method: str, status: int, seconds: float) -> None:
    """Count one answer; `route` is the pattern, never the address, so that no token and no reference is kept."""
    _requests.labels(route or "none", method, str(status)).inc()
    _seconds.labels(route or "none").observe(seconds)


def show(*, letters: dict[str, int], oldest: dict[int, float], oversold: int) -> bytes:
    """Everything counted so far, with the figures just read from the database, as the collector reads them."""
    _letters.clear()
    for state, number in letters.items():
        _letters.labels(state).set(number)
    _oldest.clear()
    for priority, age in oldest.items():
        _oldest.labels(str(priority)).set(age)
    _oversold.set(oversold)
    return generate_latest(_registry)
