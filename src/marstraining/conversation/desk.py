"""The numbers that worried people are given, at the desk: what stands there, whether it was checked, and "it is right"."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.conversation.actions import confirm_number
from marstraining.conversation.queries.numbers import checked_on, last_checks, last_figures, stale_numbers
from marstraining.conversation.rules.signpost import Number
from marstraining.core import clock, config
from marstraining.core.viewer import Role
from marstraining.core.web import page, read_form, render, roles, see_other, viewer_of
from marstraining.safety.rules import standing

# What is counted of the chat, by day and by nothing else.
FIGURES = (
    ("signpost_urgent", "Somebody was told whom to ring, and nothing else"),
    ("signpost_maybe", "Somebody was told whom to ring, and then what they asked for"),
    ("threat", "A threat was written to the chat"),
    ("not_understood", "The chat did not understand"),
    ("useful_y", "An answer was useful"),
    ("useful_n", "An answer was not useful"),
)
DONE: dict[str, str | tuple[str, str]] = {"checked": "Thank you. Today’s date stands beside the number from now on."}  # noqa: RUF001 - as printed


async def contacts(request: Request) -> Response:
    """Every number with the day of its last check; a button notes that it was rung and answered, or looked up where it is national."""
    now = clock.now()
    if request.method == "POST":
        form = await read_form(request)
        await confirm_number(form.get("code"), number=form.get("number"), by=viewer_of(request), now=now)
        return see_other("/desk/contacts?done=checked")
    checked, named = await last_checks(), config.current().partnership.contacts
    numbers = [Number(standing(one, named, now=now), checked_on(one, checked)) for one in named]
    stale = await stale_numbers(now=now)
    counted = await last_figures(now=now)
    figures = [(label, counted.get(word, 0)) for word, label in FIGURES]
    return render(request, "conversation/desk/contacts.html", numbers=numbers, stale=stale, figures=figures, done=DONE)


routes = [page("/desk/contacts", contacts, who=roles(Role.DESK), methods=("GET", "POST"))]
