"""The library as a list, one statement a page, and the choices of its filters."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from marstraining.core.db import dialect, like_pattern, rows
from marstraining.core.values import frozen
from marstraining.resources.queries.scope import PUBLIC, Scope
from marstraining.resources.rules import LinkState, ResourceFilter

PAGE_SIZE = 50
FEED_LIMIT = 100
# Separators of text folded into one column: control characters, since labels may hold any punctuation.
_FIELD, _LINE = "\x1f", "\x1e"
# The worst of a resource's links speaks for it.
_WORST = (LinkState.OK, LinkState.WAITING, LinkState.UNCHECKED, LinkState.FAILING, LinkState.BROKEN)
_RANK = "CASE l.state " + " ".join(f"WHEN '{state}' THEN {rank}" for rank, state in enumerate(_WORST)) + " END"
LINK_RANK = f"(SELECT max({_RANK}) FROM resources_link l WHERE l.resource_id = r.id)"
LINK_CHECKED = "(SELECT min(l.checked_at) FROM resources_link l WHERE l.resource_id = r.id)"
QUALITY_CHECKED = "(SELECT max(q.checked_on) FROM resources_quality_check q WHERE q.resource_id = r.id)"
CURRENT = (
    "LEFT JOIN resources_version v ON v.resource_id = r.id"
    " AND v.number = (SELECT max(n.number) FROM resources_version n WHERE n.resource_id = r.id)"
)
COLUMNS = (
    "r.id, r.code, r.title, r.kind, r.summary, r.audience, CAST(r.audience_codes AS TEXT) AS audience_codes, r.url, r.source, r.owner,"
    " r.reviewed_on, r.review_by, r.added_at, r.changed_at, r.requires_id, v.file_name, v.content_type, v.size, v.number AS version,"
    f" {LINK_RANK} AS link_rank, {LINK_CHECKED} AS link_checked_at, {QUALITY_CHECKED} AS quality_checked_on"
)
INSTANTS = ("added_at", "changed_at", "link_checked_at")
DATES = ("reviewed_on", "review_by", "quality_checked_on")


@frozen
class ResourceRow:
    """A resource as lists show it; `topics` are (slug, label), `total` counts the whole list.

    `link` is how its links stand together, the worst speaking for all, None where it has none; `link_checked_at` is the earliest of
    their last looks.
    """

    id: int
    code: str
    title: str
    kind: str
    summary: str
    audience: str
    audience_codes: tuple[str, ...]
    url: str
    source: str
    owner: str
    reviewed_on: date | None
    review_by: date | None
    added_at: datetime
    changed_at: datetime
    is_restricted: bool
    file_name: str
    content_type: str
    size: int
    version: int
    link: LinkState | None
    link_checked_at: datetime | None
    quality_checked_on: date | None
    topics: tuple[tuple[str, str], ...]
    total: int


async def library_page(wanted: ResourceFilter, *, scope: Scope = PUBLIC, page: int = 1, size: int = PAGE_SIZE) -> list[ResourceRow]:
    """A page of the library by title; one beyond the end is the last one."""
    found = await _listed(wanted, scope, "lower(r.title), r.id", size, (max(page, 1) - 1) * size)
    if not found and page > 1:
        first = await _listed(wanted, scope, "lower(r.title), r.id", 1, 0)
        if first:
            return await _listed(wanted, scope, "lower(r.title), r.id", size, (-(-first[0].total // size) - 1) * size)
    return found


async def latest_resources(wanted: ResourceFilter, *, limit: int = FEED_LIMIT) -> list[ResourceRow]:
    """What everybody may see, last changed first: the feed."""
    return await _listed(wanted, PUBLIC, "r.changed_at DESC, r.id DESC", limit, 0)


async def resources_of_topic(slug: str) -> list[ResourceRow]:
    """What everybody may see of a topic, by title."""
    return await _listed(ResourceFilter(topic=slug), PUBLIC, "lower(r.title), r.id", 500, 0)


async def _listed(wanted: ResourceFilter, scope: Scope, order: str, limit: int, offset: int) -> list[ResourceRow]:
    conditions, values = narrowed(wanted)
    where = " AND ".join([f"({scope.sql})", "r.withdrawn_at IS NULL", *conditions])
    # The page is cut out first: what stands beside each row would else be looked up for the whole library.
    found = await rows(
        f"SELECT {COLUMNS}, {topics_folded()} AS topics, p.total FROM (SELECT r.id, count(*) OVER () AS total FROM resources_resource r"
        f" WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?) p JOIN resources_resource r ON r.id = p.id {CURRENT} ORDER BY {order}",
        *scope.values,
        *values,
        limit,
        offset,
        instants=INSTANTS,
        dates=DATES,
    )
    return [resource_row(row) for row in found]


_WORDS_IN = (
    "(lower(r.title || ' ' || r.code || ' ' || r.summary || ' ' || r.audience || ' ' || r.source) LIKE ? ESCAPE '\\'"
    " OR EXISTS (SELECT 1 FROM resources_topic x JOIN programme_topic t ON t.id = x.topic_id"
    " WHERE x.resource_id = r.id AND lower(t.label) LIKE ? ESCAPE '\\'))"
)
_ABOUT = "EXISTS (SELECT 1 FROM resources_topic x JOIN programme_topic t ON t.id = x.topic_id WHERE x.resource_id = r.id AND t.slug = ?)"
_MOST_WORDS = 10


def narrowed(wanted: ResourceFilter) -> tuple[list[str], list[object]]:
    """The conditions of a filter, and their values."""
    conditions: list[str] = []
    values: list[object] = []
    for word in wanted.words.split()[:_MOST_WORDS]:
        conditions.append(_WORDS_IN)
        values += [like_pattern(word)] * 2
    if wanted.kind:
        conditions.append("r.kind = ?")
        values.append(wanted.kind)
    if wanted.topic:
        conditions.append(_ABOUT)
        values.append(wanted.topic)
    if wanted.audience:
        conditions.append("(CAST(r.audience_codes AS TEXT) LIKE ? OR CAST(r.audience_codes AS TEXT) LIKE ?)")
        values += [f'%"{wanted.audience}"%', '%"all"%']
    return conditions, values


def topics_folded() -> str:
    """A resource's topics in one column; the databases name the aggregate differently, and neither promises an order."""
    line = f"t.slug || '{_FIELD}' || t.label"
    folded = f"GROUP_CONCAT({line}, '{_LINE}')" if dialect() == "sqlite" else f"STRING_AGG({line}, '{_LINE}')"
    return f"(SELECT {folded} FROM resources_topic x JOIN programme_topic t ON t.id = x.topic_id WHERE x.resource_id = r.id)"


