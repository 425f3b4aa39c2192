"""A glossary from a file, and the lexicon that a new database begins with."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from marstraining.core import db
from marstraining.core.errors import Refused
from marstraining.core.imports import Fault, ImportOutcome, Row
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.history.actions import record
from marstraining.programme.topics import known_topics, topic_of
from marstraining.search.actions.lexicon import EntryDraft, check_entry, insert_entry, update_entry

COLUMNS = ("acronym", "expansion", "also_called", "topic")
DEFAULTS = Path(__file__).parent.parent / "defaults"
# Everyday words of the topics first, then what the reference case's glossary says.
_DEFAULT_FILES = ("everyday.csv", "glossary.csv")


async def import_glossary(rows: Sequence[Row], *, by: Viewer, now: datetime) -> ImportOutcome:
    """Write lines by their acronym, or without one by their meaning; everyday words are parted by semicolons.

    `topic` is a topic's slug or one of its names; a file without that column names the topic that the acronym or the meaning is a name
    of, and leaves what the desk chose where there is none. With any fault nothing is written.
    """
    faults: list[Fault] = []
    drafts: dict[str, tuple[int, EntryDraft]] = {}
    for row in rows:
        draft = _draft(row, faults)
        if draft is None:
            continue
        if draft.key in drafts:
            faults.append(Fault(row.number, "acronym", f"“{draft.acronym or draft.meaning}” is already in row {drafts[draft.key][0]}"))
        else:
            drafts[draft.key] = (row.number, draft)
    if faults:
        return ImportOutcome(faults=tuple(sorted(faults)))
    names_topics = any("topic" in row.cells for row in rows)
    async with db.transaction():
        created, changed = await _write([draft for _, draft in drafts.values()], keeps_topics=not names_topics, by=by, now=now)
        if created or changed:
            detail = {"created": created, "changed": changed}
            await record("import_glossary", by=by, now=now, subject_kind="lexicon", subject_id=None, detail=detail)
    return ImportOutcome(created=created, changed=changed, unchanged=len(drafts) - created - changed)


async def seed_lexicon(*, now: datetime, by: Viewer = SYSTEM) -> int:
    """Write the packaged lines into a lexicon that has none at all; how many. What the desk changed or took away stays as it is."""
    async with db.transaction():
        if db.dialect() == "postgres":
            # Two processes that migrate at once would both find it empty.
            await db.rows("SELECT pg_advisory_xact_lock(hashtext('search_entry'))")
        if await db.rows("SELECT id FROM search_entry LIMIT 1"):
            return 0
        drafts = {draft.key: draft for draft in default_drafts()}
        written, _ = await _write(list(drafts.values()), keeps_topics=False, by=by, now=now)
        await record("seed_lexicon", by=by, now=now, subject_kind="lexicon", subject_id=None, detail={"entries": written})
    return written


def default_drafts() -> Iterator[EntryDraft]:
    """The packaged lines."""
    for name in _DEFAULT_FILES:
        with (DEFAULTS / name).open(encoding="utf-8", newline="") as file:
            for cells in csv.DictReader(file):
                yield _of_cells(cells)


def _draft(row: Row, faults: list[Fault]) -> EntryDraft | None:
    draft = _of_cells(row.cells)
    typed = row.cells.get("topic", "")
    if typed and not draft.topic:
        faults.append(Fault(row.number, "topic", f"“{typed}” is not a topic of the vocabulary"))
        return None
    try:
        check_entry(draft)
    except Refused as refusal:
        column = {"meaning": "expansion", "also": "also_called"}.get(refusal.field or "", refusal.field or "")
        faults.append(Fault(row.number, column, refusal.message))
        return None
    return draft


def _of_cells(cells: Mapping[str, str]) -> EntryDraft:
    acronym, meaning = " ".join(cells.get("acronym", "").split()), " ".join(cells.get("expansion", "").split())
    also = tuple(dict.fromkeys(word for part in cells.get("also_called", "").split(";") if (word := " ".join(part.split()))))
    return EntryDraft(acronym, meaning or acronym, also, _topic(cells.get("topic", ""), acronym, meaning))


def _topic(typed: str, *names: str) -> str:
    """The slug of the topic that is named, or that one of the names is a name of."""
    known = {slug for slug, _, _ in known_topics()}
    for name in (typed,) if typed else names:
        slug, _ = topic_of(name)
        if name and slug in known:
            return slug
    return ""


async def _write(drafts: Sequence[EntryDraft], *, keeps_topics: bool, by: Viewer, now: datetime) -> tuple[int, int]:
    stored = {row["key"]: row for row in await db.rows("SELECT id, key, topic_id FROM search_entry")}
    topics = await _topic_ids({draft.topic for draft in drafts if draft.topic})
    created = changed = 0
    for draft in drafts:
        topic_id = topics.get(draft.topic)
        known = stored.get(draft.key)
        if known is None:
            await insert_entry(draft, topic_id=topic_id, by=by, now=now)
            created += 1
            continue
        if keeps_topics and topic_id is None:
            topic_id = known["topic_id"]
        changed += await update_entry(known["id"], draft, topic_id=topic_id, by=by, now=now)
    return created, changed


async def _topic_ids(slugs: set[str]) -> dict[str, int]:
    """The rows of topics of the vocabulary, made where no course or resource has named them yet."""
    labels = {slug: label for slug, label, _ in known_topics()}
    known = {row["slug"]: int(row["id"]) for row in await db.rows("SELECT id, slug FROM programme_topic")}
    for slug in sorted(slugs - known.keys()):
        await db.execute("INSERT INTO programme_topic (slug, label) VALUES (?, ?) ON CONFLICT DO NOTHING", slug, labels[slug])
    return {row["slug"]: int(row["id"]) for row in await db.rows("SELECT id, slug FROM programme_topic")}
