"""Answering one event of a conversation: gate, understand, do, keep where it stands, once for each event and in one transaction.

Whoever writes the state must have read the version before; of two workers at once one starts again from what the other wrote. So a
process may end between any two steps, and an event that comes twice is answered once.
"""

from contextlib import suppress
from dataclasses import field, replace
from datetime import datetime, timedelta
from pathlib import Path
from traceback import extract_tb

import structlog

from marstraining.conversation.actions import deeds
from marstraining.conversation.actions.keeping import Changed, Dialogue, claim, key_hash_of, load, save, tally, viewer_of
from marstraining.conversation.actions.outcomes import Turn
from marstraining.conversation.actions.turns import press, tell
from marstraining.conversation.queries import about
from marstraining.conversation.queries.cards import refusal_reply
from marstraining.conversation.queries.numbers import numbers, numbers_unasked
from marstraining.conversation.queries.showing import gone_reply, show, show_there
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import LONGEST_TEXT, Channel, Event, EventKind, Reply, line
from marstraining.conversation.rules.pressing import Verb, read_press
from marstraining.conversation.rules.recap import recap_line
from marstraining.conversation.rules.signpost import details_line, level_word, maybe_reply, signpost_line, urgent_reply
from marstraining.conversation.rules.state import Deed, Scene, State
from marstraining.conversation.rules.wording import BOUNDARIES
from marstraining.core.db import is_unavailable, transaction
from marstraining.core.errors import NotFound, Refused, TooFast
from marstraining.core.metrics import count_signpost
from marstraining.core.values import frozen
from marstraining.core.viewer import ANYBODY, Viewer
from marstraining.people.actions import link_telegram
from marstraining.people.actions.limits import check_and_count
from marstraining.safety.gate import gate
from marstraining.safety.rules import Kind, Level, Verdict, found_details
from marstraining.search.actions import note_unknown_word

_TRIES = 6
_A_MINUTE = 40
_A_QUARTER = 300
_MOST_UNKNOWN = 3
_PAUSE = timedelta(days=1)
_SELF = frozenset({Kind.ADULT_IN_CRISIS, Kind.CHILD_WRITING})

_log = structlog.get_logger(__name__)


@frozen
class Outcome:
    """All that is to be said of an answer: the replies and what was understood, in the words of the vocabulary."""

    replies: tuple[Reply, ...]
    level: Level = Level.NONE
    intent: str = ""
    slots: dict[str, object] = field(default_factory=dict)

    @property
    def answer_type(self) -> str:
        """The kind of the answer: of a signpost with results behind it that it is both."""
        kinds = [reply.answer_type for reply in self.replies]
        return next((kind for kind in kinds if kind.startswith("safety_")), kinds[-1] if kinds else "")


async def answer(event: Event, *, now: datetime) -> tuple[Reply, ...]:
    """The replies to an event, and everything that follows from it; none at all for an event that was answered before.

    Nothing that was written is kept, logged or counted by its words. What may be a worry is answered even while the database is away; for
    anything else that is raised, so that the channel says so.
    """
    verdict = gate(_written(event))
    try:
        return (await _answer(event, verdict, now=now)).replies
    except Exception as fault:
        known = numbers_unasked(now=now)
        if verdict.level is Level.NONE and is_unavailable(fault):
            raise
        # A traceback could carry what was written: the log gets the kind of the fault and its place, the person a way on.
        _log.error("conversation_failed", fault=type(fault).__name__, place=_place(fault))
        if verdict.level is Level.URGENT:
            return (urgent_reply(verdict.kinds, known, message_id=event.message_id),)
        first = (maybe_reply(verdict.kinds, known),) if verdict.level is Level.MAYBE else ()
        return (*first, Reply((line(BOUNDARIES["busy"]), signpost_line(known)), answer_type="clarify"))


def _written(event: Event) -> str:
    """What somebody wrote; what follows /start may be words of theirs instead of a link's token."""
    return event.data if event.kind is EventKind.START else event.text


