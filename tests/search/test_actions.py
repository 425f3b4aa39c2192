import asyncio
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.errors import NotFound, Refused
from marstraining.core.imports import Fault, Row
from marstraining.core.viewer import SYSTEM
from marstraining.history.models import Entry
from marstraining.people.models import Person
from marstraining.programme.models import Topic
from marstraining.search.actions import (
    EntryDraft,
    add_entry,
    change_entry,
    forget_unheard_words,
    import_glossary,
    note_unknown_word,
    remove_entry,
    seed_lexicon,
    settle_unknown_word,
)
from marstraining.search.models import LexiconEntry, UnknownWord
from marstraining.search.queries import current_lexicon, kept_entries, unknown_words
from tests.conftest import Clock
from tests.makers import as_desk


def rows(*cells: dict[str, str]) -> list[Row]:
    return [Row(number, one) for number, one in enumerate(cells, start=2)]


async def test_a_new_database_begins_with_the_packaged_lexicon_and_only_once(db: TortoiseContext, clock: Clock) -> None:
    written = await asyncio.gather(*(seed_lexicon(now=clock.now) for _ in range(3)))
    assert sorted(written)[:2] == [0, 0]
    assert await LexiconEntry.all().count() == max(written)
    entry = await LexiconEntry.get(key="cse").prefetch_related("topic")
    assert (entry.acronym, entry.meaning, entry.topic.slug if entry.topic else "") == ("CSE", "child sexual exploitation", "cse")
    await LexiconEntry.filter(key="cse").update(meaning="changed by the desk")
    assert await seed_lexicon(now=clock.now) == 0


async def test_a_glossary_is_imported_by_its_acronyms_and_again_changes_nothing(db: TortoiseContext, clock: Clock) -> None:
    file = rows(
        {"acronym": "ROTH", "expansion": "risk outside the home", "also_called": "contextual safeguarding; extra-familial harm"},
        {"acronym": "", "expansion": "bruises", "also_called": "bruising"},
    )
    first = await import_glossary(file, by=SYSTEM, now=clock.now)
    again = await import_glossary(file, by=SYSTEM, now=clock.now)
    changed = await import_glossary(rows({**file[1].cells, "also_called": "bruising; marks"}), by=SYSTEM, now=clock.now)
    assert [(one.created, one.changed, one.unchanged) for one in (first, again, changed)] == [(2, 0, 0), (0, 0, 2), (0, 1, 0)]
    entries = {one.entry.acronym: one for one in await kept_entries()}
    assert (entries["ROTH"].entry.topic, entries["ROTH"].entry.also) == (
        "risk_outside_home",
        ("contextual safeguarding", "extra-familial harm"),
    )
    assert entries[""].entry.topic == ""


async def test_a_glossary_without_topics_leaves_what_the_desk_chose(db: TortoiseContext, clock: Clock) -> None:
    await Topic.create(slug="neglect", label="Neglect")
    await add_entry(EntryDraft("SDQ", "Strengths and Difficulties Questionnaire", topic="neglect"), by=SYSTEM, now=clock.now)
    file = {"acronym": "SDQ", "expansion": "Strengths and Difficulties Questionnaire", "also_called": "wellbeing questionnaire"}
    await import_glossary(rows(file), by=SYSTEM, now=clock.now)
    assert [one.entry.topic for one in await kept_entries()] == ["neglect"]
    await import_glossary(rows({**file, "topic": ""}), by=SYSTEM, now=clock.now)
    assert [one.entry.topic for one in await kept_entries()] == [""]


async def test_a_glossary_with_faults_is_not_written_at_all(db: TortoiseContext, clock: Clock) -> None:
    outcome = await import_glossary(
        rows(
            {"acronym": "OK", "expansion": "all is well"},
            {"acronym": "TWO WORDS", "expansion": "x"},
            {"acronym": "OK", "expansion": "again"},
            {"acronym": "A", "expansion": "x", "topic": "no such topic"},
        ),
        by=SYSTEM,
        now=clock.now,
    )
    assert outcome.faults == (
        Fault(3, "acronym", "The acronym must be one word of 20 characters or fewer"),
        Fault(4, "acronym", "“OK” is already in row 2"),
        Fault(5, "topic", "“no such topic” is not a topic of the vocabulary"),
    )
    assert await LexiconEntry.all().count() == 0


