"""A line of the lexicon as it is typed."""

from collections.abc import Collection

from marstraining.core.web import Form
from marstraining.search.actions import EntryDraft
from marstraining.search.queries import KeptEntry


def read_entry(form: Form, topics: Collection[str]) -> EntryDraft:
    """A line of the lexicon; everyday words stand one on a line, or parted by semicolons."""
    acronym = form.text("acronym", "the acronym", required=False, max=20)
    meaning = form.text("meaning", "what it means, in full", max=200)
    typed = form.text("also", "the everyday words", required=False, max=4000, multiline=True)
    also = (" ".join(part.split()) for line in typed.splitlines() for part in line.split(";"))
    topic = form.choice("topic", "the topic", topics, required=False)
    return EntryDraft(acronym, meaning, tuple(dict.fromkeys(word for word in also if word)), topic)


def entry_form(kept: KeptEntry) -> Form:
    """A line's form, filled in."""
    entry = kept.entry
    return Form.of(acronym=entry.acronym, meaning=entry.meaning, also="\n".join(entry.also), topic=entry.topic)
