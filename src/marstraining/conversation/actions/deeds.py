"""The verbs of other slices that a conversation calls, each from a card that was confirmed; it adds no rule of its own."""

from dataclasses import replace

from marstraining.bookings import actions as bookings
from marstraining.bookings.actions import Booked
from marstraining.bookings.rules import TERMS_VERSION, BookingState, BookPlace
from marstraining.bulletins.actions import stop_all, stop_following, stop_topic, subscribe_to_topic
from marstraining.bulletins.queries import my_subscriptions
from marstraining.conversation.queries import feedback
from marstraining.conversation.queries.cards import checked_card
from marstraining.conversation.queries.own import own_booking
from marstraining.conversation.queries.showing import gone_reply
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import Reply
from marstraining.conversation.rules.state import Deed, Scene, State
from marstraining.core.errors import NotFound, Refused
from marstraining.core.metrics import count_booking
from marstraining.evaluation.actions import Sent, answer_by_buttons

_BOOKED_WORDS = {BookingState.CONFIRMED: "booked", BookingState.WAITING: "waiting", BookingState.REQUESTED: "requested"}


async def do(deed: str, state: State, asker: Asker, *, subject: str = "") -> State:
    """Do what the state's card asks, or what `subject` names, inside the caller's transaction; the state that says what came of it.

    Refused as the verb refuses. Done twice it is done once, since each verb is so (booking.md, Booking 1).
    """
    match deed:
        case Deed.BOOK | Deed.JOIN | Deed.MOVE:
            return await _book(deed, state, asker)
        case Deed.CANCEL:
            return await _cancel(state, asker)
        case Deed.ACCEPT:
            booking = await own_booking(state.booking, asker)
            await bookings.accept_offer(booking.id, by=asker.viewer, now=asker.now)
            return _done(state, outcome="accepted")
        case Deed.TURN_DOWN:
            booking = await own_booking(state.booking, asker)
            await bookings.turn_down_offer(booking.id, by=asker.viewer, now=asker.now)
            return _done(state, outcome="turned_down")
        case Deed.FOLLOW:
            made = await subscribe_to_topic(state.word, by=asker.viewer, now=asker.now)
            # What was asked stays, so that its button pressed again is answered by what was done.
            return state.to(Scene.FOLLOWING, deed=state.deed, word=state.word, outcome="followed" if made else "following_already")
        case Deed.UNFOLLOW:
            await _unfollow(subject, asker)
            return state.to(Scene.FOLLOWING, outcome="unfollowed")
        case Deed.UNFOLLOW_ALL:
            await stop_all(by=asker.viewer, now=asker.now)
            return state.to(Scene.FOLLOWING, outcome="unfollowed_all")
    raise NotFound


async def send_feedback(subject: str, asker: Asker) -> Reply:
    """Send what somebody pressed, by the survey's reference and the code of the answers; what came of it, said without keeping it."""
    ref, _, code = subject.partition(":")
    try:
        sent = await answer_by_buttons(ref, code, by=asker.viewer, now=asker.now)
    except NotFound:
        return gone_reply()
    except Refused as refusal:
        return feedback.refused_reply(refusal.message, ref)
    return await feedback.thanks_reply(asker, is_new=sent is Sent.TAKEN)


async def _book(deed: str, state: State, asker: Asker) -> State:
    card = await checked_card(state, asker)
    looked, agency, mode = card.looked, card.agency, card.mode
    given_up = await own_booking(state.booking, asker) if deed == Deed.MOVE else None
    order = BookPlace(
        session_id=looked.session.id,
        learner_id=looked.learner.id,
        agency_id=agency or None,
        mode=mode,
        instead_of=given_up.id if given_up else None,
        terms_version=TERMS_VERSION,
    )
    try:
        if deed == Deed.JOIN:
            booked: Booked = await bookings.join_list(order, by=asker.viewer, now=asker.now)
        else:
            booked = await bookings.book_place(order, by=asker.viewer, now=asker.now)
    except Refused as refusal:
        count_booking(refusal.code)
        raise
    outcome = (
        "there_already" if booked.was_there else "moved" if deed == Deed.MOVE else _BOOKED_WORDS.get(BookingState(booked.state), "booked")
    )
    count_booking(outcome)
    return _done(replace(state, booking=booked.ref), outcome=outcome)


async def _cancel(state: State, asker: Asker) -> State:
    booking = await own_booking(state.booking, asker)
    ended = await bookings.cancel_booking(booking.id, reason=state.reason, by=asker.viewer, now=asker.now)
    return _done(state, outcome="withdrawn" if ended == BookingState.WITHDRAWN else "cancelled")


async def _unfollow(word: str, asker: Asker) -> None:
    """Stop a topic by its slug or a course by its code."""
    mine = await my_subscriptions(asker.person_id or 0)
    course = next((one for one in mine.courses if one.code == word), None)
    if course is not None:
        await stop_following(course.course_id, by=asker.viewer, now=asker.now)
    else:
        await stop_topic(word, by=asker.viewer, now=asker.now)


def _done(state: State, *, outcome: str) -> State:
    # The card stays, so that its button pressed again is answered by what was done and not by doing it again.
    return state.to(Scene.DONE, deed=state.deed, booking=state.booking, ref=state.ref, outcome=outcome, card=state.card)
