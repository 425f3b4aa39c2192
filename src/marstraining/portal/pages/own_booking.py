"""One's own booking: what it is, and everything one may do with it; signed in, or by the link of a letter."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings import actions, forms
from marstraining.bookings.calendar import own_entries
from marstraining.bookings.letters import TOKEN_PURPOSE
from marstraining.bookings.queries import position_in_line
from marstraining.bookings.queries.asked import asked_of
from marstraining.bookings.queries.own import OwnBooking, booking_by_ref, kept_needs, needs_of, visible_booking, was_postponed
from marstraining.bookings.queries.roster import trainer_names
from marstraining.bookings.rules import CANCEL_REASONS, LIVE_STATES, STATE_WORDS, BookingState, Standby, past_words
from marstraining.core import clock, config
from marstraining.core.errors import NotFound, Refused, UnknownLink
from marstraining.core.icalendar_writer import download
from marstraining.core.tokens import derive_token, same
from marstraining.core.viewer import Viewer
from marstraining.core.web import ANYONE, NO_REFERRER, SIGNED_IN, Form, page, read_form, render, see_other, viewer_of
from marstraining.messages.queries import is_mail_late
from marstraining.portal.queries.came import came
from marstraining.programme.queries import training_days

DONE: dict[str, str | tuple[str, str]] = {
    "booked": ("Your place is booked", "We have sent you an email with the details and a calendar entry."),
    "waiting": ("You are on the waiting list", "We have sent you an email. If a place comes free for you, we email you at once."),
    "requested": ("Your booking waits for approval", "We have asked by email. You get an email as soon as there is an answer."),
    "accepted": ("Your place is booked", "You have taken the place. We have sent you an email with the details."),
    "turned_down": ("You have turned the place down", "It has been passed on. Thank you for telling us."),
    "cancelled": ("Your booking is cancelled", "We have sent you an email that takes it out of your calendar."),
    "withdrawn": ("You have left the waiting list", "We have sent you an email to confirm it."),
    "there": ("You have a booking already", "It is shown here. Nothing was changed."),
    "standby": "Your choice for short notice is saved.",
    "answered": "Thank you. If the place is yours, we email you at the end of the 4 working hours.",
    "coming": "Thank you for telling us that you are coming.",
    "needs": "What you need is saved.",
    "answers": "Your answers are saved.",
    "kept": "Thank you. Your place is kept.",
    "declined": ("You have said no", "The place is passed on, and whoever invited you is told."),
}

_COLOURS: dict[str, str] = {BookingState.CONFIRMED: "green", BookingState.WAITING: "yellow", BookingState.OFFERED: "orange"}


async def own(request: Request) -> Response:
    """The booking's page."""
    booking = await _visible(request)
    return await _booking_page(request, booking, root=f"/bookings/{booking.ref}", is_by_link=False)


async def by_link(request: Request) -> Response:
    """The same by the link of a letter: without the access needs, and without signing anybody in."""
    booking = await _by_link(request)
    return await _booking_page(request, booking, root=request.url.path.removesuffix("/"), is_by_link=True)


async def _booking_page(request: Request, booking: OwnBooking, *, root: str, is_by_link: bool, form: Form | None = None) -> Response:
    now = clock.now()
    # What a learner needs the desk reads on a page that asks why and keeps that (security.md 4); here it is theirs alone.
    is_own = not is_by_link and booking.learner_id == viewer_of(request).person_id
    is_postponed = booking.begins_at is None
    is_past = not is_postponed and now >= booking.ends_at
    is_near = not is_postponed and now >= actions.joining_time(booking.starts_at)
    return render(
        request,
        "portal/booking.html",
        headers=NO_REFERRER if is_by_link else None,
        booking=booking,
        days=await training_days(booking.session_id),
        root=root,
        is_by_link=is_by_link,
        tag=await _tag(booking, is_past=is_past, is_by_link=is_by_link),
        is_past=is_past,
        is_live=booking.state in LIVE_STATES and not is_past,
        can_cancel=booking.state in LIVE_STATES and (is_postponed or now < booking.starts_at),
        position=await position_in_line(booking.id) if booking.state == BookingState.WAITING else None,
        shows_joining=booking.state == BookingState.CONFIRMED and is_near and now < booking.ends_at,
        invitation_stands=booking.state == BookingState.INVITED and booking.answer_by is not None and now <= booking.answer_by,
        offer_stands=booking.state == BookingState.OFFERED and booking.offer_expires_at is not None and now <= booking.offer_expires_at,
        is_asked=booking.state == BookingState.WAITING and booking.standby_asked_at is not None and booking.standby_answered_at is None,
        asks_to_keep=await was_postponed(booking.id),
        trainers=await trainer_names(booking.session_id) if booking.state == BookingState.CONFIRMED else [],
        standby=forms.STANDBY,
        standby_hints=forms.STANDBY_HINTS,
        is_own=is_own,
        needs=await needs_of(booking.id) if is_own else None,
        answered=(await asked_of(booking.id)).answered if is_own else [],
        form=form or Form.of(standby=booking.standby),
        is_late="done" in request.query_params and await is_mail_late(),
        done=DONE,
    )


