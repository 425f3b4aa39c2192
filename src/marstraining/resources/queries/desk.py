"""The library as the training team sees it: what is to do about which resource, and how much each is used."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.resources.queries.lists import CURRENT, LINK_CHECKED, LINK_RANK, QUALITY_CHECKED, link_state, narrowed
from marstraining.resources.rules import Need, ResourceFilter, quality_limit

FILTERS = ("q", "kind", "topic", "needs", "state")
USED_WITHIN = timedelta(days=90)
_USED = "(SELECT coalesce(sum(u.opened + u.packed), 0) FROM resources_use u WHERE u.resource_id = r.id AND u.day > ?)"


def _never_first(expression: str) -> str:
    return f"CASE WHEN {expression} IS NULL THEN 0 ELSE 1 END, {expression}"


ORDERS = {
    "title": "lower(r.title)",
    "code": "r.code",
    "kind": "r.kind",
    "owner": "lower(r.owner)",
    "reviewed": _never_first("r.reviewed_on"),
    "review_by": "CASE WHEN r.review_by IS NULL THEN 1 ELSE 0 END, r.review_by",
    "link_checked": _never_first(LINK_CHECKED),
    "quality": _never_first(QUALITY_CHECKED),
    "used": "used",
}
# What there is to do: conditions on resources `r`.
_LINK_IS = "EXISTS (SELECT 1 FROM resources_link l WHERE l.resource_id = r.id AND l.state = '{state}')"
NEEDS: Mapping[Need, str] = {
    Need.BROKEN: _LINK_IS.format(state="broken"),
    Need.UNCHECKED: _LINK_IS.format(state="unchecked"),
    Need.REVIEW: "r.review_by IS NOT NULL AND r.review_by < ?",
    Need.QUALITY: "NOT EXISTS (SELECT 1 FROM resources_quality_check q WHERE q.resource_id = r.id AND q.checked_on >= ?)",
}


def need_values(need: Need, *, on: date) -> tuple[object, ...]:
    """The values of a condition of `NEEDS` on a day."""
    return {Need.REVIEW: (on,), Need.QUALITY: (quality_limit(on),)}.get(need, ())


@frozen
class DeskResources:
    """A page of the list and how many there are in all."""

    rows: list[dict[str, Any]]
    total: int


async def desk_resources(filters: Mapping[str, str], *, order: str, on: date, limit: int = 100_000, offset: int = 0) -> DeskResources:
    """Every resource under the list's filters, restricted ones too; withdrawn ones only when asked for. One statement."""
    wanted = ResourceFilter(words=filters["q"], kind=filters["kind"], topic=filters["topic"])
    conditions, values = narrowed(wanted)
    conditions.append("r.withdrawn_at IS NOT NULL" if filters["state"] == "withdrawn" else "r.withdrawn_at IS NULL")
    if filters["needs"] in tuple(Need):
        need = Need(filters["needs"])
        conditions.append(NEEDS[need])
        values += need_values(need, on=on)
    found = await rows(
        "SELECT r.code, r.title, r.kind, r.owner, r.source, r.url, r.reviewed_on, r.review_by, r.withdrawn_at, c.code AS requires,"
        f" coalesce(v.file_name, '') AS file_name, {LINK_RANK} AS link_rank, {LINK_CHECKED} AS link_checked_at,"
        f" {QUALITY_CHECKED} AS quality_checked_on,"
        " (SELECT q.role FROM resources_quality_check q WHERE q.resource_id = r.id ORDER BY q.checked_on DESC, q.id DESC LIMIT 1)"
        " AS quality_role,"
        " (SELECT l.outcome FROM resources_link l WHERE l.resource_id = r.id ORDER BY CASE l.state WHEN 'broken' THEN 0"
        " WHEN 'failing' THEN 1 WHEN 'unchecked' THEN 2 WHEN 'waiting' THEN 3 ELSE 4 END, l.id LIMIT 1) AS link_outcome,"
        f" {_USED} AS used, count(*) OVER () AS total FROM resources_resource r {CURRENT}"
        f" LEFT JOIN programme_course c ON c.id = r.requires_id WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT ? OFFSET ?",
        on - USED_WITHIN,
        *values,
        limit,
        offset,
        instants=("link_checked_at", "withdrawn_at"),
        dates=("reviewed_on", "review_by", "quality_checked_on"),
    )
    lines = [row | {"link": link_state(row["link_rank"])} for row in found]
    return DeskResources(lines, int(found[0]["total"]) if found else 0)


