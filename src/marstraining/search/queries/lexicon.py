"""The desk's lexicon and the words nobody understood."""

import json
from datetime import date, datetime

from marstraining.core.db import like_pattern, rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.search.lexicon import Entry


@frozen
class KeptEntry:
    """A line of the lexicon as the desk sees it."""

    ref: str
    entry: Entry
    topic_label: str
    changed_at: datetime
    changed_by: str


@frozen
class UnknownWordRow:
    """A word that at least three conversations used and nobody understood."""

    id: int
    word: str
    first_on: date
    last_on: date


_ENTRIES = (
    "SELECT e.ref, e.acronym, e.meaning, CAST(e.also AS TEXT) AS also, coalesce(t.slug, '') AS topic, coalesce(t.label, '') AS topic_label,"
    " e.changed_at, coalesce(p.name, '') AS changed_by FROM search_entry e LEFT JOIN programme_topic t ON t.id = e.topic_id"
    " LEFT JOIN people_person p ON p.id = e.changed_by_id"
)


async def lexicon_entries() -> list[Entry]:
    """The whole lexicon in the order in which its lines were added."""
    found = await rows(
        "SELECT e.acronym, e.meaning, CAST(e.also AS TEXT) AS also, coalesce(t.slug, '') AS topic"
        " FROM search_entry e LEFT JOIN programme_topic t ON t.id = e.topic_id ORDER BY e.id"
    )
    return [Entry(row["acronym"], row["meaning"], tuple(json.loads(row["also"])), row["topic"]) for row in found]


async def kept_entries(*, words: str = "") -> list[KeptEntry]:
    """The lexicon by what its lines are headed with, or those of its lines that hold these words."""
    found = await rows(
        rf"{_ENTRIES} WHERE LOWER(e.acronym || ' ' || e.meaning || ' ' || CAST(e.also AS TEXT)) LIKE ? ESCAPE '\'"
        " ORDER BY LOWER(CASE WHEN e.acronym = '' THEN e.meaning ELSE e.acronym END), e.id LIMIT 1000",
        like_pattern(words),
        instants=("changed_at",),
    )
    return [_kept(row) for row in found]


async def kept_entry(ref: str) -> KeptEntry:
    """One line by its reference; NotFound where there is none."""
    found = await rows(f"{_ENTRIES} WHERE e.ref = ?", ref, instants=("changed_at",))
    if not found:
        raise NotFound
    return _kept(found[0])


async def topic_choices() -> list[tuple[str, str]]:
    """Every topic, (slug, label), by label."""
    return [(row["slug"], row["label"]) for row in await rows("SELECT slug, label FROM programme_topic ORDER BY LOWER(label), id")]


async def unknown_words() -> list[UnknownWordRow]:
    """The words nobody understood that the desk has not dealt with yet, the latest first."""
    found = await rows(
        "SELECT id, word, first_on, last_on FROM search_unknown_word WHERE word <> '' AND NOT is_settled"
        " ORDER BY last_on DESC, word LIMIT 200",
        dates=("first_on", "last_on"),
    )
    return [UnknownWordRow(**row) for row in found]


def _kept(row: dict[str, object]) -> KeptEntry:
    return KeptEntry(
        ref=str(row["ref"]),
        entry=Entry(str(row["acronym"]), str(row["meaning"]), tuple(json.loads(str(row["also"]))), str(row["topic"])),
        topic_label=str(row["topic_label"]),
        changed_at=row["changed_at"],  # type: ignore[arg-type]  # the statement says so
        changed_by=str(row["changed_by"]),
    )
