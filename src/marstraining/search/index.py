"""The words of everything that can be found, in a full-text table in memory: what fits, and how well.

It is SQLite's FTS5 whatever the service's own database is, and holds no text: the documents themselves do.
"""

import re
import sqlite3
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Sequence
from math import log

from marstraining.search.rules import Document, Family
from marstraining.search.words import words_of

# A title says what something is about; its text also says what it is not about.
_TITLE_WEIGHT = 3.0
_MOST = 1000
# Answers are remembered until the index changes, as many as have so many lines in all: five megabytes.
_MOST_REMEMBERED = 50_000
# What is about a topic by the desk's word for it outranks what only mentions it.
_TAGGED = 1.0
_NAMED = 2.0
# All the words of a phrase in a text count less than the phrase itself.
_APART = 0.7
_CREATE = "CREATE VIRTUAL TABLE found USING fts5(title, body, content='', tokenize='porter unicode61 remove_diacritics 2')"
_WEIGH = f"INSERT INTO found (found, rank) VALUES ('rank', 'bm25({_TITLE_WEIGHT}, 1.0)')"
_RANK = f"SELECT rowid, -rank FROM found WHERE found MATCH ? ORDER BY rank LIMIT {_MOST}"
# Of a phrase's words these say nothing when they stand apart.
_SMALL = frozenset({"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"})

Scores = dict[int, float]