def _place(fault: Exception) -> str:
    """The last line of ours that a fault came through, as file and number."""
    frames = [frame for frame in extract_tb(fault.__traceback__) if "marstraining" in frame.filename]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


async def respond(event: Event, *, now: datetime) -> Outcome:
    """What would be answered to an event in a new conversation, with what was understood; nothing is stored and nothing is done."""
    verdict = gate(_written(event))
    asker = Asker(event.viewer, event.channel, now, event.message_id)
    if verdict.level is Level.URGENT:
        replies: tuple[Reply, ...] = (urgent_reply(verdict.kinds, await numbers(now=now), message_id=event.message_id),)
        return Outcome(replies, verdict.level, _intent_of(verdict, ""))
    turn = await _turn(event, verdict, State(), asker)
    try:
        replies = turn.before + (turn.replies or await _shown(turn, asker))
    except NotFound:
        replies = (*turn.before, gone_reply())
    return Outcome(replies, verdict.level, _intent_of(verdict, turn.intent), dict(turn.slots))


async def resume(channel: Channel, key: str, *, viewer: Viewer = ANYBODY, now: datetime) -> tuple[Reply, ...]:
    """Where a conversation stands, shown again; nothing changes. A new one begins with what this chat is."""
    asker = Asker(await viewer_of(channel, key, viewer), channel, now)
    dialogue = await load(channel, key_hash_of(channel, key), asker)
    return (await show(dialogue.state, asker),)


async def _answer(event: Event, verdict: Verdict, *, now: datetime) -> Outcome:
    if verdict.level is Level.URGENT:
        return await _signpost(event, verdict, now=now)
    key_hash = key_hash_of(event.channel, event.key)
    try:
        await _check_pace(event, key_hash, now=now)
    except TooFast:
        unnamed = Asker(event.viewer, event.channel, now)
        return Outcome((*await _before(verdict, event, now=now), await about.limit("too_fast", unnamed)), verdict.level)
    asker = Asker(await viewer_of(event.channel, event.key, event.viewer), event.channel, now, event.message_id)
    for _ in range(_TRIES):
        dialogue = await load(event.channel, key_hash, asker)
        try:
            return await _go_on(event, verdict, dialogue, asker, key_hash=key_hash)
        except Changed:
            continue
    return Outcome((await about.limit("busy", asker),), verdict.level)


async def _check_pace(event: Event, key_hash: str, *, now: datetime) -> None:
    """Raises TooFast over so many events a minute. Answers to a survey are counted by the quarter of an hour, which is all that is kept."""
    pressed = read_press(event.data) if event.kind is EventKind.BUTTON else None
    if pressed is not None and pressed.verb in {Verb.STEP, Verb.SEND}:
        quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
        await check_and_count("chat-survey", key_hash, most=_A_QUARTER, within=timedelta(minutes=15), sentence="", now=quarter)
    else:
        await check_and_count("chat", key_hash, most=_A_MINUTE, within=timedelta(minutes=1), sentence="", now=now)


async def _signpost(event: Event, verdict: Verdict, *, now: datetime) -> Outcome:
    """The answer to a worry; that there was one is counted by its level alone.

    What is kept is what asking for help keeps, with the way back to where the talk stood: nobody can see from it that there was a worry,
    and a "yes" that follows confirms nothing.
    """
    count_signpost(verdict.level)
    known = await numbers(now=now)
    key_hash = key_hash_of(event.channel, event.key)
    asker = Asker(await viewer_of(event.channel, event.key, event.viewer), event.channel, now, event.message_id)
    dialogue = await load(event.channel, key_hash, asker)
    state = dialogue.state.to(Scene.HELP)
    # Where another event of the talk went on meanwhile, its state stands: this answer needs none.
    with suppress(Changed):
        async with transaction():
            if event.event_id and not await claim(event, now=now):
                return Outcome((), verdict.level)
            await save(dialogue, state, event, asker, key_hash=key_hash)
            await tally([level_word(verdict.level)], now=now)
    reply = urgent_reply(verdict.kinds, known, message_id=event.message_id)
    return Outcome((reply,), verdict.level, _intent_of(verdict, ""))


