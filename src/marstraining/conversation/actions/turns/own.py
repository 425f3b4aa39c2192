"""What is written about one's own: book it, cancel it, move it, how do I join, what have I booked, what is due."""

import re
from dataclasses import replace

from marstraining.bookings.queries.own import ListedBooking
from marstraining.bookings.rules import BookingState
from marstraining.conversation.actions.outcomes import Turn
from marstraining.conversation.actions.turns.finding import MOST, fitting, is_among_best, keys_of, look_for
from marstraining.conversation.actions.turns.pressed import cancelling, card, confirm_open
from marstraining.conversation.actions.turns.said import Said, nth
from marstraining.conversation.queries.own import live_bookings
from marstraining.conversation.queries.results import SESSION
from marstraining.conversation.queries.sessions import first_with_places, other_dates, when_and_where
from marstraining.conversation.rules.exchange import Reply, line
from marstraining.conversation.rules.state import Deed, Scene
from marstraining.core.clock import local
from marstraining.programme.rules import Delivery
from marstraining.search.queries import find
from marstraining.search.rules import Intent

WHICH_ONE = Reply((line("Which one? Choose it, or write its number."),), answer_type="clarify")
# What leaves the question before it open.
_BESIDE = frozenset({Scene.BOUNDARY, Scene.LOST, Scene.ANSWER, Scene.TERM, Scene.CONTACTS, Scene.PERSON, Scene.PRIVACY, Scene.THANKS})
_PLAIN_CANCEL = re.compile(r"\b(?:cancel\w*|withdraw|drop|release|give up|take me off|unbook|undo)\b", re.IGNORECASE)
_UNDO = re.compile(r"\bundo\b", re.IGNORECASE)
_ANOTHER = re.compile(r"\b(?:(?:an)?other|others|else|rest|all|both|next|too|as well)\b", re.IGNORECASE)
_NEXT = re.compile(r"\b(?:next|soonest|earliest|first)\b(?! (?:week|month|term|year|half|spring|summer|autumn))", re.IGNORECASE)
RECORD = re.compile(
    r"\b(?:record|due|overdue|in date|out of date|expir\w*|refresher\w*|renew\w*|compliant|hours|completed|have i done|did i do"
    r"|done so far|attended)\b",
    re.IGNORECASE,
)


async def book(said: Said) -> Turn:
    """A card for the session that is meant; a list where several could be."""
    state, slots = said.state, said.slots
    if slots.places is not None and slots.places > 1:
        return Turn(state.to(Scene.ANSWER, word="colleague"))
    if not (slots.topics or slots.types or said.understood.words or slots.dates or slots.audience or slots.venue or slots.mode):
        return _book_shown(said)
    if slots.dates is not None and slots.dates.alternatives:
        return await look_for(replace(said.understood, intent=Intent.FIND_TRAINING), state, said.asker)
    wish = replace(said.understood, intent=Intent.FIND_TRAINING)
    found = await find(wish, viewer=said.asker.viewer, now=said.asker.now, limit=MOST)
    sessions = [(hit, one.ref) for hit, one in found.sessions if is_among_best(hit, found)]
    if found.dropped or not sessions or (len(sessions) > 1 and not _NEXT.search(said.text)):
        return await look_for(wish, state, said.asker)
    course = sessions[0][0].document.key
    refs = [ref for hit, ref in sessions if hit.document.key == course]
    ref = await first_with_places(refs, said.asker)
    return Turn(card(state, Deed.BOOK, ref=ref), before=(await _earlier_full(ref, said),) if ref != refs[0] else ())


async def _earlier_full(ref: str, said: Said) -> Reply:
    """Names the date that is booked instead of an earlier one, since the card may first ask something else."""
    named = await when_and_where(ref, said.asker)
    told = f"You cannot book the earlier dates at the moment. The next that you can book is {named}."
    return Reply((line(told),), answer_type="acknowledge")


def _book_shown(said: Said) -> Turn:
    """A wish such as "book it" or "book me on": what is shown at the moment."""
    state, ordinal = said.state, said.slots.ordinal
    if state.scene is Scene.CARD:
        return Turn(state)
    if state.scene is Scene.SESSION:
        return Turn(card(state, Deed.BOOK, ref=state.ref))
    if state.scene is Scene.RESULTS:
        refs = [key.removeprefix(SESSION) for key in state.found if key.startswith(SESSION)]
        ref = nth(refs, ordinal) if ordinal is not None else refs[0] if len(refs) == 1 else None
        return Turn(card(state, Deed.BOOK, ref=ref)) if ref else Turn(state, before=(WHICH_ONE,))
    return Turn(state.to(Scene.LOOKING, word="training"))


