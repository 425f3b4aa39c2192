"""Files that the training team should know of: those with a virus, and those that nobody has scanned."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.viewer import Role
from marstraining.core.web import Pager, page, read_form, render, roles, see_other, viewer_of
from marstraining.uploads import queries
from marstraining.uploads.actions import look_into
from marstraining.uploads.rules import PURPOSE_WORDS

STAFF = roles(Role.DESK, Role.ADMINISTRATOR)
DONE = {"seen": "The file is off this list. It stays in history."}


async def files(request: Request) -> Response:
    """The list."""
    now = clock.now()
    pager = Pager.of(request, await queries.count_of_concern(now=now))
    return render(
        request,
        "uploads/files.html",
        files=await queries.of_concern(now=now, limit=pager.per_page, offset=pager.offset),
        purposes=PURPOSE_WORDS,
        has_scanner=bool(config.current().scan_url),
        pager=pager,
        done=DONE,
    )


async def seen(request: Request) -> Response:
    """A file with a virus was looked into."""
    form = await read_form(request)
    await look_into(form.ref("file"), by=viewer_of(request), now=clock.now())
    return see_other("/desk/uploads?done=seen")


routes = [
    page("/desk/uploads", files, who=STAFF),
    page("/desk/uploads/seen", seen, who=STAFF, methods=("POST",)),
]