async def _go_on(event: Event, verdict: Verdict, dialogue: Dialogue, asker: Asker, *, key_hash: str) -> Outcome:
    turn = await _turn(event, verdict, dialogue.state, asker, seen_at=dialogue.seen_at)
    state, replies = turn.state, turn.replies
    if not turn.does and not replies:
        try:
            replies = await _shown(turn, asker)
        except NotFound:
            # What is not there is not kept either: the conversation stays where it was.
            state, replies = dialogue.state, (gone_reply(),)
    if turn.leaves_nothing:
        return Outcome((*turn.before, *await _passing(turn, event, asker)), verdict.level)
    if verdict.level is Level.NONE and not found_details(event.text):
        for word in turn.unknown[:_MOST_UNKNOWN]:
            await note_unknown_word(word, key_hash, now=asker.now)
    counts = [*turn.counts, *([level_word(verdict.level)] if verdict.level is Level.MAYBE else [])]
    async with transaction():
        if event.event_id and not await claim(event, now=asker.now):
            return Outcome((), verdict.level)
        if turn.does:
            state, replies = await _do(turn, event, asker)
        await save(dialogue, state, event, asker, key_hash=key_hash)
        await tally(counts, now=asker.now)
    if verdict.level is Level.MAYBE:
        count_signpost(verdict.level)
    return Outcome((*turn.before, *replies), verdict.level, _intent_of(verdict, turn.intent), dict(turn.slots))


async def _passing(turn: Turn, event: Event, asker: Asker) -> tuple[Reply, ...]:
    """Answers to a survey: nothing is written of the talk, neither where it stands nor when somebody was there.

    That the event was answered is kept apart, in a transaction of its own and to the hour, so that a form and a time are never written
    together. What fails after that is pressed again: the button holds all there is.
    """
    if event.event_id and not await claim(event, now=asker.now.replace(minute=0, second=0, microsecond=0)):
        return ()
    return (await deeds.send_feedback(turn.subject, asker),) if turn.does else turn.replies


async def _shown(turn: Turn, asker: Asker) -> tuple[Reply, ...]:
    """The turn's state; what is shown for "back" is the step before, whatever kind of answer that was."""
    reply = await show_there(turn.state, asker)
    return (replace(reply, answer_type="previous_step"),) if turn.intent == "back" and turn.state.scene is not Scene.HELP else (reply,)


async def _turn(event: Event, verdict: Verdict, state: State, asker: Asker, *, seen_at: datetime | None = None) -> Turn:
    """What an event leads to, by its kind."""
    before = await _before(verdict, event, now=asker.now)
    if Kind.THREAT in verdict.kinds:
        # Whoever looks after the service learns that there was one, not what it said.
        _log.warning("threat_received", channel=str(event.channel))
        return Turn(state, replies=before, counts=("threat",))
    turn = await _turn_of(event, state, asker)
    if event.kind is EventKind.TEXT and turn.state.scene is not Scene.WELCOME:
        before = (*before, *_recap(state, turn, seen_at=seen_at, now=asker.now))
    return replace(turn, before=(*before, *turn.before))


async def _turn_of(event: Event, state: State, asker: Asker) -> Turn:
    match event.kind:
        case EventKind.FILE | EventKind.VOICE:
            return Turn(state, replies=(await about.limit("file", asker),))
        case EventKind.START:
            return (
                Turn(state.to(Scene.LINKED), replies=(await about.show_link(event.data, asker),))
                if event.data
                else Turn(State(card=state.card))
            )
        case EventKind.BUTTON:
            return await _pressed(event, state, asker)
        case EventKind.TEXT if event.is_edited:
            return Turn(state, replies=(await about.limit("edited", asker),))
        case EventKind.TEXT if len(event.text) > LONGEST_TEXT:
            return Turn(state, replies=(await about.limit("too_long", asker),))
        case EventKind.TEXT if not event.text.strip():
            return Turn(state)
    return await tell(event.text, state, asker)


