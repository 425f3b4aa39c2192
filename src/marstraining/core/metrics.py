"""Figures for the machine's own collector: requests and outcomes counted here, and what was just read from the database."""

import os
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from marstraining.core.values import frozen

# Where several serving processes keep their counts for each other. It must be set before this module is loaded.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_registry = CollectorRegistry()
_requests = Counter("mars_http_requests", "Answers by route, method and status.", ("route", "method", "status"), registry=_registry)
_seconds = Histogram(
    "mars_http_seconds",
    "Time taken to answer, by route.",
    ("route",),
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
    registry=_registry,
)
_bookings = Counter(
    "mars_booking_outcomes", "What came of asking for a place: booked, waiting, or why not.", ("outcome",), registry=_registry
)
_signposts = Counter(
    "mars_safety_signposts", "How often the chat said whom to ring, by how sure it was; never why.", ("level",), registry=_registry
)
_sign_ins = Counter("mars_sign_ins", "What came of a link or code: ok, failed, limited.", ("outcome",), registry=_registry)


@frozen
class Figures:
    """What the database says: numbers by words of ours, never a name.

    Letters by class and state; seconds that the oldest one due has waited, by class; sessions that hold more than they have
    places for; links of resources by how they stand; files that wait for the virus scanner, and since how many seconds the oldest;
    seconds that each job is late, and whether it fails; seconds since the last backup and the share of the disk in use, None where not
    known.
    """

    letters: Mapping[tuple[str, str], int]
    oldest: Mapping[str, float]
    oversold: int
    links: Mapping[str, int]
    files_waiting: int
    oldest_file: float
    jobs_late: Mapping[str, float]
    jobs_failing: Mapping[str, bool]
    backup_age: float | None
    disk_used: float | None


def observe(route: str, method: str, status: int, seconds: float) -> None:
    """Count one answer; `route` is the pattern, never the address, so that no token and no reference is kept."""
    _requests.labels(route or "none", method, str(status)).inc()
    _seconds.labels(route or "none").observe(seconds)


def count_booking(outcome: str) -> None:
    """Count what came of asking for a place: the state it led to, or the code of the refusal."""
    _bookings.labels(outcome).inc()


def count_sign_in(outcome: str) -> None:
    """Count what came of a link or a code."""
    _sign_ins.labels(outcome).inc()


def count_signpost(level: str) -> None:
    """Count that somebody was told whom to ring."""
    _signposts.labels(level).inc()


def show(figures: Figures | None) -> bytes:
    """Everything counted so far by every process of this service, with the figures, as the collector reads them.

    Without figures the database is away, which is a figure too.
    """
    counted = _registry
    if os.environ.get(SHARED_FOLDER):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # the library's own, untyped
    read = CollectorRegistry()
    read.register(_Up(is_up=figures is not None))
    if figures is not None:
        read.register(_Read(figures))
    return generate_latest(counted) + generate_latest(read)


class _Up(Collector):
    """Whether the database could be asked."""

    def __init__(self, *, is_up: bool) -> None:
        self._is_up = is_up

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("mars_database_up", "Whether the database could be asked for figures.", value=self._is_up)


class _Read(Collector):
    """Figures in the collector's form; they are of now, so nothing of them is kept."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        figures = self._figures
        letters = GaugeMetricFamily("mars_letters", "Letters by class and state.", labels=("class", "state"))
        for (kind, state), number in figures.letters.items():
            letters.add_metric((kind, state), number)
        yield letters
        yield _by("mars_oldest_waiting_letter_seconds", "Since when the oldest letter is due, by class.", "class", figures.oldest)
        yield GaugeMetricFamily(
            "mars_oversold_sessions", "Coming sessions that hold more than they have places for.", value=figures.oversold
        )
        yield _by("mars_links", "Links of resources by how they stood when last looked at.", "state", figures.links)
        yield GaugeMetricFamily("mars_files_waiting", "Files that wait for the virus scanner.", value=figures.files_waiting)
        yield GaugeMetricFamily(
            "mars_oldest_waiting_file_seconds", "Since when the oldest file waits for the virus scanner.", value=figures.oldest_file
        )
        yield _by("mars_job_late_seconds", "How late each job of the worker is.", "job", figures.jobs_late)
        yield _by("mars_job_failing", "Whether each job of the worker failed the last time.", "job", figures.jobs_failing)
        if figures.backup_age is not None:
            yield GaugeMetricFamily("mars_backup_age_seconds", "Since when the last backup was made.", value=figures.backup_age)
        if figures.disk_used is not None:
            yield GaugeMetricFamily("mars_disk_used_ratio", "How much of the data folder's disk is in use.", value=figures.disk_used)


def _by(name: str, help_text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=(label,))
    for word, value in values.items():
        family.add_metric((word,), value)
    return family