class Index:
    """One process's index. Reading and writing are quick and never wait; whoever writes much does it in parts."""

    def __init__(self) -> None:
        self._table = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._table.execute(_CREATE)
        self._table.execute(_WEIGH)
        self._numbers: dict[str, int] = {}
        self._last = 0
        self._remembered: OrderedDict[tuple[str, ...], Scores] = OrderedDict()
        self._remembered_lines = 0
        self._titles: dict[str, set[int]] = {}
        self.documents: dict[int, Document] = {}
        self.by_topic: defaultdict[str, set[int]] = defaultdict(set)
        self.by_family: dict[Family, set[int]] = {family: set() for family in Family}
        self.words: Counter[str] = Counter()
        # The numbers of documents that have sessions which not everybody may know of, or are such themselves.
        self.guarded: set[int] = set()

    def close(self) -> None:
        self._table.close()

    def number_of(self, key: str) -> int | None:
        """The number of a document by its key; None where none of that key is held."""
        return self._numbers.get(key)

    def changes(self, documents: Sequence[Document]) -> Iterator[Callable[[], None]]:
        """What has to be done so that exactly these are held, as small steps to be taken one after the other."""
        wanted = {document.key: document for document in documents}
        for key, number in list(self._numbers.items()):
            old, new = self.documents[number], wanted.pop(key, None)
            if new is None:
                yield lambda number=number: self._remove(number)  # type: ignore[misc]
            elif new is not old and new != old:
                yield lambda number=number, new=new: self._replace(number, new)  # type: ignore[misc]
        for document in wanted.values():
            yield lambda document=document: self._add(document)  # type: ignore[misc]

    def _add(self, document: Document, number: int | None = None) -> None:
        if number is None:
            self._last += 1
            number = self._last
        self._table.execute("INSERT INTO found (rowid, title, body) VALUES (?, ?, ?)", (number, document.title, document.text))
        self._put(number, document)
        self._numbers[document.key] = number
        self._titles.setdefault(document.title.casefold(), set()).add(number)
        self.by_family[document.family].add(number)
        for topic in document.topics:
            self.by_topic[topic].add(number)
        self.words.update(_words_in(document))
        self._forget_answers()

    def _put(self, number: int, document: Document) -> None:
        self.documents[number] = document
        if document.is_public and all(one.is_public for one in document.sessions):
            self.guarded.discard(number)
        else:
            self.guarded.add(number)

    def _remove(self, number: int) -> None:
        document = self.documents.pop(number)
        self.guarded.discard(number)
        self._forget_text(number, document)
        del self._numbers[document.key]
        self._titles[document.title.casefold()].discard(number)
        self.by_family[document.family].discard(number)
        for topic in document.topics:
            self.by_topic[topic].discard(number)

    def _replace(self, number: int, new: Document) -> None:
        old = self.documents[number]
        if _worded(old) == _worded(new):
            # Dates change oftener than words.
            self._put(number, new)
            return
        self._remove(number)
        self._add(new, number)

    def _forget_text(self, number: int, document: Document) -> None:
        # A table without content has to be told what it forgets.
        self._table.execute(
            "INSERT INTO found (found, rowid, title, body) VALUES ('delete', ?, ?, ?)", (number, document.title, document.text)
        )
        self.words.subtract(_words_in(document))
        self.words = +self.words
        self._forget_answers()

    def fitting(self, alternatives: Sequence[str]) -> Scores:
        """How well each document fits one thing that has several names, from 0 to 1.

        The name that fits best counts, not how many do, and a rare name is no better than a usual one.
        """
        return self._remember(("", *alternatives), lambda: self._fitting(alternatives))

    def ranked(self, alternatives: Sequence[str]) -> Scores:
        """How well each document fits one thing, the more the fewer others do; a single word is ranked as FTS5 ranks it."""
        if len(alternatives) == 1:
            return self._remember((alternatives[0],), lambda: self._asked(alternatives[0]))
        found = self.fitting(alternatives)
        rarity = log(1 + len(self.documents) / max(len(found), 1))
        return {number: rarity * share for number, share in found.items()}

    def about(self, topic: str, names: Sequence[str]) -> Scores:
        """How much each document is about a topic: what says so in its words, and more what the desk put there."""
        return self._remember(("about", topic, *names), lambda: self._about(topic, names))

    def titled(self, title: str) -> set[int]:
        """The documents of exactly that title, whatever its letter case."""
        return self._titles.get(title.casefold(), set())

    def _about(self, topic: str, names: Sequence[str]) -> Scores:
        found = {number: _NAMED * share for number, share in self.fitting(names).items()}
        for number in self.by_topic.get(topic, ()):
            found[number] = found.get(number, 0.0) + _TAGGED
        return found

    def _fitting(self, alternatives: Sequence[str]) -> Scores:
        best: Scores = {}
        for phrase in alternatives:
            found = self._asked(phrase)
            most = max(found.values(), default=0.0)
            for number, score in found.items():
                share = score / most
                if share > best.get(number, 0.0):
                    best[number] = share
        return best

    def _remember(self, key: tuple[str, ...], make: Callable[[], Scores]) -> Scores:
        found = self._remembered.get(key)
        if found is not None:
            self._remembered.move_to_end(key)
            return found
        found = self._remembered[key] = make()
        self._remembered_lines += len(found) + 1
        while self._remembered_lines > _MOST_REMEMBERED and len(self._remembered) > 1:
            _, dropped = self._remembered.popitem(last=False)
            self._remembered_lines -= len(dropped) + 1
        return found

    def _forget_answers(self) -> None:
        self._remembered.clear()
        self._remembered_lines = 0

    def _asked(self, phrase: str) -> Scores:
        # Only letters and numbers get into the question, each word in quotation marks: no text is ever an operator.
        words = [word.folded.replace("'", " ") for word in words_of(phrase)]
        if not words:
            return {}
        found = self._match('"' + " ".join(words) + '"')
        apart = [word for word in words if word not in _SMALL]
        if len(words) > 1 and apart:
            for number, score in self._match(" AND ".join(f'"{word}"' for word in apart)).items():
                found.setdefault(number, _APART * score)
        return found

    def _match(self, question: str) -> Scores:
        return dict(self._table.execute(_RANK, (question,)))


_LETTERS = re.compile(r"[a-z]{4,}")


def _worded(document: Document) -> tuple[object, ...]:
    """All of a document that the index knows it by."""
    return document.title, document.text, document.topics, document.family, document.is_public


def _words_in(document: Document) -> set[str]:
    """The words by which a misspelt one may be mended: of the title and the text, letters alone; none of what is not for everybody."""
    if not document.is_public:
        return set()
    return set(_LETTERS.findall(f"{document.title} {document.text}".casefold()))
