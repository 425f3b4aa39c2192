"""A letter to the learners of a session in the desk's own words: written, looked at as it will read, then sent."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.actions import NotePreview, preview_note, write_to_learners
from marstraining.bookings.queries.roster import live_bookings
from marstraining.bookings.rules import NOTE_PLACEHOLDERS, BookingState, Note, NoteTo
from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.tokens import new_nonce
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.core.web.dates import plural
from marstraining.portal.desk.workspace import WHO_RUNS_SESSIONS, load
from marstraining.portal.queries.workspace import DeskSession

_START = "Dear {{name}},\n\n"


async def write(request: Request) -> Response:
    """Write, look, send: each its own step, and going back keeps every word."""
    session = await load(request)
    if request.method != "POST":
        return await _write_page(request, session, Form.of(text=_START, key=new_nonce()))
    form = await read_form(request)
    note = _read(form)
    if form.errors or form.get("step") == "edit":
        return await _write_page(request, session, form)
    try:
        if form.get("step") == "send":
            await write_to_learners(session.id, note, by=viewer_of(request), now=clock.now())
            return see_other(f"/desk/sessions/{session.ref}?done=sent")
        preview = await preview_note(session.id, note)
    except Refused as refusal:
        form.refuse(refusal)
        return await _write_page(request, session, form)
    return _preview_page(request, session, form, preview)


def _read(form: Form) -> Note:
    to = form.choice("to", "who the email is for", [str(one) for one in NoteTo])
    subject = form.text("subject", "the subject", max=150)
    text = form.text("text", "the email", max=5000, multiline=True)
    return Note(to=NoteTo(to or NoteTo.CONFIRMED), subject=subject, text=text, key=form.get("key"))


async def _write_page(request: Request, session: DeskSession, form: Form) -> Response:
    states = [row.state for row in await live_bookings(session.id)]
    booked, waiting = states.count(BookingState.CONFIRMED), states.count(BookingState.WAITING)
    to = {}
    if booked or not states:
        to[NoteTo.CONFIRMED] = f"Everybody booked ({plural(booked, 'person', 'people')})"
    if waiting:
        to[NoteTo.WAITING] = f"The waiting list ({plural(waiting, 'person', 'people')})"
    if len(states) not in {booked, waiting}:
        to[NoteTo.ALL] = f"Everybody booked, offered a place or waiting ({plural(len(states), 'person', 'people')})"
    if form.get("to") not in to:
        form.put("to", next(iter(to)))
    return render(
        request,
        "portal_desk/write.html",
        session=session,
        to=to,
        placeholders=NOTE_PLACEHOLDERS,
        form=form,
    )


def _preview_page(request: Request, session: DeskSession, form: Form, preview: NotePreview) -> Response:
    return render(request, "portal_desk/preview.html", session=session, preview=preview, form=form)


routes = [page("/desk/sessions/{ref}/write", write, who=WHO_RUNS_SESSIONS, methods=("GET", "POST"))]
