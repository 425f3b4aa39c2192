"""How many came to a session where nobody books by name."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.portal.desk.workspace import WHO_RUNS_SESSIONS, load
from marstraining.programme.actions import count_heads

_MOST = 100_000


async def headcount(request: Request) -> Response:
    """Enter or correct the number; no names, which is why such a session exists."""
    session = await load(request)
    if not session.is_headcount_only:
        raise NotFound
    form = Form.of(number=session.imported_headcount, organisations=session.organisations_represented)
    if request.method == "POST":
        form = await read_form(request)
        number = form.integer("number", "how many people came", min=0, max=_MOST)
        organisations = form.integer("organisations", "the number of organisations", required=False, min=0, max=_MOST)
        if not form.errors:
            try:
                await count_heads(session.id, number=number, organisations=organisations, by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/desk/sessions/{session.ref}?done=counted")
    return render(request, "portal_desk/headcount.html", session=session, now=clock.now(), form=form)


routes = [page("/desk/sessions/{ref}/headcount", headcount, who=WHO_RUNS_SESSIONS, methods=("GET", "POST"))]
