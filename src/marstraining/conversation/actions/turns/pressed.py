"""A button was pressed: its data says what and about which thing; whether that is there, is looked at when it is shown or done."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date

from marstraining.bookings.actions import is_late_now
from marstraining.bookings.rules import CANCEL_REASONS, LIVE_STATES, BookingState
from marstraining.conversation.actions.outcomes import Turn
from marstraining.conversation.actions.turns.finding import by_slots, narrowed
from marstraining.conversation.queries.feedback import show_step
from marstraining.conversation.queries.own import own_booking
from marstraining.conversation.queries.sessions import other_dates
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import Reply, line
from marstraining.conversation.rules.pressing import Press, Verb, read_press
from marstraining.conversation.rules.state import Deed, Scene, State, slots_from_json, slots_to_json
from marstraining.core.errors import NotFound
from marstraining.search.queries import current_lexicon
from marstraining.search.rules import Intent, Slots, without_filter
from marstraining.uk_dates.rules import DateRange, Precision

AtOnce = Callable[[Press, State], Turn]
WithALook = Callable[[Press, State, Asker], Awaitable[Turn]]

EXPIRED = Reply((line("This button has expired. Here is how it stands now:"),), answer_type="clarify")

WORDS_GONE = Reply(
    (line("I have kept none of your words, so I cannot look again without that. Please write again what you are looking for."),),
    answer_type="clarify",
)


async def press(data: str, state: State, asker: Asker) -> Turn:
    """What a button's data leads to; data that was never ours or has served is answered with where the conversation stands."""
    pressed = read_press(data)
    if pressed is None:
        return Turn(state, before=(EXPIRED,))
    try:
        return await _led(pressed, state, asker)
    except (NotFound, KeyError):
        return _expired(state)


async def _led(pressed: Press, state: State, asker: Asker) -> Turn:
    if pressed.verb in _AT_ONCE:
        return _AT_ONCE[pressed.verb](pressed, state)
    return await _WITH_A_LOOK[pressed.verb](pressed, state, asker)


def card(state: State, deed: Deed, *, ref: str = "", booking: str = "", word: str = "", reason: str = "") -> State:
    """A new card, whose number alone its button confirms: an older card that somebody still has does nothing."""
    return state.to(Scene.CARD, deed=deed, ref=ref, booking=booking, word=word, reason=reason, card=state.card + 1)


def _chosen(pressed: Press, state: State) -> Turn:
    """The organisation or the way of taking part, for the card of the session that the button names."""
    ref, value = pressed.parts
    if state.scene is not Scene.CARD or state.ref != ref:
        state = card(state, Deed.BOOK, ref=ref)
    changed = {"agency": int(value)} if pressed.verb is Verb.AGENCY else {"mode": value}
    return Turn(state.stay(**changed))


async def _confirmed(pressed: Press, state: State, asker: Asker) -> Turn:
    """Yes to a card: done if it is the one that is open, answered by what was done if it was, else the card itself is shown anew."""
    deed, what, number = pressed.parts
    subject = {Deed.FOLLOW: state.word, Deed.CANCEL: state.booking, Deed.ACCEPT: state.booking, Deed.TURN_DOWN: state.booking}.get(
        Deed(deed) if deed in tuple(Deed) else Deed.BOOK, state.ref
    )
    is_named = subject == what or (deed == Deed.FOLLOW and not what)
    if state.card == int(number) and state.deed == deed and is_named:
        return Turn(state, does=deed) if state.scene is Scene.CARD else Turn(state)
    opening = read_press(f"{_OPENINGS[Deed(deed)]}:{what}") if deed in _OPENINGS else None
    if opening is None:
        return _expired(state)
    return replace(await _led(opening, state, asker), before=(EXPIRED,))


# The button that leads to the card of a deed.
_OPENINGS = {
    Deed.BOOK: Verb.BOOK,
    Deed.JOIN: Verb.JOIN,
    Deed.CANCEL: Verb.CANCEL,
    Deed.ACCEPT: Verb.ACCEPT,
    Deed.TURN_DOWN: Verb.TURN_DOWN,
    Deed.FOLLOW: Verb.FOLLOW,
}


def _back(_pressed: Press, state: State) -> Turn:
    return Turn(state.earlier() or state.to(Scene.HELP))


