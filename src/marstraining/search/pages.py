"""The search page: what was understood as filters that can be taken away, results by kind, and ways on where there are none."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.web import ANYONE, page, render, see_other, viewer_of
from marstraining.safety.gate import gate, ring_first
from marstraining.safety.rules import Kind, Level, Standing, answering_first, signpost_contacts
from marstraining.search import results
from marstraining.search.lexicon import Lexicon
from marstraining.search.queries import EVERYTHING, booking_states, current_lexicon, find, topics_to_choose
from marstraining.search.results import Address
from marstraining.search.rules import FILTERS, Found, Intent, Understood
from marstraining.search.understanding import understand
from marstraining.search.words import cleaned

_LONGEST = 300
_LIMIT = 200
# So many words are no longer a name that the glossary could have.
_SENTENCE = 8
_CODES = {
    Kind.CHILD_AT_RISK: ("single_point_of_contact", "freephone", "out_of_hours", "police"),
    Kind.STAFF_ALLEGATION: ("single_point_of_contact", "freephone", "out_of_hours", "police"),
    Kind.ADULT_IN_CRISIS: ("samaritans", "health", "single_point_of_contact"),
    Kind.CHILD_WRITING: ("childline", "freephone", "single_point_of_contact", "out_of_hours"),
}
_USUAL = _CODES[Kind.CHILD_AT_RISK]


async def search(request: Request) -> Response:
    """Results for `q`; `not` takes filters away, `typed` leaves misspelt words as they are, `show` is one kind alone.

    The gate looks at what was typed before anything else. What may be about somebody at risk is answered by whom to ring, at an address
    without those words.
    """
    now = clock.now()
    if request.query_params.get("help"):
        return _signpost(request, request.query_params["help"], now=now)
    typed = cleaned(request.query_params.get("q", "")[:_LONGEST])
    if not typed:
        return render(request, "search/start.html", address=Address(""), topics=await topics_to_choose())
    verdict = gate(typed)
    if verdict.level is Level.URGENT:
        return see_other(ring_first(typed))
    without = tuple(name for name in dict.fromkeys(request.query_params.getlist("not")) if name in FILTERS)
    show = request.query_params.get("show", "")
    address = Address(typed, without, as_typed=bool(request.query_params.get("typed")), show=show if show in results.GROUPS else "")
    lexicon = await current_lexicon()
    understood, found = await _found(request, address, lexicon, now=now)
    groups = results.groups_of(found, address, leading=results.leading_family(understood))
    shown = [one.ref for group in groups for result in group.results for one in result.dates]
    return render(
        request,
        "search/search.html",
        address=address,
        understood=understood,
        found=found,
        groups=groups,
        states=await booking_states(shown, viewer=viewer_of(request), now=now),
        chosen=[(one.label[:1].upper() + one.label[1:], address.href(also_without=one.name, show="")) for one in understood.filters],
        readings=results.readings(understood, address),
        elsewhere=results.ELSEWHERE.get(understood.intent),
        definition=lexicon.definition(understood.slots.term or typed) if len(typed.split()) < _SENTENCE or understood.slots.term else None,
        offered=[(label, address.href(typed=label, show="")) for _, label in found.topics_offered],
        topics=() if found.hits else await topics_to_choose(),
        numbers=_numbers(_USUAL, now=now) if _needs_numbers(understood, verdict.level) else (),
        is_worry=verdict.level is Level.MAYBE,
        reply_to=config.current().partnership.reply_to,
    )


async def _found(request: Request, address: Address, lexicon: Lexicon, *, now: datetime) -> tuple[Understood, Found]:
    calendar = config.current().partnership.calendar
    understood = understand(address.typed, now=now, lexicon=lexicon, calendar=calendar, mends=not address.as_typed, is_search=True)
    for name in address.without:
        understood = understood.without(name)
    return understood, await find(understood, viewer=viewer_of(request), now=now, limit=_LIMIT, families=EVERYTHING)


def _signpost(request: Request, kind: str, *, now: datetime) -> Response:
    kinds = {one.value: one for one in Kind}
    known = kinds.get(kind, Kind.CHILD_AT_RISK)
    return render(
        request,
        "search/signpost.html",
        kind=known.value,
        numbers=_numbers(_CODES.get(known, _USUAL), now=now),
        headers={"Cache-Control": "no-store"},
    )


def _numbers(codes: tuple[str, ...], *, now: datetime) -> list[Standing]:
    return answering_first(signpost_contacts(config.current().partnership.contacts, codes, now=now))


def _needs_numbers(understood: Understood, level: Level) -> bool:
    asks = {Intent.CONTACT_SPOC, Intent.PRACTICE_ADVICE}
    return level is Level.MAYBE or understood.is_ambiguous_case or understood.intent in asks


routes = [page("/search", search, who=ANYONE)]
