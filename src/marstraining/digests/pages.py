"""Choosing how often one is told about one's staff: signed in, or by the link in each digest."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from marstraining.core import clock
from marstraining.core.errors import NotFound, UnknownLink
from marstraining.core.viewer import Role
from marstraining.core.web import ANYONE, NO_REFERRER, Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.digests.actions import choose_by_token, choose_digest
from marstraining.digests.queries import choice_by_token
from marstraining.people.queries import own_record
from marstraining.people.rules import DIGEST_WORDS, DigestChoice

HINTS = {
    DigestChoice.DAILY: "In the morning, never at a weekend or on a bank holiday",
    DigestChoice.WEEKLY: "Everything of the week before in one email",
    DigestChoice.NEVER: "Emails that need your answer, such as a request for approval, still come",
}
DONE: dict[str, str | tuple[str, str]] = {
    DigestChoice.DAILY: "You get an email on each working day on which there is something to tell.",
    DigestChoice.WEEKLY: "You get one email a week, on Monday.",
    DigestChoice.NEVER: "You get no more of these emails. Those that need your answer still come.",
}


async def digest(request: Request) -> Response:
    """A lead's own choice."""
    viewer = viewer_of(request)
    person = await own_record(viewer.person_id or 0)
    if person is None:
        raise NotFound
    form = Form.of(choice=person["digest_choice"] or DigestChoice.DAILY)
    if request.method == "POST":
        form = await read_form(request)
        choice = form.choice("choice", "how often you want to be told", tuple(DigestChoice))
        if not form.errors:
            await choose_digest(DigestChoice(choice), by=viewer, now=clock.now())
            return see_other("/me/account?done=digest")
    return render(request, "digests/digest.html", form=form, choices=DIGEST_WORDS, hints=HINTS)


async def stop(request: Request) -> Response:
    """The link of a digest: a page with a button for each choice.

    A mail program's own button posts `List-Unsubscribe=One-Click` (RFC 8058), which stops the digests and answers in plain text.
    """
    token = request.path_params["token"]
    found = await choice_by_token(token)
    if found is None:
        raise UnknownLink
    if request.method == "POST":
        form = await read_form(request)
        is_one_click = bool(form.get("List-Unsubscribe"))
        choice = DigestChoice.NEVER if is_one_click else form.get("choice")
        if choice in tuple(DigestChoice):
            await choose_by_token(token, DigestChoice(choice), now=clock.now())
        if is_one_click:
            return PlainTextResponse("You will get no more digests about your staff.\n")
        return see_other(f"/digests/stop/{token}?done={choice}" if choice in tuple(DigestChoice) else f"/digests/stop/{token}")
    return render(request, "digests/stop.html", token=token, chosen=found[1], words=DIGEST_WORDS, done=DONE, headers=NO_REFERRER)


routes = [
    page("/me/account/digest", digest, who=roles(Role.AGENCY_LEAD), methods=("GET", "POST")),
    page("/digests/stop/{token}", stop, who=ANYONE, methods=("GET", "POST")),
]