async def test_a_line_is_added_changed_and_taken_away_and_searching_follows(db: TortoiseContext, clock: Clock, dee: Person) -> None:
    await Topic.create(slug="neglect", label="Neglect")
    desk = as_desk(dee)
    ref = await add_entry(EntryDraft("", "dirty homes", ("clutter",), "neglect"), by=desk, now=clock.now)
    assert "clutter" in (await current_lexicon()).topic_names["neglect"]
    with pytest.raises(Refused, match="in the lexicon already"):
        await add_entry(EntryDraft("", "Dirty homes"), by=desk, now=clock.now)
    assert await change_entry(ref, EntryDraft("", "dirty homes", ("hoarding",), "neglect"), by=desk, now=clock.now)
    assert not await change_entry(ref, EntryDraft("", "dirty homes", ("hoarding",), "neglect"), by=desk, now=clock.now)
    assert "clutter" not in (await current_lexicon()).topic_names["neglect"]
    assert await remove_entry(ref, by=desk, now=clock.now)
    assert not await remove_entry(ref, by=desk, now=clock.now)
    with pytest.raises(NotFound):
        await change_entry(ref, EntryDraft("", "gone"), by=desk, now=clock.now)
    actions = [row["action"] for row in await Entry.filter(subject_kind="lexicon").order_by("id").values("action")]
    assert actions == ["add_lexicon_entry", "change_lexicon_entry", "remove_lexicon_entry"]


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (EntryDraft("", ""), "meaning"),
        (EntryDraft("", "x" * 201), "meaning"),
        (EntryDraft("A B", "two"), "acronym"),
        (EntryDraft("", "fine", ("?!",)), "also"),
        (EntryDraft("", "fine", tuple(f"word{number}" for number in range(41))), "also"),
        (EntryDraft("", "fine", (), "no_such_topic"), "topic"),
    ],
)
async def test_a_line_that_cannot_be_is_refused(db: TortoiseContext, clock: Clock, draft: EntryDraft, field: str) -> None:
    with pytest.raises(Refused) as refused:
        await add_entry(draft, by=SYSTEM, now=clock.now)
    assert refused.value.field == field


async def test_a_word_is_kept_by_the_third_conversation_and_not_before(db: TortoiseContext, clock: Clock) -> None:
    assert [await note_unknown_word("Zoomies", f"conversation {number}", now=clock.now) for number in (1, 1, 2, 2)] == [False] * 4
    row = await UnknownWord.get()
    assert ("zoomies" in row.word_hash, row.word, len(row.heard_by)) == (False, "", 2)
    assert await note_unknown_word("ZOOMIES", "conversation 3", now=clock.now)
    row = await UnknownWord.get()
    assert (row.word, row.heard_by) == ("zoomies", [])
    assert [one.word for one in await unknown_words()] == ["zoomies"]
    assert await note_unknown_word("zoomies", "conversation 4", now=clock.now)
    assert await settle_unknown_word(row.id, by=SYSTEM, now=clock.now)
    assert not await settle_unknown_word(row.id, by=SYSTEM, now=clock.now)
    assert await unknown_words() == []


async def test_three_at_once_are_three(db: TortoiseContext, clock: Clock) -> None:
    await asyncio.gather(*(note_unknown_word("skibidi", f"conversation {number}", now=clock.now) for number in range(3)))
    assert [one.word for one in await unknown_words()] == ["skibidi"]


@pytest.mark.parametrize("word", ["Karen", "hussain", "a", "two words", "zoom1es", "x" * 41, "", "o'brien", "nobody@example.org"])
async def test_names_numbers_and_sentences_are_never_noted(db: TortoiseContext, clock: Clock, word: str) -> None:
    for number in range(4):
        assert not await note_unknown_word(word, f"conversation {number}", now=clock.now)
    assert await UnknownWord.all().count() == 0


async def test_what_nobody_said_again_is_forgotten(db: TortoiseContext, clock: Clock) -> None:
    await note_unknown_word("zoomies", "one", now=clock.now)
    for number in range(3):
        await note_unknown_word("skibidi", f"conversation {number}", now=clock.now)
    assert await forget_unheard_words(now=clock.now + timedelta(days=179)) == 0
    assert await forget_unheard_words(now=clock.now + timedelta(days=181)) == 1
    assert [one.word for one in await unknown_words()] == ["skibidi"]
