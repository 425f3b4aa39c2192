"""What a few letters may become: topics, titles of public courses and resources, acronyms."""

from collections.abc import Iterator
from datetime import datetime

from marstraining.core.values import frozen
from marstraining.search.index import Index
from marstraining.search.lexicon import Lexicon
from marstraining.search.queries.kept import kept
from marstraining.search.words import cleaned

MOST = 8
LEAST_LETTERS = 2


@frozen
class Suggestion:
    """`text` is what will be searched for, `note` what it is."""

    text: str
    note: str


async def suggestions(typed: str, *, now: datetime) -> list[Suggestion]:
    """At most eight, those that begin with what was typed first; none before two letters. Public things alone."""
    wanted = cleaned(typed).casefold()
    if len(wanted) < LEAST_LETTERS:
        return []
    index, lexicon = await kept.fresh(now=now)
    begins: dict[str, Suggestion] = {}
    holds: dict[str, Suggestion] = {}
    for name, suggestion in _all(index, lexicon):
        folded = name.casefold()
        if folded.startswith(wanted):
            begins.setdefault(suggestion.text.casefold(), suggestion)
        elif f" {wanted}" in folded:
            holds.setdefault(suggestion.text.casefold(), suggestion)
    return [*begins.values(), *(one for key, one in holds.items() if key not in begins)][:MOST]


def _all(index: Index, lexicon: Lexicon) -> Iterator[tuple[str, Suggestion]]:
    """Each name with what it suggests: topics by their labels and acronyms first."""
    for slug in dict.fromkeys(topic for document in index.documents.values() if document.is_public for topic in document.topics):
        label = lexicon.topics.get(slug)
        if label:
            for name in lexicon.topic_names.get(slug, (label,)):
                yield name, Suggestion(label, "Topic")
    for document in index.documents.values():
        if document.is_public:
            yield document.title, Suggestion(document.title, document.kind or document.type)
    for entry in lexicon.entries:
        if entry.acronym and not entry.topic:
            yield entry.acronym, Suggestion(entry.acronym, entry.meaning)
