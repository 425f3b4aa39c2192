"""Looking for something: from what was understood, or from filters alone, to a list, one thing, or a question back."""

from collections.abc import Sequence
from dataclasses import replace

from marstraining.bookings.queries import places
from marstraining.conversation.actions.outcomes import Turn
from marstraining.conversation.queries.results import SESSION
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import Reply, line
from marstraining.conversation.rules.state import Scene, State, slots_from_json, slots_to_json
from marstraining.core.clock import local
from marstraining.programme.queries import SessionRow, sessions_by_ref, visible_to
from marstraining.programme.rules import Delivery
from marstraining.search.queries import current_lexicon, find
from marstraining.search.rules import Family, Found, Hit, Intent, Mode, Slots, Understood, without_filter
from marstraining.search.understanding.describing import filters_of
from marstraining.uk_dates.rules import DateRange

MOST = 24
_AS_GOOD = 0.75  # of the best score
AGAIN = Reply(
    (line("Nothing of this fits, and I have kept none of your words to look anew. Please write again what you are looking for."),),
    answer_type="clarify",
)
_ONE_COURSE = frozenset({Intent.NEXT_SESSION, Intent.SESSION_DETAIL, Intent.BOOK})


async def look_for(understood: Understood, state: State, asker: Asker, *, term: str = "") -> Turn:
    """What a sentence asks for, found: results, one session, a choice of topics or of dates. What was typed stays behind here."""
    slots = understood.slots
    if slots.dates is not None and slots.dates.alternatives:
        return await _ask_dates(understood, state, asker)
    if not understood.is_sure and understood.topics_possible and not slots_to_json(slots):
        choices = tuple(slug for slug, _ in understood.topics_possible)
        return _turn(state.to(Scene.TOPICS, choices=choices, intent=str(understood.intent)), understood)
    found = await find(understood, viewer=asker.viewer, now=asker.now, limit=MOST)
    if not found.hits and found.topics_offered:
        choices = tuple(slug for slug, _ in found.topics_offered)
        return _turn(state.to(Scene.TOPICS, choices=choices, intent=str(understood.intent)), understood)
    return _turn(_results(found, understood, state, term=term), understood)


async def by_slots(state: State, slots: Slots, intent: Intent, asker: Asker) -> Turn:
    """The same by filters alone, as buttons give them."""
    topics = (await current_lexicon()).topics
    understood = Understood(intent, slots, filters=filters_of(slots, topics))
    found = await find(understood, viewer=asker.viewer, now=asker.now, limit=MOST)
    return Turn(_results(found, understood, state), intent=str(intent))


def _results(found: Found, understood: Understood, state: State, *, term: str = "") -> State:
    if found.dropped is not None and found.dropped.name == "topic":
        # What is about something else is no help: say that there is nothing.
        found = Found()
    kept = understood.without(found.dropped.name) if found.dropped else understood
    keys = keys_of(found, understood)
    if understood.intent in _ONE_COURSE and keys and keys[0].startswith(SESSION) and not found.dropped:
        return state.to(Scene.SESSION, ref=keys[0].removeprefix(SESSION), is_unnamed=not understood.names_training)
    return state.to(
        Scene.RESULTS,
        is_unnamed=not understood.names_training,
        by_words=_is_by_words(found, understood),
        intent=str(understood.intent),
        slots=slots_to_json(kept.slots),
        found=tuple(keys[:MOST]),
        dropped=found.dropped.name if found.dropped else "",
        word=term,
    )


def _is_by_words(found: Found, understood: Understood) -> bool:
    """Whether words decided: without a topic nothing else gives a score."""
    return not understood.slots.topics and any(hit.score for hit in found.hits)


def keys_of(found: Found, understood: Understood) -> list[str]:
    """What is listed: sessions one by one, soonest first, those of courses that fit about as well as the best before the rest."""
    if understood.words or understood.intent is Intent.FIND_ANY:
        return [key for hit in found.hits for key in _keys_of_hit(hit)]
    dated = sorted(found.sessions, key=lambda pair: not is_among_best(pair[0], found))
    return [*(f"{SESSION}{one.ref}" for _, one in dated), *(hit.document.key for hit in found.hits if not hit.sessions)]


def is_among_best(hit: Hit, found: Found) -> bool:
    """Whether it fits about as well as the best that was found."""
    return hit.score >= _AS_GOOD * max((one.score for one in found.hits), default=0.0)


def _keys_of_hit(hit: Hit) -> list[str]:
    if hit.document.family is not Family.COURSE or not hit.sessions:
        return [hit.document.key]
    return [f"{SESSION}{one.ref}" for one in hit.sessions]


async def _ask_dates(understood: Understood, state: State, asker: Asker) -> Turn:
    """Which of two readings: what is found without dates is kept by its keys, so that the answer needs no words any more."""
    undated = understood.without("dates")
    found = await find(undated, viewer=asker.viewer, now=asker.now, limit=MOST) if _narrows(undated) else Found()
    return _turn(
        state.to(
            Scene.DATES,
            is_unnamed=not understood.names_training,
            by_words=_is_by_words(found, undated),
            intent=str(understood.intent),
            slots=slots_to_json(undated.slots),
            found=tuple(keys_of(found, undated)[:MOST]) if not found.dropped else (),
            choices=_choices(understood.slots.dates),
        ),
        understood,
    )


