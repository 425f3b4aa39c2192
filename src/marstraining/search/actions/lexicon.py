"""Lines of the lexicon: adding, changing, taking away."""

import json
from datetime import datetime

from tortoise.exceptions import IntegrityError

from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.search.words import phrase_of, words_of

LONGEST_ACRONYM = 20
LONGEST_MEANING = 200
MOST_ALSO = 40
LONGEST_ALSO = 80


@frozen
class EntryDraft:
    """A line as it is typed: `topic` is a topic's slug, "" for none."""

    acronym: str
    meaning: str
    also: tuple[str, ...] = ()
    topic: str = ""

    @property
    def key(self) -> str:
        """What makes a line the same one when it is imported again."""
        return (self.acronym or self.meaning).casefold()[:200]


async def add_entry(draft: EntryDraft, *, by: Viewer, now: datetime) -> str:
    """Add a line and say its reference. Refused where its acronym, or without one its meaning, is in the lexicon already."""
    check_entry(draft)
    async with transaction():
        topic_id = await topic_id_of(draft.topic)
        try:
            async with transaction():
                ref = await insert_entry(draft, topic_id=topic_id, by=by, now=now)
        except IntegrityError as error:
            raise _taken(draft) from error
        await record("add_lexicon_entry", by=by, now=now, subject_kind="lexicon", subject_id=None, detail={"key": draft.key})
    return ref


async def change_entry(ref: str, draft: EntryDraft, *, by: Viewer, now: datetime) -> bool:
    """Let a line say something else. False where it says so already; NotFound for an unknown reference; refusals as of `add_entry`."""
    check_entry(draft)
    async with transaction():
        found = await rows("SELECT id FROM search_entry WHERE ref = ?", ref)
        if not found:
            raise NotFound
        topic_id = await topic_id_of(draft.topic)
        try:
            async with transaction():
                changed = await update_entry(found[0]["id"], draft, topic_id=topic_id, by=by, now=now)
        except IntegrityError as error:
            raise _taken(draft) from error
        if changed:
            await record(
                "change_lexicon_entry", by=by, now=now, subject_kind="lexicon", subject_id=found[0]["id"], detail={"key": draft.key}
            )
    return changed


async def remove_entry(ref: str, *, by: Viewer, now: datetime) -> bool:
    """Take a line away. False where it is gone already."""
    async with transaction():
        found = await rows("DELETE FROM search_entry WHERE ref = ? RETURNING id, key", ref)
        for row in found:
            await record("remove_lexicon_entry", by=by, now=now, subject_kind="lexicon", subject_id=row["id"], detail={"key": row["key"]})
    return bool(found)


def check_entry(draft: EntryDraft) -> None:
    """Refuse a line without meaning, and what is too long to be a word that somebody types."""
    if not draft.meaning or not phrase_of(draft.meaning):
        raise Refused("Enter what it means, in full", code="meaning", field="meaning")
    if len(draft.meaning) > LONGEST_MEANING:
        raise Refused(f"The meaning must be {LONGEST_MEANING} characters or fewer", code="too_long", field="meaning")
    if len(draft.acronym) > LONGEST_ACRONYM or len(words_of(draft.acronym)) > 1:
        raise Refused(f"The acronym must be one word of {LONGEST_ACRONYM} characters or fewer", code="acronym", field="acronym")
    if len(draft.also) > MOST_ALSO:
        raise Refused(f"Enter {MOST_ALSO} everyday words or fewer", code="too_many", field="also")
    if any(len(word) > LONGEST_ALSO or not phrase_of(word) for word in draft.also):
        raise Refused(f"Each line of everyday words must have letters, and {LONGEST_ALSO} characters or fewer", code="also", field="also")


async def topic_id_of(slug: str) -> int | None:
    """The row of a topic; refused where there is none of that name, None for no topic."""
    if not slug:
        return None
    found = await rows("SELECT id FROM programme_topic WHERE slug = ?", slug)
    if not found:
        raise Refused("Choose the topic from the list", code="topic", field="topic")
    return int(found[0]["id"])


async def insert_entry(draft: EntryDraft, *, topic_id: int | None, by: Viewer, now: datetime) -> str:
    """Write a new line within the caller's transaction, and say its reference."""
    ref = new_ref()
    await execute(
        "INSERT INTO search_entry (ref, key, acronym, meaning, also, topic_id, changed_at, changed_by_id, revision)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        ref, draft.key, draft.acronym, draft.meaning, json.dumps(list(draft.also)), topic_id, now, by.person_id,
    )  # fmt: skip
    return ref


async def update_entry(entry_id: int, draft: EntryDraft, *, topic_id: int | None, by: Viewer, now: datetime) -> bool:
    """Write a line anew within the caller's transaction, unless it says the same already."""
    stored = await rows("SELECT key, acronym, meaning, CAST(also AS TEXT) AS also, topic_id FROM search_entry WHERE id = ?", entry_id)
    said = (draft.key, draft.acronym, draft.meaning, list(draft.also), topic_id)
    if (
        stored
        and (stored[0]["key"], stored[0]["acronym"], stored[0]["meaning"], json.loads(stored[0]["also"]), stored[0]["topic_id"]) == said
    ):
        return False
    await execute(
        "UPDATE search_entry SET key = ?, acronym = ?, meaning = ?, also = ?, topic_id = ?, changed_at = ?, changed_by_id = ?,"
        " revision = revision + 1 WHERE id = ?",
        draft.key, draft.acronym, draft.meaning, json.dumps(list(draft.also)), topic_id, now, by.person_id, entry_id,
    )  # fmt: skip
    return True


def _taken(draft: EntryDraft) -> Refused:
    field = "acronym" if draft.acronym else "meaning"
    return Refused(f"“{draft.acronym or draft.meaning}” is in the lexicon already: change that line", code="taken", field=field)
