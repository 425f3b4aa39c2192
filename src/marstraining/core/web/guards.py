"""Routes that say who may use them; nobody reaches a page that has not said so."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import field
from urllib.parse import quote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Message, Receive, Scope, Send

from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.core.web import confirming
from marstraining.core.web.confirming import Asks, Files, Unconfirmed
from marstraining.core.web.csrf import EXEMPT_PREFIXES, TOKEN_FIELD, is_from_here, is_token_right
from marstraining.core.web.identity import identify
from marstraining.core.web.reading import UPLOADS, StaleForm, read_fields

Handler = Callable[[Request], Awaitable[Response]]

BODY_LIMIT = 1024 * 1024
UPLOAD_LIMIT = 25 * 1024 * 1024
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


@frozen
class Who:
    """Who may use a route: `roles` empty means everyone signed in, or everyone where `needs_sign_in` is false."""

    needs_sign_in: bool
    roles: frozenset[Role] = field(default_factory=frozenset)

    def admits(self, viewer: Viewer) -> bool:
        return not self.roles or viewer.has_any(*self.roles)

    def __str__(self) -> str:
        if not self.needs_sign_in:
            return "anyone"
        return ", ".join(sorted(self.roles)) or "signed in"


ANYONE = Who(needs_sign_in=False)
SIGNED_IN = Who(needs_sign_in=True)


def roles(*wanted: Role) -> Who:
    """People with any of these roles; for others the page does not exist."""
    return Who(needs_sign_in=True, roles=frozenset(wanted))


class CrossSite(HTTPException):
    """A form that another site's page sent."""

    def __init__(self) -> None:
        super().__init__(403, "This was sent from another website.")


class SignedOut(StaleForm):
    """A form sent after its sign-in had ended."""


class PageRoute(Route):
    """A route with its guard in front: sender, size of the body, who is asking."""

    def __init__(
        self,
        path: str,
        handler: Handler,
        *,
        who: Who,
        methods: Sequence[str] = ("GET",),
        name: str | None = None,
        kept: bool = False,
        known: Sequence[str] = (),
        upload: bool = False,
        impersonal: bool = False,
        confirms: Asks | None = None,
        files: Files | None = None,
    ) -> None:
        super().__init__(path, handler, methods=list(methods), name=name)
        self.who = who
        self.confirms = confirms or (confirming.is_for_file if files is Files.PEOPLE else None)
        self.files = files
        self.kept = kept
        self.known = frozenset(known)
        self.impersonal = kept or impersonal
        self.body_limit = UPLOAD_LIMIT if upload else BODY_LIMIT

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.methods and scope["method"] not in self.methods:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(self.methods))})
        scope["marstraining.route"] = self
        try:
            await self._admit(scope, receive, send)
        finally:
            for upload in scope.get(UPLOADS, ()):
                await upload.close()

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if scope["method"] not in _SAFE_METHODS:
            receive = _limited(request, receive, self.body_limit)
            if not (is_from_here(request) or scope["path"].startswith(EXEMPT_PREFIXES)):
                raise CrossSite
        if not self.impersonal:
            answer = await self._turn_away(request, Request(scope, receive))
            if answer is not None:
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _turn_away(self, request: Request, readable: Request) -> Response | None:
        viewer = await identify(request)
        if self.who.needs_sign_in and not viewer.is_signed_in:
            if request.method in _SAFE_METHODS:
                return see_other(f"/sign-in?next={quote(_address(request), safe='')}")
            if not request.headers.get("content-type", "").startswith(_FORM_TYPES):
                raise HTTPException(403, "Sign in first.")
            fields, files = await read_fields(readable)
            raise SignedOut([pair for pair in fields if pair[0] != "csrf_token"], had_files=bool(files))
        if not self.who.admits(viewer):
            raise NotFound
        if self.confirms is None or viewer.is_stepped_up or not self.confirms(request):
            return None
        return await self._ask_to_confirm(request, readable)

    async def _ask_to_confirm(self, request: Request, readable: Request) -> Response:
        """Lead a look to the page that confirms and back; keep what a form brought."""
        is_file = self.files is Files.PEOPLE and confirming.is_for_file(request)
        if request.method in _SAFE_METHODS:
            return see_other(f"{confirming.ADDRESS}?next={quote(_address(request), safe='')}{'&file=yes' if is_file else ''}")
        if not request.headers.get("content-type", "").startswith(_FORM_TYPES):
            raise HTTPException(403, "Confirm that it is you first.")
        fields, files = await read_fields(readable)
        kept = [pair for pair in fields if pair[0] != TOKEN_FIELD]
        if not is_token_right(request, dict(fields).get(TOKEN_FIELD, "")):
            raise StaleForm(kept, had_files=bool(files))
        back = urlsplit(request.headers.get("referer", ""))
        raise Unconfirmed(
            kept,
            had_files=bool(files),
            address=_address(request),
            back=safe_next(back.path + (f"?{back.query}" if back.query else "")),
            is_file=is_file,
        )


