"""Topics as rows."""

from marstraining.core.db import execute, rows
from marstraining.core.errors import NotFound
from marstraining.programme.topics import label_of


async def put_topic(slug: str) -> int:
    """The number of a topic, which is made where the vocabulary knows it and no course or resource has had it yet; else NotFound."""
    found = await rows("SELECT id FROM programme_topic WHERE slug = ?", slug)
    if not found:
        label = label_of(slug)
        if label is None:
            raise NotFound
        await execute("INSERT INTO programme_topic (slug, label) VALUES (?, ?) ON CONFLICT (slug) DO NOTHING", slug, label)
        found = await rows("SELECT id FROM programme_topic WHERE slug = ?", slug)
    return int(found[0]["id"])
