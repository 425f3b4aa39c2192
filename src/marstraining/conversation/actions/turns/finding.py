"""Looking for something: from what was understood, or from filters alone, to a list, one thing, or a question back."""

from collections.abc import Sequence

from marstraining.conversation.actions.outcomes import Turn
from marstraining.conversation.queries.results import SESSION
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.state import Scene, State, slots_to_json
from marstraining.core.clock import local
from marstraining.programme.queries import SessionRow, sessions_by_ref, visible_to
from marstraining.programme.rules import Delivery
from marstraining.search.queries import current_lexicon, find
from marstraining.search.rules import Family, Found, Hit, Intent, Mode, Slots, Understood
from marstraining.search.understanding.describing import filters_of

MOST = 24
_AS_GOOD = 0.75  # of the best score
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
        intent=str(understood.intent),
        slots=slots_to_json(kept.slots),
        found=tuple(keys[:MOST]),
        dropped=found.dropped.name if found.dropped else "",
        word=term,
    )


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
    dates = understood.slots.dates
    readings = sorted((dates, *dates.alternatives), key=lambda one: one.start) if dates else ()
    undated = understood.without("dates")
    found = await find(undated, viewer=asker.viewer, now=asker.now, limit=MOST) if _narrows(undated) else Found()
    choices = tuple(f"{one.start.isoformat()}/{one.end.isoformat() if one.end else ''}/{one.precision}" for one in readings)
    return _turn(
        state.to(
            Scene.DATES,
            is_unnamed=not understood.names_training,
            intent=str(understood.intent),
            slots=slots_to_json(undated.slots),
            found=tuple(keys_of(found, undated)[:MOST]) if not found.dropped else (),
            choices=choices,
        ),
        understood,
    )


def _narrows(understood: Understood) -> bool:
    return bool(understood.words or slots_to_json(understood.slots))


async def narrowed(state: State, slots: Slots, asker: Asker) -> Turn:
    """What had been found, as far as it fits these filters; where nothing does, what the filters find by themselves."""
    keys = await fitting(state.found, slots, asker)
    if not keys:
        return await by_slots(state, slots, Intent(state.intent or Intent.FIND_TRAINING), asker)
    return Turn(state.to(Scene.RESULTS, intent=state.intent, slots=slots_to_json(slots), found=tuple(keys)), intent=state.intent)


async def fitting(keys: Sequence[str], slots: Slots, asker: Asker) -> list[str]:
    """The sessions among these keys that fit the dates, times, days, place and mode, in their order."""
    refs = [key.removeprefix(SESSION) for key in keys if key.startswith(SESSION)]
    rows = await sessions_by_ref(refs, scope=await visible_to(asker.viewer, now=asker.now))
    return [f"{SESSION}{ref}" for ref in refs if ref in rows and _fits(rows[ref], slots)]


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
    )


def _turn(state: State, understood: Understood) -> Turn:
    return Turn(state, intent=str(understood.intent), slots=understood.slots.as_json(), unknown=understood.unknown)
