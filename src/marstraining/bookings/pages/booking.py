"""Booking from a session's page: for somebody signed in, and for a newcomer by way of a letter."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings import actions, forms
from marstraining.bookings.actions import Finished, Proof, WishRow
from marstraining.bookings.actions.newcomers import LASTS as WISH_LASTS
from marstraining.bookings.queries import Looked, Places, conflicts, look, places, posts_of
from marstraining.bookings.queries.own import kept_needs, visible_booking
from marstraining.bookings.rules import BookingState, BookPlace, Situation, check_bookable, check_open, warnings_of
from marstraining.core import clock
from marstraining.core.at_once import read_once
from marstraining.core.errors import NotFound, Refused
from marstraining.core.metrics import count_booking
from marstraining.core.viewer import ANYBODY, Viewer
from marstraining.core.web import ANYONE, NO_REFERRER, Form, page, read_form, render, see_other, viewer_of
from marstraining.messages.queries import is_mail_late
from marstraining.people.browsers import browser_of, challenge_of, forget_challenge, network_of, put_challenge, remember_browser
from marstraining.people.queries import agency_choices, person_id_of
from marstraining.people.rules import JOB_ROLE_CHOICES, masked
from marstraining.programme.queries import SessionFacts, session_facts
from marstraining.programme.rules import Delivery

_DONE_WORDS: Mapping[str, str] = {BookingState.WAITING: "waiting", BookingState.REQUESTED: "requested"}
# What a refusal says about the places that are left to a learner: none, or some after all.
_BY_CODE: Mapping[str, bool] = {"full": True, "capped": True, "has_places": False}
_TYPED = ("agency", "mode", "standby", "access", "dietary", "keep", "kept", "mobile", "manager_agrees", "manager_name", "manager_email")


async def book(request: Request) -> Response:
    """Book a place, or join the list of a full session."""
    viewer, ref, now = viewer_of(request), request.path_params["ref"], clock.now()
    if viewer.person_id is None:
        return await _newcomer(request, await session_facts(ref, viewer=viewer, now=now))
    looked = await look(ref, viewer.person_id, to_book=request.method == "POST", now=now)
    if looked is None:
        raise NotFound
    if not looked.is_open_secret:
        await session_facts(ref, viewer=viewer, now=now)
    if looked.existing:
        return see_other(f"/bookings/{looked.existing.ref}?done=there")
    try:
        check_bookable(looked.situation, now=now)
    except Refused as refusal:
        return _cannot_book(request, refusal, title=looked.session.title, course=(looked.session.course_code, looked.session.course_title))
    if request.method != "POST":
        return await _form_page(request, looked, await _form_with_kept(looked))
    form = await read_form(request)
    joins = form.get("do") == "join"
    order = forms.read_order(form, looked=looked, joins=joins)
    if not form.errors:
        try:
            order = await _with_swap(order, form, viewer)
            verb = actions.join_list if joins else actions.book_place
            booked = await verb(order, looked=looked, by=viewer, now=now)
        except Refused as refusal:
            count_booking(refusal.code)
            form.refuse(refusal)
        else:
            done = _DONE_WORDS.get(booked.state, "booked")
            count_booking("there_already" if booked.was_there else done)
            return see_other(f"/bookings/{booked.ref}?done={'' if booked.was_there else done}".removesuffix("?done="))
    return await _form_page(request, looked, form)


def _cannot_book(request: Request, refusal: Refused, *, title: str, course: tuple[str, str]) -> Response:
    """Why nobody, or not this learner, can book the session, and what to do instead; there is no form to fill in in vain."""
    return render(
        request,
        "bookings/cannot_book.html",
        status=409 if request.method == "POST" else 200,
        refusal=refusal,
        title=title,
        course=course,
        ref=request.path_params["ref"],
    )


async def _form_with_kept(looked: Looked) -> Form:
    """The form with what the learner chose to keep for next time already typed."""
    kept = await kept_needs(looked.learner.id)
    return Form.of(access=kept.access, dietary=kept.dietary, keep=True, kept="yes") if kept else Form.of()


async def _with_swap(order: BookPlace, form: Form, viewer: Viewer) -> BookPlace:
    """The order, giving up the learner's own booking that the page named as clashing."""
    if not form.get("instead_of"):
        return order
    other = await visible_booking(form.ref("instead_of"), viewer=viewer)
    if other is None or other.learner_id != viewer.person_id:
        raise NotFound
    return replace(order, instead_of=other.id)


