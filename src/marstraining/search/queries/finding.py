"""Finding: what fits all filters, best first; where nothing does, what fits all but one."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nlargest, nsmallest
from math import inf

from marstraining.bookings.queries import places
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.search.fitting import Fitting
from marstraining.search.index import Index, Scores
from marstraining.search.lexicon import Lexicon
from marstraining.search.queries.documents import visible_resources, visible_sessions
from marstraining.search.queries.kept import kept
from marstraining.search.rules import FILTERS, Chosen, Dated, Document, Family, Found, Hit, Intent, Slots, Understood, without_filter

LIMIT = 20
_TITLE_WHOLE = 3.0
_MOST_OFFERED = 3
# More sessions than these are not asked for their places at once.
_MOST_COUNTED = 400
_TRAINING = frozenset({Family.COURSE, Family.WORKBOOK})
_FAMILIES = {
    Intent.FIND_TRAINING: _TRAINING,
    Intent.NEXT_SESSION: frozenset({Family.COURSE}),
    Intent.BOOK: frozenset({Family.COURSE}),
    Intent.TRANSFER_BOOKING: frozenset({Family.COURSE}),
    Intent.SESSION_DETAIL: frozenset({Family.COURSE}),
    Intent.FIND_RESOURCE: frozenset({Family.RESOURCE, Family.WORKBOOK}),
}
EVERYTHING = frozenset(Family)


# How well a document fits, its number in the index, and those of its sessions that fit.
_Fitting = tuple[float, int, Sequence[Dated]]


@frozen
class _Asked:
    """What one look needs: the index, what fits the words and how well (None for no words), and what the viewer may know of."""

    index: Index
    scores: Scores | None
    lexicon: Lexicon
    families: frozenset[Family]
    seen: "_Seen"
    now: datetime
    most: int


@frozen
class _Looked:
    """How many fit, and of these at least the foremost, in no order."""

    total: int
    foremost: Sequence[_Fitting]


async def find(
    understood: Understood, *, viewer: Viewer, now: datetime, limit: int = LIMIT, families: frozenset[Family] | None = None
) -> Found:
    """What is found for a wish, best first, at most `limit`; `families` are by default those that its intent asks for.

    Topic, kind, audience, dates and so on narrow and are never ranked by. Where nothing fits them all, the first of `rules.FILTERS` by
    whose leaving out something fits is left out, one alone, and named. Sessions are coming ones that `viewer` may know of.
    """
    index, lexicon = await kept.fresh(now=now)
    seen = await _seen(index, viewer, now=now)
    asked = _Asked(
        index=index,
        scores=_scores_of_words(understood, index, seen),
        lexicon=lexicon,
        families=families or _FAMILIES.get(understood.intent, EVERYTHING),
        seen=seen,
        now=now,
        most=max(limit, LIMIT),
    )
    looked, dropped = await _looked(asked, understood.slots), None
    if not looked.total and families is None and asked.families != EVERYTHING:
        # "Threshold document" may be the name of a course: better another kind of thing than nothing.
        asked = replace(asked, families=EVERYTHING)
        looked = await _looked(asked, understood.slots)
    if not looked.total:
        looked, dropped = await _without_one(asked, understood)
    best = nsmallest(asked.most, looked.foremost, key=_order)
    hits = tuple(Hit(index.documents[number], score, tuple(sessions)) for score, number, sessions in best)
    offered = _topics_offered(understood, hits, lexicon) if not understood.is_sure or not hits else ()
    return Found(hits=hits[:limit], total=looked.total, dropped=dropped, topics_offered=offered)


@frozen
class _Seen:
    """Which of what is not public a viewer may know of: the ids of sessions, the keys of other documents; or all."""

    sessions: frozenset[int] = frozenset()
    keys: frozenset[str] = frozenset()
    everything: bool = False

    def of(self, document: Document, coming: Sequence[Dated]) -> Sequence[Dated] | None:
        """The sessions of a guarded document that are seen; None where it is not to be known of at all."""
        if self.everything:
            return coming
        seen = [one for one in coming if one.is_public or one.id in self.sessions]
        return seen if document.is_public or seen or document.key in self.keys else None

    def knows(self, document: Document) -> bool:
        """Whether a guarded document is to be known of."""
        return self.of(document, document.sessions) is not None


async def _seen(index: Index, viewer: Viewer, *, now: datetime) -> _Seen:
    """By a statement for sessions and one for resources, and none where nothing is guarded or nobody is signed in."""
    if viewer.is_desk:
        return _Seen(everything=True)
    guarded = [index.documents[number] for number in index.guarded]
    sessions = [one.id for document in guarded for one in document.sessions if not one.is_public]
    resources = [document.code for document in guarded if document.family is Family.RESOURCE]
    return _Seen(
        await visible_sessions(viewer, sessions, now=now),
        frozenset(f"resource:{code}" for code in await visible_resources(viewer, resources, now=now)),
    )


async def documents(keys: Iterable[str], *, viewer: Viewer, now: datetime) -> dict[str, Document]:
    """Documents by their keys, with the coming sessions that `viewer` may know of; those that are gone or not for them are absent."""
    index, _ = await kept.fresh(now=now)
    wanted = [(key, number) for key in keys if (number := index.number_of(key)) is not None]
    seen = await _seen(index, viewer, now=now)
    found: dict[str, Document] = {}
    for key, number in wanted:
        document = index.documents[number]
        coming: Sequence[Dated] | None = [one for one in document.sessions if one.ends_at > now]
        if number in index.guarded:
            coming = seen.of(document, coming or ())
        if coming is not None:
            found[key] = replace(document, sessions=tuple(coming))
    return found


async def document(key: str, *, viewer: Viewer, now: datetime) -> Document | None:
    """One document by its key, as `documents` gives it; None where it is gone or not for the viewer."""
    return (await documents([key], viewer=viewer, now=now)).get(key)


async def _without_one(asked: _Asked, understood: Understood) -> tuple[_Looked, Chosen | None]:
    chosen = {one.name: one for one in understood.filters}
    for name in FILTERS:
        if name in chosen:
            looked = await _looked(asked, without_filter(understood.slots, name))
            if looked.total:
                return looked, chosen[name]
    return _Looked(0, ()), None


async def _looked(asked: _Asked, slots: Slots) -> _Looked:
    narrow = Fitting.of(slots)
    scores = _scores(asked, slots)
    numbers = _numbers(asked, scores)
    if not narrow.is_narrow and scores is not None:
        shown = [number for number in numbers if number not in asked.index.guarded or _sessions(asked, number, narrow) is not None]
        return _Looked(len(shown), _those_that_fit(asked, _foremost(shown, scores, asked.most), scores, narrow))
    fitting = _those_that_fit(asked, numbers, scores or {}, narrow)
    if slots.has_places or slots.places:
        fitting = await _with_places(fitting, slots, now=asked.now)
    return _Looked(len(fitting), fitting)


def _scores(asked: _Asked, slots: Slots) -> Scores | None:
    """How well the documents fit that are about the topics and have the words; None where there are neither, so that all do."""
    if not slots.topics:
        return asked.scores
    names = asked.lexicon.topic_names
    about = _sum([asked.index.about(topic, names.get(topic, (topic.replace("_", " "),))) for topic in slots.topics])
    words = asked.scores
    return {number: score + words.get(number, 0.0) for number, score in about.items()} if words else about


def _numbers(asked: _Asked, scores: Scores | None) -> Collection[int]:
    """The documents to be looked at: of those with a score, or of all, those of the families asked for."""
    held: Collection[int] = asked.index.documents if scores is None else scores
    if asked.families == EVERYTHING:
        return held
    asked_for = set[int]().union(*(asked.index.by_family[family] for family in asked.families))
    return asked_for.intersection(held)


def _foremost(numbers: Collection[int], scores: Scores, most: int) -> Collection[int]:
    """Those from which the best `most` will be taken: all that are no worse than the last of these."""
    if len(numbers) <= most:
        return numbers
    least = nlargest(most, map(scores.__getitem__, numbers))[-1]
    return [number for number in numbers if scores[number] >= least]


def _those_that_fit(asked: _Asked, numbers: Iterable[int], scores: Scores, narrow: Fitting) -> list[_Fitting]:
    found: list[_Fitting] = []
    for number in numbers:
        sessions = _sessions(asked, number, narrow)
        if sessions is not None:
            found.append((scores.get(number, 0.0), number, sessions))
    return found


def _sessions(asked: _Asked, number: int, narrow: Fitting) -> Sequence[Dated] | None:
    """Which of a document's coming sessions fit and may be known of; None where it is not found."""
    one = asked.index.documents[number]
    coming: Sequence[Dated] | None = [dated for dated in one.sessions if dated.ends_at > asked.now] if one.sessions else ()
    if number in asked.index.guarded:
        coming = asked.seen.of(one, coming or ())
    return None if coming is None else narrow.sessions(one, coming)


