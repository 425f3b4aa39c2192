"""The index and the lexicon of this process: made when first asked for, and made anew in small steps when what they hold has changed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import chain

import structlog

from marstraining.core import clock, config
from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.programme.topics import known_topics
from marstraining.search.index import Index
from marstraining.search.lexicon import Lexicon, make_lexicon
from marstraining.search.queries.documents import course_documents, resource_documents
from marstraining.search.queries.lexicon import lexicon_entries
from marstraining.search.rules import Document
from marstraining.search.understanding.patterns import preparing

_log = structlog.get_logger(__name__)

# After so many changed documents others get their turn; one takes a quarter of a millisecond.
_STEP = 10
# What is counted of each table, so that one cheap statement sees any change. A booking raises its session's revision and
# changes nothing that is found, so sessions are seen by when the desk changed them.
_COUNTED: tuple[tuple[str, str, str], ...] = (
    ("programme_course", "coalesce(sum(revision), 0)", "coalesce(max(id), 0)"),
    ("programme_session", "coalesce(max(changed_at), ?)", "coalesce(sum(CASE WHEN state = 'published' THEN id ELSE 0 END), 0)"),
    ("programme_venue", "coalesce(sum(revision), 0)", "coalesce(max(id), 0)"),
    ("programme_topic", "coalesce(max(id), 0)", "coalesce(sum(length(label)), 0)"),
    ("programme_course_topic", "coalesce(max(id), 0)", "0"),
    ("resources_resource", "coalesce(max(changed_at), ?)", "coalesce(sum(CASE WHEN withdrawn_at IS NULL THEN id ELSE 0 END), 0)"),
    ("resources_topic", "coalesce(max(id), 0)", "0"),
    ("search_entry", "coalesce(sum(revision), 0)", "coalesce(max(id), 0)"),
)


class KeptIndex:
    """What one process searches in."""

    def __init__(self) -> None:
        self.index = Index()
        self.lexicon: Lexicon | None = None
        self._stamp: object = None
        self._settings: Settings | None = None
        self._is_watched = False
        self._lock = asyncio.Lock()

    @property
    def is_loaded(self) -> bool:
        return self.lexicon is not None

    async def fresh(self, *, now: datetime) -> tuple[Index, Lexicon]:
        """The index and the lexicon. Where nobody watches them, what they hold is compared with the database at each call."""
        if self._settings is not config.current():
            self.forget()
        if self.lexicon is None or not self._is_watched:
            await self.refresh(now=now)
        if self.lexicon is None:
            raise RuntimeError("an index that was just made is not there")
        return self.index, self.lexicon

    def forget(self) -> None:
        """Begin anew: another database was opened."""
        self.index.close()
        self.index, self.lexicon, self._stamp = Index(), None, None
        self._settings, self._lock = config.current(), asyncio.Lock()

    async def refresh(self, *, now: datetime) -> None:
        """Make the index what the database says, if that has changed; who comes meanwhile waits for the same work."""
        async with self._lock:
            await self._refresh(now)

    async def _refresh(self, now: datetime) -> None:
        stamp = await _stamp()
        if self.lexicon is not None and stamp == self._stamp:
            return
        documents = [document for read in SOURCES for document in await read(now=now)]
        for number, change in enumerate(self.index.changes(documents)):
            change()
            if number % _STEP == _STEP - 1:
                await asyncio.sleep(0)
        entries = await lexicon_entries()
        topics = {row["slug"]: row["label"] for row in await rows("SELECT slug, label FROM programme_topic ORDER BY id")}
        venues = await rows("SELECT name FROM programme_venue WHERE NOT is_archived AND NOT is_online")
        vocabulary = {slug: label for slug, label, _ in known_topics()}
        self.lexicon = make_lexicon(
            entries,
            topics=vocabulary | topics,
            topic_names={slug: also for slug, _, also in known_topics()},
            places=[row["name"] for row in venues],
            index_words=self.index.words,
        )
        self._stamp = stamp
        await self._prepare(self.lexicon)

    async def _prepare(self, lexicon: Lexicon) -> None:
        """Look for every name of the lexicon, sort its words out and make the patterns, so that whoever asks first need not wait."""
        for names in (*lexicon.topic_names.values(), *(entry.names for entry in lexicon.entries if not entry.topic)):
            self.index.fitting(names)
            await asyncio.sleep(0)
        for _ in chain(lexicon.sorting(), preparing()):
            await asyncio.sleep(0)

    async def watch(self, every: float, on_change: Callable[[], object]) -> None:
        """Look every so many seconds whether what is held has changed, once it is held at all; ends when cancelled.

        While the database is away what is held stays as it was.
        """
        is_away = False
        self._is_watched = True
        try:
            while True:
                await asyncio.sleep(every)
                if not self.is_loaded:
                    continue
                before = self._stamp
                try:
                    await self.refresh(now=clock.now())
                    is_away = False
                    if self._stamp != before:
                        on_change()
                except Exception:  # noqa: BLE001 - whatever the database says, the watch goes on; the next look may succeed
                    if not is_away:
                        _log.warning("index_not_refreshed", exc_info=True)
                    is_away = True
        finally:
            self._is_watched = False


SOURCES: Sequence[Callable[..., Awaitable[list[Document]]]] = (course_documents, resource_documents)
kept = KeptIndex()


async def current_lexicon() -> Lexicon:
    """The lexicon to understand sentences with, not older than a second."""
    _, lexicon = await kept.fresh(now=clock.now())
    return lexicon


async def watch_index(every: float = 0.5, *, on_change: Callable[[], object] = lambda: None) -> None:
    """Keep this process's index within a second of the database, until cancelled: for the lifespan of each process that searches.

    `on_change` is called when it has become another, so that pages rendered from the one before can be forgotten.
    """
    await kept.watch(every, on_change)


async def _stamp() -> object:
    parts = (
        f"SELECT {place} AS place, count(*) AS rows_held, CAST({first.replace('?', _NEVER)} AS TEXT) AS first,"
        f' CAST({second} AS TEXT) AS second FROM "{table}"'
        for place, (table, first, second) in enumerate(_COUNTED)
    )
    found = await rows(" UNION ALL ".join(parts) + " ORDER BY place")
    return tuple((row["rows_held"], row["first"], row["second"]) for row in found)


_NEVER = "'1970-01-01T00:00:00+00:00'"
