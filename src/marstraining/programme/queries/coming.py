"""The coming sessions: what the programme, its month view and its calendar feed list, each by one statement."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from marstraining.core.clock import from_wall
from marstraining.core.db import dialect, like_pattern, rows
from marstraining.core.values import frozen
from marstraining.programme.queries.scope import EFFECTIVE_AUDIENCES, PUBLIC, Scope
from marstraining.programme.rules import (
    EVENING_FROM,
    HALF_DAY_MINUTES,
    CourseKind,
    Delivery,
    ProgrammeFilter,
    SessionState,
    Stage,
    When,
    stage_at,
)

PAGE_SIZE = 50
FEED_LIMIT = 1000
_JOINS = "FROM programme_session s JOIN programme_course c ON c.id = s.course_id LEFT JOIN programme_venue v ON v.id = s.venue_id"
_TITLE = "CASE WHEN s.title = '' THEN c.title ELSE s.title END"
_ELSEWHERE = "CASE WHEN s.external_url = '' THEN c.external_url ELSE s.external_url END"
_FACTS = f"""s.id, s.ref, {_TITLE} AS title, c.code AS course_code, c.title AS course_title, c.kind, s.state, s.delivery,
    v.name AS venue, v.is_online AS venue_is_online, s.starts_at, s.ends_at, s.capacity, s.opens_at, s.closes_at, s.is_list_open,
    s.is_headcount_only, {_ELSEWHERE} AS external_url, s.external_url AS own_url, c.audience, {EFFECTIVE_AUDIENCES} AS audience_codes,
    s.changed_at"""
# Separators of text folded into one column: control characters, since labels may hold any punctuation.
_FIELD, _LINE = "\x1f", "\x1e"
_INSTANTS = ("starts_at", "ends_at", "opens_at", "closes_at", "changed_at")


@frozen
class DayRow:
    """One training day in London wall time."""

    day: date
    starts: str
    ends: str
    is_cancelled: bool


@frozen
class SessionRow:
    """A session as lists show it; `days` are in order, `topics` are (slug, label), `total` counts the whole list."""

    id: int
    ref: str
    title: str
    course_code: str
    course_title: str
    kind: str
    state: str
    delivery: str
    venue: str
    is_online_venue: bool
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    opens_at: datetime | None
    closes_at: datetime | None
    is_list_open: bool
    is_headcount_only: bool
    external_url: str
    audience: str
    audience_codes: tuple[str, ...]
    changed_at: datetime
    days: tuple[DayRow, ...]
    topics: tuple[tuple[str, str], ...]
    is_elsewhere: bool
    total: int

    def stage(self, now: datetime) -> Stage:
        return stage_at(self, now)


@frozen
class FeedDay:
    """A training day as calendars need it; `state` is its session's."""

    session_id: int
    ref: str
    title: str
    state: str
    delivery: str
    venue: str
    address: str
    uid: str
    starts_at: datetime
    ends_at: datetime
    sequence: int
    changed_at: datetime
    is_cancelled: bool


async def coming_sessions(
    wanted: ProgrammeFilter, *, now: datetime, scope: Scope = PUBLIC, page: int = 1, size: int | None = PAGE_SIZE
) -> list[SessionRow]:
    """Sessions that have not ended, soonest first, by one query whatever their number.

    `size` None gives all of them. `wanted.has_places` is not looked at: only bookings know places.
    """
    where, params = _where(wanted, now=now, scope=scope)
    limit = "" if size is None else f" LIMIT {int(size)} OFFSET {(max(page, 1) - 1) * int(size)}"
    found = await rows(
        f"SELECT {_FACTS}, COUNT(*) OVER () AS total, {_days_folded()} AS days, {_topics_folded()} AS topics "
        f"{_JOINS} WHERE {where} ORDER BY s.starts_at, s.id{limit}",
        *params,
        instants=_INSTANTS,
    )
    return [session_row(row) for row in found]


async def sessions_between(start: datetime, end: datetime, *, wanted: ProgrammeFilter, scope: Scope = PUBLIC) -> list[SessionRow]:
    """Every session with a moment in [start, end), past ones too, in order: what a month's calendar shows."""
    conditions, params = _narrowed(wanted)
    where = " AND ".join([f"({scope.sql})", "s.ends_at > ?", "s.starts_at < ?", *conditions])
    found = await rows(
        f"SELECT {_FACTS}, 0 AS total, {_days_folded()} AS days, {_topics_folded()} AS topics "
        f"{_JOINS} WHERE {where} ORDER BY s.starts_at, s.id LIMIT {FEED_LIMIT}",
        *scope.params,
        start,
        end,
        *params,
        instants=_INSTANTS,
    )
    return [session_row(row) for row in found]


