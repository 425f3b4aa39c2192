"""Access and dietary needs of a session: who has told us something, and what, after saying why one needs to see it."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.actions import NeedsLine, arrange_needs, read_needs
from marstraining.bookings.rules import NEEDS_REASONS, Arranging
from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.portal.desk.workspace import ARRANGING_WORDS, WHO_RUNS_SESSIONS, load
from marstraining.portal.queries.workspace import DeskSession, needs_lines

_CHOICES = {str(state): words for state, (words, _) in ARRANGING_WORDS.items()}


async def needs(request: Request) -> Response:
    """Who has needs and how far they are arranged, without a word of them; the words come after the reason was sent."""
    session = await load(request)
    if request.method != "POST":
        return await _page(request, session, Form(), lines=None)
    form = await read_form(request)
    lines: list[NeedsLine] | None = None
    try:
        lines = await read_needs(session.id, reason=form.get("reason"), by=viewer_of(request), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
    else:
        form = Form.of(**{f"need-{line.booking_ref}": line.arrangement for line in lines})
    return await _page(request, session, form, lines=lines)


async def _page(request: Request, session: DeskSession, form: Form, *, lines: list[NeedsLine] | None) -> Response:
    return render(
        request,
        "portal_desk/needs.html",
        session=session,
        told=await needs_lines(session.id),
        lines=lines,
        reasons=NEEDS_REASONS,
        choices=_CHOICES,
        arranging=ARRANGING_WORDS,
        form=form,
    )


async def arrange(request: Request) -> Response:
    """Keep what was noted for each of them."""
    session = await load(request)
    form = await read_form(request)
    told = await needs_lines(session.id)
    chosen = {
        line["booking_id"]: Arranging(state)
        for line in told
        if (state := form.choice(f"need-{line['ref']}", "how far this is arranged", _CHOICES, required=False))
    }
    if form.errors:
        return await _page(request, session, form, lines=None)
    await arrange_needs(session.id, chosen, by=viewer_of(request), now=clock.now())
    return see_other(f"/desk/sessions/{session.ref}?done=arranged")


routes = [
    page("/desk/sessions/{ref}/needs", needs, who=WHO_RUNS_SESSIONS, methods=("GET", "POST")),
    page("/desk/sessions/{ref}/needs/arrange", arrange, who=WHO_RUNS_SESSIONS, methods=("POST",)),
]