def unfolded(text: str | None) -> tuple[tuple[str, str], ...]:
    """What `topics_folded` gave, by label."""
    pairs = [tuple(line.split(_FIELD)) for line in (text or "").split(_LINE) if line]
    return tuple(sorted(((pair[0], pair[1]) for pair in pairs), key=lambda pair: pair[1].casefold()))


def link_state(rank: int | None) -> LinkState | None:
    """How the links of a resource stand together, from the rank of the worst; None where it has none."""
    return None if rank is None else _WORST[rank]


def resource_row(row: Mapping[str, Any]) -> ResourceRow:
    """A row of the statement above as a value."""
    values = {name: row[name] for name in ResourceRow.__dataclass_fields__ if name in row}
    return ResourceRow(
        **values
        | {
            "audience_codes": tuple(json.loads(row["audience_codes"] or "[]")),
            "is_restricted": row["requires_id"] is not None,
            "file_name": row["file_name"] or "",
            "content_type": row["content_type"] or "",
            "size": row["size"] or 0,
            "version": row["version"] or 0,
            "link": link_state(row["link_rank"]),
            "topics": unfolded(row["topics"]),
        }
    )


@frozen
class Choices:
    """What the library's filters offer: only what finds something."""

    kinds: frozenset[str]
    topics: tuple[tuple[str, str], ...]


async def choices(*, scope: Scope = PUBLIC) -> Choices:
    """The kinds and topics of the resources in scope, in one statement; topics by label."""
    shelf = f"FROM resources_resource r{{join}} WHERE ({scope.sql}) AND r.withdrawn_at IS NULL"
    join = " JOIN resources_topic x ON x.resource_id = r.id JOIN programme_topic t ON t.id = x.topic_id"
    found = await rows(
        f"SELECT DISTINCT 'kind' AS what, r.kind AS value, '' AS label {shelf.format(join='')}"
        f" UNION SELECT DISTINCT 'topic', t.slug, t.label {shelf.format(join=join)}",
        *scope.values,
        *scope.values,
    )
    topics = sorted(((row["value"], row["label"]) for row in found if row["what"] == "topic"), key=lambda pair: pair[1].casefold())
    return Choices(frozenset(row["value"] for row in found if row["what"] == "kind"), tuple(topics))
