"""Suggestions while somebody types in the search box."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from marstraining.core import clock
from marstraining.core.web import ANYONE, page
from marstraining.search.queries import suggestions

_LONGEST = 60


async def suggest(request: Request) -> Response:
    """Up to eight of what the letters in `q` may become: `[{"text": …, "note": …}]`, the same for everybody."""
    typed = request.query_params.get("q", "")
    found = await suggestions(typed, now=clock.now()) if len(typed) <= _LONGEST else []
    return JSONResponse([{"text": one.text, "note": one.note} for one in found], headers={"Cache-Control": "no-store"})


routes = [page("/search/suggestions", suggest, who=ANYONE, impersonal=True)]
