"""A topic with everything that everybody may have on it: resources, courses with their next dates."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.portal.queries.programme import CourseLine
from marstraining.resources.queries import PUBLIC, ResourceRow, resources_of_topic
from marstraining.resources.rules import ResourceKind

# In which order the kinds of resources stand on a topic's page, and under which headings.
GROUPS: Sequence[tuple[str, frozenset[ResourceKind]]] = (
    ("Briefings", frozenset({ResourceKind.BRIEFING7, ResourceKind.BRIEFING2, ResourceKind.PRESENTATION})),
    ("In the Spotlight", frozenset({ResourceKind.SPOTLIGHT})),
    ("Toolkits and forms", frozenset({ResourceKind.TOOLKIT, ResourceKind.FORM})),
    (
        "Strategies and information",
        frozenset({ResourceKind.STRATEGY, ResourceKind.THRESHOLD, ResourceKind.INFOSHEET, ResourceKind.DOCUMENT, ResourceKind.NEWS}),
    ),
    ("On other websites", frozenset({ResourceKind.LINK})),
)


@frozen
class TopicPage:
    """A topic: its resources under headings, and the courses on it."""

    slug: str
    label: str
    groups: tuple[tuple[str, tuple[ResourceRow, ...]], ...]
    courses: tuple[CourseLine, ...]

    @property
    def resources(self) -> list[ResourceRow]:
        return [row for _, group in self.groups for row in group]


@frozen
class TopicLine:
    """A topic in the list of topics, with how much there is on it."""

    slug: str
    label: str
    resources: int
    courses: int


async def topic_page(slug: str, *, now: datetime) -> TopicPage:
    """Everything public on a topic, in three statements; NotFound where there is nothing."""
    named = await rows("SELECT slug, label FROM programme_topic WHERE slug = ?", slug)
    resources = await resources_of_topic(slug)
    found = await rows(
        "SELECT c.code, c.title, c.kind, c.summary, c.audience, (SELECT min(s.starts_at) FROM programme_session s WHERE s.course_id = c.id"
        " AND s.state = 'published' AND s.access IN ('', 'public') AND s.starts_at > ?) AS next_at FROM programme_course c"
        " JOIN programme_course_topic x ON x.course_id = c.id JOIN programme_topic t ON t.id = x.topic_id"
        " WHERE t.slug = ? AND c.access = 'public' AND NOT c.is_archived ORDER BY lower(c.title), c.id LIMIT 200",
        now,
        slug,
        instants=("next_at",),
    )
    if not named or not (resources or found):
        raise NotFound
    groups = ((heading, tuple(row for row in resources if row.kind in kinds)) for heading, kinds in GROUPS)
    return TopicPage(
        slug=slug,
        label=named[0]["label"],
        groups=tuple((heading, group) for heading, group in groups if group),
        courses=tuple(CourseLine(**row) for row in found),
    )


async def topic_lines() -> list[TopicLine]:
    """Every topic with something public on it, by label, in one statement."""
    found = await rows(
        "SELECT t.slug, t.label,"
        " (SELECT count(*) FROM resources_topic x JOIN resources_resource r ON r.id = x.resource_id"
        f" WHERE x.topic_id = t.id AND r.withdrawn_at IS NULL AND {PUBLIC.sql}) AS resources,"
        " (SELECT count(*) FROM programme_course_topic x JOIN programme_course c ON c.id = x.course_id"
        " WHERE x.topic_id = t.id AND c.access = 'public' AND NOT c.is_archived) AS courses"
        " FROM programme_topic t ORDER BY lower(t.label), t.id"
    )
    return [TopicLine(**row) for row in found if row["resources"] or row["courses"]]
