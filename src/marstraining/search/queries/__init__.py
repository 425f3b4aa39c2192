"""Reads of searching: the index and lexicon of this process, finding, suggestions, the desk's lists."""

from marstraining.search.queries.finding import EVERYTHING, document, documents, find
from marstraining.search.queries.kept import current_lexicon, watch_index
from marstraining.search.queries.lexicon import KeptEntry, UnknownWordRow, kept_entries, kept_entry, topic_choices, unknown_words
from marstraining.search.queries.states import booking_states
from marstraining.search.queries.suggestions import Suggestion, suggestions
from marstraining.search.queries.topics import topics_to_choose

__all__ = [
    "EVERYTHING",
    "KeptEntry",
    "Suggestion",
    "UnknownWordRow",
    "booking_states",
    "current_lexicon",
    "document",
    "documents",
    "find",
    "kept_entries",
    "kept_entry",
    "suggestions",
    "topic_choices",
    "topics_to_choose",
    "unknown_words",
    "watch_index",
]
