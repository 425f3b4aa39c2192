"""When somebody is told of news, and what news is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from marstraining.core.clock import from_wall, local
from marstraining.core.values import frozen

# Once a day, in the morning: somebody who follows ten courses should not get ten letters when a year's programme appears.
DAILY_AT = time(8)
CONFIRMING_LASTS = timedelta(days=3)
MOST_DATES = 60


class Pace(StrEnum):
    DAILY = "daily"
    AT_ONCE = "at_once"


PACES = {
    Pace.DAILY.value: "Once a day, in the morning",
    Pace.AT_ONCE.value: "As soon as there is something, but never between 8pm and 7:30am",
}


@frozen
class NewResource:
    """A resource as news: `topics` are slugs, `path` is its page, `added_at` when it was published."""

    title: str
    path: str
    kind: str
    topics: frozenset[str]
    added_at: datetime


@frozen
class NewDate:
    """A session as news."""

    ref: str
    course: str
    starts_at: datetime
    place: str


@frozen
class Heading:
    """What somebody follows, a course or a topic, with what is new there."""

    title: str
    dates: tuple[NewDate, ...] = ()
    resources: tuple[NewResource, ...] = ()
    is_course: bool = False


def last_morning(now: datetime) -> datetime:
    """The last moment at which daily letters were due."""
    wall = local(now)
    day = wall.date() if wall.time() >= DAILY_AT else wall.date() - timedelta(days=1)
    return from_wall(day, DAILY_AT)


def without_repeats(headings: Sequence[Heading], *, most: int = MOST_DATES) -> list[Heading]:
    """The headings with each date and each resource under the first that has it, at most so many of both; empty ones are left out."""
    seen: set[str] = set()
    kept = []
    for heading in headings:
        dates, resources = [], []
        for date in heading.dates:
            if date.ref not in seen and len(seen) < most:
                seen.add(date.ref)
                dates.append(date)
        for resource in heading.resources:
            if resource.path not in seen and len(seen) < most:
                seen.add(resource.path)
                resources.append(resource)
        if dates or resources:
            kept.append(replace(heading, dates=tuple(dates), resources=tuple(resources)))
    return kept


def left_out(headings: Sequence[Heading], kept: Sequence[Heading]) -> tuple[int, int]:
    """How many dates and how many resources are under the headings and not under those kept of them, each counted once."""
    dates = {date.ref for one in headings for date in one.dates} - {date.ref for one in kept for date in one.dates}
    resources = {item.path for one in headings for item in one.resources} - {item.path for one in kept for item in one.resources}
    return len(dates), len(resources)
