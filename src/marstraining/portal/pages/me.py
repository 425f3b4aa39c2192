"""My training: what is offered, coming, waited for and past, and what one is asked to train."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.queries.own import ListedBooking, own_bookings, positions_in_lines
from marstraining.bookings.rules import LIVE_STATES, STATE_WORDS, BookingState, past_words
from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.viewer import Role
from marstraining.core.web import SIGNED_IN, page, read_form, render, see_other, viewer_of
from marstraining.portal.queries.came import came, register_tags
from marstraining.programme.actions import answer_as_trainer
from marstraining.programme.queries import TaughtRow, session_facts, taught_sessions
from marstraining.programme.rules import SessionState, TrainerState

_COLOURS = {
    BookingState.CONFIRMED: "green",
    BookingState.WAITING: "yellow",
    BookingState.OFFERED: "orange",
    BookingState.REQUESTED: "blue",
    BookingState.INVITED: "orange",
}
_OFF_WORDS = {
    SessionState.DRAFT: ("Not published yet", "grey"),
    SessionState.POSTPONED: ("Postponed: new date to follow", "orange"),
    SessionState.CALLED_OFF: ("Called off", "red"),
}
DONE: dict[str, str | tuple[str, str]] = {
    "accepted": "Thank you. You train this session.",
    "declined": "Thank you for telling us. The training team will ask somebody else.",
    "signed-in": "You are signed in.",
}


async def me(request: Request) -> Response:
    """One's own training, by one statement, and one more each for places in line, for what is past, and two for trainers."""
    viewer = viewer_of(request)
    if viewer.person_id is None:
        raise NotFound
    now = clock.now()
    mine = await own_bookings(viewer.person_id)
    live = [booking for booking in mine if _is_live(booking, now)]
    waiting = [booking for booking in live if booking.state == BookingState.WAITING]
    taught: list[TaughtRow] = await taught_sessions(viewer.person_id, now=now) if viewer.has_any(Role.TRAINER, Role.CONTRIBUTOR) else []
    past = [booking for booking in mine if not _is_live(booking, now)]
    return render(
        request,
        "portal/me.html",
        offers=[booking for booking in live if _is_offer(booking)],
        coming=sorted((booking for booking in live if booking.state != BookingState.WAITING and not _is_offer(booking)), key=_by_date),
        waiting=sorted(waiting, key=_by_date),
        places=await positions_in_lines(viewer.person_id) if waiting else {},
        past=past,
        came=await came(viewer.person_id) if past else {},
        asked=[one for one in taught if _is_asked(one)],
        taught=[one for one in taught if not _is_asked(one)],
        off_words=_OFF_WORDS,
        registers=await register_tags(taught, now=now),
        words=STATE_WORDS,
        past_words=past_words,
        now=now,
        colours=_COLOURS,
        done=DONE,
    )


def _is_live(booking: ListedBooking, now: datetime) -> bool:
    return booking.state in LIVE_STATES and (booking.ends_at > now or booking.session_state == SessionState.POSTPONED)


def _is_offer(booking: ListedBooking) -> bool:
    return booking.state == BookingState.OFFERED


def _is_asked(one: TaughtRow) -> bool:
    return one.state == TrainerState.ASKED and one.session_state == SessionState.PUBLISHED


def _by_date(booking: ListedBooking) -> tuple[object, ...]:
    return booking.starts_at, booking.id


async def answer_training(request: Request) -> Response:
    """A trainer's yes or no to a session."""
    viewer = viewer_of(request)
    form = await read_form(request)
    facts = await session_facts(request.path_params["ref"], viewer=viewer, now=clock.now())
    is_yes = form.get("answer") == "yes"
    await answer_as_trainer(facts.id, is_accepted=is_yes, by=viewer, now=clock.now())
    return see_other(f"/me?done={'accepted' if is_yes else 'declined'}")


routes = [
    page("/me", me, who=SIGNED_IN),
    page("/me/teaching/{ref}", answer_training, who=SIGNED_IN, methods=("POST",)),
]
