"""Topics by their slugs."""

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.programme.topics import label_of


@frozen
class TopicFacts:
    """A topic: `slug` as in addresses, `label` as people call it."""

    slug: str
    label: str


async def topic_by_slug(slug: str) -> TopicFacts | None:
    """A topic that courses or resources have, or that the vocabulary knows; None for any other word."""
    found = await rows("SELECT label FROM programme_topic WHERE slug = ?", slug)
    label = found[0]["label"] if found else label_of(slug)
    return TopicFacts(slug, label) if label else None


async def all_topics() -> list[TopicFacts]:
    """Every topic that a course or a resource has had, by label."""
    return [TopicFacts(row["slug"], row["label"]) for row in await rows("SELECT slug, label FROM programme_topic ORDER BY label, id")]