async def sessions_of_course(
    course_id: int, *, now: datetime, scope: Scope = PUBLIC, is_past: bool = False, size: int = PAGE_SIZE
) -> list[SessionRow]:
    """A course's coming sessions, soonest first, or its past ones, latest first. A postponed one is coming whatever its old date."""
    coming = "(s.ends_at > ? OR s.state = 'postponed')"
    condition, order = (f"NOT {coming}", "DESC") if is_past else (coming, "ASC")
    found = await rows(
        f"SELECT {_FACTS}, COUNT(*) OVER () AS total, {_days_folded()} AS days, {_topics_folded()} AS topics "
        f"{_JOINS} WHERE ({scope.sql}) AND c.id = ? AND {condition} ORDER BY s.starts_at {order}, s.id LIMIT {int(size)}",
        *scope.params,
        course_id,
        now,
        instants=_INSTANTS,
    )
    return [session_row(row) for row in found]


async def sessions_by_ref(refs: Sequence[str], *, scope: Scope = PUBLIC) -> dict[str, SessionRow]:
    """The sessions at these references that the scope allows, past ones too, by reference, in one statement."""
    if not refs:
        return {}
    found = await rows(
        f"SELECT {_FACTS}, 0 AS total, {_days_folded()} AS days, {_topics_folded()} AS topics "
        f"{_JOINS} WHERE ({scope.sql}) AND s.ref IN ({', '.join('?' * len(refs))})",
        *scope.params,
        *refs,
        instants=_INSTANTS,
    )
    return {row["ref"]: session_row(row) for row in found}


async def feed_days(
    wanted: ProgrammeFilter, *, now: datetime, scope: Scope = PUBLIC, session_ids: Sequence[int] | None = None, limit: int = FEED_LIMIT
) -> list[FeedDay]:
    """The training days of exactly the sessions that `coming_sessions` gives, nearest to now first, at most `limit`.

    With `session_ids` only these; a cancelled day stays until it is past.
    """
    if session_ids is not None and not session_ids:
        return []
    where, params = _where(wanted, now=now, scope=scope)
    if session_ids is not None:
        where += f" AND s.id IN ({', '.join(str(int(session_id)) for session_id in session_ids)})"
    found = await rows(
        f"SELECT s.id AS session_id, s.ref, {_TITLE} AS title, s.state, s.delivery, v.name AS venue, v.address, d.uid, "
        "d.starts_at, d.ends_at, d.sequence, d.is_cancelled, "
        "CASE WHEN s.changed_at > d.changed_at THEN s.changed_at ELSE d.changed_at END AS changed_at "
        f"{_JOINS} JOIN programme_day d ON d.session_id = s.id WHERE {where} AND d.ends_at > ? "
        f"ORDER BY d.starts_at, d.id LIMIT {int(limit)}",
        *params,
        now,
        instants=("starts_at", "ends_at", "changed_at"),
    )
    return [_feed_day(row) for row in found]


def _where(wanted: ProgrammeFilter, *, now: datetime, scope: Scope) -> tuple[str, tuple[object, ...]]:
    conditions, params = _narrowed(wanted)
    return " AND ".join([f"({scope.sql})", "s.ends_at > ?", *conditions]), (*scope.params, now, *params)


def _narrowed(wanted: ProgrammeFilter) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    params: list[object] = []
    for word in wanted.words.split():
        conditions.append(_WORDS_IN)
        params.extend([like_pattern(word)] * 2)
    if wanted.courses:
        conditions.append(f"c.code IN ({', '.join('?' * len(wanted.courses))})")
        params.extend(wanted.courses)
    if wanted.topic:
        conditions.append(
            "EXISTS (SELECT 1 FROM programme_course_topic x JOIN programme_topic t ON t.id = x.topic_id "
            "WHERE x.course_id = c.id AND t.slug = ?)"
        )
        params.append(wanted.topic)
    if wanted.audience:
        conditions.append(f"({EFFECTIVE_AUDIENCES} LIKE ? OR {EFFECTIVE_AUDIENCES} LIKE ?)")
        params.extend((f'%"{wanted.audience}"%', '%"all"%'))
    if wanted.delivery:
        conditions.append("s.delivery IN (?, ?)")
        params.extend((wanted.delivery, Delivery.HYBRID.value))
    if wanted.kind:
        conditions.append("c.kind = ?")
        params.append(wanted.kind)
    if wanted.when:
        conditions.append(_when_condition(wanted.when))
    if wanted.date_from:
        conditions.append("s.ends_at > ?")
        params.append(from_wall(wanted.date_from, time()))
    if wanted.date_to:
        conditions.append("s.starts_at < ?")
        params.append(from_wall(wanted.date_to + timedelta(days=1), time()))
    return conditions, params


