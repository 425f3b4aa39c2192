"""What is typed into the programme's box, as its filter: understood and looked up as the search does."""

from dataclasses import replace
from datetime import datetime

from marstraining.core import config
from marstraining.core.viewer import SYSTEM
from marstraining.programme.rules import EVENING_FROM, Delivery, ProgrammeFilter, When
from marstraining.search.queries import current_lexicon, find
from marstraining.search.rules import Family, Mode, Slots, Understood
from marstraining.search.understanding import understand

# More courses than these are not one's narrowing.
_MOST = 500
_DELIVERIES = {Mode.FACE_TO_FACE: Delivery.IN_PERSON, Mode.ONLINE: Delivery.ONLINE, Mode.HYBRID: Delivery.HYBRID}


async def looked_up(wanted: ProgrammeFilter, *, now: datetime) -> ProgrammeFilter:
    """The filter with its words looked up in the index: acronyms, everyday words, misspelt ones, dates and ways of attending.

    What the other fields of the filter say is never changed. Words that the index knows nothing by are looked for as they stand, so
    that nothing is found less than before. Which sessions somebody may see is decided by who asks the programme for them.
    """
    if not wanted.words:
        return wanted
    understood = understand(
        wanted.words, now=now, lexicon=await current_lexicon(), calendar=config.current().partnership.calendar, is_search=True
    )
    codes = await _courses(understood, now=now)
    if codes is None:
        return wanted
    slots = understood.slots
    return replace(
        wanted,
        words=slots.venue,
        courses=codes,
        audience=wanted.audience or slots.audience,
        delivery=wanted.delivery or (_DELIVERIES[Mode(slots.mode)] if slots.mode else ""),
        when=wanted.when or _when(slots),
        date_from=wanted.date_from or slots.date_from,
        date_to=wanted.date_to or slots.date_to,
        has_places=wanted.has_places or slots.has_places,
    )


async def understood_as(words: str, *, now: datetime) -> str:
    """What the words narrow the programme to, for people to check: "Neglect, Online, 1 to 31 May 2026"; "" where they are only words."""
    if not words:
        return ""
    understood = understand(words, now=now, lexicon=await current_lexicon(), calendar=config.current().partnership.calendar, is_search=True)
    return ", ".join(chosen.label for chosen in understood.filters)


async def _courses(understood: Understood, *, now: datetime) -> tuple[str, ...] | None:
    """The codes of the courses meant, none where nothing about them was said; None where something was and nothing is known by it."""
    slots = understood.slots
    about = Slots(topics=slots.topics, types=slots.types)
    if not (about.topics or about.types or understood.words or understood.terms):
        return () if slots != Slots() else None
    found = await find(replace(understood, slots=about), viewer=SYSTEM, now=now, limit=_MOST, families=frozenset({Family.COURSE}))
    return None if found.dropped or not found.hits else tuple(hit.document.code for hit in found.hits)


def _when(slots: Slots) -> str:
    if slots.time_from >= EVENING_FROM:
        return When.EVENING
    return When.WEEKEND if slots.weekdays == ("sat", "sun") else ""
