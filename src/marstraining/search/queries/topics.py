"""The topics that searching for leads somewhere."""

from marstraining.core.db import rows
from marstraining.resources.queries import PUBLIC


async def topics_to_choose() -> list[tuple[str, str]]:
    """The (slug, label) of every topic that a public course or resource has, by label, in one statement."""
    found = await rows(
        "SELECT t.slug, t.label FROM programme_topic t WHERE EXISTS (SELECT 1 FROM programme_course_topic x"
        " JOIN programme_course c ON c.id = x.course_id WHERE x.topic_id = t.id AND NOT c.is_archived AND c.access = 'public')"
        " OR EXISTS (SELECT 1 FROM resources_topic x JOIN resources_resource r ON r.id = x.resource_id"
        f" WHERE x.topic_id = t.id AND r.withdrawn_at IS NULL AND {PUBLIC.sql}) ORDER BY lower(t.label), t.id"
    )
    return [(row["slug"], row["label"]) for row in found]
