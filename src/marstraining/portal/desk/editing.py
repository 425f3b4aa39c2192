"""Changing a session at the desk: whoever booked is told of it, and how they attend follows."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.actions import edit_session
from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.web import page, read_form, viewer_of
from marstraining.programme.actions import draft_of
from marstraining.programme.desk.sessions import WHO_RUNS, plans_of, publish_or_show, session_page
from marstraining.programme.forms import day_form, read_days, read_session, session_form
from marstraining.programme.queries import training_days
from marstraining.programme.queries.desk import session_to_run
from marstraining.programme.rules import SessionState

_CHANGED_MEANWHILE = "Somebody else changed this session since you opened this page. Open it again to see what changed."


async def edit(request: Request) -> Response:
    """Change a session: a draft with its training days, a published one without them, since it is moved instead."""
    viewer = viewer_of(request)
    session, course = await session_to_run(request.path_params["ref"], by=viewer)
    is_draft = session.state == SessionState.DRAFT
    if request.method != "POST":
        form = session_form(draft_of(session))
        form.put("seen", session.changed_at.isoformat())
        return await session_page(request, day_form(form, plans_of(await training_days(session.id))), course=course, session=session)
    form = await read_form(request)
    if form.get("do") == "add_day":
        return await session_page(request, form, course=course, session=session)
    draft, days = read_session(form), read_days(form) if is_draft else None
    if form.get("seen") and form.get("seen") != session.changed_at.isoformat():
        form.fail("", _CHANGED_MEANWHILE)
    if not form.errors:
        try:
            is_told = await edit_session(session.id, draft, days=days, by=viewer, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return await publish_or_show(request, session, form, done="told" if is_told and not is_draft else "saved")
    return await session_page(request, form, course=course, session=session)


routes = [page("/desk/sessions/{ref}/edit", edit, who=WHO_RUNS, methods=("GET", "POST"))]
