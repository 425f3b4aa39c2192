"""Thousands of invented documents, and questions of which it is known which document they are for."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from marstraining.search.lexicon import Entry

ANGLES = (
    "supervision", "hospital", "rural", "transport", "prison", "refugees", "adoption", "siblings", "grandparents", "sport",
    "music", "faith", "sleep", "feeding", "hoarding", "debt", "housing", "gambling", "pregnancy", "twins", "divorce",
    "bereavement", "military", "travellers", "interpreters", "courts", "mediation", "chronology", "genograms", "observation",
    "audit", "handover", "kinship", "advocacy", "attachment", "poverty", "hygiene", "dentistry", "obesity", "asthma",
    "epilepsy", "homelessness", "migration", "farming", "fishing", "cadets", "choirs", "swimming", "scouting", "theatre",
    "libraries", "museums", "apprentices", "retirement", "nightlife", "taxis", "festivals", "gaming", "photography", "animals",
    "burns", "fire", "water", "drowning", "windows", "medicines", "nutrition", "speech", "hearing", "sight", "mobility",
    "wheelchairs", "respite", "hospices", "residential", "boarding",
)  # fmt: skip
_FILLER = (
    "learn", "practise", "discuss", "explore", "recognise", "respond", "plan", "review", "reflect", "share", "record",
    "notice", "consider", "agree", "support", "challenge", "listen", "family", "child", "young", "person", "carer",
    "practitioner", "agency", "partner", "setting", "meeting", "visit", "story", "question", "answer", "scenario", "group",
    "pair", "example", "local", "national", "evidence", "research", "guide", "step", "outcome", "voice", "impact", "strength",
    "barrier", "change", "response", "service", "pathway", "offer",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """An invented document and what it is about: a line of the lexicon and two angles that no other document of that line has."""

    code: str
    title: str
    text: str
    topic: str
    entry: Entry
    angles: tuple[str, str]


def made_documents(entries: Sequence[Entry], count: int = 5000, seed: int = 9032026) -> list[Made]:
    """Documents that name their subject in one of the ways in which it can be named; every third carries no topic of the desk's."""
    rng = random.Random(seed)
    pairs = list(itertools.combinations(sorted(set(ANGLES)), 2))
    usable = [entry for entry in entries if len(entry.names) > 1]
    used: set[tuple[str, tuple[str, str]]] = set()
    made: list[Made] = []
    while len(made) < count:
        entry, angles = rng.choice(usable), rng.choice(pairs)
        if (entry.meaning, angles) in used:
            continue
        used.add((entry.meaning, angles))
        first, second = rng.sample(angles, 2)
        noise = rng.sample(ANGLES, 2)
        text = " ".join(rng.choice(_FILLER) for _ in range(60)) + f" {noise[0]} {noise[1]} {rng.choice(entry.names)}"
        title = f"{rng.choice(entry.names)}: {first} and {second}"
        topic = entry.topic if len(made) % 3 else ""
        made.append(Made(f"G{len(made)}", title[:1].upper() + title[1:], text, topic, entry, angles))
    return made


def questions(made: Sequence[Made], count: int = 400, seed: int = 15) -> Iterator[tuple[str, Made]]:
    """Questions with the document each is for: its subject by any of its names and its angles, every other one misspelt."""
    rng = random.Random(seed)
    for number, document in enumerate(rng.sample(list(made), count)):
        first, second = rng.sample(document.angles, 2)
        words = f"{rng.choice(document.entry.names)} {first} {second}".split()
        if number % 2:
            long = [place for place, word in enumerate(words) if len(word) > 4 and word.isalpha()]
            place = rng.choice(long)
            words[place] = misspelt(words[place], rng)
        yield f"{rng.choice(('', 'anything on ', 'have you got something about ', 'training on '))}{' '.join(words)}", document


def misspelt(word: str, rng: random.Random) -> str:
    """One letter left out, doubled, changed or exchanged with its neighbour, never the first."""
    place = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[:place] + word[place] + word[place:]
    if kind == 2:
        return word[:place] + rng.choice("aeiourstn") + word[place + 1 :]
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
