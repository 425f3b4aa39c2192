"""The programme with its places: what the list, the feed and the month view of the same filters have in common."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from marstraining.bookings.queries import Places, places
from marstraining.core.clock import from_wall
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.portal.cards import Card, card_of
from marstraining.portal.queries.teaching import standings_of
from marstraining.portal.queries.typed import looked_up
from marstraining.programme.queries import (
    PAGE_SIZE,
    PUBLIC,
    FeedDay,
    Scope,
    SessionRow,
    coming_sessions,
    feed_days,
    sessions_between,
    sessions_of_course,
)
from marstraining.programme.rules import ProgrammeFilter, Stage


@frozen
class Listing:
    """One page of cards and how many there are in all."""

    cards: Sequence[Card]
    total: int


@frozen
class CourseLine:
    """A course in the list of all courses, with its next date, if there is one."""

    code: str
    title: str
    kind: str
    summary: str
    audience: str
    next_at: datetime | None


async def programme_page(
    wanted: ProgrammeFilter,
    *,
    now: datetime,
    page: int = 1,
    size: int = PAGE_SIZE,
    scope: Scope = PUBLIC,
    root: str = "/sessions/",
    reader_id: int | None = None,
) -> Listing:
    """A page of the programme, by two statements whatever its length; a page beyond the end is the last one.

    For a reader who is known by one more, and their own sessions say how they stand to them.
    """
    wanted = await looked_up(wanted, now=now)
    if wanted.has_places:
        found, left = await _with_places(wanted, now=now, scope=scope)
        last = max(1, -(-len(found) // size))
        start = (min(page, last) - 1) * size
        return Listing(await _cards(found[start : start + size], left, now=now, root=root, reader_id=reader_id), len(found))
    shown = await coming_sessions(wanted, now=now, scope=scope, page=page, size=size)
    if not shown and page > 1:
        first = await coming_sessions(wanted, now=now, scope=scope, page=1, size=1)
        last = -(-first[0].total // size) if first else 1
        shown = await coming_sessions(wanted, now=now, scope=scope, page=last, size=size)
    counted = await places([row.id for row in shown], now=now)
    return Listing(await _cards(shown, counted, now=now, root=root, reader_id=reader_id), shown[0].total if shown else 0)


async def _cards(shown: Sequence[SessionRow], left: Mapping[int, Places], *, now: datetime, root: str, reader_id: int | None) -> list[Card]:
    standings = await standings_of([row.id for row in shown], reader_id) if reader_id is not None else {}
    return [card_of(row, left.get(row.id), now=now, root=root, standing=standings.get(row.id)) for row in shown]


async def programme_feed(wanted: ProgrammeFilter, *, now: datetime) -> list[FeedDay]:
    """The training days of exactly the sessions that the programme shows under the same filters."""
    wanted = await looked_up(wanted, now=now)
    if not wanted.has_places:
        return await feed_days(wanted, now=now)
    found, _ = await _with_places(wanted, now=now, scope=PUBLIC)
    return await feed_days(wanted, now=now, session_ids=[row.id for row in found])


async def month_cards(first: date, wanted: ProgrammeFilter, *, now: datetime) -> dict[date, list[Card]]:
    """The cards of a month by day; a session of several days stands on each of them."""
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    wanted = await looked_up(wanted, now=now)
    found = await sessions_between(from_wall(first, time()), from_wall(following, time()), wanted=wanted)
    left = await places([row.id for row in found], now=now)
    by_day: dict[date, list[Card]] = {}
    for row in found:
        if wanted.has_places and not _has_places(row, left.get(row.id), now):
            continue
        card = card_of(row, left.get(row.id), now=now)
        for day in row.days:
            if first <= day.day < following and not day.is_cancelled:
                by_day.setdefault(day.day, []).append(card)
    return by_day


async def course_cards(
    course_id: int, *, now: datetime, scope: Scope = PUBLIC, root: str = "/sessions/", reader_id: int | None = None
) -> list[Card]:
    """The coming dates of a course; to a reader who is known their own say how they stand to them."""
    found = await sessions_of_course(course_id, now=now, scope=scope)
    left = await places([row.id for row in found], now=now)
    return await _cards(found, left, now=now, root=root, reader_id=reader_id)


async def course_lines(*, now: datetime) -> list[CourseLine]:
    """Every public course that is run, by title, with its next public date."""
    found = await rows(
        "SELECT c.code, c.title, c.kind, c.summary, c.audience, (SELECT MIN(s.starts_at) FROM programme_session s WHERE s.course_id = c.id "
        "AND s.state = 'published' AND s.access IN ('', 'public') AND s.starts_at > ?) AS next_at "
        "FROM programme_course c WHERE c.access = 'public' AND NOT c.is_archived ORDER BY LOWER(c.title), c.id LIMIT 500",
        now,
        instants=("next_at",),
    )
    return [CourseLine(**row) for row in found]


async def _with_places(wanted: ProgrammeFilter, *, now: datetime, scope: Scope) -> tuple[list[SessionRow], dict[int, Places]]:
    found = await coming_sessions(wanted, now=now, scope=scope, size=None)
    left = dict(await places([row.id for row in found], now=now))
    return [row for row in found if _has_places(row, left.get(row.id), now)], left


def _has_places(row: SessionRow, left: Places | None, now: datetime) -> bool:
    """Whether a place can be had now: here, or with an organiser elsewhere, whose places nobody here knows."""
    stage = row.stage(now)
    return stage == Stage.ELSEWHERE or (stage == Stage.OPEN and (left is None or left.left != 0))
