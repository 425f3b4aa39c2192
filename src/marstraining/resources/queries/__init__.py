"""Reads of the resource library: who may know of what, the list, one resource in full, rows for an index."""

from marstraining.resources.queries.scope import EVERYTHING, PUBLIC, Scope, visible_to
from marstraining.resources.queries.searchable import SearchableResource, searchable_resources

__all__ = ["EVERYTHING", "PUBLIC", "Scope", "SearchableResource", "searchable_resources", "visible_to"]