async def confirm(said: Said) -> Turn:
    turn = confirm_open(said.state)
    if turn is not None:
        return turn
    if said.state.scene is Scene.SESSION:
        return Turn(card(said.state, Deed.BOOK, ref=said.state.ref))
    if said.state.scene is Scene.DONE:
        return Turn(said.state)
    if said.state.scene is Scene.RESULTS and len(said.state.found) == 1 and said.state.found[0].startswith(SESSION):
        return Turn(card(said.state, Deed.BOOK, ref=said.state.found[0].removeprefix(SESSION)))
    if said.state.scene in {Scene.RESULTS, Scene.MINE}:
        return Turn(said.state, before=(WHICH_ONE,))
    before = said.state.earlier()
    if said.state.scene in _BESIDE and said.state.word != "negated" and before is not None and before.scene is Scene.CARD:
        # Something else came between: the card is shown again, and only the next yes is one to it.
        return Turn(before)
    return Turn(said.state.to(Scene.BOUNDARY, word="nothing_open"))


async def _meant(said: Said, *, states: frozenset[str] = frozenset()) -> list[ListedBooking]:
    """The asker's own bookings that a sentence may be about: of the topic and the dates it names, if it names any."""
    mine = [one for one in await live_bookings(said.asker) if not states or one.state in states]
    slots = said.slots
    if slots.topics or slots.types or said.understood.words:
        wish = replace(said.understood, intent=Intent.FIND_TRAINING, slots=replace(slots, dates=None))
        found = await find(wish, viewer=said.asker.viewer, now=said.asker.now, limit=100)
        titles = {hit.document.title for hit in found.hits}
        refs = {key.removeprefix(SESSION) for key in keys_of(found, wish)}
        named = [one for one in mine if one.title in titles or one.ref in refs]
        mine = named or mine
    dates = slots.dates
    dated = [
        one
        for one in mine
        if dates and dates.start <= local(one.starts_at).date() and (dates.end is None or local(one.starts_at).date() <= dates.end)
    ]
    return dated or mine


async def cancel(said: Said) -> Turn:
    """Cancel, plainly asked of one booking: its card. Otherwise which one, and whether moving would do as well."""
    is_plain = _PLAIN_CANCEL.search(said.text) is not None
    if said.state.scene is Scene.FOLLOWING and _UNDO.search(said.text):
        return Turn(said.state)
    mine = await _meant(said)
    is_unnamed = not (said.slots.topics or said.slots.types or said.slots.dates)
    if said.asker.person_id is not None and said.state.scene is Scene.DONE and is_plain and is_unnamed and not _ANOTHER.search(said.text):
        # "Undo" and "cancel it" mean what was booked a moment ago; where that has ended, no other booking is meant.
        mine = [one for one in mine if one.ref == said.state.booking]
        if not mine:
            return Turn(said.state)
    if said.asker.person_id is None or not mine or (is_unnamed and said.state.scene is not Scene.DONE and _UNDO.search(said.text)):
        return Turn(said.state.to(Scene.MINE))
    if len(mine) == 1 and is_plain:
        return await cancelling(mine[0].ref, said.state, said.asker)
    return Turn(
        said.state.to(Scene.WHICH, word="cancel" if is_plain or len(mine) > 1 else "cancel_or_move", found=tuple(one.ref for one in mine))
    )


async def move(said: Said) -> Turn:
    """Move a place to the date that is named; where several could be meant, which."""
    wish = replace(said, understood=replace(said.understood, slots=replace(said.slots, dates=None)))
    mine = await _meant(wish, states=frozenset({BookingState.CONFIRMED, BookingState.WAITING}))
    if said.asker.person_id is None or not mine:
        return Turn(said.state.to(Scene.MINE))
    if len(mine) > 1:
        return Turn(said.state.to(Scene.WHICH, word="move", found=tuple(one.ref for one in mine)))
    refs = await other_dates(mine[0].ref, said.asker)
    keys = await fitting([f"{SESSION}{ref}" for ref in refs], said.slots, said.asker)
    if said.slots.dates is not None and len(keys) == 1:
        return Turn(card(said.state, Deed.MOVE, booking=mine[0].ref, ref=keys[0].removeprefix(SESSION)))
    chosen = tuple(key.removeprefix(SESSION) for key in keys) or tuple(refs)
    return Turn(said.state.to(Scene.MOVE, booking=mine[0].ref, found=chosen))


async def joining(said: Said) -> Turn:
    mine = await _meant(said, states=frozenset({BookingState.CONFIRMED}))
    if said.asker.person_id is None or not mine:
        return Turn(said.state.to(Scene.MINE))
    online = [one for one in mine if one.delivery != Delivery.IN_PERSON]
    wanted = online if len(online) == 1 else mine
    if len(wanted) == 1:
        return Turn(said.state.to(Scene.JOINING, booking=wanted[0].ref))
    return Turn(said.state.to(Scene.WHICH, word="joining", found=tuple(one.ref for one in wanted)))


async def mine(said: Said) -> Turn:
    return Turn(said.state.to(Scene.RECORD if RECORD.search(said.text) else Scene.MINE))
