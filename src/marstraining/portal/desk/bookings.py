"""Booking for somebody, and one booking of a session: moving, cancelling, offering, its place in the line."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings import actions
from marstraining.bookings.forms import MODES
from marstraining.bookings.queries import conflicts, posts_of
from marstraining.bookings.queries.asked import asked_of
from marstraining.bookings.rules import CANCEL_REASONS, LIVE_STATES, BookingState, BookPlace, Conflict, ConflictKind, Mode
from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.core.web.dates import day
from marstraining.people.queries import agency_choices
from marstraining.people.rules import JOB_ROLES
from marstraining.portal.desk.workspace import DONE, PRIORITY_WORDS, WHO_RUNS_SESSIONS, WORDS, load, workspace_page
from marstraining.portal.queries.history import transitions_of
from marstraining.portal.queries.workspace import DeskSession, booking_line, found_people, other_dates, person_to_book
from marstraining.programme.rules import Delivery, SessionState

_LONGEST_NEED = 1000


async def find(request: Request) -> Response:
    """Find the person to book for, by name or address."""
    session, viewer = await load(request), viewer_of(request)
    words = " ".join(request.query_params.get("q", "").split())[:100]
    people = await found_people(words, session.id, viewer=viewer, on=clock.today()) if words else []
    return render(request, "portal_desk/find.html", session=session, words=words, people=people, state_words=WORDS["state"])


async def book(request: Request) -> Response:
    """Book for a person who is known, or put them on the list."""
    session, viewer = await load(request), viewer_of(request)
    person = await person_to_book(request.path_params["person"], viewer=viewer, on=clock.today())
    posts = {
        str(post.agency_id): f"{post.agency_name}, {JOB_ROLES.get(post.job_role, '')}"
        for post in await posts_of(person["id"], on=clock.today())
    }
    form = Form.of(agency=next(iter(posts), ""))
    if request.method == "POST":
        form = await read_form(request)
        order = _read_order(form, session, learner_id=person["id"])
        chosen = form.choice("agency", "the organisation they come from", posts) if len(posts) > 1 else ""
        if not form.errors:
            joins = form.get("what") == "list"
            order = replace(order, agency_id=int(chosen) if chosen else None)
            try:
                booked = await actions.book_for(order, joins_list=joins, by=viewer, now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return _booked(session, booked)
    found = await conflicts(session.id, person["id"], course_id=session.course_id, kind=session.kind, now=clock.now())
    return render(
        request,
        "portal_desk/book.html",
        session=session,
        person=person,
        posts=posts,
        warnings=[_warning(conflict) for conflict in found],
        modes=_modes(session),
        is_full=_is_full(session, form),
        form=form,
    )


async def book_new(request: Request) -> Response:
    """Book for somebody who is not known yet."""
    session, viewer = await load(request), viewer_of(request)
    agencies = {str(one.id): one.name for one in await agency_choices()}
    form = Form.of(name=request.query_params.get("name", "")[:200])
    if request.method == "POST":
        form = await read_form(request)
        order = _read_order(form, session, learner_id=0)
        new = _read_new(form, agencies)
        if not form.errors:
            joins = form.get("what") == "list"
            try:
                booked = await actions.book_newcomer(new, order, joins_list=joins, by=viewer, now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return _booked(session, booked)
    return render(
        request,
        "portal_desk/book_new.html",
        session=session,
        agencies=agencies,
        job_roles=JOB_ROLES,
        modes=_modes(session),
        is_full=_is_full(session, form),
        form=form,
    )


def _read_new(form: Form, agencies: dict[str, str]) -> actions.NewLearner:
    name = form.text("name", "their full name")
    email = form.email("email", "their email address", required=False)
    agency = form.choice("agency", "their organisation", agencies, required=False)
    job_role = form.choice("job_role", "their role", JOB_ROLES, required=bool(agency))
    shared = form.checkbox("shared")
    if not email and not agency:
        form.fail("email", "Enter their email address, or select the organisation whose contact gets their emails")
    return actions.NewLearner(name, email, int(agency) if agency else None, job_role, allows_shared=shared)


def _read_order(form: Form, session: DeskSession, *, learner_id: int) -> BookPlace:
    mode = form.choice("mode", "how they will attend", MODES) if session.delivery == Delivery.HYBRID else ""
    access = form.text("access", "their access needs", required=False, max=_LONGEST_NEED, multiline=True)
    dietary = form.text("dietary", "their dietary needs", required=False, max=_LONGEST_NEED, multiline=True) if session.has_catering else ""
    return BookPlace(session_id=session.id, learner_id=learner_id, mode=mode, access_needs=access, dietary_needs=dietary)


def _modes(session: DeskSession) -> Mapping[Mode, str]:
    """The ways to attend, where there is a choice."""
    return MODES if session.delivery == Delivery.HYBRID else {}


def _is_full(session: DeskSession, form: Form | None = None) -> bool:
    """Whether no place is free, or none in the way of attending that was just refused."""
    code = form.refusal.code if form and form.refusal else ""
    return code == "full" or (code != "has_places" and session.limits[0].free == 0)


def _booked(session: DeskSession, booked: actions.Booked) -> Response:
    word = "already" if booked.was_there else "booked" if booked.state == BookingState.CONFIRMED else "waiting"
    return see_other(f"/desk/sessions/{session.ref}?done={word}")


def _warning(conflict: Conflict) -> str:
    when = day(conflict.starts_at)
    if conflict.kind == ConflictKind.SAME_COURSE:
        return f"They are already booked on another date of this course: {when}."
    how = "are on the waiting list for" if conflict.is_waiting else "are booked on"
    return f"They {how} “{conflict.title}” on {when}, at the same time."


async def booking(request: Request) -> Response:
    """One booking, with what can be done about it."""
    session = await load(request)
    return await _booking_page(request, session, await _line(request, session))


async def _booking_page(request: Request, session: DeskSession, line: dict[str, Any], *, form: Form | None = None) -> Response:
    now = clock.now()
    is_live = line["state"] in LIVE_STATES and (now < session.starts_at or session.state == SessionState.POSTPONED)
    return render(
        request,
        "portal_desk/booking.html",
        session=session,
        line=line,
        is_live=is_live,
        can_offer=not _is_full(session) and session.state == SessionState.PUBLISHED,
        is_waiting=line["state"] == BookingState.WAITING,
        dates=await other_dates(session, viewer=viewer_of(request), now=now) if is_live else [],
        modes=MODES,
        priorities=PRIORITY_WORDS,
        changes=await transitions_of(line["id"]),
        answered=(await asked_of(line["id"])).answered,
        words=WORDS,
        form=form or Form.of(priority=line["priority"], mode=line["mode"]),
        done=DONE,
    )


async def cancel(request: Request) -> Response:
    """Ask before cancelling for somebody."""
    session = await load(request)
    line = await _line(request, session)
    form = Form.of()
    if request.method == "POST":
        form = await read_form(request)
        reason = form.choice("reason", "a reason from the list", CANCEL_REASONS, required=False)
        if not form.errors:
            try:
                state = await actions.cancel_booking(line["id"], reason=reason, by_desk=True, by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                word = "withdrawn" if state == BookingState.WITHDRAWN else "cancelled"
                return see_other(f"/desk/sessions/{session.ref}?done={word}")
    return render(request, "portal_desk/cancel.html", session=session, line=line, reasons=CANCEL_REASONS, words=WORDS, form=form)


async def move(request: Request) -> Response:
    """Move somebody to another date of the same course."""
    session, viewer = await load(request), viewer_of(request)
    line = await _line(request, session)
    form = await read_form(request)
    dates = {one.ref: one for one in await other_dates(session, viewer=viewer, now=clock.now())}
    chosen = form.choice("session", "the date to move to", dates)
    target = dates.get(chosen)
    mode = form.choice("mode", "how they will attend", MODES) if target and target.delivery == Delivery.HYBRID else ""
    if target and not form.errors:
        try:
            await actions.move_booking(line["id"], to_session_id=target.id, mode=mode, by=viewer, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other(f"/desk/sessions/{target.ref}?done=moved-booking")
    return await _booking_page(request, session, line, form=form)


async def offer(request: Request) -> Response:
    """Offer a place to somebody out of turn."""

    async def act(line: dict[str, Any], _form: Form) -> None:
        if line["state"] != BookingState.OFFERED:
            await actions.offer_now(line["id"], by=viewer_of(request), now=clock.now())

    return await _button(request, act, done="offered")


async def priority(request: Request) -> Response:
    """Put somebody elsewhere in the line."""

    async def act(line: dict[str, Any], form: Form) -> None:
        number = form.choice("priority", "where in the line", [str(one) for one in PRIORITY_WORDS])
        if number:
            await actions.set_priority(line["id"], priority=int(number), by=viewer_of(request), now=clock.now())

    return await _button(request, act, done="priority")


Act = Callable[[dict[str, Any], Form], Awaitable[None]]


async def _button(request: Request, act: Act, *, done: str) -> Response:
    """A button about one booking: act, then back to the session; a refusal is said there."""
    session = await load(request)
    line = await _line(request, session)
    form = await read_form(request)
    try:
        await act(line, form)
    except Refused as refusal:
        form.refuse(refusal)
    if form.errors:
        return await workspace_page(request, await load(request), form=form)
    return see_other(f"/desk/sessions/{session.ref}?done={done}#waiting")


async def _line(request: Request, session: DeskSession) -> dict[str, Any]:
    return await booking_line(session.id, request.path_params["booking"])


_ROOT = "/desk/sessions/{ref}"
routes = [
    page(f"{_ROOT}/book", find, who=WHO_RUNS_SESSIONS),
    page(f"{_ROOT}/book/new", book_new, who=WHO_RUNS_SESSIONS, methods=("GET", "POST")),
    page(f"{_ROOT}/book/{{person}}", book, who=WHO_RUNS_SESSIONS, methods=("GET", "POST")),
    page(f"{_ROOT}/bookings/{{booking}}", booking, who=WHO_RUNS_SESSIONS),
    page(f"{_ROOT}/bookings/{{booking}}/cancel", cancel, who=WHO_RUNS_SESSIONS, methods=("GET", "POST")),
    page(f"{_ROOT}/bookings/{{booking}}/move", move, who=WHO_RUNS_SESSIONS, methods=("POST",)),
    page(f"{_ROOT}/bookings/{{booking}}/offer", offer, who=WHO_RUNS_SESSIONS, methods=("POST",)),
    page(f"{_ROOT}/bookings/{{booking}}/priority", priority, who=WHO_RUNS_SESSIONS, methods=("POST",)),
]
