"""Who is invited to a session that is by invitation: inviting by address, taking an invitation back, who has booked."""

import re

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.rules import STATE_WORDS
from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.core.web.dates import plural
from marstraining.portal.desk.workspace import STATE_COLOURS, WHO_RUNS_SESSIONS, load
from marstraining.portal.queries.invited import invited_lines
from marstraining.programme.actions import invite_people, uninvite
from marstraining.programme.rules import Access, SessionState

_BETWEEN = re.compile(r"[\s,;]+")
DONE: dict[str, str | tuple[str, str]] = {
    "invited": "They are invited. Whoever was not told before gets an email, if the session is published.",
    "already": ("Nothing to do", "All of them had been invited before."),
    "removed": "The invitation is taken back.",
}


async def invited(request: Request) -> Response:
    """The list, and inviting more."""
    session, viewer, now = await load(request), viewer_of(request), clock.now()
    if session.access != Access.INVITED:
        raise NotFound
    here = f"/desk/sessions/{session.ref}/invited"
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        typed = form.text("addresses", "the email addresses", max=20_000, multiline=True)
        if not form.errors:
            try:
                addresses = [one for one in _BETWEEN.split(typed) if one]
                new = await invite_people(session.id, addresses, by=viewer, now=now)
            except Refused as refusal:
                form.fail("addresses", refusal.message)
            else:
                return see_other(f"{here}?done={'invited' if new else 'already'}")
    lines = await invited_lines(session.id)
    return render(
        request,
        "portal_desk/invited.html",
        session=session,
        lines=lines,
        number=plural(len(lines), "person", "people"),
        is_published=session.state == SessionState.PUBLISHED,
        can_invite=session.state != SessionState.CALLED_OFF and now < session.ends_at,
        state_words=STATE_WORDS,
        colours=STATE_COLOURS,
        form=form,
        done=DONE,
    )


async def remove(request: Request) -> Response:
    """Take an invitation back."""
    session = await load(request)
    form = await read_form(request)
    line = next((one for one in await invited_lines(session.id) if one["ref"] == form.get("person")), None)
    if line is None:
        raise NotFound
    await uninvite(session.id, line["id"], by=viewer_of(request), now=clock.now())
    return see_other(f"/desk/sessions/{session.ref}/invited?done=removed")


routes = [
    page("/desk/sessions/{ref}/invited", invited, who=WHO_RUNS_SESSIONS, methods=("GET", "POST")),
    page("/desk/sessions/{ref}/invited/remove", remove, who=WHO_RUNS_SESSIONS, methods=("POST",)),
]
