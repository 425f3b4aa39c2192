"""Every resource as plain rows, for an index of words."""

import json
from collections import defaultdict
from datetime import datetime
from functools import lru_cache

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.resources.rules import KIND_LABELS

_LABELS = {kind.value: label for kind, label in KIND_LABELS.items()}


# Thousands of resources are for a handful of audiences.
@lru_cache(maxsize=1024)
def _codes(stored: str | None) -> tuple[str, ...]:
    return tuple(json.loads(stored or "[]"))


@frozen
class SearchableResource:
    """A resource that is not withdrawn, as an index of words needs it.

    `ref` is its code. `topics` are (slug, label). `path` is its public page, `own_path` the one for somebody signed in, which alone
    shows what `is_restricted`: that may be told of only to whom `visible_to` allows it, by `requires_id`, the course that grants leave.
    `updated` is when its words or its version last changed.
    """

    id: int
    ref: str
    kind: str
    kind_label: str
    title: str
    summary: str
    topics: tuple[tuple[str, str], ...]
    audience: str
    audience_codes: tuple[str, ...]
    source: str
    path: str
    own_path: str
    is_restricted: bool
    requires_id: int | None
    added: datetime
    updated: datetime


async def searchable_resources() -> list[SearchableResource]:
    """All resources that are not withdrawn, restricted ones among them, in two statements."""
    linked: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in await rows(
        "SELECT x.resource_id, t.slug, t.label FROM resources_topic x JOIN programme_topic t ON t.id = x.topic_id ORDER BY t.label"
    ):
        linked[row["resource_id"]].append((row["slug"], row["label"]))
    found = await rows(
        "SELECT r.id, r.code, r.kind, r.title, r.summary, r.audience, CAST(r.audience_codes AS TEXT) AS audience_codes, r.source,"
        " r.requires_id, r.added_at, r.changed_at FROM resources_resource r WHERE r.withdrawn_at IS NULL ORDER BY r.id",
        instants=("added_at", "changed_at"),
    )
    return [
        SearchableResource(
            id=row["id"],
            ref=row["code"],
            kind=row["kind"],
            kind_label=_LABELS[row["kind"]],
            title=row["title"],
            summary=row["summary"],
            topics=tuple(linked[row["id"]]),
            audience=row["audience"],
            audience_codes=_codes(row["audience_codes"]),
            source=row["source"],
            path=f"/resources/{row['code']}",
            own_path=f"/me/resources/{row['code']}",
            is_restricted=row["requires_id"] is not None,
            requires_id=row["requires_id"],
            added=row["added_at"],
            updated=row["changed_at"],
        )
        for row in found
    ]
