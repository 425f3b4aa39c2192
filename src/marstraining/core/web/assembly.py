"""The web application put together from its routes: guards, error pages, headers, kept pages."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware

from marstraining.core.web.errors import exception_handlers
from marstraining.core.web.guards import ANYONE, PageRoute
from marstraining.core.web.headers import Headers, Observer
from marstraining.core.web.identity import Resolve, ViewerMiddleware
from marstraining.core.web.routing import ByFirstWord
from marstraining.core.web.static import favicon, serve_static

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[Any]]

STATIC_ROUTES: tuple[PageRoute, ...] = (
    PageRoute("/static/{digest}/{name:path}", serve_static, who=ANYONE, impersonal=True),
    PageRoute("/favicon.ico", favicon, who=ANYONE, impersonal=True),
)


def assemble(
    routes: Sequence[PageRoute], *, base_url: str, resolve: Resolve, lifespan: Lifespan | None = None, observe: Observer | None = None
) -> Headers:
    """The application as one ASGI value; its `kept` is what the lifespan's watch keeps fresh.

    `resolve` finds who asks; it is called for pages that may differ from person to person, never for kept ones.
    """
    every = [*STATIC_ROUTES, *routes]
    inner = Starlette(
        routes=[ByFirstWord(every)],
        middleware=[Middleware(ViewerMiddleware, resolve=resolve)],
        exception_handlers=exception_handlers(),
        lifespan=lifespan,
    )
    return Headers(inner, base_url=base_url, routes=every, observe=observe)
