"""The training team's list of sessions: each with its places, waiting list and trainers, in one statement."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from marstraining.bookings.queries.holding import HOLDS
from marstraining.core.clock import from_wall
from marstraining.core.db import like_pattern, rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.programme.queries import run_by
from marstraining.programme.queries.scope import EFFECTIVE_ACCESS

ORDERS = {
    "starts": "s.starts_at",
    "title": "LOWER(CASE WHEN s.title = '' THEN c.title ELSE s.title END)",
    "state": "s.state",
    "venue": "LOWER(COALESCE(v.name, ''))",
    "held": "held",
    "places": "COALESCE(s.capacity, 1000000)",
    "waiting": "waiting",
}
FILTERS = ("q", "when", "state", "delivery", "from", "to", "series")
# A postponed session is still to come, whatever its old date.
_WHEN = {"": "(s.ends_at > ? OR s.state = 'postponed')", "past": "s.ends_at <= ? AND s.state <> 'postponed'"}


@frozen
class SessionLines:
    """A page of the list and how many sessions there are in all."""

    rows: list[dict[str, Any]]
    total: int


async def desk_sessions(
    filters: Mapping[str, str],
    *,
    between: tuple[date | None, date | None] = (None, None),
    by: Viewer,
    order: str,
    now: datetime,
    limit: int = 100_000,
    offset: int = 0,
) -> SessionLines:
    """The sessions that `by` runs, drafts too; `between` are the first and the last day wanted, None for no bound."""
    conditions, params = _conditions(filters, between, by=by, now=now)
    found = await rows(
        "SELECT s.id, s.ref, CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, c.code, c.kind, s.state, s.delivery,"
        f" {EFFECTIVE_ACCESS} AS access,"
        " COALESCE(v.name, '') AS venue, s.starts_at, s.ends_at, s.capacity, s.opens_at, s.closes_at, s.is_headcount_only, s.external_url,"
        " s.imported_headcount, s.publish_at, count(*) OVER () AS total,"
        " (SELECT count(*) FROM programme_day d WHERE d.session_id = s.id AND NOT d.is_cancelled) AS days,"
        f" (SELECT count(*) FROM bookings_booking b WHERE b.session_id = s.id AND {HOLDS}) AS held,"
        " (SELECT count(*) FROM bookings_booking b WHERE b.session_id = s.id AND b.state = 'waiting') AS waiting,"
        " (SELECT count(*) FROM programme_trainer r WHERE r.session_id = s.id AND r.state = 'accepted') AS trainers"
        " FROM programme_session s JOIN programme_course c ON c.id = s.course_id LEFT JOIN programme_venue v ON v.id = s.venue_id"
        f" WHERE {' AND '.join(conditions)} ORDER BY {order}, s.id LIMIT ? OFFSET ?",
        now,
        *params,
        limit,
        offset,
        instants=("starts_at", "ends_at", "opens_at", "closes_at", "publish_at"),
        flags=("is_headcount_only",),
    )
    return SessionLines(found, int(found[0]["total"]) if found else 0)


def _conditions(
    filters: Mapping[str, str], between: tuple[date | None, date | None], *, by: Viewer, now: datetime
) -> tuple[list[str], list[object]]:
    scope = run_by(by)
    conditions, params = [f"({scope.sql})"], list(scope.params)
    for word in filters["q"].split()[:5]:
        conditions.append(
            "LOWER(s.title || ' ' || c.title || ' ' || c.code || ' ' || COALESCE(s.code, '') || ' ' || COALESCE(v.name, ''))"
            r" LIKE ? ESCAPE '\'"
        )
        params.append(like_pattern(word))
    if filters["series"]:
        conditions.append("s.series = ?")
        params.append(filters["series"])
    elif filters["when"] in _WHEN:
        conditions.append(_WHEN[filters["when"]])
        params.append(now)
    for column in ("state", "delivery"):
        if filters[column]:
            conditions.append(f"s.{column} = ?")
            params.append(filters[column])
    first, last = between
    if first:
        conditions.append("s.ends_at > ?")
        params.append(from_wall(first, time()))
    if last:
        conditions.append("s.starts_at < ?")
        params.append(from_wall(last + timedelta(days=1), time()))
    return conditions, params
