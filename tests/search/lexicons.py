"""The lexicon as a new database has it, without a database."""

import csv
from functools import cache
from pathlib import Path

import marstraining.search
from marstraining.programme.topics import known_topics, topic_of
from marstraining.search.lexicon import Entry, Lexicon, make_lexicon

DEFAULTS = Path(marstraining.search.__file__).parent / "defaults"


@cache
def default_lexicon() -> Lexicon:
    topics = {slug: label for slug, label, _ in known_topics()}
    entries = []
    for name in ("everyday.csv", "glossary.csv"):
        with (DEFAULTS / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                also = tuple(part.strip() for part in row["also_called"].split(";") if part.strip())
                slug = row.get("topic") or next(
                    (topic_of(n)[0] for n in (row["acronym"], row["expansion"]) if topic_of(n)[0] in topics), ""
                )
                entries.append(Entry(row["acronym"], row["expansion"], also, slug))
    return make_lexicon(entries, topics=topics, topic_names={slug: also for slug, _, also in known_topics()}, places=("Hewson House",))