def _scores_of_words(understood: Understood, index: Index, seen: "_Seen") -> Scores | None:
    """How well each document fits the words that are no filters; None where there are none of them, or none that is to be known of."""
    concepts = [*understood.terms, *((word,) for word in understood.words)]
    if not concepts:
        return None
    total = _sum([index.ranked(alternatives) for alternatives in concepts])
    for number in index.titled(" ".join(understood.words)) & total.keys():
        total[number] += _TITLE_WHOLE
    # Words that nothing has must not hide what the filters find; nor may they tell that something has them which is not for the viewer.
    if not understood.filters or any(number not in index.guarded or seen.knows(index.documents[number]) for number in total):
        return total
    return None


def _sum(parts: Sequence[Scores]) -> Scores:
    """What each document has in all of these together, of its own."""
    longest, *others = sorted(parts, key=len, reverse=True)
    total = dict(longest)
    for part in others:
        for number, score in part.items():
            total[number] = total.get(number, 0.0) + score
    return total


async def _with_places(fitting: Sequence[_Fitting], slots: Slots, *, now: datetime) -> list[_Fitting]:
    ids = [one.id for _, _, sessions in fitting for one in sessions][:_MOST_COUNTED]
    left = {session_id: counted.left for session_id, counted in (await places(ids, now=now)).items()}
    least = slots.places or 1

    def has_places(one: Dated) -> bool:
        free = left.get(one.id, 0)
        return free is None or free >= least

    opened = ((score, number, [one for one in sessions if has_places(one)]) for score, number, sessions in fitting)
    return [one for one in opened if one[2]]


def _order(one: _Fitting) -> tuple[float, float, int]:
    score, number, sessions = one
    return -score, sessions[0].starts_at.timestamp() if sessions else inf, number


def _topics_offered(understood: Understood, hits: Sequence[Hit], lexicon: Lexicon) -> tuple[tuple[str, str], ...]:
    """Up to three distinct topics: those whose names hold what was typed, then those of what was found best."""
    offered = dict(understood.topics_possible)
    for hit in hits[: 2 * LIMIT]:
        for slug in hit.document.topics[:1]:
            if slug in lexicon.topics:
                offered.setdefault(slug, lexicon.topics[slug])
    return tuple(offered.items())[:_MOST_OFFERED]
