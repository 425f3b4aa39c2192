"""What is new in the library, for whoever asked to be told."""

from datetime import datetime

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.resources.queries.lists import topics_folded, unfolded
from marstraining.resources.queries.scope import PUBLIC
from marstraining.resources.rules import KIND_LABELS, ResourceKind

_MOST = 500


@frozen
class AddedResource:
    """A resource that everybody may see: `kind` in words, `topics` as slugs."""

    path: str
    title: str
    kind: str
    topics: frozenset[str]
    added_at: datetime


async def resources_added(*, since: datetime, until: datetime) -> list[AddedResource]:
    """What was added after one moment and until another and is still there, the latest 500, by title."""
    found = await rows(
        f"SELECT r.code, r.title, r.kind, r.added_at, {topics_folded()} AS topics FROM resources_resource r WHERE ({PUBLIC.sql})"
        " AND r.withdrawn_at IS NULL AND r.added_at > ? AND r.added_at <= ? ORDER BY r.added_at DESC, r.id DESC LIMIT ?",
        *PUBLIC.values, since, until, _MOST, instants=("added_at",),
    )  # fmt: skip
    added = [
        AddedResource(
            path=f"/resources/{row['code']}",
            title=row["title"],
            kind=KIND_LABELS[ResourceKind(row["kind"])],
            topics=frozenset(slug for slug, _ in unfolded(row["topics"])),
            added_at=row["added_at"],
        )
        for row in found
    ]
    return sorted(added, key=lambda one: one.title.casefold())
