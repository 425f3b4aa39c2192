"""One resource in full: as its page shows it, with its checks, its versions and what to use instead."""

from datetime import date, datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.resources.queries.lists import COLUMNS, CURRENT, DATES, INSTANTS, ResourceRow, resource_row, topics_folded
from marstraining.resources.queries.scope import PUBLIC, Scope
from marstraining.resources.rules import LinkState


@frozen
class LinkFacts:
    """A link and how the last look at it went."""

    id: int
    url: str
    host: str
    state: LinkState
    outcome: str
    status: int | None
    leads_to: str
    checked_at: datetime | None
    worked_at: datetime | None
    failing_since: datetime | None
    check_at: datetime


@frozen
class VersionFacts:
    """A version; one with `stored_as` holds a file."""

    number: int
    url: str
    file_name: str
    stored_as: str
    content_type: str
    size: int
    note: str
    at: datetime


@frozen
class QualityFacts:
    """Somebody looked the resource over; `role` is all that everybody learns of them."""

    checked_on: date
    role: str
    verdict: str
    note: str
    by: str


@frozen
class Instead:
    """A resource to use instead."""

    code: str
    title: str
    kind: str


@frozen
class ResourceFacts:
    """A resource with everything that its page shows; the latest version, look and check come first."""

    row: ResourceRow
    requires: tuple[str, str] | None
    withdrawn_at: datetime | None
    withdrawn_reason: str
    instead: Instead | None
    links: tuple[LinkFacts, ...]
    versions: tuple[VersionFacts, ...]
    quality: tuple[QualityFacts, ...]

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def current(self) -> VersionFacts:
        return self.versions[0]

    @property
    def last_check(self) -> QualityFacts | None:
        return self.quality[0] if self.quality else None


async def resource_facts(code: str, *, scope: Scope = PUBLIC) -> ResourceFacts:
    """The resource of a code, whatever its letter case; NotFound where there is none in scope. Four statements."""
    found = await rows(
        f"SELECT {COLUMNS}, {topics_folded()} AS topics, 1 AS total, r.withdrawn_at, r.withdrawn_reason, r.replaced_by_id,"
        " c.code AS requires_code, c.title AS requires_title"
        f" FROM resources_resource r {CURRENT} LEFT JOIN programme_course c ON c.id = r.requires_id WHERE r.code = ? AND ({scope.sql})",
        code.upper(),
        *scope.values,
        instants=(*INSTANTS, "withdrawn_at"),
        dates=DATES,
    )
    if not found:
        raise NotFound
    row = found[0]
    return ResourceFacts(
        row=resource_row(row),
        requires=(row["requires_code"], row["requires_title"]) if row["requires_code"] else None,
        withdrawn_at=row["withdrawn_at"],
        withdrawn_reason=row["withdrawn_reason"],
        instead=await _instead(row["replaced_by_id"], scope),
        links=await _links(row["id"]),
        versions=await _versions(row["id"]),
        quality=await _quality(row["id"]),
    )


async def similar_resources(facts: ResourceFacts, *, scope: Scope = PUBLIC, limit: int = 5) -> list[Instead]:
    """Others that share a topic with a resource, those of its kind and with most topics in common first."""
    found = await rows(
        "SELECT r.code, r.title, r.kind, count(*) AS shared FROM resources_resource r JOIN resources_topic x ON x.resource_id = r.id"
        " JOIN resources_topic y ON y.topic_id = x.topic_id AND y.resource_id = ?"
        f" WHERE r.id <> ? AND r.withdrawn_at IS NULL AND ({scope.sql}) GROUP BY r.id, r.code, r.title, r.kind"
        " ORDER BY CASE WHEN r.kind = ? THEN 0 ELSE 1 END, count(*) DESC, lower(r.title), r.id LIMIT ?",
        facts.row.id,
        facts.row.id,
        *scope.values,
        facts.row.kind,
        limit,
    )
    return [Instead(row["code"], row["title"], row["kind"]) for row in found]


@frozen
class Opened:
    """What opening a resource gives: a file, an address, or both."""

    id: int
    code: str
    url: str
    file_name: str
    stored_as: str
    content_type: str
    changed_at: datetime


async def opened_resource(code: str, *, scope: Scope = PUBLIC) -> Opened:
    """The current file and address of a resource that is not withdrawn; NotFound otherwise."""
    found = await rows(
        "SELECT r.id, r.code, r.url, coalesce(v.file_name, '') AS file_name, coalesce(v.stored_as, '') AS stored_as,"
        f" coalesce(v.content_type, '') AS content_type, r.changed_at FROM resources_resource r {CURRENT}"
        f" WHERE r.code = ? AND r.withdrawn_at IS NULL AND ({scope.sql})",
        code.upper(),
        *scope.values,
        instants=("changed_at",),
    )
    if not found:
        raise NotFound
    return Opened(**found[0])


async def files_of_topic(slug: str) -> list[Opened]:
    """The current files of a topic's resources that everybody may have, by title."""
    found = await rows(
        f"SELECT r.id, r.code, r.url, v.file_name, v.stored_as, v.content_type, v.at AS changed_at FROM resources_resource r {CURRENT}"
        " JOIN resources_topic x ON x.resource_id = r.id JOIN programme_topic t ON t.id = x.topic_id"
        f" WHERE t.slug = ? AND r.withdrawn_at IS NULL AND v.stored_as <> '' AND {PUBLIC.sql} ORDER BY lower(r.title), r.id",
        slug,
        instants=("changed_at",),
    )
    return [Opened(**row) for row in found]


async def public_resource_paths() -> list[str]:
    """The addresses of everything in the library that everybody may see, for the site map."""
    found = await rows(f"SELECT r.code FROM resources_resource r WHERE r.withdrawn_at IS NULL AND {PUBLIC.sql} ORDER BY r.id")
    return [f"/resources/{row['code']}" for row in found]


async def _instead(resource_id: int | None, scope: Scope) -> Instead | None:
    if resource_id is None:
        return None
    found = await rows(
        f"SELECT r.code, r.title, r.kind FROM resources_resource r WHERE r.id = ? AND r.withdrawn_at IS NULL AND ({scope.sql})",
        resource_id,
        *scope.values,
    )
    return Instead(**found[0]) if found else None


async def _links(resource_id: int) -> tuple[LinkFacts, ...]:
    found = await rows(
        "SELECT id, url, host, state, outcome, status, leads_to, checked_at, worked_at, failing_since, check_at FROM resources_link"
        " WHERE resource_id = ? ORDER BY id",
        resource_id,
        instants=("checked_at", "worked_at", "failing_since", "check_at"),
    )
    return tuple(LinkFacts(**row | {"state": LinkState(row["state"])}) for row in found)


async def _versions(resource_id: int) -> tuple[VersionFacts, ...]:
    found = await rows(
        "SELECT number, url, file_name, stored_as, content_type, size, note, at FROM resources_version WHERE resource_id = ?"
        " ORDER BY number DESC",
        resource_id,
        instants=("at",),
    )
    return tuple(VersionFacts(**row) for row in found)


async def _quality(resource_id: int) -> tuple[QualityFacts, ...]:
    found: list[dict[str, Any]] = await rows(
        "SELECT q.checked_on, q.role, q.verdict, q.note, coalesce(p.name, '') AS by FROM resources_quality_check q"
        " LEFT JOIN people_person p ON p.id = q.by_id WHERE q.resource_id = ? ORDER BY q.checked_on DESC, q.id DESC LIMIT 50",
        resource_id,
        dates=("checked_on",),
    )
    return tuple(QualityFacts(**row) for row in found)