def _again(_pressed: Press, state: State) -> Turn:
    return Turn(State(card=state.card, said=state.said))


def _useful(pressed: Press, state: State) -> Turn:
    return Turn(state.to(Scene.USEFUL, word=pressed.what), counts=(f"useful_{pressed.what}",))


def _case(pressed: Press, state: State) -> Turn:
    return Turn(state.to(Scene.LOOKING, word="training") if pressed.what == "training" else state.to(Scene.CASEWORK))


def _more(pressed: Press, state: State) -> Turn:
    if state.scene is not Scene.RESULTS:
        return _expired(state)
    return Turn(state.stay(offset=min(int(pressed.what), max(len(state.found) - 1, 0))))


async def _topic(pressed: Press, state: State, asker: Asker) -> Turn:
    await _check_topic(pressed.what)
    return await by_slots(state, Slots(topics=(pressed.what,)), Intent.FIND_ANY, asker)


async def _follow(pressed: Press, state: State, _asker: Asker) -> Turn:
    await _check_topic(pressed.what)
    return Turn(card(state, Deed.FOLLOW, word=pressed.what))


async def _check_topic(slug: str) -> None:
    """Whatever a button of somebody's own making says is kept only where it is a word of ours."""
    if slug not in (await current_lexicon()).topics:
        raise NotFound


def confirm_open(state: State) -> Turn | None:
    """Yes in words to the card that is open; None where there is none."""
    return Turn(state, does=state.deed) if state.scene is Scene.CARD else None


async def cancelling(ref: str, state: State, asker: Asker) -> Turn:
    """The card before a booking ends; late, the reason is asked first (booking.md, Booking 7). One that has ended is shown as it is."""
    if asker.person_id is None:
        return Turn(card(state, Deed.CANCEL, booking=ref))
    booking = await own_booking(ref, asker)
    if booking.state not in LIVE_STATES:
        return Turn(state.to(Scene.DONE, booking=ref))
    if booking.state == BookingState.CONFIRMED and is_late_now(booking, now=asker.now):
        return Turn(state.to(Scene.REASON, booking=ref))
    return Turn(card(state, Deed.CANCEL, booking=ref))


def _reasoned(pressed: Press, state: State) -> Turn:
    reason = pressed.what
    if state.scene is not Scene.REASON or reason not in CANCEL_REASONS:
        return _expired(state)
    return Turn(card(state, Deed.CANCEL, booking=state.booking, reason=reason))


async def moving(ref: str, state: State, asker: Asker) -> Turn:
    """The other dates that a booking can move to."""
    refs = await other_dates(ref, asker) if asker.person_id is not None else []
    return Turn(state.to(Scene.MOVE, booking=ref, found=tuple(refs)))


async def _without(pressed: Press, state: State, asker: Asker) -> Turn:
    """One of the filters taken away; what words had found is not found anew by the filters that are left."""
    if state.scene not in {Scene.RESULTS, Scene.DATES}:
        return _expired(state)
    if state.by_words:
        return Turn(state, before=(WORDS_GONE,))
    left = without_filter(slots_from_json(state.slots), pressed.what)
    if not slots_to_json(left):
        return Turn(state.to(Scene.LOOKING, word="resources" if state.intent == Intent.FIND_RESOURCE else "training"))
    return await by_slots(state, left, Intent(state.intent or Intent.FIND_ANY), asker)


async def _dated(pressed: Press, state: State, asker: Asker) -> Turn:
    """One of two readings was meant."""
    try:
        start, end, precision = pressed.parts
        dates = DateRange(date.fromisoformat(start), date.fromisoformat(end) if end else None, Precision(precision), words="")
    except ValueError:
        return _expired(state)
    slots = replace(slots_from_json(state.slots), dates=dates)
    if state.scene is Scene.DATES:
        return await narrowed(state.stay(is_unnamed=False), slots, asker)
    return await by_slots(state, slots, Intent(state.intent or Intent.FIND_TRAINING), asker)


async def _step(pressed: Press, state: State, asker: Asker) -> Turn:
    """The next question of a survey: what was pressed so far comes with the button, and nothing of it is kept."""
    if asker.person_id is None:
        return Turn(state.to(Scene.FEEDBACK))
    ref, code = pressed.parts
    return Turn(state, replies=(await show_step(ref, code, asker),), leaves_nothing=True)


