"""Documents by their keys, for who remembers what was found and shows it again."""

from collections.abc import Collection
from datetime import datetime

from marstraining.core.viewer import Viewer
from marstraining.search.queries.documents import visible_sessions
from marstraining.search.queries.kept import kept
from marstraining.search.rules import Document


async def documents(keys: Collection[str], *, viewer: Viewer, now: datetime) -> dict[str, Document]:
    """Those of the documents that are still there and that `viewer` may know of, by key."""
    if not keys:
        return {}
    index, _ = await kept.fresh(now=now)
    wanted = frozenset(keys)
    found = {number: document for number, document in index.documents.items() if document.key in wanted}
    guarded = [one.id for number in found.keys() & index.guarded for one in found[number].sessions if not one.is_public]
    seen = frozenset(guarded) if viewer.is_desk else await visible_sessions(viewer, guarded, now=now)
    return {
        document.key: document
        for document in found.values()
        if document.is_public or viewer.is_desk or any(one.is_public or one.id in seen for one in document.sessions)
    }


async def document(key: str, *, viewer: Viewer, now: datetime) -> Document | None:
    """One of them; None where it is gone or not for the viewer."""
    return (await documents([key], viewer=viewer, now=now)).get(key)