def _choices(dates: DateRange | None) -> tuple[str, ...]:
    """The readings of a date, soonest first, as the state keeps them and the buttons hold them."""
    readings = sorted((dates, *dates.alternatives), key=lambda one: (one.start, one.end is None, one.end)) if dates else ()
    return tuple(f"{one.start.isoformat()}/{one.end.isoformat() if one.end else ''}/{one.precision}" for one in readings)


def _narrows(understood: Understood) -> bool:
    return bool(understood.words or slots_to_json(understood.slots))


def is_refining(understood: Understood) -> bool:
    """Whether a sentence only narrows what is shown: "and in June?", "online ones"."""
    slots = understood.slots
    return bool(slots_to_json(slots)) and not (slots.topics or slots.types or understood.words)


def merged(old: Slots, new: Slots) -> Slots:
    """The filters in force with those that were named now."""
    changed = {
        name: getattr(new, name)
        for name in ("topics", "types", "audience", "mode", "dates", "time_from", "time_to", "weekdays", "venue", "has_places")
        if getattr(new, name)
    }
    return replace(old, **changed)


async def refined(understood: Understood, state: State, asker: Asker) -> Turn:
    """What is shown, or what one had asked the day of, narrowed by further filters.

    The signpost that stood with it was shown once; it stands with this too only where this sentence may be about something else.
    """
    new, state = understood.slots, state.stay(is_unnamed=not understood.names_training)
    slots = merged(slots_from_json(state.slots), new)
    intent = Intent(state.intent or Intent.FIND_ANY)
    if new.dates is not None and new.dates.alternatives:
        asked = {"slots": slots_to_json(without_filter(slots, "dates")), "found": state.found, "choices": _choices(new.dates)}
        return Turn(state.to(Scene.DATES, intent=intent, by_words=state.by_words, is_unnamed=state.is_unnamed, **asked))
    if state.scene is Scene.DATES or state.by_words:
        return await narrowed(state, slots, asker)
    turn = await by_slots(state, slots, intent, asker)
    return replace(turn, state=turn.state.stay(is_unnamed=state.is_unnamed))


async def narrowed(state: State, slots: Slots, asker: Asker) -> Turn:
    """What had been found, as far as it fits these filters; where nothing does, what the filters find by themselves.

    What words had found is no better found by filters alone: then the one filter that is new is left out again and named.
    """
    kept = {"intent": state.intent, "by_words": state.by_words, "is_unnamed": state.is_unnamed}
    keys = await fitting(state.found, slots, asker)
    if keys:
        return Turn(state.to(Scene.RESULTS, slots=slots_to_json(slots), found=tuple(keys), **kept), intent=state.intent)
    if not (state.by_words and state.found):
        return await by_slots(state, slots, Intent(state.intent or Intent.FIND_TRAINING), asker)
    old = slots_from_json(state.slots)
    added = next((one.name for one in filters_of(slots, {}) if without_filter(slots, one.name) == old), "")
    if not added:
        return Turn(state, before=(AGAIN,))
    return Turn(state.to(Scene.RESULTS, slots=state.slots, found=state.found, dropped=added, **kept), intent=state.intent)


async def fitting(keys: Sequence[str], slots: Slots, asker: Asker) -> list[str]:
    """The sessions among these keys that fit the dates, times, days, place, mode and audience, and have places, in their order."""
    refs = [key.removeprefix(SESSION) for key in keys if key.startswith(SESSION)]
    rows = await sessions_by_ref(refs, scope=await visible_to(asker.viewer, now=asker.now))
    fit = [ref for ref in refs if ref in rows and _fits(rows[ref], slots)]
    if slots.has_places:
        left = await places([rows[ref].id for ref in fit], now=asker.now)
        fit = [ref for ref in fit if (counted := left.get(rows[ref].id)) and not counted.is_full]
    return [f"{SESSION}{ref}" for ref in fit]


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DELIVERIES = {Mode.ONLINE: Delivery.ONLINE, Mode.FACE_TO_FACE: Delivery.IN_PERSON}


def _fits(row: SessionRow, slots: Slots) -> bool:
    day, dates = local(row.starts_at).date(), slots.dates
    starts = f"{local(row.starts_at):%H:%M}"
    return (
        (dates is None or (dates.start <= day and (dates.end is None or day <= dates.end)))
        and (not slots.weekdays or _DAYS[day.weekday()] in slots.weekdays)
        and (not slots.time_from or starts >= slots.time_from)
        and (not slots.time_to or starts < slots.time_to)
        and (not slots.mode or row.delivery in {_DELIVERIES.get(Mode(slots.mode), Delivery.HYBRID), Delivery.HYBRID})
        and (not slots.venue or slots.venue.casefold() in row.venue.casefold())
        and (not slots.audience or not row.audience_codes or bool({slots.audience, "all"} & set(row.audience_codes)))
    )


def _turn(state: State, understood: Understood) -> Turn:
    return Turn(state, intent=str(understood.intent), slots=understood.slots.as_json(), unknown=understood.unknown)