async def needs_counts(*, on: date) -> dict[Need, int]:
    """How many resources need what, in one statement."""
    parts: list[str] = []
    values: list[object] = []
    for need, condition in NEEDS.items():
        parts.append(f"coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS {need}")
        values += need_values(need, on=on)
    [found] = await rows(f"SELECT {', '.join(parts)} FROM resources_resource r WHERE r.withdrawn_at IS NULL", *values)
    return {need: int(found[need.value]) for need in NEEDS}


async def uses_by_month(resource_id: int, *, on: date, months: int = 12) -> list[tuple[date, int, int]]:
    """How often a resource was opened and packed in each of the last months, the present one first; months without use are left out."""
    first = (on.replace(day=1) - timedelta(days=31 * (months - 1))).replace(day=1)
    found = await rows(
        "SELECT day, opened, packed FROM resources_use WHERE resource_id = ? AND day >= ? ORDER BY day DESC",
        resource_id,
        first,
        dates=("day",),
    )
    summed: dict[date, tuple[int, int]] = {}
    for row in found:
        month = row["day"].replace(day=1)
        opened, packed = summed.get(month, (0, 0))
        summed[month] = (opened + row["opened"], packed + row["packed"])
    return [(month, opened, packed) for month, (opened, packed) in summed.items()]


async def link_checks(link_ids: tuple[int, ...], *, limit: int = 12) -> dict[int, list[dict[str, Any]]]:
    """The last looks at each link, the latest first."""
    if not link_ids:
        return {}
    found = await rows(
        "SELECT link_id, at, outcome, status FROM (SELECT k.link_id, k.at, k.outcome, k.status, row_number() OVER"
        f" (PARTITION BY k.link_id ORDER BY k.at DESC, k.id DESC) AS place FROM resources_link_check k"
        f" WHERE k.link_id IN ({', '.join('?' * len(link_ids))})) ranked WHERE place <= ? ORDER BY link_id, at DESC",
        *link_ids,
        limit,
        instants=("at",),
    )
    by_link: dict[int, list[dict[str, Any]]] = {}
    for row in found:
        by_link.setdefault(row["link_id"], []).append(row)
    return by_link


async def accreditation_choices() -> list[tuple[str, str]]:
    """The courses that give leave to use a tool, and those that a resource asks for already, by title."""
    found = await rows(
        "SELECT c.code, c.title FROM programme_course c WHERE c.grants_accreditation"
        " OR EXISTS (SELECT 1 FROM resources_resource r WHERE r.requires_id = c.id) ORDER BY lower(c.title), c.id"
    )
    return [(row["code"], row["title"]) for row in found]


async def topic_choices() -> list[tuple[str, str]]:
    """Every topic of the library, withdrawn resources' too, by label."""
    found = await rows(
        "SELECT DISTINCT t.slug, t.label FROM programme_topic t JOIN resources_topic x ON x.topic_id = t.id ORDER BY t.label"
    )
    return [(row["slug"], row["label"]) for row in found]


async def other_resources(code: str) -> list[tuple[str, str]]:
    """What may stand in for a resource: every other one in the library, by title."""
    found = await rows(
        "SELECT code, title FROM resources_resource WHERE withdrawn_at IS NULL AND code <> ? ORDER BY lower(title), id", code
    )
    return [(row["code"], f"{row['title']} ({row['code']})") for row in found]