async def _form_page(request: Request, looked: Looked, form: Form) -> Response:
    now = clock.now()
    if looked.is_open_secret:
        # What everybody may see is the same for the two hundred who were refused at this moment.
        facts, left = await read_once(("session to book", looked.session.ref), partial(_session_now, looked.session.ref, viewer=ANYBODY))
    else:
        facts, left = await _session_now(looked.session.ref, viewer=viewer_of(request))
    found = await conflicts(facts.id, looked.learner.id, course_id=looked.session.course_id, kind=looked.session.kind, now=now)
    lack = await _lack_of_places(looked, form, now=now)
    if lack and not facts.is_list_open and not form.errors:
        return _cannot_book(request, lack, title=facts.title, course=(facts.course.code, facts.course.title))
    is_full = lack is not None and facts.is_list_open
    return render(
        request,
        "bookings/book.html",
        session=facts,
        places=left,
        lack=lack,
        is_full=is_full,
        has_other_place=is_full and any(_chosen(looked, form).values()) and await actions.why_no_place(looked, now=now) is None,
        learner=looked.learner,
        posts={str(post.agency_id): post.agency_name for post in looked.learner.posts},
        warnings=warnings_of(found, joins_list=is_full),
        modes=forms.MODES,
        standby=forms.STANDBY,
        standby_hints=forms.STANDBY_HINTS,
        form=form,
        questions=looked.session.questions,
        typed=[(name, form.get(name)) for name in (*_TYPED, *(f"q-{one.key}" for one in looked.session.questions)) if form.get(name)],
    )


async def _session_now(ref: str, *, viewer: Viewer) -> tuple[SessionFacts, Places | None]:
    now = clock.now()
    facts = await session_facts(ref, viewer=viewer, now=now)
    return facts, (await places([facts.id], now=now)).get(facts.id)


async def _lack_of_places(looked: Looked, form: Form, *, now: datetime) -> Refused | None:
    """Why only the list is left to this learner for what they chose: the refusal just met, or else the one that booking would meet."""
    said = _said_by(form.refusal)
    if said is not None:
        return form.refusal if said else None
    return await actions.why_no_place(looked, **_chosen(looked, form), now=now)


def _chosen(looked: Looked, form: Form) -> dict[str, Any]:
    """The organisation and the way of attending in the form, as far as it holds ones that there are."""
    mode = form.get("mode") if looked.session.delivery == Delivery.HYBRID and form.get("mode") in forms.MODES else ""
    agencies = {str(post.agency_id): post.agency_id for post in looked.learner.posts}
    return {"agency_id": agencies.get(form.get("agency")), "mode": mode}


def _said_by(refusal: Refused | None) -> bool | None:
    """Whether a refusal says that only the list is left; None where it is about something else."""
    return _BY_CODE.get(refusal.code) if refusal else None