async def _pressed(event: Event, state: State, asker: Asker) -> Turn:
    pressed = read_press(event.data)
    if pressed is not None and pressed.verb is Verb.REMOVE:
        told = "Done. I had not kept it anyway."
        return Turn(state, replies=(Reply((line(told),), answer_type="acknowledge", removes_message=pressed.what),))
    if pressed is not None and pressed.verb is Verb.LINK:
        return Turn(state, does=Deed.LINK)
    return await press(event.data, state, asker)


async def _before(verdict: Verdict, event: Event, *, now: datetime) -> tuple[Reply, ...]:
    """What stands in front of an answer: the signpost where a worry may be meant, and that personal details are not kept."""
    found = []
    if verdict.level is Level.MAYBE:
        found.append(maybe_reply(verdict.kinds, await numbers(now=now)))
    details = found_details(event.text) if event.text else ()
    if details:
        found.append(Reply((details_line(details),), answer_type="acknowledge"))
    return tuple(found)


def _recap(state: State, turn: Turn, *, seen_at: datetime | None, now: datetime) -> tuple[Reply, ...]:
    """One line on where the talk stood, for who goes on with it after a day or more (front_door.md 6.12)."""
    is_late = seen_at is not None and now - seen_at >= _PAUSE
    told = recap_line(state) if is_late and turn.intent in _GOING_ON else ""
    return (Reply((line(told),), answer_type="acknowledge"),) if told else ()


_GOING_ON = frozenset({"select", "confirm", "deny", "back", "correct", "book", "session_detail", "greet"})


async def _do(turn: Turn, event: Event, asker: Asker) -> tuple[State, tuple[Reply, ...]]:
    """Do what was confirmed; a refusal is an answer, and the state stays at the card that it was asked from."""
    if turn.does == Deed.LINK:
        return await _connect(event, turn.state, asker)
    if asker.person_id is None:
        return turn.state, (await about.show_sign_in(turn.state, asker),)
    try:
        # A verb's refusal undoes what it began, and nothing of ours: it has a transaction of its own within this one.
        state = await deeds.do(turn.does, turn.state, asker, subject=turn.subject)
    except Refused as refusal:
        if refusal.code in {"agency", "mode"}:
            return turn.state, (await show(turn.state, asker),)
        if refusal.code == "reason":
            state = turn.state.to(Scene.REASON, booking=turn.state.booking)
            return state, (await show(state, asker),)
        return turn.state, (await refusal_reply(refusal, turn.state, asker),)
    except NotFound:
        state = turn.state.to(Scene.MINE)
        return state, (await show(state, asker),)
    except TooFast:
        return turn.state, (await about.limit("too_fast", asker),)
    return state, (await show(state, asker),)


async def _connect(event: Event, state: State, asker: Asker) -> tuple[State, tuple[Reply, ...]]:
    """Connect the account of a link to this Telegram chat; elsewhere there is nothing to connect."""
    pressed = read_press(event.data)
    if event.channel is not Channel.TELEGRAM or pressed is None or not event.key.lstrip("-").isdecimal():
        return state, (await about.limit("expired_link", asker),)
    try:
        await link_telegram(pressed.what, chat_id=int(event.key), now=asker.now)
    except Refused:
        return state, (await about.limit("expired_link", asker),)
    state = State(scene=Scene.LINKED, outcome="linked", card=state.card)
    return state, (await about.show_linked(state, asker),)


def _intent_of(verdict: Verdict, understood: str) -> str:
    if Kind.THREAT in verdict.kinds:
        return "threat"
    if verdict.level is Level.URGENT:
        return "safety_self" if _SELF.intersection(verdict.kinds) else "safety_urgent"
    return "safety_maybe" if verdict.level is Level.MAYBE else understood
