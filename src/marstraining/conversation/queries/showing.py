"""Showing a state: every scene has one function, so that the same state gives the same answer in every process and at any time."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from marstraining.conversation.queries import about, cards, feedback, own, results, sessions
from marstraining.conversation.queries.numbers import numbers
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import Reply, line
from marstraining.conversation.rules.pressing import Verb, button
from marstraining.conversation.rules.signpost import signpost_line
from marstraining.conversation.rules.state import Deed, Scene, State
from marstraining.conversation.rules.wording import rows_of
from marstraining.core.errors import NotFound
from marstraining.search.queries import current_lexicon

Show = Callable[[State, Asker], Awaitable[Reply]]

# What needs somebody to be signed in or connected.
PERSONAL = frozenset(
    {
        Scene.MINE,
        Scene.WHICH,
        Scene.CARD,
        Scene.DONE,
        Scene.REASON,
        Scene.MOVE,
        Scene.JOINING,
        Scene.RECORD,
        Scene.FOLLOWING,
        Scene.FEEDBACK,
    }
)


async def show(state: State, asker: Asker) -> Reply:
    """The reply of a state. What is the asker's own asks for a sign-in where there is none; what is gone says so with a way on."""
    try:
        return await show_there(state, asker)
    except NotFound:
        return gone_reply()


async def show_there(state: State, asker: Asker) -> Reply:
    """The same; NotFound for a state about something that is gone, belongs to somebody else or never was."""
    if state.scene in PERSONAL and asker.person_id is None:
        return await about.show_sign_in(state, asker)
    reply = await _SHOWS[state.scene](state, asker)
    return await _signposted(reply, asker) if state.is_unnamed else reply


async def _signposted(reply: Reply, asker: Asker) -> Reply:
    """With the signpost above, where it does not hold one: a worry that the gate missed may have ended here."""
    signpost = signpost_line(await numbers(now=asker.now))
    return reply if signpost in reply.blocks else replace(reply, blocks=(signpost, *reply.blocks))


def gone_reply() -> Reply:
    """What is shown for what was taken away, belongs to somebody else or never was: all alike."""
    return Reply(
        (line("That is not there any more. Here is how to go on:"),),
        answer_type="clarify",
        buttons=rows_of((button("Find training", Verb.FIND, "training"), button("My bookings", Verb.MINE), button("Help", Verb.HELP))),
    )


async def _show_card(state: State, asker: Asker) -> Reply:
    if state.deed == Deed.FOLLOW:
        label = (await current_lexicon()).topics.get(state.word)
        if label is None:
            raise NotFound
        return await own.show_follow_card(state, asker, label=label)
    if state.deed in {Deed.CANCEL, Deed.ACCEPT, Deed.TURN_DOWN}:
        return await own.show_cancel_card(state, asker)
    return await cards.show_booking_card(state, asker)


async def _show_casework(_state: State, asker: Asker) -> Reply:
    return await about.show_about_case(asker)


_SHOWS: dict[Scene, Show] = {
    Scene.WELCOME: about.show_welcome,
    Scene.HELP: about.show_help,
    Scene.LOOKING: results.show_looking,
    Scene.RESULTS: results.show_results,
    Scene.TOPICS: results.show_topics,
    Scene.DATES: results.show_dates,
    Scene.CASE: about.show_case,
    Scene.CASEWORK: _show_casework,
    Scene.SESSION: sessions.show_session,
    Scene.DOCUMENT: results.show_document,
    Scene.CARD: _show_card,
    Scene.DONE: own.show_done,
    Scene.MINE: own.show_mine,
    Scene.WHICH: own.show_which,
    Scene.REASON: own.show_reason,
    Scene.MOVE: own.show_move,
    Scene.JOINING: own.show_joining,
    Scene.RECORD: own.show_record,
    Scene.TERM: about.show_term,
    Scene.FOLLOWING: own.show_following,
    Scene.FEEDBACK: feedback.show_feedback,
    Scene.PERSON: about.show_person,
    Scene.CONTACTS: about.show_contacts,
    Scene.PRIVACY: about.show_privacy,
    Scene.ANSWER: about.show_answer,
    Scene.LINKED: about.show_linked,
    Scene.BOUNDARY: about.show_boundary,
    Scene.LOST: about.show_lost,
    Scene.STOPPED: about.show_stopped,
    Scene.THANKS: about.show_thanks,
    Scene.USEFUL: about.show_useful,
}