async def _newcomer(request: Request, facts: SessionFacts) -> Response:
    try:
        check_open(_seen_by_anyone(facts), now=clock.now())
    except Refused as refusal:
        return _cannot_book(request, refusal, title=facts.title, course=(facts.course.code, facts.course.title))
    form = await read_form(request) if request.method == "POST" else Form.of()
    # Those that the typed address points to by its domain stand first.
    agencies = {str(choice.id): choice.name for choice in await agency_choices(form.get("email"))}
    if request.method != "POST":
        return _newcomer_page(request, facts, form, agencies)
    wish = forms.read_wish(form, session=facts, session_id=facts.id, agencies=agencies)
    if not form.errors:
        try:
            cookie = await actions.ask_to_book(
                wish, network=network_of(request), cookie_token=challenge_of(request, actions.BOOKING), now=clock.now()
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            response = see_other(f"/sessions/{facts.ref}/book/sent")
            put_challenge(response, actions.BOOKING, cookie, lasts=WISH_LASTS)
            return response
    return _newcomer_page(request, facts, form, agencies)


def _seen_by_anyone(facts: SessionFacts) -> Situation:
    """The session as the rules of booking see it before anybody is known."""
    return Situation(
        ref=facts.ref,
        title=facts.title,
        course_title=facts.course.title,
        kind=facts.course.kind,
        state=facts.state,
        access=facts.access,
        audience_codes=facts.audience_codes,
        learner_audiences=frozenset(),
        is_invited=False,
        starts_at=facts.starts_at,
        opens_at=facts.opens_at,
        closes_at=facts.closes_at,
        external_url=facts.external_url,
        is_headcount_only=facts.is_headcount_only,
    )


def _newcomer_page(request: Request, facts: SessionFacts, form: Form, agencies: dict[str, str]) -> Response:
    return render(
        request,
        "bookings/newcomer.html",
        session=facts,
        form=form,
        agency_choices={
            forms.NOT_LISTED: "My organisation is not listed",
            **forms.on_their_own(facts),
            **agencies,
        },
        job_roles=JOB_ROLE_CHOICES,
        modes=forms.MODES,
    )


async def sent(request: Request) -> Response:
    """The page that waits for a newcomer's letter, the same whoever has an account: its code may be typed here."""
    ref, cookie, now = request.path_params["ref"], challenge_of(request, actions.BOOKING), clock.now()
    wish = await actions.asked_wish(ref, cookie_token=cookie, now=now)
    if wish is None or wish.is_used or wish.has_run_out:
        return see_other(f"/sessions/{ref}/book")
    if request.method == "POST":
        return await _finish(request, wish, Proof(cookie_token=cookie), needs_code=True)
    facts = await session_facts(ref, viewer=viewer_of(request), now=now)
    return render(
        request,
        "bookings/sent.html",
        headers=NO_REFERRER,
        session=facts,
        form=Form.of(),
        masked=masked(wish.email),
        is_late=await is_mail_late(),
    )


async def finish(request: Request) -> Response:
    """The page behind the letter's link: looking changes nothing, its button signs in and books.

    In another browser than the one that asked it needs the letter's code too, so that a scanner which presses the button gains
    nothing. Whoever has signed in meanwhile is led to the session's own page of booking.
    """
    token, cookie = request.path_params["token"], challenge_of(request, actions.BOOKING)
    wish = await actions.wish_of(token, cookie_token=cookie, now=clock.now())
    if wish is None:
        return render(request, "bookings/link_over.html", status=404, headers=NO_REFERRER, wish=None)
    viewer = viewer_of(request)
    if viewer.is_signed_in and await person_id_of(wish.email) == viewer.person_id:
        return see_other(f"/sessions/{wish.session_ref}/book")
    if wish.is_used or wish.has_run_out:
        return render(request, "bookings/link_over.html", status=410, headers=NO_REFERRER, wish=wish)
    return await _finish(request, wish, Proof(token=token, cookie_token=cookie), needs_code=not wish.is_of_this_browser)


async def _finish(request: Request, wish: WishRow, proof: Proof, *, needs_code: bool) -> Response:
    form, now, posts = Form.of(), clock.now(), {}
    facts = await session_facts(wish.session_ref, viewer=ANYBODY, now=now)
    if request.method == "POST":
        form = await read_form(request)
        declared = forms.read_declaration(
            form, needs_manager=facts.course.needs_manager_agreement, needs_approval=facts.course.needs_approval
        )
        proof = replace(proof, code=form.text("code", "the code from the email") if needs_code and wish.has_code else "")
        if not form.errors and (proof.code or not needs_code):
            try:
                browser = browser_of(request, is_shared=form.checkbox("shared"))
                finished = await actions.finish_booking(
                    proof, declared, agency_id=_number(form.get("agency")), joins_list=form.get("do") == "join", browser=browser, now=now
                )
            except Refused as refusal:
                count_booking(refusal.code)
                form.refuse(refusal)
                posts = await _posts(wish.email) if refusal.code == "agency" else {}
            else:
                return _finished(finished)
    left = (await places([facts.id], now=now)).get(facts.id)
    said = _said_by(form.refusal)
    return render(
        request,
        "bookings/finish.html",
        headers=NO_REFERRER,
        needs_code=needs_code,
        has_code=wish.has_code,
        posts=posts,
        session=facts,
        form=form,
        is_full=said if said is not None else left is not None and left.is_full,
    )


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 9 else None


async def _posts(email: str) -> dict[str, str]:
    """The organisations of an address's owner; to be shown to who has proved that they read its mail."""
    person_id = await person_id_of(email)
    posts = await posts_of(person_id, on=clock.today()) if person_id else ()
    return {str(post.agency_id): post.agency_name for post in posts}


def _finished(finished: Finished) -> Response:
    done = _DONE_WORDS.get(finished.booked.state, "booked")
    count_booking(done)
    answer = see_other(f"/bookings/{finished.booked.ref}?done={done}")
    remember_browser(answer, finished.sign_in)
    forget_challenge(answer, actions.BOOKING)
    return answer


async def lost_link(request: Request) -> Response:
    """For who lost their link: the answer is the same whether or not the address has a booking."""
    facts = await session_facts(request.path_params["ref"], viewer=viewer_of(request), now=clock.now())
    form = Form.of()
    if request.method == "POST":
        form = await read_form(request)
        email = form.email("email", "the email address you booked with")
        if not form.errors:
            try:
                await actions.resend_joining(facts.id, email, network=network_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/sessions/{facts.ref}/lost-link?done=sent")
    return render(
        request,
        "bookings/lost_link.html",
        session=facts,
        form=form,
        done={"sent": "If that address has a place on this session, we have sent its joining instructions again."},
    )


routes = [
    page("/sessions/{ref}/book", book, who=ANYONE, methods=("GET", "POST")),
    page("/sessions/{ref}/book/sent", sent, who=ANYONE, methods=("GET", "POST")),
    page("/sessions/{ref}/lost-link", lost_link, who=ANYONE, methods=("GET", "POST")),
    page("/book/l/{token}", finish, who=ANYONE, methods=("GET", "POST")),
]
