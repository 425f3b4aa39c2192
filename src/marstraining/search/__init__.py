"""Finding training and resources by what somebody types: understanding, index, lexicon, the search page.

What others build on:

- `search.rules`: the plain values `Understood`, `Slots`, `Intent`, `Document`, `Hit`, `Found`;
- `search.understanding.understand(text, *, now, lexicon, calendar, expecting="") -> Understood`: pure, no database;
- `uk_dates.read_dates(text, *, today, calendar) -> ReadDates`: pure;
- `search.queries.current_lexicon() -> Lexicon`, `find(understood, *, viewer, now, limit) -> Found`, `document(key, *, viewer, now)` and
  `documents(keys, *, viewer, now)`: all awaited; a long-lived process also runs `search.queries.watch_index()` beside its work;
- `search.actions.note_unknown_word(word, conversation_key_hash, *, now)`: keeps no sentence, and no word before its third conversation.
"""
