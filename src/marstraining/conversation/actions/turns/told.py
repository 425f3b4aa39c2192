"""Somebody wrote: first tried as a new wish, then as an answer to what is open (front_door.md 6.8); nothing of it is kept."""

import re
from dataclasses import replace

from marstraining.conversation.actions.outcomes import Turn
from marstraining.conversation.actions.turns import own
from marstraining.conversation.actions.turns.finding import by_slots, fitting, is_refining, look_for, merged, refined
from marstraining.conversation.actions.turns.opened import answer_to_open
from marstraining.conversation.actions.turns.pressed import cancelling, card, moving, press
from marstraining.conversation.actions.turns.said import Answer, Said, nth
from marstraining.conversation.queries.own import live_bookings
from marstraining.conversation.queries.results import SESSION, SHOWN
from marstraining.conversation.queries.showing import show
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import Reply, line
from marstraining.conversation.rules.faq import answer_code
from marstraining.conversation.rules.pressing import Verb, data_of
from marstraining.conversation.rules.state import Deed, Scene, State, slots_from_json, slots_to_json
from marstraining.core import config
from marstraining.search.queries import current_lexicon
from marstraining.search.rules import FINDING, Intent, Slots
from marstraining.search.understanding import understand

# Scenes in which a number or "the second" chooses.
_LISTS = frozenset({Scene.RESULTS, Scene.MINE, Scene.WHICH, Scene.MOVE, Scene.TOPICS, Scene.DATES})
BY_BUTTONS = Reply(
    (line("Please press the numbers below a question. I keep none of your answers, so one that is typed has no place."),),
    answer_type="clarify",
)
_ASKING = frozenset({Scene.CARD, Scene.REASON, Scene.WHICH, Scene.MOVE, Scene.DATES, Scene.TOPICS, Scene.CASE, Scene.FEEDBACK})


# What answers a question on the way and goes nowhere.
_BESIDE = frozenset({Scene.ANSWER, Scene.TERM})


async def tell(text: str, state: State, asker: Asker) -> Turn:
    """What a sentence leads to."""
    lexicon = await current_lexicon()
    understood = understand(
        text, now=asker.now, lexicon=lexicon, calendar=config.current().partnership.calendar, expecting=_expecting(state)
    )
    said = Said(text, understood, state, asker, lexicon)
    turn = await _tell(said)
    return replace(
        turn, intent=turn.intent or str(understood.intent), slots=turn.slots or understood.slots.as_json(), unknown=understood.unknown
    )


def _expecting(state: State) -> str:
    return "confirm" if state.scene is Scene.CARD else "list" if state.scene in _LISTS else "scale" if state.scene is Scene.FEEDBACK else ""


async def _tell(said: Said) -> Turn:
    understood, state = said.understood, said.state
    if understood.command:
        turn = await _command(understood.command, said)
        if turn is not None:
            return turn
    if understood.is_negated and understood.intent not in FINDING:
        # "Don't book it" closes an open card and does nothing (front_door.md 6.11).
        return Turn(state.to(Scene.BOUNDARY, word="negated"))
    if understood.is_ambiguous_case:
        return Turn(state.to(Scene.CASE))
    turn = await answer_to_open(said)
    if turn is not None:
        return turn
    if understood.intent in FINDING:
        return await _find(said)
    answer = _ANSWERS.get(understood.intent)
    turn = _signposted(await answer(said) if answer else _lost(said), said)
    if state.scene is Scene.CARD and turn.state.scene in _BESIDE:
        # A question about the service leaves the card open, and it stands below the answer.
        return replace(turn, state=state, before=(await show(turn.state, said.asker),))
    return turn


def _signposted(turn: Turn, said: Said) -> Turn:
    """With the signpost, where what was said is about him, her or them and names no subject: it may be no question about training."""
    if turn.does or not said.understood.is_about_somebody or said.slots.topics:
        return turn
    return replace(turn, state=turn.state.stay(is_unnamed=True))


async def _command(command: str, said: Said) -> Turn | None:
    """The words that always work."""
    state = said.state
    match command:
        case "help" | "menu":
            return Turn(state.to(Scene.HELP))
        case "start_again":
            return Turn(State(card=state.card, said=state.said))
        case "back":
            return Turn(state.earlier() or state.to(Scene.HELP), intent=str(Intent.BACK))
        case "person":
            return Turn(state.to(Scene.PERSON))
        case "privacy":
            return Turn(state.to(Scene.PRIVACY))
        case "stop":
            return await _stop(said)
    return None


async def _stop(said: Said) -> Turn:
    """The words "stop" and "cancel" end what is open; with nothing open "cancel" is about a booking and "stop" about news."""
    if said.state.scene in _ASKING:
        return Turn(said.state.to(Scene.STOPPED))
    if said.understood.intent is Intent.CANCEL_BOOKING:
        return await own.cancel(said)
    return Turn(said.state.to(Scene.FOLLOWING) if said.asker.person_id is not None else said.state.to(Scene.STOPPED))