def _address(request: Request) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def _limited(request: Request, receive: Receive, limit: int) -> Receive:
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > limit:
        raise HTTPException(413)
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(413)
        return message

    return counted


def page(
    path: str,
    handler: Handler,
    *,
    who: Who,
    methods: Sequence[str] = ("GET",),
    name: str | None = None,
    kept: bool = False,
    known: Sequence[str] = (),
    upload: bool = False,
    impersonal: bool = False,
    confirms: Asks | None = None,
    files: Files | None = None,
) -> PageRoute:
    """A route.

    `kept` pages are the same bytes for everyone and are kept rendered for the query parameters `known`; they are never
    asked who is looking; nor are `impersonal` ones (feeds by token, health), which are not kept. `upload` raises the
    limit of the body from 1 MB to 25 MB. Not signed in: a GET leads to signing in and back, a POST to a page that keeps
    what was typed. Without the role: 404. Requests for which `confirms` says so are for who has shown within ten minutes that
    it is them, and others are led to doing so and back. A route that hands out files says by `files` whom they are about; one
    about people confirms by itself, where a file is asked for.
    """
    if (kept or impersonal) and who is not ANYONE:
        raise ValueError(f"{path}: without knowing who looks, only pages for anyone can be shown")
    if (confirms or files is Files.PEOPLE) and not who.needs_sign_in:
        raise ValueError(f"{path}: only who is signed in can confirm")
    if kept and set(methods) - {"GET"}:
        raise ValueError(f"{path}: only pages that are read can be kept")
    return PageRoute(
        path, handler, who=who, methods=methods, name=name, kept=kept, known=known, upload=upload, impersonal=impersonal,
        confirms=confirms, files=files,
    )  # fmt: skip


def see_other(address: str) -> RedirectResponse:
    """303: what a POST answers with when it is done."""
    return RedirectResponse(address, status_code=303)


def safe_next(address: str | None, default: str = "/me") -> str:
    """An address of our own to go on to; the default for one that might lead elsewhere."""
    if not address or len(address) > 500 or not address.startswith("/") or address.startswith(("//", "/\\")):
        return default
    return default if any(ord(character) < 33 or character == "\\" for character in address) else address


@frozen
class RouteRow:
    """One line of the route table."""

    methods: tuple[str, ...]
    path: str
    who: str
    kept: bool
    name: str


def route_table(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[RouteRow]:
    """Every route with who may use it; one that does not say so is listed as "undeclared"."""
    for route in routes:
        if isinstance(route, PageRoute):
            methods = tuple(sorted(route.methods or ()))
            yield RouteRow(methods, prefix + route.path, str(route.who), route.kept, route.name)
        elif isinstance(route, Mount):
            yield from route_table(route.routes or [], prefix + route.path)
        else:
            yield RouteRow((), prefix + getattr(route, "path", "?"), "undeclared", kept=False, name=getattr(route, "name", ""))