async def _tag(booking: OwnBooking, *, is_past: bool, is_by_link: bool) -> tuple[str, str]:
    """How the booking stands and its colour; of a session that is over what became of it, as My training says it.

    Whether somebody came is not told by a letter's link, which may have been passed on.
    """
    if is_past:
        is_asked = booking.state == BookingState.CONFIRMED and not is_by_link
        said = await came(booking.learner_id, ref=booking.ref) if is_asked else {}
        return said.get(booking.ref) or (past_words(booking.state), "grey")
    return STATE_WORDS[BookingState(booking.state)], _COLOURS.get(booking.state, "grey")


async def cancel(request: Request) -> Response:
    """Ask before cancelling; late, with a reason."""
    booking, root, is_by_link = await _either(request)
    now = clock.now()
    is_late = booking.state == BookingState.CONFIRMED and actions.is_late_now(booking, now=now)
    form = Form.of()
    if request.method == "POST":
        form = await read_form(request)
        reason = forms.read_reason(form, is_late=is_late)
        if not form.errors:
            try:
                state = await actions.cancel_booking(booking.id, reason=reason, by=_acting(request, booking), now=now)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"{root}?done={'withdrawn' if state == BookingState.WITHDRAWN else 'cancelled'}")
    return render(
        request,
        "portal/booking_cancel.html",
        headers=NO_REFERRER if is_by_link else None,
        booking=booking,
        position=await position_in_line(booking.id) if booking.state == BookingState.WAITING else None,
        root=root,
        is_late=is_late,
        reasons=CANCEL_REASONS,
        form=form,
    )


Act = Callable[[OwnBooking, Form, Viewer, datetime], Awaitable[str]]


async def _accept(booking: OwnBooking, form: Form, by: Viewer, now: datetime) -> str:
    other = await visible_booking(form.ref("instead_of"), viewer=by) if form.get("instead_of") else None
    if form.get("instead_of") and (other is None or other.learner_id != booking.learner_id):
        raise NotFound
    await actions.accept_offer(booking.id, instead_of=other.id if other else None, by=by, now=now)
    return "accepted"


async def _turn_down(booking: OwnBooking, _form: Form, by: Viewer, now: datetime) -> str:
    await actions.turn_down_offer(booking.id, by=by, now=now)
    return "turned_down"


async def _answer_standby(booking: OwnBooking, _form: Form, by: Viewer, now: datetime) -> str:
    state = await actions.answer_standby(booking.id, by=by, now=now)
    return "accepted" if state == BookingState.CONFIRMED else "answered"


async def _choose_standby(booking: OwnBooking, form: Form, by: Viewer, now: datetime) -> str:
    chosen = form.choice("standby", "what happens at short notice", forms.STANDBY)
    if chosen:
        await actions.choose_standby(booking.id, standby=Standby(chosen), by=by, now=now)
    return "standby"


async def _say_coming(booking: OwnBooking, _form: Form, by: Viewer, now: datetime) -> str:
    await actions.say_coming(booking.id, by=by, now=now)
    return "coming"


async def _keep(booking: OwnBooking, _form: Form, by: Viewer, now: datetime) -> str:
    await actions.keep_place(booking.id, by=by, now=now)
    return "kept"


async def _confirm(booking: OwnBooking, _form: Form, by: Viewer, now: datetime) -> str:
    await actions.confirm_invitation(booking.id, by=by, now=now)
    return "accepted"


async def _decline(booking: OwnBooking, _form: Form, by: Viewer, now: datetime) -> str:
    await actions.decline_invitation(booking.id, by=by, now=now)
    return "declined"