async def _find(said: Said) -> Turn:
    understood, state = said.understood, said.state
    if state.scene is Scene.RESULTS and is_refining(understood):
        return await refined(understood, state, said.asker)
    if not (understood.words or understood.topics_possible or understood.slots.as_json() or getattr(understood, "terms", ())):
        return Turn(state.to(Scene.LOOKING, word="resources" if understood.intent is Intent.FIND_RESOURCE else "training"))
    return await look_for(understood, state, said.asker, term=_term_alone(said))


def _term_alone(said: Said) -> str:
    """The acronym that a message consists of, so that its meaning is offered beside what was found."""
    entry = said.lexicon.definition(said.text) if len(said.text) < 40 else None
    return entry.acronym if entry is not None else ""


async def _correct(said: Said) -> Turn:
    """A correction, such as "no, I meant CSE": what was named replaces what was understood, the rest stays."""
    base = slots_from_json(said.state.slots) if said.state.scene in {Scene.RESULTS, Scene.DATES} else Slots()
    intent = Intent(said.state.intent) if said.state.intent in tuple(FINDING) else Intent.FIND_ANY
    return await by_slots(said.state, merged(base, said.slots), intent, said.asker)


async def _select(said: Said) -> Turn:
    """A number, "the second one", "the online one", "more": chooses from the list that is open."""
    state, slots = said.state, said.slots
    if state.scene not in _LISTS:
        return Turn(state.to(Scene.BOUNDARY, word="score")) if state.scene is not Scene.SESSION else Turn(state)
    if slots.ordinal is None and not slots_to_json(slots):
        if state.scene is Scene.RESULTS and state.offset + SHOWN < len(state.found):
            return Turn(state.stay(offset=state.offset + SHOWN))
        return Turn(state)
    if slots.ordinal is None:
        if state.scene is Scene.MOVE:
            keys = await fitting([f"{SESSION}{ref}" for ref in state.found], slots, said.asker)
            return Turn(card(state, Deed.MOVE, booking=state.booking, ref=keys[0].removeprefix(SESSION))) if len(keys) == 1 else Turn(state)
        keys = await fitting(state.found, slots, said.asker)
        if len(keys) == 1:
            return Turn(state.to(Scene.SESSION, ref=keys[0].removeprefix(SESSION)))
        return Turn(state.stay(found=tuple(keys), offset=0)) if keys else Turn(state)
    return await _chosen(slots.ordinal, said)


async def _chosen(ordinal: int, said: Said) -> Turn:
    state = said.state
    if state.scene is Scene.RESULTS:
        shown = state.found[: state.offset + SHOWN]
        return _opened(nth(shown, ordinal), state)
    if state.scene in {Scene.TOPICS, Scene.DATES}:
        choice = nth(state.choices, ordinal)
        if choice is None:
            return Turn(state)
        data = data_of(Verb.TOPIC, choice) if state.scene is Scene.TOPICS else data_of(Verb.DATES, *choice.split("/"))
        return await press(data, state, said.asker)
    if state.scene is Scene.MOVE:
        ref = nth(state.found, ordinal)
        return Turn(card(state, Deed.MOVE, booking=state.booking, ref=ref)) if ref else Turn(state)
    refs = [one.ref for one in await live_bookings(said.asker)] if state.scene is Scene.MINE else list(state.found)
    ref = nth(refs, ordinal)
    return await _with_booking(ref, state.word if state.scene is Scene.WHICH else "", said) if ref else Turn(state)


def _opened(key: str | None, state: State) -> Turn:
    if key is None:
        return Turn(state)
    return Turn(state.to(Scene.SESSION, ref=key.removeprefix(SESSION)) if key.startswith(SESSION) else state.to(Scene.DOCUMENT, word=key))


async def _with_booking(ref: str, word: str, said: Said) -> Turn:
    match word:
        case "cancel":
            return await cancelling(ref, said.state, said.asker)
        case "move":
            return await moving(ref, said.state, said.asker)
        case "joining":
            return Turn(said.state.to(Scene.JOINING, booking=ref))
    return Turn(said.state.to(Scene.DONE, booking=ref))


async def _deny(said: Said) -> Turn:
    return Turn(said.state.to(Scene.STOPPED))


async def _subscribe(said: Said) -> Turn:
    """Told of a topic: a card first. What has no topic of its own is asked for."""
    slug = next((wish.topic for wish in said.slots.subscriptions if wish.topic), said.slots.topic)
    if slug:
        return Turn(card(said.state, Deed.FOLLOW, word=slug))
    if said.understood.topics_possible:
        return Turn(
            said.state.to(Scene.TOPICS, choices=tuple(found for found, _ in said.understood.topics_possible), intent=str(Intent.FIND_ANY))
        )
    return Turn(said.state.to(Scene.FOLLOWING))


async def _unsubscribe(said: Said) -> Turn:
    if said.slots.topic and said.asker.person_id is not None:
        return Turn(said.state, does=Deed.UNFOLLOW, subject=said.slots.topic)
    return Turn(said.state.to(Scene.FOLLOWING))


