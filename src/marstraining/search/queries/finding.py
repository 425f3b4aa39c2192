"""Finding: what fits all filters, best first; where nothing does, what fits all but one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nsmallest
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
# What is about a topic by the desk's word for it outranks what only mentions it.
_TAGGED = 1.0
_NAMED = 2.0
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


async def find(
    understood: Understood, *, viewer: Viewer, now: datetime, limit: int = LIMIT, families: frozenset[Family] | None = None
) -> Found:
    """What is found for a wish, best first, at most `limit`; `families` are by default those that its intent asks for.

    Topic, kind, audience, dates and so on narrow and are never ranked by. Where nothing fits them all, the first of `rules.FILTERS` by
    whose leaving out something fits is left out, one alone, and named. Sessions are coming ones that `viewer` may know of.
    """
    index, lexicon = await kept.fresh(now=now)
    asked = _Asked(
        index=index,
        scores=_scores_of_words(understood, index),
        lexicon=lexicon,
        families=families or _FAMILIES.get(understood.intent, EVERYTHING),
        seen=await _seen(index, viewer, now=now),
        now=now,
    )
    fitting, dropped = await _looked(asked, understood.slots), None
    if not fitting and families is None and asked.families != EVERYTHING:
        # "Threshold document" may be the name of a course: better another kind of thing than nothing.
        asked = replace(asked, families=EVERYTHING)
        fitting = await _looked(asked, understood.slots)
    if not fitting:
        fitting, dropped = await _without_one(asked, understood)
    best = nsmallest(max(limit, LIMIT), fitting, key=_order)
    hits = tuple(Hit(index.documents[number], score, tuple(sessions)) for score, number, sessions in best)
    offered = _topics_offered(understood, hits, lexicon) if not understood.is_sure or not hits else ()
    return Found(hits=hits[:limit], total=len(fitting), dropped=dropped, topics_offered=offered)


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


async def _without_one(asked: _Asked, understood: Understood) -> tuple[list[_Fitting], Chosen | None]:
    chosen = {one.name: one for one in understood.filters}
    for name in FILTERS:
        if name in chosen:
            fitting = await _looked(asked, without_filter(understood.slots, name))
            if fitting:
                return fitting, chosen[name]
    return [], None


async def _looked(asked: _Asked, slots: Slots) -> list[_Fitting]:
    fitting = _those_that_fit(asked, slots)
    return await _with_places(fitting, slots, now=asked.now) if slots.has_places or slots.places else fitting


def _those_that_fit(asked: _Asked, slots: Slots) -> list[_Fitting]:
    about = _about(asked, slots.topics) if slots.topics else None
    scores = asked.scores or {}
    numbers = about if about is not None else asked.scores if asked.scores is not None else asked.index.documents
    held, families, guarded = asked.index.documents, asked.families, asked.index.guarded
    narrow = Fitting.of(slots)
    found: list[_Fitting] = []
    for number in numbers:
        one = held[number]
        if one.family not in families:
            continue
        coming: Sequence[Dated] | None = [dated for dated in one.sessions if dated.ends_at > asked.now] if one.sessions else ()
        if number in guarded:
            coming = asked.seen.of(one, coming or ())
        chosen = None if coming is None else narrow.sessions(one, coming)
        if chosen is not None:
            score = scores.get(number, 0.0)
            found.append((score if about is None else score + about[number], number, chosen))
    return found


def _about(asked: _Asked, topics: Sequence[str]) -> Scores:
    """Documents about any of the topics, those about more of them first: what the desk put there, and what says so in its words."""
    found: Scores = {}
    for topic in topics:
        scores = asked.index.fitting(asked.lexicon.topic_names.get(topic, (topic.replace("_", " "),)))
        for number in scores.keys() | asked.index.by_topic.get(topic, set()):
            is_tagged = number in asked.index.by_topic.get(topic, ())
            found[number] = found.get(number, 0.0) + _NAMED * scores.get(number, 0.0) + _TAGGED * is_tagged
    return found


def _scores_of_words(understood: Understood, index: Index) -> Scores | None:
    """How well each document fits the words that are no filters; None where there are none of them."""
    concepts = [*understood.terms, *((word,) for word in understood.words)]
    if not concepts:
        return None
    total: Scores = {}
    for alternatives in concepts:
        for number, score in index.ranked(alternatives).items():
            total[number] = total.get(number, 0.0) + score
    for number in index.titled(" ".join(understood.words)) & total.keys():
        total[number] += _TITLE_WHOLE
    if total or not understood.filters:
        return total
    # Words that nothing has must not hide what the filters find.
    return None


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