def _verb(act: Act) -> Callable[[Request], Awaitable[Response]]:
    """A button of the booking's page: act, then back to the page; a refusal is said there."""

    async def handler(request: Request) -> Response:
        booking, root, is_by_link = await _either(request)
        form = await read_form(request)
        try:
            done = await act(booking, form, _acting(request, booking), clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        if form.errors:
            return await _booking_page(request, booking, root=root, is_by_link=is_by_link, form=form)
        return see_other(f"{root}?done={done}")

    return handler


async def needs(request: Request) -> Response:
    """Access and dietary needs of one's own booking; asked only after signing in."""
    booking = await _visible(request)
    viewer = viewer_of(request)
    if booking.learner_id != viewer.person_id or booking.state not in LIVE_STATES:
        raise NotFound
    stored = await needs_of(booking.id)
    kept = await kept_needs(booking.learner_id)
    shown = stored or kept
    # What somebody told while there was food to come stays theirs to change.
    asks_diet = booking.has_catering or bool(stored and stored.dietary)
    form = Form.of(access=shown.access if shown else "", dietary=shown.dietary if shown else "", keep=kept is not None)
    if request.method == "POST":
        form = await read_form(request)
        access = form.text("access", "your access needs", required=False, max=1000, multiline=True)
        dietary = form.text("dietary", "your dietary needs", required=False, max=1000, multiline=True) if asks_diet else None
        if not form.errors:
            keeps = form.checkbox("keep") or (None if kept is None else False)
            await actions.tell_needs(booking.id, access=access, dietary=dietary, keeps=keeps, by=viewer, now=clock.now())
            return see_other(f"/bookings/{booking.ref}?done=needs")
    return render(request, "portal/booking_needs.html", booking=booking, asks_diet=asks_diet, form=form)


async def booking_ics(request: Request) -> Response:
    """One's own entries of this booking, to open once."""
    booking = await _visible(request)
    entries = await own_entries(booking.learner_id, booking_id=booking.id, now=clock.now())
    return Response(
        download(entries),
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{booking.course_code.lower()}-{booking.session_ref}.ics"'},
    )


async def _visible(request: Request) -> OwnBooking:
    booking = await visible_booking(request.path_params["ref"], viewer=viewer_of(request))
    if booking is None:
        raise NotFound
    return booking


async def _by_link(request: Request) -> OwnBooking:
    """The booking whose letter's link this is; a wrong token is as unknown as a wrong reference."""
    booking = await booking_by_ref(request.path_params["ref"])
    if booking is None:
        raise UnknownLink
    token = derive_token(config.current().secret_key, TOKEN_PURPOSE, booking.id, booking.nonce)
    if not same(token, request.path_params["token"]):
        raise UnknownLink
    return booking


async def _either(request: Request) -> tuple[OwnBooking, str, bool]:
    if "token" in request.path_params:
        booking = await _by_link(request)
        return booking, f"/b/{booking.ref}/{request.path_params['token']}", True
    booking = await _visible(request)
    return booking, f"/bookings/{booking.ref}", False


def _acting(request: Request, booking: OwnBooking) -> Viewer:
    """Who acts: the person signed in, or by a letter's link the learner it was sent to."""
    return Viewer(person_id=booking.learner_id) if "token" in request.path_params else viewer_of(request)


_BUTTONS = {
    "accept": _accept,
    "turn-down": _turn_down,
    "answer": _answer_standby,
    "standby": _choose_standby,
    "coming": _say_coming,
    "keep": _keep,
    "confirm": _confirm,
    "decline": _decline,
}

routes = [
    page("/bookings/{ref}", own, who=SIGNED_IN),
    page("/bookings/{ref}/calendar.ics", booking_ics, who=SIGNED_IN),
    page("/bookings/{ref}/cancel", cancel, who=SIGNED_IN, methods=("GET", "POST")),
    page("/bookings/{ref}/needs", needs, who=SIGNED_IN, methods=("GET", "POST")),
    *(page(f"/bookings/{{ref}}/{word}", _verb(act), who=SIGNED_IN, methods=("POST",)) for word, act in _BUTTONS.items()),
    page("/b/{ref}/{token}", by_link, who=ANYONE),
    page("/b/{ref}/{token}/cancel", cancel, who=ANYONE, methods=("GET", "POST")),
    *(page(f"/b/{{ref}}/{{token}}/{word}", _verb(act), who=ANYONE, methods=("POST",)) for word, act in _BUTTONS.items()),
]
