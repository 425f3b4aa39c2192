"""Who is asking: resolved once for each request whose page may differ from person to person."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from marstraining.core.viewer import ANYBODY, Viewer

# Looks up the sign-in of a request. It may set `request.state.csrf` to the secret of that sign-in.
Resolve = Callable[[Request], Awaitable[Viewer]]


class ViewerMiddleware:
    """Puts the means of finding out who asks into the request; nothing is looked up until a page needs it."""

    def __init__(self, app: ASGIApp, resolve: Resolve) -> None:
        self.app = app
        self.resolve = resolve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["resolve"] = self.resolve
        await self.app(scope, receive, send)


async def identify(request: Request) -> Viewer:
    """Look the asking person up, once for a request."""
    state = request.scope.setdefault("state", {})
    viewer: Viewer | None = state.get("viewer")
    if viewer is None:
        resolve: Resolve | None = state.get("resolve")
        viewer = await resolve(request) if resolve else ANYBODY
        state["viewer"] = viewer
    return viewer


def viewer_of(request: Request) -> Viewer:
    """The person asking; ANYBODY on kept pages and on error pages of addresses that lead nowhere."""
    viewer: Viewer = request.scope.get("state", {}).get("viewer", ANYBODY)
    return viewer