async def _unsubscribe_all(said: Said) -> Turn:
    if said.asker.person_id is None:
        return Turn(said.state.to(Scene.FOLLOWING))
    return Turn(said.state, does=Deed.UNFOLLOW_ALL)


async def _define(said: Said) -> Turn:
    """A term by the glossary's own spelling; one that it does not have is not kept."""
    entry = said.lexicon.definition(said.slots.term) if said.slots.term else None
    return Turn(said.state.to(Scene.TERM, word=(entry.acronym or entry.meaning)[:80] if entry else ""))


async def _faq(said: Said) -> Turn:
    if (
        own.RECORD.search(said.text)
        and re.search(r"\b(?:my|i|me)\b", said.text, re.IGNORECASE)
        and said.asker.person_id is not None
        and answer_code(said.text) == "how_often"
    ):
        return Turn(said.state.to(Scene.RECORD))
    return Turn(said.state.to(Scene.ANSWER, word=answer_code(said.text)))


async def _detail(said: Said) -> Turn:
    """More about one session: the one that is shown, or the first that fits."""
    if said.slots.topics or said.understood.words or said.slots.dates:
        return await look_for(said.understood, said.state, said.asker)
    if said.state.scene in {Scene.CARD, Scene.SESSION} and said.state.ref:
        return Turn(said.state.to(Scene.SESSION, ref=said.state.ref))
    if said.state.scene is Scene.RESULTS and said.state.found:
        return _opened(said.state.found[said.state.offset], said.state)
    return Turn(said.state.to(Scene.ANSWER, word=answer_code(said.text)))


async def _practice(said: Said) -> Turn:
    return Turn(said.state.to(Scene.BOUNDARY, word="practice", choices=said.slots.topics[:1]))


async def _greet(said: Said) -> Turn:
    return Turn(State(card=said.state.card, said=said.state.said))


async def _score(said: Said) -> Turn:
    """A number answers nothing that is open: the questions of a survey are answered by buttons alone, since nothing of them is kept."""
    if said.slots.score is None:
        return Turn(said.state.to(Scene.FEEDBACK))
    if said.state.scene is Scene.FEEDBACK:
        return Turn(said.state, before=(BY_BUTTONS,))
    return Turn(said.state.to(Scene.BOUNDARY, word="score"))


def _lost(said: Said) -> Turn:
    """Not understood: another rung of the ladder, never the same sentence twice."""
    misses = said.state.misses + 1
    choices = tuple(slug for slug, _ in said.understood.topics_possible) if misses == 1 else ()
    state = said.state.to(Scene.LOST, misses=misses, said=said.state.said + 1 if misses > 1 else 0, choices=choices)
    return Turn(replace(state, misses=misses), counts=("not_understood",))


async def _unclear(said: Said) -> Turn:
    return _lost(said)


def _to(scene: Scene, word: str = "") -> Answer:
    async def answer(said: Said) -> Turn:
        return Turn(said.state.to(scene, word=word))

    return answer


_ANSWERS: dict[Intent, Answer] = {
    Intent.SESSION_DETAIL: _detail,
    Intent.MY_BOOKINGS: own.mine,
    Intent.BOOK: own.book,
    Intent.CONFIRM: own.confirm,
    Intent.DENY: _deny,
    Intent.CANCEL_BOOKING: own.cancel,
    Intent.TRANSFER_BOOKING: own.move,
    Intent.JOINING_DETAILS: own.joining,
    Intent.SUBSCRIBE: _subscribe,
    Intent.UNSUBSCRIBE: _unsubscribe,
    Intent.UNSUBSCRIBE_ALL: _unsubscribe_all,
    Intent.SET_REMINDER: _to(Scene.BOUNDARY, "reminder"),
    Intent.FEEDBACK_ANSWER: _score,
    Intent.DEFINE_TERM: _define,
    Intent.FAQ: _faq,
    Intent.CONTACT_SPOC: _to(Scene.CONTACTS),
    Intent.HUMAN_HANDOFF: _to(Scene.PERSON),
    Intent.DATA_RIGHTS: _to(Scene.PRIVACY),
    Intent.HELP: _to(Scene.HELP),
    Intent.GREET: _greet,
    Intent.THANKS: _to(Scene.THANKS),
    Intent.SELECT: _select,
    Intent.CORRECT: _correct,
    Intent.OFF_TOPIC: _to(Scene.BOUNDARY, "off_topic"),
    Intent.PRACTICE_ADVICE: _practice,
    Intent.OUT_OF_SCOPE_PERSONAL: _to(Scene.BOUNDARY, "personal"),
    Intent.UNCLEAR: _unclear,
    Intent.ABUSIVE: _to(Scene.BOUNDARY, "abusive"),
    Intent.INJECTION: _unclear,
    Intent.DEEP_LINK_INVALID: _to(Scene.BOUNDARY, "expired_link"),
}
