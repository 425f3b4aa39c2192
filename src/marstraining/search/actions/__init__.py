"""What is done to the lexicon, and the words nobody understood."""

from marstraining.search.actions.importing import import_glossary, seed_lexicon
from marstraining.search.actions.lexicon import EntryDraft, add_entry, change_entry, remove_entry
from marstraining.search.actions.unknown_words import forget_unheard_words, note_unknown_word, settle_unknown_word

__all__ = [
    "EntryDraft",
    "add_entry",
    "change_entry",
    "forget_unheard_words",
    "import_glossary",
    "note_unknown_word",
    "remove_entry",
    "seed_lexicon",
    "settle_unknown_word",
]