async def _send(pressed: Press, state: State, asker: Asker) -> Turn:
    if asker.person_id is None:
        return Turn(state.to(Scene.FEEDBACK))
    return Turn(state, does=Deed.SEND, subject=":".join(pressed.parts), leaves_nothing=True)


def _expired(state: State) -> Turn:
    return Turn(state, before=(EXPIRED,))


async def _cancel(pressed: Press, state: State, asker: Asker) -> Turn:
    return await cancelling(pressed.what, state, asker)


async def _answer_offer(pressed: Press, state: State, asker: Asker) -> Turn:
    """The card that takes an offer or turns it down; the booking as it is where no offer is open any more."""
    ref = pressed.what
    if asker.person_id is not None and (await own_booking(ref, asker)).state != BookingState.OFFERED:
        return Turn(state.to(Scene.DONE, booking=ref))
    return Turn(card(state, Deed.ACCEPT if pressed.verb is Verb.ACCEPT else Deed.TURN_DOWN, booking=ref))


async def _move(pressed: Press, state: State, asker: Asker) -> Turn:
    return await moving(pressed.what, state, asker)


def _scene(scene: Scene, **named: str) -> AtOnce:
    """A scene that the button's first part is told to, as the field named "what"."""

    def lead(pressed: Press, state: State) -> Turn:
        changed = {field: pressed.what if value == "what" else value for field, value in named.items()}
        return Turn(state.to(scene, **changed))

    return lead


def _carded(deed: Deed) -> AtOnce:
    """A card for the session that the button names."""

    def lead(pressed: Press, state: State) -> Turn:
        return Turn(card(state, deed, ref=pressed.what))

    return lead


_AT_ONCE: dict[Verb, AtOnce] = {
    Verb.HELP: _scene(Scene.HELP),
    Verb.BACK: _back,
    Verb.AGAIN: _again,
    Verb.PERSON: _scene(Scene.PERSON),
    Verb.PRIVACY: _scene(Scene.PRIVACY),
    Verb.CONTACTS: _scene(Scene.CONTACTS),
    Verb.TRAINING: _scene(Scene.LOOKING, word="training"),
    Verb.FIND: _scene(Scene.LOOKING, word="what"),
    Verb.MORE: _more,
    Verb.CASE: _case,
    Verb.SESSION: _scene(Scene.SESSION, ref="what"),
    Verb.DOCUMENT: _scene(Scene.DOCUMENT, word="what"),
    Verb.TERM: _scene(Scene.TERM, word="what"),
    Verb.BOOK: _carded(Deed.BOOK),
    Verb.JOIN: _carded(Deed.JOIN),
    Verb.AGENCY: _chosen,
    Verb.MODE: _chosen,
    Verb.DENY: _scene(Scene.STOPPED),
    Verb.MINE: _scene(Scene.MINE),
    Verb.OWN: _scene(Scene.DONE, booking="what"),
    Verb.REASON: _reasoned,
    Verb.MOVE_TO: lambda pressed, state: Turn(card(state, Deed.MOVE, booking=pressed.what, ref=pressed.parts[1])),
    Verb.JOINING: _scene(Scene.JOINING, booking="what"),
    Verb.RECORD: _scene(Scene.RECORD),
    Verb.UNFOLLOW: lambda pressed, state: Turn(state, does=Deed.UNFOLLOW, subject=pressed.what),
    Verb.UNFOLLOW_ALL: lambda _pressed, state: Turn(state, does=Deed.UNFOLLOW_ALL),
    Verb.USEFUL: _useful,
    Verb.UNLINKED: _scene(Scene.STOPPED),
    Verb.FEEDBACK: _scene(Scene.FEEDBACK),
}
_WITH_A_LOOK: dict[Verb, WithALook] = {
    Verb.CONFIRM: _confirmed,
    Verb.TOPIC: _topic,
    Verb.FOLLOW: _follow,
    Verb.UNFILTER: _without,
    Verb.DATES: _dated,
    Verb.CANCEL: _cancel,
    Verb.ACCEPT: _answer_offer,
    Verb.TURN_DOWN: _answer_offer,
    Verb.MOVE: _move,
    Verb.STEP: _step,
    Verb.SEND: _send,
}
