"""Answers in words to a question that is open: how to take part, on whose behalf, which of two days."""

import re
from collections.abc import Sequence

from marstraining.bookings.queries import Post
from marstraining.bookings.rules import Mode
from marstraining.conversation.actions.outcomes import Turn
from marstraining.conversation.actions.turns.finding import is_refining, refined
from marstraining.conversation.actions.turns.said import Said, nth
from marstraining.conversation.queries.cards import checked_card
from marstraining.conversation.rules.state import Deed, Scene
from marstraining.core.errors import NotFound, Refused
from marstraining.search.rules import FINDING, Intent
from marstraining.search.vocabulary import STOP_WORDS

_WAYS = (Mode.ROOM, Mode.ONLINE)
_ROOM = re.compile(r"\b(?:room|in person|face to face|f2f|on ?site|at the venue)\b")
_ONLINE = re.compile(r"\b(?:online|on line|remote(?:ly)?|virtual(?:ly)?|teams|zoom|from home)\b")
# "Is it online?" chooses nothing, and neither does "online?".
_ASKED = re.compile(r"^(?:so |and |but )?(?:is|are|was|will|does|do|can|could|would|what|which|how|where|why|when|who)\b|\?\s*$")
_OF_IT = re.compile(r"\b(?:it|this|that)\b")
# "Not online" leaves open which way.
_NOT = re.compile(r"\bnot\b|n['\u2019]?t\b")
_DENIED = re.compile(r"\bnot\b|n['\u2019]?t\b|\b(?:rather|instead)\b")
_PLEASE = re.compile(r"\bplease\b|^(?:can|could) i (?:join|come|attend|do it|take part)\b")
# So few words ask for nothing new.
_BARE = 2
# A sentence that is longer asks for something else.
_LONGEST = 8
# What is plainly another wish is one (front_door.md 6.8).
_ANSWERING = FINDING | {Intent.SELECT, Intent.BOOK, Intent.CONFIRM, Intent.UNCLEAR, Intent.OFF_TOPIC}


async def answer_to_open(said: Said) -> Turn | None:
    """What a sentence leads to as the answer to the open question; None where it is none."""
    if said.state.scene is Scene.DATES and said.understood.intent in FINDING and is_refining(said.understood):
        return await refined(said.understood, said.state, said.asker)
    is_booking = said.state.scene is Scene.CARD and said.state.deed in {Deed.BOOK, Deed.JOIN, Deed.MOVE}
    if not is_booking or said.asker.person_id is None or said.understood.intent not in _ANSWERING or len(said.text.split()) > _LONGEST:
        return None
    return await _for_card(said)


async def _for_card(said: Said) -> Turn | None:
    """The organisation or the way of taking part that the card still needs, by its place among the buttons or by its name."""
    try:
        card = await checked_card(said.state, said.asker)
    except (Refused, NotFound):
        return None
    if card.asks_agency:
        post = _named_post(card.looked.learner.posts, said)
        return Turn(said.state.stay(agency=post.agency_id)) if post else None
    if not card.asks_mode:
        return None
    mode = _named_mode(said)
    if mode:
        return Turn(said.state.stay(mode=mode))
    return Turn(said.state) if _asks_or_denies_a_way(said) else None


def _named_mode(said: Said) -> Mode | None:
    if said.understood.intent is Intent.SELECT and said.slots.ordinal is not None:
        return nth(_WAYS, said.slots.ordinal)
    if said.slots.topics or said.slots.types or said.slots.dates:
        return None
    text = said.text.casefold().replace("-", " ")
    in_room, online = _ROOM.search(text), _ONLINE.search(text)
    is_open = bool(in_room) == bool(online) or _DENIED.search(text) or (_ASKED.search(text) and not _PLEASE.search(text))
    return None if is_open else Mode.ROOM if in_room else Mode.ONLINE


def _asks_or_denies_a_way(said: Said) -> bool:
    """Whether it asks which ways there are, or denies one: the card answers that, and no other session is meant."""
    slots = said.slots
    text = said.text.casefold().replace("-", " ")
    if slots.topics or slots.types or slots.dates or slots.audience or slots.venue or not (_ROOM.search(text) or _ONLINE.search(text)):
        return False
    return bool(_NOT.search(text) or (_ASKED.search(text) and (_OF_IT.search(text) or len(text.split()) <= _BARE)))


def _named_post(posts: Sequence[Post], said: Said) -> Post | None:
    """The one post whose organisation's name holds all that was written."""
    if said.understood.intent is Intent.SELECT and said.slots.ordinal is not None:
        return nth(posts[:6], said.slots.ordinal)
    words = _words(said.text) - STOP_WORDS
    named = [post for post in posts if words and words <= _words(post.agency_name)]
    return named[0] if len(named) == 1 else None


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold().replace("\u2019", "").replace("'", "")))