_WORDS_IN = (
    "(LOWER(s.title || ' ' || c.title || ' ' || c.code || ' ' || c.summary || ' ' || c.audience || ' ' || COALESCE(v.name, '')) "
    "LIKE ? ESCAPE '\\' "
    "OR EXISTS (SELECT 1 FROM programme_course_topic x JOIN programme_topic t ON t.id = x.topic_id "
    "WHERE x.course_id = c.id AND LOWER(t.label) LIKE ? ESCAPE '\\'))"
)


def _when_condition(when: str) -> str:
    live = "SELECT 1 FROM programme_day d WHERE d.session_id = s.id AND NOT d.is_cancelled"
    if when == When.EVENING:
        return f"EXISTS ({live} AND d.starts >= '{EVENING_FROM}')"
    if when == When.WEEKEND:
        weekday = "CAST(strftime('%w', d.day) AS INTEGER)" if dialect() == "sqlite" else "EXTRACT(DOW FROM d.day)"
        return f"EXISTS ({live} AND {weekday} IN (0, 6))"
    minutes = " - ".join(
        f"(CAST(SUBSTR(d.{column}, 1, 2) AS INTEGER) * 60 + CAST(SUBSTR(d.{column}, 4, 2) AS INTEGER))" for column in ("ends", "starts")
    )
    return (
        f"NOT EXISTS ({live} AND {minutes} > {HALF_DAY_MINUTES}) AND (SELECT COUNT(*) FROM programme_day d WHERE d.session_id = s.id) = 1"
    )


def _folded(expression: str) -> str:
    """An aggregate that joins text of many rows; the databases name it differently, and neither promises an order."""
    return f"GROUP_CONCAT({expression}, '{_LINE}')" if dialect() == "sqlite" else f"STRING_AGG({expression}, '{_LINE}')"


def _days_folded() -> str:
    line = f" || '{_FIELD}' || ".join(("CAST(d.day AS TEXT)", "d.starts", "d.ends", "CASE WHEN d.is_cancelled THEN '1' ELSE '' END"))
    return f"(SELECT {_folded(line)} FROM programme_day d WHERE d.session_id = s.id)"


def _topics_folded() -> str:
    line = f"t.slug || '{_FIELD}' || t.label"
    return f"(SELECT {_folded(line)} FROM programme_course_topic x JOIN programme_topic t ON t.id = x.topic_id WHERE x.course_id = c.id)"


def session_row(row: Mapping[str, Any]) -> SessionRow:
    """A row of the statements above as a value."""
    return SessionRow(
        id=row["id"],
        ref=row["ref"],
        title=row["title"],
        course_code=row["course_code"],
        course_title=row["course_title"],
        kind=row["kind"],
        state=row["state"],
        delivery=row["delivery"],
        venue=row["venue"] or "",
        is_online_venue=bool(row["venue_is_online"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        capacity=row["capacity"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        is_list_open=bool(row["is_list_open"]),
        is_headcount_only=bool(row["is_headcount_only"]),
        external_url=row["external_url"],
        audience=row["audience"],
        audience_codes=tuple(json.loads(row["audience_codes"] or "[]")),
        changed_at=row["changed_at"],
        days=tuple(DayRow(date.fromisoformat(day), starts, ends, bool(gone)) for day, starts, ends, gone in _unfolded(row["days"])),
        topics=tuple((slug, label) for slug, label in _unfolded(row["topics"])),
        is_elsewhere=bool(row["own_url"]) or row["kind"] == CourseKind.EXTERNAL,
        total=row["total"],
    )


def _unfolded(text: str | None) -> list[list[str]]:
    return [line.split(_FIELD) for line in sorted((text or "").split(_LINE)) if line]


def _feed_day(row: Mapping[str, Any]) -> FeedDay:
    return FeedDay(
        session_id=row["session_id"],
        ref=row["ref"],
        title=row["title"],
        state=row["state"],
        delivery=row["delivery"],
        venue=row["venue"] or "",
        address=row["address"] or "",
        uid=row["uid"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        sequence=row["sequence"],
        changed_at=row["changed_at"],
        is_cancelled=bool(row["is_cancelled"]) or row["state"] in {SessionState.CALLED_OFF, SessionState.POSTPONED},
    )
