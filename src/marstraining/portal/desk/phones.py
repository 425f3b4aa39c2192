"""The phone list of a session: whom to ring when it changes on the day (booking.md, Booking 8)."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core.web import page, render
from marstraining.portal.desk.workspace import WHO_RUNS_SESSIONS, load
from marstraining.portal.queries.workspace import phone_lines


async def phones(request: Request) -> Response:
    """Everybody with a place, those who gave a number first; numbers are erased when the session is over."""
    session = await load(request)
    lines = await phone_lines(session.id)
    return render(
        request,
        "portal_desk/phones.html",
        session=session,
        reached=[line for line in lines if line["mobile"]],
        others=[line for line in lines if not line["mobile"]],
    )


routes = [page("/desk/sessions/{ref}/phones", phones, who=WHO_RUNS_SESSIONS)]
