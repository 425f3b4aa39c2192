"""Reads of the resource library: who may know of what, the list, one resource in full, rows for an index."""

from marstraining.resources.queries.facts import (
    Instead,
    LinkFacts,
    Opened,
    QualityFacts,
    ResourceFacts,
    VersionFacts,
    files_of_topic,
    opened_resource,
    public_resource_paths,
    resource_facts,
    similar_resources,
)
from marstraining.resources.queries.lists import (
    FEED_LIMIT,
    PAGE_SIZE,
    Choices,
    ResourceRow,
    choices,
    latest_resources,
    library_page,
    resources_of_topic,
)
from marstraining.resources.queries.news import AddedResource, resources_added
from marstraining.resources.queries.scope import EVERYTHING, PUBLIC, Scope, visible_to
from marstraining.resources.queries.searchable import SearchableResource, searchable_resources

__all__ = [
    "EVERYTHING",
    "FEED_LIMIT",
    "PAGE_SIZE",
    "PUBLIC",
    "AddedResource",
    "Choices",
    "Instead",
    "LinkFacts",
    "Opened",
    "QualityFacts",
    "ResourceFacts",
    "ResourceRow",
    "Scope",
    "SearchableResource",
    "VersionFacts",
    "choices",
    "files_of_topic",
    "latest_resources",
    "library_page",
    "opened_resource",
    "public_resource_paths",
    "resource_facts",
    "resources_added",
    "resources_of_topic",
    "searchable_resources",
    "similar_resources",
    "visible_to",
]
